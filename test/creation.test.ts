import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cat, stack } from '../lib/combine.js';
import * as creation from '../lib/creation.js';
import {
  arange,
  empty,
  eye,
  fromTypedArray,
  full,
  linspace,
  ones,
  rand,
  randn,
  tensor,
  zeros,
} from '../lib/creation.js';
import type { DType } from '../lib/dtype.js';
import { Generator } from '../lib/random.js';
import { contiguousStrides } from '../lib/shape.js';
import type { Tensor } from '../lib/tensor/index.js';
import {
  expectClose,
  expectSame,
  failure,
  fromJson,
  type JsonNumber,
  layouts,
  plentiful,
  readGolden,
  ruleTensor,
  valuesOf,
} from './cases/data.js';

const joiners = { cat, stack };

const golden = readGolden<{
  sequences: { name: 'arange' | 'linspace'; args: number[]; dtype: DType; error?: true; values: JsonNumber[] }[];
  joins: {
    name: 'cat' | 'stack';
    shapes: number[][];
    dim: number;
    dtypes: DType[];
    error?: true;
    result: number[];
    dtype: DType;
    values: JsonNumber[];
  }[];
}>('ops');

describe('torch agrees on', () => {
  it.each(golden.sequences.map((c) => [`${c.name}(${c.args}) ${c.dtype}`, c] as const))(
    '%s',
    (_, { name, args, dtype, error, values }) => {
      const options = { dtype };
      const call = () =>
        name === 'linspace'
          ? linspace(...(args as [number, number, number]), options)
          : args.length === 1
            ? arange(args[0]!, options)
            : arange(args[0]!, args[1]!, args[2], options);
      if (error) expect(call).toThrow(failure('ERR_RANGE', name));
      else expectClose(valuesOf(call()), values.map(fromJson), dtype === 'float32' ? 3e-7 : 1e-12, 1);
    },
  );

  it('cat and stack', () => {
    for (const { name, shapes, dim, dtypes, error, result, dtype, values } of golden.joins) {
      for (const layout of Object.values(layouts)) {
        const parts = shapes.map((shape, i) => layout(ruleTensor(shape, dtypes[i]!)));
        const call = () => joiners[name](parts, dim);
        const what = `${name} ${JSON.stringify(shapes)} ${dim}`;
        if (error) {
          expect(call, what).toThrow(
            expect.objectContaining({
              message: expect.stringMatching(`^${name}: `),
              code: expect.stringMatching(/^ERR_/),
            }),
          );
          continue;
        }
        const joined = call();
        expect([joined.shape, joined.dtype], what).toEqual([result, dtype]);
        expectClose(valuesOf(joined), values.map(fromJson), 1e-6);
      }
    }
  });
});

