import { describe, expect, it } from 'vitest';
import { formatSize } from '../../lib/checkpoint/size.js';

describe('sizes', () => {
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
