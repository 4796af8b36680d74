// Finds the addon: what was built in a checkout, then prebuilds/, then the platform's package.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../root.js';
import { cutShort } from './elf.js';
import { type Attempt, explain } from './explain.js';
import { installedAround } from './installed.js';
import { glibcVersion, packageOf, platformName, published, thisPlatform, underRosetta } from './platform.js';

/** The addon, and where it came from. */
export interface Loaded {
  addon: unknown;
  file: string;
  /** One of the binaries that are published, not one built here. */
  prebuilt: boolean;
}

interface NodeGypBuild {
  path(folder: string): string;
}

const require = createRequire(import.meta.url);

/** The file that node-gyp-build finds in a folder, or why there is none. */
function find(folder: string): { file?: string; error: string } {
  try {
    return { file: (require('node-gyp-build') as NodeGypBuild).path(folder), error: '' };
  } catch (error) {
    return { error: String((error as Error).message).split('\n')[0] ?? '' };
  }
}

/**
 * Loads the addon.
 *
 * @throws Error whose message says what was tried, what this platform is, why it failed and two commands that help.
 */
export function loadAddon(folder = root): Loaded {
  const platform = platformName(thisPlatform());
  const attempts: Attempt[] = [];
  let cause: unknown;
  const load = (what: string, file: string): Loaded | undefined => {
    try {
      const damaged = cutShort(file);
      if (damaged !== undefined) throw new Error(`${damaged}: file too short`);
      return { addon: require(file), file, prebuilt: file.includes(`${path.sep}prebuilds${path.sep}`) };
    } catch (error) {
      cause ??= error;
      attempts.push({ what, file, error: String((error as Error).message) });
      return undefined;
    }
  };

  const own = find(folder);
  if (own.file === undefined) {
    attempts.push({ what: `build/Release and prebuilds in ${folder}`, error: 'no binary for this platform' });
  } else {
    const loaded = load(own.file, own.file);
    if (loaded) return loaded;
  }

  const name = packageOf(platform);
  if (published.includes(platform)) {
    try {
      const inside = path.dirname(createRequire(path.join(folder, 'package.json')).resolve(`${name}/package.json`));
      const { file, error } = find(inside);
      if (file === undefined) attempts.push({ what: `the package ${name} in ${inside}`, error });
      else {
        const loaded = load(`the package ${name}`, file);
        if (loaded) return loaded;
      }
    } catch {
      attempts.push({ what: `the package ${name}`, error: 'not installed' });
    }
  }

  const glibc = glibcVersion();
  const { version } = require(path.join(folder, 'package.json')) as { version: string };
  throw new Error(
    explain({
      version,
      node: process.version,
      platform,
      root: folder,
      checkout: existsSync(path.join(folder, 'CMakeLists.txt')),
      attempts,
      installed: installedAround(folder, platform),
      rosetta: underRosetta(),
      ...(glibc === undefined ? {} : { glibc }),
    }),
    { cause },
  );
}
