// Gaussian layers in law: exact identities that a weight would satisfy, covariances, and distributions against layers that
// have a weight.
import { describe, expect, it } from 'vitest';
import { Generator, type nn, noGrad, randn, type Tensor, zeros } from '../../../lib/index.js';
import { InLawLinear, type InLawOptions, MatrixFreeLinear, studyLinear } from '../../../lib/study/index.js';
import { failure } from '../../cases/data.js';
import { maxZ } from '../../cases/statistics.js';

const random = (seed: number) => ({ generator: new Generator(seed) });
const rowsOf = (x: Tensor) => x.tolist() as number[][];
const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** A batch of rows. */
function batch(rows: number[][]): Tensor {
  const x = zeros(rows.length, rows[0]!.length);
  (x.array as Float32Array).set(rows.flat());
  return x;
}

/** Output and input's gradient of a pass. */
function pass(layer: nn.Module, x: Tensor, gradient: Tensor) {
  const leaf = x.detach().requiresGrad_();
  const y = layer.call(leaf);
  y.backward(gradient);
  return { h: rowsOf(y.detach()), dx: rowsOf(leaf.grad!), x: rowsOf(x), d: rowsOf(gradient) };
}

/** Of every weight: d_a'(W x_b) = (W'd_a)'x_b; differences over the products' sizes. */
function disagreement({ h, dx, x, d }: ReturnType<typeof pass>): number {
  let worst = 0;
  for (const [a, gradient] of dx.entries()) {
    for (const [b, input] of x.entries()) {
      const size = Math.sqrt(dot(gradient, gradient) * dot(input, input)) || 1;
      worst = Math.max(worst, Math.abs(dot(gradient, input) - dot(d[a]!, h[b]!)) / size);
    }
  }
  return worst;
}

/** z-scores of the columns' covariances against std^2 times the Gram matrix `of`, over the columns of `samples`. */
function covarianceZ(samples: number[][], of: number[][], std: number): number[] {
  const n = samples[0]!.length;
  return samples.flatMap((a, i) =>
    samples.slice(i).map((b, k) => {
      const j = i + k;
      const [ii, jj, ij] = [dot(of[i]!, of[i]!), dot(of[j]!, of[j]!), dot(of[i]!, of[j]!)].map((g) => g * std * std);
      const spread = Math.sqrt((ii! * jj! + ij! * ij!) / n);
      const off = dot(a, b) / n - ij!;
      return spread === 0 ? (off === 0 ? 0 : Infinity) : off / spread;
    }),
  );
}

const vectors = (count: number, length: number, seed: number) => rowsOf(randn([count, length], random(seed)));
const scaled = (x: number[], factor: number) => x.map((value) => value * factor);
const plus = (x: number[], y: number[]) => x.map((value, i) => value + y[i]!);
const [a, b, c] = vectors(3, 40, 1) as [number[], number[], number[]];

/** Batches of inputs of 40 features, some of them dependent. */
const batches: Readonly<Record<string, number[][]>> = {
  'one row': [a],
  'three rows': [a, b, c],
  'a row twice': [a, b, a],
  'multiples and combinations': [a, scaled(a, -2), b, plus(a, b)],
  'a row of zeros': [a, scaled(a, 0), b],
  'nothing but zeros': [scaled(a, 0), scaled(a, 0)],
  'rows of very different lengths': [scaled(a, 1e-12), scaled(b, 1e12)],
  'nearly equal rows': [a, plus(a, scaled(b, 1e-4))],
  'rows as near as floats are': [a, plus(a, scaled(b, 3e-7))],
  'more rows than features': vectors(55, 40, 2),
};

describe.each(Object.entries(batches))('%s', (_, rows) => {
  const x = batch(rows);

  it('outputs have the covariance std^2 A A', () => {
    const layer = new InLawLinear(40, 20000, { std: 0.3, seed: 5 });
    const h = rowsOf(noGrad(() => layer.call(x)));
    for (const z of covarianceZ(h.slice(0, 4), rowsOf(x), 0.3)) expect(Math.abs(z)).toBeLessThan(maxZ);
  });

  it('gradients agree with the outputs, whatever is given', () => {
    const m = rows.length;
    const gradients = vectors(m, 30, 3);
    const dependent = gradients.map((row, i) => (i % 3 === 1 ? gradients[0]! : i % 3 === 2 ? scaled(row, 0) : row));
    for (const d of [gradients, dependent]) {
      const layer = new InLawLinear(40, 30, { std: 0.3, seed: 6 });
      expect(disagreement(pass(layer, x, batch(d)))).toBeLessThan(2e-6);
    }
  });
});

