// What the tests share: data that the golden scripts make too, slow references, and comparisons.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { expect } from 'vitest';
import type { DType } from '../../lib/dtype.js';
import { native } from '../../lib/native.js';
import { numElements, type Shape } from '../../lib/shape.js';
import { Tensor } from '../../lib/tensor/index.js';
import { allocateView, isViewContiguous, type View } from '../../lib/view.js';

/** A number as the golden files write it. */
export type JsonNumber = number | 'nan' | 'inf' | '-inf';

export function fromJson(value: JsonNumber): number {
  return typeof value === 'number' ? value : { nan: NaN, inf: Infinity, '-inf': -Infinity }[value];
}

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** A tensor of given elements in row-major order. */
export function tensorOf(values: ArrayLike<number>, shape: Shape, dtype: DType = 'float32'): Tensor {
  const view = allocateView('test', shape, dtype);
  for (let i = 0; i < values.length; i++) view.array[i] = values[i]!;
  return new Tensor(view);
}

/** The data of the golden scripts: element i is ((i * 7919) % 1000 - 500) / 64, but for special values. */
export function ruleTensor(shape: Shape, dtype: DType, special: Readonly<Record<string, JsonNumber>> = {}): Tensor {
  const values = Array.from({ length: numElements(shape) }, (_, i) => (((i * 7919) % 1000) - 500) / 64);
  for (const [i, value] of Object.entries(special)) values[Number(i)] = fromJson(value);
  return tensorOf(values, shape, dtype);
}

/** Calls `visit` with the storage index of every element, in row-major order. */
export function forEachIndex(view: View, visit: (index: number) => void): void {
  const walk = (dim: number, index: number): void => {
    if (dim === view.shape.length) visit(index);
    else for (let i = 0; i < view.shape[dim]!; i++) walk(dim + 1, index + i * view.strides[dim]!);
  };
  walk(0, view.offset);
}

/** The stored numbers in row-major order, read from the storage one by one. */
export function valuesOf({ elements }: { elements: View }): number[] {
  if (isViewContiguous(elements)) {
    const { array, offset, shape } = elements;
    return Array.from(array.subarray(offset, offset + numElements(shape)) as ArrayLike<number | bigint>, Number);
  }
  const values: number[] = [];
  forEachIndex(elements, (index) => values.push(Number(elements.array[index]!)));
  return values;
}

/** Numbers that repeat from run to run: Weyl's sequence, from low to high. */
export function spread(count: number, low: number, high: number): number[] {
  return Array.from({ length: count }, (_, i) => low + (high - low) * ((((i + 1) * 0.6180339887498949) % 1) as number));
}

/** The distance of two numbers in units of the last place of the reference, in its dtype. */
export function ulps(got: number, wanted: number, dtype: string): number {
  if (Object.is(got, wanted) || (Number.isNaN(got) && Number.isNaN(wanted)) || got === wanted) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(wanted)) return Infinity;
  const [digits, least] = dtype === 'float32' ? [23, -126] : [52, -1022];
  const exponent = Math.max(wanted === 0 ? least : Math.floor(Math.log2(Math.abs(wanted))), least);
  return Math.abs(got - wanted) / 2 ** (exponent - digits);
}

/** Expects the same numbers, NaN and the signs of zeros included. Large arrays take toEqual seconds. */
export function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], wanted[i])) throw new Error(`element ${i} is ${got[i]}, expected ${wanted[i]}`);
  }
}

/** Expects the elements to be near, at most `relative` times the larger of `floor` and the wanted value away. */
export function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, relative: number, floor = 0): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i]!, wanted[i]!];
    if (Object.is(a, b) || a === b) continue;
    if (!(Math.abs(a - b) <= relative * Math.max(Math.abs(b), floor))) {
      throw new Error(`element ${i} is ${a}, expected ${b} within ${relative} of ${Math.max(Math.abs(b), floor)}`);
    }
  }
}

/** What an error must be: its class and code; its message begins with the call, and says all of `parts`. */
export function failure(code: string, call: string, ...parts: (string | number)[]) {
  const name = ['ERR_ARGUMENT', 'ERR_DTYPE', 'ERR_DETACHED', 'ERR_FORMAT'].includes(code) ? 'TypeError' : 'RangeError';
  const escaped = [...parts].map((part) => `(?=[^]*${String(part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')})`);
  return expect.objectContaining({
    name,
    code,
    message: expect.stringMatching(new RegExp(`^${call.replace('.', '\\.')}: ${escaped.join('')}`)),
  });
}

/** Whether a machine may have the 64 GiB that tests expect to be refused. */
export const plentiful = totalmem() > 2 ** 35;

/** Runs with each of the machine's instruction sets in turn. */
export const simdTargets = native.info().simdTargets;

export function withTarget<T>(target: string, run: () => T): T {
  const before = native.info().simd;
  native.setSimdTarget(target);
  try {
    return run();
  } finally {
    native.setSimdTarget(before);
  }
}

/** Other ways to lay out the same elements in memory. */
export const layouts: Readonly<Record<string, (t: Tensor) => Tensor>> = {
  contiguous: (t) => t,
  transposed: (t) => {
    const order = t.shape.map((_, d) => t.dim() - 1 - d);
    return t.permute(order).contiguous().permute(order);
  },
  // A window on larger storage, every second element, with an offset.
  sliced: (t) => {
    if (t.dim() === 0) return t.expand([3]).clone().at(1);
    const larger = new Tensor(
      allocateView(
        'test',
        t.shape.map((size) => 2 * size + 3),
        t.dtype,
      ),
    ).fill_(-77);
    const window = t.shape.reduce((w, size, d) => w.slice(d, 2, 2 + 2 * size, 2), larger);
    return window.copy_(t);
  },
};

/** The memory around a view: what a call on the view must leave alone. */
export function bystanders({ elements }: { elements: View }): number[] {
  const all = Array.from(elements.array as ArrayLike<number | bigint>, Number);
  forEachIndex(elements, (index) => {
    all[index] = 0;
  });
  return all;
}
