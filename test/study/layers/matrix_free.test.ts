// Layers that make their weight anew for every product, against layers that hold the same weight.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Generator,
  getNumThreads,
  init,
  nn,
  noGrad,
  randn,
  setNumThreads,
  type Tensor,
  zeros,
} from '../../../lib/index.js';
import { MatrixFreeLinear, type MatrixFreeOptions, type WeightLaw } from '../../../lib/study/index.js';
import { failure } from '../../cases/data.js';
import { script } from '../../process.js';

const random = (seed: number) => ({ generator: new Generator(seed) });

/** The layer that holds the weight, from the same place in the stream. */
function materialised(n: number, m: number, law: WeightLaw, biasStd: number, generator: Generator) {
  const layer = new nn.Linear(n, m, { bias: biasStd > 0, init: false });
  if (n * m > 0) {
    if (law.distribution === 'uniform') {
      init.uniform_(layer.weight, law.low ?? -law.bound!, law.high ?? law.bound, { generator });
    } else if (law.distribution === 'truncNormal') {
      init.truncNormal_(layer.weight, law.mean, law.std, law.low, law.high, { generator });
    } else init.normal_(layer.weight, law.mean, law.std, { generator });
  }
  if (layer.bias !== null) init.normal_(layer.bias, 0, biasStd, { generator });
  return layer;
}

/** The largest difference over the largest element. */
function distance(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  if (a.numel() === 0) return 0;
  const scale = b.abs().max().item();
  const difference = a.sub(b).abs().max().item();
  return difference === 0 ? 0 : difference / scale;
}

/** Output, input's gradient and weight's gradient norm of a pass. */
function pass(layer: nn.Module, x: Tensor, gradient: Tensor) {
  const leaf = x.detach().requiresGrad_();
  const y = layer.call(leaf);
  y.backward(gradient);
  return { y: y.detach(), dx: leaf.grad! };
}

const laws: readonly WeightLaw[] = [
  { std: 0.3 },
  { distribution: 'normal', mean: 0.1, std: 0.3 },
  { distribution: 'uniform', bound: 0.2 },
  { distribution: 'uniform', low: -0.5, high: 1 },
  { distribution: 'truncNormal', std: 1, low: -2, high: 2 },
];

let before: number;
beforeEach(() => {
  before = getNumThreads();
});
afterEach(() => {
  setNumThreads(before);
});

describe.each([1, 2])('on %i threads', (threads) => {
  it.each<[number, number, number]>([
    [1, 1, 1],
    [3, 2, 1],
    [7, 5, 2],
    [64, 64, 70],
    [513, 130, 3],
    [2048, 33, 5],
    [2049, 65, 1],
    [65, 2049, 33],
    [4097, 127, 8],
  ])('%i to %i features, %i rows', (n, m, rows) => {
    setNumThreads(threads);
    for (const [i, law] of laws.entries()) {
      const one = new Generator(i).advance(3);
      const two = one.clone();
      const free = new MatrixFreeLinear(n, m, { ...law, biasStd: 0.5, generator: one } as MatrixFreeOptions);
      const held = materialised(n, m, law, 0.5, two);
      expect(one.getState()).toEqual(two.getState());
      const x = randn(rows, n, random(8));
      const gradient = randn(rows, m, random(9));
      const [a, b] = [pass(free, x, gradient), pass(held, x, gradient)];
      expect(distance(a.y, b.y)).toBeLessThan(1e-5);
      expect(distance(a.dx, b.dx)).toBeLessThan(1e-5);
      expect(distance(free.bias!.grad!, held.bias!.grad!)).toBeLessThan(1e-5);
      expect(free.weightGradNorm! / held.weight.grad!.norm().item()).toBeCloseTo(1, 5);
    }
  });

  it('width 4096, as a study has it', () => {
    setNumThreads(threads);
    const std = Math.sqrt(2 / 4096);
    const free = new MatrixFreeLinear(4096, 4096, { std, seed: 1 });
    const held = materialised(4096, 4096, { std }, 0, new Generator(1));
    const x = randn(2, 4096, random(8));
    const gradient = randn(2, 4096, random(9));
    const [a, b] = [pass(free, x, gradient), pass(held, x, gradient)];
    expect(distance(a.y, b.y)).toBeLessThan(1e-4);
    expect(distance(a.dx, b.dx)).toBeLessThan(1e-4);
  });
});

