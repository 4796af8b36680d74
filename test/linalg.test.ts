import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Generator, init, ones, randn, type Tensor, tensor, zeros } from '../lib/index.js';
import { largestSingularValue } from '../lib/linalg.js';

/** A matrix with the given singular values: they are exact to float64's rounding, whatever the dtype. */
function withSpectrum(rows: number, columns: number, values: number[], dtype: 'float32' | 'float64', seed = 1): Tensor {
  const generator = new Generator(seed);
  const left = init.orthogonal_(zeros([rows, values.length], { dtype: 'float64' }), 1, { generator });
  const right = init.orthogonal_(zeros([values.length, columns], { dtype: 'float64' }), 1, { generator });
  return left
    .mul(tensor(values, { dtype: 'float64' }))
    .matmul(right)
    .to(dtype);
}

const relative = (got: number, wanted: number) => Math.abs(got / wanted - 1);

describe('largestSingularValue', () => {
  const spectra: [name: string, (k: number) => number[]][] = [
    ['1/i', (k) => Array.from({ length: k }, (_, i) => 3 / (i + 1))],
    ['all equal', (k) => Array.from({ length: k }, () => 2)],
    ['a cluster at the top', (k) => Array.from({ length: k }, (_, i) => 1 - 1e-4 * i)],
    ['a double value at the top', (k) => Array.from({ length: k }, (_, i) => (i < 2 ? 5 : 1))],
    ['a large condition number', (k) => Array.from({ length: k }, (_, i) => 10 ** (-i / 2))],
    ['rank 2', (k) => Array.from({ length: k }, (_, i) => (i < 2 ? 4 - i : 0))],
  ];
  const sizes = [
    [1, 1],
    [2, 2],
    [6, 40],
    [40, 6],
    [1, 30],
    [30, 1],
    [150, 150],
  ] as const;
  for (const dtype of ['float32', 'float64'] as const) {
    it.each(spectra)(`knows the spectrum: %s (${dtype})`, (_, spectrum) => {
      for (const [rows, columns] of sizes) {
        const values = spectrum(Math.min(rows, columns));
        const a = withSpectrum(rows, columns, values, dtype);
        expect(relative(largestSingularValue(a), values[0]!), `${rows} x ${columns}`).toBeLessThan(1e-6);
        expect(relative(largestSingularValue(a.t()), values[0]!), `${rows} x ${columns}, t()`).toBeLessThan(1e-6);
      }
    });
  }

  it('agrees with closed forms', () => {
    // Rank one: |u| |v|.
    expect(relative(largestSingularValue(ones(100, 30)), Math.sqrt(3000))).toBeLessThan(1e-6);
    // Eigenvalues of the second difference: 2 - 2 cos(k pi / (n + 1)); the largest ones are close together.
    const n = 200;
    const difference = zeros([n, n], { dtype: 'float64' });
    for (let i = 0; i < n; i++) {
      difference.set_([i, i], 2);
      if (i > 0) difference.set_([i, i - 1], -1).set_([i - 1, i], -1);
    }
    expect(relative(largestSingularValue(difference), 2 + 2 * Math.cos(Math.PI / (n + 1)))).toBeLessThan(1e-6);
    // A circulant of 1 and 2: |1 + 2 e^(2 pi i k / n)| is 3 at most.
    const circulant = zeros(51, 51);
    for (let i = 0; i < 51; i++) circulant.set_([i, i], 1).set_([i, (i + 1) % 51], 2);
    expect(relative(largestSingularValue(circulant), 3)).toBeLessThan(1e-6);
    // A diagonal, signs and all.
    const diagonal = zeros(4, 4);
    for (const [i, value] of [1, -7, 3, 0].entries()) diagonal.set_([i, i], value);
    expect(relative(largestSingularValue(diagonal), 7)).toBeLessThan(1e-6);
  });

  it('agrees with the closed form of 2 x 2 matrices', () => {
    const element = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(element, element, element, element, (a, b, c, d) => {
        const wanted = (Math.hypot(a + d, b - c) + Math.hypot(a - d, b + c)) / 2;
        const matrix = tensor(
          [
            [a, b],
            [c, d],
          ],
          { dtype: 'float64' },
        );
        expect(Math.abs(largestSingularValue(matrix) - wanted)).toBeLessThanOrEqual(2e-6 * wanted + 1e-322);
      }),
    );
  });

  it('reads views of any strides, and leaves the matrix alone', () => {
    const big = randn([60, 80], { generator: new Generator(2) });
    const part = big.slice(0, 3, 51, 3).slice(1, 1, 80, 2);
    const before = big.clone();
    expect(largestSingularValue(part)).toBeCloseTo(largestSingularValue(part.contiguous()), 4);
    expect(big.sub(before).norm().item()).toBe(0);
  });

  it('scales: elements near the ends of the dtype', () => {
    const wide = withSpectrum(20, 20, [2, 1, 0.5], 'float64');
    for (const power of [-1000, -300, 300, 1000]) {
      expect(relative(largestSingularValue(wide.mul(2 ** power)), 2 ** (power + 1))).toBeLessThan(1e-6);
    }
    const a = withSpectrum(20, 20, [2, 1, 0.5], 'float32');
    expect(relative(largestSingularValue(a.mul(2 ** 120)), 2 ** 121)).toBeLessThan(1e-6);
    expect(relative(largestSingularValue(a.mul(2 ** -100)), 2 ** -99)).toBeLessThan(1e-6);
    // Subnormal elements have few digits left.
    expect(relative(largestSingularValue(a.mul(2 ** -135)), 2 ** -134)).toBeLessThan(1e-3);
  });

  it('is within the tolerance of a Gaussian matrix, and the same each time', () => {
    const a = randn([256, 256], { dtype: 'float64', generator: new Generator(3) });
    const exact = largestSingularValue(a, { tolerance: 1e-12 });
    for (const tolerance of [1e-2, 1e-4, 1e-6, 1e-8]) {
      expect(relative(largestSingularValue(a, { tolerance }), exact)).toBeLessThan(tolerance);
    }
    expect(largestSingularValue(a)).toBe(largestSingularValue(a));
    const generator = new Generator(9);
    expect(relative(largestSingularValue(a, { generator }), exact)).toBeLessThan(1e-6);
    expect(generator.position > 0n).toBe(true);
  });

  it('is 0 for zeros and for nothing', () => {
    expect(largestSingularValue(zeros(5, 3))).toBe(0);
    expect(largestSingularValue(zeros(0, 3))).toBe(0);
  });

  it('refuses what it cannot take', () => {
    const a = randn(8, 8);
    const bad = [
      [() => largestSingularValue(randn(8)), 'ERR_SHAPE'],
      [() => largestSingularValue(8 as unknown as Tensor), 'ERR_ARGUMENT'],
      [() => largestSingularValue(randn(9, 9).set_([4, 4], Number.NaN)), 'ERR_RANGE'],
      [() => largestSingularValue(zeros(9, 9).fill_(Number.NaN)), 'ERR_RANGE'],
      [() => largestSingularValue(randn(9, 9).set_([4, 4], -Infinity)), 'ERR_RANGE'],
      [() => largestSingularValue(zeros([3, 3], { dtype: 'int32' })), 'ERR_DTYPE'],
      [() => largestSingularValue(a, { tolerance: 0 }), 'ERR_RANGE'],
      [() => largestSingularValue(a, { tolerance: Number.NaN }), 'ERR_RANGE'],
      [() => largestSingularValue(a, { maxIterations: 0 }), 'ERR_RANGE'],
      [() => largestSingularValue(a, { maxIterations: 2.5 }), 'ERR_RANGE'],
      [() => largestSingularValue(a, { generator: {} as Generator }), 'ERR_ARGUMENT'],
    ] as const;
    for (const [call, code] of bad) expect(call).toThrow(expect.objectContaining({ code }));
    const wide = randn([100, 100], { generator: new Generator(4) });
    expect(() => largestSingularValue(wide, { maxIterations: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching(/5 iterations left an error/) }),
    );
  });
});
