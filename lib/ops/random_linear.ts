// Products with a random weight that is never stored: the kernels make its elements, in cache, whenever they need them.
import { kernelId, run } from '../run.js';
import { outputView, type TensorView } from '../view.js';
import { from, linear, type Op } from './op.js';
import { contiguous } from './storage.js';

const kernels = { forward: kernelId('random_linear'), backward: kernelId('random_linear_backward') };

/** The distributions that such weights may have, by the numbers that the kernels know them by. */
export const randomWeightCodes = { normal: 0, uniform: 1, truncNormal: 2 } as const;

/** A weight [out, in] of float32: a fill that is not made. */
export interface RandomWeight {
  readonly outFeatures: number;
  readonly inFeatures: number;
  /** The kernels' parameters: the place of the fill, the distribution's number and its four parameters. */
  readonly params: readonly number[];
}

export interface RandomLinearArgs {
  readonly weight: RandomWeight;
  /** Is told the input [m, in] and the output's gradient [m, out] in the walk back. */
  readonly observe: (x: TensorView, grad: TensorView) => void;
}

/**
 * x [m, in] W' in float32. The second input stands for the weight: where it needs a gradient, `observe` is called; it gets
 * none, since the weight's would be a matrix.
 */
export const randomLinearOp: Op<RandomLinearArgs> = {
  node: 'RandomLinearBackward0',
  forward: (call, [x], { weight }) => {
    const out = outputView(call, [x!.shape[0]!, weight.outFeatures], 'float32');
    run(call, kernels.forward, [out, contiguous(call, x!)], weight.params);
    return out;
  },
  gradients: [
    linear((g, { weight }) => {
      const out = outputView('backward', [g.shape[0]!, weight.inFeatures], 'float32');
      run('backward', kernels.backward, [out, contiguous('backward', g)], weight.params);
      return out;
    }),
    from([0], (g, [x], { observe }) => {
      observe(x!, g);
      return undefined;
    }),
  ],
};