it('equal rows have equal outputs, sums of rows the sums', () => {
  const h = rowsOf(
    noGrad(() => new InLawLinear(40, 50, { std: 1, seed: 1 }).call(batch([a, b, a, plus(a, b), scaled(a, 0)]))),
  );
  h[0]!.forEach((value, i) => {
    expect(Math.abs(value - h[2]![i]!)).toBeLessThan(1e-5);
    expect(Math.abs(value + h[1]![i]! - h[3]![i]!)).toBeLessThan(1e-5);
    expect(h[4]![i]).toBe(0);
  });
});

it('differences of nearly equal rows have their own variance', () => {
  for (const distance of [1e-2, 1e-4, 1e-5]) {
    const rows = rowsOf(batch([a, plus(a, scaled(b, distance))]));
    const h = rowsOf(noGrad(() => new InLawLinear(40, 20000, { std: 1, seed: 2 }).call(batch(rows))));
    const between = (pair: number[][]) => [plus(pair[0]!, scaled(pair[1]!, -1))];
    // Rounding of the outputs adds its own: (2^-24 |h|)^2 / 6 each.
    const ratio = dot(between(h)[0]!, between(h)[0]!) / 20000 / dot(between(rows)[0]!, between(rows)[0]!);
    expect(Math.abs(ratio - 1)).toBeLessThan(maxZ * Math.sqrt(2 / 20000) + 1e-14 / distance ** 2);
  }
});

it('gradients have the covariance std^2 D D off the inputs, many of them dependent', () => {
  const d = vectors(3, 25, 4);
  const gradients = [d[0]!, d[1]!, d[0]!, plus(d[1]!, scaled(d[2]!, 1e-3)), scaled(d[0]!, 0)];
  const x = randn([5, 20000], random(8));
  const { dx } = pass(new InLawLinear(20000, 25, { std: 0.2, seed: 3 }), x, batch(gradients));
  // The five directions of the inputs are known from the outputs: 5 of 20,000.
  for (const z of covarianceZ(dx.slice(0, 4), gradients, 0.2)) expect(Math.abs(z)).toBeLessThan(maxZ + 0.1);
  for (const [i, value] of dx[0]!.entries()) expect(Math.abs(value - dx[2]![i]!)).toBeLessThan(1e-4);
  expect(dx[4]!.every((value) => Math.abs(value) === 0)).toBe(true);
});

it('one feature: the output determines the weight, and so the gradient', () => {
  const { h, dx } = pass(new InLawLinear(1, 4, { std: 2, seed: 1 }), batch([[3], [-1], [0]]), batch(vectors(3, 4, 2)));
  const weight = h[0]!.map((value) => value / 3);
  for (const [i, d] of vectors(3, 4, 2).entries()) expect(dx[i]![0]).toBeCloseTo(dot(d, weight), 4);
});

it("has the norm of the weight's gradient", () => {
  const layer = new InLawLinear(7, 5, { std: 1, biasStd: 1, seed: 1 });
  expect(layer.weightGradNorm).toBeNull();
  const [x, d] = [randn([3, 7], random(1)), randn([3, 5], random(2))];
  layer.call(x).backward(d);
  expect(layer.weightGradNorm! / d.t().matmul(x).norm().item()).toBeCloseTo(1, 6);
  expect([...layer.namedParameters()].map(([name]) => name)).toEqual(['bias']);
  expect(String(layer)).toBe('InLawLinear(in_features=7, out_features=5, std=1, bias=True)');
});

