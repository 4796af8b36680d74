// QR and singular values on matrices of any shape, batch and layout: what defines them, and wrong arguments. What torch
// gives is in test/suite.test.ts, gradients by differences in test/gradients.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eye, ones, randn, stack, Tensor, tensor, zeros } from '../lib/index.js';
import { largestSingularValue } from '../lib/linalg.js';
import { Generator } from '../lib/random.js';
import { failure, layouts, valuesOf } from './cases/data.js';

const epsilon = { float32: 2 ** -23, float64: 2 ** -52 };
type Float = keyof typeof epsilon;

/** A batch of matrices, some of them of low rank, in a layout. */
const matrices = fc
  .record({
    dtype: fc.constantFrom<Float>('float32', 'float64'),
    batch: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    m: fc.integer({ min: 0, max: 40 }),
    n: fc.integer({ min: 0, max: 40 }),
    rank: fc.option(fc.integer({ min: 0, max: 3 })),
    exponent: fc.integer({ min: -20, max: 20 }),
    layout: fc.constantFrom(...Object.keys(layouts)),
    seed: fc.nat(),
  })
  .map(({ dtype, batch, m, n, rank, exponent, layout, seed }) => {
    const options = { dtype, generator: new Generator(seed) };
    const a =
      rank === null
        ? randn([...batch, m, n], options)
        : randn([...batch, m, rank], options).matmul(randn([...batch, rank, n], options));
    return layouts[layout]!(a.mul(2 ** exponent));
  });

const largest = (t: Tensor) => (t.numel() === 0 ? 0 : t.norm(Infinity).item());
const transposed = (t: Tensor) => t.transpose(-2, -1);

/** The largest difference of two tensors, in rounding errors of sums over `count` elements as large as `of`. */
function errorOf(got: Tensor, wanted: Tensor, count: number, of: number): number {
  expect(got.shape).toEqual(wanted.shape);
  const error = largest(got.sub(wanted));
  return error === 0 ? 0 : error / (epsilon[got.dtype as Float] * (count + 4) * of);
}

