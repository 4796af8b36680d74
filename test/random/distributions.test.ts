// Distributions other than the uniform and the normal, on pcg32: methods and functions, their draws and their bad inputs.
// That every element is what docs/random.md says is tested natively, against a scalar reference.
import { describe, expect, it } from 'vitest';
import { rand, randint, randn, randperm, zeros } from '../../lib/creation.js';
import type { DType } from '../../lib/dtype.js';
import * as init from '../../lib/init/index.js';
import { Generator } from '../../lib/random.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { bystanders, expectSame, failure, layouts, valuesOf as storedOf } from '../cases/data.js';
import { ksStatistic, maxKs, maxZ, meanZ, normalCdf } from '../cases/statistics.js';

/** Halves are stored as bits. */
const valuesOf = (t: Tensor) => storedOf(halves.includes(t.dtype) ? t.to('float64') : t);

const on = (seed = 1) => ({ generator: new Generator(seed) });
const halves: DType[] = ['float16', 'bfloat16'];
const floats: DType[] = ['float32', 'float64', ...halves];
const all: DType[] = [...floats, 'int64', 'int32', 'uint8', 'bool'];

/** Every fill with its number of draws for n elements. */
const fills: [
  string,
  (t: Tensor, options: { generator: Generator }) => Tensor,
  DType[],
  (n: number, dtype: DType) => number,
][] = [
  ['uniform_', (t, options) => t.uniform_(-1, 1, options), floats, (n, dtype) => (dtype === 'float64' ? 2 : 1) * n],
  [
    'normal_',
    (t, options) => t.normal_(0, 1, options),
    floats,
    (n, dtype) => (dtype === 'float64' ? 4 : 2) * Math.ceil(n / 2),
  ],
  [
    'truncNormal_',
    (t, options) => init.truncNormal_(t, 0, 1, -1, 2, options),
    floats,
    (n, dtype) => (dtype === 'float64' ? 2 : 1) * n,
  ],
  ['exponential_', (t, options) => t.exponential_(2, options), floats, (n, dtype) => (dtype === 'float64' ? 2 : 1) * n],
  ['bernoulli_', (t, options) => t.bernoulli_(0.4, options), all, (n) => n],
  ['random_', (t, options) => t.random_(0, 2, options), all, (n) => 2 * n],
];

describe.each(fills)('%s', (name, fill, dtypes, draws) => {
  it.each(dtypes)('on %s: the same in every layout, with a fixed number of draws', (dtype) => {
    const wanted = valuesOf(fill(zeros([2, 3, 5], { dtype }), on()));
    expect(new Set(wanted).size).toBeGreaterThan(1);
    for (const [layoutName, layout] of Object.entries(layouts)) {
      // That layout's surroundings are negative.
      if (dtype === 'uint8' && layoutName === 'sliced') continue;
      const t = layout(zeros([2, 3, 5], { dtype }));
      const around = bystanders(t);
      const options = on();
      expect(fill(t, options)).toBe(t);
      expectSame(valuesOf(t), wanted);
      expectSame(bystanders(t), around);
      expect(options.generator.position).toBe(BigInt(draws(30, dtype)));
    }
    // A longer fill starts with the shorter one.
    expectSame(valuesOf(fill(zeros([77], { dtype }), on())).slice(0, 30), wanted);
    const none = on();
    fill(zeros([0], { dtype }), none);
    expect(none.generator.position).toBe(0n);
  });

  it('needs a generator where one is given', () => {
    const t = zeros([3]);
    expect(() => fill(t, { generator: 5 as never })).toThrow(failure('ERR_ARGUMENT', name, 'generator'));
    expectSame(valuesOf(t), [0, 0, 0]);
  });
});