it('repeats itself from the same seed, call by call', () => {
  const make = (seed: number) => new InLawLinear(6, 4, { std: 1, biasStd: 0.5, generator: new Generator(seed) });
  const x = randn([2, 6], random(1));
  const runs = [make(1), make(1), make(2)].map((layer) => [1, 2].map(() => pass(layer, x, randn([2, 4], random(2)))));
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]![0]!.h).not.toEqual(runs[0]![0]!.h);
  expect(runs[0]![1]!.h).not.toEqual(runs[0]![0]!.h);
  // Two layers on one generator, of any algorithm, have streams of their own.
  for (const algorithm of ['pcg32', 'mt19937'] as const) {
    const generator = new Generator(1, { algorithm });
    const [one, two] = [0, 1].map(() => new InLawLinear(6, 4, { std: 1, generator }).call(x).tolist());
    expect(one).not.toEqual(two);
  }
});

it.each<[number, number, number]>([
  [0, 3, 2],
  [3, 0, 2],
  [3, 2, 0],
])('%i to %i features, %i rows', (n, m, rows) => {
  const layer = new InLawLinear(n, m, { std: 1, seed: 0 });
  const x = randn([rows, n]).requiresGrad_();
  const y = layer.call(x);
  expect(y.shape).toEqual([rows, m]);
  expect(y.array.every((value) => value === 0)).toBe(true);
  y.sum().backward();
  expect(x.grad!.array.every((value) => value === 0)).toBe(true);
  expect(x.grad!.shape).toEqual([rows, n]);
  expect(layer.weightGradNorm).toBe(0);
});

it('takes any number of leading dimensions, and a standard deviation of 0', () => {
  const layer = new InLawLinear(3, 2, { std: 0, biasStd: 1, seed: 0 });
  expect(layer.call(zeros(4, 5, 3)).shape).toEqual([4, 5, 2]);
  expect(layer.call(zeros(3).fill_(1)).tolist()).toEqual(layer.bias!.tolist());
});

it('keeps what is not finite to its row', () => {
  const layer = new InLawLinear(40, 6, { std: 1, seed: 0 });
  const { h, dx } = pass(
    layer,
    batch([a, scaled(a, Infinity), b]),
    batch([...vectors(2, 6, 1), scaled(vectors(1, 6, 2)[0]!, NaN)]),
  );
  expect(h.map((row) => row.every(Number.isNaN))).toEqual([false, true, false]);
  expect(h[0]!.every(Number.isFinite) && h[2]!.every(Number.isFinite)).toBe(true);
  expect(dx.map((row) => row.every(Number.isNaN))).toEqual([false, false, true]);
  expect(dx[0]!.every(Number.isFinite) && dx[1]!.every(Number.isFinite)).toBe(true);
});

describe('bad input', () => {
  it.each<[string, unknown, ...string[]]>([
    ['ERR_ARGUMENT', {}, 'std'],
    ['ERR_ARGUMENT', undefined, 'std'],
    ['ERR_RANGE', { std: -1 }, 'std', '-1'],
    ['ERR_RANGE', { std: Infinity }, 'std', 'Infinity'],
    ['ERR_RANGE', { std: 1, biasStd: -1 }, 'biasStd', '-1'],
    ['ERR_ARGUMENT', { std: 1, generator: 1 }, 'generator', '1'],
    ['ERR_ARGUMENT', { std: 1, seed: 'x' }, 'x'],
  ])('%s %#', (code, options, ...parts) => {
    const name = parts[0] === 'x' ? 'Generator' : 'InLawLinear';
    expect(() => new InLawLinear(3, 2, options as InLawOptions)).toThrow(failure(code, name, ...parts));
  });

  it('a size, a shape and a dtype', () => {
    expect(() => new InLawLinear(-1, 2, { std: 1 })).toThrow(failure('ERR_RANGE', 'InLawLinear', 'inFeatures'));
    const layer = new InLawLinear(3, 2, { std: 1, seed: 0 });
    expect(() => layer.call(zeros(2))).toThrow(failure('ERR_SHAPE', 'InLawLinear', '[2]', '3'));
    expect(() => layer.call(zeros([3], { dtype: 'int64' }))).toThrow(failure('ERR_DTYPE', 'InLawLinear', 'int64'));
  });

  it('a second walk', () => {
    const x = zeros([1, 3], { requiresGrad: true });
    const y = new InLawLinear(3, 2, { std: 1, seed: 0 }).call(x).sum();
    y.backward(undefined, { retainGraph: true });
    const again = expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching('has been drawn') });
    expect(() => y.backward()).toThrow(again);
  });
});

