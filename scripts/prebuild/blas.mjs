// OpenBLAS under a name of its own. The addon is linked against a stub that has the names of the functions it calls and the
// file name that the library is to have; the library itself is not linked against.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, must, root } from '../lib/run.mjs';

export const prefix = 'scipy_';

/** The functions that the native code calls. */
export function blasFunctions() {
  const text = ['blas.cc', 'lapack.cc'].map((file) => readFileSync(path.join(root, 'native', file), 'utf8')).join('');
  return [...new Set([...text.matchAll(/EVENKEEL_BLAS\((\w+)\)/g)].map(([, name]) => prefix + name))].sort();
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

const DT_NULL = 0n;
const DT_SONAME = 14n;
const PT_DYNAMIC = 2;

/**
 * A 64-bit ELF library without its own name (DT_SONAME). The dynamic linker takes a library of that name which is loaded
 * already for the one it looks for: with the name, another package's OpenBLAS could be ours, or ours theirs.
 */
export function withoutSoname(elf) {
  if (elf.toString('latin1', 0, 4) !== '\x7fELF' || elf[4] !== 2 || elf[5] !== 1) {
    throw new Failure('not a little-endian 64-bit ELF file');
  }
  const out = Buffer.from(elf);
  const table = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  for (let i = 0; i < elf.readUInt16LE(56); i++) {
    const header = table + i * size;
    if (elf.readUInt32LE(header) !== PT_DYNAMIC) continue;
    const begin = Number(elf.readBigUInt64LE(header + 8));
    const end = begin + Number(elf.readBigUInt64LE(header + 32));
    let to = begin;
    for (let from = begin; from < end; from += 16) {
      if (elf.readBigUInt64LE(from) === DT_SONAME) continue;
      elf.copy(out, to, from, from + 16);
      to += 16;
    }
    for (; to < end; to += 8) out.writeBigUInt64LE(DT_NULL, to);
  }
  return out;
}
