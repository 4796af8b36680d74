// Highway's sources, for builds that the system's library is no good for: cross-compiled ones.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { aptIn } from './apt.mjs';
import { Failure, onPath, root } from './run.mjs';

const folder = path.join(root, 'build-highway');

/** Where they are put, which the preset arm64 of CMakePresets.json names. */
export const highwaySource = path.join(folder, 'source');

/** For `installPackages`: what unpacking a source package takes. */
export const highwayNeeds = [{ apt: 'dpkg-dev', has: () => Boolean(onPath('dpkg-source')) }];

/**
 * Gets Debian's or Ubuntu's source package through apt, which checks its signatures; the system's own lists, where source
 * packages are usually turned off, stay as they are. `into` is a folder of the caller's own, `suite` and `version` a release
 * of Debian and the version to get of it. Gives the folder of the sources, and that of the files they were unpacked from.
 */
export async function fetchHighway({ into = folder, suite, version } = {}) {
  const source = path.join(into, 'source');
  if (existsSync(path.join(source, 'CMakeLists.txt'))) return { source, files: into };
  if (!onPath('apt-get')) {
    throw new Failure(`This system has no apt-get to get Highway's sources with: please put them into ${source}`);
  }
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const call = await aptIn(into, { type: 'deb-src', suite });
  await call('source', version ? `highway=${version}` : 'highway');
  const unpacked = readdirSync(into).find((name) => existsSync(path.join(into, name, 'hwy/highway.h')));
  if (!unpacked) throw new Failure(`apt-get source highway unpacked no Highway into ${into}`);
  renameSync(path.join(into, unpacked), source);
  rmSync(path.join(into, 'apt'), { recursive: true, force: true });
  return { source, files: into };
}
