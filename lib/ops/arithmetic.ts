// Arithmetic on views, in which gradients are written.
import { kernelId, run } from '../run.js';
import { broadcastShapes } from '../shape.js';
import { allocateView, broadcastTo, outputView, type TensorView } from '../view.js';
import { dtypeWithNumber, mapBinary, mapUnary, promoted, scalarParams } from './map.js';
import { cast } from './storage.js';

const call = 'backward';
const noParams: readonly number[] = [];

function unary(name: string): (x: TensorView) => TensorView {
  const kernel = kernelId(name);
  return (x) => mapUnary(call, kernel, x);
}

function binary(name: string): (a: TensorView, b: TensorView | number) => TensorView {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  return (a, b) =>
    typeof b === 'number'
      ? mapUnary(call, scalarKernel, a, scalarParams(a.dtype, b))
      : mapBinary(call, kernel, a, b, noParams, undefined, promoted(a, b));
}

export const neg = unary('neg');
export const abs = unary('abs');
export const sign = unary('sign');
export const exp = unary('exp');
export const log = unary('log');
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');

/** Two inputs of one shape and dtype, for gradients that have a kernel of their own: (grad, x or y). */
export function fused(name: string): (grad: TensorView, value: TensorView, params?: readonly number[]) => TensorView {
  const kernel = kernelId(name);
  return (grad, value, params = noParams) =>
    mapBinary(call, kernel, grad, value, params, undefined, promoted(grad, value));
}

function comparison(name: string): (a: TensorView, b: TensorView | number) => TensorView {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  return (a, b) => (typeof b === 'number' ? compareNumber(call, scalarKernel, a, b) : compareViews(call, kernel, a, b));
}

export const equal = comparison('eq');
export const less = comparison('lt');
export const greater = comparison('gt');
export const greaterEqual = comparison('ge');

/** A comparison of pairs of elements, which gives booleans. */
export function compareViews(call: string, kernel: number, a: TensorView, b: TensorView): TensorView {
  const dtype = promoted(a, b);
  const shape = broadcastShapes(call, a.shape, b.shape);
  const out = outputView(call, shape, 'bool');
  run(call, kernel, [out, broadcastTo(cast(call, a, dtype), shape), broadcastTo(cast(call, b, dtype), shape)]);
  return out;
}

export function compareNumber(call: string, kernel: number, a: TensorView, number: number | bigint): TensorView {
  const dtype = dtypeWithNumber(call, a, number);
  const params = scalarParams(dtype, number);
  const out = outputView(call, a.shape, 'bool');
  run(call, kernel, [out, cast(call, a, dtype)], params);
  return out;
}

const whereKernel = kernelId('where');

/** Elements of `a` where the condition holds, else of `b`. */
export function choose(call: string, condition: TensorView, a: TensorView, b: TensorView): TensorView {
  const dtype = promoted(a, b);
  const shape = broadcastShapes(call, broadcastShapes(call, condition.shape, a.shape), b.shape);
  const out = outputView(call, shape, dtype);
  const [x, y] = [cast(call, a, dtype), cast(call, b, dtype)];
  run(call, whereKernel, [out, broadcastTo(condition, shape), broadcastTo(x, shape), broadcastTo(y, shape)]);
  return out;
}

/** `grad` where the condition holds, else 0. */
export function masked(condition: TensorView, grad: TensorView): TensorView {
  return choose(call, condition, grad, allocateView(call, [], grad.dtype));
}
