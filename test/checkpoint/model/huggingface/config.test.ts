// What configurations describe, against lists made from Hugging Face's transformers itself (test/golden/huggingface.py).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeConfig, planDescription } from '../../../../lib/checkpoint/index.js';
import { families } from '../../../../lib/checkpoint/model/huggingface/families.js';
import { numElements } from '../../../../lib/shape.js';
import { failure } from '../../../cases/data.js';

/** A law measured from a model that transformers initialised: its kind, value or std, and rows of zeros. */
type MeasuredLaw = [kind: 'constant' | 'normal' | 'uniform', value: number, zeroRows?: number[]];
/** Tensors whose names differ in the numbers for `*` alone. */
type Line = [
  pattern: string,
  shape: number[],
  dtype: string,
  ...([law: MeasuredLaw, numbers: number[][]] | [numbers: number[][]]),
];
interface Case {
  config: Record<string, unknown> & { model_type: string; architectures: [string] };
  tied: Record<string, string>;
  tensors: Line[];
}

const file = new URL('../../../golden/huggingface.json.gz', import.meta.url);
const golden = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { transformers: string; cases: Case[] };

interface Expected {
  shape: number[];
  dtype: string;
  law: MeasuredLaw | undefined;
}

function* expand(lines: readonly Line[]): Generator<[string, Expected]> {
  for (const [pattern, shape, dtype, ...rest] of lines) {
    const numbers = rest.at(-1) as number[][];
    const law = rest.length === 2 ? (rest[0] as MeasuredLaw) : undefined;
    for (const values of numbers) {
      let i = 0;
      yield [pattern.replace(/\*/g, () => String(values[i++])), { shape, dtype, law }];
    }
  }
}

const titled = golden.cases.map((one, i) => {
  const { model_type, architectures, ...rest } = one.config;
  return [`${i} ${architectures[0]} ${JSON.stringify(rest).slice(0, 90)}`, one] as const;
});

describe(`transformers ${golden.transformers}`, () => {
  it('is asked about every family and architecture', () => {
    expect(golden.cases.length).toBeGreaterThanOrEqual(40);
    for (const { type, architectures } of families.values()) {
      const asked = golden.cases.filter(({ config }) => config.model_type === type);
      expect(asked.length, type).toBeGreaterThanOrEqual(4);
      const names = new Set(asked.map(({ config }) => config.architectures[0]));
      expect([...names].sort()).toEqual(Object.keys(architectures).sort());
    }
  });

  it.each(titled)('%s: names, shapes, dtypes and ties', (_, { config, tied, tensors }) => {
    const description = describeConfig(config);
    const main = description.dtype ?? 'float32';
    const ours = description.tensors.map(({ name, shape, dtype }): [string, string] => [
      name,
      `${dtype === undefined ? 'main' : dtype} [${shape}]`,
    ]);
    // The meta device makes float32, whatever the configuration says.
    const theirs = [...expand(tensors)].map(([name, { shape, dtype }]): [string, string] => [
      name,
      `${dtype === 'float32' ? 'main' : dtype} [${shape}]`,
    ]);
    expect(new Set(ours.map(([name]) => name)).size).toBe(ours.length);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    expect(Object.fromEntries(description.tied)).toEqual(tied);
    expect(main).toBe(config.dtype ?? config.torch_dtype ?? 'float32');
  });

  // A measured standard deviation of n elements strays from the law's by its own standard error, sqrt((kurtosis - 1) / 4n); five
  // of them, some 2,000 times, raise a false alarm once in a thousand.
  it.each(titled.filter(([, { tensors }]) => tensors.some((line) => line.length === 5)))(
    '%s: the scheme of initialisation',
    (_, { config, tensors }) => {
      const rows = new Map(planDescription(describeConfig(config), []).map((row) => [row.path, row]));
      for (const [name, { shape, law }] of expand(tensors)) {
        const { target, matched, zeroRow } = rows.get(name)!;
        const [kind, value, zeroRows] = law!;
        expect(matched, name).toBe(true);
        expect(zeroRow === undefined ? undefined : [zeroRow], name).toEqual(zeroRows);
        if (kind === 'constant') {
          expect([name, target!.distribution, target!.mean]).toEqual([name, 'constant', value]);
          continue;
        }
        const count = numElements(shape) - (zeroRow === undefined ? 0 : shape[1]!);
        const band = 5 * target!.std * Math.sqrt((target!.kurtosis - 1) / (4 * count));
        expect(target!.mean, name).toBe(0);
        expect(Math.abs(value - target!.std), `${name}: ${value}, expected ${target!.std}`).toBeLessThan(band);
        if (count > 200) expect([name, target!.distribution === 'uniform']).toEqual([name, kind === 'uniform']);
      }
    },
  );
});