it('gives the same bits on any number of threads', () => {
  const layer = new MatrixFreeLinear(3001, 700, { std: 1, seed: 4 });
  const x = randn(3, 3001, random(1));
  const gradient = randn(3, 700, random(2));
  setNumThreads(1);
  const one = pass(layer, x, gradient);
  setNumThreads(2);
  const two = pass(layer, x, gradient);
  expect(two.y.array).toEqual(one.y.array);
  expect(two.dx.array).toEqual(one.dx.array);
});

it('takes inputs of any layout and any number of leading dimensions', () => {
  const layer = new MatrixFreeLinear(6, 4, { std: 1, biasStd: 1, seed: 2 });
  const x = randn(5, 6, random(3));
  const y = layer.call(x);
  expect(layer.call(x.t().contiguous().t()).array).toEqual(y.array);
  expect(layer.call(randn(5, 12, random(3)).slice(1, 0, 12, 2)).shape).toEqual([5, 4]);
  const expanded = layer.call(x.select(0, 2).expand(3, 6));
  for (let i = 0; i < 3; i++) expect(expanded.select(0, i).tolist()).toEqual(y.select(0, 2).tolist());
  expect(layer.call(x.select(0, 1)).tolist()).toEqual(y.select(0, 1).tolist());
  expect(layer.call(randn(2, 3, 6)).shape).toEqual([2, 3, 4]);
  // A gradient that repeats its elements.
  const leaf = x.detach().requiresGrad_();
  layer.call(leaf).sum().backward();
  const held = materialised(6, 4, { std: 1 }, 1, new Generator(2));
  expect(distance(leaf.grad!, held.weight.sum(0).detach().expand(5, 6))).toBeLessThan(1e-6);
});

it.each<[number, number, number]>([
  [0, 3, 2],
  [3, 0, 2],
  [3, 2, 0],
  [0, 0, 0],
])('%i to %i features, %i rows', (n, m, rows) => {
  const layer = new MatrixFreeLinear(n, m, { std: 1, biasStd: 1, seed: 0 });
  const x = zeros([rows, n], { requiresGrad: true });
  const y = layer.call(x);
  expect(y.shape).toEqual([rows, m]);
  for (const row of y.tolist() as number[][]) expect(row).toEqual(layer.bias!.tolist());
  y.sum().backward();
  expect(x.grad!.shape).toEqual([rows, n]);
  expect(x.grad!.array.every((value) => value === 0)).toBe(true);
  expect(layer.weightGradNorm).toBe(0);
});

it('has no weight among its parameters, and its norm after a backward pass alone', () => {
  const layer = new MatrixFreeLinear(4, 3, { distribution: 'uniform', bound: 1, biasStd: 1, seed: 0 });
  expect([...layer.namedParameters()].map(([name]) => name)).toEqual(['bias']);
  expect([...new MatrixFreeLinear(4, 3, { std: 1 }).parameters()]).toEqual([]);
  expect(layer.weightGradNorm).toBeNull();
  expect(noGrad(() => layer.call(zeros(1, 4))).requiresGrad).toBe(false);
  // Inputs that need no gradient, as a first layer's.
  layer.call(zeros(1, 4).fill_(1)).sum().backward();
  expect(layer.weightGradNorm).toBeCloseTo(Math.sqrt(12), 6);
  expect(String(layer)).toBe('MatrixFreeLinear(in_features=4, out_features=3, distribution=uniform(-1, 1), bias=True)');
});

