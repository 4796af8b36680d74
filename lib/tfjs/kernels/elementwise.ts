// Kernels element by element, on float32.
import { types } from 'node:util';
import { kernelId, run } from '../../run.js';
import { broadcastShapes, numElements, type Shape, sameShape } from '../../shape.js';
import { broadcastTo, type TensorView } from '../../view.js';
import type { EvenkeelBackend } from '../backend.js';
import type { TensorInfo } from '../core.js';
import {
  caller,
  fill,
  finish,
  flat,
  floats,
  type KernelCall,
  type KernelFamily,
  type NativeKernel,
  shaped,
} from '../kernel.js';

const noParams: readonly number[] = [];

/** A kernel of one input, with parameters that depend on the attributes. */
function unary(name: string, params?: (attributes: Record<string, unknown>) => readonly number[]): NativeKernel {
  const kernel = kernelId(name);
  return ({ inputs, backend, attrs }: KernelCall) => {
    // Every kernel calls its input x, but for the activations that call it features.
    const x = (inputs.x ?? inputs.features)!;
    const values = floats(backend, x);
    if (values === undefined || values.length === 0) return undefined;
    const out = backend.take('float32', values.length);
    run(caller, kernel, [flat(out), flat(values)], params === undefined ? noParams : params(attrs));
    return finish(backend, x.shape, 'float32', out);
  };
}

/** The same input twice. */
const square: NativeKernel = ({ inputs, backend }: KernelCall) => {
  const x = inputs.x!;
  const values = floats(backend, x);
  if (values === undefined || values.length === 0) return undefined;
  const out = backend.take('float32', values.length);
  run(caller, mulKernel, [flat(out), flat(values), flat(values)]);
  return finish(backend, x.shape, 'float32', out);
};

const mulKernel = kernelId('mul');
const addKernel = kernelId('add');

/** Two tensors as views of their common shape; undefined where the cpu backend is to say what does not fit. */
function operands(backend: EvenkeelBackend, a: TensorInfo, b: TensorInfo) {
  const [x, y] = [floats(backend, a), floats(backend, b)];
  if (x === undefined || y === undefined || x.length === 0 || y.length === 0) return undefined;
  if (sameShape(a.shape, b.shape)) return { shape: a.shape, x: flat(x), y: flat(y), flat: true };
  const shape = common(a.shape, b.shape);
  if (shape === undefined) return undefined;
  return {
    shape,
    x: broadcastTo(shaped(x, a.shape), shape),
    y: broadcastTo(shaped(y, b.shape), shape),
    flat: false,
  };
}

function common(a: Shape, b: Shape): number[] | undefined {
  try {
    return [...broadcastShapes(caller, a, b)];
  } catch {
    return undefined;
  }
}

/**
 * A kernel of two inputs that broadcast. Where one has a single element, it is a parameter of `withNumber` (the second one is)
 * or of `numberWith` (the first one is).
 */
function binary(name: string, withNumber?: string, numberWith?: string): NativeKernel {
  const kernel = kernelId(name);
  const right = withNumber === undefined ? undefined : kernelId(withNumber);
  const left = numberWith === undefined ? undefined : kernelId(numberWith);
  const single = (backend: EvenkeelBackend, id: number, shape: number[], x: Float32Array, y: number) => {
    const out = backend.take('float32', x.length);
    run(caller, id, [flat(out), flat(x)], [y]);
    return finish(backend, shape, 'float32', out);
  };
  return ({ inputs, backend }: KernelCall) => {
    const [a, b] = [inputs.a!, inputs.b!];
    if (!sameShape(a.shape, b.shape)) {
      const [x, y] = [floats(backend, a), floats(backend, b)];
      if (x === undefined || y === undefined || x.length === 0) return undefined;
      if (right !== undefined && y.length === 1 && b.shape.length <= a.shape.length)
        return single(backend, right, a.shape, x, y[0]!);
      if (left !== undefined && x.length === 1 && y.length > 0 && a.shape.length <= b.shape.length)
        return single(backend, left, b.shape, y, x[0]!);
    }
    const views = operands(backend, a, b);
    if (views === undefined) return undefined;
    const out = backend.take('float32', numElements(views.shape));
    run(caller, kernel, [views.flat ? flat(out) : shaped(out, views.shape), views.x, views.y]);
    return finish(backend, views.shape, 'float32', out);
  };
}

/** A comparison, which gives booleans. */
function comparison(name: string): NativeKernel {
  const kernel = kernelId(name);
  return ({ inputs, backend }: KernelCall) => {
    const views = operands(backend, inputs.a!, inputs.b!);
    if (views === undefined) return undefined;
    const out = backend.take('bool', numElements(views.shape));
    const view = views.flat ? { ...shaped(out, [out.length]) } : shaped(out, views.shape);
    run(caller, kernel, [{ ...view, dtype: 'bool' }, views.x, views.y]);
    return finish(backend, views.shape, 'bool', out);
  };
}

const squaredDifference: NativeKernel = ({ inputs, backend }: KernelCall) => {
  const views = operands(backend, inputs.a!, inputs.b!);
  if (views === undefined) return undefined;
  const out = backend.take('float32', numElements(views.shape));
  run(caller, subKernel, [views.flat ? flat(out) : shaped(out, views.shape), views.x, views.y]);
  run(caller, mulKernel, [flat(out), flat(out), flat(out)]);
  return finish(backend, views.shape, 'float32', out);
};

const subKernel = kernelId('sub');

