// Mistral (Jiang et al. 2023): Llama's layers without biases.
import * as v from 'valibot';
import { countLabels, type Family, size, sizeOr } from './family.js';
import { decoder, decoderArchitectures, decoderEntries } from './llama.js';

const config = v.pipe(
  v.object({
    ...decoderEntries,
    vocab_size: sizeOr(32000),
    intermediate_size: sizeOr(14336),
    // null means as many as heads.
    num_key_value_heads: v.optional(v.nullable(size), 8),
  }),
  v.transform(countLabels),
);

export const mistral: Family<v.InferOutput<typeof config>> = {
  type: 'mistral',
  config,
  body: (c) => decoder(c, { query: false, output: false, mlp: false }),
  architectures: decoderArchitectures('Mistral', 'model'),
};
