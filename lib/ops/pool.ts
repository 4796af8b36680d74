// Pooling of images: the greatest element or the mean of every window. One pass over the outputs for each place in the window.
import { computeDType } from '../dtype.js';
import { allocateView, narrowView, outputView, restride, type TensorView } from '../view.js';
import { choose, equal, mul } from './arithmetic.js';
import { binaryOps, choiceOps } from './elementwise.js';
import { from, linear, type Op } from './op.js';
import { cast, contiguousCopy, copy, fill } from './storage.js';

type Pair = readonly [number, number];

/** Windows on the last two dimensions. */
export interface PoolArgs {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** The output's height and width. */
  readonly size: Pair;
}

const lastDims = [2, 1] as const;

/** x with `value` around it, as far as the windows reach; x itself where they do not reach beyond it. */
function surrounded(call: string, x: TensorView, args: PoolArgs, value: number): TensorView {
  const { shape } = x;
  const sizes = [0, 1].map((d) => {
    const reach = (args.size[d]! - 1) * args.stride[d]! + args.dilation[d]! * (args.kernel[d]! - 1) + 1;
    return Math.max(reach, shape[shape.length - 2 + d]! + args.padding[d]!);
  });
  if (
    args.padding[0] === 0 &&
    args.padding[1] === 0 &&
    sizes.every((size, d) => size === shape[shape.length - 2 + d])
  ) {
    return x;
  }
  const out = outputView(call, [...shape.slice(0, -2), ...sizes], x.dtype);
  fill(call, out, value);
  copy(call, x, inner(call, out, shape, args));
  return out;
}

/** Where x is in what surrounds it. */
function inner(call: string, view: TensorView, shape: readonly number[], { padding }: PoolArgs): TensorView {
  return lastDims.reduce((out, back) => {
    const dim = shape.length - back;
    return narrowView(call, out, dim, padding[2 - back]!, Math.min(shape[dim]!, view.shape[dim]! - padding[2 - back]!));
  }, view);
}

/** For each place in the window, row by row: the elements there, shaped as the output. */
function places(view: TensorView, { kernel, stride, dilation, size }: PoolArgs): TensorView[] {
  const [down, right] = view.strides.slice(-2) as [number, number];
  const shape = [...view.shape.slice(0, -2), ...size];
  const strides = [...view.strides.slice(0, -2), down * stride[0], right * stride[1]];
  return Array.from({ length: kernel[0] * kernel[1] }, (_, i) => {
    const [row, column] = [Math.floor(i / kernel[1]), i % kernel[1]];
    return restride(view, shape, strides, view.offset + row * dilation[0] * down + column * dilation[1] * right);
  });
}

/** Adds up what `part` gives for each place in the window, where it belongs in the input. */
function scatter(
  call: string,
  shape: readonly number[],
  dtype: TensorView['dtype'],
  args: PoolArgs,
  part: (place: number) => TensorView,
): TensorView {
  const sums = surrounded(call, allocateView(call, shape, dtype), args, 0);
  for (const [i, target] of places(sums, args).entries()) {
    binaryOps.add.forward(call, [target, part(i)], undefined, target);
  }
  return sums.shape.every((size, d) => size === shape[d]) ? sums : inner(call, sums, shape, args);
}

const back = 'backward';

/** The greatest element of each window; NaN if there is one. Of equal ones the first has the gradient. */
export const maxPoolOp: Op<PoolArgs> = {
  node: 'MaxPool2DWithIndicesBackward0',
  forward: (call, [x], args) => {
    const [first, ...others] = places(surrounded(call, x!, args, -Infinity), args);
    const out = contiguousCopy(call, first!);
    for (const other of others) choiceOps.maximum.forward(call, [out, other], undefined, out);
    return out;
  },
  gradients: [
    from([0, 'output'], (grad, [x, y], args) => {
      const windows = places(surrounded(back, x!, args, -Infinity), args);
      const nothing = allocateView(back, [], grad.dtype);
      let left = grad;
      return scatter(back, x!.shape, grad.dtype, args, (i) => {
        const hit = equal(windows[i]!, y!);
        const part = choose(back, hit, left, nothing);
        left = choose(back, hit, nothing, left);
        return part;
      });
    }),
  ],
};

/** How the sums of windows are divided. */
export interface AveragePoolArgs extends PoolArgs {
  /** What the sum of each window is multiplied by: [height, width] of the output. */
  readonly factors: TensorView;
}

/** The sum of each window times a factor. */
export const avgPoolOp: Op<AveragePoolArgs> = {
  node: 'AvgPool2DBackward0',
  forward: (call, [x], args) => {
    const dtype = computeDType(call, x!.dtype);
    const [first, ...others] = places(surrounded(call, cast(call, x!, dtype), args, 0), args);
    const out = contiguousCopy(call, first!);
    for (const other of others) binaryOps.add.forward(call, [out, other], undefined, out);
    return cast(call, mul(out, cast(call, args.factors, dtype)), x!.dtype);
  },
  gradients: [
    linear((grad, args, { shape }) => {
      const shares = mul(grad, cast(back, args.factors, grad.dtype));
      return scatter(back, shape, grad.dtype, args, () => shares);
    }),
  ],
};
