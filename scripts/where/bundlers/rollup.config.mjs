export default {
  input: 'main.mjs',
  output: { file: 'out/main.mjs', format: 'es' }, // or 'cjs'
  external: [/^evenkeel(\/|$)/, /^node:/],
};
