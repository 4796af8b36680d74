import { describe, expect, it } from 'vitest';
import { Generator, init, nn, noGrad, randn, type Tensor, zeros } from '../../lib/index.js';
import { type LsuvOptions, lsuv_ } from '../../lib/study/index.js';
import { expectClose, expectSame, failure, valuesOf } from '../cases/data.js';

const seeded = (seed: number) => ({ generator: new Generator(seed) });

/** The population variance, element by element. */
function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
}

/** The variances of modules' outputs in one more forward pass. */
function variances(model: nn.Module, x: Tensor, modules: readonly nn.Module[]): number[] {
  const found: number[] = [];
  const remove = modules.map((module) =>
    module.registerForwardHook((_, __, out) => void found.push(varianceOf(valuesOf(out)))),
  );
  noGrad(() => model.call(x));
  for (const each of remove) each();
  return found;
}

const isLayer = (module: nn.Module) => module instanceof nn.Linear || module instanceof nn.Conv2d;
const layersOf = (model: nn.Module) => [...model.modules()].filter(isLayer) as (nn.Linear | nn.Conv2d)[];
const weights = (model: nn.Module) => [...model.parameters()].map(valuesOf);

function deep(depth: number, width: number): nn.Module {
  const layers = Array.from({ length: depth }, () => [new nn.Linear(width, width, { bias: false }), new nn.ReLU()]);
  return new nn.Sequential(...layers.flat());
}

