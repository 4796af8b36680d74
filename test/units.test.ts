import { describe, expect, it } from 'vitest';
import { formatDuration, formatSize } from '../lib/units.js';

describe('sizes in messages', () => {
  it('have three digits', () => {
    expect([0, 999, 1000, 2.2e9, 999_000, 1e15].map(formatSize)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.00 kB',
      '2.20 GB',
      '999 kB',
      '1.00e+3 TB',
    ]);
  });

  it('times have two digits, in the unit that fits', () => {
    expect([0, 0.0123, 5.56, 31.4, 150, 9000].map(formatDuration)).toEqual([
      '0 s',
      '0.012 s',
      '5.6 s',
      '31 s',
      '3 min',
      '2.5 h',
    ]);
  });
});
