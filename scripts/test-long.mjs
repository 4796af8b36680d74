// npm run test:long: what takes minutes, or another build of the native code. One row for each part; all are run, and the
// last line says how many passed and failed. `npm run test:long -- asan` runs the rows whose names contain "asan".
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fuzzers from './lib/fuzzers.mjs';
import { busyWorkers, maskedCpus, tsanAddon, valgrind } from './lib/hardening.mjs';
import { fetchHighway, highwayNeeds } from './lib/highway.mjs';
import { withLock } from './lib/lock.mjs';
import { chooseRows, runRows } from './lib/rows.mjs';
import { ask, cleanEnv, Failure, main, must, onPath, root, run } from './lib/run.mjs';
import { installPackages } from './lib/system.mjs';
import { asanAddonEnv, buildNativeTests, jobs } from './lib/targets.mjs';
import { checkWorkflows } from './release/workflows.mjs';

const rows = [
  { name: 'native tests, release build', run: () => nativeTests('release') },
  { name: 'native tests, asan (address and undefined behaviour)', run: () => nativeTests('asan', asan()) },
  // From the same seeds every time: what new ones find is for `npm run soak`, not for whoever changes something else.
  { name: 'random calls, asan', run: () => fuzzers.javascriptAsan(60, { seed: 1 }) },
  { name: 'random files', run: () => fuzzers.files(60, { seed: 1 }) },
  { name: 'random plans, libFuzzer', run: () => fuzzers.native(60, { needsClang: true, seed: 1 }) },
  { name: 'random programs, asan', run: asanPrograms },
  { name: 'native tests, tsan (data races)', run: () => nativeTests('tsan', tsan()) },
  { name: 'eight workers that call the addon, tsan', run: () => tsanAddon(tsan()) },
  { name: 'native tests, valgrind (memory never written)', run: valgrind },
  { name: 'processors with fewer instructions, by settings and emulated', run: maskedCpus },
  { name: 'eight busy workers, a minute', run: () => busyWorkers() },
  { name: 'random numbers, exhaustive', run: exhaustive },
  { name: 'random numbers, arm64 (emulated)', run: arm64 },
  { name: 'mutations of the guard', run: () => must(process.execPath, ['scripts/mutate-guard.mjs']) },
  { name: 'long tests in TypeScript', run: longVitest },
  { name: 'pages in headless Chromium', run: browserTests },
  { name: "tfjs-core's own tests on evenkeel/tfjs", run: () => must(process.execPath, ['scripts/test-tfjs.mjs']) },
  { name: 'workflows of hosted CI, by actionlint', run: checkWorkflows },
  { name: 'API reference, by typedoc', run: () => must(process.execPath, ['node_modules/typedoc/bin/typedoc']) },
];

/** Builds a preset's native tests and runs them all through ctest. */
async function nativeTests(preset, { env = {}, wrap = [], verbose = false, without } = {}) {
  await withLock(() => buildNativeTests(preset, { wrap }));
  const [command, ...args] = [...wrap, 'ctest', '--preset', preset, '--no-tests=error', '--parallel', jobs];
  if (verbose) args.push('--verbose');
  if (without) args.push('--exclude-regex', without);
  const options = { env: cleanEnv(env) };
  const result = await run(command, args, options);
  if (result.code !== 0 && /LeakSanitizer has encountered a fatal error/.test(result.output)) {
    // Looking for leaks takes ptrace, which some containers forbid. The rest of the sanitizer works without.
    options.env.ASAN_OPTIONS = options.env.ASAN_OPTIONS.replace('detect_leaks=1', 'detect_leaks=0');
    return `${await must(command, args, options)}\n(leaks were not looked for: ptrace is not allowed here)`;
  }
  if (result.code !== 0) throw new Failure(`${result.output}\nctest failed with exit code ${result.code}`);
  return result.output;
}

// The sanitizers' presets leave out instruction sets: for the address sanitizer those whose vectors are as long as another's, for
// the thread sanitizer all but AVX2. Highway's emulation is always built and never dispatched to: the release build tests it.
const emulation = '/emu128';

