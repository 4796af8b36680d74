// What this process runs on, as far as it decides which binary fits.
import { cpus } from 'node:os';
import { interpreterOf } from './elf.js';

/** A platform: Node's names, and on Linux the C library. */
export interface Platform {
  os: string;
  cpu: string;
  libc?: 'glibc' | 'musl';
}

/** The platforms that binaries are published for: scripts/prebuild/platforms.mjs builds them. */
export const published: readonly string[] = [
  'linux-x64-glibc',
  'linux-x64-musl',
  'linux-arm64-glibc',
  'linux-arm64-musl',
  'darwin-arm64',
  'darwin-x64',
  'win32-x64',
];

/** A platform's name, as in the name of its package: `linux-x64-glibc`. */
export const platformName = ({ os, cpu, libc }: Platform): string => [os, cpu, libc].filter(Boolean).join('-');

/** The package that has a platform's binary. */
export const packageOf = (name: string): string => `@evenkeel/${name}`;

/** The platform of this process. */
export function thisPlatform(): Platform {
  const { platform: os, arch: cpu } = process;
  if (os !== 'linux') return { os, cpu };
  const interpreter = interpreterOf(process.execPath);
  // A Node that has been relinked (Nix, Alpine's compatibility layer) is judged by the report that Node itself makes.
  const musl = interpreter === '' ? glibcVersion() === undefined : interpreter.includes('musl');
  return { os, cpu, libc: musl ? 'musl' : 'glibc' };
}

/** The version of glibc that this process runs on, or undefined. It takes Node milliseconds to say. */
export function glibcVersion(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (!report) return undefined;
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as unknown as { header?: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before as boolean;
  return header?.glibcVersionRuntime;
}

/** Whether this is a Node for Intel's processors on one of Apple's. */
export function underRosetta(): boolean {
  return process.platform === 'darwin' && process.arch === 'x64' && /Apple/.test(cpus()[0]?.model ?? '');
}
