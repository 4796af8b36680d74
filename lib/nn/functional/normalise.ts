import { checkFinite, checkOptions } from '../../arguments.js';
import { checkFloat, computeDType } from '../../dtype.js';
import { rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { checkShape, formatShape, numElements, type Shape, sameShape } from '../../shape.js';
import { apply, checkTensor, operand, Tensor } from '../../tensor/index.js';
import { checkWritable, restride, type TensorView } from '../../view.js';

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Whether to take the batch's own statistics, and to move the running ones towards them; false by default. */
  training?: boolean;
  /** How far running statistics move; 0.1 by default. */
  momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
}

/** Checks a tensor of a shape that goes with the input, or null for none. */
function checkOptional(call: string, name: string, given: Tensor | null | undefined, shape: Shape): Tensor | null {
  if (given === null || given === undefined) return null;
  const tensor = checkTensor(call, given);
  if (!sameShape(tensor.shape, shape)) {
    throw shapeError(call, `${name} must have shape ${formatShape(shape)}, got ${formatShape(tensor.shape)}`);
  }
  return tensor;
}

function checkEps(call: string, eps: unknown): number {
  const checked = checkFinite(call, 'eps', eps);
  if (checked < 0) throw rangeError(call, `eps must be 0 or more, got ${checked}`);
  return checked;
}

function normalise(
  call: string,
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  args: ops.Normalisation,
): Tensor {
  if (weight === null && bias === null) return apply(call, ops.normaliseOp, [input], args);
  const factor = weight ?? new Tensor(ones(call, bias!.elements));
  return apply(call, ops.normaliseAffineOp, bias === null ? [input, factor] : [input, factor, bias], args);
}

function ones(call: string, like: TensorView): TensorView {
  const out = ops.contiguousCopy(call, like);
  ops.fill(call, out, 1);
  return out;
}

/**
 * Normalises the channels of a batch [N, C, ...] by their mean and variance over all other dimensions, then scales and
 * shifts them (Ioffe and Szegedy 2015).
 *
 * @param runningMean [C]; with `runningVar` what is used, and where `training` what is moved towards the batch's mean and
 * variance (with Bessel's correction); null for none, so that the batch's own are used
 * @param weight [C], or null for 1; `bias` [C], or null for 0
 * @throws RangeError (ERR_SHAPE) where shapes do not fit, or a batch to learn from has only one value a channel
 * @example
 * nn.functional.batchNorm(randn(8, 3, 4, 4), null, null).shape; // [8, 3, 4, 4]
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options?: BatchNormOptions,
): Tensor {
  const call = 'batchNorm';
  const x = operand(call, input);
  checkFloat(call, x.dtype);
  const { training = false, ...given } = checkOptions(call, options);
  const momentum = checkFinite(call, 'momentum', given.momentum ?? 0.1);
  const eps = checkEps(call, given.eps ?? 1e-5);
  if (x.shape.length < 2) throw shapeError(call, `expected an input [N, C, ...], got shape ${formatShape(x.shape)}`);
  const channels = [x.shape[1]!];
  const mean = checkOptional(call, 'runningMean', runningMean, channels);
  const variance = checkOptional(call, 'runningVar', runningVar, channels);
  const factor = checkOptional(call, 'weight', weight, channels);
  const shift = checkOptional(call, 'bias', bias, channels);
  if ((mean === null) !== (variance === null)) throw shapeError(call, 'runningMean and runningVar go together');
  const own = training || mean === null;
  const count = numElements(x.shape.toSpliced(1, 1));
  if (training && count <= 1) {
    throw shapeError(call, `a batch to learn from needs more than one value a channel, got ${formatShape(x.shape)}`);
  }
  // Both, before the first of them moves.
  if (training && mean !== null) for (const { elements } of [mean, variance!]) checkWritable(call, elements);
  const kept = x.shape.map((size, d) => (d === 1 ? size : 1));
  const along = (t: Tensor): TensorView => {
    // A copy: running statistics may change before the gradients are asked for.
    const view = ops.contiguousCopy(call, t.elements, computeDType(call, x.dtype));
    return restride(
      view,
      kept,
      kept.map((_, d) => (d === 1 ? view.strides[0]! : 0)),
    );
  };
  const dims = x.shape.map((_, d) => d).filter((d) => d !== 1);
  const statistics = own ? ops.statistics(call, x, dims) : { mean: along(mean), variance: along(variance!) };
  if (training && mean !== null) {
    move(call, mean.elements, restride(statistics.mean, channels, [1]), momentum, 1);
    move(call, variance!.elements, restride(statistics.variance, channels, [1]), momentum, count / (count - 1));
  }
  const affine = [channels[0]!, ...new Array<number>(x.shape.length - 2).fill(1)];
  return normalise(call, input, factor, shift, { node: 'NativeBatchNormBackward0', statistics, own, eps, affine });
}

/** running <- (1 - momentum) running + momentum factor value */
function move(call: string, running: TensorView, value: TensorView, momentum: number, factor: number): void {
  const { add, mul } = ops.binaryOps;
  mul.scalar.forward(call, [running], 1 - momentum, running);
  const step = ops.cast(call, mul.scalar.forward(call, [value], momentum * factor), running.dtype);
  add.forward(call, [running, step], undefined, running);
}

/**
 * Normalises by mean and variance over the last dimensions, then scales and shifts (Ba, Kiros and Hinton 2016).
 *
 * @param normalizedShape the sizes of the dimensions that are normalised; a number is one dimension
 * @param weight of that shape, or null for 1; `bias` likewise, or null for 0
 * @param eps added to the variance; 1e-5 by default
 * @throws RangeError (ERR_SHAPE) where shapes do not fit
 * @example
 * nn.functional.layerNorm(randn(2, 8), [8]).shape; // [2, 8]
 */
export function layerNorm(
  input: Tensor,
  normalizedShape: number | readonly number[],
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  const call = 'layerNorm';
  const x = operand(call, input);
  checkFloat(call, x.dtype);
  const shape = checkNormalizedShape(call, normalizedShape);
  const lead = x.shape.length - shape.length;
  if (lead < 0 || !sameShape(x.shape.slice(lead), shape)) {
    throw shapeError(call, `expected an input [..., ${shape.join(', ')}], got shape ${formatShape(x.shape)}`);
  }
  const factor = checkOptional(call, 'weight', weight, shape);
  const shift = checkOptional(call, 'bias', bias, shape);
  const statistics = ops.statistics(
    call,
    x,
    shape.map((_, d) => lead + d),
  );
  const args = { node: 'NativeLayerNormBackward0', statistics, own: true, eps: checkEps(call, eps), affine: shape };
  return normalise(call, input, factor, shift, args);
}

export function checkNormalizedShape(call: string, given: unknown): number[] {
  const shape = checkShape(call, typeof given === 'number' ? [given] : given);
  if (shape.length === 0) throw shapeError(call, 'normalizedShape must have 1 or more sizes, got []');
  return shape;
}
