import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  broadcastShapes,
  checkDim,
  checkDims,
  checkShape,
  checkSize,
  contiguousStrides,
  fans,
  formatShape,
  inferShape,
  isContiguous,
  maxDims,
  numElements,
  type Shape,
  sameShape,
  viewStrides,
} from '../lib/shape.js';

/** Matches an error by class and code; its message must name the call. */
const failure = (name: 'TypeError' | 'RangeError', code: string, message: string | RegExp = 'call: ') =>
  expect.objectContaining({ name, code, message: expect.stringMatching(message) });

/** Where every element lies, in row-major order: the meaning of shape and strides, the slow way. */
function indices(shape: Shape, strides: Shape): number[] {
  let all = [0];
  shape.forEach((size, d) => {
    all = all.flatMap((index) => Array.from({ length: size }, (_, i) => index + i * strides[d]!));
  });
  return all;
}

/** Whether any strides at all show these elements under `target`: a dimension's stride is its second element's place. */
function canView(all: readonly number[], target: Shape): boolean {
  const steps = contiguousStrides(target);
  const strides = target.map((size, d) => (size > 1 ? all[steps[d]!]! - all[0]! : 0));
  return strides.every((stride) => stride >= 0) && String(indices(target, strides)) === String(all);
}

// Few sizes and strides, so that runs that merge are as frequent as runs that don't.
const size = fc.constantFrom(1, 1, 2, 2, 3, 4, 6);
const anyStrides = (shape: Shape) =>
  fc.tuple(...shape.map(() => fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 12, 24))).map((strides) => [...strides]);

/** Shapes with strides as slicing, permuting and expanding leave them, or with any at all. */
const strided = fc.array(size, { maxLength: 5 }).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.oneof(
      anyStrides(shape),
      fc
        .tuple(
          fc.tuple(...shape.map(() => fc.constantFrom(0, 1, 1, 1, 2))),
          fc.oneof(
            fc.constant(shape.map((_, d) => shape.length - 1 - d)),
            fc.shuffledSubarray(
              shape.map((_, d) => d),
              { minLength: shape.length },
            ),
          ),
        )
        .map(([gaps, order]) => {
          const strides = new Array<number>(shape.length).fill(0);
          let step = 1;
          for (const d of order) {
            strides[d] = step * gaps[d]!;
            step *= shape[d]! * Math.max(gaps[d]!, 1);
          }
          return strides;
        }),
    ),
  ),
);

/** A shape of `count` elements. */
function factorisation(count: number): fc.Arbitrary<number[]> {
  return fc.array(fc.nat(), { maxLength: 4 }).map((choices) => {
    const sizes: number[] = [];
    let left = count;
    for (const choice of choices) {
      const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((n) => left % n === 0);
      const n = divisors[choice % divisors.length]!;
      sizes.push(n);
      left /= n;
    }
    return left === 1 ? sizes : [...sizes, left];
  });
}

