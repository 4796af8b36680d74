import { describe, expect, it } from 'vitest';
import { type Generator, init, nn, ones, optim, randint, randn, type Tensor, zeros } from '../../../lib/index.js';
import { type CoordCheckOptions, type CoordContext, coordCheck } from '../../../lib/study/index.js';
import { failure } from '../../cases/data.js';

/** y = w width^power x, with a weight for each element: SGD moves it by exactly width^(2 power), Adam by width^power. */
class Power extends nn.Module {
  weight: nn.Parameter;
  factor: number;
  constructor(width: number, power: number) {
    super();
    this.weight = new nn.Parameter(ones(4));
    this.factor = width ** power;
  }
  forward(x: Tensor): Tensor {
    return x.mul(this.weight).mul(this.factor);
  }
}

const power = (exponent: number, options: CoordCheckOptions = {}) =>
  coordCheck(({ width }) => new Power(width, exponent), {
    widths: [16, 64, 32],
    steps: 2,
    repeats: 1,
    data: { input: ones(3, 4).mul(2), target: zeros(3, 4) },
    loss: (output) => output.mean(),
    ...options,
  });

const mlp = (n: number, { inputs = 64, outputs = 10 } = {}) =>
  new nn.Sequential(
    ...[new nn.Linear(inputs, n, { init: false }), new nn.ReLU()],
    ...[new nn.Linear(n, n, { init: false }), new nn.ReLU()],
    ...[new nn.Linear(n, n, { init: false }), new nn.ReLU()],
    new nn.Linear(n, outputs, { init: false }),
  );

const standard: init.Rule[] = [
  { match: '*.bias', init: 'zeros' },
  { match: '*', init: { initialiser: 'kaimingNormal', nonlinearity: 'linear' } },
];
const mup = (width: number) => init.presets.mup({ base: mlp(width) });
const planned =
  (rules: init.Rule[]) =>
  ({ width, generator }: CoordContext) => {
    const model = mlp(width);
    return { model, plan: init.initialize(model, rules, { generator }) };
  };

describe('exact exponents', () => {
  it.each([-0.5, 0, 0.05, 1])('SGD: twice the exponent %d of the model', async (exponent) => {
    const { rows, updates, passed, settings } = await power(exponent, { optimizer: 'sgd' });
    expect(settings.widths).toEqual([16, 32, 64]);
    const [row] = rows;
    expect(row).toMatchObject({ layer: '(model)', role: 'other', judgedStep: 1, passed: Math.abs(exponent) < 0.075 });
    expect(passed).toBe(row!.passed);
    expect(row!.initial.slope).toBeCloseTo(exponent, 4);
    expect(updates[0]!.changes[1]!.slope).toBeCloseTo(exponent, 4);
    for (const { slope, standardError } of row!.changes) {
      expect(slope).toBeCloseTo(2 * exponent, 4);
      expect(standardError).toBeLessThan(1e-4);
    }
    // lr 0.1, gradient 2 * 16^exponent / 4, once and twice.
    row!.changes.forEach(({ sizes }, step) => {
      expect(sizes[0]).toBeCloseTo(0.1 * (step + 1) * 16 ** (2 * exponent), 4);
    });
  });

  it.each(['adam', 'adamw'] as const)('%s: the exponent itself', async (optimizer) => {
    const { rows, updates } = await power(0.5, { optimizer });
    // AdamW shrinks the weight by 1e-5 as well.
    expect(rows[0]!.changes[0]!.sizes[0]).toBeCloseTo(0.001 * 2 * 4, 3);
    expect(rows[0]!.slope).toBeCloseTo(0.5, 4);
    expect(updates[0]!.changes[0]!.slope).toBeCloseTo(0, 4);
  });

  it('a function makes the optimiser, whose steps are its own', async () => {
    const seen: number[] = [];
    const optimizer = (model: nn.Module, { width }: CoordContext) => {
      seen.push(width);
      return new optim.SGD(model.parameters(), { lr: 1 / width });
    };
    const { rows, settings } = await power(0.5, { optimizer });
    expect(seen).toEqual([16, 32, 64]);
    expect(settings).toMatchObject({ optimizer: 'SGD', lr: null });
    expect(rows[0]!.slope).toBeCloseTo(0, 4);
    expect(rows[0]!.passed).toBe(true);
  });
});

