// Arithmetic in place on views, from which the optimisers' updates are put together without fresh arrays.
import { allocateUncleared, type TensorArray } from '../dtype.js';
import { binaryOps, unaryOps } from '../ops/index.js';
import { contiguousStrides, numElements } from '../shape.js';
import type { TensorView } from '../view.js';

const { add, sub, mul, div } = binaryOps;
const call = 'step';

/** Memory for intermediate results, two for each dtype, as large as the largest parameter so far. */
const memory = new Map<string, TensorArray>();

/** A view of x's shape and dtype on scratch memory: each `slot` is one. */
function scratch(x: TensorView, slot: 0 | 1): TensorView {
  const { dtype, shape } = x;
  const count = numElements(shape);
  const key = `${dtype}${slot}`;
  let array = memory.get(key);
  if (array === undefined || array.length < count) {
    array = allocateUncleared(dtype, count);
    memory.set(key, array);
  }
  return { array, dtype, shape, strides: contiguousStrides(shape), offset: 0, version: { count: 0 } };
}

/** x <- factor x */
export function scale(x: TensorView, factor: number): void {
  mul.scalar.forward(call, [x], factor, x);
}

/** x <- x + factor y */
export function addScaled(x: TensorView, y: TensorView, factor: number): void {
  if (factor === 1) add.forward(call, [x, y], undefined, x);
  else if (factor === -1) sub.forward(call, [x, y], undefined, x);
  else add.forward(call, [x, mul.scalar.forward(call, [y], factor, scratch(x, 0))], undefined, x);
}

/** x + factor y, on memory that the next call of `sum` or `negative` reuses; x may lie there. */
export function sum(x: TensorView, y: TensorView, factor: number): TensorView {
  const product = mul.scalar.forward(call, [y], factor, scratch(x, 0));
  return add.forward(call, [x, product], undefined, scratch(x, 1));
}

/** -x, on memory that the next call of `sum` or `negative` reuses. */
export function negative(x: TensorView): TensorView {
  return unaryOps.neg.forward(call, [x], undefined, scratch(x, 1));
}

/** x <- x + factor (y - x) */
export function lerp(x: TensorView, y: TensorView, factor: number): void {
  const way = sub.forward(call, [y, x], undefined, scratch(x, 0));
  add.forward(call, [x, mul.scalar.forward(call, [way], factor, way)], undefined, x);
}

/** x <- x + factor y^2 */
export function addSquare(x: TensorView, y: TensorView, factor: number): void {
  const square = mul.forward(call, [y, y], undefined, scratch(x, 0));
  add.forward(call, [x, mul.scalar.forward(call, [square], factor, square)], undefined, x);
}

/** x <- x + factor y / (sqrt(z) / divisor + eps) */
export function addQuotient(
  x: TensorView,
  y: TensorView,
  z: TensorView,
  { factor, divisor, eps }: { factor: number; divisor: number; eps: number },
): void {
  const root = unaryOps.sqrt.forward(call, [z], undefined, scratch(x, 0));
  div.scalar.forward(call, [root], divisor, root);
  add.scalar.forward(call, [root], eps, root);
  const quotient = div.forward(call, [y, root], undefined, root);
  add.forward(call, [x, mul.scalar.forward(call, [quotient], factor, quotient)], undefined, x);
}
