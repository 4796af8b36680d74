// Gradients of several tensors at once.
import { checkOptions } from '../arguments.js';
import { fill } from '../ops/index.js';
import type { Tensor } from './tensor.js';

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /** Whether gradients become null, as torch's do, rather than 0; true by default. */
  setToNone?: boolean;
}

/** Forgets the tensors' gradients, or sets them to 0. */
export function clearGradients(call: string, tensors: Iterable<Tensor>, options: ZeroGradOptions | undefined): void {
  const { setToNone = true } = checkOptions(call, options);
  for (const tensor of tensors) {
    if (setToNone || tensor.grad === null) tensor.grad = null;
    else fill(call, tensor.grad.elements, 0);
  }
}
