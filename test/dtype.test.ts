import { describe, expect, it } from 'vitest';
import { fromTypedArray, tensor, zeros } from '../lib/creation.js';
import { checkDType, type DType, dtypeOf, dtypes, promote, type TensorArray } from '../lib/dtype.js';
import { Generator } from '../lib/random.js';
import { expectSame, failure, fromJson, type JsonNumber, readGolden, tensorOf } from './cases/data.js';

const golden = readGolden<{
  halves: [JsonNumber, number, JsonNumber, number, JsonNumber][];
  casts: [DType, DType, number[], number[]][];
  promotions: [DType, number, DType, number, DType][];
}>('ops_dtypes');

const names = Object.keys(dtypes).filter((name) => name !== 'uint32') as DType[];

describe('torch agrees on', () => {
  it.each(['float16', 'bfloat16'] as const)('the bits of %s', (dtype) => {
    const [bits, back] = dtype === 'float16' ? ([1, 2] as const) : ([3, 4] as const);
    const numbers = golden.halves.map(([x]) => fromJson(x));
    const t = tensorOf(numbers, [numbers.length]).to(dtype);
    expect(t.array).toBeInstanceOf(Uint16Array);
    golden.halves.forEach((row, i) => {
      // Any NaN will do.
      if (!Number.isNaN(fromJson(row[0]))) expect(t.array[i], String(row[0])).toBe(row[bits]);
    });
    expectSame(
      t.to('float64').tolist() as number[],
      golden.halves.map((row) => fromJson(row[back])),
    );
    expectSame(
      t.tolist() as number[],
      golden.halves.map((row) => fromJson(row[back])),
    );
  });

  it('conversions', () => {
    for (const [from, to, given, wanted] of golden.casts) {
      const t = tensor(given, { dtype: from });
      expect(t.dtype).toBe(from);
      expect((t.tolist() as (number | boolean)[]).map(Number)).toEqual(given);
      expect((t.to(to).tolist() as (number | boolean)[]).map(Number), `${from} to ${to}`).toEqual(wanted);
      expect((zeros([given.length], { dtype: to }).copy_(t).tolist() as (number | boolean)[]).map(Number)).toEqual(
        wanted,
      );
    }
  });

  it('promotion', () => {
    for (const [a, aDims, b, bDims, wanted] of golden.promotions) {
      expect(promote(a, aDims, b, bDims), `${a} of ${aDims}, ${b} of ${bDims}`).toBe(wanted);
    }
  });
});

describe('names and arrays', () => {
  it('are checked', () => {
    for (const name of names) expect(checkDType('call', name)).toBe(name);
    for (const wrong of ['float', 'Float32', 'uint32', '', undefined, null, 32, {}, ['float32']]) {
      expect(() => checkDType('call', wrong)).toThrow(failure('ERR_DTYPE', 'call', 'float32'));
    }
  });

  it('go together', () => {
    for (const name of names) {
      const array = new dtypes[name].Array(3) as TensorArray;
      const named = dtypeOf(array, name);
      expect(named).toBe(name);
      expect(fromTypedArray(array, [3], { dtype: name }).array).toBe(array);
    }
    expect(dtypeOf(new Uint8Array(1))).toBe('uint8');
    for (const wrong of [[1], new Uint16Array(1), new Int8Array(1), new DataView(new ArrayBuffer(8)), undefined, 'x']) {
      expect(dtypeOf(wrong)).toBeUndefined();
    }
  });
});