describe('elements are what docs/random.md says', () => {
  const draws = (count: number) => {
    const { generator } = on(11);
    return Array.from({ length: count }, () => generator.random());
  };
  const words = (count: number) => {
    const u = draws(2 * count);
    return Array.from({ length: count }, (_, i) => (BigInt(u[2 * i]!) << 32n) | BigInt(u[2 * i + 1]!));
  };

  it('Bernoulli, exponential, truncated normal', () => {
    const u = draws(1000);
    expectSame(
      valuesOf(zeros([1000]).bernoulli_(0.3, on(11))),
      u.map((w) => Number(w < 0.3 * 2 ** 32)),
    );
    const t = u.map((w) => (w + 0.5) / 2 ** 32);
    valuesOf(zeros([1000]).exponential_(3, on(11))).forEach((x, i) => {
      expect(x / (-Math.log(t[i]!) / 3)).toBeCloseTo(1, 6);
    });
    const [below, above] = [normalCdf(-1), normalCdf(2)];
    valuesOf(init.truncNormal_(zeros([1000]), 0, 1, -1, 2, on(11))).forEach((x, i) => {
      expect((normalCdf(x) - below) / (above - below)).toBeCloseTo(t[i]!, 6);
    });
  });

  it('integers, permutations, sparse zeros', () => {
    const w = words(1000);
    expectSame(
      valuesOf(randint(-5, 1000, [1000], on(11))).map(Number),
      w.map((word) => Number((word * 1005n) >> 64n) - 5),
    );
    const order = Array.from({ length: 1000 }, (_, i) => i);
    for (let i = 0; i < 999; i++) {
      const other = i + Number((w[i]! * BigInt(1000 - i)) >> 64n);
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    expectSame(valuesOf(randperm(1000, on(11))).map(Number), order);
    const t = init.sparse_(zeros([10, 6]), 0.35, 1, on(11));
    const after = words(30 + 24).slice(30);
    for (let column = 0; column < 6; column++) {
      const rows = Array.from({ length: 10 }, (_, i) => i);
      for (let i = 0; i < 4; i++) {
        const other = i + Number((after[column * 4 + i]! * BigInt(10 - i)) >> 64n);
        [rows[i], rows[other]] = [rows[other]!, rows[i]!];
      }
      valuesOf(t.select(1, column)).forEach((x, row) => {
        expect(x === 0).toBe(rows.indexOf(row) < 4);
      });
    }
  });
});

describe('permutations', () => {
  it('take 2n draws up to 2^20 elements, 3n beyond', () => {
    for (const [n, draws] of [
      [2 ** 20, 2 ** 21],
      [2 ** 20 + 1, 3 * 2 ** 20 + 3],
    ] as const) {
      const options = on(11);
      randperm(n, options);
      expect(options.generator.position).toBe(BigInt(draws));
    }
  });

  it('of more than 2^20 elements are shuffled in buckets', () => {
    const n = 2 ** 20 + 5;
    const { generator } = on(11);
    // The smallest power of two for which n <= 2^16 buckets: 2^5.
    const buckets = Array.from({ length: 32 }, (): number[] => []);
    for (let i = 0; i < n; i++) buckets[generator.random() >>> 27]!.push(i);
    const order = Int32Array.from(buckets.flat());
    let begin = 0;
    for (const { length } of buckets) {
      const end = begin + length;
      for (let j = begin; j < end; j++) {
        const word = (BigInt(generator.random()) << 32n) | BigInt(generator.random());
        const other = j + Number((word * BigInt(end - j)) >> 64n);
        [order[j], order[other]] = [order[other]!, order[j]!];
      }
      begin = end;
    }
    const got = randperm(n, { dtype: 'int32', ...on(11) }).elements.array as Int32Array;
    expect(Buffer.compare(Buffer.from(got.buffer, got.byteOffset, got.byteLength), Buffer.from(order.buffer))).toBe(0);
  });
});

describe('float16 and bfloat16', () => {
  it.each(halves)('%s: the draws of float32, rounded once', (dtype) => {
    const options = { dtype, ...on() };
    expectSame(valuesOf(randn([1000], options)), valuesOf(randn([1000], on()).to(dtype)));
    const [low, high] = [
      Math.min(...valuesOf(rand([100_000], options))),
      Math.max(...valuesOf(rand([100_000], options))),
    ];
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBe(1 - { float16: 2 ** -11, bfloat16: 2 ** -8 }[dtype as string]!);
    const wide = valuesOf(
      zeros([10_000], { dtype }).normal_(0, { float16: 6e4, bfloat16: 3e38 }[dtype as string], on()),
    );
    expect(wide.every(Number.isFinite)).toBe(true);
  });
});

describe('truncNormal_', () => {
  it('keeps to bounds far out, on either side', () => {
    for (const dtype of floats) {
      for (const sign of [1, -1]) {
        const [a, b] = sign > 0 ? [10, 11] : [-11, -10];
        const values = valuesOf(init.truncNormal_(zeros([100_000], { dtype }), 0, 1, a, b, on()));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(a!);
        expect(Math.max(...values)).toBeLessThanOrEqual(b!);
        // Halves round the mean by up to half a unit in the last place at most.
        const slack = { float16: 1e-4, bfloat16: 0.03 }[dtype as string] ?? 0;
        const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
        expect(Math.abs(mean - sign * 10.098068)).toBeLessThan(maxZ * (0.0953 / Math.sqrt(values.length)) + slack);
      }
    }
  });

  it('one bound, no bounds, no room', () => {
    const values = (a: number, b: number) => valuesOf(init.truncNormal_(zeros([10_000]), 0, 1, a, b, on()));
    expect(new Set(values(0.25, 0.25))).toEqual(new Set([0.25]));
    expect(Math.min(...values(0, 3e38))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values(-3e38, -40))).toBeLessThanOrEqual(-40);
  });

  it('checks its parameters', () => {
    const t = zeros([2]);
    for (const [mean, std, a, b] of [
      [0, 0, -1, 1],
      [0, -1, -1, 1],
      [0, 1, 2, 1],
      [NaN, 1, 0, 1],
      [0, 1, NaN, 1],
      [0, Infinity, 0, 1],
    ]) {
      expect(() => init.truncNormal_(t, mean, std, a, b)).toThrow(failure('ERR_RANGE', 'truncNormal_'));
    }
    expect(() => init.truncNormal_(t, '0' as never)).toThrow(failure('ERR_ARGUMENT', 'truncNormal_'));
    expect(() => init.truncNormal_(zeros([2], { dtype: 'int64' }))).toThrow(failure('ERR_DTYPE', 'truncNormal_'));
    expectSame(valuesOf(t), [0, 0]);
  });
});

