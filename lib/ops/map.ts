// Element by element: from operands of several shapes and dtypes to one kernel call.
import { computeDType, type DType, promote } from '../dtype.js';
import { shapeError } from '../errors.js';
import { run } from '../run.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import { broadcastTo, outputView, type TensorView } from '../view.js';
import { cast, contiguousCopy, copy, overlaps } from './storage.js';

const noParams: readonly number[] = [];

/**
 * Runs an element-by-element kernel on inputs of one shape, into `target` or a fresh view. `dtype` is the result's; the
 * kernel computes in the dtype that has arithmetic.
 */
function map(
  call: string,
  kernel: number,
  inputs: TensorView[],
  params: readonly number[],
  dtype: DType,
  target: TensorView | undefined,
): TensorView {
  const compute = computeDType(call, dtype);
  for (let i = 0; i < inputs.length; i++) inputs[i] = cast(call, inputs[i]!, compute);
  const out = target ?? outputView(call, inputs[0]!.shape, dtype);
  if (out.dtype !== compute) {
    const result = outputView(call, out.shape, compute);
    run(call, kernel, [result, ...inputs], params);
    copy(call, result, out);
    return out;
  }
  if (target !== undefined) {
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (input !== out && overlaps(input, out)) inputs[i] = contiguousCopy(call, input);
    }
  }
  inputs.unshift(out);
  run(call, kernel, inputs, params);
  return out;
}

/** One input, and numbers. */
export function mapUnary(
  call: string,
  kernel: number,
  x: TensorView,
  params: readonly number[] = noParams,
  target?: TensorView,
): TensorView {
  return map(call, kernel, [x], params, x.dtype, target);
}

/** Two inputs that broadcast, of dtypes that torch would promote. */
export function mapBinary(
  call: string,
  kernel: number,
  a: TensorView,
  b: TensorView,
  params: readonly number[] = noParams,
  target?: TensorView,
): TensorView {
  const same = sameShape(a.shape, b.shape);
  const shape = same ? a.shape : broadcastShapes(call, a.shape, b.shape);
  if (target !== undefined && !same && !sameShape(shape, target.shape)) {
    throw shapeError(
      call,
      `shape ${formatShape(b.shape)} does not broadcast to ${formatShape(a.shape)}, which an in-place call keeps`,
    );
  }
  const dtype = promote(a.dtype, a.shape.length, b.dtype, b.shape.length);
  const inputs = [a, b];
  if (!same) {
    // Converted before they are repeated.
    const compute = computeDType(call, dtype);
    for (let i = 0; i < 2; i++) inputs[i] = broadcastTo(cast(call, inputs[i]!, compute), shape);
  }
  return map(call, kernel, inputs, params, dtype, target);
}
