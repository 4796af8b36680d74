import { describe, expect, it } from 'vitest';
import { sparkline } from '../../../lib/study/report/sparkline.js';

const log = { width: 8, unicode: true, log: true };
const share = { width: 8, unicode: true, log: false };

describe('rows of blocks', () => {
  it('span what logarithms do, and 0 to 1 for shares', () => {
    expect(sparkline([0, 10, 20, 70], log)).toBe('▁▂▃█');
    expect(sparkline([0, 0.5, 1], share)).toBe('▁▅█');
    expect(sparkline([-0.5, 1.5], share)).toBe('▁█');
  });
  it('are not stretched to show noise', () => {
    expect(new Set(sparkline([1, 1.01, 0.99, 1], log)).size).toBeLessThanOrEqual(2);
  });
  it('pick the first, the last and those between', () => {
    const values = Array.from({ length: 100 }, (_, i) => i / 99);
    expect(sparkline(values, share)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([0.2, 1], { ...share, width: 1 })).toBe('█');
  });
  it('mark what is not there', () => {
    expect(sparkline([0, 70, null, -Infinity, Number.NaN, Infinity], log)).toBe('▁█  ××');
    expect(sparkline([0, 1, Number.NaN], { ...share, unicode: false })).toBe('_@x');
    expect(sparkline([], log)).toBe('');
    expect(sparkline([Number.NaN], log)).toBe('×');
  });
});
