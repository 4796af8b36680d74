// Every way in which loading fails, provoked, and what is said then.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { info } from '../../lib/index.js';
import { loadAddon } from '../../lib/loader/index.js';
import { platformName, published, thisPlatform } from '../../lib/loader/platform.js';

const here = platformName(thisPlatform());
const scratch = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-loader-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let projects = 0;

/** A project with evenkeel in it, and the platform packages that are given: the file of each one's addon. */
function project(packages: Record<string, string | Buffer> = {}): { folder: string; root: string } {
  const folder = path.join(scratch, `project${projects++}`);
  const root = path.join(folder, 'node_modules', 'evenkeel');
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, 'package.json'), '{ "name": "evenkeel", "version": "1.2.3" }');
  for (const [name, addon] of Object.entries(packages)) {
    const inside = path.join(folder, 'node_modules', '@evenkeel', name);
    const prebuilds = path.join(inside, 'prebuilds', `${process.platform}-${process.arch}`);
    mkdirSync(prebuilds, { recursive: true });
    writeFileSync(path.join(inside, 'package.json'), `{ "name": "@evenkeel/${name}", "version": "1.2.3" }`);
    if (typeof addon === 'string') cpSync(addon, path.join(prebuilds, 'evenkeel.node'));
    else writeFileSync(path.join(prebuilds, 'evenkeel.node'), addon);
  }
  return { folder, root };
}

/** The message of a load that fails, which always names the platform and two commands. */
function message(root: string): string {
  let said: string | undefined;
  try {
    loadAddon(root);
  } catch (error) {
    said = (error as Error).message;
  }
  expect(said, 'the load fails').toBeDefined();
  const [intro, platform] = said!.split('\n');
  expect(intro).toBe('evenkeel 1.2.3: no native binary could be loaded.');
  expect(platform).toMatch(
    new RegExp(`^This is ${process.platform}-${process.arch}\\S*( \\(glibc [\\d.]+\\))?, Node v`),
  );
  expect(said).toMatch(/\nTried:\n(?: {2}- .+\n)+/);
  expect(said).toMatch(/\nTo fix it:\n {2}.+\n {2}.+$/);
  return said!;
}

/** As if this were another platform. */
function pretend(platform: string, arch: string, model?: string): void {
  Object.defineProperty(process, 'platform', { ...real.platform, value: platform });
  Object.defineProperty(process, 'arch', { ...real.arch, value: arch });
  if (model === undefined) return;
  os.cpus = () => [{ model } as os.CpuInfo];
  syncBuiltinESMExports();
}
const real = {
  platform: Object.getOwnPropertyDescriptor(process, 'platform')!,
  arch: Object.getOwnPropertyDescriptor(process, 'arch')!,
  cpus: os.cpus,
};
afterEach(() => {
  Object.defineProperty(process, 'platform', real.platform);
  Object.defineProperty(process, 'arch', real.arch);
  os.cpus = real.cpus;
  syncBuiltinESMExports();
});

/** A library that asks for what this system has not: a file of that name, or a version of glibc's symbols. */
function needy(library: string, version?: string): string {
  const folder = mkdtempSync(path.join(scratch, 'needy-'));
  const at = (name: string) => path.join(folder, name);
  writeFileSync(at('there.c'), 'int evenkeel_there(void) { return 1; }\n');
  writeFileSync(at('map'), `${version ?? 'V'} { global: evenkeel_there; };\n`);
  writeFileSync(at('addon.c'), 'int evenkeel_there(void);\nint evenkeel_addon(void) { return evenkeel_there(); }\n');
  const cc = (...args: string[]) => execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-nostdlib', ...args]);
  const script = version ? [`-Wl,--version-script=${at('map')}`] : [];
  cc(`-Wl,-soname,${library}`, ...script, '-o', at('there.so'), at('there.c'));
  cc('-o', at('addon.node'), at('addon.c'), at('there.so'));
  return at('addon.node');
}

describe('the addon', () => {
  it('is found in the checkout', () => {
    expect(info().file).toMatch(/\.node$/);
    expect(thisPlatform()).toMatchObject({ os: process.platform, cpu: process.arch });
  });

  it('is found in the package of the platform', () => {
    const { root } = project({ [here]: info().file });
    const { addon, file, prebuilt } = loadAddon(root);
    expect(addon).toHaveProperty('kernels');
    expect(file).toContain(path.join('@evenkeel', here));
    expect(prebuilt).toBe(true);
  });

  it('of a checkout comes first', () => {
    const { root } = project({ [here]: Buffer.from('not looked at') });
    mkdirSync(path.join(root, 'build/Release'), { recursive: true });
    cpSync(info().file, path.join(root, 'build/Release/evenkeel.node'));
    expect(loadAddon(root)).toMatchObject({ prebuilt: false, file: expect.stringContaining('build') });
  });

  it('of the package is taken when the one of the checkout does not load', () => {
    const { root } = project({ [here]: info().file });
    mkdirSync(path.join(root, 'build/Release'), { recursive: true });
    writeFileSync(path.join(root, 'build/Release/evenkeel.node'), 'damaged');
    expect(loadAddon(root)).toMatchObject({ prebuilt: true });
  });
});

