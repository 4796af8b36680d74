// The table of operations element by element, with their gradients. Add an operation: docs/add-an-op.md.
import { type DType, dtypes } from '../dtype.js';
import { dtypeError, rangeError } from '../errors.js';
import { kernelId } from '../run.js';
import { allocateView, type TensorView } from '../view.js';
import {
  add,
  div,
  equal,
  exp,
  fused,
  greater,
  greaterEqual,
  less,
  log,
  masked,
  mul,
  neg,
  pow,
  sign,
} from './arithmetic.js';
import { type Domain, domainDType, dtypeWithNumber, mapBinary, mapUnary, promoted, scalarParams } from './map.js';
import { nodeName } from './names.js';
import { from, type Gradient, linear, type Op } from './op.js';
import { cast, checkFits } from './storage.js';

const noParams: readonly number[] = [];

function unary(name: string, domain: Domain, gradient: Gradient<undefined>): Op {
  const kernel = kernelId(name);
  return {
    node: nodeName(name),
    forward: (call, [x], _, target) =>
      mapUnary(call, kernel, x!, noParams, target, domainDType(call, domain, x!.dtype)),
    gradients: [gradient],
  };
}

/** The gradient is 0 wherever there is one. */
const flat: Gradient<undefined> = linear((g) => mul(g, 0));

const erfSlope = 2 / Math.sqrt(Math.PI);

/**
 * Operations on one tensor, element by element. Each row becomes a method of Tensor and its in-place twin: `neg` and
 * `neg_`.
 */
export const unaryOps = {
  /** The negative of each element. */
  neg: unary('neg', 'number', linear(neg)),
  /** The magnitude of each element. */
  abs: unary(
    'abs',
    'number',
    from([0], (g, [x]) => mul(g, sign(x!))),
  ),
  /** The sign of each element: -1, 0 or 1; 0 for NaN, as in torch. */
  sign: unary('sign', 'any', flat),
  /** The square root of each element; NaN below 0. */
  sqrt: unary(
    'sqrt',
    'float',
    from(['output'], (g, [y]) => div(g, mul(y!, 2))),
  ),
  /** One over the square root of each element; infinity at 0, NaN below. */
  rsqrt: unary(
    'rsqrt',
    'float',
    from(['output'], (g, [y]) => mul(mul(g, -0.5), mul(y!, mul(y!, y!)))),
  ),
  /** e to the power of each element. */
  exp: unary(
    'exp',
    'float',
    from(['output'], (g, [y]) => mul(g, y!)),
  ),
  /** The natural logarithm of each element; -infinity at 0, NaN below. */
  log: unary(
    'log',
    'float',
    from([0], (g, [x]) => div(g, x!)),
  ),
  /** The error function of each element. */
  erf: unary(
    'erf',
    'float',
    from([0], (g, [x]) => mul(mul(g, erfSlope), exp(neg(mul(x!, x!))))),
  ),
  /** The hyperbolic tangent of each element. */
  tanh: unary('tanh', 'float', from(['output'], fusedWith('tanh_backward'))),
  /** 1 / (1 + e^-x) for each element. */
  sigmoid: unary('sigmoid', 'float', from(['output'], fusedWith('sigmoid_backward'))),
  /** x / (1 + e^-x) for each element (Elfwing et al. 2017; also called swish). */
  silu: unary('silu', 'floats only', from([0], fusedWith('silu_backward'))),
} satisfies Record<string, Op>;

/** A gradient by a kernel of its own, from the output's and one value. */
function fusedWith(name: string): Gradient<undefined>['formula'] {
  const kernel = fused(name);
  return (g, [value]) => kernel(g, value!);
}

/** An operation on two tensors that broadcast, and the same on a tensor and a number. */
export interface BinaryRow extends Op {
  readonly scalar: Op<number | bigint>;
}

interface BinaryOptions {
  /** Numbers at the end of torch's names for nodes. */
  readonly suffixes?: readonly [pair: number, scalar: number];
  /** Of the operation with a number. */
  readonly keepsNumber?: boolean;
  /** What torch refuses although the operation is defined. */
  readonly check?: (call: string, a: DType, b: DType | number | bigint) => void;
}

type Pair = readonly [Gradient<undefined>, Gradient<undefined>];

