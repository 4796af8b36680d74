import { describe, expect, it, vi } from 'vitest';
import { matmul } from '../lib/combine.js';
import { randn, zeros } from '../lib/creation.js';
import * as init from '../lib/init/index.js';
import { Parameter } from '../lib/nn/parameter.js';
import { Generator, manualSeed } from '../lib/random.js';
import type { Tensor } from '../lib/tensor/index.js';
import { bystanders, expectClose, expectSame, failure, layouts, readGolden, tensorOf, valuesOf } from './cases/data.js';
import { fixed, initCases, weights, wholeMatrices } from './cases/init.js';
import { ksStatistic, maxKs, maxZ, meanZ, normalCdf, normalMoments, uniformMoments } from './cases/statistics.js';

type Initialiser = (t: Tensor, ...args: unknown[]) => Tensor;
const byName: Readonly<Record<string, unknown>> = { ...init };
const initialisers = Object.entries(byName).filter(([name]) => /^[a-z].*_$/.test(name)) as [string, Initialiser][];
/** Options with a distribution that every bit generator has; what is no plain object stays what it is. */
const uniform = <O extends object>(options: O) =>
  options instanceof Generator ? options : { ...options, distribution: 'uniform' as const };
const canonical = initialisers.map(([name]) => name).filter((name) => !/_.*_/.test(name));

describe('the case table', () => {
  it('has every initialiser', () => {
    const named = new Set([...initCases.map((row) => row.initialiser), ...wholeMatrices, ...fixed]);
    expect([...named].sort()).toEqual([...canonical].sort());
  });

  it('every initialiser has its torch spelling, and no other function behind it', () => {
    for (const name of canonical) {
      const spelling = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      expect(byName[spelling], spelling).toBe(byName[name]);
    }
    expect(init.calculate_gain).toBe(init.calculateGain);
    expect(init._calculate_fan_in_and_fan_out).toBe(init.calculateFanInAndFanOut);
  });
});

describe('distributions', () => {
  it.each(initCases.map((row) => [`${row.initialiser} ${row.label}`, row] as const))('%s', (_, row) => {
    const { shape, mean, std, distribution } = row;
    for (const dtype of ['float32', 'float64'] as const) {
      const t = zeros([...shape], { dtype });
      expect(row.fill(t, { generator: new Generator(20260) })).toBe(t);
      const values = valuesOf(t);
      const half = Math.sqrt(3) * std;
      if (distribution === 'uniform') {
        const [low, high] = [mean - half, mean + half];
        const slack = 2 ** -23 * Math.max(Math.abs(low), Math.abs(high));
        const [least, most] = [Math.min(...values), Math.max(...values)];
        expect(least).toBeGreaterThanOrEqual(low - slack);
        expect(most).toBeLessThanOrEqual(high + slack);
        // The bounds are reached: of n draws none lies in the outer 20/n but once in e^20 runs.
        const margin = (20 / values.length) * 2 * half;
        expect(least).toBeLessThan(low + margin);
        expect(most).toBeGreaterThan(high - margin);
        expect(Math.max(...uniformMoments(values, low, high).map(Math.abs))).toBeLessThan(maxZ);
        expect(ksStatistic(values, (x) => (x - low) / (high - low))).toBeLessThan(maxKs);
      } else if (distribution === 'truncated normal') {
        const { low, high, ...parent } = row.parent!;
        const slack = 2 ** -23 * Math.max(Math.abs(low), Math.abs(high));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(low - slack);
        expect(Math.max(...values)).toBeLessThanOrEqual(high + slack);
        const below = (x: number) => normalCdf((x - parent.mean) / parent.std);
        expect(ksStatistic(values, (x) => (below(x) - below(low)) / (below(high) - below(low)))).toBeLessThan(maxKs);
        expect(Math.abs(meanZ(values, (x) => x, mean, std ** 2))).toBeLessThan(maxZ);
      } else {
        expect(Math.max(...normalMoments(values, mean, std).map(Math.abs))).toBeLessThan(maxZ);
        expect(ksStatistic(values, (x) => normalCdf((x - mean) / std))).toBeLessThan(maxKs);
      }
      expect(
        Math.abs(meanZ(values, (x) => ((x - mean) / std) ** 2, 1, distribution === 'uniform' ? 0.8 : 2)),
      ).toBeLessThan(maxZ);
    }
  });

  it('a wrong fan would show', () => {
    // The power of the tests: a standard deviation off by the square root of a kernel's size is far out of reach.
    const t = init.kaimingNormal_(zeros(64, 32, 3, 3), { generator: new Generator(1) });
    expect(Math.abs(meanZ(valuesOf(t), (x) => (x / Math.sqrt(2 / 32)) ** 2, 1, 2))).toBeGreaterThan(50);
  });
});

