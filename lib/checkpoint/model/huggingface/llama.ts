// Llama (Touvron et al. 2023), and what the families like it share.
import * as v from 'valibot';
import {
  type Architecture,
  type CommonConfig,
  countLabels,
  countOr,
  type Family,
  flagOr,
  labels,
  maybeSize,
  paddingOr,
  rangeOr,
  sizeOr,
} from './family.js';
import { embedding, type LayerRow, linear, repeat, rmsNorm } from './rows.js';

/** The sizes of a decoder with grouped queries, gated layers and RMSNorm. */
export interface DecoderConfig extends CommonConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null | undefined;
  readonly head_dim?: number | null | undefined;
  readonly pad_token_id: number | null;
  readonly token_classification_bias: boolean;
}

/** Which of a decoder's linear layers have biases. */
export interface DecoderBiases {
  readonly query: boolean;
  readonly output: boolean;
  readonly mlp: boolean;
}

export function decoder(config: DecoderConfig, bias: DecoderBiases): LayerRow[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = config;
  const size = config.head_dim ?? Math.floor(width / heads);
  const groups = config.num_key_value_heads ?? heads;
  return [
    embedding('embed_tokens', config.vocab_size, width, config.pad_token_id),
    ...repeat(config.num_hidden_layers, [
      linear('layers.*.self_attn.q_proj', width, heads * size, bias.query),
      linear('layers.*.self_attn.k_proj', width, groups * size, bias.query),
      linear('layers.*.self_attn.v_proj', width, groups * size, bias.query),
      linear('layers.*.self_attn.o_proj', heads * size, width, bias.output),
      linear('layers.*.mlp.gate_proj', width, inner, bias.mlp),
      linear('layers.*.mlp.up_proj', width, inner, bias.mlp),
      linear('layers.*.mlp.down_proj', inner, width, bias.mlp),
      rmsNorm('layers.*.input_layernorm', width),
      rmsNorm('layers.*.post_attention_layernorm', width),
    ]),
    rmsNorm('norm', width),
  ];
}

/** The architectures that decoders have in common, by the family's prefix; question answering has its base elsewhere in some. */
export function decoderArchitectures(
  prefix: string,
  answering: string,
): Readonly<Record<string, Architecture<DecoderConfig>>> {
  return {
    [`${prefix}Model`]: { base: '' },
    [`${prefix}ForCausalLM`]: {
      base: 'model',
      head: (c) => [linear('lm_head', c.hidden_size, c.vocab_size, false)],
      tied: { 'lm_head.weight': 'model.embed_tokens.weight' },
    },
    [`${prefix}ForSequenceClassification`]: {
      base: 'model',
      head: (c) => [linear('score', c.hidden_size, c.num_labels, false)],
    },
    [`${prefix}ForTokenClassification`]: {
      base: 'model',
      head: (c) => [linear('score', c.hidden_size, c.num_labels, c.token_classification_bias)],
    },
    [`${prefix}ForQuestionAnswering`]: { base: answering, head: (c) => [linear('qa_outputs', c.hidden_size, 2)] },
  };
}

/** The schema's part that decoders have in common. */
export const decoderEntries = {
  ...labels,
  hidden_size: sizeOr(4096),
  num_hidden_layers: countOr(32),
  num_attention_heads: sizeOr(32),
  head_dim: maybeSize,
  tie_word_embeddings: flagOr(false),
  initializer_range: rangeOr(0.02),
  pad_token_id: paddingOr(null),
  token_classification_bias: flagOr(true),
};

const config = v.pipe(
  v.object({
    ...decoderEntries,
    vocab_size: sizeOr(32000),
    intermediate_size: sizeOr(11008),
    num_key_value_heads: maybeSize,
    attention_bias: flagOr(false),
    mlp_bias: flagOr(false),
  }),
  v.transform(countLabels),
);

export const llama: Family<v.InferOutput<typeof config>> = {
  type: 'llama',
  config,
  check: ({ hidden_size, num_attention_heads }) =>
    hidden_size % num_attention_heads === 0
      ? undefined
      : `hidden_size ${hidden_size} is not a multiple of num_attention_heads ${num_attention_heads}`,
  body: (c) => decoder(c, { query: c.attention_bias, output: c.attention_bias, mlp: c.mlp_bias }),
  architectures: decoderArchitectures('Llama', 'transformer'),
};
