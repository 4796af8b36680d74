/** torch's name of an operation's node in a graph: `leaky_relu` makes a LeakyReluBackward0. */
export function nodeName(name: string, suffix = 0): string {
  const camel = name.replace(/(^|_)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
  return `${camel}Backward${suffix}`;
}
