import { checkFinite, checkOptions } from '../../arguments.js';
import { checkFloat } from '../../dtype.js';
import { rangeError } from '../../errors.js';
import { fillBernoulli, type RandomOptions } from '../../fill.js';
import * as ops from '../../ops/index.js';
import { applyInPlace, operand, Tensor } from '../../tensor/index.js';
import { allocateView, outputView } from '../../view.js';

/** Options of `dropout`. */
export interface DropoutOptions extends RandomOptions {
  /** Whether to drop anything; true by default. */
  training?: boolean;
  /** Whether to change the input itself; false by default. */
  inplace?: boolean;
}

/** Checks a probability. */
export function checkProbability(call: string, p: unknown): number {
  const checked = checkFinite(call, 'p', p);
  if (checked < 0 || checked > 1) throw rangeError(call, `p must be from 0 to 1, got ${checked}`);
  return checked;
}

/**
 * Sets each element to 0 with probability p, and divides the others by 1 - p. What is kept is what
 * `bernoulli_(1 - p)` of the generator makes 1.
 *
 * @param p 0.5 by default
 * @example
 * nn.functional.dropout(ones(8), 0.25, { generator: new Generator(0) });
 */
export function dropout(input: Tensor, p = 0.5, options?: DropoutOptions): Tensor {
  const call = 'dropout';
  const x = operand(call, input);
  const dropped = checkProbability(call, p);
  const { training = true, inplace = false, ...random } = checkOptions(call, options);
  checkFloat(call, x.dtype);
  if (!training || dropped === 0 || input.numel() === 0) return input;
  const noise = dropped === 1 ? allocateView(call, [], x.dtype) : outputView(call, x.shape, x.dtype);
  if (dropped < 1) {
    fillBernoulli(call, noise, 1 - dropped, random);
    ops.binaryOps.div.scalar.forward(call, [noise], 1 - dropped, noise);
  }
  const mask = new Tensor(noise);
  return inplace ? applyInPlace(call, ops.binaryOps.mul, [input, mask], undefined) : input.mul(mask);
}