it('does not hold the matrix: width 16,384 adds less than 40 MB, where the weight would be 1 GB', async () => {
  const { stdout, stderr } = await script(`
    const { MatrixFreeLinear } = await import(${JSON.stringify(new URL('../../../dist/study/index.js', import.meta.url).href)});
    const before = process.resourceUsage().maxRSS;
    const layer = new MatrixFreeLinear(16384, 16384, { std: 0.01, seed: 0 });
    layer.call(lib.randn(2, 16384).requiresGrad_()).sum().backward();
    console.log((process.resourceUsage().maxRSS - before) / 1024);
  `);
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeLessThan(40);
});

describe('bad input', () => {
  const layer = () => new MatrixFreeLinear(4, 3, { std: 1, seed: 0 });
  const make =
    (options: unknown, n = 4, m = 3) =>
    () =>
      new MatrixFreeLinear(n, m, options as MatrixFreeOptions);
  it.each<[string, () => unknown, ...string[]]>([
    ['ERR_RANGE', make({ std: 1 }, -1), 'inFeatures', '-1'],
    ['ERR_RANGE', make({ std: 1 }, 4, 1.5), 'outFeatures', '1.5'],
    ['ERR_ARGUMENT', make(undefined), 'std', 'undefined'],
    ['ERR_ARGUMENT', make(3), 'options', '3'],
    ['ERR_RANGE', make({ std: -1 }), 'std', '-1'],
    ['ERR_RANGE', make({ std: NaN }), 'std', 'NaN'],
    ['ERR_RANGE', make({ mean: Infinity, std: 1 }), 'mean', 'Infinity'],
    ['ERR_ARGUMENT', make({ distribution: 'cauchy', std: 1 }), 'cauchy', 'truncNormal'],
    ['ERR_ARGUMENT', make({ distribution: 'toString', std: 1 }), 'toString'],
    ['ERR_ARGUMENT', make({ distribution: 'uniform' }), 'low', 'undefined'],
    ['ERR_RANGE', make({ distribution: 'uniform', bound: -1 }), 'in order'],
    ['ERR_RANGE', make({ distribution: 'uniform', low: -1e39, high: 0 }), 'float32'],
    ['ERR_RANGE', make({ distribution: 'truncNormal', std: 0, low: -1, high: 1 }), 'std', '0'],
    ['ERR_RANGE', make({ distribution: 'truncNormal', std: 1, low: 2, high: 1 }), '2', '1'],
    ['ERR_RANGE', make({ std: 1, biasStd: -1 }), 'biasStd', '-1'],
    ['ERR_ARGUMENT', make({ std: 1, generator: 3 }), 'generator', '3'],
    ['ERR_ARGUMENT', make({ std: 1, seed: 1, generator: new Generator(1) }), 'both'],
    ['ERR_STATE', make({ std: 1, generator: new Generator(1, { algorithm: 'mt19937' }) }), 'pcg32'],
    ['ERR_STATE', make({ std: 1, seed: 1 }, 2 ** 21, 2 ** 20), '2^40'],
    ['ERR_ARGUMENT', () => layer().call(3 as never), '3'],
    ['ERR_SHAPE', () => layer().call(zeros(2, 3)), '[2, 3]', '4'],
    ['ERR_SHAPE', () => layer().call(zeros([])), 'a scalar'],
    ['ERR_DTYPE', () => layer().call(zeros([2, 4], { dtype: 'float64' })), 'float64'],
  ])('%s %#', (code, run, ...parts) => {
    if (code === 'ERR_STATE') {
      expect(run).toThrow(
        expect.objectContaining({
          code,
          message: expect.stringMatching(`^MatrixFreeLinear: .*${parts[0]!.replace('^', '\\^')}`),
        }),
      );
    } else expect(run).toThrow(failure(code, 'MatrixFreeLinear', ...parts));
  });

  it('takes no draws where it refuses', () => {
    const generator = new Generator(1);
    expect(make({ std: 1, generator }, 2 ** 21, 2 ** 20)).toThrow();
    expect(make({ std: -1, generator })).toThrow();
    expect(generator.position).toBe(0n);
  });
});
