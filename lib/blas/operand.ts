// Vectors and matrices as users describe them: array, length, strides, offset. Checked, and made views of.
import { checkNumber } from '../arguments.js';
import { checkUnclaimed, claims } from '../claims.js';
import { dtypes, type FloatArray, isArrayOf } from '../dtype.js';
import { argumentError, describe, detachedError, dtypeError, rangeError } from '../errors.js';
import type { View } from '../view.js';

/** The element type of a family of routines: sgemm's and dgemm's. */
export interface Kind<A extends FloatArray = FloatArray> {
  readonly dtype: 'float32' | 'float64';
  /** The number in native/dtype.h. */
  readonly code: number;
  readonly Array: new (size: number | ArrayLike<number>) => A;
  /** A number as an element holds it. */
  readonly round: (x: number) => number;
}

export const single: Kind<Float32Array> = {
  dtype: 'float32',
  code: dtypes.float32.code,
  Array: Float32Array,
  round: Math.fround,
};
export const twice: Kind<Float64Array> = {
  dtype: 'float64',
  code: dtypes.float64.code,
  Array: Float64Array,
  round: (x) => x,
};

/** A vector: `offset` is the index of the element that lies lowest, the last one of a vector that runs backwards. */
export interface VectorView extends View {
  readonly array: FloatArray;
  readonly backwards: boolean;
}

/** The index of a vector's first element. */
export const firstOf = ({ shape, strides, offset, backwards }: VectorView) =>
  backwards ? offset + Math.max(shape[0]! - 1, 0) * strides[0]! : offset;

/** A vector's stride, with its sign. */
export const stepOf = ({ strides, backwards }: VectorView) => (backwards ? -strides[0]! : strides[0]!);

/** Whether `count` elements from the start of an array are there, side by side: then nothing else need be checked. */
export function isDense<A extends FloatArray>(kind: Kind<A>, count: number, array: A, stride: number): boolean {
  return (
    stride === 1 &&
    array instanceof kind.Array &&
    typeof count === 'number' &&
    (count | 0) === count &&
    count > 0 &&
    count <= array.length
  );
}

/** The largest size and stride: BLAS counts in 32 bits. */
const largest = 2 ** 31 - 1;

export function checkCount(call: string, name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= largest && Number.isInteger(value)) return value;
  if (typeof value !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
  throw rangeError(call, `${name} must be a whole number from 0 to 2^31 - 1, got ${describe(value)}`);
}

export function checkStride(call: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Math.abs(value) <= largest && Number.isInteger(value)) return value;
  if (typeof value !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
  throw rangeError(call, `${name} must be a whole number of elements below 2^31, got ${describe(value)}`);
}

export function checkOffset(call: string, name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) return value;
  if (typeof value !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
  throw rangeError(call, `${name} must be a whole number of 0 or more, got ${describe(value)}`);
}

/** A scalar, as an element would hold it. */
export function checkScalar(call: string, name: string, value: unknown, kind: Kind): number {
  return kind.round(checkNumber(call, name, value));
}

/** Checks the type of an array, nothing of its length. */
export function checkArray<A extends FloatArray>(call: string, name: string, array: unknown, kind: Kind<A>): A {
  if (isArrayOf(kind.Array, array)) return array;
  const wanted = `${name} must be a ${kind.Array.name}, got ${describe(array)}`;
  throw ArrayBuffer.isView(array) ? dtypeError(call, wanted) : argumentError(call, wanted);
}

function isDetached({ buffer }: FloatArray): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What is wrong with an array that elements `first` to `last` lie outside. */
function outside(call: string, name: string, array: FloatArray, first: number, last: number): Error {
  if (isDetached(array)) return detachedError(call, `the memory of ${name} is gone: its ArrayBuffer was detached`);
  return rangeError(call, `${name} has ${array.length} elements, and would need those from ${first} to ${last}`);
}

/** Throws where indices from `first` to `last` are not all the array's. */
export function checkReach(call: string, name: string, array: FloatArray, first: number, last: number): void {
  if (!(first >= 0 && last < array.length)) throw outside(call, name, array, first, last);
}

/**
 * A checked vector of `count` elements from index `start` on, or, without `start`, one that begins at the end of the array's
 * used part if the stride is negative, as BLAS has it.
 */
