// What is built from what: the addon, and the JavaScript.
import { chmodSync, cpSync, existsSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ask, cleanEnv, Failure, must, npm, root } from './run.mjs';
import { filesUnder, hashOf, isFresh, readStamp, writeStamp } from './stamp.mjs';
import { systemId } from './system.mjs';

export const jobs = String(os.availableParallelism());
const self = ['package-lock.json', 'scripts/build.mjs', 'scripts/lib/targets.mjs'];
const at = (...parts) => path.join(root, ...parts);

// Packages ------------------------------------------------------------------------------------------------------------

export const packages = {
  name: 'npm ci',
  stamp: 'node_modules/.evenkeel-stamp',
  hash: () => `${process.platform}-${process.arch} ${hashOf(['package-lock.json'])}`,
  isFresh() {
    const hash = this.hash();
    const stamp = readStamp(this.stamp);
    if (stamp === hash) return true;
    // Installed by hand: npm's own record of what is there decides.
    const samePlatform = stamp === undefined || stamp.split(' ')[0] === hash.split(' ')[0];
    if (!samePlatform || !matchesLock()) return false;
    writeStamp(this.stamp, hash);
    return true;
  },
  async build() {
    const { command, args, shell } = npm();
    // The tools to build with are dev dependencies, whatever NODE_ENV or the user's configuration leave out.
    await must(command, [...args, 'ci', '--ignore-scripts', '--include=dev', '--include=optional'], { shell });
    writeStamp(this.stamp, this.hash());
  },
};

