import { checkOptions } from '../../arguments.js';
import { checkFloat } from '../../dtype.js';
import { rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { checkSize, formatShape } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import type { TensorView } from '../../view.js';
import { checkPair, type Pair } from './geometry.js';

/** Options of poolings. */
export interface PoolOptions {
  /** Steps of the window; as long as the window by default. */
  stride?: Pair | null;
  /** How far windows reach beyond the image, at most half their size; 0 by default. */
  padding?: Pair;
  /** Whether a last window may reach beyond the image; false by default. */
  ceilMode?: boolean;
}

/** Options of `maxPool2d`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance between the window's elements; 1 by default. */
  dilation?: Pair;
}

/** Options of `avgPool2d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether what lies beyond the image counts as zeros; true by default. */
  countIncludePad?: boolean;
  /** What sums are divided by instead of the number of elements. */
  divisorOverride?: number | null;
}

/** Windows as a module or a function is told of them, checked. */
export function checkWindow(call: string, kernelSize: unknown, options: MaxPoolOptions): Omit<ops.PoolArgs, 'size'> {
  const kernel = checkPair(call, 'kernelSize', kernelSize, 1);
  const stride = checkPair(call, 'stride', options.stride ?? kernel, 1);
  const padding = checkPair(call, 'padding', options.padding ?? 0, 0);
  const dilation = checkPair(call, 'dilation', options.dilation ?? 1, 1);
  for (const d of [0, 1] as const) {
    if (padding[d] > Math.floor((dilation[d] * (kernel[d] - 1) + 1) / 2)) {
      throw rangeError(call, `padding must be at most half the window, got [${padding}] for a window of [${kernel}]`);
    }
  }
  return { kernel, stride, padding, dilation };
}

/** The output's height and width. */
function poolArgs(call: string, x: TensorView, kernelSize: unknown, options: MaxPoolOptions): ops.PoolArgs {
  checkFloat(call, x.dtype);
  const args = checkWindow(call, kernelSize, options);
  if (x.shape.length !== 3 && x.shape.length !== 4) {
    throw shapeError(call, `expected images [N, C, H, W] or [C, H, W], got shape ${formatShape(x.shape)}`);
  }
  if (x.shape.slice(-3).includes(0)) {
    throw shapeError(call, `expected images of one pixel or more, got shape ${formatShape(x.shape)}`);
  }
  const size = ([0, 1] as const).map((d) => {
    const length = x.shape[x.shape.length - 2 + d]!;
    const span = args.dilation[d] * (args.kernel[d] - 1) + 1;
    const steps = (length + 2 * args.padding[d] - span) / args.stride[d];
    let count = Math.floor(steps) + 1;
    // A window more, unless it would start beyond the image.
    if (options.ceilMode) {
      count = Math.ceil(steps) + 1;
      if ((count - 1) * args.stride[d] >= length + args.padding[d]) count--;
    }
    if (count < 1) {
      throw shapeError(call, `a window of [${args.kernel}] does not fit an image of shape ${formatShape(x.shape)}`);
    }
    return count;
  }) as [number, number];
  return { ...args, size };
}

/**
 * The greatest element of every window on images [N, C, H, W] or [C, H, W].
 *
 * @param kernelSize the window's height and width
 * @throws RangeError (ERR_SHAPE) where no window fits; RangeError (ERR_RANGE) for padding above half a window
 * @example
 * nn.functional.maxPool2d(randn(1, 8, 4, 4), 2).shape; // [1, 8, 2, 2]
 */
export function maxPool2d(input: Tensor, kernelSize: Pair, options?: MaxPoolOptions): Tensor {
  const call = 'maxPool2d';
  const args = poolArgs(call, operand(call, input), kernelSize, checkOptions(call, options));
  return apply(call, ops.maxPoolOp, [input], args);
}

/**
 * The mean of every window on images [N, C, H, W] or [C, H, W].
 *
 * @param kernelSize the window's height and width
 * @throws RangeError (ERR_SHAPE) where no window fits; RangeError (ERR_RANGE) for padding above half a window
 * @example
 * nn.functional.avgPool2d(randn(1, 8, 4, 4), 2).shape; // [1, 8, 2, 2]
 */
export function avgPool2d(input: Tensor, kernelSize: Pair, options?: AvgPoolOptions): Tensor {
  const call = 'avgPool2d';
  const given = checkOptions(call, options);
  const x = operand(call, input);
  const { ceilMode, countIncludePad = true, divisorOverride = null } = given;
  const windows = { stride: given.stride ?? null, padding: given.padding ?? 0, ceilMode: ceilMode ?? false };
  const args = poolArgs(call, x, kernelSize, windows);
  const divisor = checkDivisor(call, divisorOverride) ?? 0;
  return apply(call, ops.avgPoolOp, [input], { ...args, countsPadding: countIncludePad, divisor });
}

export function checkDivisor(call: string, divisor: unknown): number | null {
  if (divisor === null || divisor === undefined) return null;
  if (checkSize(call, divisor, 'divisorOverride') === 0) throw rangeError(call, 'divisorOverride must not be 0');
  return divisor as number;
}
