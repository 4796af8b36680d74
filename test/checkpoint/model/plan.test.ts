// What becomes of described tensors: rules, schemes, presets.
import { describe, expect, it } from 'vitest';
import {
  describeConfig,
  describeModule,
  describeSpec,
  type ModelDescription,
  planDescription,
  presetRules,
} from '../../../lib/checkpoint/index.js';
import { checkCovered } from '../../../lib/checkpoint/model/plan.js';
import { presetHelp } from '../../../lib/checkpoint/model/presets.js';
import { init, nn } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';

const bert = describeConfig({
  model_type: 'bert',
  architectures: ['BertForSequenceClassification'],
  num_hidden_layers: 1,
});
const rowsOf = (description: ModelDescription, rules: readonly init.Rule[]) =>
  new Map(planDescription(description, rules).map((row) => [row.path, row]));

describe('planDescription', () => {
  it("lets rules decide by path, expression, class and predicate, and the family's scheme the rest", () => {
    const rows = rowsOf(bert, [
      { match: 'classifier.*', init: 'keep' },
      { match: /query\.weight$/, init: { initialiser: 'constant', value: 3 } },
      { match: nn.Embedding, init: { initialiser: 'uniform' } },
      {
        match: ({ module, name, weight }) =>
          module.constructor.name === 'LayerNorm' && name === 'bias' && weight!.dim() === 1,
        init: { initialiser: 'constant', value: 5 },
      },
      { match: nn.Linear, init: ({ weight }) => ({ initialiser: 'normal', std: 1 / weight!.size(1) }) },
    ]);
    const init = (path: string) => rows.get(path)!.init;
    expect(init('classifier.weight')).toBe('keep');
    expect(init('bert.encoder.layer.0.attention.self.query.weight')).toEqual({ initialiser: 'constant', value: 3 });
    expect(init('bert.embeddings.word_embeddings.weight')).toEqual({ initialiser: 'uniform' });
    expect(init('bert.embeddings.LayerNorm.bias')).toEqual({ initialiser: 'constant', value: 5 });
    expect(init('bert.embeddings.LayerNorm.weight')).toEqual({ initialiser: 'ones' });
    expect(init('bert.encoder.layer.0.output.dense.weight')).toEqual({ initialiser: 'normal', std: 1 / 3072 });
    expect(init('bert.pooler.dense.bias')).toEqual({ initialiser: 'normal', std: 1 / 768 });
    expect(rows.get('bert.pooler.dense.weight')).toMatchObject({ fanIn: 768, fanOut: 768, matched: true });
    expect([...rows.keys()]).toEqual(bert.tensors.map(({ name }) => name));
  });

  it("zeroes an embedding's padding where the scheme decides, not where a rule does", () => {
    const name = 'bert.embeddings.word_embeddings.weight';
    expect(rowsOf(bert, []).get(name)!.zeroRow).toBe(0);
    expect(rowsOf(bert, [{ match: '*', init: 'zeros' }]).get(name)!.zeroRow).toBeUndefined();
    expect(rowsOf(bert, []).get('bert.embeddings.position_embeddings.weight')!.zeroRow).toBeUndefined();
  });

  it('leaves buffers alone', () => {
    const resnet = describeConfig({ model_type: 'resnet', architectures: ['ResNetModel'], depths: [1, 1, 1, 1] });
    const rows = rowsOf(resnet, [{ match: '*', init: { initialiser: 'normal', std: 7 } }]);
    const norm = 'embedder.embedder.normalization';
    expect(rows.get(`${norm}.weight`)!.init).toMatchObject({ std: 7 });
    expect(rows.get(`${norm}.running_var`)!.init).toEqual({ initialiser: 'ones' });
    expect(rows.get(`${norm}.num_batches_tracked`)).toMatchObject({ init: { initialiser: 'zeros' }, shape: [] });
  });

  it('is the plan of init.initialize for a module', () => {
    const net = new nn.Sequential(new nn.Linear(3, 4, { init: false }), new nn.LayerNorm(4), new nn.Linear(4, 2));
    const rules = [
      { match: '2.*', init: 'keep' },
      { match: nn.LayerNorm, init: 'ones' },
      { match: nn.Linear, init: { initialiser: 'uniform', a: -1, b: 1 } },
    ] as const;
    const expected = init.initialize(net, rules, { dryRun: true }).rows;
    const got = planDescription(describeModule(net), rules);
    expect(got.map(({ path, shape, init, matched }) => ({ path, shape, init, matched }))).toEqual(
      expected.map(({ path, shape, init, matched }) => ({ path, shape, init, matched })),
    );
  });

  it('plans models of any size', () => {
    const rows = planDescription(describeSpec({ tensors: { w: [1e6, 1e8] } }), [{ match: '*', init: 'kaimingNormal' }]);
    expect(rows[0]).toMatchObject({ fanIn: 1e8, fanOut: 1e6 });
    expect(rows[0]!.target!.std).toBeCloseTo(Math.sqrt(2 / 1e8), 12);
  });

  it('refuses what is no description and rules that are none', () => {
    expect(() => planDescription({} as never, [])).toThrow(
      failure('ERR_ARGUMENT', 'planDescription', 'describeConfig'),
    );
    expect(() => planDescription(bert, 3 as never)).toThrow(failure('ERR_ARGUMENT', 'initialize', 'rules', '3'));
    expect(() => planDescription(bert, [{ match: 3 as never, init: 'zeros' }])).toThrow(
      failure('ERR_ARGUMENT', 'initialize', '3'),
    );
    expect(() => planDescription(bert, [{ match: '*.bias', init: 'xavierNormal' }])).toThrow(
      failure('ERR_SHAPE', 'initialize', 'bias'),
    );
  });
});

