// What can be said of a published binary without running it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, must, root } from '../lib/run.mjs';
import { blasFunctions, prefix } from './blas.mjs';
import { readMachO } from './macho.mjs';

const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

function expect(condition, problem) {
  if (!condition) throw new Failure(problem);
}

const same = (a, b) => JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

/** Newest version of glibc's symbols that the binaries may ask for. */
const floor = '2.28';
const newer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0;

/**
 * Of Node-API's functions, those that make an ArrayBuffer of memory that is not V8's: Electron's refuses it
 * (napi_no_external_buffers_allowed).
 */
export const externalBuffers = (names) =>
  names.filter((name) => /^(napi_create_external_\w*buffer|node_api_create_(external|buffer_from)\w*)$/.test(name));

/** That the addon takes the functions it was linked for from OpenBLAS, and that OpenBLAS has them. */
function inspectFunctions(used, wanted, exported) {
  expect(same(used, wanted), `it takes ${used.join(', ')} from OpenBLAS`);
  const missing = used.filter((name) => !exported.includes(name));
  expect(missing.length === 0, `OpenBLAS has no ${missing.join(', ')}`);
  return `${used.length} functions of OpenBLAS, all there`;
}

async function inspectElf(platform, addon, library) {
  const read = async (file) => {
    const text = await must('readelf', ['--wide', '-h', '-d', '--dyn-syms', '-V', file]);
    return {
      machine: /Machine:\s+(.*)/.exec(text)[1],
      needed: [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name),
      runpath: /\((?:RUNPATH|RPATH)\).*\[(.*)\]/.exec(text)?.[1],
      soname: /\(SONAME\).*\[(.*)\]/.exec(text)?.[1],
      nodelete: /NODELETE/.test(text),
      versions: [...new Set([...text.matchAll(/\bGLIBC_(\d[\d.]*)/g)].map(([, version]) => version))],
      imports: [...text.matchAll(/ UND ([^\s@]+)/g)].map(([, name]) => name),
      exports: [
        ...text.matchAll(/ (?:FUNC|OBJECT|TLS|NOTYPE|IFUNC) +(?:GLOBAL|WEAK|UNIQUE) +DEFAULT +(\d+) ([^\s@]+)/g),
      ].map(([, , name]) => name),
    };
  };
  const [ours, blas] = [await read(addon), await read(library)];
  const machine = { x64: /X86-64/, arm64: /AArch64/ }[platform.cpu];
  expect(machine.test(ours.machine) && machine.test(blas.machine), `built for ${ours.machine} and ${blas.machine}`);
  expect(same(ours.exports, entryPoints), `exports ${ours.exports.join(', ')}`);
  const foreignMemory = externalBuffers(ours.imports);
  expect(foreignMemory.length === 0, `Electron refuses ${foreignMemory.join(', ')}`);
  const used = ours.imports.filter((name) => name.startsWith(prefix));
  const functions = inspectFunctions(used, blasFunctions(), blas.exports);
  expect(ours.runpath === '$ORIGIN', `its run path is ${ours.runpath}`);
  expect(ours.nodelete, 'it is not marked NODELETE');
  expect(ours.needed.includes(platform.library), `it needs ${ours.needed.join(', ')}`);
  expect(blas.soname === undefined, `OpenBLAS calls itself ${blas.soname}`);
  const system = /^(lib(c|m|dl|rt|pthread)\.so\.\d+|ld-linux-[\w-]+\.so\.\d|libc\.musl-\w+\.so\.1|libc\.so)$/;
  const foreign = [...ours.needed, ...blas.needed].filter((name) => name !== platform.library && !system.test(name));
  expect(foreign.length === 0, `it needs ${foreign.join(', ')}`);
  const versions = [...ours.versions, ...blas.versions];
  expect(
    platform.libc === 'musl' ? versions.length === 0 : versions.length > 0,
    `glibc versions: ${versions.join(', ')}`,
  );
  const newest = versions.reduce((most, version) => (newer(version, most) ? version : most), '0');
  expect(!newer(newest, floor), `it asks for GLIBC_${newest}`);
  return `${platform.libc === 'glibc' ? `newest symbol GLIBC_${newest}, ` : ''}run path $ORIGIN, needs ${ours.needed.join(' ')}; ${functions}`;
}

