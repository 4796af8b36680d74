// The table of operations element by element, with their gradients. Add an operation: docs/add-an-op.md.
import { checkFloat } from '../dtype.js';
import { kernelId } from '../run.js';
import { allocateView, type TensorView } from '../view.js';
import { div, mul, neg, sub } from './arithmetic.js';
import { mapBinary, mapUnary } from './map.js';
import { from, type Gradient, linear, type Op } from './op.js';
import { checkFits, fill } from './storage.js';

/** An operation on two tensors that broadcast, and the same on a tensor and a number. */
export interface BinaryRow extends Op {
  readonly scalar: Op<number>;
}

function unary(name: string, gradient: Gradient<undefined> | undefined): Op {
  const kernel = kernelId(name);
  return {
    node: nodeName(name),
    forward: (call, [x], _, target) => mapUnary(call, kernel, x!, undefined, target),
    gradients: [gradient],
  };
}

function binary(
  name: string,
  gradients: readonly [Gradient<undefined>, Gradient<undefined>],
  scalarGradient: Gradient<number>,
  keepsNumber = false,
): BinaryRow {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  const node = nodeName(name);
  return {
    node,
    forward: (call, [a, b], _, target) => mapBinary(call, kernel, a!, b!, undefined, target),
    gradients,
    scalar: {
      node,
      forward: (call, [a], number, target) => mapUnary(call, scalarKernel, a!, [number], target),
      gradients: [scalarGradient],
      keepsNumber,
    },
  };
}

/** torch's name of a node: `leaky_relu` makes a LeakyReluBackward0. */
function nodeName(name: string): string {
  const camel = name.replace(/(^|_)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
  return `${camel}Backward0`;
}

/**
 * Operations on one tensor, element by element. Each row becomes a method of Tensor and its in-place twin: `neg` and
 * `neg_`.
 */
export const unaryOps = {
  /** The negative of each element. */
  neg: unary('neg', linear(neg)),
  /** The square root of each element; NaN below 0. */
  sqrt: unary(
    'sqrt',
    from(['output'], (g, [y]) => div(g, mul(y!, 2))),
  ),
  /** One over the square root of each element; infinity at 0, NaN below. */
  rsqrt: unary(
    'rsqrt',
    from(['output'], (g, [y]) => mul(mul(g, -0.5), mul(y!, mul(y!, y!)))),
  ),
  /** e to the power of each element. */
  exp: unary(
    'exp',
    from(['output'], (g, [y]) => mul(g, y!)),
  ),
  /** The hyperbolic tangent of each element. */
  tanh: unary(
    'tanh',
    from(['output'], (g, [y]) => sub(g, mul(g, mul(y!, y!)))),
  ),
  /** max(x, 0) for each element. */
  relu: unary('relu', undefined),
} satisfies Record<string, Op>;

/** Operations on two tensors that broadcast, or on a tensor and a number. */
export const binaryOps = {
  /** The sum of each pair of elements. */
  add: binary(
    'add',
    [linear((g) => g), linear((g) => g)],
    linear((g) => g),
  ),
  /** The difference of each pair of elements. */
  sub: binary(
    'sub',
    [linear((g) => g), linear(neg)],
    linear((g) => g),
  ),
  /** The product of each pair of elements. */
  mul: binary(
    'mul',
    [from([1], (g, [b]) => mul(g, b!)), from([0], (g, [a]) => mul(g, a!))],
    linear((g, number) => mul(g, number)),
    true,
  ),
  /** The quotient of each pair of elements. */
  div: binary(
    'div',
    [from([1], (g, [b]) => div(g, b!)), from([0, 1], (g, [a, b]) => neg(mul(g, div(div(a!, b!), b!))))],
    linear((g, number) => div(g, number)),
    true,
  ),
};

const kernels = { clamp: kernelId('clamp') };

/** Bounds of `clamp`. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

function clamp(call: string, x: TensorView, low: number, high: number, target?: TensorView): TensorView {
  for (const bound of [low, high]) checkFits(call, bound, x.dtype);
  // As torch: a bound that is NaN makes everything NaN.
  if (!Number.isNaN(low) && !Number.isNaN(high)) return mapUnary(call, kernels.clamp, x, [low, high], target);
  const out = target ?? allocateView(call, x.shape, checkFloat(call, x.dtype));
  fill(call, out, NaN);
  return out;
}

/** min(max(x, low), high), in this order. */
export const clampOp: Op<Bounds> = {
  node: 'ClampBackward1',
  forward: (call, [x], { low, high }, target) => clamp(call, x!, low, high, target),
  gradients: [],
};
