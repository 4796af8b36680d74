// Reductions over all or some dimensions, with their gradients.
import { computeDType } from '../dtype.js';
import { shapeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { checkDims, formatShape, numElements, type Shape, sameShape } from '../shape.js';
import { broadcastTo, outputView, pickDims, reshapeView, restride, type TensorView } from '../view.js';
import { div, mul, sub } from './arithmetic.js';
import { from, type Gradient, linear, type Op } from './op.js';
import { cast, contiguous } from './storage.js';

/** What a reduction is told besides its input. */
export interface Reduced {
  /** The dimensions reduced, all of them where it says so. */
  readonly dims: number | readonly number[] | undefined;
  readonly keepdim: boolean;
  /** What the kernel wants to know besides: the correction of a variance, the order of a norm. */
  readonly params: readonly number[];
}

/** Reduces with a kernel of relation kReduce. */
function reduce(call: string, kernel: number, x: TensorView, args: Reduced, extreme: boolean): TensorView {
  const { dims, keepdim, params } = args;
  const reduced = new Set(checkDims(call, dims, x.shape.length));
  const kept = x.shape.map((size, d) => (reduced.has(d) ? 1 : size));
  if (extreme && x.shape.some((size, d) => size === 0 && reduced.has(d))) {
    throw shapeError(call, `no elements to reduce in shape ${formatShape(x.shape)}`);
  }
  const compute = computeDType(call, x.dtype);
  const result = outputView(call, kept, compute);
  run(call, kernel, [result, cast(call, x, compute)], params);
  const out = cast(call, result, x.dtype);
  if (keepdim) return out;
  return pickDims(
    out,
    kept.map((_, d) => d).filter((d) => !reduced.has(d)),
  );
}

/** Norms of negative or infinite order are extremes too. */
const isExtreme = ([order]: readonly number[]) => order! < 0 || order === Infinity;

function reduction(
  name: string,
  gradient: Gradient<Reduced> | undefined,
  options: {
    extreme?: (params: readonly number[]) => boolean;
    node?: readonly [all: string, some: string];
  } = {},
): Op<Reduced> {
  const kernel = kernelId(name);
  const camel = name[0]!.toUpperCase() + name.slice(1);
  const [all, some] = options.node ?? [`${camel}Backward0`, `${camel}Backward1`];
  return {
    node: ({ dims }) => (dims === undefined ? all : some),
    forward: (call, [x], args) => reduce(call, kernel, x!, args, options.extreme?.(args.params) ?? false),
    gradients: [gradient],
  };
}

const call = 'backward';

/** A reduction's output, or its gradient, as it broadcasts to the input's shape. */
function spread(view: TensorView, { dims }: Reduced, shape: Shape): TensorView {
  const reduced = new Set(checkDims(call, dims, shape.length));
  const kept = shape.map((size, d) => (reduced.has(d) ? 1 : size));
  return broadcastTo(reshapeView(call, contiguous(call, view), kept)!, shape);
}

/** How many elements go into each element of the output. */
function reducedCount({ dims }: Reduced, shape: Shape): number {
  return numElements(checkDims(call, dims, shape.length).map((d) => shape[d]!));
}

/** x minus its mean over the reduced dimensions. */
function deviations(x: TensorView, { dims }: Reduced): TensorView {
  return sub(x, reductionOps.mean.forward(call, [x], { dims, keepdim: true, params: [] }));
}

function varianceGradient(g: TensorView, x: TensorView, args: Reduced): TensorView {
  const factor = 2 / Math.max(0, reducedCount(args, x.shape) - args.params[0]!);
  return mul(mul(spread(g, args, x.shape), factor), deviations(x, args));
}

/** Reductions over all or some dimensions. Each row becomes a method of Tensor. */
export const reductionOps = {
  sum: reduction(
    'sum',
    linear((g, args, { shape }) => spread(g, args, shape)),
  ),
  mean: reduction(
    'mean',
    linear((g, args, { shape }) => div(spread(g, args, shape), reducedCount(args, shape))),
  ),
  var: reduction(
    'var',
    from([0], (g, [x], args) => varianceGradient(g, x!, args)),
    { node: ['VarBackward0', 'VarBackward0'] },
  ),
  std: reduction('std', undefined, { node: ['StdBackward0', 'StdBackward0'] }),
  min: reduction('min', undefined, { extreme: () => true, node: ['MinBackward1', 'AminBackward0'] }),
  max: reduction('max', undefined, { extreme: () => true, node: ['MaxBackward1', 'AmaxBackward0'] }),
  norm: reduction('norm', undefined, {
    extreme: isExtreme,
    node: ['LinalgVectorNormBackward0', 'LinalgVectorNormBackward0'],
  }),
} satisfies Record<string, Op<Reduced>>;

/** A view summed over what broadcasting repeated, so that it has `shape`. */
export function sumTo(view: TensorView, shape: Shape): TensorView {
  if (sameShape(view.shape, shape)) return view;
  const lead = view.shape.length - shape.length;
  const dims = view.shape.flatMap((size, d) => (d < lead || (shape[d - lead] === 1 && size !== 1) ? [d] : []));
  const summed = reductionOps.sum.forward(call, [view], { dims, keepdim: true, params: [] });
  return restride(summed, shape, summed.strides.slice(lead));
}
