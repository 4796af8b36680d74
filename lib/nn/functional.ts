// The computations of modules, as functions of tensors.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError, shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { checkSize, formatShape, numElements } from '../shape.js';
import { apply, operand, type Tensor } from '../tensor/index.js';
import { type TensorView, unsqueezeView } from '../view.js';

/** A number for height and width alike, or one for each. */
export type Pair = number | readonly [number, number];

/** Zeros around an image: as numbers, as many as keep its size ('same', stride 1 only), or none ('valid'). */
export type Padding = Pair | 'same' | 'valid';

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

/** Checks a pair of sizes given by a user. */
export function checkPair(call: string, name: string, value: unknown, least: number): [number, number] {
  const pair = Array.isArray(value) ? value : [value, value];
  if (pair.length !== 2) throw argumentError(call, `${name} must be a number or two, got ${describe(value)}`);
  for (const size of pair) {
    if (checkSize(call, size, name) < least) throw rangeError(call, `${name} must be ${least} or more, got ${size}`);
    if (size > 2 ** 31 - 1) throw rangeError(call, `${name} must be below 2^31, got ${size}`);
  }
  return [pair[0], pair[1]];
}

/**
 * x W' + b for inputs [..., in], a weight [out, in] and a bias [out].
 *
 * @throws RangeError (ERR_SHAPE) where the inputs have another number of features
 * @example
 * nn.functional.linear(randn(8, 512), randn(10, 512), zeros(10)).shape; // [8, 10]
 */
export function linear(input: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const call = 'linear';
  const x = operand(call, input);
  const w = operand(call, weight);
  if (w.shape.length !== 2) throw shapeError(call, `expected a weight [out, in], got shape ${formatShape(w.shape)}`);
  const [outFeatures, inFeatures] = w.shape as [number, number];
  const features = x.shape.at(-1);
  if (features !== inFeatures) {
    throw shapeError(
      call,
      `expected ${inFeatures} input features, got ${features ?? 'a scalar'}: input shape ${formatShape(x.shape)}, ` +
        `weight shape ${formatShape(w.shape)}`,
    );
  }
  ops.checkSameDType(call, x, w);
  if (bias !== null && bias !== undefined) checkBias(call, bias, outFeatures, x);
  const inputs = bias === null || bias === undefined ? [weight] : [weight, bias];
  if (x.shape.length === 2) return apply(call, ops.linearOp, [input, ...inputs], undefined);
  const flat = input.reshape(numElements(x.shape.slice(0, -1)), inFeatures);
  return apply(call, ops.linearOp, [flat, ...inputs], undefined).view([...x.shape.slice(0, -1), outFeatures]);
}

function checkBias(call: string, bias: Tensor, size: number, x: TensorView): void {
  const view = operand(call, bias);
  if (view.shape.length !== 1 || view.shape[0] !== size) {
    throw shapeError(call, `expected a bias of shape [${size}], got ${formatShape(view.shape)}`);
  }
  ops.checkSameDType(call, view, x);
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

/**
 * max(x, 0) for each element.
 *
 * @example
 * nn.functional.relu(randn(3));
 */
export function relu(input: Tensor): Tensor {
  operand('relu', input);
  return input.relu();
}
