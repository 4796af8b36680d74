// Softmax along a dimension, and its logarithm.
import { computeDType } from '../dtype.js';
import { numElements } from '../shape.js';
import type { TensorView } from '../view.js';
import { exp, mul, sub } from './arithmetic.js';
import { binaryOps, unaryOps } from './elementwise.js';
import { from, type Op } from './op.js';
import { reductionOps } from './reduce.js';
import { cast, contiguousCopy } from './storage.js';

/** The dimension that adds up to 1; 0 or above. */
export interface SoftmaxArgs {
  readonly dim: number;
}

function reduced(call: string, name: 'sum' | 'max', x: TensorView, { dim }: SoftmaxArgs): TensorView {
  const dims = x.shape.length === 0 ? undefined : dim;
  return reductionOps[name].forward(call, [x], { dims, keepdim: true, params: [] });
}

/** x minus its greatest element, and the sum of e to the power of that. */
function shifted(
  call: string,
  x: TensorView,
  args: SoftmaxArgs,
): [shifted: TensorView, powers: TensorView, sum: TensorView] {
  const input = cast(call, x, computeDType(call, x.dtype));
  const below = binaryOps.sub.forward(call, [input, reduced(call, 'max', input, args)], undefined);
  const powers = unaryOps.exp.forward(call, [below], undefined);
  return [below, powers, reduced(call, 'sum', powers, args)];
}

const call = 'backward';

/** e^x over the sum of e^x. */
export const softmaxOp: Op<SoftmaxArgs> = {
  node: 'SoftmaxBackward0',
  forward: (call, [x], args) => {
    if (numElements(x!.shape) === 0) return contiguousCopy(call, x!);
    const [, powers, sum] = shifted(call, x!, args);
    return cast(call, binaryOps.div.forward(call, [powers, sum], undefined, powers), x!.dtype);
  },
  gradients: [
    from(['output'], (g, [y], args) => {
      if (numElements(g.shape) === 0) return g;
      const along = mul(g, y!);
      return sub(along, mul(y!, reduced(call, 'sum', along, args)));
    }),
  ],
};

/** The logarithm of the softmax. */
export const logSoftmaxOp: Op<SoftmaxArgs> = {
  node: 'LogSoftmaxBackward0',
  forward: (call, [x], args) => {
    if (numElements(x!.shape) === 0) return contiguousCopy(call, x!);
    const [below, , sum] = shifted(call, x!, args);
    const log = unaryOps.log.forward(call, [sum], undefined, sum);
    return cast(call, binaryOps.sub.forward(call, [below, log], undefined, below), x!.dtype);
  },
  gradients: [
    from(['output'], (g, [y], args) =>
      numElements(g.shape) === 0 ? g : sub(g, mul(exp(y!), reduced(call, 'sum', g, args))),
    ),
  ],
};
