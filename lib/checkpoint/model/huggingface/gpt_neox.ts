// GPT-NeoX (Black et al. 2022), of which the Pythia models are. The head is `embed_out` in checkpoints, `lm_head` in memory.
import * as v from 'valibot';
import { countLabels, countOr, type Family, flagOr, labels, rangeOr, sizeOr } from './family.js';
import { embedding, type LayerRow, layerNorm, linear, repeat } from './rows.js';

const config = v.pipe(
  v.object({
    ...labels,
    vocab_size: sizeOr(50432),
    hidden_size: sizeOr(6144),
    num_hidden_layers: countOr(44),
    num_attention_heads: sizeOr(64),
    intermediate_size: sizeOr(24576),
    initializer_range: rangeOr(0.02),
    tie_word_embeddings: flagOr(false),
    attention_bias: flagOr(true),
  }),
  v.transform(countLabels),
);

type Config = v.InferOutput<typeof config>;

function body(c: Config): LayerRow[] {
  const width = c.hidden_size;
  return [
    embedding('embed_in', c.vocab_size, width),
    ...repeat(c.num_hidden_layers, [
      layerNorm('layers.*.input_layernorm', width),
      layerNorm('layers.*.post_attention_layernorm', width),
      linear('layers.*.attention.query_key_value', width, 3 * width, c.attention_bias),
      linear('layers.*.attention.dense', width, width, c.attention_bias),
      linear('layers.*.mlp.dense_h_to_4h', width, c.intermediate_size),
      linear('layers.*.mlp.dense_4h_to_h', c.intermediate_size, width),
    ]),
    layerNorm('final_layer_norm', width),
  ];
}

export const gptNeox: Family<Config> = {
  type: 'gpt_neox',
  config,
  check: ({ hidden_size, num_attention_heads }) =>
    hidden_size % num_attention_heads === 0
      ? undefined
      : `hidden_size ${hidden_size} is not a multiple of num_attention_heads ${num_attention_heads}`,
  body,
  architectures: {
    GPTNeoXModel: { base: '' },
    GPTNeoXForCausalLM: {
      base: 'gpt_neox',
      head: (c) => [linear('embed_out', c.hidden_size, c.vocab_size, false)],
      tied: { 'embed_out.weight': 'gpt_neox.embed_in.weight' },
    },
    GPTNeoXForSequenceClassification: {
      base: 'gpt_neox',
      head: (c) => [linear('score', c.hidden_size, c.num_labels, false)],
    },
    GPTNeoXForTokenClassification: {
      base: 'gpt_neox',
      head: (c) => [linear('classifier', c.hidden_size, c.num_labels)],
    },
    GPTNeoXForQuestionAnswering: { base: 'gpt_neox', head: (c) => [linear('qa_outputs', c.hidden_size, 2)] },
  },
};
