// npm run soak: random inputs for as long as you like, to find what the tests' fixed budgets miss.
//
//   node scripts/soak.mjs [--minutes N] [javascript] [files] [native] [workers]    30 minutes and the first three by default, which
//                                                                                  share them
//
// docs/hardening.md says what each of them tries. They begin at new places every time, and print where.
import { parseArgs } from 'node:util';
import { files, javascript, native } from './lib/fuzzers.mjs';
import { busyWorkers } from './lib/hardening.mjs';
import { Failure, main, seconds } from './lib/run.mjs';

const { values: options, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '30' } },
  allowPositionals: true,
});
const minutes = Number(options.minutes);

/** Eight busy workers (test/workers.soak.mjs): `npm run soak -- --minutes 30 workers`. */
async function workers(time) {
  const { problems, memory, ...counts } = JSON.parse(await busyWorkers(time / 60));
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return `${counted.join(', ')}; ${memory.first} MB in the first third, ${memory.last} in the last`;
}

main(async () => {
  const works = { javascript, files, native, workers };
  const chosen = positionals.length > 0 ? positionals : ['javascript', 'files', 'native'];
  if (!(minutes > 0) || chosen.some((name) => !Object.hasOwn(works, name))) {
    throw new Failure('usage: node scripts/soak.mjs [--minutes N] [javascript] [files] [native] [workers]');
  }
  for (const name of chosen) {
    const start = performance.now();
    console.log(`${name} ...`);
    console.log(`${name}: ${await works[name]((60 * minutes) / chosen.length)}; ${seconds(start)}`);
  }
});
