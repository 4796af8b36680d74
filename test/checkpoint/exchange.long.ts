// What we write, read by safetensors, PyTorch, NumPy, huggingface_hub and transformers in Python: names, shapes, dtypes, metadata and
// every bit. Skipped where there is no such Python: EVENKEEL_PYTHON names one (python3 by default) with torch, numpy, safetensors
// and huggingface_hub, and transformers if that is to be tested too.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CheckpointReport,
  initializeCheckpoint,
  saveCheckpoint,
  saveNpy,
  saveNpz,
} from '../../lib/checkpoint/index.js';
import { type DType, Generator, nn, randn, type Tensor, tensor, zeros } from '../../lib/index.js';
import { content, useFolder } from './tools.js';

const python = process.env.EVENKEEL_PYTHON ?? 'python3';
const needs = 'import torch, numpy, safetensors, huggingface_hub';
const there = spawnSync(python, ['-c', needs]).status === 0;
if (!there) console.log(`skipped: ${python} cannot "${needs}"; EVENKEEL_PYTHON may name one that can`);

const at = useFolder();
const generator = new Generator(3);
const dtypes: DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'];
const contents = (tensors: Record<string, Tensor> | Map<string, Tensor>) =>
  Object.fromEntries(
    [...(tensors instanceof Map ? tensors : Object.entries(tensors))].map(([name, t]) => [name, content(t)]),
  );

const noise = randn([5, 4, 3], { generator });
const byDType = Object.fromEntries(
  dtypes.map((dtype) => [dtype, dtype === 'bool' ? noise.gt(0) : noise.mul(3).to(dtype)]),
);
const all: Record<string, Tensor> = {
  ...byDType,
  scalar: tensor(-0.1),
  none: zeros(2, 0, 3),
  transposed: noise.select(0, 1).t(),
  special: tensor([NaN, Infinity, -Infinity, -0, 1e-42]),
  '重み "é"\n\t\\ 😀': randn(3, { generator }),
  '': randn(1, { generator }),
  __proto: zeros(1),
};
const metadata = { format: 'pt', step: '7', 'ключ "é"\n': '😀 \\' };
const { bfloat16: _, ...numpyOnly } = byDType as Record<string, Tensor>;
const tied = randn([7, 4], { generator });
const parts = Object.fromEntries(
  Array.from({ length: 9 }, (_, i) => [`part${i}`, randn([i + 1, 20], { generator, dtype: 'bfloat16' })]),
);

/** The parameters of a GPT-2 of transformers of a given size, by its names. */
function gpt2(layers: number, width: number, words: number, places: number): Record<string, Tensor> {
  const sizes: Record<string, number[]> = {
    'transformer.wte.weight': [words, width],
    'transformer.wpe.weight': [places, width],
  };
  for (const norm of ['ln_f', ...Array.from({ length: layers }, (_, i) => [`h.${i}.ln_1`, `h.${i}.ln_2`]).flat()]) {
    sizes[`transformer.${norm}.weight`] = sizes[`transformer.${norm}.bias`] = [width];
  }
  for (let i = 0; i < layers; i++) {
    for (const [name, from, to] of [
      ['attn.c_attn', 1, 3],
      ['attn.c_proj', 1, 1],
      ['mlp.c_fc', 1, 4],
      ['mlp.c_proj', 4, 1],
    ] as const) {
      sizes[`transformer.h.${i}.${name}.weight`] = [from * width, to * width];
      sizes[`transformer.h.${i}.${name}.bias`] = [to * width];
    }
  }
  return Object.fromEntries(
    Object.entries(sizes).map(([name, shape]) => [name, randn(shape, { generator, dtype: 'bfloat16' })]),
  );
}
const language = gpt2(2, 16, 50, 12);

const llama = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  ...{ vocab_size: 1000, hidden_size: 96, intermediate_size: 256, num_hidden_layers: 3 },
  ...{ num_attention_heads: 6, num_key_value_heads: 2, initializer_range: 0.03 },
};
let drawn: CheckpointReport;