function asan() {
  const env = {
    // Not detect_stack_use_after_return: the stand-in stack of g++ 12 is not aligned for AVX-512 (GCC bug 110027).
    ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  };
  return { env, without: emulation };
}

/** The first programs of the long property test, with the addon itself under the address sanitizer. */
async function asanPrograms() {
  await withLock(() => buildNativeTests('asan'));
  const env = { EVENKEEL_PROPERTY_PROGRAMS: '20000', ...asanAddonEnv() };
  return must(process.execPath, [vitest, 'run', '--config', 'vitest.long.config.ts', 'test/property'], { env });
}

function tsan() {
  // OpenBLAS is not instrumented: what it does among its own threads cannot be judged.
  const env = { TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:second_deadlock_stack=1' };
  // ThreadSanitizer up to GCC 13 cannot start where the kernel randomises more than 28 bits of an address.
  const setarch = onPath('setarch');
  const works = setarch && ask(setarch, ['-R', 'true']) !== undefined;
  // The guard's tests, a sixth of them all, have one thread.
  return { env, without: `^guard_test|${emulation}`, wrap: works && randomisedBits() > 28 ? [setarch, '-R'] : [] };
}

function randomisedBits() {
  try {
    return Number(readFileSync('/proc/sys/vm/mmap_rnd_bits', 'utf8'));
  } catch {
    return 0;
  }
}

async function exhaustive() {
  await withLock(() => buildNativeTests('release'));
  const places = ['build-release/Release/random_exhaustive', 'build-release/test/native/random_exhaustive'];
  const found = places.map((place) => path.join(root, place)).find(existsSync);
  if (!found) throw new Failure('the release preset does not build random_exhaustive');
  return must(found, []);
}

/** The frozen digests of the pcg32 fills on NEON, cross-compiled and under an emulator. */
async function arm64() {
  const needs = [
    ...highwayNeeds,
    { apt: 'g++-aarch64-linux-gnu', has: () => Boolean(onPath('aarch64-linux-gnu-g++')) },
    { apt: 'qemu-user', has: () => Boolean(onPath('qemu-aarch64')) },
  ];
  await withLock(async () => {
    await installPackages(needs);
    await fetchHighway();
  });
  const output = await nativeTests('arm64', { verbose: true });
  if (!/^\d+: neon: \d+ fills, 0 differ$/m.test(output)) throw new Failure(`${output}\nNEON was not among what ran`);
  return output;
}

const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');

/** Sweeps through a queue are tested with a real server. */
const redisNeeds = [{ apt: 'redis-server', has: () => Boolean(onPath('redis-server')) }];

async function longVitest() {
  await withLock(() => installPackages(redisNeeds));
  // Random files have a row of their own.
  const args = ['run', '--config', 'vitest.long.config.ts', '--exclude', 'test/checkpoint/safetensors/fuzz.long.ts'];
  return must(process.execPath, [vitest, ...args]);
}

/** Reports as pages, in Debian's Chromium. */
async function browserTests() {
  const needs = [{ apt: 'chromium', has: () => Boolean(onPath('chromium')) }];
  await withLock(() => installPackages(needs));
  return must(process.execPath, [vitest, 'run', '--config', 'vitest.browser.config.ts']);
}

/** The lines of a passing row's output that say what was done. */
function detail(output) {
  const lines = output.trim().split('\n');
  const telling = lines.filter((line) =>
    /tests passed|program passed|^ +Tests |leaks were not|\d fills, |\d programs, |_SEED=/.test(line),
  );
  return (telling.length > 0 ? telling : lines.slice(-1)).map((line) => line.replace(/^\d+: /, '').trim()).join('; ');
}

main(() =>
  runRows(chooseRows(rows, process.argv.slice(2)), (output, time) =>
    console.log(`passed in ${time()}  ${detail(output)}`.trimEnd()),
  ),
);
