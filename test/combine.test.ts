import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cat, matmul, multiDot, outer, stack } from '../lib/combine.js';
import { ones, randn, tensor, zeros } from '../lib/creation.js';
import { Generator } from '../lib/random.js';
import type { Tensor } from '../lib/tensor/index.js';
import { expectClose, failure, tensorOf, valuesOf } from './cases/data.js';

const leaf = (data: number[] | number[][]) => tensor(data, { dtype: 'float64', requiresGrad: true });

describe('cat and stack', () => {
  it('join and send gradients back to each', () => {
    const [a, b] = [
      leaf([[1, 2]]),
      leaf([
        [3, 4],
        [5, 6],
      ]),
    ];
    const joined = cat([a, b], -2);
    expect(joined.tolist()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(String(joined.gradFn)).toBe('<CatBackward0>');
    joined
      .mul(
        tensor(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          { dtype: 'float64' },
        ),
      )
      .sum()
      .backward();
    expect([a.grad!.tolist(), b.grad!.tolist()]).toEqual([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    const [c, d] = [leaf([1, 2]), leaf([3, 4])];
    const stacked = stack([c, d], 1);
    expect(stacked.tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    stacked.at(0).sum().backward();
    expect([c.grad!.tolist(), d.grad!.tolist()]).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('an empty vector takes no part; the widest dtype wins', () => {
    const empty = zeros([0], { requiresGrad: true });
    const joined = cat([empty, ones(1, 2), zeros([1, 2], { dtype: 'float64' })]);
    expect([joined.shape, joined.dtype]).toEqual([[2, 2], 'float64']);
    joined.sum().backward();
    expect(empty.grad!.shape).toEqual([0]);
    expect(cat([zeros(0), zeros(0)]).shape).toEqual([0]);
  });
});

describe('outer', () => {
  it('multiplies all pairs', () => {
    expect(outer(tensor([1, 2]), tensor([3, 4, 5])).tolist()).toEqual([
      [3, 4, 5],
      [6, 8, 10],
    ]);
    expect(outer(zeros(0), ones(2)).shape).toEqual([0, 2]);
  });
});

describe('multiDot', () => {
  const chain = (sizes: readonly number[], generator: Generator) =>
    sizes.slice(1).map((size, i) => randn([sizes[i]!, size], { dtype: 'float64', generator }));

  it('equals the products from left to right', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 7 }), (sizes) => {
        const matrices = chain(sizes, new Generator(1));
        const expected = matrices.reduce((product, matrix) => product.mm(matrix));
        // What rounding can do is bound by the factors' norms: elements may cancel.
        const scale = matrices.reduce((product, matrix) => product * matrix.norm().item(), 1);
        expectClose(valuesOf(multiDot(matrices)), valuesOf(expected), 1e-14, scale);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  /** The classic example of the textbook: six matrices whose best order takes 15,125 multiplications. */
  it('takes the cheapest order', () => {
    const matrices = chain([30, 35, 15, 5, 10, 20, 25], new Generator(1));
    let cost = 0;
    for (const matrix of matrices) {
      // Products of products are plain tensors with the method of the prototype.
      const counted = (self: Tensor, other: Tensor): Tensor => {
        cost += self.size(0) * self.size(1) * other.size(1);
        const out = Object.getPrototypeOf(self).mm.call(self, other) as Tensor;
        out.mm = (next) => counted(out, next);
        return out;
      };
      matrix.mm = (other) => counted(matrix, other);
    }
    multiDot(matrices);
    expect(cost).toBe(15125);
  });

  it('takes vectors at the ends', () => {
    const [m] = chain([2, 3], new Generator(1));
    expect(multiDot([ones([2], { dtype: 'float64' }), m!]).shape).toEqual([3]);
    expect(multiDot([m!, ones([3], { dtype: 'float64' })]).shape).toEqual([2]);
    expect(multiDot([tensorOf([1, 2], [2]), tensorOf([3, 4], [2])]).item()).toBe(11);
  });
});

it.each<[string, string, () => unknown, ...(string | number)[]]>([
  ['ERR_ARGUMENT', 'cat', () => cat([]), '[]'],
  ['ERR_ARGUMENT', 'cat', () => cat(zeros(2) as never), 'Tensor'],
  ['ERR_ARGUMENT', 'cat', () => cat([zeros(2), [1] as never]), '[1]'],
  ['ERR_ARGUMENT', 'cat', () => cat([zeros(2)], 0.5), '0.5'],
  ['ERR_RANGE', 'cat', () => cat([zeros(2)], 1), '1'],
  ['ERR_SHAPE', 'cat', () => cat([zeros(2, 3), zeros(2)], 1), '[2, 3]', '[2]'],
  ['ERR_SHAPE', 'stack', () => stack([zeros(2), zeros(3)]), '[2]', '[3]'],
  ['ERR_RANGE', 'stack', () => stack([zeros(2)], 2), '2'],
  ['ERR_ARGUMENT', 'matmul', () => matmul(zeros(2), [1] as never), '[1]'],
  ['ERR_DTYPE', 'matmul', () => matmul(zeros(2), zeros([2], { dtype: 'float64' })), 'float32', 'float64'],
  ['ERR_SHAPE', 'outer', () => outer(zeros(2, 2), zeros(2)), '[2, 2]'],
  ['ERR_ARGUMENT', 'outer', () => outer(zeros(2), 3 as never), '3'],
  ['ERR_ARGUMENT', 'multiDot', () => multiDot([zeros(2, 2)]), '1'],
  ['ERR_SHAPE', 'multiDot', () => multiDot([zeros(2, 2), zeros(2), zeros(2, 2)]), '[2]'],
  ['ERR_SHAPE', 'multiDot', () => multiDot([zeros(2, 3), zeros(4, 2)]), '[2, 3]', '[4, 2]'],
])('%s %s', (code, call, run, ...parts) => {
  expect(run).toThrow(failure(code, call, ...parts));
});