/** What zig's linker adds to the exports of every library: where it lies. */
const linkers = ['___dso_handle', '__mh_dylib_header'];

function inspectMachO(platform, addon, library) {
  const [ours, blas] = [addon, library].map((file) => readMachO(readFileSync(file)));
  expect(ours.cpu === platform.cpu && blas.cpu === platform.cpu, `built for ${ours.cpu} and ${blas.cpu}`);
  for (const { minimum } of [ours, blas]) {
    expect(!newer(minimum, platform.minimum), `it needs macOS ${minimum}, not ${platform.minimum}`);
  }
  expect(ours.rpaths.includes('@loader_path'), `its run paths are ${ours.rpaths.join(', ')}`);
  const own = `@rpath/${platform.library}`;
  const foreign = [...ours.libraries, ...blas.libraries].filter(
    (name) => name !== own && !name.startsWith('/usr/lib/'),
  );
  expect(foreign.length === 0, `it needs ${foreign.join(', ')}`);
  const exported = ours.exports.filter((name) => !linkers.includes(name));
  expect(
    same(
      exported,
      entryPoints.map((name) => `_${name}`),
    ),
    `exports ${ours.exports.join(', ')}`,
  );
  const loose = ours.imports.filter(
    ({ name, from }) => from === 'whoever loads it' && !/^_(napi|node_api)_/.test(name),
  );
  expect(loose.length === 0, `it expects ${loose.map(({ name }) => name).join(', ')} of whoever loads it`);
  const used = ours.imports.filter(({ from }) => from === own).map(({ name }) => name);
  const named = blasFunctions().map((name) => `_${name}`);
  const functions = inspectFunctions(used, named, blas.exports);
  return `${ours.cpu}, macOS ${ours.minimum}, run path @loader_path, needs ${ours.libraries.join(' ')}; ${functions}`;
}

async function inspectPe(platform, addon, library) {
  const read = async (file) => {
    const text = await must('objdump', ['-p', file]);
    const table = text.slice(text.indexOf('[Ordinal/Name Pointer] Table'));
    return {
      format: /file format (\S+)/.exec(text)[1],
      dlls: [...text.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name),
      exports: [...table.matchAll(/^\s*\[\s*\d+\](?: \+base\[\s*\d+\])?\s+(?:[\da-f]+\s+)?(\w+)$/gm)].map(
        ([, name]) => name,
      ),
    };
  };
  const [ours, blas] = [await read(addon), await read(library)];
  expect(ours.format === 'pei-x86-64', `it is ${ours.format}`);
  expect(same(ours.exports, entryPoints), `exports ${ours.exports.join(', ')}`);
  const system = /^(KERNEL32|ADVAPI32|ntdll|api-ms-win-crt-[\w-]+)\.dll$/i;
  const foreign = [...ours.dlls, ...blas.dlls].filter(
    (name) => !system.test(name) && name !== platform.library && name !== 'node.exe',
  );
  expect(foreign.length === 0, `it needs ${foreign.join(', ')}`);
  expect(ours.dlls.includes(platform.library) && ours.dlls.includes('node.exe'), `it needs ${ours.dlls.join(', ')}`);
  return `needs ${ours.dlls.filter((name) => !/^api-ms/.test(name)).join(' ')} and the C run time`;
}

/** Inspects a platform's addon and its OpenBLAS; a Failure says what is wrong. */
export function inspect(platform) {
  const [addon, library] = [platform.addon, platform.library].map((name) => path.join(root, platform.folder, name));
  if (platform.os === 'darwin') return inspectMachO(platform, addon, library);
  return platform.os === 'linux' ? inspectElf(platform, addon, library) : inspectPe(platform, addon, library);
}
