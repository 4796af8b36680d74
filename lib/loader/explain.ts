// Why no binary could be loaded, and what to do, in words. A pure function of what was found.

import type { Installed } from './installed.js';
import { packageOf, published } from './platform.js';

/** One attempt: a file or a package, and what came of it. */
export interface Attempt {
  what: string;
  /** The file that was found there. */
  file?: string;
  error: string;
}

export interface Situation {
  version: string;
  node: string;
  /** This platform's name. */
  platform: string;
  /** Where evenkeel lies. */
  root: string;
  /** Whether that is a checkout, with the sources of the addon. */
  checkout: boolean;
  attempts: readonly Attempt[];
  installed: Installed;
  glibc?: string;
  rosetta?: boolean;
}

/** Oldest glibc that the binaries for Linux run on. */
export const oldestGlibc = '2.28';

interface Diagnosis {
  reason: string;
  commands: [string, string];
}

const older = (version: string, than: string): boolean => {
  const [a = [], b = []] = [version, than].map((text) => text.split('.').map(Number));
  return (a[0] ?? 0) < (b[0] ?? 0) || (a[0] === b[0] && (a[1] ?? 0) < (b[1] ?? 0));
};

/** What dlopen says of a file that is damaged, on each system. */
const corrupt =
  /file too short|invalid ELF header|wrong ELF class|ELF file's|cannot read file data|load command|not a mach-o|truncated|not a valid Win32|Exec format error|unexpected EOF|invalid magic/i;

/** What it says of a library, or the C library itself, that is not there. */
const otherLibc = /ld-linux|ld-musl|libc\.musl|libc\.so\.6: cannot|symbol not found: (?:__\w+_chk|gnu_)/;

function diagnose(situation: Situation): Diagnosis {
  const { version, platform, attempts, installed, glibc, rosetta } = situation;
  const wanted = packageOf(platform);
  const again = 'npm install --include=optional';
  const alone = `npm install --no-save ${wanted}@${version}`;
  const failed = attempts.filter(({ file }) => file !== undefined);
  const errors = failed.map(({ error }) => error).join('\n');

  if (!published.includes(platform)) {
    return {
      reason: `There is no binary for ${platform}; there are binaries for ${published.join(', ')}.`,
      commands: [
        'npm run setup   # in a checkout of the sources, with a compiler and OpenBLAS',
        'node -p "process.platform, process.arch"   # another Node may be for another platform',
      ],
    };
  }
  if (rosetta) {
    const native = installed.platforms.includes('darwin-arm64');
    return {
      reason:
        'This Node is built for Intel processors and runs on an Apple one through Rosetta' +
        `${native ? '; the binary that is installed is for arm64' : ''}. A Node for arm64 is the remedy, and faster.`,
      commands: [`arch -arm64 node -p process.arch   # has to print arm64: install Node for arm64 otherwise`, again],
    };
  }
  if (
    platform.endsWith('-glibc') &&
    (/GLIBC_[\d.]+['`]? not found/.test(errors) || (glibc && older(glibc, oldestGlibc)))
  ) {
    return {
      reason: `This system's glibc${glibc ? ` is ${glibc}, which` : ''} is too old: the binary needs ${oldestGlibc} or newer (Debian 10, Ubuntu 20.04, RHEL 8).`,
      commands: [
        'ldd --version   # what this system has',
        'docker run --rm -it -v "$PWD":/app -w /app node:20 npm install',
      ],
    };
  }
  const [os, cpu] = platform.split('-');
  const sibling = installed.platforms.find((name) => name !== platform && name.startsWith(`${os}-${cpu}-`));
  if (failed.length > 0 && otherLibc.test(errors)) {
    return {
      reason: `The binary that was found is for another C library: this system has ${platform.split('-')[2]}.`,
      commands: ['rm -rf node_modules', again],
    };
  }
  if (failed.length > 0 && corrupt.test(errors)) {
    return {
      reason: `The file ${failed.at(-1)?.file} is damaged, as after a download or a copy that was cut short.`,
      commands: ['rm -rf node_modules && npm cache verify', again],
    };
  }
  if (failed.length > 0 && /evenkeel-openblas/.test(errors)) {
    return {
      reason:
        'OpenBLAS, which belongs beside the binary, cannot be loaded: one file of the package was left out or moved.',
      commands: ['rm -rf node_modules', again],
    };
  }
  if (failed.length > 0) {
    return {
      reason: 'A binary was found, but the system refuses to load it; its own words are above.',
      commands: situation.checkout ? ['rm -rf build', 'npm run setup'] : ['rm -rf node_modules', again],
    };
  }
  if (situation.checkout) {
    return {
      reason: 'This is a checkout of evenkeel whose addon has not been built.',
      commands: ['npm run setup', `npm run prebuild -- --target ${platform}   # or the binary that is published`],
    };
  }
  if (sibling !== undefined) {
    return {
      reason: `${packageOf(sibling)} is installed, which is for another C library: this Node runs on ${platform.split('-')[2]}. node_modules may come from another image.`,
      commands: ['rm -rf node_modules', again],
    };
  }
  if (installed.omits !== undefined) {
    return {
      reason: `The optional package ${wanted} was left out by --omit=optional (set in ${installed.omits}): it has the binary.`,
      commands: [again, alone],
    };
  }
  if (installed.platforms.length > 0) {
    return {
      reason: `${installed.platforms.map(packageOf).join(', ')} is installed, but this is ${platform}: node_modules comes from another machine.`,
      commands: ['rm -rf node_modules', again],
    };
  }
  if (installed.locked) {
    return {
      reason: `The optional package ${wanted} is in the lock file but was not installed, as with --omit=optional (or --no-optional): it has the binary.`,
      commands: [again, alone],
    };
  }
  return {
    reason: `The optional package ${wanted}, which has the binary, is missing: the install left it out, the lock file was made on another platform, or what copied node_modules took only files that it could trace (Next.js: outputFileTracingIncludes).`,
    commands: ['rm -rf node_modules package-lock.json && npm install', alone],
  };
}

/** The whole message. */
export function explain(situation: Situation): string {
  const { version, node, platform, attempts, glibc } = situation;
  const { reason, commands } = diagnose(situation);
  const tried = attempts.map(({ what, error }) => `  - ${what}: ${error.split('\n')[0]}`);
  return [
    `evenkeel ${version}: no native binary could be loaded.`,
    `This is ${platform}${glibc ? ` (glibc ${glibc})` : ''}, Node ${node}.`,
    'Tried:',
    ...tried,
    reason,
    'To fix it:',
    ...commands.map((command) => `  ${command}`),
  ].join('\n');
}
