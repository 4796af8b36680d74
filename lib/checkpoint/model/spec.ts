// A JSON document that says what a checkpoint holds.
import * as v from 'valibot';
import { checkOptions } from '../../arguments.js';
import type { DType } from '../../dtype.js';
import { argumentError, describe, type EvenkeelError, formatError } from '../../errors.js';
import type { Action } from '../../init/rules.js';
import { type InitSpec, initialiser, withName } from '../../init/table.js';
import { checkDescribedShape } from '../../shape.js';
import { dtypeNamed, dtypeNames, isFloating } from '../dtype_names.js';
import type { DescribedTensor, ModelDescription } from './description.js';
import { validate } from './validate.js';

/** One tensor of a spec; its shape alone where nothing else is to be said. */
export type SpecTensor =
  | readonly number[]
  | {
      readonly shape: readonly number[];
      /** Its own dtype, whatever the checkpoint's: 'f32', 'bfloat16', 'torch.int64', … */
      readonly dtype?: string;
      /** How it starts, unless a rule says otherwise. */
      readonly init?: InitSpec;
      /** The class of its layer, for rules and presets that ask: 'Linear', 'Embedding', 'LayerNorm', … */
      readonly layer?: string;
      /** Whether it is a buffer, which rules leave alone; false by default. */
      readonly buffer?: boolean;
    };

/** A model as a JSON document. */
export interface Spec {
  /** The version of this format: 1. */
  readonly version?: 1;
  /** The checkpoint's dtype. */
  readonly dtype?: string;
  /** The tensors by name. */
  readonly tensors: Readonly<Record<string, SpecTensor>>;
  /** Names that stand for a stored tensor, with the name that is stored. */
  readonly tied?: Readonly<Record<string, string>>;
}

const dtype = v.pipe(
  v.string(),
  v.check((name) => dtypeNamed(name) !== undefined, `expected ${dtypeNames}`),
  v.transform((name) => dtypeNamed(name) as DType),
);

const shape = v.array(
  v.pipe(
    v.number(),
    v.check((n) => Number.isSafeInteger(n) && n >= 0, 'expected a whole number, 0 or more'),
  ),
);

const named = v.looseObject({ initialiser: v.string() });

const tensorSchema = v.strictObject({
  shape,
  dtype: v.optional(dtype),
  init: v.optional(v.union([v.string(), named])),
  layer: v.optional(v.string()),
  buffer: v.optional(v.boolean()),
});

/** An object, and no array. */
const entries = v.pipe(
  v.unknown(),
  v.check(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected an object by name',
  ),
);

const schema = v.strictObject({
  version: v.optional(v.literal(1)),
  dtype: v.optional(dtype),
  tensors: entries,
  tied: v.optional(v.pipe(entries, v.record(v.string(), v.string()))),
});

/** Names a tensor's own check, whatever it was that failed, as a part of the document. */
function within<T>(call: string, source: string, name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as EvenkeelError;
    if (code === undefined || code === 'ERR_FORMAT') throw error;
    const problem = message.replace(/^(\w+: )+/, '');
    throw Object.assign(formatError(call, `${source}: tensors[${JSON.stringify(name)}]: ${problem}`), { cause: error });
  }
}

function describeTensor(call: string, source: string, name: string, given: unknown): DescribedTensor {
  const at = `${source}: tensors[${JSON.stringify(name)}]`;
  const entry = validate(call, at, tensorSchema, Array.isArray(given) ? { shape: given } : given);
  const { layer = '', buffer = false } = entry;
  return within(call, source, name, () => {
    if (name === '') throw argumentError(call, 'a name must not be empty');
    const sizes = checkDescribedShape(call, entry.shape);
    let init: Action | undefined;
    if (entry.init !== undefined) {
      const spec = withName(entry.init as InitSpec);
      initialiser(name, spec).target(sizes);
      init = spec;
    }
    // What has no fractions holds counts or flags: rules do not draw it.
    const held = buffer || (entry.dtype !== undefined && !isFloating(entry.dtype));
    return {
      name,
      shape: sizes,
      layer,
      buffer: held,
      ...(entry.dtype === undefined ? {} : { dtype: entry.dtype }),
      ...(init === undefined ? {} : { init }),
    };
  });
}

function checkTied(call: string, source: string, tensors: object, tied: Readonly<Record<string, string>>): void {
  for (const [alias, name] of Object.entries(tied)) {
    const at = `${source}: tied[${JSON.stringify(alias)}]`;
    if (Object.hasOwn(tensors, alias)) throw formatError(call, `${at}: a tensor of this name is stored`);
    if (!Object.hasOwn(tensors, name)) throw formatError(call, `${at}: there is no tensor ${describe(name)}`);
  }
}

/**
 * A model from a JSON document: names, shapes, and where needed dtypes and initialisers.
 *
 * @throws TypeError (ERR_FORMAT) naming the place in the document, what it has and what was expected; TypeError (ERR_ARGUMENT) for
 * anything but an object
 * @example
 * import { describeSpec } from 'evenkeel/checkpoint';
 *
 * const { tensors } = describeSpec({
 *   dtype: 'bf16',
 *   tensors: {
 *     'embed.weight': { shape: [1000, 64], init: { initialiser: 'normal', std: 0.02 } },
 *     'norm.weight': { shape: [64], dtype: 'f32', init: 'ones' },
 *     'head.weight': [1000, 64],
 *   },
 * });
 * console.log(tensors.length); // 3
 */
export function describeSpec(spec: Spec, options?: { readonly source?: string }): ModelDescription {
  const call = 'describeSpec';
  const { source = 'spec' } = checkOptions(call, options);
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    throw argumentError(call, `expected an object such as { tensors: { name: [2, 3] } }, got ${describe(spec)}`);
  }
  const { dtype: own, tied = {} } = validate(call, source, schema, spec);
  // Its own keys, since validation drops those that are names of prototypes' members.
  const tensors = Object.entries(spec.tensors).map(([name, given]) => describeTensor(call, source, name, given));
  checkTied(call, source, spec.tensors, tied);
  return {
    source,
    tensors,
    tied: new Map(Object.entries(tied)),
    ...(own === undefined ? {} : { dtype: own }),
  };
}
