// Descriptions from modules, checkpoints and paths.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dtypeNamed, parseDType } from '../../../lib/checkpoint/dtype_names.js';
import {
  describeCheckpoint,
  describeModel,
  describeModule,
  openCheckpoint,
  saveCheckpoint,
  serializeSafetensors,
} from '../../../lib/checkpoint/index.js';
import { nn, ones, tensor, zeros } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';

describe('describeModule', () => {
  it('has the names of the state dict, buffers and dtypes', () => {
    class Net extends nn.Module {
      fc = new nn.Linear(3, 2, { dtype: 'bfloat16' });
      norm = new nn.BatchNorm1d(2, { dtype: 'bfloat16' });
      constructor() {
        super();
        this.registerBuffer('kept', tensor([1, 2], { dtype: 'int64' }));
        this.registerBuffer('passing', zeros(3), { persistent: false });
      }
      forward(x: Parameters<nn.Module['call']>[0]) {
        return x;
      }
    }
    const net = new Net();
    const description = describeModule(net);
    expect(description).toMatchObject({ source: 'Net', dtype: 'bfloat16' });
    expect(description.tensors.map(({ name }) => name)).toEqual([...net.stateDict().keys()]);
    const rows = description.tensors.map(({ name, layer, buffer, dtype }) => [name, layer, buffer, dtype]);
    expect(rows).toContainEqual(['kept', 'Net', true, 'int64']);
    expect(rows).toContainEqual(['fc.weight', 'Linear', false, undefined]);
    expect(rows).toContainEqual(['norm.running_var', 'BatchNorm1d', true, 'bfloat16']);
    expect(rows).toContainEqual(['norm.num_batches_tracked', 'BatchNorm1d', true, 'int64']);
    expect(rows.length).toBe(8);
    expect(description.tensors.every(({ value, init }) => value !== undefined && init === undefined)).toBe(true);
  });

  it('stores shared tensors once', () => {
    const [a, b] = [new nn.Linear(2, 2, { init: false }), new nn.Linear(2, 2, { init: false })];
    b.weight = a.weight;
    const { tensors, tied } = describeModule(new nn.Sequential(a, b, a));
    expect(tensors.map(({ name }) => name)).toEqual(['0.weight', '0.bias', '1.bias']);
    expect([...tied]).toEqual([
      ['1.weight', '0.weight'],
      ['2.weight', '0.weight'],
      ['2.bias', '0.bias'],
    ]);
    expect(tensors.every(({ value, init }) => value === undefined && init === undefined)).toBe(true);
  });

  it('knows what normalisations without memory start as', () => {
    const { tensors } = describeModule(new nn.BatchNorm2d(3, { init: false }));
    expect(
      Object.fromEntries(tensors.map(({ name, init }) => [name, (init as { initialiser: string }).initialiser])),
    ).toEqual({
      weight: 'ones',
      bias: 'zeros',
      running_mean: 'zeros',
      running_var: 'ones',
      num_batches_tracked: 'zeros',
    });
  });

  it('refuses anything but a module', () => {
    for (const wrong of [null, {}, nn.Linear]) {
      expect(() => describeModule(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'describeModule', 'nn.Module'));
    }
  });
});

describe('describeCheckpoint', () => {
  it('has the names, shapes and dtypes of a header', async () => {
    const state = {
      'fc.weight': ones(5, 4).to('bfloat16'),
      'norm.weight': ones(4),
      'norm.running_mean': ones(4),
      'norm.running_var': ones(4),
      'norm.num_batches_tracked': tensor(3, { dtype: 'int64' }),
      ids: tensor([1, 2], { dtype: 'int64' }),
    };
    const description = describeCheckpoint(await openCheckpoint(serializeSafetensors(state)));
    const by = Object.fromEntries(description.tensors.map(({ name, ...rest }) => [name, rest]));
    expect(description.dtype).toBe('bfloat16');
    expect(Object.keys(by).sort()).toEqual(Object.keys(state).sort());
    expect(by['fc.weight']).toEqual({ shape: [5, 4], layer: '', buffer: false });
    expect(by['norm.weight']).toEqual({ shape: [4], layer: '', buffer: false, dtype: 'float32' });
    expect(by['norm.running_var']).toMatchObject({ buffer: true, init: { initialiser: 'ones' } });
    expect(by['norm.num_batches_tracked']).toMatchObject({ buffer: true, dtype: 'int64', shape: [] });
    expect(by.ids).toEqual({ shape: [2], layer: '', buffer: true, dtype: 'int64' });
  });

  it('refuses what it cannot describe', () => {
    expect(() => describeCheckpoint(3 as never)).toThrow(failure('ERR_ARGUMENT', 'describeCheckpoint', '3'));
    const tensors = new Map([['w', { dtype: 'F8_E4M3', shape: [2] } as const]]);
    expect(() => describeCheckpoint({ tensors })).toThrow(failure('ERR_DTYPE', 'describeCheckpoint', 'w', 'F8_E4M3'));
  });
});

