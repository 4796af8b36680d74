// What a checkpoint of a Hugging Face model holds, from its config.json: tables of layers, no model.
import * as v from 'valibot';
import { checkOptions } from '../../../arguments.js';
import type { DType } from '../../../dtype.js';
import { argumentError, describe, formatError } from '../../../errors.js';
import { dtypeNamed, dtypeNames } from '../../dtype_names.js';
import type { ModelDescription } from '../description.js';
import { validate } from '../validate.js';
import { families } from './families.js';
import type { Architecture, CommonConfig, Family } from './family.js';
import { under } from './rows.js';
import { describeLayers, sharedScheme } from './scheme.js';

/** Options of `describeConfig`. */
export interface ConfigOptions {
  /** The class of the model, such as 'LlamaForCausalLM'; by default the first of the configuration's `architectures`. */
  readonly architecture?: string;
  /** What errors call the configuration; 'config' by default. */
  readonly source?: string;
}

const dtype = v.nullish(
  v.pipe(
    v.unknown(),
    v.check((name) => dtypeNamed(name) !== undefined, `expected ${dtypeNames}`),
    v.transform((name) => dtypeNamed(name) as DType),
  ),
);

const outer = v.object({
  model_type: v.string(),
  architectures: v.nullish(v.array(v.string())),
  dtype,
  // The name of older versions, which the newer one comes before.
  torch_dtype: dtype,
  per_layer_config: v.nullish(
    v.never('expected nothing: models whose layers differ in their configuration are not known here'),
  ),
  quantization_config: v.nullish(v.never('expected nothing: quantised models are not known here')),
});

/** Keys by the names that the family's schema has; a key's own name comes before its alias. */
function withoutAliases(config: object, aliases: Readonly<Record<string, string>> = {}): object {
  const renamed = Object.entries(config).filter(([key]) => Object.hasOwn(aliases, key));
  return { ...Object.fromEntries(renamed.map(([key, value]) => [aliases[key], value])), ...config };
}

function architectureOf(
  call: string,
  source: string,
  family: Family,
  name: string | undefined,
): [name: string, Architecture<CommonConfig>] {
  const known = Object.keys(family.architectures).join(', ');
  if (name === undefined) {
    throw formatError(call, `${source}: architectures is missing; expected one of ${known}, here or as an option`);
  }
  if (Object.hasOwn(family.architectures, name)) return [name, family.architectures[name]!];
  throw formatError(
    call,
    `${source}: unknown architecture ${describe(name)} of ${family.type}; expected one of ${known}`,
  );
}

/**
 * The tensors that `save_pretrained` of Hugging Face's transformers (5.24) would store for a configuration, with the family's own
 * scheme of initialisation. The families: llama, mistral, qwen2, gpt2, gpt_neox, bert, vit, resnet, each with its base model and heads.
 * Keys that are missing take the defaults of transformers' configuration classes; keys that do not concern shapes are not
 * looked at. Tied weights are aliases and not stored.
 *
 * @param config the contents of a config.json
 * @throws TypeError (ERR_FORMAT) for an unknown family or architecture, and for sizes that are none, naming the key;
 * TypeError (ERR_ARGUMENT) for anything but an object
 * @example
 * import { describeConfig } from 'evenkeel/checkpoint';
 *
 * const { tensors } = describeConfig({ model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: 2 });
 * console.log(tensors[0].name, tensors[0].shape); // transformer.wte.weight [ 50257, 768 ]
 */
export function describeConfig(config: object, options?: ConfigOptions): ModelDescription {
  const call = 'describeConfig';
  const { architecture, source = 'config' } = checkOptions(call, options);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw argumentError(call, `expected the contents of a config.json, got ${describe(config)}`);
  }
  if (architecture !== undefined && typeof architecture !== 'string') {
    throw argumentError(call, `architecture must be a name, got ${describe(architecture)}`);
  }
  const common = validate(call, source, outer, config);
  const family = families.get(common.model_type);
  if (family === undefined) {
    const known = [...families.keys()].join(', ');
    throw formatError(call, `${source}: unknown model_type ${describe(common.model_type)}; expected one of ${known}`);
  }
  const checked = validate(call, source, family.config, withoutAliases(config, family.aliases));
  const [name, { base, body = family.body, head, tied = {} }] = architectureOf(
    call,
    source,
    family,
    architecture ?? common.architectures?.[0],
  );
  const problem = family.check?.(checked);
  if (problem !== undefined) throw formatError(call, `${source}: ${problem}`);
  const layers = [...under(base, body(checked)), ...(head?.(checked) ?? [])];
  const all = describeLayers(layers, [...(family.scheme?.(checked) ?? []), ...sharedScheme(checked)]);
  const aliases = new Map(checked.tie_word_embeddings ? Object.entries(tied) : []);
  const given = common.dtype ?? common.torch_dtype;
  return {
    source: `${name} (${source})`,
    tensors: all.filter((tensor) => !aliases.has(tensor.name)),
    tied: aliases,
    ...(given === undefined || given === null ? {} : { dtype: given }),
  };
}
