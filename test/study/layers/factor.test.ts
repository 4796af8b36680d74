// Factors of Gram matrices, singular ones too.
import { describe, expect, it } from 'vitest';
import { Generator, randn } from '../../../lib/index.js';
import { factorGram, solvePivots } from '../../../lib/study/layers/factor.js';
import { gram, weightGradientNorm } from '../../../lib/study/layers/gram.js';

/** Vectors of floats, as rows; and their Gram matrix by plain sums. */
const gramOf = (rows: number[][]) =>
  Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0))));

const normals = (rows: number, columns: number, seed: number) =>
  randn([rows, columns], { generator: new Generator(seed) }).tolist() as number[][];

/** The largest |(L L')_ij - G_ij| / sqrt(G_ii G_jj). */
function error(g: Float64Array, n: number): number {
  const { l, rank } = factorGram(g, n);
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += l[i * rank + k]! * l[j * rank + k]!;
      const scale = Math.sqrt(g[i * n + i]! * g[j * n + j]!);
      worst = Math.max(worst, scale === 0 ? Math.abs(sum) : Math.abs(sum - g[i * n + j]!) / scale);
    }
  }
  return worst;
}

const base = normals(4, 9, 1);
const [a, b, c] = base as [number[], number[], number[]];
const scaled = (x: number[], factor: number) => x.map((value) => value * factor);
const sum = (x: number[], y: number[]) => x.map((value, i) => value + y[i]!);

describe('a Gram matrix of', () => {
  it.each<[string, number[][], number]>([
    ['nothing', [], 0],
    ['zeros', [[0, 0]], 0],
    ['independent vectors', base, 4],
    ['a vector and its copies', [a, a, scaled(a, -3)], 1],
    ['a vector, zeros and another', [a, scaled(a, 0), b], 2],
    ['combinations', [a, b, sum(a, b), sum(scaled(a, 2), scaled(b, -1)), c], 3],
    ['more vectors than dimensions', normals(12, 5, 2), 5],
    ['vectors of very different lengths', [scaled(a, 1e-15), scaled(b, 1e15), c], 3],
    ['nearly equal vectors', [a, sum(a, scaled(b, 1e-5))], 2],
  ])('%s', (_, rows, rank) => {
    const n = rows.length;
    const g = gramOf(rows);
    const factor = factorGram(g, n);
    expect(factor.rank).toBe(rank);
    expect(new Set(factor.pivots).size).toBe(rank);
    expect(error(g, n)).toBeLessThan(1e-13);
    // The pivots' rows are triangular.
    factor.pivots.forEach((row, k) => {
      for (let j = 0; j < rank; j++) {
        if (j > k) expect(factor.l[row * rank + j]).toBe(0);
        if (j === k) expect(factor.l[row * rank + j]).toBeGreaterThan(0);
      }
    });
  });

  it('what is not finite', () => {
    const g = gramOf([a, scaled(a, Infinity), b]);
    const { rank, l, pivots } = factorGram(g, 3);
    expect(rank).toBe(2);
    expect(pivots).not.toContain(1);
    expect([...l.subarray(2, 4)]).toEqual([NaN, NaN]);
    expect([...l.subarray(0, 2), ...l.subarray(4)].every(Number.isFinite)).toBe(true);
  });
});

it.each([false, true])('solves with the pivots, transposed: %s', (transposed) => {
  const factor = factorGram(gramOf([a, b, sum(a, b), c]), 4);
  const { rank, pivots, l } = factor;
  const right = Float64Array.from({ length: 2 * rank }, (_, i) => Math.sin(i + 1));
  const x = solvePivots(factor, right, transposed);
  for (let row = 0; row < 2; row++) {
    for (let j = 0; j < rank; j++) {
      let value = 0;
      for (let k = 0; k < rank; k++) {
        const [from, to] = transposed ? [j, k] : [k, j];
        value += x[row * rank + k]! * l[pivots[from]! * rank + to]!;
      }
      expect(value).toBeCloseTo(right[row * rank + j]!, 12);
    }
  }
});

describe('gram', () => {
  // Wider than what is converted at a time.
  const x = randn([3, 20000], { generator: new Generator(1) });
  const y = randn([20000, 2], { generator: new Generator(2) }).t();

  it('is exact to float64, whatever the layout', () => {
    const [rows, others] = [x.tolist() as number[][], y.tolist() as number[][]];
    const got = gram('test', x.elements, y.elements);
    rows.forEach((row, i) => {
      others.forEach((other, j) => {
        const expected = row.reduce((total, value, k) => total + value * other[k]!, 0);
        expect(Math.abs(got[i * 2 + j]! - expected)).toBeLessThan(1e-10);
      });
    });
  });

  it("gives the norm of a weight's gradient", () => {
    const inputs = x.narrow(1, 0, 50).contiguous();
    const gradients = randn([3, 20], { generator: new Generator(3) });
    const expected = gradients.t().matmul(inputs).norm().item();
    expect(weightGradientNorm('test', inputs.elements, gradients.elements) / expected).toBeCloseTo(1, 6);
    // d and -d of the same input cancel.
    const twice = inputs.narrow(0, 0, 1).expand(2, 50);
    const opposite = randn([1, 20], { generator: new Generator(4) });
    const both = [opposite, opposite.neg()].flatMap((row) => row.tolist() as number[][]);
    const pair = randn([2, 20]);
    (pair.array as Float32Array).set(both.flat());
    expect(weightGradientNorm('test', twice.elements, pair.elements)).toBe(0);
  });
});
