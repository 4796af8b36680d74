// A matrix and vectors against a slow reference, over orders, triangles, strides and sizes.
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import type { FloatArray } from '../../lib/dtype.js';
import {
  arrayOf,
  combine,
  diags,
  type Entry,
  entries,
  expectNear,
  isIn,
  type Kind,
  kinds,
  numbers,
  type Order,
  orders,
  product,
  stored,
  storedVector,
  symmetric,
  transposeIf,
  transposes,
  triangle,
  uplos,
} from '../cases/blas.js';

type Routine = ((...args: unknown[]) => ArrayLike<number>) & { ndarray: (...args: unknown[]) => ArrayLike<number> };
const routine = (name: string) => (blas as unknown as Record<string, Routine>)[name]!;
const strides = [
  [1, 1],
  [2, -1],
  [-1, 3],
  [-2, -2],
] as const;
const factors = [
  [1, 0],
  [1, 1],
  [-0.5, 2],
  [0, 0.5],
] as const;
const sizes = [1, 2, 5, 8, 33];

const column =
  (x: readonly number[]): Entry =>
  (i) =>
    x[i]!;
/** The elements that a routine may look at, as they are packed. */
function packed(kind: Kind, order: Order, uplo: string, n: number, a: Entry): FloatArray {
  const values: number[] = [];
  for (let p = 0; p < n; p++) {
    for (let q = 0; q < n; q++) {
      const [i, j] = order === 'row-major' ? [p, q] : [q, p];
      if (isIn(uplo, i, j)) values.push(a(i, j));
    }
  }
  return arrayOf(kind, values.length === 0 ? 1 : values);
}

/** A band matrix as it is stored, with NaN where it has no elements: LDA is kl + ku + 3. */
function banded(kind: Kind, order: Order, m: number, n: number, kl: number, ku: number, a: Entry): FloatArray {
  const ld = kl + ku + 3;
  const array = arrayOf(kind, Math.max(1, (order === 'row-major' ? m : n) * ld)).fill(NaN);
  for (let i = 0; i < m; i++) {
    for (let j = Math.max(0, i - kl); j <= Math.min(n - 1, i + ku); j++) {
      array[order === 'row-major' ? i * ld + kl + j - i : j * ld + ku + i - j] = a(i, j);
    }
  }
  return array;
}

