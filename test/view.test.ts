import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contiguousStrides, numElements } from '../lib/shape.js';
import type { Tensor } from '../lib/tensor/index.js';
import {
  allocateView,
  broadcastTo,
  checkMemory,
  isViewContiguous,
  pickDims,
  restride,
  type View,
} from '../lib/view.js';
import { readGolden, ruleTensor, tensorOf, valuesOf } from './cases/data.js';

type Step = [name: string, args: never[], shape?: number[], strides?: number[], offset?: number, shared?: boolean];

const { views: programs } = readGolden<{ views: { shape: number[]; steps: Step[] }[] }>('ops');

const show = ([name, args]: Step) => `${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;

function call(t: Tensor, name: string, args: never[]): Tensor {
  return (t[name as keyof Tensor] as (...args: never[]) => Tensor).apply(t, args);
}

describe('torch agrees on shapes, strides, offsets and errors', () => {
  it('has cases of each', () => {
    const steps = programs.flatMap((program) => program.steps);
    expect(steps.filter((step) => step.length === 2).length).toBeGreaterThan(100);
    expect(steps.filter((step) => step[5] === false).length).toBeGreaterThan(5);
    expect(steps.filter((step) => step[5] === true).length).toBeGreaterThan(500);
  });

  it.each(programs.map((program, i) => [i, program] as const))('program %i', (_, { shape, steps }) => {
    const base = ruleTensor(shape, 'float32');
    let t = base;
    for (const [i, step] of steps.entries()) {
      const [name, args, wanted, strides, offset, shared] = step;
      const before = `[${shape}] ${steps
        .slice(0, i + 1)
        .map(show)
        .join('.')}`;
      if (wanted === undefined) {
        expect(() => call(t, name, args), before).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/^ERR_/),
            message: expect.stringMatching(`^${name}: `),
          }),
        );
        continue;
      }
      const source = t;
      t = call(t, name, args);
      const got = [t.shape, t.strides, t.storageOffset, t.elements.array === base.elements.array];
      expect(got, before).toEqual([wanted, strides, offset, shared || base.numel() === 0 ? got[3] : false]);
      if (shared && base.numel() > 0) expect(got[3], before).toBe(true);
      // A new shape changes no order.
      if (name === 'view' || name === 'reshape' || name === 'flatten') expect(valuesOf(t)).toEqual(valuesOf(source));
    }
  });
});

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** A view's element at the given indices, from the definition. */
function element({ array, strides, offset }: View, indices: readonly number[]): number {
  return Number(array[offset + indices.reduce((sum, index, d) => sum + index * strides[d]!, 0)]!);
}

/** Every index of a shape. */
function everyIndex(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

describe('what a view shows', () => {
  const filled = shape.map((sizes) =>
    tensorOf(
      Array.from({ length: numElements(sizes) }, (_, i) => i),
      sizes,
    ),
  );
  const withDim = filled
    .filter((t) => t.dim() > 0)
    .chain((t) => fc.tuple(fc.constant(t), fc.integer({ min: -t.dim(), max: t.dim() - 1 })));
  const positive = (t: Tensor, dim: number) => (dim < 0 ? dim + t.dim() : dim);

  it('permute moves the dimensions', () => {
    fc.assert(
      fc.property(
        filled.chain((t) =>
          fc.tuple(
            fc.constant(t),
            fc.shuffledSubarray(
              t.shape.map((_, d) => d),
              { minLength: t.dim() },
            ),
          ),
        ),
        ([t, order]) => {
          const permuted = t.permute(order);
          for (const index of everyIndex(permuted.shape)) {
            const source: number[] = [];
            order.forEach((d, at) => {
              source[d] = index[at]!;
            });
            expect(element(permuted.elements, index)).toBe(element(t.elements, source));
          }
        },
      ),
    );
  });

  it('slice takes what Array.prototype.slice and a step take', () => {
    fc.assert(
      fc.property(
        withDim,
        fc.integer({ min: -6, max: 6 }),
        fc.integer({ min: -6, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        ([t, dim], start, end, step) => {
          const d = positive(t, dim);
          const kept = Array.from({ length: t.shape[d]! }, (_, i) => i)
            .slice(start, end)
            .filter((_, i) => i % step === 0);
          const sliced = t.slice(dim, start, end, step);
          expect(sliced.shape).toEqual(t.shape.with(d, kept.length));
          for (const index of everyIndex(sliced.shape)) {
            expect(element(sliced.elements, index)).toBe(element(t.elements, index.with(d, kept[index[d]!]!)));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('select, narrow and at agree with slice', () => {
    fc.assert(
      fc.property(withDim, fc.nat(), fc.nat(), ([t, dim], a, b) => {
        const size = t.size(dim);
        fc.pre(size > 0);
        const [first, second] = [a % size, b % size].sort((x, y) => x - y) as [number, number];
        const narrow = t.narrow(dim, first, second - first);
        expect(valuesOf(narrow)).toEqual(valuesOf(t.slice(dim, first, second)));
        expect(t.narrow(dim, first - size, second - first).storageOffset).toBe(narrow.storageOffset);
        const chosen = t.select(dim, first);
        expect(valuesOf(chosen)).toEqual(valuesOf(t.slice(dim, first, first + 1)));
        expect(chosen.shape).toEqual(t.shape.toSpliced(positive(t, dim), 1));
        expect(valuesOf(t.select(dim, first - size))).toEqual(valuesOf(chosen));
        if (positive(t, dim) === 0) expect(valuesOf(t.at(first))).toEqual(valuesOf(chosen));
      }),
    );
  });

  it('expand repeats', () => {
    fc.assert(
      fc.property(
        filled,
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
        fc.nat({ max: 2 }),
        (t, lead, n) => {
          const sizes = t.shape.map((size) => (size === 1 ? n : size));
          const expanded = t.expand([...lead, ...sizes]);
          expect(expanded.shape).toEqual([...lead, ...sizes]);
          for (const index of everyIndex(expanded.shape)) {
            const source = index.slice(lead.length).map((i, d) => (t.shape[d] === 1 ? 0 : i));
            expect(element(expanded.elements, index)).toBe(element(t.elements, source));
          }
        },
      ),
    );
  });

  it('writes through to the tensor it was made from', () => {
    const t = tensorOf([0, 1, 2, 3, 4, 5], [2, 3]);
    t.t().select(0, 1).fill_(9);
    t.flatten().set_([0], 7);
    t.unsqueeze(0).squeeze().at(-1, -1).zero_();
    expect(valuesOf(t)).toEqual([7, 9, 2, 3, 9, 0]);
  });
});

describe('helpers', () => {
  it('allocateView is contiguous zeros', () => {
    fc.assert(
      fc.property(shape, (sizes) => {
        const view = allocateView('test', sizes, 'float64');
        expect(view.strides).toEqual(contiguousStrides(sizes));
        expect(isViewContiguous(view)).toBe(true);
        expect(view.array).toEqual(new Float64Array(numElements(sizes)));
      }),
    );
  });

  it('pickDims and broadcastTo', () => {
    const view = allocateView('test', [2, 1, 3], 'float32');
    expect(pickDims(view, [2, 0])).toMatchObject({ shape: [3, 2], strides: [1, 3] });
    expect(broadcastTo(view, [4, 2, 5, 3])).toMatchObject({ shape: [4, 2, 5, 3], strides: [0, 3, 0, 1] });
    expect(broadcastTo(view, [2, 1, 3])).toBe(view);
  });

  it('checkMemory notices memory that went away', () => {
    const view = allocateView('test', [2, 3], 'float32');
    checkMemory('call', view);
    structuredClone(view.array.buffer, { transfer: [view.array.buffer as ArrayBuffer] });
    expect(() => checkMemory('call', view)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_DETACHED', message: expect.stringContaining('call: ') }),
    );
    expect(() => checkMemory('call', restride(view, [2, 0], [1, 1]))).not.toThrow();
  });
});