// In the limit of wide models the exponents after the first step are, for input, two hidden layers and output,
// -1/2 1/2 1/2 1 (SGD) and 0 1 1 3/2 (Adam; docs/studies.md says why); at these widths the averages of 40 repeats are those below.
// Over 60 and more seeds the slopes of 5 repeats had standard deviations of at most 0.041 (SGD) and 0.020 (Adam), about means
// within 0.01 (standard) and 0.035 (muP) of these: 0.15 is 3.4 of them away, so that a new seed fails in less than 1 of 100 cases.
describe('the slopes of Yang et al. (2022)', () => {
  it.each([
    ['standard', 'sgd', [-0.5, 0.45, 0.47, 0.97], false],
    ['standard', 'adam', [0, 0.94, 0.97, 1.36], false],
    ['mup', 'sgd', [0, 0, 0, 0], true],
    ['mup', 'adam', [0, 0, 0, 0], true],
  ] as const)('%s, %s', async (name, optimizer, wanted, passed) => {
    const rules = name === 'mup' ? mup(128) : standard;
    const report = await coordCheck(planned(rules), { optimizer, steps: 1 });
    expect(report.rows.map(({ layer, role }) => [layer, role])).toEqual([
      ['0', 'input'],
      ['2', 'hidden'],
      ['4', 'hidden'],
      ['6', 'output'],
    ]);
    for (const [i, { slope, standardError }] of report.rows.entries()) {
      expect(Math.abs(slope! - wanted[i]!), `layer ${i}`).toBeLessThan(0.15);
      expect(standardError).toBeLessThan(0.1);
    }
    expect(report.passed).toBe(passed);
    expect(report.problems.length > 0).toBe(!passed);
    // What raw activations say: muP's readout shrinks, and standard layers look flat.
    const initial = report.rows.map(({ initial }) => initial.slope!);
    for (const slope of initial.slice(0, 3)) expect(Math.abs(slope)).toBeLessThan(0.1);
    expect(Math.abs(initial[3]! - (name === 'mup' ? -0.5 : 0))).toBeLessThan(0.15);
  });

  it("torch's defaults fail with either", async () => {
    for (const optimizer of ['sgd', 'adam'] as const) {
      const options = { optimizer, steps: 1, widths: [64, 128, 256], repeats: 3 };
      expect((await coordCheck(planned(init.presets.torch()), options)).passed).toBe(false);
    }
  });

  it('an output that starts at 0 leaves hidden layers for the second step to judge', async () => {
    const rules: init.Rule[] = [
      { match: '6.weight', init: 'zeros', learningRate: ({ shape }) => ({ sgd: 1, adam: 64 / shape[1]! }) },
      ...mup(64),
    ];
    const options = { optimizer: 'adam', steps: 2, widths: [64, 128, 256], repeats: 3 } as const;
    const report = await coordCheck(planned(rules), options);
    expect(report.rows.map(({ judgedStep }) => judgedStep)).toEqual([2, 2, 2, 1]);
    expect(report.rows[0]!.changes[0]).toMatchObject({ sizes: [null, null, null], slope: null });
    expect(report.passed).toBe(true);
  });
});

const small = { widths: [8, 16], steps: 2, repeats: 2 } as const;

