// Losses that have a gradient of their own.
import { computeDType } from '../dtype.js';
import { numElements, type Shape } from '../shape.js';
import { broadcastTo, type TensorView } from '../view.js';
import { add, mul, neg, sub } from './arithmetic.js';
import { activationOps, binaryOps, reluOp, unaryOps } from './elementwise.js';
import { from, type Op } from './op.js';
import { reductionOps } from './reduce.js';
import { cast } from './storage.js';

/** How the losses of all elements become one: their mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossArgs {
  readonly reduction: Reduction;
}

function reduce(call: string, losses: TensorView, reduction: Reduction): TensorView {
  if (reduction === 'none') return losses;
  return reductionOps[reduction].forward(call, [losses], { dims: undefined, keepdim: false, params: [] });
}

/** The gradient of each element's loss. */
function spread(grad: TensorView, shape: Shape, reduction: Reduction): TensorView {
  if (reduction === 'none') return grad;
  return broadcastTo(reduction === 'mean' ? mul(grad, 1 / numElements(shape)) : grad, shape);
}

function mseGradient(grad: TensorView, [x, target]: readonly TensorView[], { reduction }: LossArgs): TensorView {
  return mul(mul(sub(x!, target!), 2), spread(grad, x!.shape, reduction));
}

/** (x - target)^2, for inputs of one shape. */
export const mseLossOp: Op<LossArgs> = {
  node: 'MseLossBackward0',
  forward: (call, [x, target], { reduction }) => {
    const difference = binaryOps.sub.forward(call, [x!, target!], undefined);
    return reduce(call, binaryOps.mul.forward(call, [difference, difference], undefined, difference), reduction);
  },
  gradients: [from([0, 1], mseGradient), from([0, 1], (g, saved, args) => neg(mseGradient(g, saved, args)))],
};

/** Weights that broadcast to the input; undefined for 1. */
export interface LogitArgs extends LossArgs {
  readonly weight: TensorView | undefined;
  readonly posWeight: TensorView | undefined;
}

/** log(1 + e^-x) as log(1 + e^-|x|) + max(-x, 0): no power overflows. */
function logOnePlusPower(call: string, x: TensorView): TensorView {
  const magnitude = neg(unaryOps.abs.forward(call, [x], undefined));
  const log = activationOps.softplus.forward(call, [magnitude], { beta: 1, threshold: 20 });
  return add(log, reluOp.forward(call, [neg(x)], undefined));
}

/** 1 + (posWeight - 1) target */
function positives(target: TensorView, posWeight: TensorView): TensorView {
  return add(mul(target, sub(posWeight, ones(posWeight))), 1);
}
const ones = (view: TensorView) => add(mul(view, 0), 1);

/**
 * -(p t log s(x) + (1 - t) log(1 - s(x))) with the logistic function s and p = posWeight, as
 * (1 - t) x + (1 + (p - 1) t) log(1 + e^-x).
 */
export const logitLossOp: Op<LogitArgs> = {
  node: 'BinaryCrossEntropyWithLogitsBackward0',
  forward: (call, [x, target], { reduction, weight, posWeight }) => {
    const dtype = computeDType(call, x!.dtype);
    const [a, t] = [cast(call, x!, dtype), cast(call, target!, dtype)];
    let log = logOnePlusPower(call, a);
    if (posWeight !== undefined) log = mul(log, positives(t, posWeight));
    let losses = add(mul(sub(ones(t), t), a), log);
    if (weight !== undefined) losses = mul(losses, weight);
    return cast(call, reduce(call, losses, reduction), x!.dtype);
  },
  gradients: [
    from([0, 1], (g, [x, t], { reduction, weight, posWeight }) => {
      // (1 - t) - (1 + (p - 1) t) s(-x)
      let slope = unaryOps.sigmoid.forward('backward', [neg(x!)], undefined);
      if (posWeight !== undefined) slope = mul(slope, positives(t!, posWeight));
      const grad = mul(sub(sub(ones(t!), t!), slope), spread(g, x!.shape, reduction));
      return weight === undefined ? grad : mul(grad, weight);
    }),
    from([0], (g, [x], { reduction, weight, posWeight }) => {
      // -x + (p - 1) log(1 + e^-x)
      let slope = neg(x!);
      if (posWeight !== undefined)
        slope = add(slope, mul(sub(posWeight, ones(posWeight)), logOnePlusPower('backward', x!)));
      const grad = mul(slope, spread(g, x!.shape, reduction));
      return weight === undefined ? grad : mul(grad, weight);
    }),
  ],
};
