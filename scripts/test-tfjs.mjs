// npm run test:tfjs: tfjs-core's own published tests on the backend 'evenkeel', several times: as they come, in random order,
// with recycled buffers poisoned by NaN, and without synchronous reads. The last line says how many passed and failed.
//
//   node scripts/test-tfjs.mjs                   all runs
//   node scripts/test-tfjs.mjs --only poisoned   the runs whose name contains that
//   node scripts/test-tfjs.mjs --seed 7          other orders than those of the fixed seeds
//   node scripts/test-tfjs.mjs --backend cpu     another backend of TensorFlow.js's, for comparison
//   node scripts/test-tfjs.mjs --filter conv2d   the specs whose name contains that
import { parseArgs } from 'node:util';
import { cleanEnv, Failure, main, root, run, seconds } from './lib/run.mjs';
import { transpiledCore } from './tfjs/transpile.mjs';

/** Without synchronous reads, specs that ask for them are left out. */
const runs = [
  { name: 'in order', least: 4200 },
  { name: 'in random order, recycled buffers poisoned', seed: 1, poison: true, least: 4200 },
  {
    name: 'in random order, recycled buffers poisoned, asynchronous reads',
    seed: 2,
    async: true,
    poison: true,
    least: 4150,
  },
];

async function suite(folder, { poison, ...options }) {
  const env = cleanEnv({ EVENKEEL_TFJS_POISON: poison ? '1' : '0' });
  const { output } = await run(process.execPath, ['scripts/tfjs/suite.mjs', folder, JSON.stringify(options)], { env });
  const lines = output.trimEnd().split('\n');
  try {
    return { counts: JSON.parse(lines.at(-1)), text: lines.slice(0, -1).join('\n') };
  } catch {
    throw new Failure(`${output}\nthe tests came to no end`);
  }
}

main(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seed: { type: 'string' },
      backend: { type: 'string', default: 'evenkeel' },
      filter: { type: 'string' },
    },
  });
  const folder = transpiledCore(root);
  const sum = { passed: 0, failed: 0 };
  const chosen = runs.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0)
    throw new Failure(`no run is called that; there are:\n${runs.map(({ name }) => name).join('\n')}`);
  for (const { name, least, ...options } of chosen) {
    const start = performance.now();
    if (options.seed !== undefined && values.seed !== undefined) options.seed += Number(values.seed);
    const { backend, filter } = values;
    const { counts, text } = await suite(folder, { ...options, backend, filter });
    if (counts.failed > 0) console.log(text);
    const order = options.seed === undefined ? '' : ` (seed ${options.seed})`;
    const { total, passed, failed, skipped } = counts;
    console.log(
      `${name}${order}: ${total} specs, ${passed} passed, ${failed} failed, ${skipped} skipped  ${seconds(start)}`,
    );
    if (filter === undefined && total < least)
      throw new Failure(`only ${total} specs were found, not ${least} or more`);
    sum.passed += passed;
    sum.failed += failed;
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 ? 1 : 0;
});