describe('constants', () => {
  it.each<[string, (t: Tensor) => Tensor, number]>([
    ['constant_', (t) => init.constant_(t, 0.3), 0.3],
    ['ones_', init.ones_, 1],
    ['zeros_', init.zeros_, 0],
  ])('%s', (_, fill, value) => {
    for (const layout of Object.values(layouts)) {
      const t = layout(tensorOf(Array(24).fill(7), [2, 3, 4], 'float64'));
      const around = bystanders(t);
      expect(fill(t)).toBe(t);
      expectSame(valuesOf(t), Array(24).fill(value));
      expectSame(bystanders(t), around);
    }
  });
});

describe.each<[string, (t: Tensor, options: { generator?: Generator }) => Tensor]>([
  ['uniform_', (t, options) => init.uniform_(t, -1, 1, options)],
  ['normal_', (t, options) => init.normal_(t, 0, 1, options)],
  ['truncNormal_', (t, options) => init.truncNormal_(t, 0, 1, -2, 2, options)],
  ['xavierUniform_', (t, options) => init.xavierUniform_(t, 1, options)],
  ['xavierNormal_', (t, options) => init.xavierNormal_(t, 1, options)],
  ['kaimingUniform_', init.kaimingUniform_],
  ['kaimingNormal_', init.kaimingNormal_],
  ['orthogonal_', (t, options) => init.orthogonal_(t, 1, options)],
  ['deltaOrthogonal_', (t, options) => init.deltaOrthogonal_(t, 1, options)],
  ['spectral_', (t, options) => init.spectral_(t, 1, options)],
  ['lecunUniform_', init.lecunUniform_],
  ['varianceScaling_', (t, options) => init.varianceScaling_(t, uniform(options))],
])('%s', (name, fill) => {
  const shape = [6, 4, 3];
  const wanted = (seed: number) => valuesOf(fill(zeros(shape), { generator: new Generator(seed) }));

  it('takes a generator, or the default one', () => {
    expectSame(wanted(1), wanted(1));
    expect(wanted(1)).not.toEqual(wanted(2));
    manualSeed(1);
    expectSame(valuesOf(fill(zeros(shape), {})), wanted(1));
    const generator = new Generator(1);
    fill(zeros(shape), { generator });
    expect(generator.position).toBeGreaterThan(0n);
    for (const wrong of [5, 'x', {}, generator.getState()]) {
      const t = zeros(shape);
      expect(() => fill(t, { generator: wrong as never })).toThrow(failure('ERR_ARGUMENT', name, 'generator'));
      expect(() => fill(t, generator as never)).toThrow(failure('ERR_ARGUMENT', name, 'generator'));
      expectSame(valuesOf(t), Array(72).fill(0));
    }
  });

  it('fills any layout alike, parameters too, and nothing beside it', () => {
    for (const layout of Object.values(layouts)) {
      const t = layout(zeros(shape));
      const around = bystanders(t);
      expect(fill(t, { generator: new Generator(1) })).toBe(t);
      expectSame(valuesOf(t), wanted(1));
      expectSame(bystanders(t), around);
    }
    const parameter = new Parameter(zeros(shape));
    expect(fill(parameter, { generator: new Generator(1) })).toBe(parameter);
    expectSame(valuesOf(parameter), wanted(1));
    expect([parameter.requiresGrad, parameter.grad]).toEqual([true, null]);
  });

  it('refuses elements that share memory, and takes no draws for it', () => {
    const generator = new Generator(1);
    const t = zeros(6, 1, 3).expand(6, 4, 3);
    expect(() => fill(t, { generator })).toThrow(failure('ERR_ARGUMENT', name, '[6, 4, 3]'));
    expect(generator.position).toBe(0n);
    expectSame(valuesOf(t), Array(72).fill(0));
  });

  it('leaves an empty tensor alone', () => {
    const generator = new Generator(1);
    for (const empty of [zeros(0, 0, 3), zeros(4, 3, 0)]) expect(fill(empty, { generator })).toBe(empty);
    expect(generator.position).toBe(0n);
  });
});

/** The matrix of a weight: dimensions after the first as one. */
const matrixOf = (t: Tensor) => t.reshape(t.shape[0]!, -1);

/** The largest distance of Q Q' or Q' Q, whichever is smaller, from gain^2 times the identity. */
function orthogonality(t: Tensor, gain: number): number {
  const q = matrixOf(t).to('float64');
  const [rows, columns] = q.shape as [number, number];
  const product = rows <= columns ? matmul(q, q.t()) : matmul(q.t(), q);
  const n = Math.min(rows, columns);
  return Math.max(...valuesOf(product).map((x, i) => Math.abs(x - (i % (n + 1) === 0 ? gain ** 2 : 0))));
}

