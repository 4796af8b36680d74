// What shapes mean: sizes, strides, dimensions, broadcasting, fans. Pure functions of numbers.
import { checkOptions } from './arguments.js';
import { argumentError, describe, rangeError, shapeError } from './errors.js';

/** Sizes of a tensor's dimensions. */
export type Shape = readonly number[];

/** As many dimensions as the native core handles (native/kernel.h). */
export const maxDims = 8;

/** Most elements one tensor may have: an index must be exact in a double, and a typed array must be able to exist. */
const maxElements = 2 ** 33 - 1;

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The number of elements of a shape. */
export function numElements(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, d) => size === b[d]);
}

/** Row-major strides, counted in elements. As torch: a size of 0 counts as 1. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= Math.max(shape[d]!, 1);
  }
  return strides;
}

/**
 * Whether elements lie in row-major order without gaps. Dimensions of size 1 may have any stride, and where there are no
 * elements all may.
 */
export function isContiguous(shape: Shape, strides: Shape): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d]!;
    if (size !== 1 && strides[d] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** Checks one size given by a user. */
export function checkSize(call: string, size: unknown, name = 'size'): number {
  if (typeof size !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(size)}`);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw rangeError(call, `${name} must be a whole number from 0 to 2^53 - 1, got ${describe(size)}`);
  }
  // -0 becomes 0.
  return size + 0;
}

/** Checks how many of something there are to be: 1 or more. */
export function checkCount(call: string, value: unknown, name: string): number {
  const count = checkSize(call, value, name);
  if (count < 1) throw rangeError(call, `${name} must be a whole number, 1 or more, got ${count}`);
  return count;
}

/** Checks a shape given by a user and returns a copy of it. */
export function checkShape(call: string, shape: unknown): number[] {
  return checkSizes(call, shape, maxElements);
}

/** Checks the shape of what need not be in memory: it may have more elements than a tensor there. */
export function checkDescribedShape(call: string, shape: unknown): number[] {
  return checkSizes(call, shape, Number.MAX_SAFE_INTEGER);
}

function checkSizes(call: string, shape: unknown, most: number): number[] {
  if (!Array.isArray(shape)) throw argumentError(call, `shape must be an array of numbers, got ${describe(shape)}`);
  if (shape.length > maxDims) {
    throw shapeError(call, `at most ${maxDims} dimensions are supported, got ${shape.length}`);
  }
  const checked = new Array<number>(shape.length);
  let count = 1;
  let reach = 1;
  for (let d = 0; d < shape.length; d++) {
    const size = checkSize(call, shape[d]);
    checked[d] = size;
    count *= size;
    reach *= Math.max(size, 1);
  }
  if (count > most) {
    throw rangeError(call, `shape ${formatShape(checked)} has more than ${most} elements`);
  }
  // Only where there are no elements: their strides must be exact all the same.
  if (reach > Number.MAX_SAFE_INTEGER) {
    throw rangeError(call, `the sizes of shape ${formatShape(checked)} are too large`);
  }
  return checked;
}

/** Resolves a dimension index; negative ones count from the end, as in torch. A scalar accepts -1 and 0. */
export function checkDim(call: string, dim: unknown, ndim: number): number {
  if (typeof dim !== 'number' || !Number.isInteger(dim)) {
    throw argumentError(call, `dimension must be a whole number, got ${describe(dim)}`);
  }
  const bound = Math.max(ndim, 1);
  if (dim < -bound || dim >= bound) {
    throw rangeError(call, `dimension ${dim} is out of range, expected ${-bound} to ${bound - 1}`);
  }
  return dim < 0 ? dim + bound : dim;
}

/** Resolves the dimensions of a reduction: undefined means all. */
export function checkDims(call: string, dims: number | readonly number[] | undefined, ndim: number): number[] {
  if (dims === undefined) return Array.from({ length: ndim }, (_, d) => d);
  const list = (Array.isArray(dims) ? dims : [dims]).map((dim) => checkDim(call, dim, ndim));
  if (new Set(list).size !== list.length) {
    throw argumentError(call, `a dimension appears twice in ${describe(dims)}`);
  }
  // An empty list means all, and a scalar has no dimension to reduce: both as in torch.
  if (list.length === 0) return checkDims(call, undefined, ndim);
  return ndim === 0 ? [] : list;
}

/** The shape two operands broadcast to, by NumPy's rule. */
export function broadcastShapes(call: string, a: Shape, b: Shape): number[] {
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let d = 1; d <= ndim; d++) {
    const sizeA = a[a.length - d] ?? 1;
    const sizeB = b[b.length - d] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw shapeError(
        call,
        `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ` +
          `${sizeA} and ${sizeB} differ in dimension ${ndim - d}`,
      );
    }
    out[ndim - d] = sizeA === 1 ? sizeB : sizeA;
  }
  return out;
}

/**
 * Completes a shape that holds one -1 from the number of elements, as torch's `view` and `reshape` do.
 */
export function inferShape(call: string, requested: unknown, count: number): number[] {
  if (!Array.isArray(requested)) {
    throw argumentError(call, `shape must be an array of numbers, got ${describe(requested)}`);
  }
  const unknown = requested.indexOf(-1);
  if (unknown !== requested.lastIndexOf(-1)) {
    throw shapeError(call, `only one size can be -1, got ${describe(requested)}`);
  }
  const sizes = checkShape(call, unknown < 0 ? requested : requested.with(unknown, 1));
  const product = numElements(sizes);
  const fits = unknown < 0 ? product === count : product > 0 && count % product === 0;
  if (!fits) throw shapeError(call, `shape ${describe(requested)} does not fit ${count} elements`);
  return unknown < 0 ? sizes : sizes.with(unknown, count / product);
}

/**
 * Strides that show the same elements under another shape without moving them, or undefined where there are none. Both
 * shapes must have the same number of elements. Dimensions of size 1 get the strides that torch gives them.
 */
export function viewStrides(shape: Shape, strides: Shape, target: Shape): number[] | undefined {
  if (numElements(shape) === 0) return sameShape(shape, target) ? [...strides] : contiguousStrides(target);
  // Dimensions that step through memory evenly make one run, which can be cut anywhere; nothing reaches across two runs.
  const runs: { size: number; stride: number }[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    const run = runs.at(-1);
    const [size, stride] = [shape[d]!, strides[d]!];
    if (run !== undefined && (size === 1 || stride === run.size * run.stride)) run.size *= size;
    else runs.push({ size, stride });
  }
  const out = new Array<number>(target.length).fill(1);
  let d = target.length - 1;
  for (const run of runs) {
    let covered = 1;
    for (; d >= 0 && (covered < run.size || target[d] === 1); d--) {
      out[d] = covered * run.stride;
      covered *= target[d]!;
    }
    if (covered !== run.size) return undefined;
  }
  return out;
}

/** What a weight's layer is like, where torch's plain rule for fans does not do it justice. */
export interface FanOptions {
  /** Groups of channels that do not mix. */
  groups?: number;
  /** A transposed convolution, whose weight is [in, out / groups, ...kernel]. */
  transposed?: boolean;
  /** Steps of the kernel, for all dimensions or each. */
  stride?: number | readonly number[];
}

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * Fans of a weight [out, in, ...kernel]: how many inputs an output adds up, and how many outputs an input reaches.
 *
 * By default torch's rule (torch.nn.init, `_calculate_fan_in_and_fan_out`): fan_in = shape[1] * receptive field, fan_out =
 * shape[0] * receptive field, the receptive field being the product of the kernel's sizes. With any of the options, what
 * the layer really connects: a convolution's fan_out is (out / groups) * field / stride, and a transposed convolution's
 * fan_in is (in / groups) * field / stride, where strides multiply as the sizes do.
 */
export function fans(call: string, shape: Shape, options?: FanOptions): Fans {
  if (shape.length < 2) {
    throw shapeError(call, `fans need a weight of 2 or more dimensions, got shape ${formatShape(shape)}`);
  }
  const field = numElements(shape.slice(2));
  const { groups, transposed, stride } = checkOptions(call, options);
  const [first, second] = [shape[0]! * field, shape[1]! * field];
  if (groups === undefined && transposed === undefined && stride === undefined) return { fanIn: second, fanOut: first };
  const parts = checkSize(call, groups ?? 1, 'groups');
  if (parts === 0 || shape[0]! % parts !== 0) {
    throw shapeError(call, `${shape[0]} channels are not divisible by ${parts} groups`);
  }
  const steps = Array.isArray(stride) ? stride : shape.slice(2).map(() => stride ?? 1);
  if (steps.length !== shape.length - 2) {
    throw shapeError(call, `expected ${shape.length - 2} strides, got ${describe(stride)}`);
  }
  const step = numElements(steps.map((size) => checkSize(call, size, 'stride')));
  if (step === 0) throw rangeError(call, 'stride must be 1 or more, got 0');
  // The side whose channels all groups share out, and whose kernel windows overlap according to the stride.
  const spread = first / parts / step;
  return transposed ? { fanIn: spread, fanOut: second } : { fanIn: second, fanOut: spread };
}

/** torch's fans, or undefined for a tensor that has none. */
export function fansOrUndefined(shape: Shape): Fans | undefined {
  return shape.length < 2 ? undefined : fans('fans', shape);
}
