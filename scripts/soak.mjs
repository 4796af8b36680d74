// npm run soak: random inputs for as long as you like, to find what the tests' fixed budgets miss.
//
//   node scripts/soak.mjs [--minutes N] [javascript] [files] [native] [workers]    10 minutes and the first three by default, which
//                                                                                  share them
//
// First JavaScript's border (test/boundary.fuzz.mjs), then files for the parser of safetensors (test/checkpoint/safetensors/fuzz.ts),
// then the native border: test/native/guard_fuzz.cc under libFuzzer with the address and undefined-behaviour sanitizers where
// clang++ has it, else as a plain program with random inputs.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { busyWorkers } from './lib/hardening.mjs';
import { withLock } from './lib/lock.mjs';
import { ask, cleanEnv, Failure, main, must, onPath, root, seconds } from './lib/run.mjs';

const { values: options, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const minutes = Number(options.minutes);

async function javascript(share) {
  const output = await must(process.execPath, [
    'test/boundary.fuzz.mjs',
    '--minutes',
    String(share),
    '--runs',
    '20000',
  ]);
  const { calls, succeeded, skipped } = JSON.parse(output);
  return `${calls} calls, of which ${succeeded} succeeded; ${skipped} endless ones skipped`;
}

async function files(share) {
  const env = cleanEnv({ EVENKEEL_FUZZ_SECONDS: String(Math.ceil(share * 60)) });
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
  await must('cmake', ['--build', folder, '--parallel', '2', '--target', 'guard_fuzz']);
  return path.join(folder, 'Release/guard_fuzz');
}

/** clang++ if it can link a fuzzer, else undefined. */
function fuzzingCompiler() {
  const compiler = onPath(
    'clang++',
    'clang++-19',
    'clang++-18',
    'clang++-17',
    'clang++-16',
    'clang++-15',
    'clang++-14',
  );
  const file = compiler && ask(compiler, ['-print-file-name=libclang_rt.fuzzer-x86_64.a']);
  const folder = compiler && ask(compiler, ['-print-resource-dir'])?.trim();
  return file !== undefined && folder !== undefined && ask('ls', [`${folder}/lib/linux`])?.includes('rt.fuzzer-')
    ? compiler
    : undefined;
}

async function native(share) {
  const compiler = fuzzingCompiler();
  console.log(
    compiler ? `libFuzzer, ${compiler}` : 'there is no clang++ with libFuzzer here: random inputs without coverage',
  );
  const folder = path.join(root, compiler ? 'build-fuzz' : 'build-fuzz-portable');
  const program = await withLock(() => buildFuzzer(folder, compiler));
  const time = Math.max(1, Math.round(share * 60));
  const args = compiler
    ? [`-max_total_time=${time}`, '-print_final_stats=1', '-timeout=20', '-rss_limit_mb=4000']
    : [time];
  const output = await must(program, args.map(String), { cwd: folder });
  const counts = output.match(/number_of_executed_units: *\d+|^\d+ inputs.*$/gm);
  if (!counts) throw new Failure(output);
  return counts.join(', ');
}

/** Eight busy workers (test/workers.soak.mjs): `npm run soak -- --minutes 30 workers`. */
async function workers(share) {
  const { problems, memory, ...counts } = JSON.parse(await busyWorkers(share));
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
    console.log(`${name}: ${await works[name](minutes / chosen.length)}; ${seconds(start)}`);
  }
});
