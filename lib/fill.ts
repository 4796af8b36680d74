// Random fills of views: what the in-place methods, the creation functions and the initialisers have in common.
import { checkFinite, checkOptions } from './arguments.js';
import { checkFloat, dtypes } from './dtype.js';
import { rangeError } from './errors.js';
import { checkGenerator, type Generator } from './random.js';
import type { FloatView } from './view.js';

/** Options of random fills. */
export interface RandomOptions {
  /** Where the numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

/** Checks the bounds and fills with uniform numbers from [from, to), for the public call `call`. */
export function fillUniform(call: string, view: FloatView, from: number, to: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const low = checkFinite(call, 'the lower bound', from);
  const high = checkFinite(call, 'the upper bound', to);
  if (low > high) throw rangeError(call, `expected bounds in order, got from ${low} to ${high}`);
  if (Math.max(Math.abs(low), Math.abs(high), high - low) > dtypes[view.dtype].max) {
    throw rangeError(call, `bounds ${low} and ${high} are too far apart for ${view.dtype}`);
  }
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'uniform', view, low, high);
}

/** Checks mean and standard deviation and fills with normal numbers, for the public call `call`. */
export function fillNormal(call: string, view: FloatView, mean: number, std: number, options?: RandomOptions): void {
  checkFloat(call, view.dtype);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  if (scale < 0) throw rangeError(call, `std must be 0 or more, got ${scale}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'normal', view, location, scale);
}
