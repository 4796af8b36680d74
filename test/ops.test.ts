import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matmul } from '../lib/combine.js';
import { getNumThreads, setNumThreads } from '../lib/native.js';
import { conv2d } from '../lib/nn/functional/index.js';
import { binaryOps, reductionOps, unaryOps } from '../lib/ops/index.js';
import { broadcastShapes, numElements, type Shape } from '../lib/shape.js';
import { Tensor } from '../lib/tensor/index.js';
import { allocateView, restride } from '../lib/view.js';
import {
  bystanders,
  expectClose,
  expectSame,
  failure,
  fromJson,
  type JsonNumber,
  layouts,
  readGolden,
  ruleTensor,
  simdTargets,
  spread,
  tensorOf,
  ulps,
  valuesOf,
  withTarget,
} from './cases/data.js';
import {
  binaryCases,
  clampCases,
  clampReference,
  conv2dCases,
  conv2dReference,
  matmulCases,
  matmulReference,
  type ReductionCase,
  reductionCases,
  type Ulps,
  unaryCases,
} from './cases/ops.js';

const dtypes = ['float32', 'float64'] as const;
type DType = (typeof dtypes)[number];
const epsilon = { float32: 2 ** -23, float64: 2 ** -52 };
const round = (x: number, dtype: string) => (dtype === 'float32' ? Math.fround(x) : x);

const threads = getNumThreads();
// More than one, whatever the machine has: ranges must meet without a gap.
beforeAll(() => setNumThreads(4));
afterAll(() => setNumThreads(threads));

type Method = (...args: unknown[]) => Tensor;
const method = (t: Tensor, name: string): Method => (t[name as keyof Tensor] as unknown as Method).bind(t);

const references = new Map<string, unknown>();

/** A reference that several instruction sets and layouts are compared with, computed once. */
function once<T>(key: string, compute: () => T): T {
  if (!references.has(key)) references.set(key, compute());
  return references.get(key) as T;
}

/** What arithmetic trips over, then magnitudes all over the range, then ordinary numbers. */
function specials(dtype: DType): number[] {
  const [max, normal, denormal] =
    dtype === 'float32' ? [3.4028234663852886e38, 2 ** -126, 2 ** -149] : [Number.MAX_VALUE, 2 ** -1022, 2 ** -1074];
  const positive = [
    0,
    denormal,
    3 * denormal,
    normal,
    1e-20,
    epsilon[dtype],
    0.1,
    0.5,
    1,
    1.5,
    3,
    19.9,
    88.7,
    104,
    max,
  ];
  return [NaN, Infinity, -Infinity, ...positive, ...positive.map((x) => -x)];
}

function expectUlps(
  got: readonly number[],
  wanted: readonly number[],
  dtype: string,
  allowed: Ulps,
  anyZero = false,
  mayUnderflow = false,
) {
  expect(got.length).toBe(wanted.length);
  const most = typeof allowed === 'number' ? allowed : allowed[dtype as DType];
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i]!, round(wanted[i]!, dtype)];
    if (Object.is(a, b)) continue;
    if (mayUnderflow && a === 0 && Math.abs(b) < (dtype === 'float32' ? 2 ** -126 : 2 ** -1022)) continue;
    // A factor below the normal numbers has fewer digits; the other is at most 104 or 746 there.
    if (mayUnderflow && Math.abs(a - b) < (dtype === 'float32' ? 2 ** -142 : 2 ** -1064)) continue;
    if (!(ulps(a, b, dtype) <= most) || (a === 0 && b === 0 && !anyZero)) {
      throw new Error(`element ${i} is ${Object.is(a, -0) ? '-0' : a}, expected ${Object.is(b, -0) ? '-0' : b}`);
    }
  }
}

/** A large tensor of the same values over and over, for several threads. */
const large = (values: readonly number[], dtype: DType) =>
  tensorOf(
    Float64Array.from({ length: 280_001 }, (_, i) => values[i % values.length]!),
    [280_001],
    dtype,
  );

