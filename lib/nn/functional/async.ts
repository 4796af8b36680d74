import { checkOptions } from '../../arguments.js';
import { type AsyncOptions, computeAsync } from '../../async.js';
import type { Tensor } from '../../tensor/index.js';
import { type Conv2dOptions, conv2d } from './conv.js';

/**
 * `conv2d` off the main thread. The tensors must be left as they are until the promise is settled; where they lie on
 * SharedArrayBuffers they are read in place, else copied.
 *
 * @returns a promise, which rejects with the errors of `conv2d`, with TypeError (ERR_DETACHED) where a tensor's memory went
 * away meanwhile, or with the signal's reason, as soon as it is aborted
 * @example
 * const y = await nn.functional.conv2dAsync(images, conv.weight, conv.bias, { padding: 1 });
 */
export async function conv2dAsync(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options?: Conv2dOptions & AsyncOptions,
): Promise<Tensor> {
  const call = 'conv2dAsync';
  const { signal, ...geometry } = checkOptions(call, options);
  return computeAsync(call, () => conv2d(input, weight, bias, geometry), { signal });
}
