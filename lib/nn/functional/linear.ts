import { shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { formatShape, numElements } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import type { TensorView } from '../../view.js';

/**
 * x W' + b for inputs [..., in], a weight [out, in] and a bias [out].
 *
 * @throws RangeError (ERR_SHAPE) where the inputs have another number of features
 * @example
 * nn.functional.linear(randn(8, 512), randn(10, 512), zeros(10)).shape; // [8, 10]
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const call = 'linear';
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
  if (bias !== null && bias !== undefined) checkBias(call, bias, outFeatures, x);
  const given = bias !== null && bias !== undefined;
  const product = (rows: Tensor) =>
    apply(call, ops.linearOp, given ? [rows, weight, bias] : [rows, weight], { bias: given });
  if (x.shape.length === 2) return product(input);
  const flat = input.reshape(numElements(x.shape.slice(0, -1)), inFeatures);
  return apply(call, ops.reshapeCopyOp, [product(flat)], { shape: [...x.shape.slice(0, -1), outFeatures] });
}

/** Checks a bias [size] of the dtype of what it is added to. */
export function checkBias(call: string, bias: Tensor, size: number, x: TensorView): void {
  const view = operand(call, bias);
  if (view.shape.length !== 1 || view.shape[0] !== size) {
    throw shapeError(call, `expected a bias of shape [${size}], got ${formatShape(view.shape)}`);
  }
  ops.checkSameDType(call, view, x);
}