describe.skipIf(!there)('Python reads', () => {
  // biome-ignore lint/suspicious/noExplicitAny: whatever Python says is compared as a whole.
  let told: Record<string, any>;

  beforeAll(async () => {
    await saveCheckpoint(at('all.safetensors'), all, { metadata });
    await saveCheckpoint(at('numpy_only.safetensors'), numpyOnly);
    const net = new nn.Sequential(
      new nn.Linear(6, 5, { generator }),
      new nn.BatchNorm1d(5),
      new nn.ReLU(),
      new nn.Linear(5, 3, { generator }),
    );
    for (let i = 0; i < 3; i++) net.call(randn([16, 6], { generator }));
    await saveCheckpoint(at('net.safetensors'), net);
    net.eval();
    const input = randn([10, 6], { generator });
    await saveCheckpoint(at('io.safetensors'), { input, output: net.call(input).detach() });
    const twins = { 'wte.weight': tied, 'head.weight': tied };
    await saveCheckpoint(at('tied_once.safetensors'), twins, { tied: 'once' });
    await saveCheckpoint(at('tied_copy.safetensors'), twins);
    await saveCheckpoint(at('parts.safetensors'), parts);
    await saveCheckpoint(at('sharded'), parts, { shardSize: '500B' });
    await saveCheckpoint(at('gpt2'), language, { shardSize: '5KB' });
    const config = {
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      n_layer: 2,
      n_embd: 16,
      n_head: 2,
      vocab_size: 50,
      n_positions: 12,
    };
    writeFileSync(at('gpt2/config.json'), JSON.stringify(config));
    drawn = await initializeCheckpoint(at('drawn'), { model: llama, seed: 4, dtype: 'bf16', shardSize: '300kB' });
    writeFileSync(at('drawn/config.json'), JSON.stringify(llama));
    for (const [name, value] of Object.entries({
      ...numpyOnly,
      scalar: all.scalar!,
      none: all.none!,
      transposed: all.transposed!,
      special: all.special!,
    })) {
      await saveNpy(at(`${name}.npy`), value);
    }
    await saveNpz(at('stored.npz'), { ...numpyOnly, 'a/é': all.transposed! });
    await saveNpz(at('compressed.npz'), { ...numpyOnly, 'a/é': all.transposed! }, { compress: true });
    const script = fileURLToPath(new URL('exchange.py', import.meta.url));
    const output = execFileSync(python, [script, at()], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    told = JSON.parse(output.trim().split('\n').at(-1)!);
    console.log(
      JSON.stringify(told.versions),
      told.transformers === null ? 'without transformers' : 'with transformers',
    );
  });

  it('safetensors: names, dtypes, shapes, metadata and bits', () => {
    expect(told['all.safetensors']).toEqual({ metadata, tensors: contents(all) });
    expect(told.numpy).toEqual(contents(numpyOnly));
  });

  it('a module: torch computes the same with it', () => {
    expect(Object.keys(told['net.safetensors'].tensors)).toHaveLength(9);
    expect(told.difference).toBeLessThan(1e-6);
  });

  it('tied weights', () => {
    expect(told.tied_once).toEqual(content(tied));
    expect(told.tied_copy).toEqual(content(tied));
    expect(told['tied_once.safetensors'].metadata).toEqual({ format: 'pt', 'head.weight': 'wte.weight' });
    expect(Object.keys(told['tied_once.safetensors'].tensors)).toEqual(['wte.weight']);
  });

  it('several files', () => expect(told.sharded.tensors).toEqual(contents(parts)));

  it('a model of transformers', (context) => {
    if (told.transformers === null) context.skip();
    const { missing, unexpected, mismatched, tied, tensors } = told.transformers;
    expect({ missing, unexpected, mismatched, tied }).toEqual({
      missing: [],
      unexpected: [],
      mismatched: [],
      tied: true,
    });
    expect(tensors).toEqual(contents(language));
  });

  it('a model drawn straight to disk: names, shapes, dtype and statistics', (context) => {
    if (told.transformers === null) context.skip();
    const { missing, unexpected, mismatched, statistics } = told.drawn;
    expect({ missing, unexpected, mismatched }).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(Object.keys(statistics).sort()).toEqual(drawn.tensors.map(({ name }) => name).sort());
    expect(drawn.shards.length).toBeGreaterThan(2);
    for (const { name, shape, mean, std } of drawn.tensors) {
      const found = statistics[name];
      expect({ dtype: found.dtype, shape: found.shape }).toEqual({ dtype: 'bfloat16', shape: [...shape] });
      // Five standard errors: 30 tensors and two tests each are wrong once in 30,000 seeds.
      const n = shape.reduce((a, b) => a * b, 1);
      expect(Math.abs(found.mean - mean!)).toBeLessThanOrEqual((5 * std!) / Math.sqrt(n));
      expect(Math.abs(found.std - std!)).toBeLessThanOrEqual((5 * std!) / Math.sqrt(2 * n) + 1e-12);
    }
  });

  it('.npy', () => {
    for (const [name, value] of Object.entries({
      ...numpyOnly,
      scalar: all.scalar!,
      none: all.none!,
      transposed: all.transposed!,
      special: all.special!,
    })) {
      expect(told[`${name}.npy`], name).toEqual(content(value));
    }
  });

  it.each(['stored.npz', 'compressed.npz'])('%s', (name) => {
    expect(told[name]).toEqual(contents({ ...numpyOnly, 'a/é': all.transposed! }));
  });
});