describe('exponential_', () => {
  it.each(['float32', 'float64'] as const)('%s has its distribution', (dtype) => {
    for (const lambda of [1, 0.2, 30]) {
      const values = valuesOf(zeros([50_000], { dtype }).exponential_(lambda, on()));
      expect(ksStatistic(values, (x) => 1 - Math.exp(-lambda * x))).toBeLessThan(maxKs);
      expect(Math.min(...values)).toBeGreaterThan(0);
    }
    expectSame(
      valuesOf(zeros([9], { dtype }).exponential_(undefined, on())),
      valuesOf(zeros([9], { dtype }).exponential_(1, on())),
    );
  });

  it('checks its rate', () => {
    for (const rate of [0, -1, NaN, Infinity]) {
      expect(() => zeros([2]).exponential_(rate)).toThrow(failure('ERR_RANGE', 'exponential_', rate));
    }
    expect(() => zeros([2]).exponential_('1' as never)).toThrow(failure('ERR_ARGUMENT', 'exponential_'));
    expect(() => zeros([2], { dtype: 'int32' }).exponential_()).toThrow(failure('ERR_DTYPE', 'exponential_', 'int32'));
  });
});

describe('bernoulli_', () => {
  it.each(all)('%s: ones as often as p says', (dtype) => {
    for (const p of [0.5, 0.1, 0.99]) {
      const values = valuesOf(zeros([20_000], { dtype }).bernoulli_(p, on()));
      expect(values.every((x) => x === 0 || x === 1)).toBe(true);
      expect(Math.abs(meanZ(values, (x) => x, p, p * (1 - p)))).toBeLessThan(maxZ);
    }
    expect(new Set(valuesOf(zeros([1000], { dtype }).bernoulli_(0, on())))).toEqual(new Set([0]));
    expect(new Set(valuesOf(zeros([1000], { dtype }).bernoulli_(1, on())))).toEqual(new Set([1]));
  });

  it('checks p', () => {
    for (const p of [-0.1, 1.1, NaN])
      expect(() => zeros([2]).bernoulli_(p)).toThrow(failure('ERR_RANGE', 'bernoulli_', p));
    expect(() => zeros([2]).bernoulli_(null as never)).toThrow(failure('ERR_ARGUMENT', 'bernoulli_'));
  });
});