describe('describeModel', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const config = { model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], num_hidden_layers: 1 };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evenkeel-describe-'));
    await writeFile(file('config.json'), `${JSON.stringify(config, undefined, 2)}\r\n\n`);
    await writeFile(file('spec.json'), JSON.stringify({ tensors: { a: [1] } }));
    await writeFile(file('other.json'), '{}');
    await writeFile(file('list.json'), '[]');
    await writeFile(file('twice.json'), '{"tensors": {}, "tensors": {}}');
    await writeFile(file('latin.json'), Buffer.from([0x7b, 0xff, 0x7d]));
    await saveCheckpoint(file('some.safetensors'), { b: zeros(2, 3) });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes modules, documents and paths', async () => {
    const names = async (source: Parameters<typeof describeModel>[0]) =>
      (await describeModel(source)).tensors.map(({ name }) => name);
    expect(await names(new nn.Linear(1, 1))).toEqual(['weight', 'bias']);
    expect(await names({ tensors: { a: [1] } })).toEqual(['a']);
    expect(await names(file('spec.json'))).toEqual(['a']);
    expect(await names(pathToFileURL(file('some.safetensors')))).toEqual(['b']);
    const described = await names(config);
    expect(described).toContain('lm_head.weight');
    expect(await names(file('config.json'))).toEqual(described);
    expect(await names(folder)).toEqual(described);
    const { tensors, source } = await describeModel(folder, { architecture: 'Qwen2Model' });
    expect(tensors[0]!.name).toBe('embed_tokens.weight');
    expect(source).toBe(`Qwen2Model (${file('config.json')})`);
  });

  it('believes a configuration before a checkpoint beside it, if it knows the family', async () => {
    await saveCheckpoint(file('model.safetensors'), { b: zeros(2) });
    expect((await describeModel(folder)).source).toContain('config.json');
    await writeFile(file('config.json'), JSON.stringify({ model_type: 't5' }));
    expect((await describeModel(folder)).tensors.map(({ name }) => name)).toEqual(['b']);
    await rm(file('model.safetensors'));
    await expect(describeModel(folder)).rejects.toThrow(failure('ERR_FORMAT', 'describeModel', 'config.json', '"t5"'));
    await writeFile(file('config.json'), JSON.stringify(config));
  });

  it.each<[string, string, ...string[]]>([
    ['ERR_FILE', 'missing.json', 'missing.json', 'ENOENT'],
    ['ERR_FORMAT', 'other.json', 'other.json', 'model_type', 'tensors'],
    ['ERR_FORMAT', 'list.json', 'list.json', 'an object'],
    ['ERR_FORMAT', 'twice.json', 'twice.json', 'tensors'],
    ['ERR_FORMAT', 'latin.json', 'latin.json', 'UTF-8'],
  ])('refuses with %s: %s', async (code, name, ...parts) => {
    await expect(describeModel(file(name))).rejects.toThrow(failure(code, 'describeModel', ...parts));
  });

  it('refuses what describes nothing', async () => {
    for (const wrong of [null, 3, [], '']) {
      await expect(describeModel(wrong as never)).rejects.toThrow(failure('ERR_ARGUMENT', 'describeModel'));
    }
    const spec = { tensors: { a: [-1] } };
    await expect(describeModel({})).rejects.toThrow(failure('ERR_FORMAT', 'describeModel', 'model_type', 'tensors'));
    await expect(describeModel(spec)).rejects.toThrow(failure('ERR_FORMAT', 'describeModel', 'tensors["a"]', '-1'));
  });
});

describe('names of dtypes', () => {
  it('are those of torch, safetensors and habit', () => {
    const spelt = {
      bfloat16: ['bf16', 'BF16', 'torch.bfloat16'],
      float16: ['half', 'fp16', 'f16', 'F16'],
      float32: ['float'],
    };
    for (const [dtype, names] of Object.entries(spelt)) {
      for (const name of [dtype, ...names]) expect(parseDType('call', 'dtype', name)).toBe(dtype);
    }
    for (const wrong of ['f8', 'F8_E4M3', 'toString', 3, undefined]) expect(dtypeNamed(wrong)).toBeUndefined();
    expect(() => parseDType('call', '--dtype', 'f8')).toThrow(failure('ERR_DTYPE', 'call', '--dtype', '"f8"', 'bf16'));
  });
});