describe('orthogonal_', () => {
  it.each(
    [
      [1, 1],
      [1, 7],
      [7, 1],
      [2, 2],
      [64, 64],
      [65, 63],
      [30, 100],
      [100, 30],
      [130, 257],
      [300, 64],
    ].map((shape) => [shape]),
  )('%j has orthonormal rows or columns', (shape) => {
    for (const [dtype, tolerance] of [
      ['float32', 5e-6],
      ['float64', 1e-13],
    ] as const) {
      for (const gain of [1, 5 / 3]) {
        const t = init.orthogonal_(zeros(shape, { dtype }), gain, { generator: new Generator(3) });
        expect(orthogonality(t, gain)).toBeLessThan(tolerance * gain ** 2);
      }
    }
  });

  it.each(weights.map(({ name, shape }) => [name, shape] as const))('weight of %s', (_, shape) => {
    const t = init.orthogonal_(zeros([...shape]), 1, { generator: new Generator(3) });
    expect(orthogonality(t, 1)).toBeLessThan(5e-6);
  });

  it('gain 0 gives zeros; the gain only scales', () => {
    const with_ = (gain: number) => valuesOf(init.orthogonal_(zeros(9, 5), gain, { generator: new Generator(4) }));
    expect(with_(0).every((x) => x === 0)).toBe(true);
    expectClose(
      with_(3),
      with_(1).map((x) => 3 * x),
      1e-6,
      1,
    );
  });

  /** What Haar's measure says of one entry, the trace and the square's trace of n x n matrices. */
  it.each([1, 2, 3, 5, 8])('%i x %i is Haar: no sign is preferred', (n) => {
    const draws = 8000;
    const generator = new Generator(n);
    const samples = {
      first: [] as number[],
      last: [] as number[],
      middle: [] as number[],
      trace: [] as number[],
      square: [] as number[],
    };
    for (let i = 0; i < draws; i++) {
      const q = valuesOf(init.orthogonal_(zeros([n, n], { dtype: 'float64' }), 1, { generator }));
      const at = (r: number, c: number) => q[r * n + c]!;
      samples.first.push(at(0, 0));
      samples.last.push(at(n - 1, n - 1));
      samples.middle.push(at(n >> 1, (n - 1) >> 1));
      let [trace, square] = [0, 0];
      for (let r = 0; r < n; r++) {
        trace += at(r, r);
        for (let c = 0; c < n; c++) square += at(r, c) * at(c, r);
      }
      samples.trace.push(trace);
      samples.square.push(square);
    }
    const z = (sample: number[], f: (x: number) => number, mean: number, variance: number) =>
      expect(Math.abs(meanZ(sample, f, mean, variance))).toBeLessThan(maxZ);
    // Without a sign correction E Q11 is off by 60 standard errors or more; without the last one, E Qnn.
    for (const entry of [samples.first, samples.last, samples.middle]) {
      z(entry, (x) => x, 0, 1 / n);
      const fourth = 3 / (n * (n + 2));
      if (n > 1) z(entry, (x) => x * x, 1 / n, fourth - 1 / n ** 2);
    }
    z(samples.trace, (x) => x, 0, 1);
    // E (Tr Q)^4 is 3 only from n = 4 on, E Tr Q^2 is 1 always, its variance 2 from n = 4 on.
    if (n >= 4) z(samples.trace, (x) => x * x, 1, 2);
    if (n >= 4) z(samples.square, (x) => x, 1, 2);
  });

  it('the sign test would notice a QR without correction', () => {
    // LAPACK's R has a negative diagonal for a Gaussian matrix: the first entry of Q is then always negative.
    const generator = new Generator(1);
    const firsts = Array.from({ length: 2000 }, () => {
      const [a, b] = valuesOf(randn([2], { dtype: 'float64', generator })) as [number, number];
      return -Math.abs(a) / Math.hypot(a, b);
    });
    expect(Math.abs(meanZ(firsts, (x) => x, 0, 1 / 2))).toBeGreaterThan(30);
  });

  it('entries of a wide and of a tall one have the law of a coordinate on the sphere', () => {
    for (const shape of [
      [4, 500],
      [500, 4],
    ]) {
      const generator = new Generator(9);
      const entries = Array.from({ length: 12 }, () =>
        valuesOf(init.orthogonal_(zeros(shape, { dtype: 'float64' }), 1, { generator })),
      ).flat();
      // Nearly normal with variance 1/500.
      expect(ksStatistic(entries, (x) => normalCdf(x * Math.sqrt(500)))).toBeLessThan(maxKs);
    }
  });

  it.each([[[]], [[5]]])('refuses shape %j', (shape) => {
    expect(() => init.orthogonal_(zeros(shape))).toThrow(failure('ERR_SHAPE', 'orthogonal_', `[${shape}]`));
  });
});

