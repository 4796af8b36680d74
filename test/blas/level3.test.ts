// Products of matrices against a slow reference, over orders, triangles, sides and sizes; nothing beside the result is written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { setNumThreads } from '../../lib/index.js';
import {
  combine,
  diags,
  type Entry,
  entries,
  expectNear,
  isIn,
  kinds,
  numbers,
  orders,
  product,
  type Stored,
  sides,
  stored,
  symmetric,
  transposeIf,
  transposes,
  triangle,
  uplos,
} from '../cases/blas.js';

type Routine = (...args: unknown[]) => ArrayLike<number>;
const routine = (name: string) => (blas as unknown as Record<string, Routine>)[name]!;
const sizes = [
  [1, 1, 1],
  [3, 1, 4],
  [1, 5, 2],
  [4, 3, 1],
  [7, 5, 6],
  [37, 41, 33],
] as const;
const factors = [
  [1, 0],
  [1, 1],
  [-0.5, 2],
  [0, 0.5],
] as const;

/** What is left of a matrix: where the result does not go, everything is as before. */
function expectWritten(c: Stored, want: Entry, kind: 's' | 'd', what: string): void {
  expectNear(entries(c.rows, c.columns, c.at), entries(c.rows, c.columns, want), kind, what);
  expect(c.array.filter(Number.isNaN).length, what).toBe(c.array.length - c.rows * c.columns);
}

