// Checkpoints initialised straight to disk, against the same model initialised in memory.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initializeCheckpoint, loadState, openCheckpoint } from '../../../lib/checkpoint/index.js';
import { getNumThreads, init, nn, setNumThreads, zeros } from '../../../lib/index.js';
import type { Rule } from '../../../lib/init/rules.js';

const call = 'initializeCheckpoint';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-init-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** All initialisers of the table, on shapes whose tiles begin and end anywhere. */
class Net extends nn.Module {
  embed = new nn.Embedding(1003, 65, { init: false });
  conv = new nn.Conv2d(6, 9, 3, { init: false });
  fc1 = new nn.Linear(65, 301, { init: false });
  fc2 = new nn.Linear(301, 77, { init: false });
  fc3 = new nn.Linear(77, 5000, { init: false });
  norm = new nn.BatchNorm1d(77, { init: false });
  override forward(): never {
    throw new Error('not run');
  }
}
const rules: Rule[] = [
  { match: 'embed.weight', init: { initialiser: 'normal', std: 0.02 } },
  { match: 'conv.weight', init: { initialiser: 'deltaOrthogonal' } },
  { match: 'fc1.weight', init: { initialiser: 'orthogonal' } },
  { match: 'fc2.weight', init: { initialiser: 'truncNormal', std: 0.02, a: -0.04, b: 0.04 } },
  { match: 'fc3.weight', init: { initialiser: 'kaimingUniform', a: Math.sqrt(5) } },
  { match: '*.bias', init: { initialiser: 'uniform', a: -0.1, b: 0.1 } },
  { match: 'norm.weight', init: 'ones' },
];

const files = () =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .sort()
      .flatMap((name) => {
        try {
          return [
            [
              name,
              createHash('sha256')
                .update(readFileSync(join(folder, name)))
                .digest('hex'),
            ],
          ];
        } catch {
          return [];
        }
      }),
  );
const failure = (code: string, call: string, ...parts: string[]) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(new RegExp(`^${call}: .*${parts.join('.*')}`, 's')),
  });

