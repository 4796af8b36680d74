// The case table: one row for each operation of lib/ops/, with a reference written down from the definition, in plain
// JavaScript doubles, and how far from it a result may be. test/ops.test.ts runs every row for both dtypes, for all
// layouts of memory, in place, and on each of the machine's instruction sets. Adding an operation is one row here.
import type { binaryOps, reductionOps, unaryOps } from '../../lib/ops/index.js';

/** How far a result may be from its reference, rounded to the dtype: units in the last place. */
export type Ulps = number | { readonly float32: number; readonly float64: number };

export interface UnaryCase {
  reference(x: number): number;
  readonly ulps: Ulps;
  /** Whether a zero's sign is left open; false by default. */
  readonly anyZero?: boolean;
  /** Whether a result below the smallest normal number may be 0, because a factor of it is; false by default. */
  readonly mayUnderflow?: boolean;
}

export interface BinaryCase {
  reference(a: number, b: number): number;
  /** With a number in place of the second tensor, where that differs. */
  withNumber?(a: number, b: number): number;
  readonly ulps: Ulps;
}

export interface ReductionCase {
  /** `param` is one of `params`. */
  reference(values: readonly number[], param: number): number;
  /**
   * Errors are measured against the reference of the magnitudes where terms may cancel. float64 accumulates in the dtype
   * itself: an error of `ulps` for each doubling of the number of elements.
   */
  readonly ulps: number;
  readonly cancels?: boolean;
  /** The number that the native kernel takes; the method's argument or option `option`. */
  readonly params?: readonly number[];
  readonly option?: 'correction' | 'p';
  /** What no elements give: a number, or an error. */
  readonly empty: number | 'error';
}