/** Expects what an operation makes of a large tensor to be what it makes of the values repeated in it. */
function expectRepeats(many: Tensor, few: Tensor): void {
  const [all, once] = [valuesOf(many), valuesOf(few)];
  expect(all.length).toBe(280_001);
  expect(all.findIndex((x, i) => !Object.is(x, once[i % once.length]))).toBe(-1);
}

describe('every operation has a case', () => {
  it.each([
    ['unary', unaryOps, unaryCases],
    ['binary', binaryOps, binaryCases],
    ['reductions', reductionOps, { ...reductionCases, any: 0, all: 0, argmax: 0, argmin: 0 }],
  ])('%s', (_, ops, cases) => expect(Object.keys(cases).sort()).toEqual(Object.keys(ops).sort()));
});

describe.each(simdTargets)('on %s', (target) => {
  // Layouts are the same for all instruction sets; pairs of them are tried on the first.
  const all = Object.values(layouts);
  const some = target === simdTargets[0] ? all : [all[0]!, all[2]!];

  describe.each(dtypes)('%s', (dtype) => {
    const on = (run: () => void) => () => withTarget(target, run);
    const values = [...specials(dtype), ...spread(315 - specials(dtype).length, -10, 10)].map((x) => round(x, dtype));
    const input = tensorOf(values, [5, 7, 9], dtype);

    it.each(Object.entries(unaryCases))('%s', (name, { reference, ulps: allowed, anyZero, mayUnderflow }) => {
      on(() => {
        const wanted = values.map(reference);
        const plain = method(input, name)();
        expectUlps(valuesOf(plain), wanted, dtype, allowed, anyZero, mayUnderflow);
        expect([plain.shape, plain.dtype, plain.isContiguous()]).toEqual([[5, 7, 9], dtype, true]);
        for (const layout of all) {
          const t = layout(input.clone());
          expectSame(valuesOf(method(t, name)()), valuesOf(plain));
          expectSame(valuesOf(t), values);
          const around = bystanders(t);
          expect(method(t, `${name}_`)()).toBe(t);
          expectSame(valuesOf(t), valuesOf(plain));
          expectSame(bystanders(t), around);
        }
        const expanded = input.select(0, 0).unsqueeze(1).expand(7, 4, 9);
        expectSame(valuesOf(method(expanded, name)()), valuesOf(method(expanded.contiguous(), name)()));
        expect(() => method(expanded, `${name}_`)()).toThrow(failure('ERR_ARGUMENT', `${name}_`, '[7, 4, 9]'));
        const scalar = method(tensorOf([0.5], [], dtype), name)();
        expect(scalar.shape).toEqual([]);
        expectUlps([scalar.item()], [reference(0.5)], dtype, allowed, anyZero);
        for (const shape of [[0], [2, 0, 3]]) {
          const empty = tensorOf([], shape, dtype);
          expect(method(empty, name)().shape).toEqual(shape);
          expect(method(empty, `${name}_`)()).toBe(empty);
        }
        expectRepeats(method(large(values, dtype), name)(), plain);
      })();
    });

    it.each(Object.entries(binaryCases))('%s', (name, { reference, withNumber = reference, ulps: allowed }) => {
      on(() => {
        // Every special value against every other, then ordinary numbers.
        const odd = specials(dtype).map((x) => round(x, dtype));
        const left = [...odd.flatMap((x) => odd.map(() => x)), ...spread(15, -9, 9)].map((x) => round(x, dtype));
        const right = [...odd.flatMap(() => odd), ...spread(15, 3, -4)].map((x) => round(x, dtype));
        const wanted = left.map((x, i) => reference(x, right[i]!));
        const shape = [8, left.length / 8];
        expect(Number.isInteger(shape[1])).toBe(true);
        const [a, b] = [tensorOf(left, shape, dtype), tensorOf(right, shape, dtype)];
        const plain = method(a, name)(b);
        expectUlps(valuesOf(plain), wanted, dtype, allowed);
        for (const layoutA of some) {
          for (const layoutB of some) {
            const [x, y] = [layoutA(a.clone()), layoutB(b.clone())];
            expectSame(valuesOf(method(x, name)(y)), valuesOf(plain));
            const around = bystanders(x);
            expect(method(x, `${name}_`)(y)).toBe(x);
            expectSame(valuesOf(x), valuesOf(plain));
            expectSame(bystanders(x), around);
            expectSame(valuesOf(y), right);
          }
        }
        for (const number of odd) {
          const scaled = left.map((x) => withNumber(x, number));
          expectUlps(valuesOf(method(a, name)(number)), scaled, dtype, allowed);
          expectUlps(valuesOf(method(a.clone(), `${name}_`)(number)), scaled, dtype, allowed);
          const paired = left.map((x) => reference(x, number));
          expectUlps(valuesOf(method(a, name)(tensorOf([number], [], dtype))), paired, dtype, allowed);
        }
        // A number is rounded to the dtype first.
        expectUlps(
          valuesOf(method(a, name)(0.1)),
          left.map((x) => reference(x, round(0.1, dtype))),
          dtype,
          allowed,
        );
        for (const [sa, sb] of [
          [[0], [1]],
          [[2, 0], [0]],
          [[3, 1], [0]],
        ] as const) {
          const out = method(
            tensorOf(new Array(numElements(sa)).fill(1), sa, dtype),
            name,
          )(tensorOf(new Array(numElements(sb)).fill(1), sb, dtype));
          expect(out.shape).toEqual(broadcastShapes('test', sa, sb));
        }
        expectRepeats(method(large(left, dtype), name)(large(right, dtype)), plain);
        // Rows and columns that repeat.
        const column = tensorOf(spread(300, -4, 4), [300, 1], dtype);
        const row = tensorOf(spread(401, -4, 4), [401], dtype);
        const outer = method(column, name)(row);
        const [x, y] = [valuesOf(column), valuesOf(row)];
        expectUlps(
          valuesOf(outer),
          x.flatMap((p) => y.map((q) => reference(p, q))),
          dtype,
          allowed,
        );
        expectUlps(
          valuesOf(method(outer.clone(), `${name}_`)(column)),
          valuesOf(outer).map((p, i) => reference(p, x[Math.floor(i / 401)]!)),
          dtype,
          allowed,
        );
      })();
    });

    it('clamp', () => {
      on(() => {
        for (const [low, high] of clampCases) {
          const bounds = [low, high].map((x) => x && round(x, dtype)) as [number?, number?];
          const wanted = values.map((x) => clampReference(x, ...bounds));
          expectUlps(valuesOf(input.clamp(low, high)), wanted, dtype, 0, true);
          for (const layout of all) {
            const t = layout(input.clone());
            expectUlps(valuesOf(t.clamp(low, high)), wanted, dtype, 0, true);
            expect(t.clamp_(low, high)).toBe(t);
            expectUlps(valuesOf(t), wanted, dtype, 0, true);
          }
        }
      })();
    });

    it.each(Object.entries(reductionCases))('%s', (name, row) => {
      on(() => {
        const plain = spread(5 * 7 * 9, -3, 5).map((x) => round(x, dtype));
        const t = tensorOf(plain, [5, 7, 9], dtype);
        for (const param of row.params ?? [0]) {
          for (const layout of all) {
            const x = layout(t);
            for (const dims of [undefined, 0, 1, 2, [0, 1], [0, 2], [2, 1], [0, 1, 2]]) {
              checkReduction(x, name, row, dims, param, 'plain');
            }
            expectSame(valuesOf(x), plain);
          }
          const expanded = t.select(1, 2).unsqueeze(1).expand(5, 3, 9);
          for (const dims of [undefined, 0, 1, [0, 1], [1, 2]])
            checkReduction(expanded, name, row, dims, param, 'expanded');
          for (const dims of [undefined, 0])
            checkReduction(tensorOf([-2.5], [], dtype), name, row, dims, param, 'scalar');
          // Several threads for one number, and for many; long rows and long columns.
          if (param === (row.params?.[0] ?? 0)) {
            const rows = tensorOf(spread(280_000, -3, 5), [2, 140_000], dtype);
            for (const dims of [undefined, 0, 1]) checkReduction(rows, name, row, dims, param, 'rows');
            checkReduction(rows.reshape(140_000, 2), name, row, 0, param, 'columns');
          }
          for (const odd of [NaN, Infinity, -Infinity]) {
            for (const at of [0, 100, 314]) {
              const [x, values] = [t.clone(), [...plain]];
              values[at] = odd;
              x.flatten().set_([at], odd);
              checkReduction(x, name, row, undefined, param, `odd ${odd} ${at}`);
            }
          }
        }
        for (const shape of [[0], [2, 0, 3]]) {
          const empty = tensorOf([], shape, dtype);
          if (row.empty === 'error') {
            expect(() => method(empty, name)()).toThrow(failure('ERR_SHAPE', name, `[${shape.join(', ')}]`));
          } else {
            expect(method(empty, name)().item()).toBe(row.empty);
          }
        }
      })();
    });

    it('matmul', () => {
      on(() => {
        for (const [m, k, n] of matmulCases) {
          const [a, b] = [tensorOf(spread(m * k, -2, 3), [m, k], dtype), tensorOf(spread(k * n, 4, -1), [k, n], dtype)];
          const { values: wanted, magnitudes } = once(`matmul ${dtype} ${m} ${k} ${n}`, () =>
            matmulReference(valuesOf(a), valuesOf(b), [m, k, n]),
          );
          for (const layoutA of some) {
            for (const layoutB of some) {
              const product = matmul(layoutA(a), layoutB(b));
              expect([product.shape, product.dtype]).toEqual([[m, n], dtype]);
              expectWithin(valuesOf(product), wanted, magnitudes, k * epsilon[dtype]);
            }
          }
          if (n === 1) expect(valuesOf(a.mv(layouts.sliced!(b.flatten())))).toHaveLength(m);
        }
      })();
    });

    it('conv2d', () => {
      on(() => {
        for (const row of conv2dCases) {
          const x = tensorOf(spread(numElements(row.image), -1, 2), row.image, dtype);
          const w = tensorOf(spread(numElements(row.weight), 3, -1), row.weight, dtype);
          const bias = tensorOf(spread(row.weight[0], -5, 5), [row.weight[0]], dtype);
          const { stride, padding, dilation, groups } = row;
          const options = Object.fromEntries(
            Object.entries({ stride, padding, dilation, groups }).filter(([, value]) => value !== undefined),
          );
          const tolerance = epsilon[dtype] * (numElements(row.weight.slice(1)) + 1);
          for (const b of [null, bias, layouts.sliced!(bias)]) {
            const {
              shape,
              values: wanted,
              magnitudes,
            } = once(`conv2d ${dtype} ${JSON.stringify(row)} ${b === null}`, () =>
              conv2dReference(valuesOf(x), valuesOf(w), b ? valuesOf(b) : undefined, row),
            );
            for (const layout of all) {
              const out = conv2d(layout(x), layout(w), b, options);
              expect(out.shape).toEqual(shape);
              expectWithin(valuesOf(out), wanted, magnitudes, tolerance);
            }
          }
        }
      })();
    });
  });
});

