// Functions of tensors that leave the event loop free: the work is done off the main thread, on memory of its own.
import { checkOptions } from './arguments.js';
import { matmul } from './combine.js';
import { renamed } from './errors.js';
import { type AsyncOptions, runAsync } from './job.js';
import { checkTensor, type Tensor } from './tensor/index.js';

export type { AsyncOptions };

/**
 * The tensor that `compute` returns, computed off the main thread, for the public call `call`. Errors of the functions that
 * `compute` calls are said to be the call's.
 */
export async function computeAsync(
  call: string,
  compute: () => Tensor,
  options: AsyncOptions | undefined,
): Promise<Tensor> {
  const named = () => {
    try {
      return compute();
    } catch (error) {
      throw renamed(call, error);
    }
  };
  // Whatever a graph of gradients has saved is needed as well.
  const held = (out: Tensor) => (out.gradFn === null ? new Set([out.elements.array.buffer]) : ('all' as const));
  return runAsync(call, named, held, { signal: checkOptions(call, options).signal });
}

/**
 * `matmul` off the main thread: the product as torch.matmul, with its gradients. The operands must be left as they are until
 * the promise is settled; where they lie on SharedArrayBuffers they are read in place, else copied.
 *
 * @returns a promise, which rejects with the errors of `matmul`, with TypeError (ERR_DETACHED) where an operand's memory went
 * away meanwhile, or with the signal's reason, as soon as it is aborted
 * @example
 * const product = await matmulAsync(a, b, { signal: AbortSignal.timeout(5000) });
 */
export async function matmulAsync(a: Tensor, b: Tensor, options?: AsyncOptions): Promise<Tensor> {
  const call = 'matmulAsync';
  return computeAsync(call, () => matmul(checkTensor(call, a), checkTensor(call, b)), options);
}
