// BERT (Devlin et al. 2019).
import * as v from 'valibot';
import { countLabels, countOr, type Family, flagOr, labels, paddingOr, rangeOr, sizeOr } from './family.js';
import { embedding, type LayerRow, layerNorm, linear, lone, repeat } from './rows.js';

const config = v.pipe(
  v.object({
    ...labels,
    vocab_size: sizeOr(30522),
    hidden_size: sizeOr(768),
    num_hidden_layers: countOr(12),
    num_attention_heads: sizeOr(12),
    intermediate_size: sizeOr(3072),
    max_position_embeddings: sizeOr(512),
    type_vocab_size: sizeOr(2),
    initializer_range: rangeOr(0.02),
    pad_token_id: paddingOr(0),
    is_decoder: flagOr(false),
    add_cross_attention: flagOr(false),
    tie_word_embeddings: flagOr(true),
  }),
  v.transform(countLabels),
);

type Config = v.InferOutput<typeof config>;

const attention = (path: string, width: number): LayerRow[] => [
  linear(`${path}.self.query`, width, width),
  linear(`${path}.self.key`, width, width),
  linear(`${path}.self.value`, width, width),
  linear(`${path}.output.dense`, width, width),
  layerNorm(`${path}.output.LayerNorm`, width),
];

function body(c: Config): LayerRow[] {
  const width = c.hidden_size;
  return [
    embedding('embeddings.word_embeddings', c.vocab_size, width, c.pad_token_id),
    embedding('embeddings.position_embeddings', c.max_position_embeddings, width),
    embedding('embeddings.token_type_embeddings', c.type_vocab_size, width),
    layerNorm('embeddings.LayerNorm', width),
    ...repeat(c.num_hidden_layers, [
      ...attention('encoder.layer.*.attention', width),
      ...(c.add_cross_attention ? attention('encoder.layer.*.crossattention', width) : []),
      linear('encoder.layer.*.intermediate.dense', width, c.intermediate_size),
      linear('encoder.layer.*.output.dense', c.intermediate_size, width),
      layerNorm('encoder.layer.*.output.LayerNorm', width),
    ]),
  ];
}

const pooled = (c: Config): LayerRow[] => [...body(c), linear('pooler.dense', c.hidden_size, c.hidden_size)];

/** The head that predicts words. */
const predictions = ({ hidden_size: width, vocab_size }: Config): LayerRow[] => [
  lone('cls.predictions', 'bias', [vocab_size]),
  linear('cls.predictions.transform.dense', width, width),
  layerNorm('cls.predictions.transform.LayerNorm', width),
  linear('cls.predictions.decoder', width, vocab_size),
];
const nextSentence = (c: Config) => linear('cls.seq_relationship', c.hidden_size, 2);

const tied = {
  'cls.predictions.decoder.weight': 'bert.embeddings.word_embeddings.weight',
  'cls.predictions.decoder.bias': 'cls.predictions.bias',
};

export const bert: Family<Config> = {
  type: 'bert',
  config,
  check: ({ hidden_size, num_attention_heads, is_decoder, add_cross_attention }) => {
    if (hidden_size % num_attention_heads !== 0) {
      return `hidden_size ${hidden_size} is not a multiple of num_attention_heads ${num_attention_heads}`;
    }
    return add_cross_attention && !is_decoder ? 'add_cross_attention needs is_decoder' : undefined;
  },
  body,
  architectures: {
    BertModel: { base: '', body: pooled },
    BertForPreTraining: { base: 'bert', body: pooled, head: (c) => [...predictions(c), nextSentence(c)], tied },
    BertLMHeadModel: { base: 'bert', head: predictions, tied },
    BertForMaskedLM: { base: 'bert', head: predictions, tied },
    BertForNextSentencePrediction: { base: 'bert', body: pooled, head: (c) => [nextSentence(c)] },
    BertForSequenceClassification: {
      base: 'bert',
      body: pooled,
      head: (c) => [linear('classifier', c.hidden_size, c.num_labels)],
    },
    BertForMultipleChoice: { base: 'bert', body: pooled, head: (c) => [linear('classifier', c.hidden_size, 1)] },
    BertForTokenClassification: { base: 'bert', head: (c) => [linear('classifier', c.hidden_size, c.num_labels)] },
    BertForQuestionAnswering: { base: 'bert', head: (c) => [linear('qa_outputs', c.hidden_size, c.num_labels)] },
  },
};
