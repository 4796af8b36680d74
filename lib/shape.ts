// What shapes mean: sizes, strides, dimensions, broadcasting, fans. Pure functions of numbers.
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

/** Whether elements lie in row-major order without gaps. Dimensions of size 1 may have any stride. */
export function isContiguous(shape: Shape, strides: Shape): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const size = shape[d]!;
    if (size === 0) return true;
    if (size !== 1 && strides[d] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** Checks one size given by a user. */
export function checkSize(call: string, size: unknown, name = 'size'): number {
  if (typeof size !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(size)}`);
  if (!Number.isInteger(size) || size < 0) {
    throw rangeError(call, `${name} must be a whole number, 0 or more, got ${describe(size)}`);
  }
  return size;
}

/** Checks a shape given by a user and returns a copy of it. */
export function checkShape(call: string, shape: unknown): number[] {
  if (!Array.isArray(shape)) throw argumentError(call, `shape must be an array of numbers, got ${describe(shape)}`);
  if (shape.length > maxDims) {
    throw shapeError(call, `at most ${maxDims} dimensions are supported, got ${shape.length}`);
  }
  const checked = Array.from(shape, (size) => checkSize(call, size));
  if (numElements(checked) > maxElements) {
    throw rangeError(call, `shape ${formatShape(checked)} has more than ${maxElements} elements`);
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
  const known = checkShape(call, unknown < 0 ? requested : requested.toSpliced(unknown, 1));
  const product = numElements(known);
  const fits = unknown < 0 ? product === count : product > 0 && count % product === 0;
  if (!fits) throw shapeError(call, `shape ${describe(requested)} does not fit ${count} elements`);
  return unknown < 0 ? known : known.toSpliced(unknown, 0, count / product);
}

/**
 * Strides that show the same elements under another shape without moving them, or undefined where there are none.
 * Runs of dimensions that step through memory evenly may be split and merged; nothing else may. Both shapes must have
 * the same number of elements.
 */
export function viewStrides(shape: Shape, strides: Shape, target: Shape): number[] | undefined {
  if (numElements(shape) === 0) return contiguousStrides(target);
  // Dimensions of size 1 take no part: their strides mean nothing.
  const source = shape.map((_, d) => d).filter((d) => shape[d] !== 1);
  const out = new Array<number>(target.length).fill(1);
  let t = target.length - 1;
  for (let s = source.length - 1; s >= 0; s--) {
    let stride = strides[source[s]!]!;
    let run = shape[source[s]!]!;
    while (s > 0 && strides[source[s - 1]!] === strides[source[s]!]! * shape[source[s]!]!) {
      s--;
      run *= shape[source[s]!]!;
    }
    for (let taken = 1; taken < run || target[t] === 1; t--) {
      out[t] = stride;
      taken *= target[t]!;
      stride *= target[t]!;
      if (run % taken !== 0) return undefined;
      if (taken === run && target[t - 1] !== 1) {
        t--;
        break;
      }
    }
  }
  return out;
}

/**
 * torch's fans of a weight [out, in, ...kernel]: fan_in = in * receptive field, fan_out = out * receptive field, where
 * the receptive field is the product of the kernel's sizes (torch.nn.init, `_calculate_fan_in_and_fan_out`).
 */
export function fans(call: string, shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw shapeError(call, `fans need a weight of 2 or more dimensions, got shape ${formatShape(shape)}`);
  }
  const receptiveField = numElements(shape.slice(2));
  return { fanIn: shape[1]! * receptiveField, fanOut: shape[0]! * receptiveField };
}