describe('what is measured', () => {
  it('depends on the seed alone; JSON carries all of it', async () => {
    const run = async (seed: number) => coordCheck(planned(mup(8)), { ...small, seed });
    const [a, b, c] = [await run(1), await run(1), await run(2)];
    expect(JSON.stringify(a)).toBe(JSON.stringify(b));
    expect(JSON.stringify(a)).not.toBe(JSON.stringify(c));
    expect(JSON.parse(JSON.stringify(a))).toEqual({ ...a });
  });

  it('dropout is off, and back on afterwards', async () => {
    const models: nn.Module[] = [];
    const check = (p: number) =>
      coordCheck(({ width, generator }) => {
        const model = new nn.Sequential(
          new nn.Linear(4, width, { generator }),
          new nn.Dropout(p),
          new nn.Linear(width, 2, { generator }),
        );
        models.push(model);
        return model;
      }, small);
    expect(JSON.stringify(await check(0.9))).toBe(JSON.stringify(await check(0)));
    expect(models.flatMap((model) => [...model.modules()]).every(({ training }) => training)).toBe(true);
  });

  class Twice extends nn.Module {
    frozen: nn.Linear;
    fc: nn.Linear;
    constructor(n: number, generator: Generator) {
      super();
      this.frozen = new nn.Linear(4, n, { generator }).requiresGrad_(false);
      this.fc = new nn.Linear(n, n, { generator });
    }
    forward(x: Tensor): Tensor {
      return this.fc
        .call(this.fc.call(this.frozen.call(x)).relu())
        .mean(1, { keepdim: true })
        .relu();
    }
  }
  const twice = ({ width, generator }: CoordContext) => new Twice(width, generator);
  const named = async (layers?: CoordCheckOptions['layers']) => {
    const report = await coordCheck(twice, { ...small, ...(layers === undefined ? {} : { layers }) });
    return report.rows.map(({ layer }) => layer);
  };

  it('layers that run twice, the output, frozen ones; those that one asks for', async () => {
    expect(await named()).toEqual(['frozen', 'fc', 'fc (2)', '(output)']);
    expect(await named('all')).toEqual(['frozen', 'fc', 'fc (2)', '(model)']);
    expect(await named(['fc'])).toEqual(['fc', 'fc (2)']);
    expect(await named((path) => path === '')).toEqual(['(model)']);
    const report = await coordCheck(twice, small);
    expect(report.rows[0]).toMatchObject({ passed: null, slope: null, judgedStep: null });
    expect(report.notes).toContain('frozen: did not change in any step, and is not judged');
    const frozen = await coordCheck(twice, { ...small, layers: ['frozen'] });
    expect(frozen.passed).toBe(false);
    expect(frozen.problems).toEqual(['no layer changed at all: nothing is trained']);
  });

  it('data of one’s own: classes, embeddings, several inputs; the data of a repeat are the same at all widths', async () => {
    class Words extends nn.Module {
      words: nn.Embedding;
      head: nn.Linear;
      constructor(n: number, generator: Generator) {
        super();
        this.words = new nn.Embedding(5, n, { generator });
        this.head = new nn.Linear(n, 3, { generator });
      }
      forward(a: Tensor, b: Tensor): Tensor {
        return this.head.call(this.words.call(a).add(this.words.call(b)));
      }
    }
    const seen: number[][] = [];
    const report = await coordCheck(({ width, generator }) => new Words(width, generator), {
      ...small,
      data: ({ generator }) => {
        const [a, b, target] = [5, 5, 3].map((high) => randint(high, [12], { generator }));
        seen.push(target!.tolist() as number[]);
        return { input: [a!, b!], target: target! };
      },
    });
    expect(report.rows.map(({ layer, role }) => [layer, role])).toEqual([
      ['words', 'input'],
      ['words (2)', 'input'],
      ['head', 'output'],
    ]);
    expect(seen[0]).toEqual(seen[2]);
    expect(seen[0]).not.toEqual(seen[1]);
  });

  it('a run that diverges fails, and says where', async () => {
    const report = await power(1, { optimizer: 'sgd', lr: 1e30, loss: (output) => output.mul(output).mean() });
    expect(report.passed).toBe(false);
    expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report });
    expect(report.problems.join()).toMatch(/\(model\): is not finite after step 2 at width 16; a lower learning rate/);
  });

  it('prints what is off and what to change', async () => {
    const options = { ...small, repeats: 1, widths: [16, 32, 64], optimizer: 'adam' } as const;
    const text = String(await coordCheck(planned(standard), options));
    expect(text).toMatch(/^slope of +role +at init +step 1 +step 2 +verdict\n0 +input /);
    expect(text).toMatch(/\n2 +hidden .* FAIL\n/);
    expect(text).toMatch(/\nslope of updates\n0\.weight /);
    expect(text).toMatch(/\nFailed: .* adam, lr 0\.001, widths 16, 32, 64, 1 repeat\.\n/);
    expect(text).toMatch(
      /\n- 2: after step 1 its change grows as width\^0\.\d\d .*hidden weights take a learning rate times 1\/r\n/,
    );
    expect(text).toContain('init.presets.mup({ base }) has all of muP');
    // The plan's factors are applied, but the initialisation is another's.
    const wrong = planned([{ match: '*', init: 'ones', learningRate: { sgd: 1, adam: 1 } }]);
    expect(String(await coordCheck(wrong, options))).toContain("The plan's factors on the learning rate were applied");
  });
});

describe('while it runs', () => {
  it('progress counts steps, and the event loop has its turns', async () => {
    const steps: [number, number][] = [];
    let turns = 0;
    const tick = setInterval(() => turns++, 0);
    await coordCheck(planned(mup(8)), { ...small, onProgress: (done, total) => void steps.push([done, total]) });
    clearInterval(tick);
    expect(steps).toEqual(Array.from({ length: 8 }, (_, i) => [i + 1, 8]));
    expect(turns).toBeGreaterThan(0);
  });

  it('an abort ends it before the next step, and takes the hooks away', async () => {
    const controller = new AbortController();
    let last = 0;
    const models: nn.Module[] = [];
    const check = coordCheck(
      (context) => {
        const made = planned(mup(8))(context);
        models.push(made.model);
        return made;
      },
      {
        ...small,
        signal: controller.signal,
        onProgress: (done) => {
          last = done;
          if (done === 3) controller.abort(new Error('enough'));
        },
      },
    );
    await expect(check).rejects.toThrow('enough');
    expect(last).toBe(3);
    expect(models).toHaveLength(2);
    const aborted = coordCheck(() => expect.unreachable(), { signal: AbortSignal.abort(new Error('before')) });
    await expect(aborted).rejects.toThrow('before');
  });
});