function expectWithin(got: readonly number[], wanted: readonly number[], scales: readonly number[], tolerance: number) {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - wanted[i]!) <= tolerance * scales[i]!)) {
      throw new Error(`element ${i} is ${got[i]}, expected ${wanted[i]} within ${tolerance * scales[i]!}`);
    }
  }
}

/** The reduced groups of elements: for each kept index, in row-major order, the values of all reduced ones. */
function groups(
  t: Tensor,
  dims: number | readonly number[] | undefined,
): { kept: number[]; shape: number[]; values: number[][] } {
  const reduced = new Set(
    (dims === undefined ? t.shape.map((_, d) => d) : [dims].flat()).map((d) => (d + t.dim()) % Math.max(t.dim(), 1)),
  );
  const kept = t.shape.map((size, d) => (reduced.has(d) ? 1 : size));
  const strides = t.shape.map((_, d) => (reduced.has(d) ? 0 : numElements(kept.slice(d + 1))));
  const values: number[][] = Array.from({ length: numElements(kept) }, () => []);
  const where = valuesOf({
    elements: restride(
      { ...allocateView('test', [], 'float64'), array: Float64Array.from({ length: values.length + 1 }, (_, i) => i) },
      t.shape,
      strides,
    ),
  });
  valuesOf(t).forEach((x, i) => {
    values[where[i]!]!.push(x);
  });
  return { kept, shape: t.shape.filter((_, d) => !reduced.has(d)), values };
}

