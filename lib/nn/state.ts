// Loading a state dict into a module's parameters and buffers.
import { types } from 'node:util';
import { checkOptions } from '../arguments.js';
import { argumentError, describe, shapeError, stateError } from '../errors.js';
import { copy } from '../ops/index.js';
import { formatShape, sameShape } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { checkMemory } from '../view.js';

/** What `loadStateDict` found. */
export interface LoadResult {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** A module's parameters and buffers by dotted path, and which of them a checkpoint may lack. */
export interface State {
  readonly tensors: Map<string, Tensor>;
  readonly optional: Set<string>;
}

/** `Module.loadStateDict`, into tensors that share the module's memory. */
export function loadState(given: unknown, { tensors, optional }: State, options?: { strict?: boolean }): LoadResult {
  const call = 'loadStateDict';
  const { strict = true } = checkOptions(call, options);
  if (typeof given !== 'object' || given === null) {
    throw argumentError(call, `expected a Map or an object of tensors, got ${describe(given)}`);
  }
  const source: Map<unknown, unknown> = types.isMap(given) ? given : new Map(Object.entries(given));
  const missingKeys = [...tensors.keys()].filter((key) => !source.has(key) && !optional.has(key));
  const unexpectedKeys = [...source.keys()].filter((key) => !tensors.has(key as string)).map(String);
  if (strict && missingKeys.length + unexpectedKeys.length > 0) {
    throw stateError(call, `missing: ${describe(missingKeys)}; unexpected: ${describe(unexpectedKeys)}`);
  }
  const pairs: [from: Tensor, to: Tensor][] = [];
  for (const [key, to] of tensors) {
    if (!source.has(key)) continue;
    const from = source.get(key);
    if (!(from instanceof Tensor)) throw argumentError(call, `${key} must be a Tensor, got ${describe(from)}`);
    if (!sameShape(from.shape, to.shape)) {
      throw shapeError(call, `${key} has shape ${formatShape(to.shape)}, got ${formatShape(from.shape)}`);
    }
    for (const { elements } of [from, to]) checkMemory(call, elements);
    pairs.push([from, to]);
  }
  for (const [from, to] of pairs) copy(call, from.elements, to.elements);
  return { missingKeys, unexpectedKeys };
}
