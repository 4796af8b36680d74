// Vision transformers (Dosovitskiy et al. 2021), under the names that checkpoints have: transformers 5 calls the layers otherwise in
// memory, and translates when it reads and writes.
import * as v from 'valibot';
import { countLabels, countOr, type Family, flagOr, labels, maybeSize, rangeOr, size, sizeOr } from './family.js';
import { conv2d, type LayerRow, layerNorm, linear, lone, repeat } from './rows.js';

/** Height and width: two numbers, or one for both. */
const sides = (value: number) =>
  v.optional(
    v.union([
      v.pipe(
        size,
        v.transform((n): [number, number] => [n, n]),
      ),
      v.tuple([size, size]),
    ]),
    value,
  );

const config = v.pipe(
  v.object({
    ...labels,
    hidden_size: sizeOr(768),
    num_hidden_layers: countOr(12),
    num_attention_heads: sizeOr(12),
    head_dim: v.optional(size),
    intermediate_size: sizeOr(3072),
    initializer_range: rangeOr(0.02),
    image_size: sides(224),
    patch_size: sides(16),
    num_channels: sizeOr(3),
    qkv_bias: flagOr(true),
    encoder_stride: sizeOr(16),
    pooler_output_size: maybeSize,
  }),
  v.transform(countLabels),
);

type Config = v.InferOutput<typeof config>;

function body(c: Config): LayerRow[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = c;
  const all = heads * (c.head_dim ?? Math.floor(width / heads));
  const patches = Math.floor(c.image_size[0] / c.patch_size[0]) * Math.floor(c.image_size[1] / c.patch_size[1]);
  return [
    lone('embeddings', 'cls_token', [1, 1, width]),
    lone('embeddings', 'position_embeddings', [1, patches + 1, width]),
    conv2d('embeddings.patch_embeddings.projection', c.num_channels, width, c.patch_size, true),
    ...repeat(c.num_hidden_layers, [
      linear('encoder.layer.*.attention.attention.query', width, all, c.qkv_bias),
      linear('encoder.layer.*.attention.attention.key', width, all, c.qkv_bias),
      linear('encoder.layer.*.attention.attention.value', width, all, c.qkv_bias),
      linear('encoder.layer.*.attention.output.dense', all, width),
      linear('encoder.layer.*.intermediate.dense', width, inner),
      linear('encoder.layer.*.output.dense', inner, width),
      layerNorm('encoder.layer.*.layernorm_before', width),
      layerNorm('encoder.layer.*.layernorm_after', width),
    ]),
    layerNorm('layernorm', width),
  ];
}

export const vit: Family<Config> = {
  type: 'vit',
  config,
  body,
  architectures: {
    ViTModel: {
      base: '',
      body: (c) => [...body(c), linear('pooler.dense', c.hidden_size, c.pooler_output_size ?? c.hidden_size)],
    },
    ViTForImageClassification: {
      base: 'vit',
      head: (c) => (c.num_labels > 0 ? [linear('classifier', c.hidden_size, c.num_labels)] : []),
    },
    ViTForMaskedImageModeling: {
      base: 'vit',
      body: (c) => [...body(c), lone('embeddings', 'mask_token', [1, 1, c.hidden_size])],
      head: (c) => [conv2d('decoder.0', c.hidden_size, c.encoder_stride ** 2 * c.num_channels, [1, 1], true)],
    },
  },
  // torch's trunc_normal_: bounds in units of the values, so far out that they never show.
  scheme: ({ initializer_range: std }) => [
    { name: 'cls_token', init: { initialiser: 'truncNormal', std, a: -2, b: 2 } },
    { name: 'position_embeddings', init: { initialiser: 'truncNormal', std, a: -2, b: 2 } },
    { name: 'mask_token', init: 'zeros' },
  ],
};
