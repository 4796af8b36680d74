// Softmax along a dimension, and its logarithm.
import { checkFloat } from '../dtype.js';
import { kernelId, run } from '../run.js';
import { outputView, type TensorView, transposeView } from '../view.js';
import { from, type Op } from './op.js';

/** The dimension that adds up to 1; 0 or above. */
export interface SoftmaxArgs {
  readonly dim: number;
}

/** Runs a kernel that works along the last dimension along `dim` instead. */
function along(call: string, kernel: number, inputs: readonly TensorView[], { dim }: SoftmaxArgs): TensorView {
  const { shape, dtype } = inputs[0]!;
  checkFloat(call, dtype);
  const out = outputView(call, shape, dtype);
  run(
    call,
    kernel,
    [out, ...inputs].map((view) => transposeView(call, view, dim, -1)),
  );
  return out;
}

function softmaxLike(name: 'softmax' | 'log_softmax', node: string): Op<SoftmaxArgs> {
  const [kernel, backward] = [kernelId(name), kernelId(`${name}_backward`)];
  return {
    node,
    forward: (call, [x], args) => along(call, kernel, [x!], args),
    gradients: [from(['output'], (g, [y], args) => along('backward', backward, [g, y!], args))],
  };
}

/** e^x over the sum of e^x. */
export const softmaxOp = softmaxLike('softmax', 'SoftmaxBackward0');

/** The logarithm of the softmax. */
export const logSoftmaxOp = softmaxLike('log_softmax', 'LogSoftmaxBackward0');