// -----------------------------------------------------------------------------------------------------------------------

const [width, depth, networks] = [64, 5, 200];

type Kind = 'materialised' | 'matrix-free' | 'in law';

function layerOf(kind: Kind, gain: number, biasStd: number, generator: Generator) {
  const std = gain / Math.sqrt(width);
  if (kind === 'in law') return new InLawLinear(width, width, { std, biasStd, generator });
  if (kind === 'matrix-free') return new MatrixFreeLinear(width, width, { std, biasStd, generator });
  const init = { initialiser: 'normal', std } as const;
  return studyLinear(width, width, { init, biasStd, materialize: 'always', generator });
}

/** What becomes of two inputs at an angle in one network: q and c of the last layer, and the inputs' gradient. */
function network(kind: Kind, activation: 'relu' | 'tanh', seed: number, error = 1) {
  const generator = new Generator(seed);
  const [gain, biasStd] = activation === 'relu' ? [Math.SQRT2, 0] : [1.5, 0.3];
  const pair = randn([2, width], random(77));
  const x = batch(rowsOf(pair).map((row, i, all) => (i === 0 ? row : plus(scaled(row, 0.6), scaled(all[0]!, 0.8)))));
  x.requiresGrad_();
  let h: Tensor = x;
  for (let layer = 1; layer <= depth; layer++) {
    h = layerOf(kind, gain * error, biasStd, generator).call(layer === 1 ? h : h[activation]());
  }
  h.sum().backward();
  const [one, two] = rowsOf(h.detach()) as [number[], number[]];
  return {
    q: dot(one, one) / width,
    c: dot(one, two) / Math.sqrt(dot(one, one) * dot(two, two)),
    gradient: x.grad!.norm().item() ** 2 / width,
  };
}

/** The p-value of the two samples' Kolmogorov-Smirnov distance (Smirnov 1939; Stephens's correction for finite samples). */
function samePopulation(first: number[], second: number[]): number {
  const [x, y] = [first.toSorted((p, q) => p - q), second.toSorted((p, q) => p - q)];
  let [i, j, distance] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i]!, y[j]!);
    while (x[i]! <= value) i++;
    while (y[j]! <= value) j++;
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  const root = Math.sqrt((x.length * y.length) / (x.length + y.length));
  const lambda = (root + 0.12 + 0.11 / root) * distance;
  let p = 0;
  for (let k = 1; k <= 50; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, p);
}

// 18 comparisons, each with p above 1e-3: correct layers with random seeds would fail once in 55 times.
describe.each(['relu', 'tanh'] as const)('200 networks of width 64 and depth 5 with %s', (activation) => {
  const kinds: readonly Kind[] = ['materialised', 'matrix-free', 'in law'];
  const samples = kinds.map((kind, k) =>
    Array.from({ length: networks }, (_, i) => network(kind, activation, 1000 * (k + 1) + i)),
  );

  it.each<[Kind, Kind]>([
    ['in law', 'materialised'],
    ['in law', 'matrix-free'],
    ['matrix-free', 'materialised'],
  ])('%s as %s', (one, two) => {
    const [first, second] = [one, two].map((kind) => samples[kinds.indexOf(kind)]!);
    for (const quantity of ['q', 'c', 'gradient'] as const) {
      const p = samePopulation(
        first!.map((row) => row[quantity]),
        second!.map((row) => row[quantity]),
      );
      expect(p, quantity).toBeGreaterThan(1e-3);
    }
  });

  it('and not with weights that are 5 % larger', () => {
    const wrong = Array.from({ length: networks }, (_, i) => network('in law', activation, 5000 + i, 1.05));
    const [q, larger] = [samples[0]!, wrong].map((rows) => rows.map((row) => row.q));
    expect(samePopulation(q!, larger!)).toBeLessThan(1e-3);
  });
});
