// The fuzzers, each for so many seconds: JavaScript's border, files, the native border. docs/hardening.md says what they do. They
// begin anywhere, unless a seed is given.
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { ask, cleanEnv, Failure, must, onPath, root, seconds as since } from './run.mjs';
import { installPackages } from './system.mjs';
import { asanAddonEnv, buildNativeTests, jobs } from './targets.mjs';

/** Every public function with arguments of all kinds, for most of the time; then the addon's own entry. */
async function calls(seconds, env, seed) {
  const raw = Math.max(1, Math.round(seconds / 6));
  const args = ['--seconds', String(seconds - raw), ...(seed === undefined ? [] : ['--seed', String(seed)])];
  const facade = await must(process.execPath, ['test/fuzz/public.fuzz.mjs', ...args], { env });
  const last = facade.trim().split('\n').at(-1);
  const { seed: first, calls, succeeded, functions, called, endless } = JSON.parse(last);
  const output = await must(
    process.execPath,
    ['test/boundary.fuzz.mjs', '--minutes', String(raw / 60), '--runs', '2000'],
    { env },
  );
  const addon = JSON.parse(output);
  return (
    `seed ${first}: ${calls} calls of ${called} of ${functions} functions, ${succeeded} succeeded, ${endless} endless; ` +
    `${addon.calls} calls of the addon, ${addon.succeeded} succeeded`
  );
}

export const javascript = (seconds) => calls(seconds, cleanEnv());

/** The same on the asan preset's addon, which also sees accesses beside JavaScript's arrays. */
export async function javascriptAsan(seconds, { seed } = {}) {
  await withLock(() => buildNativeTests('asan'));
  const env = asanAddonEnv();
  // What cannot be allocated is an error of the call, as it is without the sanitizer.
  env.ASAN_OPTIONS += ':allocator_may_return_null=1:max_allocation_size_mb=4000';
  return calls(seconds, env, seed);
}

/** Random files for the parsers of safetensors and NumPy's formats. */
export async function files(seconds, { seed } = {}) {
  const env = cleanEnv({
    EVENKEEL_FUZZ_SECONDS: String(Math.ceil(seconds)),
    ...(seed !== undefined && { EVENKEEL_FUZZ_SEED: String(seed) }),
  });
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const args = ['run', '--config', 'vitest.long.config.ts', 'test/checkpoint/safetensors/fuzz.long.ts'];
  const output = await must(process.execPath, [vitest, ...args], { env });
  return output.match(/EVENKEEL_FUZZ_SEED=\d+|^\d+ files, .*$/gm).join(', ');
}

/** Builds the fuzzer: everything but Node-API, with clang and libFuzzer, or with g++ and a main of its own. */
async function buildFuzzer(folder, compiler) {
  const libFuzzer = compiler !== undefined;
  const sanitize = 'address,undefined';
  const configure = [
    ...['-S', root, '-B', folder, '-G', 'Ninja', '-DEVENKEEL_ADDON=OFF', '-DEVENKEEL_BENCH=OFF'],
    ...['-DEVENKEEL_NATIVE_TESTS=ON', '-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
    `-DEVENKEEL_SANITIZE=${libFuzzer ? `${sanitize},fuzzer-no-link` : sanitize}`,
    `-DEVENKEEL_LIBFUZZER=${libFuzzer ? 'ON' : 'OFF'}`,
    ...(libFuzzer ? [`-DCMAKE_CXX_COMPILER=${compiler}`, `-DCMAKE_C_COMPILER=${compiler.replace('++', '')}`] : []),
  ];
  mkdirSync(folder, { recursive: true });
  await must('cmake', configure);
  await must('cmake', ['--build', folder, '--parallel', jobs, '--target', 'guard_fuzz']);
  return path.join(folder, 'Release/guard_fuzz');
}

/** clang++ if it can link a fuzzer, else undefined. */
function fuzzingCompiler() {
  const versions = [19, 18, 17, 16, 15, 14].map((version) => `clang++-${version}`);
  const compiler = onPath('clang++', ...versions);
  const folder = compiler && ask(compiler, ['-print-resource-dir'])?.trim();
  const names = folder && existsSync(folder) ? ask('ls', ['-R', `${folder}/lib`]) : undefined;
  return names?.includes('clang_rt.fuzzer') ? compiler : undefined;
}

const clangNeeds = [
  { apt: 'clang', has: () => fuzzingCompiler() !== undefined },
  { apt: 'libclang-rt-dev', has: () => fuzzingCompiler() !== undefined },
];

/** Plans for the guard and the kernels behind it, made of bytes: `needsClang` installs it where it is not there. */
export async function native(seconds, { needsClang = false, seed: given } = {}) {
  const { program, compiler, built } = await withLock(async () => {
    if (needsClang) await installPackages(clangNeeds);
    const start = performance.now();
    const compiler = fuzzingCompiler();
    const folder = path.join(root, compiler ? 'build-fuzz' : 'build-fuzz-portable');
    return { compiler, program: await buildFuzzer(folder, compiler), built: since(start) };
  });
  const time = Math.max(1, Math.round(seconds));
  const seed = given ?? Math.floor(Math.random() * 2 ** 31) + 1;
  const args = compiler
    ? [
        `-seed=${seed}`,
        `-max_total_time=${time}`,
        ...['-max_len=512', '-len_control=0', '-timeout=20', '-rss_limit_mb=4000'],
      ]
    : [time, seed];
  const output = await must(program, args.map(String), { cwd: path.dirname(program) });
  const counts = output.match(/^Done \d+ runs|^\d+ inputs|^\d+ calls of .*$/gm);
  const least = Number(output.match(/each at least (\d+) times/)?.[1]);
  // A minute is enough for hundreds of calls of each.
  if (!counts || (seconds >= 30 && !(least > 0))) throw new Failure(`${output}\nnot every kernel ran`);
  const how = compiler
    ? `libFuzzer, built in ${built}`
    : 'random inputs without coverage, for there is no clang++ with libFuzzer';
  return `${how}: seed ${seed}, ${counts.join(', ')}`;
}
