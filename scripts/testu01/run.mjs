// Feeds pcg32 to TestU01's batteries (P. L'Ecuyer, R. Simard). An experiment for developers, whose results docs/random.md
// records; never part of the set-up or the tests, because TestU01's licence forbids commercial use. TestU01 is to be there:
//
//   Debian: apt-get install libtestu01-0-dev, from the component non-free
//
//   node scripts/testu01/run.mjs BATTERY [SOURCE ...] [--seed N] [--streams N]
//
// BATTERY   smallcrush (half a minute), crush (an hour), bigcrush (a night)
// SOURCE    bits               the draws; the default
//           uniform64          float64 uniforms
//           normal64           float64 normals, taken back to uniforms by the normal distribution function
//           normal32           float32 normals, in the same way; 16 bits of each of a pair
//           truncated64        float64 normals truncated at 2 standard deviations
//           exponential64      float64 exponentials
// --seed    1 by default
// --streams that many spawned streams, 0, 1, ..., a number from each in turn; without it, the seed's own
// --raw     streams of raw states 0, 1, ... and one sequence number, the seed, which correlate: to see the batteries fail
// --test    that one of the battery's tests only, by its number
//
// TestU01's reports go to build-testu01/BATTERY-SOURCE-....log. The exit status is 1 where a p-value is outside [0.001, 0.999],
// which chance alone does in a share of 0.002 of them.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { withLock } from '../lib/lock.mjs';
import { Failure, main, must, root, seconds, step } from '../lib/run.mjs';
import { jobs } from '../lib/targets.mjs';

const folder = path.join(root, 'build-testu01');

/** Beyond these a p-value is told, as TestU01 itself does. */
const suspicious = 0.001;

async function build() {
  const configure = ['-S', 'scripts/testu01', '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release'];
  await must('cmake', configure, { tail: 15 });
  await must('cmake', ['--build', folder, '--parallel', jobs, '--target', 'testu01'], { tail: 30 });
}

/** The generators whose draws are to be tested. */
async function generators({ seed, streams, raw }) {
  const { Generator } = await import('../../dist/index.js');
  const numbers = Array.from({ length: Number(streams ?? 1) }, (_, k) => BigInt(k));
  if (raw) return numbers.map((k) => Generator.pcg32(k, BigInt(seed)));
  const generator = new Generator(BigInt(seed));
  return streams === undefined ? [generator] : numbers.map((k) => generator.spawn(k));
}

/** State and increment of a generator, as a line. */
function startOf(generator) {
  const state = generator.getState();
  // The last 24 bytes: state, increment, position.
  const words = new DataView(state.buffer, state.byteOffset + state.length - 24);
  return `${words.getBigUint64(0, true).toString(16)} ${words.getBigUint64(8, true).toString(16)}\n`;
}

/** Runs a battery, its reports into a file; the statistics' p-values and names. */
function runBattery(args, starts, log) {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(folder, 'testu01'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const file = createWriteStream(log);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      file.write(chunk);
    });
    child.stdin.end(starts.join(''));
    child.on('error', reject);
    child.on('close', (code) => {
      file.end();
      const lines = [...output.matchAll(/^statistic (1 - )?(\S+) (.*)$/gm)];
      if (code !== 0 || lines.length === 0) reject(new Failure(`testu01 failed with exit code ${code}; see ${log}`));
      else resolve(lines.map(([, upper, distance, name]) => ({ name, upper: upper ?? '', distance })));
    });
  });
}

const optionTypes = {
  seed: { type: 'string', default: '1' },
  streams: { type: 'string' },
  raw: { type: 'boolean', default: false },
  test: { type: 'string' },
};

main(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: optionTypes });
  const [battery, ...sources] = positionals;
  if (battery === undefined) throw new Failure('usage: node scripts/testu01/run.mjs BATTERY [SOURCE ...]');
  if (sources.length === 0) sources.push('bits');
  const starts = (await generators(values)).map(startOf);
  const what = [`${values.raw ? 'raw ' : ''}seed ${values.seed}`];
  if (values.streams !== undefined) what.push(`${values.streams} streams interleaved`);
  if (values.test !== undefined) what.push(`test ${values.test}`);
  await withLock(() => step('compiling with TestU01', build));
  let beyond = 0;
  for (const source of sources) {
    const begun = performance.now();
    const log = path.join(folder, `${[battery, source, ...what].join('-').replaceAll(' ', '-')}.log`);
    const results = await runBattery([battery, source, ...(values.test ? [values.test] : [])], starts, log);
    const told = results.filter(({ distance }) => Number(distance) < suspicious);
    beyond += told.length;
    console.log(
      `${battery}, ${[source, ...what].join(', ')}: ${results.length} statistics in ${seconds(begun)}, ` +
        `${told.length} outside [0.001, 0.999]`,
    );
    for (const { name, upper, distance } of told) console.log(`  ${name}: p = ${upper}${distance}`);
  }
  return beyond > 0 ? 1 : 0;
});
