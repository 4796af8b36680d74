// What a family of models is: its configuration with defaults, its architectures as tables of layers, and its scheme of
// initialisation. A family is one file and one row of families.ts.
import * as v from 'valibot';
import type { InitSpec } from '../../../init/table.js';
import type { LayerRow } from './rows.js';

/** How a layer's tensors start: by the tensor's name, in every layer of a class, or of paths where `*` is any run of characters. */
export interface SchemeRow {
  readonly layer?: string;
  readonly path?: string;
  readonly name?: string;
  readonly init: InitSpec | ((tensor: SchemeTensor) => InitSpec);
}

/** A tensor as a scheme sees it, with the fan_in of its layer's weight. */
export interface SchemeTensor {
  readonly fanIn: number;
}

/** A model with or without a head. */
export interface Architecture<C> {
  /** Where the base model lies: 'model', or '' where it is the whole. */
  readonly base: string;
  /** The layers of the base model, where this architecture's differ from the family's. */
  readonly body?: (config: C) => readonly LayerRow[];
  /** The layers beside the base model. */
  readonly head?: (config: C) => readonly LayerRow[];
  /** Names that stand for a stored tensor where `tie_word_embeddings` says so, with the name that is stored. */
  readonly tied?: Readonly<Record<string, string>>;
}

export interface Family<C extends CommonConfig = CommonConfig> {
  /** `model_type` of the configuration. */
  readonly type: string;
  readonly config: v.GenericSchema<unknown, C>;
  /** Other names of configuration keys, as the configuration class's `attribute_map` has them. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What the sizes must fulfil beside being sizes: what is wrong, or undefined. */
  readonly check?: (config: C) => string | undefined;
  /** The layers of the base model. */
  readonly body: (config: C) => readonly LayerRow[];
  readonly architectures: Readonly<Record<string, Architecture<C>>>;
  /** First match decides; before the scheme that all families share (scheme.ts). */
  readonly scheme?: (config: C) => readonly SchemeRow[];
}

/** What every configuration may have. */
export interface CommonConfig {
  readonly num_labels: number;
  readonly tie_word_embeddings?: boolean;
  readonly initializer_range?: number;
}

// Parts of schemas. A key that is missing takes the default of transformers' configuration class; so does null where the class
// allows it.

const whole = (least: number) =>
  v.pipe(
    v.number(),
    v.check((n) => Number.isSafeInteger(n) && n >= least, `expected a whole number, ${least} or more`),
  );

export const size = whole(1);

/** A size, by default `value`. */
export const sizeOr = (value: number) => v.optional(size, value);

/** A size that may be missing or null. */
export const maybeSize = v.nullish(size);

/** A number of layers, heads' labels and so on, which may be 0. */
export const countOr = (value: number) => v.optional(whole(0), value);

export const flagOr = (value: boolean) => v.optional(v.boolean(), value);

/** The index of a padding token: missing or null is none. */
export const paddingOr = (value: number | null) =>
  v.optional(
    v.nullable(
      v.pipe(
        v.number(),
        v.check((n) => Number.isSafeInteger(n), 'expected a whole number or null'),
      ),
    ),
    value,
  );

/** A standard deviation. */
export const rangeOr = (value: number) =>
  v.optional(
    v.pipe(
      v.number(),
      v.check((n) => n >= 0 && n < Infinity, 'expected a number, 0 or more'),
    ),
    value,
  );

/** The number of labels: of `id2label` where there is one, else `num_labels`, else 2. */
export const labels = {
  id2label: v.nullish(v.record(v.string(), v.unknown())),
  num_labels: v.nullish(whole(0)),
};

/** Puts the number of labels that `labels` describe into `num_labels`. */
export function countLabels<T extends { id2label?: object | null | undefined; num_labels?: number | null | undefined }>(
  config: T,
): Omit<T, 'id2label' | 'num_labels'> & { num_labels: number } {
  const { id2label, num_labels, ...rest } = config;
  return { ...rest, num_labels: id2label ? Object.keys(id2label).length : (num_labels ?? 2) };
}