function binary(
  name: string,
  domain: Domain,
  gradients: Pair,
  scalarGradient: Gradient<number | bigint>,
  { suffixes = [0, 0], keepsNumber = false, check }: BinaryOptions = {},
): BinaryRow {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  return {
    node: nodeName(name, suffixes[0]),
    forward: (call, [a, b], _, target) => {
      check?.(call, a!.dtype, b!.dtype);
      return mapBinary(call, kernel, a!, b!, noParams, target, domainDType(call, domain, promoted(a!, b!)));
    },
    gradients,
    scalar: {
      node: nodeName(name, suffixes[1]),
      forward: (call, [a], number, target) => {
        const dtype = domainDType(call, domain, dtypeWithNumber(call, a!, number));
        check?.(call, a!.dtype, number);
        return mapUnary(call, scalarKernel, a!, scalarParams(dtype, number), target, dtype);
      },
      gradients: [scalarGradient],
      keepsNumber,
    },
  };
}

function refuseBool(call: string, a: DType, b: DType | number | bigint): void {
  if (a === 'bool' || b === 'bool')
    throw dtypeError(call, 'there is no difference of booleans; convert with to() first');
}

/** Of whole numbers to a number: a power below 0 or beyond the dtype. A tensor of powers may have any. */
function refusePower(call: string, a: DType, power: DType | number | bigint): void {
  if (typeof power === 'string' || dtypes[a].kind === 'float' || !Number.isInteger(Number(power))) return;
  if (power >= 0 && power <= dtypes[a === 'bool' ? 'int64' : a].max) return;
  throw rangeError(call, `whole numbers have no power ${power}; convert with to('float32') first`);
}

/** Operations on two tensors that broadcast, or on a tensor and a number. Each row becomes a method and its in-place twin. */
export const binaryOps = {
  /** The sum of each pair of elements. */
  add: binary(
    'add',
    'any',
    [linear((g) => g), linear((g) => g)],
    linear((g) => g),
  ),
  /** The difference of each pair of elements. */
  sub: binary(
    'sub',
    'number',
    [linear((g) => g), linear(neg)],
    linear((g) => g),
    { check: refuseBool },
  ),
  /** The product of each pair of elements. */
  mul: binary(
    'mul',
    'any',
    [from([1], (g, [b]) => mul(g, b!)), from([0], (g, [a]) => mul(g, a!))],
    linear((g, number) => mul(g, Number(number))),
    { keepsNumber: true },
  ),
  /** The quotient of each pair of elements. */
  div: binary(
    'div',
    'float',
    [from([1], (g, [b]) => div(g, b!)), from([0, 1], (g, [a, b]) => neg(mul(g, div(div(a!, b!), b!))))],
    linear((g, number) => div(g, Number(number))),
    { keepsNumber: true },
  ),
  /** The first of each pair of elements to the power of the second. Whole numbers take whole powers of 0 or more. */
  pow: binary(
    'pow',
    'number',
    [
      from([0, 1], (g, [a, b]) => {
        const [x, p] = [inDTypeOf(g, a!), inDTypeOf(g, b!)];
        return masked(notZero(p), mul(g, mul(p, pow(x, add(p, -1)))));
      }),
      // 0 to a power of 0 or more stays 0 in its neighbourhood.
      from([0, 1, 'output'], (g, [a, b, y]) =>
        masked(notBoth(equal(a!, 0), greaterEqual(b!, 0)), mul(g, mul(y!, log(inDTypeOf(g, a!))))),
      ),
    ],
    from([0], (g, [a], power) => {
      const p = Number(power);
      return p === 0 ? mul(g, 0) : mul(g, mul(pow(a!, p - 1), p));
    }),
    { suffixes: [1, 0], check: refusePower },
  ),
} satisfies Record<string, BinaryRow>;

/** Whole numbers have no logarithm, and booleans no difference. */
const inDTypeOf = (g: TensorView, x: TensorView) => cast('backward', x, g.dtype);
const notZero = (x: TensorView) => equal(equal(x, 0), 0);
const notBoth = (a: TensorView, b: TensorView) => equal(mul(a, b), 0);

/** The greater or the less of each pair; equal ones share the gradient, as in torch. */
function choice(name: string, loses: (a: TensorView, b: TensorView) => TensorView): Op {
  const kernel = kernelId(name);
  const share = (g: TensorView, own: TensorView, other: TensorView) => {
    const halves = add(masked(equal(own, other), mul(g, 0.5)), masked(equal(equal(own, other), 0), g));
    return masked(equal(loses(own, other), 0), halves);
  };
  return {
    node: nodeName(name),
    forward: (call, [a, b], _, target) => mapBinary(call, kernel, a!, b!, noParams, target, promoted(a!, b!)),
    gradients: [from([0, 1], (g, [a, b]) => share(g, a!, b!)), from([0, 1], (g, [a, b]) => share(g, b!, a!))],
  };
}

/** Choices between two tensors that broadcast; NaN wins. Each row becomes a method of Tensor. */
export const choiceOps = {
  /** The greater of each pair of elements. */
  maximum: choice('maximum', less),
  /** The less of each pair of elements. */
  minimum: choice('minimum', greater),
};

