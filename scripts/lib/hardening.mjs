// Rows of the long tests that look for what only other circumstances bring to light: the addon's threads under the thread sanitizer,
// memory that was never written, processors with less than this one, eight busy workers. docs/hardening.md says what each has found.
import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { ask, cleanEnv, Failure, must, onPath, root, run } from './run.mjs';
import { installPackages } from './system.mjs';
import { buildNativeTests } from './targets.mjs';

const at = (...parts) => path.join(root, ...parts);

/** The addon in Node.js, called by eight workers at once. Node.js itself is not instrumented: what it does is left out. */
export async function tsanAddon({ env, wrap }) {
  await withLock(() => buildNativeTests('tsan', { wrap }));
  const library = ask(process.env.CXX ?? 'c++', ['-print-file-name=libtsan.so'])?.trim();
  if (!library || !path.isAbsolute(library)) throw new Failure('the compiler has no libtsan.so to load into Node');
  const options = {
    env: cleanEnv({
      ...env,
      TSAN_OPTIONS: `${env.TSAN_OPTIONS}:exitcode=66`,
      LD_PRELOAD: realpathSync(library),
      EVENKEEL_PREBUILD: at('build-tsan'),
    }),
  };
  const [command, ...args] = [...wrap, process.execPath, 'test/threads.tsan.mjs'];
  const race = await run(command, [...args, '--race'], options);
  if (race.code !== 66 || !race.output.includes('data race')) {
    throw new Failure(`${race.output}\nthe sanitizer does not see the race that is meant for it`);
  }
  return must(command, args, options);
}

// What is run under valgrind: tests of one instruction set where there is one for each. Not those of the pool, whose threads spin:
// valgrind runs one thread at a time.
const underValgrind = [
  ['job_test'],
  ['signature_test'],
  ['memory_test'],
  ['pool_test'],
  ['haar_test', '*GainScales'],
  ['kernels_test', 'Qr.*:Svd.*:SolveUpper.*:Index.*:Linear.*'],
  ['mt19937_test', '*AsPublished/avx2:*AnySize/avx2:*IsKept/avx2:*Halves/avx2'],
];

/** Memory that is read and was never written, which no other sanitizer here sees. */
export async function valgrind() {
  await withLock(async () => {
    await installPackages([{ apt: 'valgrind', has: () => Boolean(onPath('valgrind')) }]);
    await buildNativeTests('release');
  });
  const args = ['--error-exitcode=9', '--quiet', '--exit-on-first-error=no', '--track-origins=no'];
  let tests = 0;
  for (const [name, filter] of underValgrind) {
    const program = [
      at('build-release/Release', name),
      '--gtest_brief=1',
      ...(filter ? [`--gtest_filter=${filter}`] : []),
    ];
    const output = await must('valgrind', [...args, ...program]);
    const passed = Number(/\[ {2}PASSED {2}\] (\d+) test/.exec(output)?.[1] ?? 0);
    if (passed === 0) throw new Failure(`${output}\nno test of ${name} is called ${filter}`);
    tests += passed;
  }
  return `${tests} tests passed under valgrind`;
}

/** Settings that choose the instructions of our kernels and of OpenBLAS's; those that this processor has not are left out. */
const chosen = [
  { EVENKEEL_SIMD: 'ssse3', EVENKEEL_BLAS_CORE: 'Prescott' },
  { EVENKEEL_SIMD: 'sse4', EVENKEEL_BLAS_CORE: 'Nehalem' },
  { EVENKEEL_SIMD: 'avx2', EVENKEEL_BLAS_CORE: 'Haswell' },
  { EVENKEEL_SIMD: 'avx3', EVENKEEL_BLAS_CORE: 'SkylakeX' },
];

// Processors of the emulator, which has no AVX-512. It shows programs the host's /proc/cpuinfo, so that the core is named.
const emulated = [
  { cpu: 'Nehalem', core: 'Nehalem', simd: /sse4|ssse3/ },
  { cpu: 'SandyBridge', core: 'Sandybridge', simd: /sse4/ },
  { cpu: 'Haswell', core: 'Haswell', simd: /avx2/ },
];

/** The smoke program with fewer instructions than there are: by settings, then on emulated processors, where others are illegal. */
export async function maskedCpus() {
  if (process.arch !== 'x64') return 'not on x86-64: nothing to mask';
  await withLock(() => installPackages([{ apt: 'qemu-user', has: () => Boolean(onPath('qemu-x86_64')) }]));
  // In the package's folder, where its own name is known.
  const folder = at('build-smoke');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  copyFileSync(at('scripts/smoke/program.mjs'), path.join(folder, 'program.mjs'));
  copyFileSync(at('test/golden/random.txt'), path.join(folder, 'random.txt'));
  const program = [process.execPath, path.join(folder, 'program.mjs'), '--built-here'];
  const smoke = async (what, command, env) => {
    const { code, signal, output } = await run(command[0], command.slice(1), { env: cleanEnv(env) });
    if (code !== 0 || !/^smoke: \d+ passed, 0 failed$/m.test(output)) {
      throw new Failure(`${output}\n${what}: ended with ${signal ?? code}`);
    }
    return /SIMD (\w+)/.exec(output)[1];
  };
  const { simdTargets } = JSON.parse(await must(process.execPath, ['dist/cli/main.js', 'info', '--json']));
  const ran = [];
  for (const env of chosen) {
    if (!simdTargets.includes(env.EVENKEEL_SIMD)) continue;
    ran.push(`${await smoke(JSON.stringify(env), program, env)} with ${env.EVENKEEL_BLAS_CORE}`);
  }
  for (const { cpu, core, simd } of emulated) {
    const found = await smoke(`qemu -cpu ${cpu}`, ['qemu-x86_64', '-cpu', cpu, ...program], {
      EVENKEEL_BLAS_CORE: core,
    });
    if (!simd.test(found)) throw new Failure(`on an emulated ${cpu} the instruction set was ${found}`);
    ran.push(`${found} on an emulated ${cpu}`);
  }
  // A core that the processor cannot run is refused, where it would have ended the process with SIGILL.
  const wrong = await run('qemu-x86_64', ['-cpu', 'Nehalem', ...program], {
    env: cleanEnv({ EVENKEEL_BLAS_CORE: 'Haswell' }),
  });
  if (wrong.signal !== null || !/EVENKEEL_BLAS_CORE: .*need AVX2/.test(wrong.output)) {
    throw new Failure(`${wrong.output}\nHaswell's kernels on a Nehalem: ended with ${wrong.signal ?? wrong.code}`);
  }
  // Nothing of the library is built for more than x86-64's baseline outside of the dispatch.
  const golden = ['build-release/test/native/random_golden', 'build-release/Release/random_golden'].map((name) =>
    at(name),
  );
  const binary = golden.find(existsSync);
  if (binary) await must('qemu-x86_64', ['-cpu', 'qemu64', binary, at('test/golden/random.txt')]);
  return `the smoke program passed: ${ran.join(', ')}`;
}

/** The soak of `npm run soak -- workers`, a minute of it. */
export function busyWorkers(minutes = 1) {
  return must(process.execPath, ['test/workers.soak.mjs', '--minutes', String(minutes)]);
}