describe.each(kinds)('%s: a matrix and vectors', (kind) => {
  it.each(orders)('gemv and gbmv, %s', (order) => {
    const next = numbers(1);
    for (const [m, n] of [
      [1, 1],
      [3, 5],
      [5, 3],
      [40, 33],
    ] as const) {
      for (const [alpha, beta] of factors) {
        for (const trans of transposes) {
          for (const [sx, sy] of strides) {
            const flip = trans !== 'no-transpose';
            const a = stored(kind, order, m, n, next);
            const [x, y] = [storedVector(kind, flip ? m : n, sx, next), storedVector(kind, flip ? n : m, sy, next)];
            const [kl, ku] = [Math.min(2, m - 1), Math.min(1, n - 1)];
            const narrow: Entry = (i, j) => (j >= i - kl && j <= i + ku ? a.at(i, j) : 0);
            for (const [name, matrix, args] of [
              ['gemv', a.at, [alpha, a.array, a.ld]],
              ['gbmv', narrow, [kl, ku, alpha, banded(kind, order, m, n, kl, ku, a.at), kl + ku + 3]],
            ] as const) {
              const before = y.read();
              const sum = product(transposeIf(flip, matrix), column(x.read()), flip ? m : n);
              const want = before.map((value, i) => combine(alpha, sum(i, 0), beta, value));
              if (beta === 0) for (let i = 0; i < before.length; i++) y.array[i * Math.abs(sy)] = NaN;
              const call = routine(`${kind}${name}`);
              expect(call(order, trans, m, n, ...args, x.array, sx, beta, y.array, sy)).toBe(y.array);
              expectNear(y.read(), want, kind, JSON.stringify([name, trans, m, n, alpha, beta, sx, sy]));
            }
          }
        }
      }
    }
  });

  it.each(orders)('symv, sbmv and spmv, %s', (order) => {
    const next = numbers(2);
    for (const n of sizes) {
      for (const [alpha, beta] of factors) {
        for (const uplo of uplos) {
          for (const [sx, sy] of strides) {
            const a = stored(kind, order, n, n, next);
            const values = entries(n, n, symmetric(uplo, a.at));
            const s: Entry = (i, j) => values[i * n + j]!;
            for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (!isIn(uplo, i, j)) a.set(i, j, NaN);
            const k = Math.min(2, n - 1);
            const band: Entry = (i, j) => (Math.abs(i - j) <= k ? s(i, j) : 0);
            const [kl, ku] = uplo === 'upper' ? [0, k] : [k, 0];
            const [x, y] = [storedVector(kind, n, sx, next), storedVector(kind, n, sy, next)];
            for (const [name, matrix, args] of [
              ['symv', s, [alpha, a.array, a.ld]],
              ['sbmv', band, [k, alpha, banded(kind, order, n, n, kl, ku, s), k + 3]],
              ['spmv', s, [alpha, packed(kind, order, uplo, n, s)]],
            ] as const) {
              const sum = product(matrix, column(x.read()), n);
              const want = y.read().map((value, i) => combine(alpha, sum(i, 0), beta, value));
              if (beta === 0) for (let i = 0; i < n; i++) y.array[i * Math.abs(sy)] = NaN;
              expect(routine(`${kind}${name}`)(order, uplo, n, ...args, x.array, sx, beta, y.array, sy)).toBe(y.array);
              expectNear(y.read(), want, kind, JSON.stringify([name, uplo, n, alpha, beta, sx, sy]));
            }
          }
        }
      }
    }
  });

  it.each(orders)('ger, syr, syr2, spr and spr2, %s', (order) => {
    const next = numbers(3);
    for (const [m, n] of [
      [1, 1],
      [4, 4],
      [33, 33],
      [3, 6],
      [6, 2],
    ] as const) {
      for (const alpha of [1, -0.5, 0]) {
        for (const [sx, sy] of strides) {
          const [x, y] = [storedVector(kind, m, sx, next), storedVector(kind, n, sy, next)];
          const [u, v] = [x.read(), y.read()];
          const outer: Entry = (i, j) => alpha * u[i]! * v[j]!;
          const a = stored(kind, order, m, n, next);
          const want = entries(m, n, (i, j) => a.at(i, j) + outer(i, j));
          const what = JSON.stringify([m, n, alpha, sx, sy]);
          expect(routine(`${kind}ger`)(order, m, n, alpha, x.array, sx, y.array, sy, a.array, a.ld)).toBe(a.array);
          expectNear(entries(m, n, a.at), want, kind, `ger ${what}`);
          if (m !== n) continue;
          for (const uplo of uplos) {
            const one: Entry = (i, j) => alpha * u[i]! * u[j]!;
            const two: Entry = (i, j) => outer(i, j) + outer(j, i);
            for (const [name, update, args] of [
              ['r', one, [x.array, sx]],
              ['r2', two, [x.array, sx, y.array, sy]],
            ] as const) {
              const c = stored(kind, order, n, n, next);
              const ap = packed(kind, order, uplo, n, c.at);
              const full = entries(n, n, (i, j) => c.at(i, j) + (isIn(uplo, i, j) ? update(i, j) : 0));
              const sum: Entry = (i, j) => full[i * n + j]!;
              routine(`${kind}sy${name}`)(order, uplo, n, alpha, ...args, c.array, c.ld);
              expectNear(entries(n, n, c.at), full, kind, `sy${name} ${uplo} ${what}`);
              expect(routine(`${kind}sp${name}`)(order, uplo, n, alpha, ...args, ap)).toBe(ap);
              expectNear(ap, [...packed(kind, order, uplo, n, sum)], kind, `sp${name} ${uplo} ${what}`);
            }
          }
        }
      }
    }
  });

  it.each(orders)('triangular matrices, %s', (order) => {
    const next = numbers(4);
    for (const n of sizes) {
      for (const uplo of uplos) {
        for (const trans of transposes) {
          for (const diag of diags) {
            for (const stride of [1, -2]) {
              const a = stored(kind, order, n, n, () => next() / n);
              for (let i = 0; i < n; i++) a.set(i, i, 1 + next() / 4);
              const values = entries(n, n, triangle(uplo, diag, a.at));
              const t: Entry = (i, j) => values[i * n + j]!;
              const stores: Entry = (i, j) => (isIn(uplo, i, j) && !(i === j && diag === 'unit') ? a.at(i, j) : NaN);
              const held = entries(n, n, stores);
              const h: Entry = (i, j) => held[i * n + j]!;
              for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a.set(i, j, h(i, j));
              const k = Math.min(2, n - 1);
              const band: Entry = (i, j) => (Math.abs(i - j) <= k ? t(i, j) : 0);
              const [kl, ku] = uplo === 'upper' ? [0, k] : [k, 0];
              for (const [name, matrix, args] of [
                ['tr', t, [n, a.array, a.ld]],
                ['tb', band, [n, k, banded(kind, order, n, n, kl, ku, h), k + 3]],
                ['tp', t, [n, packed(kind, order, uplo, n, h)]],
              ] as const) {
                const x = storedVector(kind, n, stride, next);
                const before = x.read();
                const sum = product(transposeIf(trans !== 'no-transpose', matrix), column(before), n);
                const what = JSON.stringify([name, uplo, trans, diag, n, stride]);
                const call = (verb: string) => routine(`${kind}${name}${verb}`);
                expect(call('mv')(order, uplo, trans, diag, ...args, x.array, stride)).toBe(x.array);
                expectNear(
                  x.read(),
                  before.map((_, i) => sum(i, 0)),
                  kind,
                  `mv ${what}`,
                );
                call('sv')(order, uplo, trans, diag, ...args, x.array, stride);
                expectNear(x.read(), before, kind, `sv ${what}`);
              }
            }
          }
        }
      }
    }
  });

  it('ndarray forms are the main forms with strides and offsets', () => {
    const next = numbers(5);
    const n = 4;
    for (const order of orders) {
      const rowMajor = order === 'row-major';
      for (const uplo of uplos) {
        const a = stored(kind, order, n, n, next);
        const layout = rowMajor ? [a.ld, 1, 0] : [1, a.ld, 0];
        // The same matrix with gaps in both directions, from its end on.
        const wide = arrayOf(kind, 100).fill(NaN);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) wide[99 - 20 * i - 3 * j] = a.at(i, j);
        const x = storedVector(kind, n, 2, next).array;
        const fresh = () => arrayOf(kind, n).fill(1);
        for (const [matrix, strides] of [
          [a.array, layout],
          [wide, [-20, -3, 99]],
        ] as const) {
          const gemv = routine(`${kind}gemv`);
          const want = gemv(order, 'transpose', n, n, 2, a.array, a.ld, x, 2, 1, fresh(), 1);
          expectNear(
            gemv.ndarray('transpose', n, n, 2, matrix, ...strides, x, 2, 0, 1, fresh(), -1, n - 1),
            [...(want as number[])].reverse(),
            kind,
            'gemv',
          );
          const symv = routine(`${kind}symv`);
          const sym = symv(order, uplo, n, 2, a.array, a.ld, x, 2, 1, fresh(), 1);
          expectNear(
            symv.ndarray(uplo, n, 2, matrix, ...strides, x, 2, 0, 1, fresh(), 1, 0),
            [...(sym as number[])],
            kind,
            'symv',
          );
          const trmv = routine(`${kind}trmv`);
          const tri = trmv(order, uplo, 'transpose', 'unit', n, a.array, a.ld, fresh(), 1);
          expectNear(
            trmv.ndarray(uplo, 'transpose', 'unit', n, matrix, ...strides, fresh(), 1, 0),
            [...(tri as number[])],
            kind,
            'trmv',
          );
          // Updates, one after the other.
          const copies = [a.array.slice(), matrix.slice()];
          routine(`${kind}ger`)(order, n, n, 2, x, 2, x, 2, copies[0], a.ld);
          routine(`${kind}syr`)(order, uplo, n, 2, x, 2, copies[0], a.ld);
          routine(`${kind}syr2`)(order, uplo, n, 2, x, 2, x, -2, copies[0], a.ld);
          routine(`${kind}ger`).ndarray(n, n, 2, x, 2, 0, x, 2, 0, copies[1], ...strides);
          routine(`${kind}syr`).ndarray(uplo, n, 2, x, 2, 0, copies[1], ...strides);
          routine(`${kind}syr2`).ndarray(uplo, n, 2, x, 2, 0, x, -2, 6, copies[1], ...strides);
          const [down, along, offset] = strides as unknown as [number, number, number];
          const read = (array: FloatArray, d: number, l: number, o: number) =>
            entries(n, n, (i, j) => array[o + i * d + j * l]!);
          const [d, l] = layout as [number, number];
          expectNear(read(copies[1]!, down, along, offset), read(copies[0]!, d, l, 0), kind, 'updates');
        }
      }
    }
  });
});

it('with N = 0 in gemv nothing is done', () => {
  expect(
    blas.sgemv(111, 2, 0, 1, new Float32Array(0), 1, new Float32Array(0), 1, 0, new Float32Array([1, 2]), 1),
  ).toEqual(new Float32Array([1, 2]));
  const empty = new Float64Array(0);
  expect(blas.dgemm(111, 111, 0, 0, 0, 1, empty, 1, empty, 1, 0, empty, 1)).toBe(empty);
});
