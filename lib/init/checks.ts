// Checks of arguments that several initialisers share.
import { checkNumber } from '../arguments.js';
import { rangeError, shapeError } from '../errors.js';
import { checkSize, formatShape, numElements, type Shape } from '../shape.js';

/** Checks a gain: finite, 0 or more. */
export function checkGain(call: string, gain: unknown): number {
  const factor = checkNumber(call, 'gain', gain);
  if (!Number.isFinite(factor) || factor < 0) {
    throw rangeError(call, `gain must be finite and 0 or more, got ${factor}`);
  }
  return factor;
}

/** The matrix of a weight [out, in, ...kernel]: dimensions after the first count as one. */
export function matrixShape(call: string, shape: Shape): [rows: number, columns: number] {
  if (shape.length < 2) throw shapeError(call, `expected 2 or more dimensions, got shape ${formatShape(shape)}`);
  return [shape[0]!, numElements(shape.slice(1))];
}

/** Checks that a shape is a matrix's. */
export function checkTwoDimensions(call: string, shape: Shape): void {
  if (shape.length !== 2) throw shapeError(call, `expected 2 dimensions, got shape ${formatShape(shape)}`);
}

/** Checks the weight of a convolution of 1 to 3 dimensions. */
export function checkKernel(call: string, shape: Shape): void {
  if (shape.length >= 3 && shape.length <= 5) return;
  throw shapeError(call, `expected a convolution's weight of 3 to 5 dimensions, got shape ${formatShape(shape)}`);
}

/** Checks such a weight for `deltaOrthogonal_`: a matrix of orthogonal columns must have at least as many rows. */
export function checkDelta(call: string, shape: Shape): void {
  checkKernel(call, shape);
  if (shape[1]! <= shape[0]!) return;
  throw shapeError(call, `expected at least as many outputs as inputs, got shape ${formatShape(shape)}`);
}

/** Checks such a weight for `dirac_`, and its number of groups. */
export function checkDirac(call: string, shape: Shape, groups: unknown): number {
  checkKernel(call, shape);
  const count = checkSize(call, groups, 'groups');
  if (count === 0) throw rangeError(call, 'groups must be 1 or more, got 0');
  if (shape[0]! % count === 0) return count;
  throw shapeError(call, `${shape[0]} out channels are not divisible by ${count} groups`);
}

/** Checks a share of elements. */
export function checkSparsity(call: string, sparsity: unknown): number {
  const share = checkNumber(call, 'sparsity', sparsity);
  if (!(share >= 0 && share <= 1)) throw rangeError(call, `sparsity must be from 0 to 1, got ${share}`);
  return share;
}
