import { checkOptions } from '../../arguments.js';
import { checkFloat } from '../../dtype.js';
import { rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { checkShape, checkSize, formatShape } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import { checkPair, type Pair } from './geometry.js';
import { checkBias } from './linear.js';

/** Options of `convTranspose2d`. */
export interface ConvTranspose2dOptions {
  /** Steps of the kernel; 1 by default. */
  stride?: Pair;
  /** How much is cut off around the result; 0 by default. */
  padding?: Pair;
  /** How much is added to the result's height and width, below the stride or the dilation; 0 by default. */
  outputPadding?: Pair;
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
}

/**
 * The transposed convolution, which is conv2d's gradient with respect to its input: images [N, in, H, W] or [in, H, W], a
 * weight [in, out / groups, kh, kw] and a bias [out]. A size becomes (size - 1) stride - 2 padding + dilation (k - 1) +
 * outputPadding + 1.
 *
 * @throws RangeError (ERR_SHAPE) where channels do not match or nothing is left of the image
 * @example
 * nn.functional.convTranspose2d(randn(1, 8, 4, 4), randn(8, 3, 2, 2), null, { stride: 2 }).shape; // [1, 3, 8, 8]
 */
export function convTranspose2d(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options?: ConvTranspose2dOptions,
): Tensor {
  const call = 'convTranspose2d';
  const given = checkOptions(call, options);
  const [x, w] = [operand(call, input), operand(call, weight)];
  checkFloat(call, x.dtype);
  if (w.shape.length !== 4 || (x.shape.length !== 4 && x.shape.length !== 3)) {
    throw shapeError(
      call,
      `expected images [N, in, H, W] or [in, H, W] and a weight [in, out / groups, kh, kw], got shapes ` +
        `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
    );
  }
  ops.checkSameDType(call, x, w);
  const stride = checkPair(call, 'stride', given.stride ?? 1, 1);
  const padding = checkPair(call, 'padding', given.padding ?? 0, 0);
  const dilation = checkPair(call, 'dilation', given.dilation ?? 1, 1);
  const more = checkPair(call, 'outputPadding', given.outputPadding ?? 0, 0);
  const groups = checkSize(call, given.groups ?? 1, 'groups');
  const channels = x.shape[x.shape.length - 3]!;
  if (groups < 1 || channels !== w.shape[0] || channels % groups !== 0) {
    throw shapeError(
      call,
      `${channels} input channels and a weight of shape ${formatShape(w.shape)} do not fit ${groups} groups: expected ` +
        `${w.shape[0]} input channels, divisible by ${groups}`,
    );
  }
  const size = [0, 1].map((d) => {
    if (more[d]! >= Math.max(stride[d]!, dilation[d]!)) {
      throw rangeError(call, `outputPadding must be below the stride or the dilation, got [${more}]`);
    }
    const [length, kernel] = [x.shape[x.shape.length - 2 + d]!, w.shape[2 + d]!];
    if (kernel < 1) throw shapeError(call, `the kernel of shape ${formatShape(w.shape)} is empty`);
    return (length - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (kernel - 1) + more[d]! + 1;
  }) as [number, number];
  if (size.some((length) => length < 1)) {
    throw shapeError(call, `nothing is left of an image of shape ${formatShape(x.shape)}: it would be [${size}]`);
  }
  const outChannels = w.shape[1]! * groups;
  const inputs = [x.shape.length === 4 ? input : input.unsqueeze(0), weight];
  checkShape(call, [inputs[0]!.size(0), outChannels, ...size]);
  if (bias !== null && bias !== undefined) {
    checkBias(call, bias, outChannels, x);
    inputs.push(bias);
  }
  const out = apply(call, ops.convTranspose2dOp, inputs, { stride, padding, dilation, groups, size });
  return x.shape.length === 4 ? out : out.squeeze(0);
}
