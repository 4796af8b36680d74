// The short forms: what they compute, and what they say of wrong arrays.
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { failure } from '../cases/data.js';

const d = (...values: number[]) => new Float64Array(values);
const s = (...values: number[]) => new Float32Array(values);
const list = (array: ArrayLike<number>) => Array.from(array);

it('choose float32 or float64 by the arrays', () => {
  expect(blas.dot(d(1, 2, 3), d(4, 5, 6))).toBe(32);
  expect(blas.dot(s(1e8, 1, -1e8), s(1, 1, 1))).toBeCloseTo(1, 0);
  expect(blas.gemm(s(1, 2, 3, 4), s(1, 0, 0, 2), s(0, 0, 0, 0), 2, 2, 2)).toBeInstanceOf(Float32Array);
});

it('compute what the routines do', () => {
  const A = d(1, 2, 3, 4);
  expect(list(blas.gemm(A, d(1, 0, 0, 2), d(0, 0, 0, 0), 2, 2, 2))).toEqual([1, 4, 3, 8]);
  expect(list(blas.gemm(A, A, d(0, 0, 0, 0), 2, 2, 2, blas.Trans, blas.NoTrans, 2))).toEqual([20, 28, 28, 40]);
  expect(list(blas.gemv(d(1, 2, 3, 4, 5, 6), d(1, 1, 1), d(1, 1), 1, 1))).toEqual([7, 16]);
  expect(list(blas.gemv(d(1, 2, 3, 4, 5, 6), d(1, 1), d(0, 0, 0), 1, 0, blas.Trans))).toEqual([5, 7, 9]);
  expect(list(blas.gbmv(d(NaN, 1, 2, 3, 4, NaN), d(1, 1), d(0, 0), 1, 1))).toEqual([3, 7]);
  expect(list(blas.ger(d(0, 0, 0, 0, 0, 0), d(1, 2), d(3, 4, 5)))).toEqual([3, 4, 5, 6, 8, 10]);
  expect(list(blas.sbmv(d(1, 2, 3, NaN), d(1, 1), d(0, 0), 1))).toEqual([3, 5]);
  expect(list(blas.spmv(d(1, 2, 3), d(1, 1), d(0, 0)))).toEqual([3, 5]);
  expect(list(blas.spr(d(0, 0, 0), d(1, 2)))).toEqual([1, 2, 4]);
  expect(list(blas.spr2(d(0, 0, 0), d(1, 2), d(3, 4)))).toEqual([6, 10, 16]);
  expect(list(blas.symv(d(1, 2, NaN, 3), d(1, 1), d(0, 0)))).toEqual([3, 5]);
  expect(list(blas.syr(d(0, 0, 0, 0), d(1, 2), blas.Lower))).toEqual([1, 0, 2, 4]);
  expect(list(blas.syr2(d(0, 0, 0, 0), d(1, 2), d(3, 4)))).toEqual([6, 10, 0, 16]);
  expect(list(blas.tbmv(d(2, 3), d(1, 1)))).toEqual([2, 3]);
  expect(list(blas.tbsv(d(2, 4), d(2, 2)))).toEqual([1, 0.5]);
  expect(list(blas.tpmv(d(1, 2, 3), d(1, 1)))).toEqual([3, 3]);
  expect(list(blas.tpsv(d(1, 2, 4), d(5, 8)))).toEqual([1, 2]);
  expect(list(blas.trmv(d(1, 2, NaN, 3), d(1, 1)))).toEqual([3, 3]);
  expect(list(blas.trsv(d(1, 2, NaN, 4), d(5, 8)))).toEqual([1, 2]);
  expect(list(blas.symm(d(1, 2, NaN, 3), d(1, 0, 0, 1), d(0, 0, 0, 0), 2, 2))).toEqual([1, 2, 2, 3]);
  expect(list(blas.syrk(A, d(0, 0, 0, 0), 2, 2))).toEqual([5, 11, 0, 25]);
  expect(list(blas.syr2k(d(1, 2), d(3, 4), d(0, 0, 0, 0), 2, 1))).toEqual([6, 10, 0, 16]);
  expect(list(blas.trmm(d(1, 2, NaN, 3), d(1, 0, 0, 1), 2, 2))).toEqual([1, 2, 0, 3]);
  expect(list(blas.trsm(d(2, NaN, 0, 4), d(1, 2, 3, 4), 2, 2, blas.Right, blas.Lower))).toEqual([0.5, 0.5, 1.5, 1]);
  expect(list(blas.axpy(d(1, 2), d(3, 4)))).toEqual([4, 6]);
  expect(list(blas.scal(d(1, 2), 2))).toEqual([2, 4]);
  expect(list(blas.copy(d(1, 2), d(0, 0)))).toEqual([1, 2]);
  expect(list(blas.swap(d(1, 2), d(3, 4)))).toEqual([1, 2]);
  expect(blas.rot(d(3), d(4), 0.6, 0.8)[0]).toBeCloseTo(0, 12);
  expect(list(blas.rotm(d(1), d(2), d(-1, 1, 0, 1, 1)))).toEqual([2]);
  expect([blas.asum(d(1, -2)), blas.nrm2(d(3, 4)), blas.iamax(d(1, -3, 2))]).toEqual([3, 5, 1]);
  const [a, b, c, sine] = [d(3), d(4), d(0), d(0)];
  blas.rotg(a, b, c, sine);
  expect([a[0], c[0], sine[0]]).toEqual([5, 0.6, 0.8]);
  expect(list(blas.rotmg(d(1), d(1), d(3), 4, d(0, 0, 0, 0, 0)))).toEqual([1, 0.75, 0, 0, 0.75]);
});