/** The sum of a list of tensors of one shape. */
const addN: NativeKernel = ({ inputs, backend }: KernelCall) => {
  const list = inputs as unknown as readonly TensorInfo[];
  const values = list.map((info) => floats(backend, info));
  const [first, ...rest] = values;
  if (first === undefined || first.length === 0 || rest.length === 0) return undefined;
  if (rest.some((array) => array?.length !== first.length)) return undefined;
  const out = backend.take('float32', first.length);
  run(caller, addKernel, [flat(out), flat(first), flat(rest[0]!)]);
  for (const array of rest.slice(1)) run(caller, addKernel, [flat(out), flat(out), flat(array!)]);
  return finish(backend, list[0]!.shape, 'float32', out);
};

const whereKernel = kernelId('where');

/** Elements of one tensor where a condition of the same shape holds, else of another. */
const select: NativeKernel = ({ inputs, backend }: KernelCall) => {
  const { condition, t, e } = inputs as { condition: TensorInfo; t: TensorInfo; e: TensorInfo };
  const [x, y] = [floats(backend, t), floats(backend, e)];
  const chosen = (backend.data.get(condition.dataId) as { values?: unknown }).values;
  if (x === undefined || y === undefined || x.length === 0 || condition.dtype !== 'bool') return undefined;
  if (!types.isUint8Array(chosen) || chosen.length !== x.length || y.length !== x.length) return undefined;
  if (!sameShape(condition.shape, t.shape)) return undefined;
  const out = backend.take('float32', x.length);
  const view: TensorView = { array: chosen, dtype: 'bool', shape: [x.length], strides: [1], offset: 0 };
  run(caller, whereKernel, [flat(out), view, flat(x), flat(y)]);
  return finish(backend, t.shape, 'float32', out);
};

/** A tensor of one number like another. */
function constant(value: number): NativeKernel {
  return ({ inputs, backend }: KernelCall) => {
    const { shape, dtype } = inputs.x!;
    if (dtype !== 'float32' || numElements(shape) === 0) return undefined;
    const out = backend.take('float32', numElements(shape));
    fill(flat(out), value);
    return finish(backend, shape, 'float32', out);
  };
}

const fillShape: NativeKernel = ({
  backend,
  attrs,
}: KernelCall<{ shape: number[]; value: unknown; dtype?: string }>) => {
  const { shape, value, dtype } = attrs;
  if (typeof value !== 'number' || (dtype ?? 'float32') !== 'float32' || numElements(shape) === 0) return undefined;
  const out = backend.take('float32', numElements(shape));
  fill(flat(out), Math.fround(value));
  return finish(backend, shape, 'float32', out);
};

/** What layers fuse with a product or a convolution; undefined for one that is not to be had in place. */
export function activation(name: string | undefined, leakyreluAlpha = 0): ((view: TensorView) => void) | undefined {
  const inPlace = (kernel: number, params: readonly number[]) => (view: TensorView) =>
    run(caller, kernel, [view, view], params);
  switch (name ?? 'linear') {
    case 'linear':
      return () => {};
    case 'relu':
      return inPlace(ids.relu, noParams);
    case 'relu6':
      return inPlace(ids.clamp, [0, 6]);
    case 'elu':
      return inPlace(ids.elu, [1]);
    case 'leakyrelu':
      return inPlace(ids.leakyRelu, [leakyreluAlpha]);
    case 'sigmoid':
      return inPlace(ids.sigmoid, noParams);
    default:
      return undefined;
  }
}

const ids = {
  relu: kernelId('relu'),
  clamp: kernelId('clamp'),
  elu: kernelId('elu'),
  leakyRelu: kernelId('leaky_relu'),
  sigmoid: kernelId('sigmoid'),
};

/** Adds what broadcasts to `out` in place. */
export function addInPlace(out: TensorView, term: TensorView): void {
  run(caller, addKernel, [out, out, broadcastTo(term, out.shape)]);
}

export const elementwise: KernelFamily = {
  Add: binary('add', 'add_scalar', 'add_scalar'),
  Sub: binary('sub', 'sub_scalar', 'rsub_scalar'),
  Multiply: binary('mul', 'mul_scalar', 'mul_scalar'),
  RealDiv: binary('div', 'div_scalar', 'rdiv_scalar'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  SquaredDifference: squaredDifference,
  AddN: addN,
  Equal: comparison('eq'),
  NotEqual: comparison('ne'),
  Less: comparison('lt'),
  LessEqual: comparison('le'),
  Greater: comparison('gt'),
  GreaterEqual: comparison('ge'),
  Select: select,
  Neg: unary('neg'),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Square: square,
  Sqrt: unary('sqrt'),
  Rsqrt: unary('rsqrt'),
  Reciprocal: unary('rdiv_scalar', () => [1]),
  Exp: unary('exp'),
  Log: unary('log'),
  Erf: unary('erf'),
  Tanh: unary('tanh'),
  Sigmoid: unary('sigmoid'),
  Softplus: unary('softplus', () => [1, 20]),
  Step: unary('step', ({ alpha }) => [alpha as number]),
  Relu: unary('relu'),
  Relu6: unary('clamp', () => [0, 6]),
  LeakyRelu: unary('leaky_relu', ({ alpha }) => [alpha as number]),
  Elu: unary('elu', () => [1]),
  Selu: unary('selu'),
  ClipByValue: unary('clamp', ({ clipValueMin, clipValueMax }) => [clipValueMin as number, clipValueMax as number]),
  ZerosLike: constant(0),
  OnesLike: constant(1),
  Fill: fillShape,
};
