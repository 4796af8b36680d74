import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Generator, init, nn, type Tensor, zeros } from '../../lib/index.js';
import type { Matcher, Rule } from '../../lib/init/rules.js';

class Block extends nn.Module {
  fc = new nn.Linear(32, 16);
  c_proj = new nn.Linear(16, 32);
  forward(x: Tensor): Tensor {
    return this.c_proj.call(this.fc.call(x));
  }
}

class Net extends nn.Module {
  stem = new nn.Conv2d(3, 8, 3);
  blocks = new nn.Sequential(new Block(), new Block());
  head = new nn.Linear(32, 10);
  forward(x: Tensor): Tensor {
    return x;
  }
}

const normal: Rule[] = [{ match: '*', init: { initialiser: 'normal' } }];

function digests(model: nn.Module): Map<string, string> {
  return new Map(
    [...model.namedParameters()].map(([path, { array }]) => [
      path,
      createHash('sha256')
        .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
        .digest('hex'),
    ]),
  );
}

describe('which rule decides', () => {
  const plan = (rules: Rule[]) =>
    Object.fromEntries(
      init
        .initialize(new Net(), rules, { dryRun: true })
        .rows.map(({ path, init: action }) => [path, action === 'keep' ? 'keep' : action.initialiser]),
    );

  it('the first that matches', () => {
    const found = plan([
      { match: 'head.*', init: 'keep' },
      { match: /bias$/g, init: { initialiser: 'zeros' } },
      { match: nn.Conv2d, init: { initialiser: 'kaimingNormal' } },
      {
        match: ({ shape, path }) => shape[0] === 16 && path.startsWith('blocks.1'),
        init: { initialiser: 'orthogonal' },
      },
      {
        match: ['blocks.0.fc.weight', 'nothing'],
        init: ({ shape }) => ({ initialiser: 'constant', value: shape[0]! }),
      },
    ]);
    expect(found).toEqual({
      'stem.weight': 'kaimingNormal',
      'stem.bias': 'zeros',
      'blocks.0.fc.weight': 'constant',
      'blocks.0.fc.bias': 'zeros',
      'blocks.0.c_proj.weight': 'keep',
      'blocks.0.c_proj.bias': 'zeros',
      'blocks.1.fc.weight': 'orthogonal',
      'blocks.1.fc.bias': 'zeros',
      'blocks.1.c_proj.weight': 'keep',
      'blocks.1.c_proj.bias': 'zeros',
      'head.weight': 'keep',
      'head.bias': 'keep',
    });
  });

  it('points, brackets and plus signs in a path mean themselves', () => {
    expect(plan([{ match: 'stem.weigh.', init: { initialiser: 'zeros' } }])['stem.weight']).toBe('keep');
    expect(plan([{ match: 'st*ght', init: { initialiser: 'zeros' } }])['stem.weight']).toBe('zeros');
  });

  it('tells kept by rule from matched by none', () => {
    const { rows } = init.initialize(new Net(), [{ match: 'head.*', init: 'keep' }], { dryRun: true });
    expect(rows.filter((row) => row.matched).map((row) => row.path)).toEqual(['head.weight', 'head.bias']);
  });
});

it('a name alone stands for the initialiser with its defaults', () => {
  const [named, alone] = [new Net(), new Net()];
  init.initialize(named, [{ match: '*', init: { initialiser: 'uniform' } }], { seed: 3 });
  const report = init.initialize(alone, [{ match: '*', init: 'uniform' }], { seed: 3 });
  expect(digests(alone)).toEqual(digests(named));
  expect(report.rows[0]!.init).toEqual({ initialiser: 'uniform' });
});

describe('values', () => {
  it('depend on the seed and the path alone', () => {
    const whole = new Net();
    init.initialize(whole, normal, { seed: 7 });
    const all = digests(whole);
    // One parameter by itself, from a stream spawned by hand.
    const alone = zeros(10, 32);
    init.normal_(alone, 0, 1, { generator: new Generator(7).spawn('head.weight') });
    expect(alone.tolist()).toEqual(whole.head.weight.tolist());
    // Others kept, another order of rules.
    const part = new Net();
    init.initialize(part, [{ match: 'blocks.*', init: 'keep' }, ...normal], { seed: 7 });
    for (const path of ['stem.weight', 'head.bias']) expect(digests(part).get(path)).toBe(all.get(path));
    // Another seed changes every one.
    const other = new Net();
    init.initialize(other, normal, { seed: 8 });
    for (const [path, digest] of digests(other)) expect(digest).not.toBe(all.get(path));
    expect(new Set(all.values()).size).toBe(all.size);
  });

  it('come from a generator in place of a seed, whose position stays', () => {
    const [bySeed, byGenerator] = [new Net(), new Net()];
    init.initialize(bySeed, normal, { seed: 7 });
    const generator = new Generator(7).advance(5);
    init.initialize(byGenerator, normal, { generator });
    expect(digests(byGenerator)).toEqual(digests(bySeed));
    expect(generator.position).toBe(5n);
  });

  it('stay with dryRun, and where kept', () => {
    const net = new Net();
    const before = digests(net);
    init.initialize(net, normal, { seed: 1, dryRun: true });
    init.initialize(net, [{ match: '*', init: 'keep' }], { seed: 1 });
    expect(digests(net)).toEqual(before);
  });
});

