// Sizes of windows that move over images: given as one number or one for each dimension.
import { argumentError, describe, rangeError } from '../../errors.js';
import { checkSize } from '../../shape.js';

/** A number for height and width alike, or one for each. */
export type Pair = number | readonly [number, number];

/** Zeros around an image: as numbers, as many as keep its size ('same', stride 1 only), or none ('valid'). */
export type Padding = Pair | 'same' | 'valid';

/** A number, alone or in a list. */
export type Single = number | readonly [number];

/** Checks sizes given by a user: as many as there are dimensions, or one for all. */
export function checkSizes(call: string, name: string, value: unknown, least: number, dims: number): number[] {
  const sizes = Array.isArray(value) ? value : new Array<unknown>(dims).fill(value);
  if (sizes.length !== dims) {
    const wanted = dims === 1 ? 'a number' : 'a number or two';
    throw argumentError(call, `${name} must be ${wanted}, got ${describe(value)}`);
  }
  for (const size of sizes) {
    if (checkSize(call, size, name) < least) throw rangeError(call, `${name} must be ${least} or more, got ${size}`);
    if (size > 2 ** 31 - 1) throw rangeError(call, `${name} must be below 2^31, got ${size}`);
  }
  return [...sizes];
}

/** Checks sizes of height and width given by a user. */
export function checkPair(call: string, name: string, value: unknown, least: number): [number, number] {
  return checkSizes(call, name, value, least, 2) as [number, number];
}
