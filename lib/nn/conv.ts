// Convolutions as layers.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { checkGenerator } from '../random.js';
import { checkSize } from '../shape.js';
import type { Tensor } from '../tensor/index.js';
import { conv1d, conv2d } from './functional/conv.js';
import { checkSizes, type Padding, type Pair, type Single } from './functional/geometry.js';
import { pad } from './functional/pad.js';
import { type LayerOptions, makeParameter, resetWeightAndBias } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';
import { pythonTuple } from './python.js';

/** What is around the image: zeros, or the image itself as `functional.pad` has it. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

const modes: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** Options of convolutions over windows of sizes `Size`. */
export interface ConvOptions<Size> extends LayerOptions {
  /** Steps of the kernel; 1 by default. */
  stride?: Size;
  /** How much is added around the image; 0 by default. */
  padding?: Size | 'same' | 'valid';
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Size;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
  /** What is added; 'zeros' by default. */
  paddingMode?: PaddingMode;
}

export type Conv1dModuleOptions = ConvOptions<Single>;
export type Conv2dModuleOptions = ConvOptions<Pair>;

/** What torch prints of a convolution beside its channels, options at their defaults left out. */
export function describeConv(conv: {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | string;
  readonly dilation: readonly number[];
  readonly outputPadding?: readonly number[];
  readonly groups: number;
  readonly bias: unknown;
  readonly paddingMode?: string;
}): string {
  const { padding, dilation, outputPadding = [], groups, paddingMode = 'zeros' } = conv;
  const parts = [`kernel_size=${pythonTuple(conv.kernelSize)}`, `stride=${pythonTuple(conv.stride)}`];
  if (typeof padding === 'string') parts.push(`padding=${padding}`);
  else if (padding.some((size) => size !== 0)) parts.push(`padding=${pythonTuple(padding)}`);
  if (dilation.some((size) => size !== 1)) parts.push(`dilation=${pythonTuple(dilation)}`);
  if (outputPadding.some((size) => size !== 0)) parts.push(`output_padding=${pythonTuple(outputPadding)}`);
  if (groups !== 1) parts.push(`groups=${groups}`);
  if (conv.bias === null) parts.push('bias=False');
  if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
  return parts.join(', ');
}

/** Checks that channels divide into groups. */
export function checkGroups(call: string, given: unknown, ...channels: number[]): number {
  const groups = checkSize(call, given, 'groups');
  if (groups < 1 || channels.some((count) => count % groups !== 0)) {
    throw argumentError(call, `channels ${channels.join(' and ')} are not divisible by groups ${groups}`);
  }
  return groups;
}

/** Convolutions over 1 or 2 dimensions, with a weight [out, in / groups, ...kernel]. */
abstract class Conv<Sizes extends readonly number[], Size> extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes | 'same' | 'valid';
  readonly dilation: Sizes;
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options: ConvOptions<Size> | undefined,
  ) {
    super();
    const call = new.target.name;
    const { bias = true, dtype, generator, init = true, ...given } = checkOptions(call, options);
    const sizes = (name: string, value: unknown, least: number) =>
      checkSizes(call, name, value, least, dims) as unknown as Sizes;
    this.inChannels = checkSize(call, inChannels, 'inChannels');
    this.outChannels = checkSize(call, outChannels, 'outChannels');
    this.kernelSize = sizes('kernelSize', kernelSize, 1);
    this.stride = sizes('stride', given.stride ?? 1, 1);
    this.dilation = sizes('dilation', given.dilation ?? 1, 1);
    const padding: unknown = given.padding ?? 0;
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw rangeError(call, `padding 'same' needs stride 1, got [${this.stride}]`);
    }
    this.padding = padding === 'same' || padding === 'valid' ? padding : sizes('padding', padding, 0);
    this.paddingMode = given.paddingMode ?? 'zeros';
    if (!modes.includes(this.paddingMode)) {
      throw argumentError(call, `paddingMode must be one of ${modes.join(', ')}, got ${describe(this.paddingMode)}`);
    }
    this.groups = checkGroups(call, given.groups ?? 1, this.inChannels, this.outChannels);
    checkGenerator(call, generator);
    const shape = [this.outChannels, this.inChannels / this.groups, ...this.kernelSize];
    this.weight = makeParameter(call, shape, dtype, !init);
    this.bias = bias ? makeParameter(call, [this.outChannels], dtype, !init) : null;
    if (init) this.resetParameters({ generator });
  }

  /** Draws the parameters anew, as torch initialises them by default. */
  override resetParameters(options: RandomOptions = {}): void {
    resetWeightAndBias(this.weight, this.bias, options);
  }

  /** The input with what is around it where that is not zeros, and the padding that is left to do. */
  protected padded(input: Tensor): [input: Tensor, padding: Sizes | 'same' | 'valid' | 0] {
    const { padding, paddingMode, dilation, kernelSize } = this;
    if (paddingMode === 'zeros' || padding === 'valid') return [input, padding];
    const around = kernelSize.map((size, d) => {
      if (padding !== 'same') return [padding[d]!, padding[d]!];
      const total = dilation[d]! * (size - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return [pad(input, around.reverse().flat(), paddingMode), 0];
  }

  protected override extraRepr(): string {
    return `${this.inChannels}, ${this.outChannels}, ${describeConv(this)}`;
  }
}

/**
 * A one-dimensional convolution (cross-correlation, as in torch) with a weight [out, in / groups, k].
 *
 * @example
 * const conv = new nn.Conv1d(16, 32, 5, { stride: 2 });
 */
export class Conv1d extends Conv<readonly [number], Single> {
  constructor(inChannels: number, outChannels: number, kernelSize: Single, options?: Conv1dModuleOptions) {
    super(1, inChannels, outChannels, kernelSize, options);
  }

  override forward(input: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    const [x, padding] = this.padded(input);
    return conv1d(x, this.weight, this.bias, { stride, padding, dilation, groups });
  }
}

/**
 * A two-dimensional convolution (cross-correlation, as in torch) with a weight [out, in / groups, kh, kw].
 *
 * @example
 * const conv = new nn.Conv2d(3, 64, 3, { padding: 1 });
 */
export class Conv2d extends Conv<readonly [number, number], Pair> {
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: Conv2dModuleOptions) {
    super(2, inChannels, outChannels, kernelSize, options);
  }

  override forward(input: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    const [x, padding] = this.padded(input);
    return conv2d(x, this.weight, this.bias, { stride, padding: padding as Padding, dilation, groups });
  }
}
