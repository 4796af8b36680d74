// Initialisers that choose a matrix as a whole: orthogonal ones, and those of a given spectral norm.
import { checkOptions } from '../arguments.js';
import { zeros } from '../creation.js';
import { computeDType } from '../dtype.js';
import { fillNormal, type RandomOptions } from '../fill.js';
import { largestSingularValue } from '../linalg.js';
import * as ops from '../ops/index.js';
import { checkGenerator } from '../random.js';
import { contiguousStrides, numElements } from '../shape.js';
import { operand, type Tensor } from '../tensor/index.js';
import {
  allocateView,
  checkMemory,
  checkWritable,
  isViewContiguous,
  outputView,
  restride,
  type TensorView,
} from '../view.js';
import { checkDelta, checkGain, matrixShape } from './checks.js';

/** Replaces a Gaussian matrix by the Q of its QR decomposition, signs set so that R has a positive diagonal, times gain. */
function replaceByQ(call: string, matrix: TensorView, gain: number): void {
  const [rows, columns] = matrix.shape as [number, number];
  const tall = rows >= columns ? matrix : restride(matrix, [columns, rows], [1, columns]);
  const { q, r } = ops.qr(call, tall);
  // Signs of R's diagonal times the gain, broadcast along the rows of Q: one factor for each column.
  const n = Math.min(rows, columns);
  const factors = allocateView(call, [n], matrix.dtype);
  for (let i = 0; i < n; i++) factors.array[i] = r.array[i * n + i]! < 0 ? -gain : gain;
  ops.binaryOps.mul.forward(call, [q, factors], undefined, q);
  ops.copy(call, q, tall);
}

/**
 * Fills a view with an orthogonal matrix times `gain`: on pcg32 as the product of Householder reflections that has Haar's
 * distribution (native/haar.cc), on other algorithms from the QR decomposition of the very Gaussian that torch draws.
 * Either way it takes the draws of a normal fill of as many elements.
 */
function fillOrthogonal(call: string, view: TensorView, gain: number, options: RandomOptions | undefined): void {
  const [rows, columns] = matrixShape(call, view.shape);
  const dtype = computeDType(call, view.dtype);
  const generator = checkGenerator(call, checkOptions(call, options).generator);
  // Before draws are taken: the result may be written elsewhere first.
  checkWritable(call, view);
  checkMemory(call, view);
  const direct = generator.algorithm === 'pcg32';
  const inPlace = direct && view.dtype === dtype && isViewContiguous(view);
  const matrix = inPlace ? restride(view, [rows, columns], [columns, 1]) : outputView(call, [rows, columns], dtype);
  if (direct) {
    generator.fill(call, 'orthogonal', matrix, gain);
  } else {
    fillNormal(call, matrix, 0, 1, { generator });
    replaceByQ(call, matrix, gain);
  }
  if (!inPlace) ops.copy(call, restride(matrix, view.shape, contiguousStrides(view.shape)), view);
}

/**
 * A random (semi-)orthogonal matrix times `gain`: rows or columns, whichever are fewer, are orthonormal; dimensions after
 * the first count as one (Saxe et al. 2014). Uniform over all such matrices (Haar's measure): a product of random
 * Householder reflections (Stewart 1980), which has the distribution of the Q of a Gaussian's QR decomposition with R's
 * diagonal made positive, for half the work.
 *
 * @throws RangeError (ERR_SHAPE) for fewer than two dimensions
 * @example
 * init.orthogonal_(layer.weight, init.calculateGain('relu'));
 */
export function orthogonal_<T extends Tensor>(tensor: T, gain = 1, options?: RandomOptions): T {
  const call = 'orthogonal_';
  const view = operand(call, tensor);
  matrixShape(call, view.shape);
  const factor = checkGain(call, gain);
  if (numElements(view.shape) > 0) fillOrthogonal(call, view, factor, options);
  return tensor;
}

/**
 * For a convolution's weight [out, in, ...kernel], out >= in: zero everywhere but at the kernel's centre, which is a random
 * orthogonal matrix [out, in] times `gain`. The layer then keeps the norms of its inputs, whatever the depth (Xiao et al.
 * 2018, "Dynamical isometry and a mean field theory of CNNs", algorithm 1). The centre of a kernel of size k is
 * floor((k - 1) / 2): the left one of two (`dirac_` takes the right one).
 *
 * @throws RangeError (ERR_SHAPE) unless there are 3 to 5 dimensions and at least as many outputs as inputs
 * @example
 * init.deltaOrthogonal_(conv.weight, init.calculateGain('tanh'));
 */
export function deltaOrthogonal_<T extends Tensor>(tensor: T, gain = 1, options?: RandomOptions): T {
  const call = 'deltaOrthogonal_';
  const view = operand(call, tensor);
  const { shape, strides } = view;
  checkDelta(call, shape);
  const [outputs, inputs] = shape as [number, number, ...number[]];
  const factor = checkGain(call, gain);
  const generator = checkGenerator(call, checkOptions(call, options).generator);
  computeDType(call, view.dtype);
  if (numElements(shape) === 0) return tensor;
  checkWritable(call, view);
  ops.fill(call, view, 0);
  let centre = view.offset;
  for (let d = 2; d < shape.length; d++) centre += Math.floor((shape[d]! - 1) / 2) * strides[d]!;
  const matrix = restride(view, [outputs, inputs], [strides[0]!, strides[1]!], centre);
  fillOrthogonal(call, matrix, factor, { generator });
  return tensor;
}

/**
 * Independent normal numbers divided by the largest singular value of their matrix, times `gain`: no vector grows by more
 * than `gain`, and one grows by just that. Dimensions after the first count as one. Takes the draws of a normal fill.
 *
 * @throws RangeError (ERR_SHAPE) for fewer than two dimensions
 * @example
 * init.spectral_(layer.weight);
 */
export function spectral_<T extends Tensor>(tensor: T, gain = 1, options?: RandomOptions): T {
  const call = 'spectral_';
  const view = operand(call, tensor);
  const shape = matrixShape(call, view.shape);
  const factor = checkGain(call, gain);
  const generator = checkGenerator(call, checkOptions(call, options).generator);
  const dtype = computeDType(call, view.dtype);
  if (numElements(view.shape) === 0) return tensor;
  checkWritable(call, view);
  checkMemory(call, view);
  const matrix = zeros(shape, { dtype });
  fillNormal(call, operand(call, matrix), 0, 1, { generator });
  const norm = largestSingularValue(matrix, { tolerance: dtype === 'float64' ? 1e-12 : 1e-6 });
  matrix.div_(norm / factor);
  ops.copy(call, restride(operand(call, matrix), view.shape, contiguousStrides(view.shape)), view);
  return tensor;
}