describe('lsuv_', () => {
  it('one layer: the orthogonal weight over the standard deviation of what it puts out', () => {
    const x = randn([50, 20], seeded(1)).mul(3);
    const layer = new nn.Linear(20, 12, { bias: false });
    const drawn = init.orthogonal_(zeros(12, 20), 1, seeded(2));
    const before = varianceOf(valuesOf(x.matmul(drawn.t())));
    const report = lsuv_(layer, x, { ...seeded(2), tolerance: 1e-6 });
    expectClose(valuesOf(layer.weight), valuesOf(drawn.div(Math.sqrt(before))), 1e-6, 1e-7);
    const [row] = report.rows;
    expect(row).toMatchObject({ layer: '(model)', status: 'scaled', iterations: 1 });
    expectClose([row!.before!, row!.after!, row!.scale], [before, 1, before ** -0.5], 1e-6);
    expect(report.ok).toBe(true);
  });

  it('thirty layers of ReLU, each of unit variance and a multiple of an orthogonal matrix', () => {
    const [model, x] = [deep(30, 24), randn([64, 24], seeded(3))];
    const report = lsuv_(model, x, { ...seeded(4), tolerance: 0.01 });
    expect(report).toMatchObject({ ok: true, problems: [] });
    expect(report.rows.map(({ layer }) => layer)).toEqual(Array.from({ length: 30 }, (_, i) => String(2 * i)));
    const measured = variances(model, x, layersOf(model));
    for (const [i, { after, scale }] of report.rows.entries()) {
      expect(Math.abs(measured[i]! - 1)).toBeLessThan(0.01);
      expect(after).toBeCloseTo(measured[i]!, 5);
      const weight = layersOf(model)[i]!.weight.detach();
      const gram = weight.matmul(weight.t()).div(scale ** 2);
      expect(gram.allclose(zeros(24, 24).add(init.eye_(zeros(24, 24))), { atol: 1e-4 })).toBe(true);
    }
    expect(String(report)).toMatch(/^layer {2}status {2}iterations {2}variance before/);
  });

  it('convolutions, norms and biases; modes, statistics and gradients as before', () => {
    const model = new nn.Sequential(
      new nn.Conv2d(3, 8, 3, seeded(1)),
      new nn.BatchNorm2d(8),
      new nn.Tanh(),
      new nn.Dropout(0.5),
      new nn.ConvTranspose2d(8, 4, 2, { stride: 2, ...seeded(2) }),
      new nn.Flatten(),
      new nn.Linear(4 * 12 * 12, 5, seeded(3)),
    );
    [...model.modules()][2]!.eval();
    const modes = () => [...model.modules()].map(({ training }) => training);
    const buffers = () => [...model.buffers()].map(valuesOf);
    const [modesBefore, buffersBefore] = [modes(), buffers()];
    const x = randn([16, 3, 8, 8], seeded(4));
    const report = lsuv_(model, x, seeded(5));
    expect(report.rows.map(({ layer, status }) => [layer, status])).toEqual([
      ['0', 'scaled'],
      ['4', 'scaled'],
      ['6', 'scaled'],
    ]);
    for (const { after } of report.rows) expect(Math.abs(after! - 1)).toBeLessThan(0.1);
    expect([modes(), buffers()]).toEqual([modesBefore, buffersBefore]);
    for (const parameter of model.parameters()) expect([parameter.grad, parameter.requiresGrad]).toEqual([null, true]);
    expect(model.call(x).gradFn).not.toBeNull();
  });

  it('a variance within the tolerance is left alone; weights stay without `orthogonal`', () => {
    const layer = new nn.Linear(30, 30, { bias: false });
    init.normal_(layer.weight, 0, 1 / Math.sqrt(30), seeded(1));
    const before = valuesOf(layer.weight);
    const x = randn([200, 30], seeded(2));
    const report = lsuv_(layer, x, { orthogonal: false, tolerance: 0.2 });
    expect(report.rows[0]).toMatchObject({ status: 'scaled', iterations: 0, scale: 1 });
    expectSame(valuesOf(layer.weight), before);
    lsuv_(layer, x.mul(2), { orthogonal: false });
    const ratio = layer.weight.detach().array[0]! as number;
    expect(ratio / before[0]!).toBeCloseTo(1 / (2 * Math.sqrt(report.rows[0]!.before!)), 5);
  });

  it('float64, and halves', () => {
    for (const dtype of ['float64', 'bfloat16'] as const) {
      const layer = new nn.Linear(16, 16, { dtype, bias: false });
      const report = lsuv_(layer, randn([64, 16], seeded(1)).mul(5).to(dtype), seeded(2));
      expect(report.ok, dtype).toBe(true);
    }
  });

  class Odd extends nn.Module {
    first = new nn.Linear(8, 8, { bias: false });
    tied = new nn.Linear(8, 8, { bias: false });
    unused = new nn.Linear(8, 8);
    constructor() {
      super();
      this.tied.weight = this.first.weight;
    }
    forward(x: Tensor): Tensor {
      return this.tied.call(this.first.call(this.first.call(x)).mul(10));
    }
  }

  it('layers that run twice, share a weight, or never run', () => {
    const model = new Odd();
    const report = lsuv_(model, randn([32, 8], seeded(1)), seeded(2));
    expect(report.rows).toMatchObject([
      { layer: 'first', status: 'scaled' },
      { layer: 'tied', status: 'shared', iterations: 0, before: null },
      { layer: 'unused', status: 'not reached', before: null, after: null, scale: 1 },
    ]);
    expect(Math.abs(report.rows[0]!.after! - 1)).toBeLessThan(0.1);
    expect(report.rows[1]!.after).toBeGreaterThan(50);
    expect(report.problems).toEqual([
      expect.stringMatching(/^tied: a variance of .* another module has its weight/),
      expect.stringMatching(/^unused: the forward pass does not run it/),
    ]);
    expect(report.ok).toBe(false);
    expect(lsuv_(model, randn([32, 8], seeded(1)), { layers: ['first'] }).rows).toHaveLength(1);
  });

  it.each<[string, () => Tensor, (layer: nn.Linear) => void, number]>([
    ['no variance', () => zeros(16, 8), () => {}, 0],
    ['not finite', () => randn([16, 8], seeded(1)).mul(Infinity), () => {}, 0],
    ['not converged', () => randn([16, 8], seeded(1)), ({ bias }) => init.normal_(bias!, 0, 5, seeded(1)), 10],
    ['not converged', () => zeros(16, 8), ({ bias }) => init.normal_(bias!, 0, 0.1, seeded(1)), 10],
  ])('%s: the weight stays, and the next layer is done all the same', (status, batch, change, iterations) => {
    const model = new nn.Sequential(new nn.Linear(8, 8), new nn.Linear(8, 8));
    const [first] = layersOf(model) as nn.Linear[];
    init.zeros_(first!.bias!);
    change(first!);
    const drawn = init.orthogonal_(zeros(8, 8), 1, seeded(7));
    const report = lsuv_(model, batch(), seeded(7));
    expect(report.rows[0]).toMatchObject({ layer: '0', status, iterations, scale: 1 });
    expect(report.problems[0]).toMatch(/^0: /);
    expect(report.rows[1]!.status).not.toBe('not reached');
    expectSame(valuesOf(first!.weight), valuesOf(drawn));
    expect(weights(model).flat().every(Number.isFinite)).toBe(true);
  });

  it('after an error all weights are as they were', () => {
    const model = new nn.Sequential(new nn.Linear(8, 6), new nn.BatchNorm1d(6), new nn.Linear(5, 4));
    const [before, statistics] = [weights(model), [...model.buffers()].map(valuesOf)];
    expect(() => lsuv_(model, randn([16, 8], seeded(1)))).toThrow(failure('ERR_SHAPE', 'linear', '5'));
    expect([weights(model), [...model.buffers()].map(valuesOf)]).toEqual([before, statistics]);
    expect(lsuv_(new nn.Linear(8, 6), randn([16, 8], seeded(1))).ok).toBe(true);
  });

  const layer = new nn.Linear(3, 3);
  const x = zeros(2, 3);
  const given = (options: unknown) => () => lsuv_(layer, x, options as LsuvOptions);
  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'lsuv_', () => lsuv_(3 as never, x), '3'],
    ['ERR_ARGUMENT', 'lsuv_', () => lsuv_(layer, 'x' as never), 'x'],
    ['ERR_ARGUMENT', 'lsuv_', () => lsuv_(layer, [x, 3] as never), '3'],
    ['ERR_ARGUMENT', 'lsuv_', () => lsuv_(new nn.ReLU(), x), 'no layer', 'ReLU'],
    ['ERR_ARGUMENT', 'lsuv_', given(seeded(0).generator), 'Generator'],
    ['ERR_ARGUMENT', 'lsuv_', given({ generator: 3 }), '3'],
    ['ERR_RANGE', 'lsuv_', given({ tolerance: 0 }), 'tolerance', '0'],
    ['ERR_ARGUMENT', 'lsuv_', given({ tolerance: '1' }), 'tolerance'],
    ['ERR_RANGE', 'lsuv_', given({ maxIterations: 0 }), 'maxIterations', '0'],
    ['ERR_ARGUMENT', 'lsuv_', given({ orthogonal: 1 }), 'orthogonal', '1'],
    ['ERR_ARGUMENT', 'lsuv_', given({ layers: 3 }), 'layers', '3'],
    ['ERR_ARGUMENT', 'lsuv_', given({ layers: ['fc'] }), 'fc'],
    ['ERR_ARGUMENT', 'lsuv_', () => lsuv_(new nn.LayerNorm(3), x, { layers: () => true }), 'LayerNorm'],
  ])('%s %s %#', (code, name, run, ...parts) => {
    const before = valuesOf(layer.weight);
    expect(run).toThrow(failure(code, name, ...parts));
    expectSame(valuesOf(layer.weight), before);
  });
});