function callReduction(
  t: Tensor,
  name: string,
  row: ReductionCase,
  dims: number | readonly number[] | undefined,
  param: number,
  keepdim: boolean,
): Tensor {
  if (row.option === 'p') return method(t, name)(param, dims, { keepdim });
  return method(t, name)(dims, row.option ? { keepdim, [row.option]: param } : { keepdim });
}

function checkReduction(
  t: Tensor,
  name: string,
  row: ReductionCase,
  dims: number | readonly number[] | undefined,
  param: number,
  key?: string,
) {
  const reference = () => {
    const { kept, shape, values } = groups(t, dims);
    return {
      kept,
      shape,
      wanted: values.map((group) => row.reference(group, param)),
      scales: values.map((group) => Math.abs(row.reference(row.cancels ? group.map(Math.abs) : group, param))),
      count: values[0]?.length ?? 0,
    };
  };
  const { kept, shape, wanted, scales, count } =
    key === undefined ? reference() : once(`${key} ${name} ${param} ${dims} ${t.dtype}`, reference);
  const result = callReduction(t, name, row, dims, param, false);
  expect([result.shape, result.dtype]).toEqual([shape, t.dtype]);
  const keeping = callReduction(t, name, row, dims, param, true);
  expect(keeping.shape).toEqual(kept);
  const got = valuesOf(result);
  expectSame(valuesOf(keeping), got);
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i]!, round(wanted[i]!, t.dtype)];
    if (Object.is(a, b) || (a === b && b !== 0)) continue;
    // The reference itself adds one by one: its own error is allowed for too.
    const steps = 2 ** -53 * 4 * Math.max(8, count) ** 0.75;
    const tolerance =
      row.ulps * (t.dtype === 'float32' ? 2 ** -24 * Math.abs(b) + steps * scales[i]! : steps * scales[i]!);
    if (!(Math.abs(a - b) <= tolerance)) {
      throw new Error(
        `${name}(${param}) over ${dims} of [${t.shape}], element ${i}: ${a}, expected ${b} within ${tolerance}`,
      );
    }
  }
}

