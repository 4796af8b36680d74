// Qwen2 (Yang et al. 2024): Llama's layers, with biases for queries, keys and values.
import * as v from 'valibot';
import { countLabels, type Family, size, sizeOr } from './family.js';
import { decoder, decoderArchitectures, decoderEntries } from './llama.js';

const config = v.pipe(
  v.object({
    ...decoderEntries,
    vocab_size: sizeOr(151936),
    intermediate_size: sizeOr(22016),
    // null means as many as heads.
    num_key_value_heads: v.optional(v.nullable(size), 32),
  }),
  v.transform(countLabels),
);

export const qwen2: Family<v.InferOutput<typeof config>> = {
  type: 'qwen2',
  config,
  body: (c) => decoder(c, { query: true, output: false, mlp: false }),
  architectures: decoderArchitectures('Qwen2', 'transformer'),
};