/** Whether node_modules/.package-lock.json, which npm writes last, has just what package-lock.json asks for. */
function matchesLock() {
  let wanted;
  let there;
  try {
    wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
    there = JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  const same = (a, b) => a?.version === b?.version && a?.integrity === b?.integrity;
  return (
    Object.entries(wanted).every(
      ([name, entry]) => name === '' || (there[name] ? same(entry, there[name]) : entry.optional),
    ) && Object.keys(there).every((name) => wanted[name])
  );
}

// The addon -----------------------------------------------------------------------------------------------------------

export const native = {
  name: 'compiling the addon',
  stamp: 'build/.evenkeel-native',
  outputs: ['build/Release/evenkeel.node', 'build/Release/raw_blas'],
  hash: () =>
    hashOf([...self, 'CMakeLists.txt', ...filesUnder('native'), ...filesUnder('bench', '.c')], systemId(), root),
  isFresh() {
    return isFresh(this.stamp, this.hash(), this.outputs);
  },
  /** `defines`: further -DNAME=VALUE for CMake. A build with any is not what the set-up would make, and not stamped. */
  async build(defines = []) {
    const hash = this.hash();
    rmSync(at(this.stamp), { force: true });
    forgetForeignCache('build');
    await cmakeJs(
      'configure',
      '--CDCMAKE_EXPORT_COMPILE_COMMANDS=ON',
      ...defines.map((define) => `--C${define.slice(1)}`),
    );
    await cmakeJs('build', '--parallel', jobs);
    if (defines.length > 0) return;
    // A symbol that nothing defines shows only when the addon is loaded.
    await must(process.execPath, ['-e', 'require(process.argv[1])', at(this.outputs[0])]);
    writeStamp(this.stamp, hash);
  },
};

async function cmakeJs(command, ...args) {
  const cli = at('node_modules/cmake-js/bin/cmake-js');
  if (!existsSync(cli)) throw new Failure('node_modules is incomplete: run `npm run setup`');
  await must(process.execPath, [cli, command, '-G', 'Ninja', '-d', root, '-O', at('build'), ...args]);
}

/** CMake refuses a folder that was configured at another place, or with another generator: start it afresh. */
function forgetForeignCache(folder) {
  let cache;
  try {
    cache = readFileSync(at(folder, 'CMakeCache.txt'), 'utf8');
  } catch {
    return;
  }
  const entry = (name) => cache.match(new RegExp(`^${name}:\\w+=(.*)$`, 'm'))?.[1];
  const compiler = entry('CMAKE_CXX_COMPILER');
  const good =
    entry('CMAKE_HOME_DIRECTORY') === root &&
    entry('CMAKE_CACHEFILE_DIR') === at(folder) &&
    entry('CMAKE_GENERATOR') === 'Ninja' &&
    (!compiler?.startsWith('/') || existsSync(compiler)) &&
    existsSync(at(folder, 'build.ninja'));
  if (good) return;
  rmSync(at(folder, 'CMakeCache.txt'), { force: true });
  rmSync(at(folder, 'CMakeFiles'), { recursive: true, force: true });
}

/** Configures and builds the native tests of one preset into build-<preset>. `wrap` goes before every command. */
export async function buildNativeTests(preset, { wrap = [], show = false } = {}) {
  forgetForeignCache(`build-${preset}`);
  // Tests are listed by running them, while the build goes on: leaks are looked for when they are run, not then.
  const env = cleanEnv({ ASAN_OPTIONS: 'detect_leaks=0' });
  for (const args of [
    ['--preset', preset],
    ['--build', '--preset', preset, '--parallel', jobs],
  ]) {
    const [command, ...rest] = [...wrap, 'cmake', ...args];
    await must(command, rest, { env, show });
  }
}

/**
 * The environment in which Node loads the addon of the asan preset, after `buildNativeTests('asan')`: the sanitizer has to
 * come first in the process. Node's own leaks are not looked for.
 */
export function asanAddonEnv() {
  const library = ask(process.env.CXX ?? 'c++', ['-print-file-name=libasan.so'])?.trim();
  if (!library || !path.isAbsolute(library)) throw new Failure('the compiler has no libasan.so to load into Node');
  return cleanEnv({
    LD_PRELOAD: realpathSync(library),
    EVENKEEL_PREBUILD: at('build-asan'),
    ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  });
}

// The JavaScript ------------------------------------------------------------------------------------------------------

// Declarations by tsc, file by file; code by rolldown, one file for each entry point and what they share in chunks: loading
// two dozen small modules took longer than loading the addon.

export const ts = {
  name: 'compiling TypeScript',
  stamp: 'dist/.evenkeel-ts',
  entries: [
    'index',
    'study/index',
    'checkpoint/index',
    'tfjs/index',
    'blas/index',
    'cli/main',
    'init/worker',
    'study/sweep/worker',
  ].filter((entry) => existsSync(at(`lib/${entry}.ts`))),
  hash: () => hashOf([...self, 'tsconfig.json', ...filesUnder('lib')]),
  outputs() {
    return this.entries.map((entry) => `dist/${entry}.js`);
  },
  isFresh() {
    return isFresh(this.stamp, this.hash(), this.outputs());
  },
  async build() {
    const hash = this.hash();
    const tsc = at('node_modules/typescript/bin/tsc');
    if (!existsSync(tsc)) throw new Failure('node_modules is incomplete: run `npm run setup`');
    // Made beside dist and then put in its place: no stale file stays, and a process that is running finds its modules.
    const made = 'build-dist';
    rmSync(at(made), { recursive: true, force: true });
    const emit = ['--emitDeclarationOnly', '--noEmitOnError', '--outDir', made];
    await must(process.execPath, [tsc, '-p', 'tsconfig.json', ...emit, '--pretty', 'false']);
    const { build } = await import('rolldown');
    await build({
      cwd: root,
      input: Object.fromEntries(this.entries.map((entry) => [entry, `lib/${entry}.ts`])),
      platform: 'node',
      external: (id) => !id.startsWith('.') && !path.isAbsolute(id),
      output: { dir: made, format: 'esm', sourcemap: true, entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      logLevel: 'warn',
    }).catch((error) => {
      throw new Failure(`rolldown failed: ${error.message}`);
    });
    // For loaders that take CommonJS alone; TensorFlow.js would be another instance there than the program's.
    for (const entry of ['index', 'study/index', 'checkpoint/index', 'blas/index']) {
      cpSync(at('lib/commonjs.cjs'), at(made, `${entry}.cjs`));
    }
    // What reports' pages take along, as it is.
    cpSync(at('lib/study/report/page'), at(made, 'study/report/page'), { recursive: true });
    rmSync(at('dist'), { recursive: true, force: true });
    renameSync(at(made), at('dist'));
    if (existsSync(at('dist/cli/main.js'))) chmodSync(at('dist/cli/main.js'), 0o755);
    writeStamp(this.stamp, hash);
  },
};
