// Did my initialisation work? Compares a weight with the distribution it should have.
import { argumentError, describe } from '../errors.js';
import * as ops from '../ops/index.js';
import { numElements } from '../shape.js';
import { kolmogorovTail } from '../special.js';
import { operand, type Tensor } from '../tensor/index.js';
import { checkMemory, reshapeView, restride, type TensorView } from '../view.js';
import type { Target } from './target.js';

/** What `verify` found. */
export interface Verification {
  /** Whether nothing is off. */
  ok: boolean;
  /** What is off, in words. */
  problems: string[];
  measured: { mean: number; std: number; min: number; max: number; nonFinite: number };
  expected: { distribution: Target['distribution']; mean: number; std: number; low: number; high: number };
  /** Kolmogorov-Smirnov statistic and the probability of one as large; null where there is no law to compare with. */
  ks: { statistic: number; p: number } | null;
}

/** A healthy weight fails each of the three tests with a probability of at most 1e-6. */
const zLimit = 4.9;
const pLimit = 1e-6;

/** The Kolmogorov-Smirnov test sorts; beyond this many elements it takes every k-th. */
const maxSorted = 1 << 20;

function kolmogorovSmirnov(view: Float64Array, cdf: (x: number) => number): { statistic: number; p: number } {
  const n = view.length;
  view.sort();
  let statistic = 0;
  for (let i = 0; i < n; i++) {
    const expected = cdf(view[i]!);
    statistic = Math.max(statistic, (i + 1) / n - expected, expected - i / n);
  }
  return { statistic, p: kolmogorovTail(statistic, n) };
}

/**
 * Checks that a tensor has the distribution it should: mean and standard deviation within their sampling error, all
 * elements within bounds, shape by a Kolmogorov-Smirnov test. A healthy weight fails with a probability below 3e-6.
 *
 * @param target from `initialiser(...).target(shape)`, a plan's row, or any distribution
 * @example
 * const layer = new nn.Linear(512, 512);
 * init.normal_(layer.weight, 0, 0.02);
 * init.verify(layer.weight, init.normalTarget(0, 0.02)).ok; // true
 */
export function verify(tensor: Tensor, target: Target): Verification {
  const call = 'verify';
  const view = operand(call, tensor);
  if (typeof target !== 'object' || target === null || typeof target.mean !== 'number') {
    throw argumentError(call, `expected a target distribution, got ${describe(target)}`);
  }
  checkMemory(call, view);
  const n = numElements(view.shape);
  const values = n === 0 ? new Float64Array(0) : elementsOf(call, view, n);
  const { distribution, mean, std, low, high, kurtosis, cdf } = target;
  const problems: string[] = [];

  let nonFinite = 0;
  for (const value of values) if (!Number.isFinite(value)) nonFinite++;
  if (nonFinite > 0) problems.push(`${nonFinite} of ${n} elements are not finite`);
  const measured = { ...moments(call, tensor), nonFinite };
  if (n > 0 && nonFinite === 0) {
    // Rounding to the tensor's dtype moves a bound by up to half a unit in the last place.
    const slack = { float16: 2 ** -11, bfloat16: 2 ** -8 }[view.dtype as string] ?? 2 ** -24;
    const inside = (x: number) => x >= low - Math.abs(low) * slack && x <= high + Math.abs(high) * slack;
    if (!inside(measured.min) || !inside(measured.max)) {
      problems.push(`elements reach from ${measured.min} to ${measured.max}, expected ${low} to ${high}`);
    }
    const meanError = (measured.mean - mean) / (std / Math.sqrt(n));
    if (std > 0 && Math.abs(meanError) > zLimit) {
      problems.push(`the mean is ${measured.mean}, expected ${mean}: off by ${meanError.toFixed(1)} standard errors`);
    }
    const stdError = (measured.std / std - 1) / Math.sqrt((kurtosis - 1) / (4 * n));
    if (std > 0 && n > 1 && Math.abs(stdError) > zLimit) {
      problems.push(
        `the standard deviation is ${measured.std}, expected ${std}: off by ${stdError.toFixed(1)} standard errors`,
      );
    }
  }
  let ks: Verification['ks'] = null;
  if (cdf !== undefined && n >= 8 && nonFinite === 0) {
    const step = Math.ceil(n / maxSorted);
    const sample = Float64Array.from({ length: Math.ceil(n / step) }, (_, i) => values[i * step]!);
    ks = kolmogorovSmirnov(sample, cdf);
    if (ks.p < pLimit) {
      problems.push(`the elements are not ${distribution}: Kolmogorov-Smirnov statistic ${ks.statistic.toFixed(4)}`);
    }
  }
  if (distribution === 'orthogonal') problems.push(...orthogonality(call, tensor, target));
  const expected = { distribution, mean, std, low, high };
  return { ok: problems.length === 0, problems, measured, expected, ks };
}

function moments(call: string, tensor: Tensor): { mean: number; std: number; min: number; max: number } {
  if (tensor.numel() === 0) return { mean: NaN, std: NaN, min: NaN, max: NaN };
  const doubles = ops.cast(call, operand(call, tensor), 'float64');
  const value = (op: keyof typeof ops.reductionOps, params: number[] = []) =>
    Number(ops.reductionOps[op].forward(call, [doubles], { dims: undefined, keepdim: false, params }).array[0]);
  return { mean: value('mean'), std: value('std', [1]), min: value('min'), max: value('max') };
}

/** How far the shorter side's vectors are from orthogonal, and from the length that the target's std says. */
function orthogonality(call: string, tensor: Tensor, target: Target): string[] {
  const view = operand(call, tensor);
  const rows = view.shape[0]!;
  const flat = ops.contiguous(call, ops.cast(call, view, 'float64'));
  const columns = numElements(view.shape) / rows;
  const matrix = reshapeView(call, flat, [rows, columns])!;
  const transposed = restride(matrix, [columns, rows], [1, columns]);
  const gram = ops.productOps.mm.forward(
    call,
    rows <= columns ? [matrix, transposed] : [transposed, matrix],
    undefined,
  );
  const size = Math.min(rows, columns);
  // Every vector of the shorter side has squared length gain^2; an element's variance is that over the longer side.
  const squared = target.std ** 2 * Math.max(rows, columns);
  let worst = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      worst = Math.max(worst, Math.abs(Number(gram.array[i * size + j]) - (i === j ? squared : 0)));
    }
  }
  const limit = ({ float64: 1e-12, float32: 1e-5, float16: 4e-3, bfloat16: 3e-2 }[view.dtype as string] ?? 0) * squared;
  if (worst <= limit) return [];
  return [
    `rows or columns are not orthogonal: a product is off by ${worst.toExponential(1)} for ${squared.toPrecision(4)}`,
  ];
}

/** The elements as numbers, in order. */
function elementsOf(call: string, view: TensorView, n: number): Float64Array {
  const elements = ops.contiguous(call, ops.cast(call, view, 'float64')).array as Float64Array;
  return elements.length === n ? elements : elements.subarray(view.offset, view.offset + n);
}
