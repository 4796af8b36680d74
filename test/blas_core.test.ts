import { describe, expect, it } from 'vitest';
import { betterBlasCore, cpuInfo, missingForCore } from '../lib/blas_core.js';
import { info } from '../lib/index.js';

const cpu = (vendor: string, family: number, flags: string) =>
  `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: 17\nflags\t\t: fpu ${flags} fma\n`;

describe('betterBlasCore', () => {
  it.each([
    ['Zen 4', cpu('AuthenticAMD', 25, 'avx2 avx512f avx512bw'), 'Haswell'],
    ['Zen 3, which has no AVX-512', cpu('AuthenticAMD', 25, 'avx2'), undefined],
    ['Zen 5', cpu('AuthenticAMD', 26, 'avx2 avx512f'), undefined],
    ['an Intel CPU', cpu('GenuineIntel', 6, 'avx2 avx512f'), undefined],
    ['nothing known', '', undefined],
  ])('%s', (_, text, core) => expect(betterBlasCore(text)).toBe(core));
});

describe('missingForCore', () => {
  it.each([
    ['Haswell', ['sse4', 'ssse3'], 'AVX2'],
    ['ZEN', ['emu128'], 'AVX2'],
    ['Haswell', ['avx2', 'sse4'], undefined],
    ['Haswell', ['avx3_dl'], undefined],
    ['SkylakeX', ['avx2', 'sse4'], 'AVX-512'],
    ['Cooperlake', ['avx3', 'avx2'], undefined],
    ['Nehalem', ['ssse3'], undefined],
    ['Prescott', [], undefined],
    ['ARMV8', [], undefined],
  ])('%s with %j', (core, targets, missing) => expect(missingForCore(core, targets)).toBe(missing));
});

it('the core that is loaded is the one asked for, or the better one', () => {
  const asked = process.env.EVENKEEL_BLAS_CORE ?? process.env.OPENBLAS_CORETYPE ?? betterBlasCore(cpuInfo());
  if (asked) expect(info().blas.core.toLowerCase()).toBe(asked.toLowerCase());
  else expect(info().blas.core).not.toBe('');
  if (process.platform === 'linux' && process.arch === 'x64') expect(cpuInfo()).toMatch(/^vendor_id\s*:/m);
});