it('a norm of order 0 counts what is not 0', () => {
  expect(tensorOf([0, Infinity, NaN, 2], [4]).norm(0).item()).toBe(3);
});

describe('halves are computed in float32 and rounded once', () => {
  it.each(['float16', 'bfloat16'] as const)('%s', (dtype) => {
    const [a, b] = [spread(60, -3, 4), spread(60, 2, -1)].map((x) => tensorOf(x, [6, 10]).to(dtype)) as [
      Tensor,
      Tensor,
    ];
    const [wideA, wideB] = [a.to('float32'), b.to('float32')];
    const agree = (name: string, got: Tensor, wanted: Tensor) => {
      expect([got.dtype, got.shape], name).toEqual([dtype, wanted.shape]);
      expectSame(valuesOf(got), valuesOf(wanted.to(dtype)));
    };
    for (const name of Object.keys(unaryCases)) {
      agree(name, method(a, name)(), method(wideA, name)());
      agree(name, method(a.clone().t(), `${name}_`)(), method(wideA.clone().t(), `${name}_`)());
    }
    for (const name of Object.keys(binaryCases)) {
      agree(name, method(a, name)(b), method(wideA, name)(wideB));
      agree(name, method(a, name)(1.5), method(wideA, name)(1.5));
      agree(name, method(a.clone(), `${name}_`)(b), method(wideA, name)(wideB));
    }
    for (const name of Object.keys(reductionCases)) agree(name, method(a, name)(), method(wideA, name)());
    agree('sum', a.sum(1), wideA.sum(1));
    agree('clamp', a.clamp(-0.3, 1), wideA.clamp(-0.3, 1));
    agree('matmul', a.matmul(b.t()), wideA.matmul(wideB.t()));
    agree('mv', a.mv(b.at(0)), wideA.mv(wideB.at(0)));
    const [image, weight] = [a.view(1, 2, 6, 5), b.slice(0, 0, 2).reshape(2, 2, 1, 5)];
    agree('conv2d', conv2d(image, weight), conv2d(image.to('float32'), weight.to('float32')));
  });
});

