// Normalisation by mean and variance: of batches (Ioffe and Szegedy 2015) and of layers (Ba, Kiros and Hinton 2016).
import { computeDType } from '../dtype.js';
import { broadcastShapes, numElements, type Shape, sameShape } from '../shape.js';
import type { TensorView } from '../view.js';
import { div, mul, sub } from './arithmetic.js';
import { binaryOps, unaryOps } from './elementwise.js';
import { from, linear, type Op } from './op.js';
import { reductionOps, sumTo } from './reduce.js';
import { cast } from './storage.js';
import { reshaped } from './views.js';

/** Mean and variance, of the input's shape with sizes of 1 where it was reduced; in the dtype that has arithmetic. */
export interface Statistics {
  readonly mean: TensorView;
  readonly variance: TensorView;
}

/** The mean and the variance (without Bessel's correction) over some dimensions. */
export function statistics(call: string, x: TensorView, dims: readonly number[]): Statistics {
  const input = cast(call, x, computeDType(call, x.dtype));
  const reduced = (name: 'mean' | 'var', params: number[]) =>
    reductionOps[name].forward(call, [input], { dims, keepdim: true, params });
  return { mean: reduced('mean', []), variance: reduced('var', [0]) };
}

/** What normalising is told besides its input, weight and bias. */
export interface Normalisation {
  readonly node: string;
  readonly statistics: Statistics;
  /** Whether the statistics are the input's own: gradients flow through them then. */
  readonly own: boolean;
  readonly eps: number;
  /** The shape in which weight and bias broadcast to the input. */
  readonly affine: Shape;
}

/** 1 / sqrt(variance + eps). */
function inverseStd(call: string, { statistics: { variance }, eps }: Normalisation): TensorView {
  const out = binaryOps.add.scalar.forward(call, [variance], eps);
  return unaryOps.rsqrt.forward(call, [out], undefined, out);
}

const call = 'backward';

const centred = (x: TensorView, { statistics }: Normalisation) =>
  sub(cast(call, x, statistics.mean.dtype), statistics.mean);

/** (x - mean) / std. */
function normalised(x: TensorView, args: Normalisation): TensorView {
  const out = centred(x, args);
  return binaryOps.mul.forward(call, [out, inverseStd(call, args)], undefined, out);
}

function inputGradient(grad: TensorView, [x, weight]: readonly TensorView[], args: Normalisation): TensorView {
  const { mean } = args.statistics;
  const std1 = inverseStd(call, args);
  const g = cast(call, grad, mean.dtype);
  const scaled = weight === undefined ? g : mul(g, reshaped(call, cast(call, weight, mean.dtype), args.affine));
  if (!args.own) return mul(scaled, std1);
  // With h the normalised input: (g - mean(g) - h mean(g h)) / std, means taken as the statistics are.
  const count = numElements(x!.shape) / numElements(mean.shape);
  const h = normalised(x!, args);
  const averaged = (view: TensorView) => div(sumTo(view, mean.shape), count);
  const along = averaged(mul(scaled, h));
  const out = sub(scaled, averaged(scaled));
  binaryOps.sub.forward(call, [out, binaryOps.mul.forward(call, [h, along], undefined, h)], undefined, out);
  return binaryOps.mul.forward(call, [out, std1], undefined, out);
}

/** The gradient of what has the shape `affine` as it is broadcast. */
function affineGradient(view: TensorView, { affine }: Normalisation, shape: Shape): TensorView {
  return reshaped(call, sumTo(view, affine), shape);
}

function forward(name: string, [x, weight, bias]: readonly TensorView[], args: Normalisation): TensorView {
  const { mean } = args.statistics;
  const factor = (view: TensorView) => reshaped(name, cast(name, view, mean.dtype), args.affine);
  const out = binaryOps.sub.forward(name, [cast(name, x!, mean.dtype), mean], undefined);
  const scale = inverseStd(name, args);
  if (weight !== undefined) {
    const w = factor(weight);
    // For batches both have the channels' shape: one pass over the input fewer.
    if (sameShape(broadcastShapes(name, w.shape, scale.shape), scale.shape)) {
      binaryOps.mul.forward(name, [scale, w], undefined, scale);
      binaryOps.mul.forward(name, [out, scale], undefined, out);
    } else {
      binaryOps.mul.forward(name, [out, scale], undefined, out);
      binaryOps.mul.forward(name, [out, w], undefined, out);
    }
  } else {
    binaryOps.mul.forward(name, [out, scale], undefined, out);
  }
  if (bias !== undefined) binaryOps.add.forward(name, [out, factor(bias)], undefined, out);
  return cast(name, out, x!.dtype);
}

const node = (args: Normalisation) => args.node;

/** (x - mean) / sqrt(variance + eps). */
export const normaliseOp: Op<Normalisation> = { node, forward, gradients: [from([0], inputGradient)] };

/** The same, times a weight; plus a bias, where there is one. */
export const normaliseAffineOp: Op<Normalisation> = {
  node,
  forward,
  gradients: [
    from([0, 1], inputGradient),
    from([0], (g, [x], args, { shape }) =>
      affineGradient(mul(cast(call, g, args.statistics.mean.dtype), normalised(x!, args)), args, shape),
    ),
    linear((g, args, { shape }) => affineGradient(g, args, shape)),
  ],
};