describe('viewStrides', () => {
  const viewed = strided.chain(([shape, strides]) =>
    fc.tuple(fc.constant(shape), fc.constant(strides), factorisation(numElements(shape))),
  );

  it('finds strides exactly where there are some, and they show the same elements', () => {
    let views = 0;
    let copies = 0;
    fc.assert(
      fc.property(viewed, ([shape, strides, target]) => {
        const all = indices(shape, strides);
        const found = viewStrides(shape, strides, target);
        expect(found !== undefined).toBe(canView(all, target));
        if (found === undefined) {
          copies++;
        } else {
          views++;
          expect(found.length).toBe(target.length);
          expect(indices(target, found)).toEqual(all);
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
    // Neither answer is the exception.
    expect(Math.min(views, copies)).toBeGreaterThan(400);
  });

  it('always finds the way back from a view', () => {
    fc.assert(
      fc.property(viewed, ([shape, strides, target]) => {
        const there = viewStrides(shape, strides, target);
        fc.pre(there !== undefined);
        const back = viewStrides(target, there!, shape);
        expect(back && indices(shape, back)).toEqual(indices(shape, strides));
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it('views contiguous memory under any shape, contiguously', () => {
    fc.assert(
      fc.property(
        fc
          .array(size, { maxLength: 5 })
          .chain((shape) => fc.tuple(fc.constant(shape), factorisation(numElements(shape)))),
        ([shape, target]) => {
          const found = viewStrides(shape, contiguousStrides(shape), target)!;
          expect(isContiguous(target, found)).toBe(true);
        },
      ),
      { seed: 3 },
    );
  });

  it.each<[string, number[], number[], number[], number[] | undefined]>([
    ['a scalar as a row of ones', [], [], [1, 1], [1, 1]],
    ['one element as a scalar', [1, 1], [7, 3], [], []],
    ['a transposed matrix does not flatten', [2, 3], [1, 2], [6], undefined],
    ['a transposed matrix splits its own dimensions', [4, 6], [1, 4], [2, 2, 3, 2], [2, 1, 8, 4]],
    ['a size of 1 between two runs', [2, 1, 3], [1, 100, 2], [2, 3], [1, 2]],
    ['a size of 1 between parts of one run', [2, 1, 3], [3, 100, 1], [6], [1]],
    ['a gap after each row', [2, 3], [5, 1], [6], undefined],
    ['a gap after each row, rows split', [2, 4], [5, 1], [2, 2, 2], [5, 2, 1]],
    ['repeated elements', [2, 3], [0, 0], [6], [0]],
    ['repeated rows', [2, 3], [0, 1], [6], undefined],
    ['no elements, same shape', [2, 0, 3], [9, 9, 9], [2, 0, 3], [9, 9, 9]],
    ['no elements, another shape', [2, 0, 3], [9, 9, 9], [0, 4], [4, 1]],
  ])('%s', (_, shape, strides, target, expected) => {
    expect(viewStrides(shape, strides, target)).toEqual(expected);
  });
});

describe('contiguousStrides and isContiguous', () => {
  it('number the elements in row-major order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }), (shape) => {
        const strides = contiguousStrides(shape);
        expect(indices(shape, strides)).toEqual(Array.from({ length: numElements(shape) }, (_, i) => i));
        expect(isContiguous(shape, strides)).toBe(true);
      }),
    );
  });

  it('agree with the order of the elements for any strides', () => {
    fc.assert(
      fc.property(strided, ([shape, strides]) => {
        const inOrder = indices(shape, strides).every((index, i) => index === i);
        expect(isContiguous(shape, strides)).toBe(inOrder);
      }),
      { numRuns: 1000 },
    );
  });

  it('count a size of 0 as 1, as torch does', () => {
    expect(contiguousStrides([2, 0, 3])).toEqual([3, 3, 1]);
    expect(isContiguous([2, 0, 3], [9, 9, 9])).toBe(true);
    expect(numElements([2, 0, 3])).toBe(0);
    expect(numElements([])).toBe(1);
  });
});

describe('broadcastShapes', () => {
  const bigShape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });

  /** NumPy's rule, written down from its definition: pad with 1 on the left; sizes must agree or be 1. */
  function slowBroadcast(a: Shape, b: Shape): number[] | undefined {
    const ndim = Math.max(a.length, b.length);
    const pad = (shape: Shape) => [...new Array(ndim - shape.length).fill(1), ...shape];
    const [p, q] = [pad(a), pad(b)];
    if (p.some((n, d) => n !== q[d] && n !== 1 && q[d] !== 1)) return undefined;
    return p.map((n, d) => (n === 1 ? q[d] : n));
  }

  it('follows the rule', () => {
    fc.assert(
      fc.property(bigShape, bigShape, (a, b) => {
        const expected = slowBroadcast(a, b);
        if (expected !== undefined) expect(broadcastShapes('call', a, b)).toEqual(expected);
        else expect(() => broadcastShapes('call', a, b)).toThrow(failure('RangeError', 'ERR_SHAPE'));
      }),
      { numRuns: 1000 },
    );
  });

  it('names both shapes and the dimension', () => {
    expect(() => broadcastShapes('add', [2, 3], [4, 3])).toThrow(/^add: .*\[2, 3\].*\[4, 3\].*2 and 4.*dimension 0/);
  });
});

describe('inferShape', () => {
  it('fills in the missing size', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), fc.nat(), (shape, at) => {
        const d = at % shape.length;
        expect(inferShape('call', shape, numElements(shape))).toEqual(shape);
        expect(inferShape('call', shape.with(d, -1), numElements(shape))).toEqual(shape);
      }),
    );
  });

  it.each<[number[], number]>([
    [[4], 3],
    [[-1, 2], 3],
    [[-1, -1], 4],
    [[-1, 0], 0],
    [[0], 1],
    [[], 2],
    [[2, 3], 0],
    [new Array(9).fill(1), 1],
    [[...new Array(8).fill(1), -1], 1],
  ])('%j does not fit %d elements', (requested, count) => {
    expect(() => inferShape('call', requested, count)).toThrow(failure('RangeError', 'ERR_SHAPE'));
  });

  it('-1 of no elements is 0', () => {
    expect(inferShape('call', [-1], 0)).toEqual([0]);
    expect(inferShape('call', [-1, 3], 0)).toEqual([0, 3]);
  });

  it.each([[undefined], [null], ['ab'], [{ length: 1 }]])('%o is no shape', (requested) => {
    expect(() => inferShape('call', requested, 1)).toThrow(failure('TypeError', 'ERR_ARGUMENT'));
  });
});

