// A slow reference for BLAS: logical matrices and vectors as functions of their indices, in float64.
import { expect } from 'vitest';
import type { FloatArray } from '../../lib/dtype.js';

export type Kind = 's' | 'd';
export type Order = 'row-major' | 'column-major';
export const kinds = ['s', 'd'] as const;
export const orders = ['row-major', 'column-major'] as const;
export const transposes = ['no-transpose', 'transpose', 'conjugate-transpose'] as const;
export const uplos = ['upper', 'lower'] as const;
export const diags = ['non-unit', 'unit'] as const;
export const sides = ['left', 'right'] as const;

export const arrayOf = (kind: Kind, values: number | ArrayLike<number>): FloatArray =>
  kind === 's' ? new Float32Array(values as number) : new Float64Array(values as number);

/** Numbers from -1 to 1, the same each time: a linear congruential generator. */
export function numbers(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** A matrix as it is stored, with NaN around it. */
export interface Stored {
  array: FloatArray;
  ld: number;
  rows: number;
  columns: number;
  at(i: number, j: number): number;
  set(i: number, j: number, value: number): void;
}

export function stored(kind: Kind, order: Order, rows: number, columns: number, next: () => number, gap = 3): Stored {
  const row = order === 'row-major';
  const ld = Math.max(1, row ? columns : rows) + gap;
  const array = arrayOf(kind, Math.max(1, (row ? rows : columns) * ld)).fill(NaN);
  const index = (i: number, j: number) => (row ? i * ld + j : j * ld + i);
  const matrix: Stored = {
    array,
    ld,
    rows,
    columns,
    at: (i, j) => array[index(i, j)]!,
    set: (i, j, value) => {
      array[index(i, j)] = value;
    },
  };
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) matrix.set(i, j, next());
  return matrix;
}

/** A vector as it is stored, with NaN between its elements. */
export interface StoredVector {
  array: FloatArray;
  stride: number;
  /** The elements, in the order in which the vector has them. */
  read(): number[];
}

export function storedVector(kind: Kind, size: number, stride: number, next: () => number): StoredVector {
  const step = Math.abs(stride);
  const array = arrayOf(kind, Math.max(1, (size - 1) * step + 1) + 2).fill(NaN);
  const index = (i: number) => (stride < 0 ? (size - 1 - i) * step : i * step);
  for (let i = 0; i < size; i++) array[index(i)] = next();
  return { array, stride, read: () => Array.from({ length: size }, (_, i) => array[index(i)]!) };
}

export type Entry = (i: number, j: number) => number;

export const transposeIf = (transposed: boolean, a: Entry): Entry => (transposed ? (i, j) => a(j, i) : a);
export const symmetric = (uplo: string, a: Entry): Entry =>
  uplo === 'upper' ? (i, j) => (i <= j ? a(i, j) : a(j, i)) : (i, j) => (i >= j ? a(i, j) : a(j, i));
export const triangle =
  (uplo: string, diag: string, a: Entry): Entry =>
  (i, j) => {
    if (i === j) return diag === 'unit' ? 1 : a(i, j);
    return i < j === (uplo === 'upper') ? a(i, j) : 0;
  };
export const isIn = (uplo: string, i: number, j: number) => (uplo === 'upper' ? i <= j : i >= j);

export function product(a: Entry, b: Entry, k: number): Entry {
  return (i, j) => {
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a(i, l) * b(l, j);
    return sum;
  };
}

/** All entries of a matrix, row by row. */
export const entries = (m: number, n: number, a: Entry): number[] =>
  Array.from({ length: m * n }, (_, at) => a(Math.floor(at / n), at % n));

/** alpha x + beta y, where beta 0 lets nothing of y through. */
export const combine = (alpha: number, x: number, beta: number, y: number) =>
  (alpha === 0 ? 0 : alpha * x) + (beta === 0 ? 0 : beta * y);

/** Compares numbers to a tolerance for sums of a few dozen terms of size 1. */
export function expectNear(got: ArrayLike<number>, want: readonly number[], kind: Kind, what: string): void {
  const tolerance = kind === 's' ? 2e-5 : 1e-12;
  expect(got.length, what).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const [g, w] = [got[i]!, want[i]!];
    if (Object.is(g, w) || Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w))) continue;
    expect.fail(`${what}: element ${i} is ${g}, expected ${w}`);
  }
}