describe('randint and random_', () => {
  it('draws every number as often as any other', () => {
    for (const options of [{}, { dtype: 'int32' }, { dtype: 'float32' }, { dtype: 'float64' }] as { dtype?: DType }[]) {
      const out = randint(-3, 8, [110, 200], { ...options, ...on() });
      expect(out.dtype).toBe(options.dtype ?? 'int64');
      const counts = new Map<number, number>();
      for (const x of valuesOf(out)) counts.set(Number(x), (counts.get(Number(x)) ?? 0) + 1);
      expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7]);
      const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
      expect(chiSquare).toBeLessThan(50);
    }
  });

  it('reaches all of int64', () => {
    const values = randint(-(2n ** 63n), 2n ** 63n, [1000], on()).array as BigInt64Array;
    expect(values.some((x) => x < -(2n ** 62n))).toBe(true);
    expect(values.some((x) => x > 2n ** 62n)).toBe(true);
    const exact = randint(2n ** 62n, 2n ** 62n + 3n, [100], on()).array as BigInt64Array;
    expect(new Set([...exact].map((x) => x - 2n ** 62n))).toEqual(new Set([0n, 1n, 2n]));
  });

  it('takes one bound or two', () => {
    expectSame(valuesOf(randint(9, [20], on())), valuesOf(randint(0, 9, [20], on())));
    expectSame(valuesOf(zeros([20]).random_(9, on())), valuesOf(zeros([20]).random_(0, 9, on())));
    expectSame(valuesOf(zeros([20]).random_(9n, on())), valuesOf(zeros([20]).random_(0, 9, on())));
    expect(randint(5, []).shape).toEqual([]);
  });

  it.each<[DType, number]>([
    ['uint8', 255],
    ['bool', 1],
    ['int32', 2 ** 31 - 1],
    ['int64', 2 ** 63],
    ['float16', 2 ** 11],
    ['bfloat16', 2 ** 8],
    ['float32', 2 ** 24],
    ['float64', 2 ** 53],
  ])('without bounds, %s goes from 0 to %d', (dtype, most) => {
    for (const algorithm of ['pcg32', 'mt19937'] as const) {
      const values = valuesOf(zeros([20_000], { dtype }).random_({ generator: new Generator(1, { algorithm }) })).map(
        Number,
      );
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThanOrEqual(most);
      expect(Math.max(...values)).toBeGreaterThan(most * 0.998 - 1);
      expect(Math.min(...values)).toBeLessThan(most * 0.002 + 1);
    }
  });

  it('checks its bounds', () => {
    expect(() => randint(0, [3])).toThrow(failure('ERR_RANGE', 'randint', 0));
    expect(() => randint(5, 5, [3])).toThrow(failure('ERR_RANGE', 'randint', 5));
    expect(() => randint(0.5, [3])).toThrow(failure('ERR_RANGE', 'randint', '0.5'));
    expect(() => randint(0, 257, [3], { dtype: 'uint8' })).toThrow(failure('ERR_RANGE', 'randint', 'uint8'));
    expect(() => randint(-1, 2, [3], { dtype: 'uint8' })).toThrow(failure('ERR_RANGE', 'randint', 'uint8'));
    expect(() => randint(0, 2 ** 24 + 2, [3], { dtype: 'float32' })).toThrow(
      failure('ERR_RANGE', 'randint', 'float32'),
    );
    expect(() => randint(-(2 ** 11) - 1, 0, [3], { dtype: 'float16' })).toThrow(
      failure('ERR_RANGE', 'randint', 'float16'),
    );
    expect(() => randint(0, 2n ** 63n + 1n, [3])).toThrow(failure('ERR_RANGE', 'randint', 'int64'));
    expect(() => randint([3] as never, [3])).toThrow(failure('ERR_ARGUMENT', 'randint'));
    expect(() => randint(1, 2, 3 as never, [3] as never)).toThrow(failure('ERR_ARGUMENT', 'randint'));
    expect(() => (randint as (...args: unknown[]) => unknown)(1, 2, [3], {}, {})).toThrow(
      failure('ERR_ARGUMENT', 'randint'),
    );
    expect(() => randint(3, [-1])).toThrow(failure('ERR_RANGE', 'randint'));
    expect(() => zeros([2]).random_(3, 1)).toThrow(failure('ERR_RANGE', 'random_', 3, 1));
    expect(() => zeros([2]).random_(1, 2, 3 as never)).toThrow(failure('ERR_ARGUMENT', 'random_'));
    expect(() => zeros([2]).random_('3' as never)).toThrow(failure('ERR_ARGUMENT', 'random_'));
  });
});

