// One platform's binary: CMake with zig as the compiler.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnv, must, root } from '../lib/run.mjs';
import { jobs } from '../lib/targets.mjs';
import { makeStub, prefix } from './blas.mjs';
import { withoutSoname, withoutSymbols } from './elf.mjs';
import { fetchBlas } from './fetch.mjs';
import { notices } from './notices.mjs';

const at = (...parts) => path.join(root, ...parts);

/**
 * CMake wants each tool to be one file. To learn a compiler's name it links a program without an optimiser, for which zig would
 * compile all of its libraries in one more way, a minute for each platform: the object says as much.
 */
function wrap(folder, name, command) {
  const file = path.join(folder, name);
  const words = command.map((word) => `'${word}'`).join(' ');
  writeFileSync(file, `#!/bin/sh\ncase "$*" in *CompilerId.*) set -- -c "$@" ;; esac\nexec ${words} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

export async function buildPlatform(platform, { zig, highway }) {
  const blas = await fetchBlas(platform);
  const folder = at('build-prebuild', platform.name);
  const tools = path.join(folder, 'tools');
  mkdirSync(tools, { recursive: true });
  const stub = await makeStub(zig, platform, path.join(folder, 'stub'));
  const defines = {
    CMAKE_BUILD_TYPE: 'Release',
    // Nor does it link what it tries out.
    CMAKE_TRY_COMPILE_TARGET_TYPE: 'STATIC_LIBRARY',
    CMAKE_SYSTEM_NAME: platform.system,
    CMAKE_SYSTEM_PROCESSOR: platform.processor,
    CMAKE_C_COMPILER: wrap(tools, 'cc', [zig, 'cc', '-target', platform.zig]),
    CMAKE_CXX_COMPILER: wrap(tools, 'c++', [zig, 'c++', '-target', platform.zig]),
    CMAKE_AR: wrap(tools, 'ar', [zig, 'ar']),
    CMAKE_RANLIB: wrap(tools, 'ranlib', [zig, 'ranlib']),
    EVENKEEL_PREBUILT: 'ON',
    EVENKEEL_BENCH: 'OFF',
    EVENKEEL_BLAS_PREFIX: prefix,
    EVENKEEL_LEFT_OUT: platform.leftOut,
    HWY_SOURCE_DIR: highway,
    OpenBLAS_LIBRARIES: stub,
    OpenBLAS_INCLUDE_DIRS: blas.include,
    CMAKE_JS_INC: at('node_modules/node-api-headers/include'),
  };
  if (platform.os === 'win32') {
    const definitions = at('node_modules/node-api-headers/def/node_api.def');
    const library = path.join(folder, 'stub', 'node.lib');
    await must(zig, ['dlltool', '-m', 'i386:x86-64', '-d', definitions, '-D', 'node.exe', '-l', library]);
    defines.CMAKE_JS_LIB = library;
  }
  const env = cleanEnv({ ZIG_GLOBAL_CACHE_DIR: at('build-prebuild', 'zig-cache') });
  const binary = path.join(folder, 'build');
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  await must('cmake', ['-G', 'Ninja', '-S', root, '-B', binary, ...flags], { env });
  await Promise.all([
    must('cmake', ['--build', binary, '--target', 'evenkeel', '--parallel', jobs], { env }),
    makeRuntime(platform, defines.CMAKE_CXX_COMPILER, folder, env),
  ]);
  install(platform, path.join(binary, 'Release', 'evenkeel.node'), { zig, highway, blas });
}

/**
 * Has zig compile the platform's libc++ and the like into its cache. It would do so when it links the addon, file by file, while
 * other processors have nothing to do.
 */
async function makeRuntime({ os }, compiler, folder, env) {
  const source = path.join(folder, 'stub', 'runtime.cc');
  writeFileSync(source, 'extern "C" int evenkeel_runtime() { throw 1; }\n');
  const flags = ['-O3', '-DNDEBUG', '-s', '-shared', ...(os === 'win32' ? [] : ['-fPIC'])];
  await must(compiler, [...flags, source, '-o', path.join(folder, 'stub', 'runtime')], { env });
}

/** Puts the addon, OpenBLAS and the licences where prebuildify would. */
function install(platform, addon, sources) {
  const { blas } = sources;
  const folder = at(platform.folder);
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, path.join(folder, platform.addon));
  const library = readFileSync(blas.library);
  writeFileSync(
    path.join(folder, platform.library),
    platform.os === 'linux' ? withoutSymbols(withoutSoname(library)) : library,
  );
  writeFileSync(path.join(folder, platform.notices), notices(platform, sources));
}