describe('deltaOrthogonal_', () => {
  it.each([[[8, 5, 3]], [[6, 6, 3, 3]], [[7, 2, 4, 5]], [[5, 3, 3, 2, 1]]])('%j', (shape) => {
    const t = init.deltaOrthogonal_(tensorOf(Array(shape.reduce((a, b) => a * b)).fill(7), shape), 1.5, {
      generator: new Generator(1),
    });
    const centre = shape.slice(2).reduce((view, k) => view.select(2, (k - 1) >> 1), t);
    expect(orthogonality(centre, 1.5)).toBeLessThan(1e-5);
    expect(valuesOf(t).filter((x) => x !== 0).length).toBe(shape[0]! * shape[1]!);
  });

  it.each([[[3, 4, 3]], [[4, 3]], [[1, 1, 1, 1, 1, 1]]])('refuses shape %j', (shape) => {
    expect(() => init.deltaOrthogonal_(zeros(shape))).toThrow(
      failure('ERR_SHAPE', 'deltaOrthogonal_', `[${shape.join(', ')}]`),
    );
  });
});

describe('spectral_', () => {
  it.each([[[5, 9]], [[30, 20]], [[6, 2, 3, 3]]])(
    '%j is a normal fill with a largest singular value of gain',
    (shape) => {
      const t = init.spectral_(zeros(shape, { dtype: 'float64' }), 1.5, { generator: new Generator(2) });
      const normal = valuesOf(randn(shape, { dtype: 'float64', generator: new Generator(2) }));
      const factor = valuesOf(t)[0]! / normal[0]!;
      expectClose(
        valuesOf(t),
        normal.map((x) => factor * x),
        1e-12,
      );
      // Power iteration, long enough to forget where it began.
      const a = matrixOf(t);
      let v = randn([a.shape[1]!], { dtype: 'float64', generator: new Generator(3) });
      for (let i = 0; i < 2000; i++) {
        v = a.t().mv(a.mv(v));
        v = v.div(v.norm().item());
      }
      expect(a.mv(v).norm().item()).toBeCloseTo(1.5, 9);
    },
  );
});

const golden = readGolden<{
  gains: [string, number | null, number | null][];
  fans: [number[], [number, number] | null][];
  scaled: [string, number[], init.KaimingOptions & { gain?: number }, [number, number] | null][];
  marks: [string, number[], { groups?: number }, number[] | null][];
}>('init');

describe('torch agrees on', () => {
  it('gains', () => {
    for (const [name, param, gain] of golden.gains) {
      const call = () => init.calculateGain(name as never, param ?? undefined);
      if (gain === null)
        expect(call, name).toThrow(failure('ERR_ARGUMENT', 'calculateGain', `"${name}"`, 'leaky_relu'));
      else expect(Math.abs(call() - gain), name).toBeLessThan(1e-15);
    }
  });

  it('fans', () => {
    for (const [shape, fans] of golden.fans) {
      const call = () => init.calculateFanInAndFanOut(zeros(shape));
      if (fans === null) expect(call).toThrow(failure('ERR_SHAPE', 'calculateFanInAndFanOut', `[${shape}]`));
      else expect(call()).toEqual(fans);
    }
  });

  it('bounds and standard deviations', () => {
    const fill = vi.spyOn(Generator.prototype, 'fill');
    for (const [name, shape, { gain, ...options }, wanted] of golden.scaled) {
      fill.mockClear();
      const t = zeros(shape);
      const call = () => (byName[name] as Initialiser)(t, ...(name.startsWith('xavier') ? [gain] : [options]));
      if (wanted === null) {
        expect(call, `${name} ${shape}`).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_(SHAPE|ARGUMENT)/) }),
        );
        expect(fill).not.toHaveBeenCalled();
        continue;
      }
      call();
      const [a, b] = fill.mock.lastCall!.slice(3) as [number, number];
      expectClose([a, b], wanted, 1e-15);
    }
    fill.mockRestore();
  });

  it('eye_ and dirac_', () => {
    for (const [name, shape, { groups }, ones] of golden.marks) {
      for (const layout of Object.values(layouts)) {
        const t = layout(tensorOf(Array(shape.reduce((a, b) => a * b)).fill(7), shape));
        const around = bystanders(t);
        const before = valuesOf(t);
        const call = () => (byName[name] as Initialiser)(t, ...(groups === undefined ? [] : [groups]));
        if (ones === null) {
          expect(call, `${name} ${shape}`).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
          expectSame(valuesOf(t), before);
        } else {
          expect(call()).toBe(t);
          expectSame(
            valuesOf(t),
            before.map((_, i) => (ones.includes(i) ? 1 : 0)),
          );
        }
        expectSame(bystanders(t), around);
      }
    }
  });
});
