// Arithmetic in place on views, from which the optimisers' updates are put together without fresh arrays.
import type { TensorArray } from '../dtype.js';
import { allocateOutput, keepArray } from '../memory.js';
import { binaryOps, choiceOps, unaryOps } from '../ops/index.js';
import { kernelId, run } from '../run.js';
import { contiguousStrides, numElements } from '../shape.js';
import type { TensorView } from '../view.js';

const call = 'step';
const kernels = { addScaled: kernelId('add_scaled'), addcmul: kernelId('addcmul'), addcdiv: kernelId('addcdiv') };

/** Memory for intermediate results, two for each dtype, as large as the largest parameter so far. */
const memory = new Map<string, TensorArray>();

/** A view of x's shape and dtype on scratch memory: each `slot` is one. */
function scratch(x: TensorView, slot: 0 | 1): TensorView {
  const { dtype, shape } = x;
  const count = numElements(shape);
  const key = `${dtype}${slot}`;
  let array = memory.get(key);
  if (array === undefined || array.length < count) {
    array = allocateOutput(dtype, count);
    keepArray(array);
    memory.set(key, array);
  }
  return { array, dtype, shape, strides: contiguousStrides(shape), offset: 0, version: { count: 0 } };
}

/** x <- factor x */
export function scale(x: TensorView, factor: number): void {
  binaryOps.mul.scalar.forward(call, [x], factor, x);
}

/** x <- x + factor y */
export function addScaled(x: TensorView, y: TensorView, factor: number): void {
  run(call, kernels.addScaled, [x, x, y], [factor]);
}

/** x + factor y, on memory that the next call of `sum` or `negative` reuses; x may lie there. */
export function sum(x: TensorView, y: TensorView, factor: number): TensorView {
  const out = scratch(x, 1);
  run(call, kernels.addScaled, [out, x, y], [factor]);
  return out;
}

/** -x, on memory that the next call of `sum` or `negative` reuses. */
export function negative(x: TensorView): TensorView {
  return unaryOps.neg.forward(call, [x], undefined, scratch(x, 1));
}

/** x <- x + factor (y - x) */
export function lerp(x: TensorView, y: TensorView, factor: number): void {
  addScaled(x, binaryOps.sub.forward(call, [y, x], undefined, scratch(x, 0)), factor);
}

/** x <- x + factor y^2 */
export function addSquare(x: TensorView, y: TensorView, factor: number): void {
  run(call, kernels.addcmul, [x, x, y, y], [factor]);
}

/** x <- max(x, y) */
export function raise(x: TensorView, y: TensorView): void {
  choiceOps.maximum.forward(call, [x, y], undefined, x);
}

/** x <- x + factor y / (sqrt(z) / divisor + eps) */
export function addQuotient(
  x: TensorView,
  y: TensorView,
  z: TensorView,
  { factor, divisor, eps }: { factor: number; divisor: number; eps: number },
): void {
  const root = unaryOps.sqrt.forward(call, [z], undefined, scratch(x, 0));
  binaryOps.div.scalar.forward(call, [root], divisor, root);
  binaryOps.add.scalar.forward(call, [root], eps, root);
  run(call, kernels.addcdiv, [x, x, y, root], [factor]);
}
