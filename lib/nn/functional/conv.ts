import { checkOptions } from '../../arguments.js';
import { argumentError, describe, rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { checkSize, formatShape } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import { unsqueezeView } from '../../view.js';
import { checkPair, type Padding, type Pair } from './geometry.js';
import { checkBias } from './linear.js';

/** Options of `conv2d`. */
export interface Conv2dOptions {
  /** Steps of the kernel; 1 by default. */
  stride?: Pair;
  /** 0 by default. */
  padding?: Padding;
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
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
  const call = 'conv2d';
  const given = checkOptions(call, options);
  const image = operand(call, input);
  const w = operand(call, weight);
  if (w.shape.length !== 4 || (image.shape.length !== 4 && image.shape.length !== 3)) {
    throw shapeError(
      call,
      `expected images [N, in, H, W] or [in, H, W] and a weight [out, in / groups, kh, kw], got shapes ` +
        `${formatShape(image.shape)} and ${formatShape(w.shape)}`,
    );
  }
  ops.checkSameDType(call, image, w);
  const x = image.shape.length === 4 ? image : unsqueezeView(call, image, 0);
  const stride = checkPair(call, 'stride', given.stride ?? 1, 1);
  const dilation = checkPair(call, 'dilation', given.dilation ?? 1, 1);
  const groups = checkSize(call, given.groups ?? 1, 'groups');
  const [outChannels, groupChannels, ...kernel] = w.shape as [number, number, number, number];
  const channels = x.shape[1]!;
  if (groups < 1 || outChannels % groups !== 0 || channels !== groupChannels * groups) {
    throw shapeError(
      call,
      `${channels} input channels and a weight of shape ${formatShape(w.shape)} do not fit ${groups} groups: ` +
        `expected ${groupChannels * groups} input channels and output channels divisible by ${groups}`,
    );
  }
  const spans = kernel.map((size, d) => dilation[d]! * (size - 1) + 1);
  const { before, total } = padding(call, given.padding ?? 0, spans, stride);
  const sizes = [0, 1].map((d) => {
    const padded = x.shape[d + 2]! + total[d]!;
    if (kernel[d]! < 1 || spans[d]! > padded) {
      throw shapeError(
        call,
        `the kernel, ${formatShape(kernel)} with dilation ${formatShape(dilation)}, does not fit the padded image, ` +
          `${formatShape([x.shape[2]! + total[0], x.shape[3]! + total[1]])}`,
      );
    }
    return Math.floor((padded - spans[d]!) / stride[d]!) + 1;
  });
  const inputs = [image.shape.length === 4 ? input : input.unsqueeze(0), weight];
  if (bias !== null && bias !== undefined) {
    checkBias(call, bias, outChannels, x);
    inputs.push(bias);
  }
  const size = sizes as [number, number];
  const out = apply(call, ops.conv2dOp, inputs, { stride, padding: before, dilation, groups, size });
  return image.shape.length === 4 ? out : out.squeeze(0);
}

/** The padding before the first row and column, and in total. 'same' puts an odd one out at the end, as torch does. */
function padding(call: string, given: Padding, spans: number[], stride: [number, number]) {
  if (given === 'valid') return { before: [0, 0] as const, total: [0, 0] as const };
  if (given === 'same') {
    if (stride[0] !== 1 || stride[1] !== 1) throw rangeError(call, `padding 'same' needs stride 1, got [${stride}]`);
    const total = [spans[0]! - 1, spans[1]! - 1] as const;
    return { before: [Math.floor(total[0] / 2), Math.floor(total[1] / 2)] as const, total };
  }
  if (typeof given === 'string') {
    throw argumentError(call, `unknown padding ${describe(given)}; expected numbers, 'same' or 'valid'`);
  }
  const before = checkPair(call, 'padding', given, 0);
  return { before, total: [2 * before[0], 2 * before[1]] as const };
}