describe('creation', () => {
  it('takes a shape as an array or as numbers, and options after it', () => {
    for (const make of [empty, zeros, ones, rand, randn]) {
      for (const t of [make([2, 3]), make(2, 3), make([2, 3], {}), make(2, 3, {}), make([2, 3], undefined as never)]) {
        expect([t.shape, t.strides, t.storageOffset, t.dtype, t.requiresGrad]).toEqual([
          [2, 3],
          [3, 1],
          0,
          'float32',
          false,
        ]);
      }
      const t = make(2, { dtype: 'float64', requiresGrad: true });
      expect([t.shape, t.dtype, t.requiresGrad]).toEqual([[2], 'float64', true]);
      expect(make([]).shape).toEqual([]);
      expect(make(0, 5).shape).toEqual([0, 5]);
    }
  });

  it('fills', () => {
    expectSame(valuesOf(zeros(3)), [0, 0, 0]);
    expectSame(valuesOf(ones(2)), [1, 1]);
    expectSame(valuesOf(full([2], -0)), [-0, -0]);
    expectSame(valuesOf(full([1], NaN)), [NaN]);
    expectSame(valuesOf(eye(2, 3)), [1, 0, 0, 0, 1, 0]);
    expectSame(valuesOf(eye(3, 2, { dtype: 'float64' })), [1, 0, 0, 1, 0, 0]);
    expectSame(valuesOf(eye(2, { dtype: 'float64' })), [1, 0, 0, 1]);
    expect(eye(0).shape).toEqual([0, 0]);
    expect(ones(100_000).sum().item()).toBe(100_000);
  });

  it('linspace ends exactly where it should', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.double({ min: -1e3, max: 1e3, noNaN: true }),
        fc.integer({ min: 2, max: 40 }),
        (a, b, n) => {
          const values = valuesOf(linspace(a, b, n, { dtype: 'float64' }));
          expect(values[0] === a && values.at(-1) === b).toBe(true);
        },
      ),
    );
  });

  it('like', () => {
    const t = zeros([2, 3], { dtype: 'float64' }).t();
    for (const make of [creation.zerosLike, creation.onesLike, creation.randnLike]) {
      const like = make(t);
      expect([like.shape, like.dtype, like.strides]).toEqual([[3, 2], 'float64', [2, 1]]);
      expect(make(t, { dtype: 'float32' }).dtype).toBe('float32');
    }
    expectSame(
      valuesOf(creation.randnLike(t, { generator: new Generator(1) })),
      valuesOf(randn([3, 2], { dtype: 'float64', generator: new Generator(1) })),
    );
  });

  it('reads nested arrays back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
        fc.array(fc.float(), { minLength: 1, maxLength: 20 }),
        (shape, numbers) => {
          let next = 0;
          const nested = (d: number): creation.TensorOptions | unknown =>
            d === shape.length
              ? numbers[next++ % numbers.length]
              : Array.from({ length: shape[d]! }, () => nested(d + 1));
          const data = nested(0) as number[];
          const t = tensor(data);
          expect([t.shape, t.strides]).toEqual([shape, contiguousStrides(shape)]);
          expect(t.tolist()).toEqual(data);
        },
      ),
    );
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor(5).shape).toEqual([]);
    expect(tensor([1e300]).tolist()).toEqual([Infinity]);
  });

  it('tensor() copies a typed array, fromTypedArray() shares it', () => {
    for (const array of [Float32Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4)]) {
      const [copy, shared] = [tensor(array), fromTypedArray(array, [2, 2])];
      array[0] = 9;
      expect([copy.at(0).item(), shared.at(0, 0).item()]).toEqual([1, 9]);
      shared.fill_(5);
      expect([...array]).toEqual([5, 5, 5, 5]);
      expect(copy.dtype).toBe(shared.dtype);
      expect(shared.array).toBe(array);
      expect(fromTypedArray(array).shape).toEqual([4]);
      expect(fromTypedArray(array, [3]).array.length).toBe(3);
      expect(tensor(array, { dtype: 'float64' }).dtype).toBe('float64');
    }
    const buffer = new SharedArrayBuffer(16);
    fromTypedArray(new Float32Array(buffer, 4, 2)).fill_(3);
    expect([...new Float32Array(buffer)]).toEqual([0, 3, 3, 0]);
  });
});