describe.each(kinds)('%s: products of matrices', (kind) => {
  it.each(orders)('gemm, %s', (order) => {
    const next = numbers(1);
    for (const [m, n, k] of [...sizes, [3, 4, 0], [0, 3, 2]] as const) {
      for (const [alpha, beta] of factors) {
        for (const transA of transposes) {
          for (const transB of transposes) {
            const [flipA, flipB] = [transA !== 'no-transpose', transB !== 'no-transpose'];
            const a = flipA ? stored(kind, order, k, m, next) : stored(kind, order, m, k, next);
            const b = flipB ? stored(kind, order, n, k, next) : stored(kind, order, k, n, next);
            const c = stored(kind, order, m, n, beta === 0 ? () => NaN : next);
            const before = entries(m, n, c.at);
            const sum = product(transposeIf(flipA, a.at), transposeIf(flipB, b.at), k);
            const want: Entry = (i, j) => combine(alpha, sum(i, j), beta, before[i * n + j]!);
            const args = [order, transA, transB, m, n, k, alpha, a.array, a.ld, b.array, b.ld, beta, c.array, c.ld];
            expect(routine(`${kind}gemm`)(...args)).toBe(c.array);
            expectWritten(c, want, kind, JSON.stringify([transA, transB, m, n, k, alpha, beta]));
          }
        }
      }
    }
  });

  it.each(orders)('symm, %s', (order) => {
    const next = numbers(2);
    for (const [m, n] of sizes) {
      for (const [alpha, beta] of factors) {
        for (const side of sides) {
          for (const uplo of uplos) {
            const size = side === 'left' ? m : n;
            const a = stored(kind, order, size, size, next);
            const full = symmetric(uplo, a.at);
            const symmetricEntries = entries(size, size, full);
            const s: Entry = (i, j) => symmetricEntries[i * size + j]!;
            for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) if (!isIn(uplo, i, j)) a.set(i, j, NaN);
            const b = stored(kind, order, m, n, next);
            const c = stored(kind, order, m, n, beta === 0 ? () => NaN : next);
            const before = entries(m, n, c.at);
            const sum = side === 'left' ? product(s, b.at, m) : product(b.at, s, n);
            const want: Entry = (i, j) => combine(alpha, sum(i, j), beta, before[i * n + j]!);
            const args = [order, side, uplo, m, n, alpha, a.array, a.ld, b.array, b.ld, beta, c.array, c.ld];
            expect(routine(`${kind}symm`)(...args)).toBe(c.array);
            expectWritten(c, want, kind, JSON.stringify([side, uplo, m, n, alpha, beta]));
          }
        }
      }
    }
  });

  it.each(orders)('syrk and syr2k, %s', (order) => {
    const next = numbers(3);
    for (const [n, , k] of [...sizes, [4, 0, 0]] as const) {
      for (const [alpha, beta] of factors) {
        for (const trans of ['no-transpose', 'transpose'] as const) {
          for (const uplo of uplos) {
            const flip = trans === 'transpose';
            const make = () => (flip ? stored(kind, order, k, n, next) : stored(kind, order, n, k, next));
            const [a, b] = [make(), make()];
            const [u, v] = [transposeIf(flip, a.at), transposeIf(flip, b.at)];
            const t = (x: Entry): Entry => transposeIf(true, x);
            const one = product(u, t(u), k);
            const [ab, ba] = [product(u, t(v), k), product(v, t(u), k)];
            for (const [name, sum, middle] of [
              ['syrk', one, []],
              ['syr2k', (i, j) => ab(i, j) + ba(i, j), [b.array, b.ld]],
            ] as const satisfies readonly (readonly [string, Entry, readonly unknown[]])[]) {
              const c = stored(kind, order, n, n, () => 7);
              if (beta === 0)
                for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (isIn(uplo, i, j)) c.set(i, j, NaN);
              const want: Entry = (i, j) => (isIn(uplo, i, j) ? combine(alpha, sum(i, j), beta, 7) : 7);
              const args = [order, uplo, trans, n, k, alpha, a.array, a.ld, ...middle, beta, c.array, c.ld];
              expect(routine(`${kind}${name}`)(...args)).toBe(c.array);
              expectWritten(c, want, kind, JSON.stringify([name, uplo, trans, n, k, alpha, beta]));
            }
          }
        }
      }
    }
  });

  it.each(orders)('trmm and trsm, %s', (order) => {
    const next = numbers(4);
    for (const [m, n] of sizes) {
      for (const side of sides) {
        for (const uplo of uplos) {
          for (const trans of transposes) {
            for (const diag of diags) {
              const size = side === 'left' ? m : n;
              // Well conditioned, so that solving is accurate.
              const a = stored(kind, order, size, size, () => next() / size);
              for (let i = 0; i < size; i++) a.set(i, i, 1 + next() / 4);
              const values = entries(size, size, triangle(uplo, diag, a.at));
              const t = transposeIf(trans !== 'no-transpose', (i, j) => values[i * size + j]!);
              for (let i = 0; i < size; i++) {
                for (let j = 0; j < size; j++) {
                  if (!isIn(uplo, i, j) || (i === j && diag === 'unit')) a.set(i, j, NaN);
                }
              }
              const b = stored(kind, order, m, n, next);
              const before = entries(m, n, b.at);
              const old: Entry = (i, j) => before[i * n + j]!;
              const multiplied = side === 'left' ? product(t, old, m) : product(old, t, n);
              const want = entries(m, n, (i, j) => 2 * multiplied(i, j));
              const what = JSON.stringify([side, uplo, trans, diag, m, n]);
              const head = [order, side, uplo, trans, diag, m, n];
              expect(routine(`${kind}trmm`)(...head, 2, a.array, a.ld, b.array, b.ld)).toBe(b.array);
              expectWritten(b, (i, j) => want[i * n + j]!, kind, `trmm ${what}`);
              routine(`${kind}trsm`)(...head, 0.5, a.array, a.ld, b.array, b.ld);
              expectWritten(b, old, kind, `trsm ${what}`);
            }
          }
        }
      }
    }
  });

  it('batches', () => {
    const next = numbers(5);
    for (const order of orders) {
      for (const [m, n, k, count] of [
        [2, 3, 4, 5],
        [40, 50, 60, 3],
        [2, 2, 2, 0],
      ] as const) {
        const row = order === 'row-major';
        const size = (rows: number, columns: number) => (row ? rows : columns) * ((row ? columns : rows) + 3);
        const items = Array.from({ length: Math.max(count, 1) }, () => [
          stored(kind, order, m, k, next),
          stored(kind, order, m, n, next),
        ]) as [Stored, Stored][];
        const b = stored(kind, order, k, n, next);
        const all = (which: 0 | 1) => {
          const length = items[0]![which].array.length;
          const joined = items[0]![which].array.slice().constructor as new (n: number) => Float32Array;
          const array = new joined(length * items.length);
          items.forEach((item, i) => {
            array.set(item[which].array, i * length);
          });
          return array;
        };
        const [A, C] = [all(0), all(1)];
        const [first, last] = items[0]!;
        const args = [order, 'no-transpose', 'no-transpose', m, n, k, 2, A, first.ld, size(m, k), b.array, b.ld, 0];
        routine(`${kind}gemmBatched`)(...args, -1, C, last.ld, size(m, n), count);
        const again = items.map(([a, c]) => {
          if (count === 0) return c.array;
          const head = [order, 'no-transpose', 'no-transpose', m, n, k, 2, a.array, a.ld];
          return routine(`${kind}gemm`)(...head, b.array, b.ld, -1, c.array, c.ld);
        });
        expectNear(
          C,
          again.flatMap((c) => [...(c as Float32Array)]),
          kind,
          JSON.stringify([order, m, n, k, count]),
        );
      }
    }
  });

  it('one thread and several agree', () => {
    const next = numbers(6);
    const n = 400;
    const [a, b] = [stored(kind, 'row-major', n, n, next), stored(kind, 'row-major', n, n, next)];
    for (const uplo of uplos) {
      const results = [1, 2].map((threads) => {
        setNumThreads(threads);
        const c = stored(kind, 'row-major', n, n, () => 1);
        routine(`${kind}syrk`)(uplo, 'transpose', n, n, 0.1, a.array, a.ld, 1, c.array, c.ld);
        routine(`${kind}syr2k`)(uplo, 'no-transpose', n, n, 0.1, a.array, a.ld, b.array, b.ld, 1, c.array, c.ld);
        return entries(n, n, c.at);
      });
      expectNear(results[1]!, results[0]!, kind, uplo);
    }
    setNumThreads(2);
  });
});

