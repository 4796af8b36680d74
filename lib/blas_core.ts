// Which of OpenBLAS's kernels to use where its own choice is not the fastest.
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * OpenBLAS's name of the core to tune for, from the text of /proc/cpuinfo; undefined where its own choice is good. It takes
 * Zen 4 (family 25 with AVX-512) for a Cooperlake, but Zen 4 runs an instruction of 512 bits in two halves: Haswell's
 * kernels, of 256 bits, measured 1.08 times as fast there on products of 1024 x 1024, and 1.2 times on the narrow ones of
 * orthogonal_.
 */
export function betterBlasCore(cpuinfo: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(cpuinfo)?.[1];
  const zen4 =
    field('vendor_id') === 'AuthenticAMD' && field('cpu family') === '25' && /\bavx512f\b/.test(field('flags') ?? '');
  return zen4 ? 'Haswell' : undefined;
}

/**
 * What a core that OpenBLAS is to tune for has and this processor lacks; undefined where it lacks nothing. OpenBLAS takes whatever core it
 * is told to, and its first product would end the process with SIGILL.
 *
 * @param targets Highway's names of the instruction sets that there are
 */
export function missingForCore(core: string, targets: readonly string[]): string | undefined {
  const needed = /^(SkylakeX|Cooperlake|SapphireRapids)$/i.test(core) ? 3 : /^(Haswell|Zen)$/i.test(core) ? 2 : 0;
  const level = Math.max(0, ...targets.map((name) => Number(/^avx(\d)/.exec(name)?.[1] ?? 0)));
  return level >= needed ? undefined : needed === 3 ? 'AVX-512' : 'AVX2';
}

/** The first processor's part of /proc/cpuinfo, which takes milliseconds to read whole on a large machine; '' elsewhere. */
export function cpuInfo(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return '';
  try {
    const file = openSync('/proc/cpuinfo', 'r');
    try {
      const bytes = Buffer.alloc(4096);
      return bytes.toString('latin1', 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return ''; // A sandbox without /proc.
  }
}