const lost = () => {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};
const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('wrong arguments', () => {
  const makers: [string, (...args: never[]) => Tensor][] = Object.entries({ empty, zeros, ones, rand, randn });

  it.each(makers)('%s', (name, make) => {
    const call =
      (...args: unknown[]) =>
      () =>
        make(...(args as never[]));
    for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
      expect(call([2, bad])).toThrow(failure('ERR_RANGE', name, String(bad)));
      expect(call(2, bad)).toThrow(failure('ERR_RANGE', name, String(bad)));
    }
    for (const bad of ['2', null, undefined, 2n, [2], true]) {
      expect(call([2, bad])).toThrow(failure('ERR_ARGUMENT', name));
      if (bad !== undefined) expect(call(2, bad), String(bad)).toThrow(failure('ERR_ARGUMENT', name));
    }
    expect(call(new Array(9).fill(1))).toThrow(failure('ERR_SHAPE', name, '8', '9'));
    expect(call([2 ** 20, 2 ** 20])).toThrow(failure('ERR_RANGE', name, '[1048576, 1048576]'));
    if (!plentiful) {
      expect(call([2 ** 33 - 1], { dtype: 'float64' })).toThrow(failure('ERR_RANGE', name, 'no memory', 'float64'));
    }
    for (const dtype of ['float', 'int8', 5, {}])
      expect(call([2], { dtype })).toThrow(failure('ERR_DTYPE', name, 'float32'));
    expect(call([2], new Generator(1))).toThrow(failure('ERR_ARGUMENT', name, 'Generator'));
    expect(call([2], [3])).toThrow(failure('ERR_ARGUMENT', name));
    expect(call([2], {}, {})).toThrow(failure('ERR_ARGUMENT', name, '3 arguments'));
    expect(call([2], zeros(1))).toThrow(failure('ERR_ARGUMENT', name, 'Tensor'));
  });

  it.each<[string, string, () => unknown, ...(string | number)[]]>([
    ['ERR_ARGUMENT', 'full', () => full([2], '3' as never), '"3"'],
    ['ERR_ARGUMENT', 'full', () => full(2 as never, 3), '2'],
    ['ERR_RANGE', 'full', () => full([2], 1e300), '1e+300', 'float32'],
    ['ERR_RANGE', 'eye', () => eye(-1), 'n', '-1'],
    ['ERR_ARGUMENT', 'eye', () => eye(2, '3' as never), 'm', '"3"'],
    ['ERR_ARGUMENT', 'eye', () => eye(2, null as never), 'null'],
    ['ERR_RANGE', 'arange', () => arange(0, 1, 0), '0'],
    ['ERR_RANGE', 'arange', () => arange(NaN), 'NaN'],
    ['ERR_RANGE', 'arange', () => arange(Infinity), 'Infinity'],
    ['ERR_RANGE', 'arange', () => arange(1e15), '1000000000000000'],
    ['ERR_ARGUMENT', 'arange', () => arange('5' as never), '"5"'],
    ['ERR_RANGE', 'linspace', () => linspace(0, 1, -2), 'steps', '-2'],
    ['ERR_ARGUMENT', 'linspace', () => linspace(0, 1, undefined as never), 'steps'],
    ['ERR_ARGUMENT', 'linspace', () => linspace('0' as never, 1, 2), 'start', '"0"'],
    ['ERR_SHAPE', 'tensor', () => tensor([[1, 2], [3]]), '2', '1'],
    ['ERR_SHAPE', 'tensor', () => tensor([[1], 2]), 'dimension 1'],
    ['ERR_ARGUMENT', 'tensor', () => tensor([1, [2]] as never), '[2]'],
    ['ERR_ARGUMENT', 'tensor', () => tensor([1, '2'] as never), '"2"'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    ['ERR_ARGUMENT', 'tensor', () => tensor([1, , 3] as never), 'undefined'],
    ['ERR_ARGUMENT', 'tensor', () => tensor(undefined as never), 'undefined'],
    ['ERR_ARGUMENT', 'tensor', () => tensor(new Uint16Array(2)), 'Uint16Array'],
    ['ERR_SHAPE', 'tensor', () => tensor(cyclic as never), '8'],
    ['ERR_DETACHED', 'tensor', () => tensor(lost()), 'detached'],
    ['ERR_DETACHED', 'fromTypedArray', () => fromTypedArray(lost()), 'detached'],
    ['ERR_DETACHED', 'fromTypedArray', () => fromTypedArray(lost(), [2, 2]), 'detached'],
    ['ERR_SHAPE', 'fromTypedArray', () => fromTypedArray(new Float32Array(5), [2, 3]), '[2, 3]', '6', '5'],
    ['ERR_ARGUMENT', 'fromTypedArray', () => fromTypedArray([1, 2] as never), '[1, 2]'],
    ['ERR_ARGUMENT', 'fromTypedArray', () => fromTypedArray(new Int8Array(2) as never), 'Int8Array'],
    [
      'ERR_ARGUMENT',
      'fromTypedArray',
      () => fromTypedArray(new Float32Array(2), [2], { dtype: 'float64' }),
      'Float32Array',
      'float64',
    ],
    ['ERR_ARGUMENT', 'fromTypedArray', () => fromTypedArray(new Float32Array(2), 2 as never), '2'],
    ['ERR_ARGUMENT', 'zerosLike', () => creation.zerosLike([2] as never), '[2]'],
    ['ERR_ARGUMENT', 'randnLike', () => creation.randnLike(zeros(2), { generator: 5 as never }), 'generator', '5'],
  ])('%s %s', (code, call, run, ...parts) => {
    expect(run).toThrow(failure(code, call, ...parts));
  });
});