describe('says why', () => {
  it('the optional package is missing', () => {
    const { root } = project();
    expect(message(root)).toContain(
      `The optional package @evenkeel/${here}, which has the binary, is missing: the install left it out, the lock file was made on another platform, or what copied node_modules took only files that it could trace (Next.js: outputFileTracingIncludes).\n` +
        'To fix it:\n' +
        '  rm -rf node_modules package-lock.json && npm install\n' +
        `  npm install --no-save @evenkeel/${here}@1.2.3`,
    );
  });

  it('optional packages are left out by a setting', () => {
    const { folder, root } = project();
    writeFileSync(path.join(folder, '.npmrc'), 'fund=false\nomit=optional\n');
    expect(message(root)).toContain(
      `The optional package @evenkeel/${here} was left out by --omit=optional (set in ${path.join(folder, '.npmrc')}): it has the binary.\n` +
        'To fix it:\n  npm install --include=optional\n',
    );
  });

  it('optional packages were left out though the lock file has them', () => {
    const { folder, root } = project();
    writeFileSync(path.join(folder, 'package-lock.json'), `{ "node_modules/@evenkeel/${here}": { "optional": true } }`);
    expect(message(root)).toContain(
      `The optional package @evenkeel/${here} is in the lock file but was not installed, as with --omit=optional (or --no-optional): it has the binary.\n` +
        'To fix it:\n  npm install --include=optional\n',
    );
  });

  it('node_modules comes from another machine', () => {
    const other = here.startsWith('win32') ? 'linux-x64-glibc' : 'win32-x64';
    const { root } = project({ [other]: Buffer.from('') });
    expect(message(root)).toContain(
      `@evenkeel/${other} is installed, but this is ${here}: node_modules comes from another machine.`,
    );
  });

  it('Node is for Intel on an Apple processor', () => {
    const { root } = project({ 'darwin-arm64': Buffer.from('') });
    pretend('darwin', 'x64', 'Apple M1');
    expect(message(root)).toContain(
      'This Node is built for Intel processors and runs on an Apple one through Rosetta; the binary that is installed is for arm64. ' +
        'A Node for arm64 is the remedy, and faster.\nTo fix it:\n  arch -arm64 node -p process.arch',
    );
  });

  it('there is no binary for the platform', () => {
    const { root } = project();
    pretend('freebsd', 'x64');
    expect(message(root)).toContain(
      `There is no binary for freebsd-x64; there are binaries for ${published.join(', ')}.`,
    );
  });

  it('this is a checkout that was not built', () => {
    const { root } = project();
    writeFileSync(path.join(root, 'CMakeLists.txt'), '');
    expect(message(root)).toContain(
      'This is a checkout of evenkeel whose addon has not been built.\nTo fix it:\n  npm run setup\n',
    );
  });

  it.each<[string, Buffer | undefined]>([
    ['is empty', Buffer.alloc(0)],
    ['is something else', Buffer.from('<html>404 Not Found</html>'.repeat(100))],
    ['was cut short', undefined],
  ])('the file %s', async (_, bytes) => {
    const { readFileSync } = await import('node:fs');
    const { folder, root } = project({ [here]: bytes ?? readFileSync(info().file).subarray(0, 300_000) });
    const file = path.join(
      folder,
      `node_modules/@evenkeel/${here}/prebuilds/${process.platform}-${process.arch}/evenkeel.node`,
    );
    expect(message(root)).toContain(
      `The file ${file} is damaged, as after a download or a copy that was cut short.\n` +
        'To fix it:\n  rm -rf node_modules && npm cache verify\n',
    );
  });
});

describe.runIf(here.endsWith('-glibc'))('says why, on Linux:', () => {
  it('glibc is too old', () => {
    const { root } = project({ [here]: needy('libc.so.6', 'GLIBC_9.9') });
    expect(message(root)).toMatch(
      /This system's glibc is \d+\.\d+, which is too old: the binary needs 2\.28 or newer .*\nTo fix it:\n {2}ldd --version/,
    );
  });

  it('the binary is for another C library', () => {
    const { root } = project({ [here]: needy(`libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`) });
    expect(message(root)).toContain('The binary that was found is for another C library: this system has glibc.');
  });

  it('the package of another C library is installed', () => {
    const other = here.replace('glibc', 'musl');
    const { root } = project({ [other]: Buffer.from('') });
    expect(message(root)).toContain(
      `@evenkeel/${other} is installed, which is for another C library: this Node runs on glibc.`,
    );
  });

  it('OpenBLAS is not beside the binary', () => {
    const { root } = project({ [here]: needy('libevenkeel-openblas-0.so') });
    expect(message(root)).toContain('OpenBLAS, which belongs beside the binary, cannot be loaded');
  });

  it('the system refuses, in its own words', () => {
    const { root } = project({ [here]: needy('libsomething-else.so') });
    expect(message(root)).toMatch(/- the package .*libsomething-else\.so: cannot open[\s\S]*refuses to load it/);
  });
});