describe('checkCovered', () => {
  const spec = describeSpec({ tensors: { 'a.weight': [2, 2], 'b.weight': [2, 2], n: { shape: [1], buffer: true } } });

  it('lists what nothing speaks of', () => {
    const rows = planDescription(spec, [{ match: 'a.*', init: 'zeros' }]);
    expect(() => checkCovered('call', spec, rows)).toThrow(
      failure('ERR_ARGUMENT', 'call', '2 of the 3', 'spec', 'b.weight', 'n (a buffer)'),
    );
    const many = describeSpec({ tensors: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`t${i}`, [1]])) });
    expect(() => checkCovered('call', many, planDescription(many, []))).toThrow(
      failure('ERR_ARGUMENT', 'call', 't7', 'and 12 more'),
    );
  });

  it('counts values in memory', () => {
    const [kept, bare] = [describeModule(new nn.Linear(2, 2)), describeModule(new nn.Linear(2, 2, { init: false }))];
    checkCovered('call', kept, planDescription(kept, []));
    expect(() => checkCovered('call', bare, planDescription(bare, []))).toThrow(
      failure('ERR_ARGUMENT', 'call', 'Linear', 'weight, bias'),
    );
    const norm = describeModule(new nn.BatchNorm1d(2, { init: false }));
    checkCovered('call', norm, planDescription(norm, []));
  });
});

describe('presets', () => {
  const gpt2 = describeConfig({
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    n_embd: 64,
    n_layer: 3,
    n_head: 2,
    n_inner: 100,
  });

  it('have a line of help each', () => {
    expect(Object.keys(presetHelp)).toEqual(['family', 'torch', 'gpt2']);
  });

  it("family is the description's own scheme", () => {
    const inits = (rules: readonly init.Rule[]) => planDescription(gpt2, rules).map(({ path, init }) => [path, init]);
    expect(inits(presetRules('family', gpt2))).toEqual(inits([]));
    expect(inits([])[0]).toEqual(['transformer.wte.weight', { initialiser: 'normal', std: 0.02 }]);
  });

  it("torch is what torch's layers start as, whichever way a weight lies", () => {
    const rows = rowsOf(gpt2, presetRules('torch', gpt2));
    const bound = (path: string) => rows.get(path)!.target!.high;
    expect(bound('transformer.h.0.mlp.c_fc.weight')).toBeCloseTo(1 / Math.sqrt(64), 12);
    expect(bound('transformer.h.0.mlp.c_fc.bias')).toBeCloseTo(1 / Math.sqrt(64), 12);
    expect(bound('transformer.h.0.mlp.c_proj.weight')).toBeCloseTo(1 / Math.sqrt(100), 12);
    expect(bound('transformer.h.0.mlp.c_proj.bias')).toBeCloseTo(1 / Math.sqrt(100), 12);
    expect(rows.get('transformer.wte.weight')!.target).toMatchObject({ distribution: 'normal', std: 1 });
    expect(rows.get('transformer.ln_f.weight')!.init).toEqual({ initialiser: 'ones' });
    const linear = describeModule(new nn.Linear(16, 2));
    expect(rowsOf(linear, presetRules('torch', linear)).get('bias')!.target!.high).toBeCloseTo(1 / 4, 12);
  });

  it("gpt2 counts the blocks and agrees with the family's own scheme", () => {
    const [preset, own] = [rowsOf(gpt2, presetRules('gpt2', gpt2)), rowsOf(gpt2, [])];
    for (const [path, { target }] of own) expect([path, preset.get(path)!.target!.std]).toEqual([path, target!.std]);
  });

  it('refuse what they cannot do', () => {
    expect(() => presetRules('he', bert)).toThrow(
      failure('ERR_ARGUMENT', 'presetRules', '"he"', 'family, torch, gpt2'),
    );
    expect(() => presetRules('toString', bert)).toThrow(failure('ERR_ARGUMENT', 'presetRules', 'toString'));
    expect(() => presetRules('gpt2', bert)).toThrow(failure('ERR_ARGUMENT', 'presetRules', 'c_proj', 'Bert'));
  });
});
