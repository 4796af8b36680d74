// Reductions over all or some dimensions, with their gradients.
import { checkFloat, type DType, dtypes } from '../dtype.js';
import { dtypeError, shapeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { checkDims, formatShape, numElements, type Shape, sameShape } from '../shape.js';
import { broadcastTo, outputView, pickDims, reshapeView, restride, type TensorView } from '../view.js';
import { abs, div, equal, masked, mul, pow, sign, sub } from './arithmetic.js';
import { nodeName } from './names.js';
import { from, type Gradient, linear, type Op } from './op.js';
import { cast, contiguous } from './storage.js';

/** What a reduction is told besides its input. */
export interface Reduced {
  /** The dimensions reduced; all of them where undefined. */
  readonly dims: number | readonly number[] | undefined;
  readonly keepdim: boolean;
  /** What the kernel wants to know besides: the correction of a variance, the order of a norm. */
  readonly params: readonly number[];
}

interface Row {
  /** The dtype of the result. */
  readonly dtype: (call: string, dtype: DType) => DType;
  readonly gradient?: Gradient<Reduced>;
  /** Whether there is no result without elements. */
  readonly extreme?: (params: readonly number[]) => boolean;
  /** torch's name for the node of a reduction over all dimensions, or over some; `SumBackward0` and `1` unless given. */
  readonly node?: (all: boolean) => string;
}

/** Whole numbers add up in int64. */
const summed = (_: string, dtype: DType): DType => (dtypes[dtype].kind === 'float' ? dtype : 'int64');
const same = (_: string, dtype: DType): DType => dtype;
const boolean = (): DType => 'bool';
function place(call: string, dtype: DType): DType {
  if (dtype === 'bool') throw dtypeError(call, 'booleans are in no order; convert with to() first');
  return 'int64';
}

function reduction(name: string, row: Row): Op<Reduced> {
  const kernel = kernelId(name);
  const node = row.node ?? ((all) => nodeName(name, all ? 0 : 1));
  return {
    node: ({ dims }) => node(dims === undefined),
    forward: (call, [x], args) => reduce(call, kernel, row, x!, args),
    gradients: row.gradient === undefined ? [] : [row.gradient],
  };
}

function reduce(call: string, kernel: number, row: Row, x: TensorView, args: Reduced): TensorView {
  const { dims, keepdim, params } = args;
  const reduced = new Set(checkDims(call, dims, x.shape.length));
  const kept = x.shape.map((size, d) => (reduced.has(d) ? 1 : size));
  if (row.extreme?.(params) && x.shape.some((size, d) => size === 0 && reduced.has(d))) {
    throw shapeError(call, `no elements to reduce in shape ${formatShape(x.shape)}`);
  }
  const out = outputView(call, kept, row.dtype(call, x.dtype));
  run(call, kernel, [out, x], params);
  // As torch: whether bytes are not 0 is a byte.
  const shown: TensorView = out.dtype === 'bool' && x.dtype === 'uint8' ? { ...out, dtype: 'uint8' } : out;
  if (keepdim) return shown;
  return pickDims(
    shown,
    kept.map((_, d) => d).filter((d) => !reduced.has(d)),
  );
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

const keeping = ({ dims }: Reduced): Reduced => ({ dims, keepdim: true, params: [] });
const sumOver = (x: TensorView, args: Reduced) => reductionOps.sum.forward(call, [x], keeping(args));

function varianceGradient(g: TensorView, x: TensorView, args: Reduced): TensorView {
  const factor = 2 / Math.max(0, reducedCount(args, x.shape) - args.params[0]!);
  const deviations = sub(x, reductionOps.mean.forward(call, [x], keeping(args)));
  return mul(mul(spread(g, args, x.shape), factor), deviations);
}

/** The gradient goes to the extreme, and in equal parts to equal ones, as in torch. */
function extremeGradient(g: TensorView, x: TensorView, y: TensorView, args: Reduced): TensorView {
  const hits = equal(x, spread(y, args, x.shape));
  const counts = cast(call, sumOver(hits, args), g.dtype);
  return masked(hits, div(spread(g, args, x.shape), broadcastTo(counts, x.shape)));
}

/**
 * The product of the others for each element: where one element is 0, only its own gradient may differ from 0; where two
 * are, none does.
 */
function productGradient(g: TensorView, x: TensorView, args: Reduced): TensorView {
  const isZero = equal(x, 0);
  const zeros = broadcastTo(cast(call, sumOver(isZero, args), g.dtype), x.shape);
  // Zeros counted as ones.
  const nonzero = addTo(x, isZero);
  const product = broadcastTo(reductionOps.prod.forward(call, [nonzero], keeping(args)), x.shape);
  const grad = spread(g, args, x.shape);
  const without = masked(equal(zeros, 0), div(mul(grad, product), nonzero));
  const single = masked(equal(zeros, 1), masked(isZero, mul(grad, product)));
  return addTo(without, single);
}

const addTo = (x: TensorView, y: TensorView) => sub(x, mul(cast(call, y, x.dtype), -1));

/** The gradient of (sum |x|^p)^(1/p) is sign(x) |x|^(p-1) / norm^(p-1), 0 where the norm is. */
function normGradient(g: TensorView, x: TensorView, y: TensorView, args: Reduced): TensorView | undefined {
  const [order] = args.params as [number];
  // A count of what is not 0 has no gradient, as in torch.
  if (order === 0) return undefined;
  const [grad, norm] = [spread(g, args, x.shape), spread(y, args, x.shape)];
  if (order === 1) return mul(grad, sign(x));
  if (!Number.isFinite(order)) {
    const magnitudes = abs(x);
    return mul(extremeGradient(g, magnitudes, y, args), sign(x));
  }
  const scaled = order === 2 ? div(x, norm) : mul(sign(x), pow(div(abs(x), norm), order - 1));
  return masked(
    equal(equal(norm, 0), 0),
    order < 2 ? masked(equal(equal(x, 0), 0), mul(grad, scaled)) : mul(grad, scaled),
  );
}

/** Reductions over all or some dimensions. Each row becomes a method of Tensor. */
export const reductionOps = {
  sum: reduction('sum', {
    dtype: summed,
    gradient: linear((g, args, { shape }) => spread(g, args, shape)),
  }),
  mean: reduction('mean', {
    dtype: checkFloat,
    gradient: linear((g, args, { shape }) => div(spread(g, args, shape), reducedCount(args, shape))),
  }),
  prod: reduction('prod', {
    dtype: summed,
    gradient: from([0], (g, [x], args) => productGradient(g, x!, args)),
  }),
  var: reduction('var', {
    dtype: checkFloat,
    gradient: from([0], (g, [x], args) => varianceGradient(g, x!, args)),
    node: () => 'VarBackward0',
  }),
  std: reduction('std', {
    dtype: checkFloat,
    gradient: from([0, 'output'], (g, [x, y], args) =>
      varianceGradient(masked(equal(equal(y!, 0), 0), div(g, mul(y!, 2))), x!, args),
    ),
    node: () => 'StdBackward0',
  }),
  min: reduction('min', {
    dtype: same,
    extreme: () => true,
    gradient: from([0, 'output'], (g, [x, y], args) => extremeGradient(g, x!, y!, args)),
    node: (all) => (all ? 'MinBackward1' : 'AminBackward0'),
  }),
  max: reduction('max', {
    dtype: same,
    extreme: () => true,
    gradient: from([0, 'output'], (g, [x, y], args) => extremeGradient(g, x!, y!, args)),
    node: (all) => (all ? 'MaxBackward1' : 'AmaxBackward0'),
  }),
  norm: reduction('norm', {
    dtype: checkFloat,
    extreme: ([order]) => order! < 0 || order === Infinity,
    gradient: from([0, 'output'], (g, [x, y], args) => normGradient(g, x!, y!, args)),
    node: () => 'LinalgVectorNormBackward0',
  }),
  any: reduction('any', { dtype: boolean }),
  all: reduction('all', { dtype: boolean }),
  argmax: reduction('argmax', { dtype: place, extreme: () => true }),
  argmin: reduction('argmin', { dtype: place, extreme: () => true }),
} satisfies Record<string, Op<Reduced>>;

/** A view summed over what broadcasting repeated, so that it has `shape`. */
export function sumTo(view: TensorView, shape: Shape): TensorView {
  if (sameShape(view.shape, shape)) return view;
  const lead = view.shape.length - shape.length;
  const dims = view.shape.flatMap((size, d) => (d < lead || (shape[d - lead] === 1 && size !== 1) ? [d] : []));
  const summed = reductionOps.sum.forward(call, [view], { dims, keepdim: true, params: [] });
  return restride(summed, shape, summed.strides.slice(lead));
}
