import { describe, expect, it } from 'vitest';
import { chiSquareCdf, chiSquareQuantile, erf } from '../lib/special.js';

describe('the chi-square distribution', () => {
  it('has the closed forms of one, two and four degrees of freedom', () => {
    for (const x of [1e-8, 0.01, 0.5, 1, 3, 7.5, 20, 60]) {
      expect(chiSquareCdf(x, 1)).toBeCloseTo(erf(Math.sqrt(x / 2)), 13);
      expect(chiSquareCdf(x, 2)).toBeCloseTo(-Math.expm1(-x / 2), 13);
      expect(chiSquareCdf(x, 4)).toBeCloseTo(1 - Math.exp(-x / 2) * (1 + x / 2), 13);
    }
    expect(chiSquareCdf(0, 3)).toBe(0);
    expect(chiSquareCdf(-1, 3)).toBe(0);
  });

  it('obeys F(x; k + 2) = F(x; k) - (x/2)^(k/2) e^(-x/2) / Gamma(k/2 + 1)', () => {
    // Gamma(k/2 + 1) for k = 2, 4, ..., 98 as factorials.
    let factorial = 1;
    for (let k = 2; k <= 98; k += 2) {
      factorial *= k / 2;
      for (const x of [k / 2, k, 2 * k]) {
        const step = ((x / 2) ** (k / 2) * Math.exp(-x / 2)) / factorial;
        expect(chiSquareCdf(x, k + 2)).toBeCloseTo(chiSquareCdf(x, k) - step, 12);
      }
    }
  });

  it('has the quantiles of tables', () => {
    expect(chiSquareQuantile(0.95, 10)).toBeCloseTo(18.307038, 6);
    expect(chiSquareQuantile(0.975, 24)).toBeCloseTo(39.364077, 6);
    expect(chiSquareQuantile(0.01, 1)).toBeCloseTo(0.00015708785, 10);
    for (const p of [3.4e-6, 0.5, 1 - 3.4e-6]) {
      for (const dof of [1, 4, 24, 199]) expect(chiSquareCdf(chiSquareQuantile(p, dof), dof)).toBeCloseTo(p, 11);
    }
  });
});
