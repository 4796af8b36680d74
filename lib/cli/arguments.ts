// Values of options, as text, checked.
import { type Command, InvalidArgumentError } from 'commander';

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number, ${range}.`);
  };
}

/** A seed: a number where it is exact, else a bigint. */
export function seed(text: string): number | bigint {
  const value = /^\d+$/.test(text) ? BigInt(text) : -1n;
  if (value < 0n || value >= 2n ** 64n) throw new InvalidArgumentError('Expected a whole number from 0 to 2^64 - 1.');
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Some of `names`, separated by commas; an option given again adds to what it had. */
export function nameList<Name extends string>(names: readonly Name[]): (text: string, before?: Name[]) => Name[] {
  return (text, before = []) => {
    const given = text.split(',').map((name) => name.trim());
    const unknown = given.find((name) => !(names as readonly string[]).includes(name));
    if (unknown === undefined) return [...before, ...(given as Name[])];
    throw new InvalidArgumentError(`'${unknown}' is none of ${names.join(', ')}.`);
  };
}

/** Values that a range may have. */
const mostValues = 100_000;

/** Numbers separated by commas, ranges `first:last:step` among them: `1,2,4` or `0.5:2:0.25`. */
export function numberList(text: string): number[] {
  return text.split(',').flatMap((item) => {
    const given = item.trim();
    const parts = given.split(':').map((part) => (/^\s*[-+]?(\d|\.\d)/.test(part) ? Number(part) : Number.NaN));
    if (parts.length > 3 || !parts.every(Number.isFinite)) {
      throw new InvalidArgumentError(`'${given}' is no number, and no range such as 0.5:2:0.25.`);
    }
    const [first, last = first, step = 1] = parts as [number, number?, number?];
    if (parts.length === 1) return [first];
    const count = Math.floor((last - first) / step + 1e-9) + 1;
    if (!(count >= 1 && count <= mostValues)) {
      throw new InvalidArgumentError(`'${given}' has no value, or more than ${mostValues}: expected first:last:step.`);
    }
    // Without the last digits that adding fractions leaves behind.
    return Array.from({ length: count }, (_, i) => Number((first + i * step).toPrecision(12)));
  });
}

/** Names separated by commas, in torch's spelling (`kaiming_normal_`) or in that of JavaScript. */
export function names(text: string): string[] {
  return text.split(',').map((name) =>
    name
      .trim()
      .replace(/_$/, '')
      .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  );
}

/** An option's text, parsed once it is known what it means; what `parse` refuses ends the command as commander would. */
export function parseOption<T>(command: Command, flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const option = command.options.find(({ long }) => long === flag)!;
    return command.error(`error: option '${option.flags}' argument '${text}' is invalid. ${error.message}`);
  }
}

/** Runs `check`; what evenkeel refuses there is wrong usage, and ends the command as such. */
export function usage<T>(command: Command, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^ERR_(ARGUMENT|DTYPE|RANGE|SHAPE)$/.test(String(error.code))) {
      command.error(`error: ${error.message}`);
    }
    throw error;
  }
}
