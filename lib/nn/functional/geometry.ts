// Sizes of windows that move over images: given as one number or one for each dimension.
import { argumentError, describe, rangeError } from '../../errors.js';
import { checkSize } from '../../shape.js';

/** A number for height and width alike, or one for each. */
export type Pair = number | readonly [number, number];

/** Zeros around an image: as numbers, as many as keep its size ('same', stride 1 only), or none ('valid'). */
export type Padding = Pair | 'same' | 'valid';

/** Checks a pair of sizes given by a user. */
export function checkPair(call: string, name: string, value: unknown, least: number): [number, number] {
  const pair = Array.isArray(value) ? value : [value, value];
  if (pair.length !== 2) throw argumentError(call, `${name} must be a number or two, got ${describe(value)}`);
  for (const size of pair) {
    if (checkSize(call, size, name) < least) throw rangeError(call, `${name} must be ${least} or more, got ${size}`);
    if (size > 2 ** 31 - 1) throw rangeError(call, `${name} must be below 2^31, got ${size}`);
  }
  return [pair[0], pair[1]];
}
