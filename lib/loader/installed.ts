// What an installation has of the platforms' packages, for the message when none fits.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageOf, published } from './platform.js';

/** Traces of how evenkeel was installed. */
export interface Installed {
  /** Names of the platforms whose packages are there. */
  platforms: string[];
  /** Why optional packages would not be installed: the setting and where it is made. */
  omits?: string;
  /** A lock file names this platform's package, though it is not there. */
  locked: boolean;
}

/** The folders of node_modules that Node looks in for packages from `folder`. */
function moduleFolders(folder: string): string[] {
  const found = [];
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (path.basename(at) !== 'node_modules') found.push(path.join(at, 'node_modules'));
    if (path.dirname(at) === at) return found;
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Looks around the package's folder `root`, up to the project that it was installed into. */
export function installedAround(root: string, platform: string, env = process.env): Installed {
  const folders = moduleFolders(root);
  const platforms = new Set<string>();
  for (const folder of folders) {
    const scope = path.join(folder, '@evenkeel');
    if (!existsSync(scope)) continue;
    for (const name of readdirSync(scope)) if (published.includes(name)) platforms.add(name);
  }
  const project = folders.filter((folder) => existsSync(folder)).map((folder) => path.dirname(folder));
  const wanted = packageOf(platform);
  const omits =
    [
      ...project.map((folder) => path.join(folder, '.npmrc')),
      ...(env.HOME ? [path.join(env.HOME, '.npmrc')] : []),
    ].find((file) => /^\s*(omit(\[\])?\s*=\s*["']?optional|optional\s*=\s*false)/m.test(text(file))) ??
    (/optional/.test(env.npm_config_omit ?? '') ? 'the variable npm_config_omit' : undefined);
  return {
    platforms: [...platforms].sort(),
    ...(omits === undefined ? {} : { omits }),
    locked: project.some((folder) =>
      ['package-lock.json', 'yarn.lock', 'pnpm-lock.yaml'].some((lock) =>
        text(path.join(folder, lock)).includes(wanted),
      ),
    ),
  };
}