describe('values', () => {
  for (const dtype of ['float32', 'bfloat16', 'float16', 'float64'] as const) {
    it(`are those of init.initialize, ${dtype}`, async () => {
      const report = await initializeCheckpoint(folder, { model: new Net(), rules, seed: 7, dtype, verify: true });
      expect(report.complete).toBe(true);
      expect(report.verification).toMatchObject({ ok: true, problems: [], tested: 8 });
      const state = await loadState(folder);
      const net = new Net();
      expect([...state.keys()].sort()).toEqual([...net.stateDict().keys()].sort());
      class Wide extends Net {}
      const wide = new Wide();
      for (const [path, parameter] of wide.namedParameters()) {
        const owner = path.split('.')[0] as 'fc1';
        (wide[owner] as unknown as Record<string, unknown>)[path.split('.')[1]!] = new nn.Parameter(
          zeros([...parameter.shape], { dtype }),
        );
      }
      init.initialize(wide, rules, { seed: 7 });
      for (const [path, parameter] of wide.namedParameters()) {
        expect(state.get(path)!.dtype).toBe(dtype);
        expect(state.get(path)!.array, path).toEqual(parameter.array);
      }
      expect(state.get('norm.num_batches_tracked')!.dtype).toBe('int64');
      expect(state.get('norm.running_var')!.tolist()).toEqual(new Array(77).fill(1));
    });
  }

  it('do not depend on threads, on the size of shards, or on who makes which', async () => {
    const threads = getNumThreads();
    const options = { model: new Net(), rules, seed: 7, dtype: 'bf16' };
    const whole = await initializeCheckpoint(join(folder, 'one'), options);
    expect(whole.shards).toMatchObject([{ file: 'model.safetensors', state: 'written' }]);
    try {
      for (const count of [1, 2, 8]) {
        setNumThreads(count);
        await initializeCheckpoint(join(folder, `threads${count}`), { ...options, shardSize: '200kB' });
      }
    } finally {
      setNumThreads(threads);
    }
    const made = files();
    const names = readdirSync(join(folder, 'threads1'));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      expect(made[`threads2/${name}`]).toBe(made[`threads1/${name}`]);
      expect(made[`threads8/${name}`]).toBe(made[`threads1/${name}`]);
    }
    const [one, many] = [await loadState(join(folder, 'one')), await loadState(join(folder, 'threads1'))];
    for (const [name, tensor] of one) expect(many.get(name)!.array).toEqual(tensor.array);
    // Shares of several machines, the last one first.
    const shards = names.length - 1;
    const shares = join(folder, 'shares');
    const share = (range: string) => initializeCheckpoint(shares, { ...options, shardSize: '200kB', shards: range });
    const last = await share(`3-${shards}/${shards}`);
    expect(last.complete).toBe(false);
    expect(readdirSync(shares)).not.toContain('model.safetensors.index.json');
    expect(String(last)).toContain(`2 of ${shards} files are missing`);
    expect((await share(`1-2/${shards}`)).complete).toBe(true);
    const union = files();
    for (const name of names) expect(union[`shares/${name}`]).toBe(made[`threads1/${name}`]);
    await expect(share('1/3')).rejects.toThrow(failure('ERR_RANGE', call, '1-1 of 3', `has ${shards}`));
  });

  it('of a module in memory are kept where no rule speaks of them', async () => {
    const net = new nn.Sequential(new nn.Linear(8, 300), new nn.Linear(300, 4));
    const report = await initializeCheckpoint(folder, {
      model: net,
      rules: [{ match: '1.*', init: { initialiser: 'constant', value: 0.5 } }],
      seed: 0,
      verify: true,
    });
    expect(report.verification!.ok).toBe(true);
    const state = await loadState(folder);
    expect(state.get('0.weight')!.array).toEqual((net.stateDict().get('0.weight') as nn.Parameter).array);
    expect(state.get('1.bias')!.tolist()).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('of a module in memory cannot be changed meanwhile', async () => {
    const net = new nn.Linear(300, 400);
    const run = initializeCheckpoint(folder, {
      model: net,
      seed: 0,
      onProgress: () => expect(() => net.weight.data.zero_()).toThrow(/initializeCheckpoint; await that first/),
    });
    await run;
    net.weight.data.zero_();
  });

  it('of an embedding have zeros at the padding', async () => {
    const config = {
      model_type: 'bert',
      architectures: ['BertModel'],
      num_hidden_layers: 1,
      hidden_size: 48,
      num_attention_heads: 2,
      intermediate_size: 32,
      vocab_size: 99,
      pad_token_id: 3,
    };
    await initializeCheckpoint(folder, { model: config, seed: 0, verify: true });
    const words = (await loadState(folder)).get('embeddings.word_embeddings.weight')!;
    expect(words.at(3).abs().sum().item()).toBe(0);
    expect(words.at(2).abs().sum().item()).toBeGreaterThan(0);
  });
});

describe('a base', () => {
  const spec = {
    dtype: 'f32',
    tensors: { 'body.weight': [40, 30], 'lm_head.weight': [10, 40], steps: { shape: [1], dtype: 'i64', init: 'ones' } },
  } as const;
  const normal: Rule[] = [{ match: '*', init: { initialiser: 'normal', std: 0.1 } }];

  it('keeps all but what is to be drawn', async () => {
    const base = join(folder, 'base.safetensors');
    await initializeCheckpoint(base, { model: spec, rules: normal, seed: 1 });
    const out = join(folder, 'out.safetensors');
    const options = { from: base, reinit: ['lm_head.*'], rules: normal, seed: 2, verify: true };
    const report = await initializeCheckpoint(out, options);
    expect(report.verification).toMatchObject({ ok: true, tested: 1 });
    expect(report.tensors.map(({ name, init }) => [name, init === 'keep'])).toEqual(
      expect.arrayContaining([
        ['body.weight', true],
        ['lm_head.weight', false],
        ['steps', true],
      ]),
    );
    const [before, after] = [await loadState(base), await loadState(out)];
    expect(after.get('body.weight')!.array).toEqual(before.get('body.weight')!.array);
    expect(after.get('steps')!.array).toEqual(before.get('steps')!.array);
    expect(after.get('lm_head.weight')!.array).not.toEqual(before.get('lm_head.weight')!.array);
    const drawn = join(folder, 'drawn.safetensors');
    await initializeCheckpoint(drawn, { model: spec, rules: normal, seed: 2 });
    expect(after.get('lm_head.weight')!.array).toEqual((await loadState(drawn)).get('lm_head.weight')!.array);
  });

  it('gives its tensors in another dtype, and to a model with another head', async () => {
    const base = join(folder, 'base.safetensors');
    await initializeCheckpoint(base, { model: spec, rules: normal, seed: 1 });
    const wider = { tensors: { ...spec.tensors, 'lm_head.weight': [20, 40] } };
    const out = join(folder, 'out.safetensors');
    const options = { model: wider, from: base, rules: normal, seed: 2, dtype: 'bf16' };
    await expect(initializeCheckpoint(out, options)).rejects.toThrow(
      failure('ERR_ARGUMENT', call, 'lm_head.weight of shape \\[20, 40\\] cannot be kept', '\\[10, 40\\]', 'reinit'),
    );
    await initializeCheckpoint(out, { ...options, reinit: ['lm_head.weight'], verify: true });
    const [before, after] = [await loadState(base), await loadState(out)];
    expect(after.get('body.weight')!.array).toEqual(before.get('body.weight')!.to('bfloat16').array);
    expect(after.get('steps')!.dtype).toBe('int64');
    expect(after.get('lm_head.weight')!.shape).toEqual([20, 40]);
  });

  it('has what is drawn in its own dtypes, where the model has none', async () => {
    const base = join(folder, 'base.safetensors');
    await initializeCheckpoint(base, { model: spec, rules: normal, seed: 1, dtype: 'bf16' });
    const { dtype: _, ...bare } = spec;
    const model = { ...bare, tensors: { ...bare.tensors, 'new.weight': [3, 3] } };
    const out = join(folder, 'out.safetensors');
    await initializeCheckpoint(out, { model, from: base, reinit: ['lm_head.*', 'new.*'], rules: normal, seed: 2 });
    const dtypes = Object.fromEntries([...(await loadState(out))].map(([name, { dtype }]) => [name, dtype]));
    expect(dtypes).toEqual({
      'body.weight': 'bfloat16',
      'lm_head.weight': 'bfloat16',
      'new.weight': 'bfloat16',
      steps: 'int64',
    });
  });

  it('copies dtypes that tensors here do not have', async () => {
    const base = join(folder, 'base.safetensors');
    const header = Buffer.from(
      '{"a":{"dtype":"F8_E4M3","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}}',
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(base, Buffer.concat([length, header, Buffer.from([1, 2, 3, 4, 5, 6, 7])]));
    await expect(initializeCheckpoint(join(folder, 'x.safetensors'), { from: base, seed: 0 })).rejects.toThrow(
      /F8_E4M3/,
    );
    const model = { tensors: { b: { shape: [2], dtype: 'u8' } } };
    await initializeCheckpoint(join(folder, 'y.safetensors'), { model, from: base, seed: 0 });
    expect((await loadState(join(folder, 'y.safetensors'))).get('b')!.tolist()).toEqual([6, 7]);
  });

  it('refuses patterns that match nothing', async () => {
    const base = join(folder, 'base.safetensors');
    await initializeCheckpoint(base, { model: spec, rules: normal, seed: 1 });
    await expect(
      initializeCheckpoint(join(folder, 'out'), { from: base, reinit: ['head.*'], rules: normal, seed: 2 }),
    ).rejects.toThrow(failure('ERR_ARGUMENT', call, '"head.\\*" of reinit'));
  });
});

describe('what is there already', () => {
  const model = { tensors: { a: [300, 200], b: [100, 100], c: [7] } } as const;
  const normal: Rule[] = [{ match: '*', init: { initialiser: 'normal' } }];
  const make = (more: object = {}) =>
    initializeCheckpoint(folder, { model, rules: normal, seed: 1, shardSize: 100_000, ...more });

  it('is found complete, and left alone', async () => {
    expect((await make()).shards.map(({ state }) => state)).toEqual(['written', 'written']);
    const before = files();
    const again = await make();
    expect(again.shards.map(({ state }) => state)).toEqual(['found', 'found']);
    expect(again).toMatchObject({ complete: true, writtenBytes: 0 });
    expect(files()).toEqual(before);
  });

  it('is completed: a missing shard, a missing index, an unfinished file', async () => {
    await make();
    const before = files();
    const [first, , index] = Object.keys(before);
    rmSync(join(folder, first!));
    rmSync(join(folder, index!));
    const checkpoint = await make({ dryRun: true });
    expect(checkpoint.shards.map(({ state }) => state)).toEqual(['planned', 'found']);
    // What a killed run leaves: a file under the temporary name, with any bytes.
    const metadata = (await openCheckpoint(join(folder, readdirSync(folder)[0]!))).metadata;
    writeFileSync(join(folder, `.${first}.${metadata['evenkeel.plan']!.slice(0, 16)}.partial`), Buffer.alloc(1e6, 1));
    expect((await make()).shards.map(({ state }) => state)).toEqual(['written', 'found']);
    expect(files()).toEqual(before);
  });

  it('is completed where a small file was not finished', async () => {
    const config = {
      model_type: 'gpt2',
      architectures: ['GPT2Model'],
      ...{ n_layer: 1, n_embd: 8, n_head: 2, vocab_size: 20, n_positions: 4 },
    };
    const path = join(folder, 'of the model.json');
    writeFileSync(path, JSON.stringify(config));
    const out = join(folder, 'out');
    const run = () => initializeCheckpoint(out, { model: path, seed: 0, shardSize: 3000 });
    await run();
    const before = files();
    const first = Object.keys(before).find((name) => name.startsWith('out/model-00001'))!;
    const plan = (await openCheckpoint(join(folder, first))).metadata['evenkeel.plan']!;
    for (const name of ['config.json', 'model.safetensors.index.json']) {
      rmSync(join(out, name));
      writeFileSync(join(out, `.${name}.${plan.slice(0, 16)}.partial`), Buffer.alloc(10_000, 1));
    }
    expect((await run()).leftovers).toEqual([]);
    expect(files()).toEqual(before);
  });

  it('is refused where it is something else, and stays', async () => {
    await make();
    const before = files();
    for (const [more, ...parts] of [
      [{ seed: 2 }, 'exists and is of seed 1, not 2'],
      [{ rules: [{ match: '*', init: 'zeros' }] }, 'is of another plan'],
      [{ dtype: 'f16', shardSize: 50_000 }, 'is of another plan'],
      [{ shardSize: 40_000 }, 'belongs to another checkpoint'],
      [{ shardSize: '5GB' }, 'belongs to another checkpoint'],
    ] as const) {
      await expect(make(more), JSON.stringify(more)).rejects.toThrow(failure('ERR_STATE', call, ...parts));
    }
    expect(files()).toEqual(before);
    const [first] = Object.keys(before);
    truncateSync(join(folder, first!), 1000);
    await expect(make()).rejects.toThrow(failure('ERR_STATE', call, 'cut short: it has 1000 bytes'));
    writeFileSync(join(folder, first!), 'not a checkpoint');
    await expect(make()).rejects.toThrow(failure('ERR_STATE', call, 'not written by this program'));
  });

  it('is noticed when it was changed, by reading back', async () => {
    await make();
    const file = join(folder, 'model-00002-of-00002.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 9]! ^= 1;
    writeFileSync(file, bytes);
    const { verification } = await make({ verify: true });
    expect(verification).toMatchObject({ ok: false, problems: [{ file: 'model-00002-of-00002.safetensors' }] });
    expect(verification!.problems[0]!.problem).toMatch(/differs from what the plan gives/);
  });

  it('unfinished files of other plans are named', async () => {
    writeFileSync(join(folder, '.model.safetensors.0123456789abcdef.partial'), 'x');
    const report = await make();
    expect(report.leftovers).toEqual(['.model.safetensors.0123456789abcdef.partial']);
    expect(String(report)).toContain('left alone: .model.safetensors.0123456789abcdef.partial');
  });
});

describe('reports', () => {
  it('say what a dry run would write, and write nothing', async () => {
    const config = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] };
    const report = await initializeCheckpoint(join(folder, 'out'), {
      model: config,
      seed: 0,
      dtype: 'bf16',
      dryRun: true,
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(report).toMatchObject({ dryRun: true, complete: false, parameters: 124_439_808, writtenBytes: 0 });
    expect(report.estimate!.drawSeconds).toBeGreaterThan(0);
    expect(report.tied).toEqual({ 'lm_head.weight': 'transformer.wte.weight' });
    const lines = String(report).split('\n');
    expect(lines.find((line) => line.includes('h.*.mlp.c_proj.weight'))).toMatch(
      /12 x .*\[3072, 768\] .*normal +0 +0\.0040825$/,
    );
    expect(String(report)).toContain('148 tensors, 124,439,808 parameters, 249 MB in 1 file');
    expect(String(report)).toContain('lm_head.weight is transformer.wte.weight, and not stored');
    expect(String(report)).toMatch(/drawing takes about/);
  });

  it('copy a config.json beside, and refuse another one', async () => {
    const config = {
      model_type: 'gpt2',
      architectures: ['GPT2Model'],
      n_layer: 1,
      n_embd: 8,
      n_head: 2,
      vocab_size: 20,
      n_positions: 4,
    };
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify(config));
    const out = join(folder, 'out');
    await initializeCheckpoint(out, { model: path, seed: 0 });
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(JSON.stringify(config));
    // The folder itself is a model now.
    expect((await initializeCheckpoint(out, { model: out, seed: 0 })).writtenBytes).toBe(0);
    writeFileSync(path, JSON.stringify({ ...config, n_layer: 1.0, other: 1 }));
    await expect(initializeCheckpoint(out, { model: path, seed: 0 })).rejects.toThrow(
      failure('ERR_STATE', call, 'not the same'),
    );
  });

  it('count what is done', async () => {
    const seen: [string, number, number][] = [];
    await initializeCheckpoint(folder, {
      model: { tensors: { a: [3000, 2000], b: [5, 2] } },
      preset: 'torch',
      seed: 0,
      verify: true,
      onProgress: ({ stage, bytes, totalBytes }) => seen.push([stage, bytes, totalBytes]),
    });
    const total = 4 * (3000 * 2000 + 10);
    for (const stage of ['writing', 'verifying']) {
      const own = seen.filter(([name]) => name === stage);
      expect(own.length).toBeGreaterThan(2);
      expect(own.at(-1)).toEqual([stage, total, total]);
    }
  });
});

describe('a run that fails', () => {
  const model = { tensors: { a: [3000, 2000], b: [3000, 2000] } } as const;
  const normal: Rule[] = [{ match: '*', init: { initialiser: 'normal' } }];

  it('leaves nothing of the shard it was at, and goes on later', async () => {
    const options = { model, rules: normal, seed: 0, shardSize: 24_000_000 };
    const stop = new AbortController();
    let drawn = 0;
    const run = initializeCheckpoint(folder, {
      ...options,
      signal: stop.signal,
      onProgress: ({ bytes }) => {
        drawn = bytes;
        if (bytes > 30e6) stop.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(drawn).toBeLessThan(48e6);
    expect(readdirSync(folder)).toEqual(['model-00001-of-00002.safetensors']);
    const report = await initializeCheckpoint(folder, options);
    expect(report.shards.map(({ state }) => state)).toEqual(['found', 'written']);
  });

  it('ends with what onProgress throws', async () => {
    const run = initializeCheckpoint(folder, {
      model,
      rules: normal,
      seed: 0,
      onProgress: () => {
        throw new Error('no more');
      },
    });
    await expect(run).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says what is wrong with the place', async () => {
    writeFileSync(join(folder, 'file'), 'x');
    const options = { model, rules: normal, seed: 0 };
    await expect(initializeCheckpoint(join(folder, 'file'), options)).rejects.toThrow(
      failure('ERR_FILE', call, 'file'),
    );
    await expect(initializeCheckpoint(join(folder, 'file', 'below'), options)).rejects.toThrow(
      failure('ERR_FILE', call, 'file'),
    );
    const huge = { tensors: { a: [2 ** 24, 2 ** 24] } };
    await expect(initializeCheckpoint(folder, { ...options, model: huge })).rejects.toThrow(
      failure('ERR_FILE', call, '1.13e\\+3 TB', 'free'),
    );
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('x');
  });
});