describe('ndarray forms of gemm', () => {
  it('take any strides, and blocks of one array', () => {
    const A = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i));
    const at = (i: number, j: number) => A[50 - 7 * i - 2 * j]!;
    const C = new Float64Array(40).fill(9);
    blas.dgemm.ndarray('no-transpose', 'transpose', 3, 4, 5, 1, A, -7, -2, 50, A, 0, 3, 1, 0, C, 2, -9, 30);
    const want = new Float64Array(40).fill(9);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = 0;
        for (let l = 0; l < 5; l++) sum += at(i, l) * A[1 + 3 * l]!;
        want[30 + 2 * i - 9 * j] = sum;
      }
    }
    expectNear(C, [...want], 'd', 'strides');

    // The block on the right of a matrix from the two on its left.
    const block = Float32Array.from({ length: 24 }, (_, i) => i);
    blas.sgemm.ndarray(111, 111, 2, 2, 2, 1, block, 6, 1, 0, block, 6, 1, 2, 0, block, 6, 1, 4);
    expect([...block.slice(0, 12)]).toEqual([0, 1, 2, 3, 8, 9, 6, 7, 8, 9, 68, 81]);
  });

  it('of any layout: the product and nothing else, or an error', () => {
    const size = fc.integer({ min: 0, max: 4 });
    const layout = fc.tuple(
      fc.integer({ min: -7, max: 7 }),
      fc.integer({ min: -7, max: 7 }),
      fc.integer({ min: 0, max: 40 }),
    );
    let [made, refused] = [0, 0];
    const property = fc.property(size, size, size, layout, layout, layout, (m, n, k, la, lb, lc) => {
      const next = numbers(8);
      const [A, B, C] = [0, 0, 0].map(() => Float64Array.from({ length: 60 }, next)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const before = [A, B, C].map((array) => array.slice());
      const at =
        (array: Float64Array, [down, along, offset]: readonly [number, number, number]): Entry =>
        (i, j) =>
          array[offset + i * down + j * along]!;
      try {
        blas.dgemm.ndarray(111, 111, m, n, k, 2, A, ...la, B, ...lb, 0.5, C, ...lc);
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(RANGE|ARGUMENT)$/) });
        expect([A, B, C]).toEqual(before);
        return;
      }
      made++;
      const want = before[2]!.slice();
      const sum = product(at(A, la), at(B, lb), k);
      const [down, along, offset] = lc;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++)
          want[offset + i * down + j * along] = 2 * sum(i, j) + 0.5 * before[2]![offset + i * down + j * along]!;
      }
      expectNear(C, [...want], 'd', 'C');
      expect([A, B]).toEqual(before.slice(0, 2));
    });
    fc.assert(property, { seed: 3, numRuns: 2000 });
    expect(Math.min(made, refused)).toBeGreaterThan(200);
  });

  it.each([
    ['over itself', 0],
    ['one element', 15],
  ])('refuse outputs that share elements: %s', (_, offset) => {
    const array = new Float32Array(40);
    expect(() =>
      blas.sgemm.ndarray(111, 111, 4, 4, 4, 1, array, 4, 1, 0, array, 4, 1, 0, 0, array, 4, 1, offset),
    ).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining('C is written to') }));
  });
});