describe('any shapes, strides and broadcasts', () => {
  /** A tensor of a shape, on memory in any order, with gaps, and with repeated elements where a size is 1. */
  const strided = (shape: Shape, dtype: DType) =>
    fc
      .tuple(
        fc.shuffledSubarray(
          shape.map((_, d) => d),
          { minLength: shape.length },
        ),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 1000 }),
      )
      .map(([order, gaps, offset, seed]) => {
        const strides = new Array<number>(shape.length).fill(0);
        let step = 1;
        for (const d of order) {
          strides[d] = step * gaps[d]!;
          step *= gaps[d]! * Math.max(shape[d]!, 1);
        }
        const storage = tensorOf(spread(offset + step, -seed, 3), [offset + step], dtype);
        return new Tensor(restride(storage.elements, shape, strides, offset));
      });

  const anyShape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 5 });
  const anyDType = fc.constantFrom<DType>(...dtypes);

  /** Two shapes that broadcast: sizes of 1 put in, leading dimensions cut off. */
  const broadcastPair = anyShape.chain((shape) =>
    fc.tuple(
      ...[0, 1].map(() =>
        fc
          .tuple(
            fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
            fc.integer({ min: 0, max: 2 }),
          )
          .map(([ones, cut]) => shape.map((size, d) => (ones[d] ? 1 : size)).slice(cut)),
      ),
    ),
  );

  /** The element of a tensor that broadcasting shows at an index of the result. */
  function at(t: Tensor, index: readonly number[]): number {
    const own = index.slice(index.length - t.dim());
    const { array, offset, strides } = t.elements;
    return Number(array[offset + own.reduce((sum, i, d) => sum + (t.shape[d] === 1 ? 0 : i * strides[d]!), 0)]!);
  }

  const everyIndex = (shape: Shape) =>
    shape.reduce<number[][]>(
      (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
      [[]],
    );

  it('unary', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyShape, anyDType).chain(([shape, dtype]) => strided(shape, dtype)),
        fc.constantFrom(...(Object.keys(unaryCases) as (keyof typeof unaryCases)[])),
        (t, name) => {
          const { reference, ulps: allowed, anyZero, mayUnderflow } = unaryCases[name];
          const wanted = valuesOf(t).map(reference);
          expectUlps(valuesOf(method(t, name)()), wanted, t.dtype, allowed, anyZero, mayUnderflow);
          const around = bystanders(t);
          method(t, `${name}_`)();
          expectUlps(valuesOf(t), wanted, t.dtype, allowed, anyZero, mayUnderflow);
          expectSame(bystanders(t), around);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('binary', () => {
    fc.assert(
      fc.property(
        fc.tuple(broadcastPair, anyDType, anyDType).chain(([[a, b], p, q]) => fc.tuple(strided(a!, p), strided(b!, q))),
        fc.constantFrom(...(Object.keys(binaryCases) as (keyof typeof binaryCases)[])),
        ([a, b], name) => {
          const { reference, ulps: allowed } = binaryCases[name];
          const shape = broadcastShapes('test', a.shape, b.shape);
          const result = method(a, name)(b);
          expect(result.shape).toEqual(shape);
          const { dtype } = result;
          const pairs = everyIndex(shape).map((index) => [at(a, index), at(b, index)] as const);
          expectUlps(
            valuesOf(result),
            pairs.map(([x, y]) => reference(round(x, dtype), round(y, dtype))),
            dtype,
            allowed,
          );
          if (String(shape) !== String(a.shape)) {
            expect(() => method(a, `${name}_`)(b)).toThrow(failure('ERR_SHAPE', `${name}_`));
            return;
          }
          method(a, `${name}_`)(b);
          expectSame(valuesOf(a), valuesOf(result.to(a.dtype)));
        },
      ),
      { numRuns: 500, seed: 2 },
    );
  });

  it('reductions', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyShape, anyDType).chain(([shape, dtype]) =>
          fc.tuple(
            strided(shape, dtype),
            fc.oneof(
              fc.constant(undefined),
              fc.subarray(
                shape.map((_, d) => d),
                { minLength: Math.min(1, shape.length) },
              ),
            ),
          ),
        ),
        fc.constantFrom(...(Object.keys(reductionCases) as (keyof typeof reductionCases)[])),
        fc.nat(),
        ([t, dims], name, choice) => {
          fc.pre(t.numel() > 0);
          const row = reductionCases[name];
          const params = row.params ?? [0];
          checkReduction(t, name, row, dims, params[choice % params.length]!);
        },
      ),
      { numRuns: 500, seed: 3 },
    );
  });

  it('copies', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyShape, anyDType, anyDType).chain(([shape, p, q]) => fc.tuple(strided(shape, p), strided(shape, q))),
        ([from, to]) => {
          const wanted = valuesOf(from).map((x) => round(x, to.dtype));
          const around = bystanders(to);
          expect(to.copy_(from)).toBe(to);
          expectSame(valuesOf(to), wanted);
          expectSame(bystanders(to), around);
          expectSame(valuesOf(from.clone()), valuesOf(from));
          expectSame(valuesOf(from.to(to.dtype)), wanted);
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });
});

