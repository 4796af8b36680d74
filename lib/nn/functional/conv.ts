import { checkOptions } from '../../arguments.js';
import { checkFloat } from '../../dtype.js';
import { argumentError, describe, rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { checkSize, formatShape, type Shape } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import { checkSizes, type Padding, type Pair, type Single } from './geometry.js';
import { checkBias } from './linear.js';

/** Options of convolutions over windows of sizes `Size`. */
export interface ConvFunctionOptions<Size> {
  /** Steps of the kernel; 1 by default. */
  stride?: Size;
  /** Zeros around the image: as numbers, as many as keep its size ('same', stride 1 only), or none ('valid'). 0 by default. */
  padding?: Size | 'same' | 'valid';
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Size;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
}

/** Options of `conv1d`. */
export type Conv1dOptions = ConvFunctionOptions<Single>;

/** Options of `conv2d`. */
export type Conv2dOptions = ConvFunctionOptions<Pair>;

/**
 * One-dimensional convolution (cross-correlation, as in torch) of sequences [N, in, L] or one sequence [in, L] with a
 * weight [out, in / groups, k] and a bias [out].
 *
 * @throws RangeError (ERR_SHAPE) where channels do not match or the kernel is longer than the padded sequence
 * @example
 * nn.functional.conv1d(randn(1, 3, 32), randn(8, 3, 5)).shape; // [1, 8, 28]
 */
export function conv1d(input: Tensor, weight: Tensor, bias: Tensor | null = null, options?: Conv1dOptions): Tensor {
  return convolve('conv1d', ['sequences [N, in, L] or [in, L]', 'k'], input, weight, bias, options);
}

/**
 * Two-dimensional convolution (cross-correlation, as in torch) of images [N, in, H, W] or one image [in, H, W] with a
 * weight [out, in / groups, kh, kw] and a bias [out].
 *
 * @throws RangeError (ERR_SHAPE) where channels do not match or the kernel is larger than the padded image
 * @example
 * nn.functional.conv2d(randn(1, 3, 32, 32), randn(8, 3, 3, 3), null, { padding: 1 }).shape; // [1, 8, 32, 32]
 */
export function conv2d(input: Tensor, weight: Tensor, bias: Tensor | null = null, options?: Conv2dOptions): Tensor {
  return convolve('conv2d', ['images [N, in, H, W] or [in, H, W]', 'kh', 'kw'], input, weight, bias, options);
}

function convolve(
  call: string,
  [inputs, ...kernelWords]: readonly [string, ...string[]],
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvFunctionOptions<Pair | Single> | undefined,
): Tensor {
  const dims = kernelWords.length;
  const given = checkOptions(call, options);
  const x = operand(call, input);
  const w = operand(call, weight);
  const single = x.shape.length === dims + 1;
  if (w.shape.length !== dims + 2 || (x.shape.length !== dims + 2 && !single)) {
    throw shapeError(
      call,
      `expected ${inputs} and a weight [out, in / groups, ${kernelWords.join(', ')}], got shapes ` +
        `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
    );
  }
  checkFloat(call, x.dtype);
  ops.checkSameDType(call, x, w);
  const stride = checkSizes(call, 'stride', given.stride ?? 1, 1, dims);
  const dilation = checkSizes(call, 'dilation', given.dilation ?? 1, 1, dims);
  const groups = checkSize(call, given.groups ?? 1, 'groups');
  const [outChannels, groupChannels, ...kernel] = w.shape as [number, number, ...number[]];
  const [channels, ...lengths] = x.shape.slice(-dims - 1) as [number, ...number[]];
  if (groups < 1 || outChannels % groups !== 0 || channels !== groupChannels * groups) {
    throw shapeError(
      call,
      `${channels} input channels and a weight of shape ${formatShape(w.shape)} do not fit ${groups} groups: ` +
        `expected ${groupChannels * groups} input channels and output channels divisible by ${groups}`,
    );
  }
  const spans = kernel.map((size, d) => dilation[d]! * (size - 1) + 1);
  const { before, total } = padding(call, given.padding ?? 0, spans, stride);
  const padded = lengths.map((length, d) => length + total[d]!);
  const size = padded.map((length, d) => {
    if (kernel[d]! < 1 || spans[d]! > length) {
      throw shapeError(
        call,
        `the kernel, ${formatShape(kernel)} with dilation ${formatShape(dilation)}, does not fit the padded image, ` +
          `${formatShape(padded)}`,
      );
    }
    return Math.floor((length - spans[d]!) / stride[d]!) + 1;
  });
  const operands = [single ? input.unsqueeze(0) : input, weight];
  if (bias !== null && bias !== undefined) {
    checkBias(call, bias, outChannels, x);
    operands.push(bias);
  }
  // A sequence is an image of one row.
  const pair = (sizes: Shape, row: number) => (dims === 1 ? [row, sizes[0]!] : sizes) as [number, number];
  const out = apply(call, dims === 1 ? ops.conv1dOp : ops.conv2dOp, operands, {
    stride: pair(stride, 1),
    padding: pair(before, 0),
    dilation: pair(dilation, 1),
    groups,
    size: pair(size, 1),
  });
  return single ? out.squeeze(0) : out;
}

/** The padding before the first element, and in total. 'same' puts an odd one out at the end, as torch does. */
function padding(call: string, given: Padding | Single, spans: readonly number[], stride: readonly number[]) {
  if (given === 'valid') return { before: spans.map(() => 0), total: spans.map(() => 0) };
  if (given === 'same') {
    if (stride.some((step) => step !== 1)) throw rangeError(call, `padding 'same' needs stride 1, got [${stride}]`);
    const total = spans.map((span) => span - 1);
    return { before: total.map((size) => Math.floor(size / 2)), total };
  }
  if (typeof given === 'string') {
    throw argumentError(call, `unknown padding ${describe(given)}; expected numbers, 'same' or 'valid'`);
  }
  const before = checkSizes(call, 'padding', given, 0, spans.length);
  return { before, total: before.map((size) => 2 * size) };
}