/** Bounds of `clamp`; undefined is no bound. */
export interface Bounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
}

const clampKernel = kernelId('clamp');
const mulKernel = kernelId('mul_scalar');

type Bound = number | undefined;

function floatBounds(call: string, dtype: DType, min: Bound, max: Bound): [number, number] {
  for (const bound of [min, max]) if (bound !== undefined) checkFits(call, bound, dtype);
  return [min ?? -Infinity, max ?? Infinity];
}

/** Bounds that leave the dtype on their own side are none. */
function wholeBounds(call: string, dtype: DType, min: Bound, max: Bound): [number | bigint, number | bigint] {
  const { min: least, max: most } = dtypes[dtype];
  const last = dtype === 'int64' ? 2n ** 63n - 1n : most;
  if (min !== undefined && min > last) throw rangeError(call, `min ${min} does not fit ${dtype}`);
  if (max !== undefined && max < least) throw rangeError(call, `max ${max} does not fit ${dtype}`);
  return [min === undefined || min < least ? least : min, max === undefined || max > last ? last : max];
}

/** min(max(x, low), high), in this order; a bound that is NaN makes everything NaN. */
export const clampOp: Op<Bounds> = {
  node: 'ClampBackward1',
  forward: (call, [x], { min, max }, target) => {
    let dtype = x!.dtype;
    for (const bound of [min, max]) if (bound !== undefined) dtype = dtypeWithNumber(call, { ...x!, dtype }, bound);
    if (Number.isNaN(min) || Number.isNaN(max)) return mapUnary(call, mulKernel, x!, [NaN], target, dtype);
    const [low, high] =
      dtypes[dtype].kind === 'float' ? floatBounds(call, dtype, min, max) : wholeBounds(call, dtype, min, max);
    return mapUnary(call, clampKernel, x!, scalarParams(dtype, low, high), target, dtype);
  },
  gradients: [
    from([0], (g, [x], { min, max }) => {
      const above = min === undefined ? g : masked(greater(x!, min), g);
      return max === undefined ? above : masked(less(x!, max), above);
    }),
  ],
};

/** The kernels of an activation: its own, and its gradient's from the input's value. */
const activationKernels = (name: string) => ({ forward: kernelId(name), backward: fused(`${name}_backward`) });
type ActivationKernels = ReturnType<typeof activationKernels>;

/** Activations: operations on one tensor with numbers. */
function activation<Args>(
  kernels: (args: Args) => ActivationKernels,
  node: string,
  params: (args: Args) => readonly number[],
): Op<Args> {
  return {
    node,
    forward: (call, [x], args, target) =>
      mapUnary(call, kernels(args).forward, x!, params(args), target, domainDType(call, 'floats only', x!.dtype)),
    gradients: [from([0], (g, [x], args) => kernels(args).backward(g, x!, params(args)))],
  };
}

const leakyReluKernels = activationKernels('leaky_relu');
const geluKernels = { none: activationKernels('gelu'), tanh: activationKernels('gelu_tanh') };
const eluKernels = activationKernels('elu');
const seluKernels = activationKernels('selu');
const softplusKernels = activationKernels('softplus');

/** Activations by the method that computes them. */
export const activationOps = {
  leakyRelu: activation<{ slope: number }>(
    () => leakyReluKernels,
    'LeakyReluBackward0',
    ({ slope }) => [slope],
  ),
  gelu: activation<{ approximate: 'none' | 'tanh' }>(
    ({ approximate }) => geluKernels[approximate],
    'GeluBackward0',
    () => noParams,
  ),
  elu: activation<{ alpha: number }>(
    () => eluKernels,
    'EluBackward0',
    ({ alpha }) => [alpha],
  ),
  // torch computes it by elu, and names it so.
  selu: activation<undefined>(
    () => seluKernels,
    'EluBackward0',
    () => noParams,
  ),
  softplus: activation<{ beta: number; threshold: number }>(
    () => softplusKernels,
    'SoftplusBackward0',
    ({ beta, threshold }) => [beta, threshold],
  ),
};

const reluKernel = kernelId('relu');
const reluBackward = fused('relu_backward');
const maximumKernel = kernelId('maximum');

/** max(x, 0); NaN stays NaN. */
export const reluOp: Op = {
  node: 'ReluBackward0',
  forward: (call, [x], _, target) => {
    if (dtypes[x!.dtype].kind === 'float') return mapUnary(call, reluKernel, x!, noParams, target);
    const dtype = domainDType(call, 'number', x!.dtype);
    return mapBinary(call, maximumKernel, x!, allocateView(call, [], dtype), noParams, target, dtype);
  },
  gradients: [from(['output'], (g, [y]) => reluBackward(g, y!))],
};
