// OpenBLAS under a name of its own. The addon is linked against a stub that has the names of the functions it calls and the
// file name that the library is to have; the library itself is not linked against.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must, root } from '../lib/run.mjs';

export const prefix = 'scipy_';

/** The functions that the native code calls: by name, or by ROUTINE(T, gemv), which is one for each precision (native/blas/routines.h). */
export function blasFunctions() {
  const native = path.join(root, 'native');
  const text = readdirSync(native, { recursive: true })
    .filter((file) => file.endsWith('.cc'))
    .map((file) => readFileSync(path.join(native, file), 'utf8'))
    .join('');
  const named = [...text.matchAll(/EVENKEEL_BLAS\((\w+)\)/g)].map(([, name]) => name);
  const routines = [...text.matchAll(/ROUTINE\((?:T|ELEMENT\(tag\)), (\w+)\)/g)];
  const both = routines.flatMap(([, name]) => [`cblas_s${name}`, `cblas_d${name}`]);
  return [...new Set([...named, ...both].map((name) => prefix + name))].sort();
}

/** Makes the stub in `folder`, and gives its path: what to link against. */
export async function makeStub(zig, platform, folder) {
  mkdirSync(folder, { recursive: true });
  const functions = blasFunctions();
  const at = (name) => path.join(folder, name);
  if (platform.os === 'win32') {
    writeFileSync(at('blas.def'), `LIBRARY ${platform.library}\nEXPORTS\n${functions.join('\n')}\n`);
    await must(zig, ['dlltool', '-m', 'i386:x86-64', '-d', at('blas.def'), '-l', at('blas.lib')]);
    return at('blas.lib');
  }
  if (platform.os === 'darwin') {
    // A text stub, in the form that Apple's own libraries' take.
    const target = `${platform.processor}-macos`;
    const symbols = functions.map((name) => `_${name}`).join(', ');
    writeFileSync(
      at('libblas.tbd'),
      `--- !tapi-tbd\ntbd-version: 4\ntargets: [ ${target} ]\ninstall-name: '@rpath/${platform.library}'\n` +
        `exports:\n  - targets: [ ${target} ]\n    symbols: [ ${symbols} ]\n...\n`,
    );
    return at('libblas.tbd');
  }
  writeFileSync(at('blas.c'), functions.map((name) => `void ${name}(void) {}\n`).join(''));
  const named = `-Wl,-soname,${platform.library}`;
  await must(zig, ['cc', '-target', platform.zig, '-shared', '-nostdlib', named, '-o', at('libblas.so'), at('blas.c')]);
  return at('libblas.so');
}