describe('the report', () => {
  const report = init.initialize(new Net(), [...init.presets.gpt2({ layers: 2 })], { seed: 0 });

  it('gives fans, initialiser and target', () => {
    const row = report.rows.find(({ path }) => path === 'blocks.1.c_proj.weight')!;
    expect(row).toMatchObject({ shape: [32, 16], fanIn: 16, fanOut: 32, matched: true });
    expect(row.target).toMatchObject({ distribution: 'normal', mean: 0, std: 0.01 });
    expect(report.rows.find(({ path }) => path === 'head.bias')).toMatchObject({ fanIn: null, fanOut: null });
  });

  it('prints as an aligned table', () => {
    const lines = String(report).split('\n');
    expect(lines[0]).toMatch(/^parameter +shape +fan in +fan out +initialiser +mean +std$/);
    expect(lines).toHaveLength(report.rows.length + 2);
    expect(lines.at(-1)).toBe('12 initialised, 0 kept');
    const column = lines[0]!.indexOf('initialiser');
    for (const line of lines.slice(1, -1)) expect(line.slice(column - 2, column + 1)).toMatch(/^ {2}[nz]/);
  });
});

describe('bad input is refused before anything is written', () => {
  const cases: [string, () => unknown, string, RegExp][] = [
    ['no seed', () => init.initialize(new Net(), normal), 'ERR_ARGUMENT', /seed or a generator/],
    ['no module', () => init.initialize({} as nn.Module, normal, { seed: 0 }), 'ERR_ARGUMENT', /expected a module/],
    ['no rules', () => init.initialize(new Net(), {} as Rule[], { seed: 0 }), 'ERR_ARGUMENT', /array of rules/],
    [
      'no matcher',
      () => init.initialize(new Net(), [{ match: 3 as unknown as Matcher, init: 'keep' }], { seed: 0 }),
      'ERR_ARGUMENT',
      /must match a path/,
    ],
    [
      'an unknown initialiser',
      () => init.initialize(new Net(), [{ match: '*', init: { initialiser: 'he' } as never }], { seed: 0 }),
      'ERR_ARGUMENT',
      /stem\.weight: unknown initialiser "he"/,
    ],
    [
      'an unknown name alone',
      () => init.initialize(new Net(), [{ match: '*', init: 'he' as never }], { seed: 0 }),
      'ERR_ARGUMENT',
      /stem\.weight: unknown initialiser "he"/,
    ],
    [
      'a name alone that needs an option',
      () => init.initialize(new Net(), [{ match: '*', init: 'constant' as never }], { seed: 0 }),
      'ERR_ARGUMENT',
      /stem\.weight: .*undefined/,
    ],
    [
      'an option that the initialiser does not have',
      () => init.initialize(new Net(), [{ match: '*', init: { initialiser: 'normal', sdt: 1 } as never }], { seed: 0 }),
      'ERR_ARGUMENT',
      /stem\.weight: normal has no option "sdt"; expected mean, std/,
    ],
    ['fixup with one layer', () => fixup(1), 'ERR_RANGE', /branchLayers must be 2 or more/],
    ['gpt2 without layers', () => init.presets.gpt2({ layers: 0 }), 'ERR_RANGE', /layers/],
    [
      'muP without the path in the base',
      () => init.initialize(new Net(), init.presets.mup({ base: new Map() }), { seed: 0 }),
      'ERR_ARGUMENT',
      /base model has no parameter stem\.weight/,
    ],
  ];
  const fixup = (branchLayers: number) =>
    init.presets.fixup({ branches: 4, branchLayers, last: '*c_proj.weight', classifier: 'head.*', branch: 'blocks.*' });

  it.each(cases)('%s', (_, call, code, message) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('a rule that cannot work for a later parameter leaves the earlier ones alone', () => {
    const net = new Net();
    const before = digests(net);
    // Biases have no fans.
    for (const initialiser of ['kaimingNormal', 'orthogonal', 'spectral'] as const) {
      const rules: Rule[] = [{ match: '*', init: { initialiser } }];
      expect(() => init.initialize(net, rules, { seed: 0 })).toThrow(/initialize: stem\.bias: .*2 or more dimensions/);
      expect(digests(net)).toEqual(before);
    }
  });
});

describe('presets', () => {
  const stds = (rules: Rule[], model: nn.Module = new Net()) =>
    Object.fromEntries(
      init.initialize(model, rules, { dryRun: true }).rows.map(({ path, target }) => [path, target?.std]),
    );

  it("torch's defaults are what new layers have", () => {
    const found = stds(init.presets.torch());
    // Both bounds are 1 / sqrt(fan_in): a standard deviation of 1 / sqrt(3 fan_in).
    expect(found['stem.weight']).toBeCloseTo(1 / Math.sqrt(3 * 27), 12);
    expect(found['stem.bias']).toBeCloseTo(1 / Math.sqrt(3 * 27), 12);
    expect(found['head.weight']).toBeCloseTo(1 / Math.sqrt(3 * 32), 12);
    const net = new Net();
    const { rows } = init.initialize(net, init.presets.torch(), { dryRun: true });
    for (const [path, parameter] of net.namedParameters()) {
      const target = rows.find((row) => row.path === path)!.target!;
      expect(init.verify(parameter, target).problems).toEqual([]);
    }
  });

  it('GPT-2', () => {
    expect(stds(init.presets.gpt2({ layers: 12 }))).toMatchObject({
      'blocks.0.fc.weight': 0.02,
      'blocks.0.c_proj.weight': 0.02 / Math.sqrt(24),
      'blocks.0.c_proj.bias': 0,
    });
  });

  it('Fixup', () => {
    const found = stds(
      init.presets.fixup({
        branches: 16,
        branchLayers: 2,
        last: '*c_proj.weight',
        classifier: 'head.*',
        branch: '*fc.weight',
      }),
    );
    expect(found['head.weight']).toBe(0);
    expect(found['blocks.0.c_proj.weight']).toBe(0);
    expect(found['blocks.0.fc.weight']).toBeCloseTo(Math.sqrt(2 / 16) / 4, 12);
    expect(found['stem.weight']).toBeCloseTo(Math.sqrt(2 / 72), 12);
  });

  it('muP scales by the ratio of widths and carries learning rates', () => {
    const mlp = (width: number) =>
      new nn.Sequential(new nn.Linear(16, width), new nn.Linear(width, width), new nn.Linear(width, 10));
    const { rows } = init.initialize(mlp(256), init.presets.mup({ base: mlp(64) }), { dryRun: true });
    const byPath = new Map(rows.map((row) => [row.path, row]));
    expect(byPath.get('0.weight')).toMatchObject({ target: { std: 0.25 }, learningRate: { sgd: 4, adam: 1 } });
    expect(byPath.get('0.bias')).toMatchObject({ target: { std: 0 }, learningRate: { sgd: 4, adam: 1 } });
    expect(byPath.get('1.weight')).toMatchObject({ target: { std: 1 / 16 }, learningRate: { sgd: 1, adam: 0.25 } });
    expect(byPath.get('2.weight')).toMatchObject({
      target: { std: 1 / 32 },
      learningRate: { sgd: 0.25, adam: 0.25 },
    });
    // At the base's own width it is the standard parametrisation with 1 / sqrt(fan_in).
    const same = init.initialize(mlp(64), init.presets.mup({ base: mlp(64) }), { dryRun: true });
    for (const row of same.rows) expect(row.learningRate).toEqual({ sgd: 1, adam: 1 });
  });

  it('muP takes embeddings for input weights (Yang et al. 2022, table 8)', () => {
    const model = (words: number, width: number) =>
      new nn.Sequential(new nn.Embedding(words, width), new nn.Linear(width, width), new nn.Linear(width, words));
    for (const [words, width, r] of [
      [1000, 256, 4],
      [1000, 1024, 16],
      // A larger vocabulary makes no input longer.
      [4000, 256, 4],
    ] as const) {
      const rules = init.presets.mup({ base: model(1000, 64), gain: 2 });
      const { rows } = init.initialize(model(words, width), rules, { dryRun: true });
      const table = rows.find(({ path }) => path === '0.weight')!;
      expect(table).toMatchObject({ target: { std: 2 }, learningRate: { sgd: r, adam: 1 } });
    }
    const net = model(1000, 256);
    const { rows } = init.initialize(net, init.presets.mup({ base: model(1000, 64) }), { seed: 0 });
    expect(init.verify([...net.parameters()][0]!, init.normalTarget(0, 1)).problems).toEqual([]);
    expect(rows.map(({ learningRate }) => learningRate!.sgd)).toEqual([4, 1, 4, 0.25, 1]);
  });
});