describe('qr', () => {
  it('gives orthonormal columns and a triangle whose product is the matrix', () => {
    fc.assert(
      fc.property(matrices, (a) => {
        const [m, n] = a.shape.slice(-2) as [number, number];
        const k = Math.min(m, n);
        const before = valuesOf(a);
        const { q, r } = a.qr();
        expect(valuesOf(a)).toEqual(before);
        expect([q.dtype, r.dtype]).toEqual([a.dtype, a.dtype]);
        expect([q.isContiguous(), r.isContiguous()]).toEqual([true, true]);
        const batch = a.shape.slice(0, -2);
        expect(q.shape).toEqual([...batch, m, k]);
        expect(r.shape).toEqual([...batch, k, n]);
        expect(errorOf(q.matmul(r), a, m, largest(a))).toBeLessThan(4);
        const identity = eye(k, { dtype: a.dtype }).expand([...batch, k, k]);
        expect(errorOf(transposed(q).matmul(q), identity, m, 1)).toBeLessThan(4);
        const below = valuesOf(r).filter((_, i) => (i % n) + 1 <= Math.floor(i / n) % k);
        expect(below.every((x) => x === 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('batches give what their matrices give', () => {
    const a = randn(2, 3, 5, 4, { generator: new Generator(1) });
    const { q, r } = a.qr();
    for (const i of [0, 1]) {
      for (const j of [0, 1, 2]) {
        const one = a.at(i, j).qr();
        expect(q.at(i, j).tolist()).toEqual(one.q.tolist());
        expect(r.at(i, j).tolist()).toEqual(one.r.tolist());
      }
    }
  });

  it('carries NaN along, from the first column that has one', () => {
    const a = randn(4, 3, { generator: new Generator(3) });
    const { q, r } = a.qr();
    a.set_([2, 1], NaN);
    const odd = a.qr();
    expect(odd.q.select(1, 0).tolist()).toEqual(q.select(1, 0).tolist());
    expect(valuesOf(odd.q.narrow(1, 1, 2)).every(Number.isNaN)).toBe(true);
    expect(odd.r.at(0, 0).item()).toBe(r.at(0, 0).item());
    expect(odd.r.at(0, 2).item()).toBeCloseTo(r.at(0, 2).item(), 5);
    expect(odd.r.isnan().tolist()).toEqual([
      [false, true, false],
      [false, true, true],
      [false, false, true],
    ]);
  });
});

describe('svdvals', () => {
  it('are in order, those of the transpose, and their squares add up to those of the elements', () => {
    fc.assert(
      fc.property(matrices, (a) => {
        const k = Math.min(...a.shape.slice(-2));
        const before = valuesOf(a);
        const s = a.svdvals();
        expect(valuesOf(a)).toEqual(before);
        expect(s.dtype).toBe(a.dtype);
        expect(s.shape).toEqual([...a.shape.slice(0, -2), k]);
        const values = valuesOf(s);
        values.forEach((x, i) => {
          expect(x).toBeGreaterThanOrEqual(0);
          if (i % k > 0) expect(x).toBeLessThanOrEqual(values[i - 1]!);
        });
        expect(errorOf(s, transposed(a).svdvals(), 4, largest(s))).toBeLessThan(4);
        if (a.dim() === 2) {
          const of = largest(s);
          expect(errorOf(s.norm(), a.norm(), a.size(0), of)).toBeLessThan(4);
        }
        // With a gradient to come, they are computed together with the vectors.
        expect(errorOf(a.detach().requiresGrad_().svdvals().detach(), s, 4, largest(s))).toBeLessThan(4);
      }),
      { numRuns: 300 },
    );
  });

  it('start with the largest, which iteration finds too', () => {
    const a = randn(60, 90, { dtype: 'float64', generator: new Generator(2) });
    const [first] = a.svdvals().tolist() as number[];
    expect(Math.abs(largestSingularValue(a, { tolerance: 1e-10 }) / first! - 1)).toBeLessThan(1e-9);
  });

  it('agree with closed forms', () => {
    expect(
      tensor([
        [3, 0],
        [0, -4],
      ])
        .svdvals()
        .tolist(),
    ).toEqual([4, 3]); // prettier-ignore
    expect(eye(5).svdvals().tolist()).toEqual([1, 1, 1, 1, 1]);
    const [first, ...rest] = ones([7, 3], { dtype: 'float64' }).svdvals().tolist() as number[];
    expect(first).toBeCloseTo(Math.sqrt(21), 13);
    expect(Math.max(...rest)).toBeLessThan(1e-14);
    // As large and as small as the dtype has numbers.
    for (const scale of [2e38, 1e-38]) {
      const [x, y] = tensor([
        [scale, 0],
        [0, scale / 2],
      ])
        .svdvals()
        .tolist() as number[]; // prettier-ignore
      expect([x! / scale, y! / scale].map((ratio) => ratio.toFixed(5))).toEqual(['1.00000', '0.50000']);
    }
  });

  it('of elements that are not finite there are none', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const odd of [NaN, Infinity, -Infinity]) {
        for (const shape of [
          [1, 1],
          [2, 5],
          [5, 2],
          [40, 40],
        ] as const) {
          for (const requiresGrad of [false, true]) {
            const a = ones(shape, { dtype });
            a.set_([shape[0] - 1, 0], odd).requiresGrad_(requiresGrad);
            expect(() => a.svdvals()).toThrow(failure('ERR_RANGE', 'svdvals', 'not finite'));
            // In one matrix of several.
            const batch = stack([ones(shape, { dtype }), a]);
            expect(() => batch.svdvals()).toThrow(failure('ERR_RANGE', 'svdvals', 'not finite'));
          }
        }
      }
    }
  });
});

describe.each(['qr', 'svdvals'] as const)('%s', (name) => {
  it.each(['float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'] as const)('refuses %s', (dtype) => {
    expect(() => zeros([2, 2], { dtype })[name]()).toThrow(failure('ERR_DTYPE', name, dtype, 'float64'));
  });

  it('refuses vectors and scalars', () => {
    expect(() => tensor(1)[name]()).toThrow(failure('ERR_SHAPE', name, '[]'));
    expect(() => ones(3)[name]()).toThrow(failure('ERR_SHAPE', name, '[3]'));
  });

  it('notices memory that is gone', () => {
    const array = new Float32Array(4);
    const gone = new Tensor({ ...ones(2, 2).elements, array });
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => gone[name]()).toThrow(failure('ERR_DETACHED', name, '[2, 2]'));
  });
});

describe('gradients', () => {
  const leaf = (...shape: number[]) =>
    randn(shape, { dtype: 'float64', requiresGrad: true, generator: new Generator(5) });

  it('have the names of nodes that torch has', () => {
    const { q, r } = leaf(3, 2).qr();
    expect(String(q)).toMatch(/grad_fn=<LinalgQrBackward0>\)$/);
    expect(String(r.gradFn)).toBe('<LinalgQrBackward0>');
    expect(String(leaf(3, 2).svdvals().gradFn)).toBe('<LinalgSvdBackward0>');
  });

  it('of one factor alone, and of neither', () => {
    const whole = leaf(4, 3);
    const both = whole.qr();
    both.q.sum().add(both.r.sum()).backward();
    const parts = leaf(4, 3);
    parts.qr().q.sum().backward();
    parts.qr().r.sum().backward();
    expect(errorOf(parts.grad!, whole.grad!, 4, largest(whole.grad!))).toBeLessThan(4);
    expect(leaf(3, 3).detach().qr().q.gradFn).toBeNull();
  });

  it('pass through a product of the factors as if there were none', () => {
    for (const shape of [
      [5, 3],
      [3, 5],
      [4, 4],
      [2, 3, 4],
    ]) {
      const a = leaf(...shape);
      const weights = randn(shape, { dtype: 'float64', generator: new Generator(6) });
      const { q, r } = a.qr();
      q.matmul(r).backward(weights);
      expect(errorOf(a.grad!, weights, 8, 10 * largest(weights))).toBeLessThan(10);
    }
  });

  it('of the sum of squares is that of the elements', () => {
    const a = leaf(2, 5, 3);
    const s = a.svdvals();
    s.mul(s).sum().backward();
    expect(errorOf(a.grad!, a.detach().mul(2), 8, largest(a.grad!))).toBeLessThan(4);
  });

  it('notice factors that were changed in place', () => {
    const { q, r } = leaf(3, 2).qr();
    r.mul_(2);
    expect(() => q.sum().backward()).toThrow(failure('ERR_STATE', 'backward', 'LinalgQrBackward0', 'in place'));
    const other = leaf(3, 2).qr();
    other.q.mul_(2);
    expect(() => other.r.sum().backward()).toThrow(failure('ERR_STATE', 'backward', 'LinalgQrBackward0', 'in place'));
    // Of singular values only the vectors are needed, which nobody sees.
    const s = leaf(3, 2).svdvals();
    s.mul(2);
    s.add_(1);
    expect(() => s.sum().backward()).not.toThrow();
  });

  it('are as infinite as the inverse of a singular triangle', () => {
    const a = zeros([2, 2], { dtype: 'float64', requiresGrad: true });
    a.qr().q.sum().backward();
    expect(valuesOf(a.grad!).some((x) => !Number.isFinite(x))).toBe(true);
  });
});
