// Arithmetic on views, in which gradients are written.
import { kernelId } from '../run.js';
import type { TensorView } from '../view.js';
import { mapBinary, mapUnary } from './map.js';

const call = 'backward';

function unary(name: string): (x: TensorView) => TensorView {
  const kernel = kernelId(name);
  return (x) => mapUnary(call, kernel, x);
}

function binary(name: string): (a: TensorView, b: TensorView | number) => TensorView {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  return (a, b) => (typeof b === 'number' ? mapUnary(call, scalarKernel, a, [b]) : mapBinary(call, kernel, a, b));
}

export const neg = unary('neg');
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
