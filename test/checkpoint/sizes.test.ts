import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from '../../lib/checkpoint/sizes.js';

describe('sizes', () => {
  it('are read in powers of 1000, or of 1024 with an i', () => {
    for (const [text, bytes] of [
      [5e9, 5e9],
      ['5GB', 5e9],
      ['5 gb', 5e9],
      ['1.5GB', 1.5e9],
      ['512MiB', 512 * 2 ** 20],
      ['2tib', 2 * 2 ** 40],
      ['123', 123],
      ['7B', 7],
    ] as const) {
      expect(parseSize('call', 'size', text)).toBe(bytes);
    }
  });

  it('refuse what is none', () => {
    for (const wrong of [
      '',
      'GB',
      '-5GB',
      '5XB',
      '0',
      '0.1B',
      '1e9',
      'constructor',
      '5 constructor',
      0,
      -1,
      NaN,
      Infinity,
      null,
      {},
    ]) {
      expect(() => parseSize('call', 'size', wrong), String(wrong)).toThrow(/^call: size must be/);
    }
  });

  it('are written in three digits', () => {
    expect([0, 999, 1000, 2.2e9, 999_000, 1e15].map(formatSize)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.00 kB',
      '2.20 GB',
      '999 kB',
      '1.00e+3 TB',
    ]);
  });
});
