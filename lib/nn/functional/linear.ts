import { checkOptions } from '../../arguments.js';
import { isGradEnabled, needsGrad } from '../../autograd.js';
import { dtypes } from '../../dtype.js';
import { argumentError, describe, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { formatShape, numElements } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import type { TensorView } from '../../view.js';

/** Options of `linear`. */
export interface LinearOptions {
  /** 'relu' sets negative outputs to 0, in the same pass where no gradient is recorded; none by default. */
  activation?: 'relu';
}

/**
 * x W' + b for inputs [..., in], a weight [out, in] and a bias [out] (none by default).
 *
 * @throws TypeError (ERR_DTYPE) for operands of two dtypes; RangeError (ERR_SHAPE) where the inputs
 * have another number of features; TypeError (ERR_ARGUMENT) for another activation
 * @example
 * nn.functional.linear(randn(8, 512), randn(10, 512), zeros(10)).shape; // [8, 10]
 * nn.functional.linear(randn(8, 512), randn(10, 512), null, { activation: 'relu' });
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null, options?: LinearOptions): Tensor {
  const call = 'linear';
  const { activation } = checkOptions(call, options);
  if (activation !== undefined && activation !== 'relu') {
    throw argumentError(call, `activation must be 'relu' or left out, got ${describe(activation)}`);
  }
  const x = operand(call, input);
  const w = operand(call, weight);
  if (w.shape.length !== 2) throw shapeError(call, `expected a weight [out, in], got shape ${formatShape(w.shape)}`);
  const [outFeatures, inFeatures] = w.shape as [number, number];
  const features = x.shape.at(-1);
  if (features !== inFeatures) {
    throw shapeError(
      call,
      `expected ${inFeatures} input features, got ${features ?? 'a scalar'}: input shape ${formatShape(x.shape)}, ` +
        `weight shape ${formatShape(w.shape)}`,
    );
  }
  ops.checkSameDType(call, x, w);
  const given = bias !== null && bias !== undefined;
  if (given) checkBias(call, bias, outFeatures, x);
  const operands = given ? [weight, bias] : [weight];
  // relu's gradient takes a node of its own.
  const recorded = isGradEnabled() && [input, ...operands].some(needsGrad);
  const relu = activation === 'relu' && !recorded && dtypes[x.dtype].kind === 'float';
  const layer = (rows: Tensor) => {
    const out = apply(call, ops.linearOp, [rows, ...operands], { bias: given, relu });
    return activation === 'relu' && !relu ? out.relu() : out;
  };
  if (x.shape.length === 2) return layer(input);
  const flat = input.reshape(numElements(x.shape.slice(0, -1)), inFeatures);
  return apply(call, ops.reshapeCopyOp, [layer(flat)], { shape: [...x.shape.slice(0, -1), outFeatures] });
}

/** Checks a bias [size] of the dtype of what it is added to. */
export function checkBias(call: string, bias: Tensor, size: number, x: TensorView): void {
  const view = operand(call, bias);
  if (view.shape.length !== 1 || view.shape[0] !== size) {
    throw shapeError(call, `expected a bias of shape [${size}], got ${formatShape(view.shape)}`);
  }
  ops.checkSameDType(call, view, x);
}
