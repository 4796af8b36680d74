// npm run soak: random inputs for as long as you like, to find what the tests' fixed budgets miss.
//
//   node scripts/soak.mjs [--minutes N] [javascript] [files] [native]      30 minutes and all three by default, which share them
//
// docs/hardening.md says what each of them tries. They begin at new places every time, and print where.
import { parseArgs } from 'node:util';
import { files, javascript, native } from './lib/fuzzers.mjs';
import { Failure, main, seconds } from './lib/run.mjs';

const { values: options, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '30' } },
  allowPositionals: true,
});
const minutes = Number(options.minutes);

main(async () => {
  const works = { javascript, files, native };
  const chosen = positionals.length > 0 ? positionals : Object.keys(works);
  if (!(minutes > 0) || chosen.some((name) => !Object.hasOwn(works, name))) {
    throw new Failure('usage: node scripts/soak.mjs [--minutes N] [javascript] [files] [native]');
  }
  for (const name of chosen) {
    const start = performance.now();
    console.log(`${name} ...`);
    console.log(`${name}: ${await works[name]((60 * minutes) / chosen.length)}; ${seconds(start)}`);
  }
});
