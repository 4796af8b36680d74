// Random fills of views: what the in-place methods, the creation functions and the initialisers have in common.
import { checkFinite, checkOptions, checkOrder } from './arguments.js';
import { checkFloat, type DType, dtypes } from './dtype.js';
import { argumentError, describe, rangeError } from './errors.js';
import { checkGenerator, type Generator } from './random.js';
import { integerParams } from './rng/distributions.js';
import { allocateView, type TensorView } from './view.js';

/** Options of random fills. */
export interface RandomOptions {
  /** Where the numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

/** Checks the bounds and fills with uniform numbers from [from, to), for the public call `call`. */
export function fillUniform(call: string, view: TensorView, from: number, to: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const low = checkFinite(call, 'the lower bound', from);
  const high = checkFinite(call, 'the upper bound', to);
  checkOrder(call, low, high);
  if (Math.max(Math.abs(low), Math.abs(high), high - low) > dtypes[view.dtype].max) {
    throw rangeError(call, `bounds ${low} and ${high} are too far apart for ${view.dtype}`);
  }
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'uniform', view, low, high);
}

/** Checks mean and standard deviation and fills with normal numbers, for the public call `call`. */
export function fillNormal(call: string, view: TensorView, mean: number, std: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  if (scale < 0) throw rangeError(call, `std must be 0 or more, got ${scale}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'normal', view, location, scale);
}

/** A lower bound from -Infinity on, or an upper one up to Infinity. */
function checkBound(call: string, name: string, value: unknown, open: number): number {
  return value === open ? value : checkFinite(call, name, value);
}

/**
 * Checks the parameters and fills with normal numbers, conditional on their lying in [a, b], for the public call `call`.
 * Bounds are in the units of the values, not of standard deviations; they may be infinite.
 */
export function fillTruncNormal(
  call: string,
  view: TensorView,
  mean: number,
  std: number,
  a: number,
  b: number,
  options?: RandomOptions,
): void {
  checkFloat(call, view.dtype);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  const low = checkBound(call, 'the lower bound', a, -Infinity);
  const high = checkBound(call, 'the upper bound', b, Infinity);
  if (scale <= 0) throw rangeError(call, `std must be above 0, got ${scale}`);
  checkOrder(call, low, high);
  const { generator } = checkOptions(call, options);
  checkGenerator(call, generator).fill(call, 'truncNormal', view, location, scale, low, high);
}

/** Checks the rate and fills with exponentially distributed numbers, for the public call `call`. */
export function fillExponential(call: string, view: TensorView, rate: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const checked = checkFinite(call, 'the rate', rate);
  if (checked <= 0) throw rangeError(call, `the rate must be above 0, got ${checked}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'exponential', view, checked);
}

/** Checks the probability and fills with ones of that probability and zeros, for the public call `call`. */
export function fillBernoulli(call: string, view: TensorView, p: number, options?: RandomOptions): void {
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

/** The largest n such that all whole numbers from -n to n are numbers of the dtype. */
function exactTo(dtype: DType): bigint {
  const digits = { float16: 11n, bfloat16: 8n, float32: 24n, float64: 53n }[dtype as string];
  return digits === undefined ? BigInt(dtypes[dtype].max) : 2n ** digits;
}

/** Checks the bounds and fills with whole numbers from low to high - 1, for the public call `call`. */
export function fillIntegers(
  call: string,
  view: TensorView,
  low: number | bigint,
  high: number | bigint,
  options?: RandomOptions,
): void {
  const [from, to] = [checkWhole(call, 'low', low), checkWhole(call, 'high', high)];
  const { min, kind } = dtypes[view.dtype];
  const most = exactTo(view.dtype);
  if (from >= to) throw rangeError(call, `expected low below high, got ${from} and ${to}`);
  if (from < (kind === 'float' ? -most : BigInt(min)) || to - 1n > most || to > 2n ** 63n) {
    throw rangeError(call, `not all numbers from ${from} to ${to - 1n} fit ${view.dtype}`);
  }
  const { generator } = checkOptions(call, options);
  checkGenerator(call, generator).fill(call, 'integers', view, ...integerParams(from, to - from));
}

/**
 * The arguments of `random_`: one bound or two, then options. Without bounds, whole numbers from 0 to the largest up to
 * which the dtype has all.
 */
export function fillRandom(call: string, view: TensorView, args: readonly unknown[]): void {
  const isBound = (arg: unknown) => typeof arg === 'number' || typeof arg === 'bigint';
  const hasOptions = args.length > 0 && !isBound(args.at(-1));
  const options = hasOptions ? (args.at(-1) as RandomOptions | undefined) : undefined;
  const bounds = (hasOptions ? args.slice(0, -1) : args) as (number | bigint)[];
  if (bounds.length > 2) throw argumentError(call, `expected bounds and options, got ${args.length} arguments`);
  if (bounds.length > 0) {
    fillIntegers(call, view, bounds.length === 1 ? 0 : bounds[0]!, bounds.at(-1)!, options);
    return;
  }
  const range = view.dtype === 'int64' ? 2n ** 63n : exactTo(view.dtype) + 1n;
  // torch takes 64-bit draws for dtypes of 64 bits here.
  const params = integerParams(0n, range, view.array.BYTES_PER_ELEMENT === 8);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'integers', view, ...params);
}

/** Fills a view of one dimension with the numbers from 0 on in random order, for the public call `call`. */
export function fillPermutation(call: string, view: TensorView, options?: RandomOptions): void {
  const n = view.shape[0]!;
  if (n > 0 && BigInt(n) - 1n > exactTo(view.dtype)) {
    throw rangeError(call, `not all numbers from 0 to ${n - 1} fit ${view.dtype}`);
  }
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'permutation', view);
}

/** Zeroes `zeros` random elements of every column of a matrix, for the public call `call`. */
export function fillSparseZeros(call: string, view: TensorView, zeros: number, options?: RandomOptions): void {
  const generator = checkGenerator(call, checkOptions(call, options).generator);
  if (generator.algorithm === 'pcg32') {
    generator.fill(call, 'sparseZero', view, zeros);
    return;
  }
  // As torch: the first rows of a permutation for every column.
  const [rows, columns] = view.shape as [number, number];
  const [down, right] = view.strides as [number, number];
  const order = allocateView(call, [rows], 'int32');
  for (let column = 0; column < columns; column++) {
    generator.fill(call, 'permutation', order);
    for (let i = 0; i < zeros; i++) view.array[view.offset + Number(order.array[i]) * down + column * right] = 0;
  }
}
