// Random fills of views: what the in-place methods, the creation functions and the initialisers have in common.
import { checkFinite, checkOptions } from './arguments.js';
import { checkFloat, dtypes } from './dtype.js';
import { argumentError, describe, rangeError } from './errors.js';
import { checkGenerator, type Generator } from './random.js';
import { integerParams } from './rng/distributions.js';
import type { FloatView } from './view.js';

/** Options of random fills. */
export interface RandomOptions {
  /** Where the numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

/** Checks the bounds and fills with uniform numbers from [from, to), for the public call `call`. */
export function fillUniform(call: string, view: FloatView, from: number, to: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const low = checkFinite(call, 'the lower bound', from);
  const high = checkFinite(call, 'the upper bound', to);
  if (low > high) throw rangeError(call, `expected bounds in order, got from ${low} to ${high}`);
  if (Math.max(Math.abs(low), Math.abs(high), high - low) > dtypes[view.dtype].max) {
    throw rangeError(call, `bounds ${low} and ${high} are too far apart for ${view.dtype}`);
  }
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'uniform', view, low, high);
}

/** Checks mean and standard deviation and fills with normal numbers, for the public call `call`. */
export function fillNormal(call: string, view: FloatView, mean: number, std: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  if (scale < 0) throw rangeError(call, `std must be 0 or more, got ${scale}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'normal', view, location, scale);
}

/**
 * Checks the parameters and fills with normal numbers, conditional on their lying in [a, b], for the public call `call`.
 * Bounds are in the units of the values, not of standard deviations.
 */
export function fillTruncNormal(
  call: string,
  view: FloatView,
  mean: number,
  std: number,
  a: number,
  b: number,
  options?: RandomOptions,
): void {
  checkFloat(call, view.dtype);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  const low = checkFinite(call, 'the lower bound', a);
  const high = checkFinite(call, 'the upper bound', b);
  if (scale <= 0) throw rangeError(call, `std must be above 0, got ${scale}`);
  if (low > high) throw rangeError(call, `expected bounds in order, got from ${low} to ${high}`);
  const { generator } = checkOptions(call, options);
  checkGenerator(call, generator).fill(call, 'truncNormal', view, location, scale, low, high);
}

/** Checks the rate and fills with exponentially distributed numbers, for the public call `call`. */
export function fillExponential(call: string, view: FloatView, rate: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const checked = checkFinite(call, 'the rate', rate);
  if (checked <= 0) throw rangeError(call, `the rate must be above 0, got ${checked}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'exponential', view, checked);
}

/** Checks the probability and fills with ones of that probability and zeros, for the public call `call`. */
export function fillBernoulli(call: string, view: FloatView, p: number, options?: RandomOptions): void {
  const checked = checkFinite(call, 'p', p);
  if (checked < 0 || checked > 1) throw rangeError(call, `p must be from 0 to 1, got ${checked}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'bernoulli', view, checked);
}

/** Checks a whole number of any size. */
function checkWhole(call: string, name: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  if (typeof value !== 'number') {
    throw argumentError(call, `${name} must be a number or a bigint, got ${describe(value)}`);
  }
  throw rangeError(call, `${name} must be a whole number within 2^53 of 0, or a bigint, got ${value}`);
}

/** Checks the bounds and fills with whole numbers from low to high - 1, for the public call `call`. */
export function fillIntegers(
  call: string,
  view: FloatView,
  low: number | bigint,
  high: number | bigint,
  options?: RandomOptions,
): void {
  const [from, to] = [checkWhole(call, 'low', low), checkWhole(call, 'high', high)];
  const { min, max } = dtypes[view.dtype];
  if (from >= to) throw rangeError(call, `expected low below high, got ${from} and ${to}`);
  if (from < min || to - 1n > max || to > 2n ** 63n) {
    throw rangeError(call, `numbers from ${from} to ${to - 1n} do not fit ${view.dtype}`);
  }
  const { generator } = checkOptions(call, options);
  checkGenerator(call, generator).fill(call, 'integers', view, ...integerParams(from, to - from));
}

/** Fills a view of one dimension with the numbers from 0 on in random order, for the public call `call`. */
export function fillPermutation(call: string, view: FloatView, options?: RandomOptions): void {
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'permutation', view);
}