describe('randperm', () => {
  it('has every number once, in a new order each time', () => {
    for (const n of [0, 1, 2, 1000]) {
      const options = on();
      const first = randperm(n, options);
      expect(first.dtype).toBe('int64');
      expect([...valuesOf(first)].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(options.generator.position).toBe(BigInt(2 * n));
      if (n > 2) expect(valuesOf(randperm(n, options))).not.toEqual(valuesOf(first));
    }
    expectSame(valuesOf(randperm(50, { dtype: 'int32', ...on() })), valuesOf(randperm(50, on())).map(Number));
  });

  it('checks n', () => {
    for (const n of [-1, 1.5, NaN]) expect(() => randperm(n)).toThrow(failure('ERR_RANGE', 'randperm'));
    expect(() => randperm('3' as never)).toThrow('randperm');
    expect(() => randperm(257, { dtype: 'uint8' })).toThrow(failure('ERR_RANGE', 'randperm', 'uint8'));
    expect(randperm(256, { dtype: 'uint8' }).numel()).toBe(256);
    expect(() => randperm(3, { dtype: 'bool' })).toThrow(failure('ERR_RANGE', 'randperm', 'bool'));
  });
});

describe('sparse_', () => {
  it.each(['pcg32', 'mt19937'] as const)('on %s: every column has its zeros', (algorithm) => {
    for (const dtype of floats) {
      for (const [share, zerosWanted] of [
        [0, 0],
        [0.1, 5],
        [0.5, 21],
        [1, 41],
      ] as const) {
        for (const layout of [layouts.contiguous!, (t: Tensor) => t.t().contiguous().t()]) {
          const t = layout(zeros([41, 30], { dtype }));
          expect(init.sparse_(t, share, 2, { generator: new Generator(3, { algorithm }) })).toBe(t);
          for (let column = 0; column < 30; column++) {
            expect(valuesOf(t.select(1, column)).filter((x) => x === 0)).toHaveLength(zerosWanted);
          }
        }
      }
    }
  });

  it('zeroes any row as often as any other, and leaves the normals beside them', () => {
    const options = on(7);
    const t = init.sparse_(zeros([50, 4000]), 0.3, 0.01, options);
    expect(options.generator.position).toBe(BigInt(50 * 4000 + 2 * 15 * 4000));
    const plain = zeros([50, 4000]).normal_(0, 0.01, on(7));
    const values = valuesOf(t);
    valuesOf(plain).forEach((x, i) => {
      if (values[i] !== 0) expect(values[i]).toBe(x);
    });
    const perRow = Array.from({ length: 50 }, (_, row) => valuesOf(t.select(0, row)).filter((x) => x === 0).length);
    for (const count of perRow) expect(Math.abs(count - 1200) / Math.sqrt(4000 * 0.3 * 0.7)).toBeLessThan(maxZ);
    expect(
      init.verify(t, init.initialiser('w', { initialiser: 'sparse', sparsity: 0.3 }).target([50, 4000])).problems,
    ).toEqual([]);
  });

  it('checks its arguments', () => {
    expect(() => init.sparse_(zeros([3]), 0.5)).toThrow(failure('ERR_SHAPE', 'sparse_', '[3]'));
    for (const share of [-0.1, 1.1, NaN]) {
      expect(() => init.sparse_(zeros([3, 3]), share)).toThrow(failure('ERR_RANGE', 'sparse_', share));
    }
    expect(() => init.sparse_(zeros([3, 3]), undefined as never)).toThrow(
      failure('ERR_ARGUMENT', 'sparse_', 'sparsity'),
    );
    expect(() => init.sparse_(zeros([3, 3]), 0.5, -1)).toThrow(failure('ERR_RANGE', 'sparse_', 'std'));
    expect(() => init.sparse_(zeros([3, 3], { dtype: 'int32' }), 0.5)).toThrow(failure('ERR_DTYPE', 'sparse_'));
    expect(init.sparse_(zeros([0, 3]), 0.5).numel()).toBe(0);
    expect(init.sparse_(zeros([3, 0]), 0.5).numel()).toBe(0);
  });
});