describe('wrong arrays', () => {
  const whole = [
    'dot',
    'asum',
    'nrm2',
    'iamax',
    'axpy',
    'scal',
    'copy',
    'swap',
    'rot',
    'rotm',
    'rotg',
    'rotmg',
    'gemv',
    'gbmv',
    'ger',
    'sbmv',
    'spmv',
    'spr',
    'spr2',
    'symv',
    'syr',
    'syr2',
    'tbmv',
    'tbsv',
    'tpmv',
    'tpsv',
    'trmv',
    'trsv',
    'gemm',
    'symm',
    'syrk',
    'syr2k',
    'trmm',
    'trsm',
  ] as const;
  const call = (name: string, ...args: unknown[]) =>
    (blas as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!(...args);

  it.each(whole)('%s', (name) => {
    expect(() => call(name, [1], [2], [3], 1, 1, 1)).toThrow(failure('ERR_ARGUMENT', name));
    const sizes: Record<string, number[]> = {
      rot: [1, 0],
      gemm: [1, 1, 1],
      symm: [1, 1],
      syrk: [1, 1],
      syr2k: [1, 1],
      trmm: [1, 1],
      trsm: [1, 1],
    };
    const arrays = {
      2: [d(1), s(1)],
      3: [d(1), s(1), s(1)],
      4: [d(1), s(1), s(1), s(1)],
      5: [d(1), s(1), s(1), 1, s(1)],
    };
    const count =
      name === 'rotg'
        ? 4
        : name === 'rotmg'
          ? 5
          : /^(sp|t|syr$|syrk|dot|axpy|copy|swap|rot$)/.test(name) && !/spr2|spmv/.test(name)
            ? 2
            : 3;
    const mixed = [...arrays[count], ...(sizes[name] ?? [])];
    const alone = ['asum', 'nrm2', 'iamax', 'scal'].includes(name);
    if (!alone) expect(() => call(name, ...mixed)).toThrow(failure('ERR_DTYPE', name));
  });

  it('of different lengths', () => {
    for (const name of ['dot', 'axpy', 'copy', 'swap', 'rot', 'rotm']) {
      expect(() => call(name, d(1, 2), d(1), 1, 0)).toThrow(failure('ERR_RANGE', name, '2 elements'));
    }
    expect(() => blas.gemm(d(1), d(1), d(1), 2, 2, 2)).toThrow(failure('ERR_RANGE', 'gemm', 'A has 1'));
  });
});