describe('bad input', () => {
  const made = ({ width, generator }: CoordContext) => new nn.Linear(4, width, { generator });
  const given = (options: unknown) => () => coordCheck(made, options as CoordCheckOptions);
  const one = new nn.Linear(4, 4);
  it.each<[string, string, () => Promise<unknown>, ...string[]]>([
    ['ERR_ARGUMENT', 'coordCheck', () => coordCheck(3 as never), '3'],
    ['ERR_ARGUMENT', 'coordCheck', () => coordCheck(() => 3 as never), 'module', '3'],
    ['ERR_ARGUMENT', 'coordCheck', () => coordCheck(() => ({ model: one, plan: 3 as never })), 'plan', '3'],
    ['ERR_ARGUMENT', 'coordCheck', () => coordCheck(() => one, small), 'new model each time'],
    ['ERR_ARGUMENT', 'coordCheck', () => coordCheck(() => new nn.Conv2d(1, 1, 1), small), 'data must be given'],
    ['ERR_ARGUMENT', 'coordCheck', given([64, 128]), 'options'],
    ['ERR_ARGUMENT', 'coordCheck', given({ widths: 64 }), 'widths', '64'],
    ['ERR_RANGE', 'coordCheck', given({ widths: [64] }), 'widths', '[64]'],
    ['ERR_RANGE', 'coordCheck', given({ widths: [64, 64, 128] }), 'different'],
    ['ERR_RANGE', 'coordCheck', given({ widths: [0, 64] }), 'width', '0'],
    ['ERR_RANGE', 'coordCheck', given({ steps: 0 }), 'steps', '0'],
    ['ERR_RANGE', 'coordCheck', given({ repeats: 1.5 }), 'repeats', '1.5'],
    ['ERR_RANGE', 'coordCheck', given({ tolerance: -1 }), 'tolerance', '-1'],
    ['ERR_ARGUMENT', 'coordCheck', given({ tolerance: '1' }), 'tolerance'],
    ['ERR_ARGUMENT', 'coordCheck', given({ optimizer: 'rmsprop' }), 'rmsprop', 'sgd, adam, adamw'],
    ['ERR_ARGUMENT', 'coordCheck', given({ ...small, optimizer: () => 3 }), 'Optimizer', '3'],
    ['ERR_ARGUMENT', 'coordCheck', given({ optimizer: () => 3, lr: 1 }), 'lr'],
    ['ERR_RANGE', 'coordCheck', given({ lr: Infinity }), 'lr'],
    ['ERR_ARGUMENT', 'coordCheck', given({ loss: 'mse' }), 'loss', 'mse'],
    ['ERR_ARGUMENT', 'coordCheck', given({ onProgress: 3 }), 'onProgress', '3'],
    ['ERR_ARGUMENT', 'coordCheck', given({ signal: 3 }), 'signal', '3'],
    ['ERR_ARGUMENT', 'coordCheck', given({ data: { input: 3 } }), '3'],
    ['ERR_ARGUMENT', 'coordCheck', given({ ...small, data: () => ({ input: zeros(2, 4), target: 3 }) }), '3'],
    ['ERR_ARGUMENT', 'coordCheck', given({ layers: 'some' }), 'layers', 'some'],
    ['ERR_ARGUMENT', 'coordCheck', given({ ...small, layers: ['fc'] }), 'fc'],
    ['ERR_ARGUMENT', 'coordCheck', given({ ...small, layers: () => false }), 'none of the layers'],
    [
      'ERR_ARGUMENT',
      'coordCheck',
      () =>
        coordCheck(({ width }) => new nn.Sequential(...Array.from({ length: width }, () => new nn.Linear(4, 4))), {
          ...small,
          widths: [1, 2],
        }),
      'same layers',
      '0, 1 at width 2',
    ],
  ])('%s %s %#', async (code, name, run, ...parts) => {
    await expect(run()).rejects.toThrow(failure(code, name, ...parts));
  });

  it('what the model throws, with its hooks taken away', async () => {
    let calls = 0;
    const model = new nn.Linear(4, 4);
    await expect(coordCheck(() => model, { ...small, data: { input: randn(3, 5) } })).rejects.toThrow(
      failure('ERR_SHAPE', 'linear', '5'),
    );
    model.registerForwardHook(() => void calls++);
    model.call(zeros(1, 4));
    expect(calls).toBe(1);
  });
});