describe('checks', () => {
  it('checkSize', () => {
    expect(checkSize('call', 5)).toBe(5);
    expect(checkSize('call', -0)).toBe(0);
    for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 53, 1e300]) {
      expect(() => checkSize('call', bad, 'rows')).toThrow(failure('RangeError', 'ERR_RANGE', /^call: rows .*got/));
    }
    for (const bad of ['2', null, undefined, 2n, [2], {}]) {
      expect(() => checkSize('call', bad, 'rows')).toThrow(failure('TypeError', 'ERR_ARGUMENT', /^call: rows .*got/));
    }
  });

  it('checkShape copies', () => {
    const shape = [2, 3];
    const checked = checkShape('call', shape);
    expect(checked).toEqual(shape);
    expect(checked).not.toBe(shape);
  });

  it('checkShape limits dimensions and elements', () => {
    expect(checkShape('call', new Array(maxDims).fill(1)).length).toBe(maxDims);
    expect(() => checkShape('call', new Array(maxDims + 1).fill(1))).toThrow(failure('RangeError', 'ERR_SHAPE'));
    expect(checkShape('call', [2 ** 33 - 1])).toEqual([2 ** 33 - 1]);
    for (const huge of [
      [2 ** 33],
      [2 ** 20, 2 ** 20],
      [2 ** 52, 2 ** 52],
      [0, 2 ** 52, 2 ** 52],
      [2 ** 52, 2 ** 52, 0],
    ]) {
      expect(() => checkShape('call', huge)).toThrow(failure('RangeError', 'ERR_RANGE'));
    }
    expect(checkShape('call', [0, 2 ** 52])).toEqual([0, 2 ** 52]);
  });

  it.each([[[2, -1]], [[2, 1.5]], [[NaN]]])('checkShape refuses %j', (shape) => {
    expect(() => checkShape('call', shape)).toThrow(failure('RangeError', 'ERR_RANGE'));
  });

  it.each([[3], ['3'], [undefined], [[2, '3']], [[2, undefined]], [new Array(2)]])('checkShape refuses %o', (shape) => {
    expect(() => checkShape('call', shape)).toThrow(failure('TypeError', 'ERR_ARGUMENT'));
  });

  it('checkDim counts negative dimensions from the end, and lets a scalar have one', () => {
    for (let ndim = 0; ndim <= 4; ndim++) {
      const bound = Math.max(ndim, 1);
      for (let dim = -6; dim <= 6; dim++) {
        if (dim >= -bound && dim < bound) expect(checkDim('call', dim, ndim)).toBe((dim + bound) % bound);
        else expect(() => checkDim('call', dim, ndim)).toThrow(failure('RangeError', 'ERR_RANGE', `${dim}`));
      }
    }
    for (const bad of [0.5, NaN, '0', null, undefined, 0n]) {
      expect(() => checkDim('call', bad, 2)).toThrow(failure('TypeError', 'ERR_ARGUMENT'));
    }
  });

  it('checkDims', () => {
    expect(checkDims('call', undefined, 3)).toEqual([0, 1, 2]);
    expect(checkDims('call', [], 3)).toEqual([0, 1, 2]);
    expect(checkDims('call', -1, 3)).toEqual([2]);
    expect(checkDims('call', [2, -3], 3)).toEqual([2, 0]);
    expect(checkDims('call', undefined, 0)).toEqual([]);
    expect(checkDims('call', 0, 0)).toEqual([]);
    expect(checkDims('call', [-1], 0)).toEqual([]);
    expect(() => checkDims('call', [0, -3], 3)).toThrow(failure('TypeError', 'ERR_ARGUMENT', /twice/));
    expect(() => checkDims('call', [0, 3], 3)).toThrow(failure('RangeError', 'ERR_RANGE'));
    expect(() => checkDims('call', null as never, 3)).toThrow(failure('TypeError', 'ERR_ARGUMENT'));
  });
});

describe('small ones', () => {
  it('formatShape, sameShape', () => {
    expect(formatShape([])).toBe('[]');
    expect(formatShape([2, 0])).toBe('[2, 0]');
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([], [])).toBe(true);
  });

  it('fans count the receptive field', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 5 }), (shape) => {
        const [out, input, ...kernel] = shape as [number, number, ...number[]];
        const field = kernel.reduce((product, n) => product * n, 1);
        expect(fans('call', shape)).toEqual({ fanIn: input * field, fanOut: out * field });
      }),
    );
    for (const shape of [[], [3]]) {
      expect(() => fans('call', shape)).toThrow(
        failure('RangeError', 'ERR_SHAPE', formatShape(shape).replace(/[[\]]/g, '\\$&')),
      );
    }
  });
});