/**
 * By Kummer's series, all of whose terms are positive, 2x e^(-x^2) / sqrt(pi) sum (2x^2)^n / (1 3 5 ... (2n + 1)); beyond 2 by
 * the continued fraction of the complement, e^(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / ...))).
 */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size > 2) {
    let fraction = size;
    for (let k = 120; k > 0; k--) fraction = size + k / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
  }
  let term = 1;
  let sum = 1;
  for (let n = 1; term > 1e-18 * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return ((2 * x) / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function sigmoid(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

/** As IEEE 754 and C: 1 to any power, and anything to the power of 0, is 1; JavaScript has NaN. */
function power(a: number, b: number): number {
  if (a === 1 || b === 0 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return a ** b;
}

function numberPower(a: number, b: number): number {
  if (b === 0.5) return Math.sqrt(a);
  return b === -0.5 ? 1 / Math.sqrt(a) : power(a, b);
}

export const unaryCases: Readonly<Record<keyof typeof unaryOps, UnaryCase>> = {
  neg: { reference: (x) => -x, ulps: 0 },
  sqrt: { reference: Math.sqrt, ulps: 0 },
  rsqrt: { reference: (x) => 1 / Math.sqrt(x), ulps: 1 },
  exp: { reference: Math.exp, ulps: { float32: 1, float64: 2 } },
  tanh: { reference: Math.tanh, ulps: { float32: 4, float64: 4 } },
  abs: { reference: Math.abs, ulps: 0 },
  // As torch: 0 for NaN.
  sign: { reference: (x) => Math.sign(x) || 0, ulps: 0, anyZero: true },
  log: { reference: Math.log, ulps: 2 },
  erf: { reference: erf, ulps: { float32: 3, float64: 8 } },
  sigmoid: { reference: sigmoid, ulps: 4 },
  silu: { reference: (x) => (x === -Infinity ? NaN : x * sigmoid(x)), ulps: 5, mayUnderflow: true },
};

export const binaryCases: Readonly<Record<keyof typeof binaryOps, BinaryCase>> = {
  add: { reference: (a, b) => a + b, ulps: 0 },
  sub: { reference: (a, b) => a - b, ulps: 0 },
  mul: { reference: (a, b) => a * b, ulps: 0 },
  div: { reference: (a, b) => a / b, ulps: 0 },
  // As torch: a power of 1/2 is a square root, and one of -1/2 its reciprocal.
  pow: { reference: power, withNumber: numberPower, ulps: 4 },
};

const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

/** As torch: no degrees of freedom left give NaN or infinity. */
function variance(values: readonly number[], correction: number): number {
  const centre = mean(values);
  return sum(values.map((x) => (x - centre) ** 2)) / Math.max(0, values.length - correction);
}

const extreme = (pick: (a: number, b: number) => number) => (values: readonly number[]) =>
  values.some(Number.isNaN) ? NaN : values.reduce((a, b) => pick(a, b));

/** The p-norm and its limits: p = 0 counts what is not 0, an infinite p is an extreme. */
function norm(values: readonly number[], p: number): number {
  const sizes = values.map(Math.abs);
  if (p === 0) return sizes.filter((x) => x !== 0).length;
  if (p === Infinity) return extreme(Math.max)(sizes);
  if (p === -Infinity) return extreme(Math.min)(sizes);
  return sum(sizes.map((x) => x ** p)) ** (1 / p);
}

/** Reductions that give numbers of the input's dtype; the others are compared with torch in test/suite.test.ts. */
type Reductions = Exclude<keyof typeof reductionOps, 'any' | 'all' | 'argmax' | 'argmin'>;

export const reductionCases: Readonly<Record<Reductions, ReductionCase>> = {
  sum: { reference: sum, ulps: 1, cancels: true, empty: 0 },
  mean: { reference: mean, ulps: 1, cancels: true, empty: NaN },
  prod: { reference: (values) => values.reduce((product, x) => product * x, 1), ulps: 2, empty: 1 },
  var: { reference: variance, ulps: 2, params: [1, 0, 2.5], option: 'correction', empty: NaN },
  std: {
    reference: (values, c) => Math.sqrt(variance(values, c)),
    ulps: 2,
    params: [1, 0],
    option: 'correction',
    empty: NaN,
  },
  min: { reference: extreme(Math.min), ulps: 0, empty: 'error' },
  max: { reference: extreme(Math.max), ulps: 0, empty: 'error' },
  norm: { reference: norm, ulps: 2, params: [2, 1, 0, 3, 0.5, -1, Infinity, -Infinity], option: 'p', empty: 0 },
};

/** Bounds for clamp; its reference is min(max(x, low), high), in this order, and NaN stays. */
export const clampCases: readonly [min: number | undefined, max: number | undefined][] = [
  [-1, 1],
  [0, undefined],
  [undefined, 0.1],
  [1, -1],
  [0.1, 0.1],
  [-Infinity, Infinity],
  [Infinity, undefined],
];

export function clampReference(x: number, low = -Infinity, high = Infinity): number {
  const raised = x < low ? low : x;
  return raised > high ? high : raised;
}

/** Sizes [m, k, n] of products: vectors, edges of BLAS's blocks, empty ones, enough for several threads. */
export const matmulCases: readonly [m: number, k: number, n: number][] = [
  [1, 1, 1],
  [2, 3, 4],
  [1, 17, 33],
  [33, 17, 1],
  [1, 40, 1],
  [7, 64, 65],
  [31, 33, 32],
  [5, 0, 3],
  [0, 4, 3],
  [3, 4, 0],
  [130, 90, 140],
  [400, 300, 1],
  [1, 300, 400],
];

/** The product's elements, and the sums of magnitudes that bound their rounding errors. */
export function matmulReference(
  a: readonly number[],
  b: readonly number[],
  [m, k, n]: readonly [number, number, number],
) {
  const values = new Array<number>(m * n).fill(0);
  const magnitudes = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++) {
        const term = a[i * k + l]! * b[l * n + j]!;
        values[i * n + j]! += term;
        magnitudes[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { values, magnitudes };
}

export interface Conv2dCase {
  /** [N, in, H, W]. */
  readonly image: readonly [number, number, number, number];
  /** [out, in / groups, kh, kw]. */
  readonly weight: readonly [number, number, number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
}

export const conv2dCases: readonly Conv2dCase[] = [
  { image: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
  { image: [2, 3, 7, 9], weight: [4, 3, 3, 2] },
  { image: [2, 3, 7, 9], weight: [4, 3, 3, 3], stride: [2, 3], padding: [1, 2] },
  { image: [1, 2, 9, 8], weight: [3, 2, 3, 2], dilation: [2, 3], padding: [2, 1] },
  { image: [3, 4, 5, 5], weight: [6, 2, 2, 2], groups: 2 },
  { image: [2, 3, 6, 6], weight: [6, 1, 3, 3], groups: 3, padding: [1, 1], stride: [2, 1] },
  { image: [1, 2, 4, 4], weight: [2, 2, 3, 3], padding: [5, 4] },
  { image: [0, 2, 4, 4], weight: [2, 2, 3, 3] },
  { image: [2, 3, 40, 40], weight: [20, 3, 5, 5], padding: [2, 2] },
];

/** Cross-correlation from the definition. */
export function conv2dReference(
  x: readonly number[],
  w: readonly number[],
  bias: readonly number[] | undefined,
  { image, weight, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: Conv2dCase,
) {
  const [images, channels, height, width] = image;
  const [outChannels, groupChannels, kh, kw] = weight;
  const outSize = (size: number, k: number, d: 0 | 1) =>
    Math.floor((size + 2 * padding[d] - dilation[d] * (k - 1) - 1) / stride[d]) + 1;
  const [outHeight, outWidth] = [outSize(height, kh, 0), outSize(width, kw, 1)];
  const values: number[] = [];
  const magnitudes: number[] = [];
  for (let n = 0; n < images; n++) {
    for (let o = 0; o < outChannels; o++) {
      const group = Math.floor(o / (outChannels / groups));
      for (let i = 0; i < outHeight; i++) {
        for (let j = 0; j < outWidth; j++) {
          let value = bias?.[o] ?? 0;
          let magnitude = Math.abs(value);
          for (let c = 0; c < groupChannels; c++) {
            for (let p = 0; p < kh; p++) {
              for (let q = 0; q < kw; q++) {
                const row = i * stride[0] - padding[0] + p * dilation[0];
                const column = j * stride[1] - padding[1] + q * dilation[1];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const term =
                  x[((n * channels + group * groupChannels + c) * height + row) * width + column]! *
                  w[((o * groupChannels + c) * kh + p) * kw + q]!;
                value += term;
                magnitude += Math.abs(term);
              }
            }
          }
          values.push(value);
          magnitudes.push(magnitude);
        }
      }
    }
  }
  return { shape: [images, outChannels, outHeight, outWidth], values, magnitudes };
}
