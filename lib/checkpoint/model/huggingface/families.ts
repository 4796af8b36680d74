// The families of models that configurations are known of. Another one is a file beside this and a row here.
import { bert } from './bert.js';
import type { Family } from './family.js';
import { gptNeox } from './gpt_neox.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { qwen2 } from './qwen2.js';
import { resnet } from './resnet.js';
import { vit } from './vit.js';

/** By `model_type`. A family's functions take what its own schema gives, which only this map forgets. */
export const families: ReadonlyMap<string, Family> = new Map(
  [llama, mistral, qwen2, gpt2, gptNeox, bert, vit, resnet].map((family) => [family.type, family as unknown as Family]),
);