describe('describeConfig', () => {
  const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'] };

  it('takes another architecture than the one that is named', () => {
    const { tensors } = describeConfig(llama, { architecture: 'LlamaModel' });
    expect(tensors[0]!.name).toBe('embed_tokens.weight');
  });

  it('counts labels by id2label before num_labels', () => {
    const bert = { model_type: 'bert', architectures: ['BertForSequenceClassification'] };
    const head = (config: object) => describeConfig({ ...bert, ...config }).tensors.at(-1)!.shape;
    expect(head({})).toEqual([2]);
    expect(head({ num_labels: 4 })).toEqual([4]);
    expect(head({ num_labels: 4, id2label: { 0: 'a', 1: 'b', 2: 'c' } })).toEqual([3]);
  });

  it('reads every spelling of a dtype', () => {
    for (const dtype of ['bfloat16', 'torch.bfloat16', 'bf16', 'BF16']) {
      expect(describeConfig({ ...llama, dtype }).dtype).toBe('bfloat16');
      expect(describeConfig({ ...llama, torch_dtype: dtype }).dtype).toBe('bfloat16');
    }
    expect(describeConfig({ ...llama, dtype: 'float16', torch_dtype: 'float32' }).dtype).toBe('float16');
    expect(describeConfig(llama).dtype).toBeUndefined();
  });

  it.each<[string, unknown, ...string[]]>([
    ['an unknown family', { model_type: 't5' }, 'model_type', '"t5"', 'llama', 'resnet'],
    ['no family', {}, 'model_type', 'missing'],
    ['a family that is a name of a prototype', { model_type: 'constructor' }, 'constructor'],
    ['an unknown architecture', { ...llama, architectures: ['LlamaForVision'] }, 'LlamaForVision', 'LlamaForCausalLM'],
    ['an architecture that is none', { ...llama, architectures: ['toString'] }, 'toString'],
    ['no architecture', { model_type: 'gpt2' }, 'architectures', 'GPT2LMHeadModel'],
    ['a size that is no number', { ...llama, hidden_size: '64' }, 'hidden_size', '"64"', 'number'],
    ['a negative size', { ...llama, vocab_size: -5 }, 'vocab_size', '-5', '1 or more'],
    ['half a layer', { ...llama, num_hidden_layers: 1.5 }, 'num_hidden_layers', '1.5', 'whole number'],
    ['null for a size', { ...llama, hidden_size: null }, 'hidden_size', 'null'],
    ['a flag that is none', { ...llama, attention_bias: 'yes' }, 'attention_bias', '"yes"', 'true or false'],
    ['heads that do not divide', { ...llama, hidden_size: 100 }, 'hidden_size', '100', '32'],
    ['a dtype that is none', { ...llama, dtype: 'float8' }, 'dtype', '"float8"', 'bf16'],
    ['quantised weights', { ...llama, quantization_config: { bits: 4 } }, 'quantization_config', 'quantised'],
    ['layers that differ', { ...llama, per_layer_config: { 0: {} } }, 'per_layer_config'],
    ['a negative range', { ...llama, initializer_range: -1 }, 'initializer_range', '-1'],
    [
      'cross attention in an encoder',
      { model_type: 'bert', architectures: ['BertModel'], add_cross_attention: true },
      'add_cross_attention',
      'is_decoder',
    ],
    [
      'stages that do not fit',
      { model_type: 'resnet', architectures: ['ResNetModel'], depths: [1, 2] },
      'hidden_sizes',
      '4',
      '2',
    ],
    ['one side of three', { model_type: 'vit', architectures: ['ViTModel'], image_size: [1, -2] }, 'image_size'],
  ])('refuses %s', (_, config, ...parts) => {
    expect(() => describeConfig(config as object)).toThrow(
      failure('ERR_FORMAT', 'describeConfig', 'config: ', ...parts),
    );
  });

  it('refuses what is no configuration', () => {
    for (const wrong of [null, 3, 'llama', [llama]]) {
      expect(() => describeConfig(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'describeConfig', 'config.json'));
    }
    expect(() => describeConfig(llama, { architecture: 3 as never })).toThrow(
      failure('ERR_ARGUMENT', 'describeConfig', 'architecture', '3'),
    );
  });
});
