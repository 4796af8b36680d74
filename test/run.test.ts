// The gate: what it packs is what native code sees, and what native code refuses comes back as an error with a code.
import { expect, test } from 'vitest';
import { kernelId, run } from '../lib/run.ts';
import { contiguousStrides } from '../lib/shape.ts';
import type { View } from '../lib/view.ts';

function view(
  values: readonly number[],
  shape: readonly number[],
  strides = contiguousStrides(shape),
  offset = 0,
): View {
  return { array: Float32Array.from(values), dtype: 'float32', shape, strides, offset };
}

function count(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

interface CodedError extends Error {
  code: string;
}

function errorOf(call: () => void): CodedError {
  try {
    call();
  } catch (error) {
    return error as CodedError;
  }
  throw new Error('nothing was thrown');
}

const add = kernelId('add');
const fill = kernelId('fill');
const neg = kernelId('neg');
const gemm = kernelId('gemm');

test('kernels have names', () => {
  expect(new Set([add, fill, neg, gemm]).size).toBe(4);
  expect(() => kernelId('no_such_kernel')).toThrow("has no kernel 'no_such_kernel'");
  expect(() => kernelId('constructor')).toThrow('has no kernel');
});

test('shape, strides and offset of each view arrive', () => {
  const out = view(new Array(14).fill(-1), [2, 3], [6, 2], 3);
  const a = view(count(10), [2, 3], [1, 3], 2);
  const b = view([10, 20], [2, 3], [1, 0]);
  run('add', add, [out, a, b]);
  expect([...out.array]).toEqual([-1, -1, -1, 12, -1, 15, -1, 18, -1, 23, -1, 26, -1, 29]);
});

test('the largest plan: eight dimensions, three views', () => {
  const shape = [2, 1, 2, 1, 2, 1, 2, 2];
  const out = view(new Array(32).fill(0), shape);
  run('add', add, [out, view(count(32), shape), view(count(32), shape)]);
  expect([...out.array]).toEqual(count(32).map((i) => 2 * i));
});

test('a plan leaves nothing behind for the next', () => {
  const large = view(new Array(8).fill(0), [2, 2, 2]);
  run('add', add, [large, view(count(8), [2, 2, 2]), view(count(8), [2, 2, 2])]);
  const small = view([0], []);
  run('neg', neg, [small, view([5], [])]);
  expect([...small.array]).toEqual([-5]);
  expect(errorOf(() => run('neg', neg, [view([0], [1, 1]), view([5], [1])])).code).toBe('ERR_PLAN');
  run('fill', fill, [small], [9]);
  expect([...small.array]).toEqual([9]);
});

test('no elements: nothing happens', () => {
  for (const shape of [[0], [3, 0], [0, 3]]) {
    run('add', add, [view([], shape), view([], shape), view([], shape)]);
    run('fill', fill, [view([], shape)], [1]);
  }
});

test('an output that repeats elements', () => {
  const error = errorOf(() => run('neg_', neg, [view([0], [3], [0]), view([1, 2, 3], [3])]));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.code).toBe('ERR_ARGUMENT');
  expect(error.message).toMatch(/^neg_: cannot write to a tensor of shape \[3\] whose elements share memory/);
});

test('memory that is gone, output or input', () => {
  const lost = view([1, 2, 3], [3]);
  structuredClone(lost.array.buffer, { transfer: [lost.array.buffer as ArrayBuffer] });
  const good = view([7, 8, 9], [3]);
  for (const views of [
    [lost, good],
    [good, lost],
  ]) {
    const error = errorOf(() => run('neg', neg, views));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.code).toBe('ERR_DETACHED');
    expect(error.message).toMatch(/^neg: the memory of a tensor of shape \[3\] is gone/);
  }
  expect([...good.array]).toEqual([7, 8, 9]);
});

test('what only native code can tell names the call, and keeps its cause', () => {
  // Strides of a matrix that BLAS cannot address.
  const views = [view(new Array(4).fill(0), [2, 2]), view(count(8), [2, 2], [4, 2]), view(count(4), [2, 2])];
  const error = errorOf(() => run('matmul', gemm, views, [1, 0]));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.code).toBe('ERR_RANGE');
  expect(error.message).toMatch(/^matmul: .*BLAS/);
  expect((error.cause as CodedError).code).toBe('ERR_NATIVE');
  expect([...views[0]!.array]).toEqual([0, 0, 0, 0]);
});

test('what no caller should pass', () => {
  const v = view([1, 2, 3], [3]);
  // The wrong number of views or parameters, of sizes, of dtypes; sizes and offsets that are none.
  const calls = [
    () => run('neg', neg, [v]),
    () => run('neg', neg, [v, v, v]),
    () => run('neg', neg, []),
    () => run('neg', neg, [v, v, v, v, v]),
    () => run('fill', fill, [v], []),
    () => run('fill', fill, [v], [1, 2]),
    () => run('neg', neg, [v, { ...v, dtype: 'float64' }]),
    () => run('neg', neg, [v, { ...v, array: new Float64Array(3) }]),
    () => run('neg', neg, [v, { ...v, array: new Uint32Array(3) }]),
    () => run('neg', 10_000, [v, v]),
    () => run('neg', -1, [v, v]),
  ];
  for (const call of calls) {
    const error = errorOf(call);
    expect(error, String(call)).toBeInstanceOf(Error);
  }
  for (const change of [{ offset: -1 }, { offset: 0.5 }, { strides: [-1] }, { strides: [0.5] }]) {
    expect(errorOf(() => run('neg', neg, [v, { ...v, ...change }])).code, JSON.stringify(change)).toBe('ERR_PLAN');
  }
  expect([...v.array]).toEqual([1, 2, 3]);
});
