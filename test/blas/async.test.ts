// Products off the main thread: the same numbers, errors as rejections, and nothing written after an abort.
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { fromTypedArray } from '../../lib/index.js';
import { arrayOf, entries, expectNear, kinds, numbers, orders, stored } from '../cases/blas.js';
import { failure } from '../cases/data.js';

type Routine = (...args: unknown[]) => Promise<Float32Array>;
const routine = (name: string) => (blas as unknown as Record<string, Routine>)[name]!;

describe.each(kinds)('%s', (kind) => {
  it('are the products of the calls that wait', async () => {
    const next = numbers(1);
    for (const order of orders) {
      for (const beta of [0, 2]) {
        for (const [m, n, k] of [
          [3, 4, 5],
          [150, 130, 70],
          [0, 2, 2],
          [2, 2, 0],
        ] as const) {
          const [a, b] = [stored(kind, order, k, m, next), stored(kind, order, k, n, next)];
          const c = stored(kind, order, m, n, beta === 0 ? () => NaN : next);
          const copy = c.array.slice();
          const args = [order, 'transpose', 'no-transpose', m, n, k, 2, a.array, a.ld, b.array, b.ld, beta];
          await routine(`${kind}gemm`)(...args, copy, c.ld);
          expect(await routine(`${kind}gemmAsync`)(...args, c.array, c.ld, {})).toBe(c.array);
          expect(c.array).toEqual(copy);
          expectNear(entries(m, n, c.at).filter(Number.isNaN), [], kind, 'all written');
        }
      }
    }
  });

  it('batches', async () => {
    const next = numbers(2);
    const fill = (size: number) => arrayOf(kind, Array.from({ length: size }, next));
    for (const order of orders) {
      const [A, B, C] = [fill(40), fill(16), fill(3 * 20)];
      const copy = C.slice();
      const head = [order, 'no-transpose', 'no-transpose', 2, 2, 4, 1, A, 4, 8, B, 4, 0, 1];
      await routine(`${kind}gemmBatched`)(...head, copy, 8, 20, 3);
      expect(await routine(`${kind}gemmBatchedAsync`)(...head, C, 8, 20, 3)).toBe(C);
      expect(C).toEqual(copy);
    }
  });
});

const f = (size: number) => new Float32Array(size).fill(1);
const product = (C: Float32Array, options?: object) =>
  blas.sgemmAsync(111, 111, 2, 2, 2, 1, f(4), 2, f(4), 2, 0, C, 2, options as undefined);

it('refuse what the calls that wait refuse', async () => {
  for (const [code, name, promise] of [
    ['ERR_RANGE', 'sgemmAsync', product(f(3))],
    [
      'ERR_DTYPE',
      'dgemmAsync',
      blas.dgemmAsync(111, 111, 2, 2, 2, 1, f(4) as never, 2, f(4) as never, 2, 0, f(4) as never, 2),
    ],
    ['ERR_ARGUMENT', 'sgemmAsync', product(f(4), { signal: 3 })],
    [
      'ERR_ARGUMENT',
      'sgemmBatchedAsync',
      blas.sgemmBatchedAsync(7 as never, 111, 1, 1, 1, 1, f(1), 1, 1, f(1), 1, 1, 0, f(1), 1, 1, 1),
    ],
    [
      'ERR_RANGE',
      'dgemmBatchedAsync',
      blas.dgemmBatchedAsync(
        111,
        111,
        1,
        1,
        1,
        1,
        new Float64Array(1),
        1,
        1,
        new Float64Array(1),
        1,
        1,
        0,
        new Float64Array(1),
        1,
        1,
        2,
      ),
    ],
  ] as const) {
    await expect(promise).rejects.toThrow(failure(code, name));
  }
});

it('an abort leaves C as it was', async () => {
  const C = new Float32Array(4).fill(5);
  await expect(product(C, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  const controller = new AbortController();
  const promise = product(C, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(promise).rejects.toThrow('enough');
  expect([...C]).toEqual([5, 5, 5, 5]);
  expect([...blas.sscal(4, 2, C, 1)]).toEqual([10, 10, 10, 10]);
});

it('nobody else writes to C meanwhile, and memory that goes away is an error', async () => {
  const C = f(4);
  const promise = product(C);
  const busy = expect.objectContaining({ code: 'ERR_STATE', message: expect.stringContaining('sgemmAsync') });
  expect(() => blas.sscal(4, 2, C, 1)).toThrow(busy);
  expect(() => blas.sgemm(111, 111, 2, 2, 2, 1, f(4), 2, f(4), 2, 0, C, 2)).toThrow(busy);
  expect(() => fromTypedArray(C, [4]).zero_()).toThrow(busy);
  expect([...(await promise)]).toEqual([2, 2, 2, 2]);
  const lost = f(4);
  const late = product(lost);
  structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
  await expect(late).rejects.toThrow(expect.objectContaining({ code: 'ERR_DETACHED' }));
});
