import { describe, expect, it } from 'vitest';
import { normalMean } from '../../../lib/study/theory/quadrature.js';

describe('normalMean', () => {
  it.each([
    ['z^0', () => 1, 1],
    ['z^2', (x: number) => x * x, 1],
    ['z^8', (x: number) => x ** 8, 105],
    ['|z|', Math.abs, Math.sqrt(2 / Math.PI)],
    ['cos z', Math.cos, Math.exp(-0.5)],
    ['e^z', Math.exp, Math.exp(0.5)],
    ['a step', (x: number) => (x > 0 ? 1 : 0), 0.5],
  ] as const)('%s', (_, f, expected) => {
    expect(normalMean(f, 0, 1, [0])).toBeCloseTo(expected, 13);
  });

  it('takes a mean and a standard deviation, and shows z', () => {
    expect(normalMean((x) => x * x, 3, 2, [0])).toBeCloseTo(13, 12);
    expect(normalMean((x, z) => x * z, 3, 2, [0])).toBeCloseTo(2, 12);
    expect(normalMean((x) => x * x, 3, 0, [0])).toBe(9);
  });

  it('follows a kink that is not at 0, and functions much narrower than the distribution', () => {
    // E max(x - 1, 0) for x ~ N(0, 4): 2 (pdf(1/2) - (1 - cdf(1/2)) / 2).
    expect(normalMean((x) => Math.max(x - 1, 0), 0, 2, [1])).toBeCloseTo(0.3955931148, 9);
    // 1 - tanh^2 of width 1 under a standard deviation of 1000: 2 / (1000 sqrt(2 pi)) to the first order.
    const narrow = normalMean((x) => 1 - Math.tanh(x) ** 2, 0, 1000, [0]);
    expect(narrow * 1000 * Math.sqrt(Math.PI / 2)).toBeCloseTo(1, 5);
  });
});