export function vector(
  call: string,
  name: string,
  kind: Kind,
  count: number,
  array: unknown,
  stride: unknown,
  start?: unknown,
): VectorView {
  const checked = checkArray(call, name, array, kind);
  const step = checkStride(call, `the stride of ${name}`, stride);
  const reach = count > 0 ? (count - 1) * Math.abs(step) : 0;
  let offset = 0;
  if (start !== undefined) {
    offset = checkOffset(call, `the offset of ${name}`, start);
    if (step < 0) offset -= reach;
  }
  if (count > 0 && !(offset >= 0 && offset + reach < checked.length)) {
    throw outside(call, name, checked, offset, offset + reach);
  }
  return {
    array: checked,
    dtype: kind.dtype,
    shape: [count],
    strides: [Math.abs(step)],
    offset: count > 0 ? offset : 0,
    backwards: step < 0,
  };
}

/** A vector that is written to: its elements must be apart. */
export function outputVector(
  call: string,
  name: string,
  kind: Kind,
  count: number,
  array: unknown,
  stride: unknown,
  start?: unknown,
): VectorView {
  const view = vector(call, name, kind, count, array, stride, start);
  if (view.strides[0] === 0 && count > 1) {
    throw argumentError(call, `all elements of ${name} share memory, since its stride is 0; it cannot be written to`);
  }
  if (claims.size > 0) checkUnclaimed(call, view);
  return view;
}

/** A view as rows and columns of a grid of `ld` elements a row; a vector is a column, or a row where it is dense. */
interface Rectangle {
  readonly rows: number;
  readonly columns: number;
  readonly ld: number;
}

function rectangles({ shape, strides }: View): Rectangle[] {
  const [rows, columns] = [shape[0]!, shape[1] ?? 1];
  const [down, along] = [strides[0]!, strides[1] ?? 1];
  const made: Rectangle[] = [];
  if (columns === 1 || along === 1) made.push({ rows, columns, ld: down });
  if (rows === 1 || down === 1) made.push({ rows: columns, columns: rows, ld: along });
  return made;
}

/** Whether two rectangles of one grid, whose first elements lie `distance` apart, have an element in common. */
function meet(a: Rectangle, b: Rectangle, ld: number, distance: number): boolean {
  const middle = Math.floor(distance / ld);
  for (let down = middle - 1; down <= middle + 2; down++) {
    const along = distance - down * ld;
    if (down > -b.rows && down < a.rows && along > -b.columns && along < a.columns) return true;
  }
  return false;
}

function overlap(out: View, other: View): boolean {
  const width = out.array.BYTES_PER_ELEMENT;
  const start = ({ array, offset }: View) => array.byteOffset / width + offset;
  const end = (view: View) => view.shape.reduce((at, n, d) => at + (n - 1) * view.strides[d]!, start(view)) + 1;
  if (end(out) <= start(other) || end(other) <= start(out)) return false;
  const distance = start(other) - start(out);
  for (const a of rectangles(out)) {
    for (const b of rectangles(other)) {
      // One row fits every grid that is wide enough.
      const ld = a.rows === 1 ? b.ld : a.ld;
      if (ld < a.columns || ld < b.columns || !(a.rows === 1 || b.rows === 1 || a.ld === b.ld)) continue;
      if (!meet(a, b, ld, distance)) return false;
    }
  }
  return true;
}

/** Whether two views are the same elements in the same order. */
export function areSame(a: VectorView, b: VectorView): boolean {
  if (a.array.buffer !== b.array.buffer || a.backwards !== b.backwards) return false;
  const start = ({ array, offset }: View) => array.byteOffset / array.BYTES_PER_ELEMENT + offset;
  return start(a) === start(b) && a.strides[0] === b.strides[0];
}

/**
 * Throws where an output has elements in common with another operand. Two parts of one array may be interleaved: columns of a
 * matrix, blocks of it.
 */
export function checkApart(call: string, outName: string, out: View, otherName: string, other: View): void {
  if (out.array !== other.array && out.array.buffer !== other.array.buffer) return;
  if (out.shape.includes(0) || other.shape.includes(0)) return;
  if (overlap(out, other)) throw argumentError(call, `${outName} is written to, and shares memory with ${otherName}`);
}
