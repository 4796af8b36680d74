// GPT-2 (Radford et al. 2019). Its linear layers have weights [in, out], and projections back into the residual stream start
// smaller: initializer_range / sqrt(2 n_layer).
import * as v from 'valibot';
import { countLabels, countOr, type Family, flagOr, labels, maybeSize, rangeOr, sizeOr } from './family.js';
import { embedding, type LayerRow, layerNorm, linear, repeat, transposedLinear } from './rows.js';

const config = v.pipe(
  v.object({
    ...labels,
    vocab_size: sizeOr(50257),
    n_positions: sizeOr(1024),
    n_embd: sizeOr(768),
    n_layer: countOr(12),
    n_head: sizeOr(12),
    n_inner: maybeSize,
    initializer_range: rangeOr(0.02),
    add_cross_attention: flagOr(false),
    tie_word_embeddings: flagOr(true),
    summary_use_proj: flagOr(true),
    summary_proj_to_labels: flagOr(true),
  }),
  v.transform(countLabels),
);

type Config = v.InferOutput<typeof config>;

const attention = (path: string, width: number): LayerRow[] => [
  transposedLinear(`${path}.c_attn`, width, 3 * width),
  transposedLinear(`${path}.c_proj`, width, width),
];

const crossAttention = (path: string, width: number): LayerRow[] => [
  transposedLinear(`${path}.c_attn`, width, 2 * width),
  transposedLinear(`${path}.q_attn`, width, width),
  transposedLinear(`${path}.c_proj`, width, width),
];

function body(c: Config): LayerRow[] {
  const inner = c.n_inner ?? 4 * c.n_embd;
  return [
    embedding('wte', c.vocab_size, c.n_embd),
    embedding('wpe', c.n_positions, c.n_embd),
    ...repeat(c.n_layer, [
      layerNorm('h.*.ln_1', c.n_embd),
      ...attention('h.*.attn', c.n_embd),
      layerNorm('h.*.ln_2', c.n_embd),
      ...(c.add_cross_attention
        ? [...crossAttention('h.*.crossattention', c.n_embd), layerNorm('h.*.ln_cross_attn', c.n_embd)]
        : []),
      transposedLinear('h.*.mlp.c_fc', c.n_embd, inner),
      transposedLinear('h.*.mlp.c_proj', inner, c.n_embd),
    ]),
    layerNorm('ln_f', c.n_embd),
  ];
}

const words = (c: Config) => linear('lm_head', c.n_embd, c.vocab_size, false);
const tied = { 'lm_head.weight': 'transformer.wte.weight' };

export const gpt2: Family<Config> = {
  type: 'gpt2',
  config,
  aliases: {
    hidden_size: 'n_embd',
    max_position_embeddings: 'n_positions',
    num_attention_heads: 'n_head',
    num_hidden_layers: 'n_layer',
  },
  check: ({ n_embd, n_head }) =>
    n_embd % n_head === 0 ? undefined : `n_embd ${n_embd} is not a multiple of n_head ${n_head}`,
  body,
  architectures: {
    GPT2Model: { base: '' },
    GPT2LMHeadModel: { base: 'transformer', head: (c) => [words(c)], tied },
    GPT2DoubleHeadsModel: {
      base: 'transformer',
      // One label, whatever the configuration says.
      head: (c) => [
        words(c),
        ...(c.summary_use_proj
          ? [linear('multiple_choice_head.summary', c.n_embd, c.summary_proj_to_labels ? 1 : c.n_embd)]
          : []),
      ],
      tied,
    },
    GPT2ForSequenceClassification: {
      base: 'transformer',
      head: (c) => [linear('score', c.n_embd, c.num_labels, false)],
    },
    GPT2ForTokenClassification: { base: 'transformer', head: (c) => [linear('classifier', c.n_embd, c.num_labels)] },
    GPT2ForQuestionAnswering: { base: 'transformer', head: (c) => [linear('qa_outputs', c.n_embd, 2)] },
  },
  scheme: ({ initializer_range: std, n_layer }) => [
    { path: '*.c_proj.weight', init: { initialiser: 'normal', std: std / Math.sqrt(2 * n_layer) } },
    { layer: 'Conv1D', name: 'weight', init: { initialiser: 'normal', std } },
  ],
};
