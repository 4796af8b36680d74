// Pooling of images: the greatest element or the mean of every window.
import { computeDType } from '../dtype.js';
import { kernelId, run } from '../run.js';
import type { Shape } from '../shape.js';
import { contiguousStrides } from '../shape.js';
import { allocateView, outputView, restride, type TensorView } from '../view.js';
import { linear, type Op } from './op.js';
import { cast, contiguous } from './storage.js';

type Pair = readonly [number, number];

const kernels = {
  max: kernelId('max_pool2d'),
  maxBackward: kernelId('max_pool2d_backward'),
  average: kernelId('avg_pool2d'),
  averageBackward: kernelId('avg_pool2d_backward'),
};

/** Windows on the last two dimensions. */
export interface PoolArgs {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** The output's height and width. */
  readonly size: Pair;
}

/** Images [N, C, H, W] in a dtype that has arithmetic; all dimensions before the last two count as channels. */
function images(call: string, view: TensorView): TensorView {
  return planes(contiguous(call, cast(call, view, computeDType(call, view.dtype))));
}

/** A contiguous view as [1, C, H, W]. */
function planes(view: TensorView): TensorView {
  const [height, width] = view.shape.slice(-2) as [number, number];
  const shape = [1, view.shape.slice(0, -2).reduce((count, size) => count * size, 1), height, width];
  return restride(view, shape, contiguousStrides(shape));
}

const pooled = (x: TensorView, { size }: PoolArgs): Shape => [...x.shape.slice(0, -2), ...size];

/** Windows of a maximum, which remembers where it found each. */
export interface MaxPoolArgs extends PoolArgs {
  indices?: TensorView;
}

/** The greatest element of each window; NaN if there is one. The first of equal ones has the gradient. */
export const maxPoolOp: Op<MaxPoolArgs> = {
  node: 'MaxPool2DWithIndicesBackward0',
  forward: (call, [x], args) => {
    const input = images(call, x!);
    const shape = pooled(x!, args);
    const out = outputView(call, shape, input.dtype);
    args.indices = outputView(call, shape, 'int64');
    const params = [...args.kernel, ...args.stride, ...args.padding, ...args.dilation];
    run(call, kernels.max, [planes(out), planes(args.indices), input], params);
    return cast(call, out, x!.dtype);
  },
  gradients: [
    linear((grad, { indices }, { shape }) => {
      const g = images('backward', grad);
      const out = allocateView('backward', shape, g.dtype as 'float32' | 'float64');
      run('backward', kernels.maxBackward, [planes(out), planes(indices!), g]);
      return out;
    }),
  ],
};

/** How the sums of windows are divided. */
export interface AveragePoolArgs extends PoolArgs {
  /** Whether what lies beyond the image counts. */
  readonly countsPadding: boolean;
  /** What to divide by instead of the number of elements; 0: by that. */
  readonly divisor: number;
}

const averageParams = ({ kernel, stride, padding, countsPadding, divisor }: AveragePoolArgs) => [
  ...kernel,
  ...stride,
  ...padding,
  countsPadding ? 1 : 0,
  divisor,
];

/** The mean of each window. */
export const avgPoolOp: Op<AveragePoolArgs> = {
  node: 'AvgPool2DBackward0',
  forward: (call, [x], args) => {
    const input = images(call, x!);
    const out = outputView(call, pooled(x!, args), input.dtype as 'float32' | 'float64');
    run(call, kernels.average, [planes(out), input], averageParams(args));
    return cast(call, out, x!.dtype);
  },
  gradients: [
    linear((grad, args, { shape }) => {
      const g = images('backward', grad);
      const out = outputView('backward', shape, g.dtype as 'float32' | 'float64');
      run('backward', kernels.averageBackward, [planes(out), g], averageParams(args));
      return out;
    }),
  ],
};