describe('operands that share memory', () => {
  // More than a kernel reads before it writes.
  const base = () => tensorOf(spread(6000, 1, 9), [6000]);

  it.each([
    ['shifted forward', (t: Tensor) => [t.slice(0, 1), t.slice(0, 0, 5999)]],
    ['shifted back', (t: Tensor) => [t.slice(0, 0, 5999), t.slice(0, 1)]],
    ['transposed', (t: Tensor) => [t.slice(0, 0, 4900).view(70, 70), t.slice(0, 0, 4900).view(70, 70).t()]],
    ['every second', (t: Tensor) => [t.slice(0, 0, 3000), t.slice(0, 0, 6000, 2)]],
    ['one element of it', (t: Tensor) => [t, t.at(3)]],
    ['itself', (t: Tensor) => [t, t]],
  ] as const)('%s', (_, views) => {
    for (const name of Object.keys(binaryCases)) {
      const [a, b] = views(base()) as [Tensor, Tensor];
      const wanted = valuesOf(method(a.clone(), name)(b.clone()));
      expectSame(valuesOf(method(a, `${name}_`)(b)), wanted);
    }
    const [a, b] = views(base()) as [Tensor, Tensor];
    const wanted = valuesOf(b.clone().expand(a.shape as number[]));
    expectSame(valuesOf(a.copy_(b)), wanted);
  });

  it('under another dtype', () => {
    const buffer = new ArrayBuffer(64);
    const wide = new Tensor({ ...allocateView('test', [8], 'float64'), array: new Float64Array(buffer) });
    const narrow = new Tensor({ ...allocateView('test', [8], 'float32'), array: new Float32Array(buffer, 16, 8) });
    narrow.copy_(tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [8]));
    wide.copy_(narrow);
    expectSame(valuesOf(wide), [1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

interface Outcome {
  error?: true;
  result: number[];
  values: JsonNumber[];
}

const golden = readGolden<{
  reductions: (Outcome & {
    name: keyof typeof reductionCases;
    shape: number[];
    dim: number | number[] | null;
    dtype: DType;
    keepdim?: true;
    correction?: number;
    p?: JsonNumber;
    special?: Record<string, JsonNumber>;
  })[];
  products: (Outcome & { name: 'matmul' | 'mm' | 'mv' | 'dot'; a: number[]; b: number[] })[];
  promotions: {
    a: DType;
    b: DType;
    sa: number[];
    sb: number[];
    dtype: DType;
    inPlace: boolean;
    values: JsonNumber[];
  }[];
  clamps: {
    special: Record<string, JsonNumber>;
    cases: (Outcome & { dtype: DType; min: JsonNumber | null; max: JsonNumber | null })[];
  };
  fills: [number, boolean][];
}>('ops');

/** The golden files have 7 and 13 digits; torch adds float32 in float32. */
const near = { float32: 1e-5, float64: 1e-11 };

describe('torch agrees', () => {
  it.each(Object.keys(reductionCases).filter((name) => name !== 'prod'))('%s', (name) => {
    const rows = golden.reductions.filter((row) => row.name === name);
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const t = ruleTensor(row.shape, row.dtype, row.special);
      const param = row.p === undefined ? (row.correction ?? (name === 'norm' ? 2 : 1)) : fromJson(row.p);
      const call = () =>
        callReduction(t, name, reductionCases[row.name], row.dim ?? undefined, param, row.keepdim ?? false);
      if (row.error) {
        expect(call, JSON.stringify(row)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
        continue;
      }
      const result = call();
      expect([result.shape, result.dtype], JSON.stringify(row)).toEqual([row.result, row.dtype]);
      expectClose(valuesOf(result), row.values.map(fromJson), near[row.dtype], 1);
    }
  });

  it.each(['matmul', 'mm', 'mv', 'dot'] as const)('%s', (name) => {
    for (const row of golden.products.filter((product) => product.name === name)) {
      const [a, b] = [ruleTensor(row.a, 'float32'), ruleTensor(row.b, 'float32')];
      if (row.error) {
        expect(() => a[name](b), `${row.a} ${row.b}`).toThrow(
          failure('ERR_SHAPE', name, `[${row.a.join(', ')}]`, `[${row.b.join(', ')}]`),
        );
        continue;
      }
      const product = a[name](b);
      expect(product.shape).toEqual(row.result);
      expectClose(valuesOf(product), row.values.map(fromJson), near.float32, 1);
    }
  });

  it('promotion, a scalar giving way', () => {
    for (const { a, b, sa, sb, dtype, inPlace, values } of golden.promotions) {
      const [x, y] = [ruleTensor(sa, a), ruleTensor(sb, b)];
      const quotient = x.div(y);
      expect(quotient.dtype, JSON.stringify({ a, b, sa, sb })).toBe(dtype);
      expectClose(valuesOf(quotient), values.map(fromJson), 1e-6);
      if (inPlace) expect(x.add_(y).dtype).toBe(a);
      else expect(() => x.add_(y)).toThrow(failure('ERR_SHAPE', 'add_'));
    }
  });

  it('clamp', () => {
    const { special, cases } = golden.clamps;
    for (const row of cases) {
      const t = ruleTensor([16], row.dtype, special);
      const bound = (x: JsonNumber | null) => (x === null ? undefined : fromJson(x));
      if (row.error) {
        expect(() => t.clamp(bound(row.min), bound(row.max))).toThrow(failure('ERR_RANGE', 'clamp', row.dtype));
        continue;
      }
      const clamped = t.clamp(bound(row.min), bound(row.max));
      expectClose(valuesOf(clamped), row.values.map(fromJson), 1e-6);
      expectSame(valuesOf(t.clamp_(bound(row.min), bound(row.max))), valuesOf(clamped));
    }
  });

  it('which numbers fit float32', () => {
    for (const [number, fits] of golden.fills) {
      const t = tensorOf([1], [1]);
      if (fits) expect(t.fill_(number).item()).toBe(Math.fround(number));
      else expect(() => t.fill_(number)).toThrow(failure('ERR_RANGE', 'fill_', String(number), 'float32'));
    }
  });
});