describe('numbers that do not fit', () => {
  it.each<[DType, unknown]>([
    ['uint8', 256],
    ['uint8', -256],
    ['uint8', -3.5],
    ['int32', 2 ** 31],
    ['int32', -(2 ** 31) - 1],
    ['int64', 2 ** 63],
    ['int64', 2n ** 63n],
    ['int64', NaN],
    ['int32', Infinity],
  ])('%s has no %s', (dtype, value) => {
    const t = zeros([2], { dtype });
    expect(() => tensor([value as number], { dtype })).toThrow(failure('ERR_RANGE', 'tensor', String(value), dtype));
    expect(() => t.fill_(value as number)).toThrow(failure('ERR_RANGE', 'fill_', String(value), dtype));
    expect(t.tolist()).toEqual([0, 0]);
  });

  it('the negative of what fits uint8 wraps around, as in torch', () => {
    expect(tensor([-1, -255], { dtype: 'uint8' }).tolist()).toEqual([255, 1]);
    expect(zeros([1], { dtype: 'uint8' }).fill_(-3).item()).toBe(253);
  });

  it('extremes fit', () => {
    expect(tensor([255, 0], { dtype: 'uint8' }).tolist()).toEqual([255, 0]);
    expect(tensor([2n ** 63n - 1n, -(2n ** 63n), 5], { dtype: 'int64' }).tolist()).toEqual([
      2n ** 63n - 1n,
      -(2n ** 63n),
      5,
    ]);
    expect(tensor([2.7, -2.7], { dtype: 'int32' }).tolist()).toEqual([2, -2]);
    expect(tensor([0, 2, NaN], { dtype: 'bool' }).tolist()).toEqual([false, true, true]);
    expect(
      zeros([1], { dtype: 'int64' })
        .fill_((2n ** 62n) as never)
        .item(),
    ).toBe(2n ** 62n);
  });
});

describe('integers and booleans', () => {
  const whole = (values: number[], dtype: DType) => tensor(values, { dtype });

  it.each(['int64', 'int32', 'uint8', 'bool'] as const)('%s refuses what has no meaning for it', (dtype) => {
    const t = zeros([2, 2], { dtype });
    for (const [call, run] of Object.entries({
      div_: () => t.div_(2),
      mul_: () => t.mul_(1.5),
      mean: () => t.mean(),
      std: () => t.std(),
      ...(dtype === 'bool' ? { matmul: () => t.matmul(t) } : {}),
      uniform_: () => t.uniform_(0, 1, { generator: new Generator(1) }),
      requiresGrad_: () => t.requiresGrad_(),
    })) {
      expect(run, call).toThrow(failure('ERR_DTYPE', call, dtype));
    }
    expect(new Set((t.tolist() as unknown[]).flat().map(Number))).toEqual(new Set([0]));
  });

  it('have products of matrices', () => {
    const [a, b] = [whole([1, 2, 3, 4, 5, 6], 'int64').view(2, 3), whole([7, 8, 9], 'int64')];
    expect(a.matmul(b).tolist()).toEqual([50, 122]);
    // More terms than results, and fewer.
    expect(b.dot(b).item()).toBe(194);
    expect(a.t().mm(a).tolist()).toEqual([
      [17, 22, 27],
      [22, 29, 36],
      [27, 36, 45],
    ]);
    expect(() =>
      whole([1], 'int32')
        .view(1, 1)
        .addmm(whole([1], 'int32').view(1, 1), whole([1], 'int32').view(1, 1), { alpha: 0.5 }),
    ).toThrow(failure('ERR_ARGUMENT', 'addmm', '0.5'));
  });

  it('have arithmetic that wraps around, and promote as in torch', () => {
    expect(whole([200, 100], 'uint8').add(100).tolist()).toEqual([44, 200]);
    expect(
      whole([2 ** 31 - 1], 'int32')
        .add(1)
        .tolist(),
    ).toEqual([-(2 ** 31)]);
    const large = tensor([2 ** 53], { dtype: 'int64' })
      .mul(3)
      .add(1n);
    expect(large.item<bigint>()).toBe(3n * 2n ** 53n + 1n);
    expect(
      whole([1, 0], 'bool')
        .add(whole([1, 0], 'bool'))
        .tolist(),
    ).toEqual([true, false]);
    const results = [
      whole([1], 'int32').mul(1.5),
      whole([1], 'bool').add(1),
      whole([1], 'uint8').add(whole([1], 'int32')),
      whole([4], 'int64').sqrt(),
      whole([1], 'int64').div(2),
      whole([1], 'bool').sum(),
      whole([3, 1], 'uint8').max(),
    ];
    expect(results.map((t) => [t.dtype, t.tolist()])).toEqual([
      ['float32', [1.5]],
      ['int64', [2]],
      ['int32', [2]],
      ['float32', [2]],
      ['float32', [0.5]],
      ['int64', 1],
      ['uint8', 3],
    ]);
    expect(() => whole([1], 'bool').sub(whole([1], 'bool'))).toThrow(failure('ERR_DTYPE', 'sub', 'bool'));
  });
});
