// Initialisers that need no fans: distributions and constants as given, identities.
import { fillNormal, fillSparseZeros, fillTruncNormal, fillUniform, type RandomOptions } from '../fill.js';
import * as ops from '../ops/index.js';
import { operand, type Tensor } from '../tensor/index.js';
import { checkWritable, restride } from '../view.js';
import { checkDirac, checkSparsity, checkTwoDimensions } from './checks.js';

/**
 * Fills with uniform numbers from [a, b).
 *
 * @throws RangeError (ERR_RANGE) for a > b or bounds that are not finite
 * @example
 * init.uniform_(layer.weight, -0.1, 0.1);
 */
export function uniform_<T extends Tensor>(tensor: T, a = 0, b = 1, options?: RandomOptions): T {
  fillUniform('uniform_', operand('uniform_', tensor), a, b, options);
  return tensor;
}

/**
 * Fills with normal numbers.
 *
 * @throws RangeError (ERR_RANGE) for std < 0, or a mean or std that is not finite
 * @example
 * init.normal_(layer.weight, 0, 0.01);
 */
export function normal_<T extends Tensor>(tensor: T, mean = 0, std = 1, options?: RandomOptions): T {
  fillNormal('normal_', operand('normal_', tensor), mean, std, options);
  return tensor;
}

/**
 * Fills with normal numbers, conditional on their lying in [a, b]: nothing lies outside, however far out the bounds are.
 * As in torch, a and b are values, not multiples of std; -Infinity and Infinity leave a side open.
 *
 * @throws RangeError (ERR_RANGE) for std <= 0, a > b, or another parameter that is not finite
 * @example
 * init.truncNormal_(layer.weight, 0, 0.02, -0.04, 0.04);
 */
export function truncNormal_<T extends Tensor>(
  tensor: T,
  mean = 0,
  std = 1,
  a = -2,
  b = 2,
  options?: RandomOptions,
): T {
  fillTruncNormal('truncNormal_', operand('truncNormal_', tensor), mean, std, a, b, options);
  return tensor;
}

/**
 * A sparse matrix (Martens 2010): normal numbers of mean 0, and ceil(sparsity * rows) zeros in every column, in rows drawn
 * for each column by itself.
 *
 * @throws RangeError (ERR_SHAPE) for anything but two dimensions, RangeError (ERR_RANGE) for a sparsity outside [0, 1]
 * @example
 * init.sparse_(layer.weight, 0.9);
 */
export function sparse_<T extends Tensor>(tensor: T, sparsity: number, std = 0.01, options?: RandomOptions): T {
  const call = 'sparse_';
  const view = operand(call, tensor);
  checkTwoDimensions(call, view.shape);
  const share = checkSparsity(call, sparsity);
  fillNormal(call, view, 0, std, options);
  fillSparseZeros(call, view, Math.ceil(share * view.shape[0]!), options);
  return tensor;
}

/**
 * Sets every element to `value`.
 *
 * @example
 * init.constant_(layer.bias, 0.1);
 */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  ops.fill('constant_', operand('constant_', tensor), value);
  return tensor;
}

/** Sets every element to 1. */
export function ones_<T extends Tensor>(tensor: T): T {
  ops.fill('ones_', operand('ones_', tensor), 1);
  return tensor;
}

/** Sets every element to 0. */
export function zeros_<T extends Tensor>(tensor: T): T {
  ops.fill('zeros_', operand('zeros_', tensor), 0);
  return tensor;
}

/**
 * The identity matrix: ones on the diagonal of a matrix, zeros elsewhere.
 *
 * @throws RangeError (ERR_SHAPE) for anything but two dimensions
 * @example
 * init.eye_(layer.weight);
 */
export function eye_<T extends Tensor>(tensor: T): T {
  const call = 'eye_';
  const view = operand(call, tensor);
  checkTwoDimensions(call, view.shape);
  checkWritable(call, view);
  ops.fill(call, view, 0);
  const [rows, columns] = view.shape as [number, number];
  const [down, right] = view.strides as [number, number];
  ops.fill(call, restride(view, [Math.min(rows, columns)], [down + right]), 1);
  return tensor;
}

/**
 * The Dirac delta for a convolution [out, in / groups, ...kernel] of 1 to 3 dimensions: output channel i of each group
 * repeats input channel i, by a one at the kernel's centre (index k // 2), as far as there are channels.
 *
 * @throws RangeError (ERR_SHAPE) for other than 3 to 5 dimensions, or out channels that groups do not divide
 * @example
 * init.dirac_(conv.weight);
 */
export function dirac_<T extends Tensor>(tensor: T, groups = 1): T {
  const call = 'dirac_';
  const view = operand(call, tensor);
  const { shape, strides } = view;
  const count = checkDirac(call, shape, groups);
  checkWritable(call, view);
  ops.fill(call, view, 0);
  if (shape.includes(0)) return tensor;
  const perGroup = shape[0]! / count;
  const centre = shape.slice(2).reduce((offset, size, d) => offset + Math.floor(size / 2) * strides[d + 2]!, 0);
  // The ones of a group lie on a diagonal; groups follow one another along the output channels.
  const ones = {
    ...view,
    shape: [count, Math.min(perGroup, shape[1]!)],
    strides: [perGroup * strides[0]!, strides[0]! + strides[1]!],
    offset: view.offset + centre,
  };
  ops.fill(call, ones, 1);
  return tensor;
}
