import { checkOptions } from '../arguments.js';
import { argumentError, rangeError } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { checkGenerator } from '../random.js';
import { checkSize } from '../shape.js';
import type { Tensor } from '../tensor/index.js';
import { conv2d } from './functional/conv.js';
import { checkPair, type Padding, type Pair } from './functional/geometry.js';
import { type LayerOptions, makeParameter, resetWeightAndBias } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of Conv2d. */
export interface Conv2dModuleOptions extends LayerOptions {
  /** Steps of the kernel; 1 by default. */
  stride?: Pair;
  /** Zeros around the image; 0 by default. */
  padding?: Padding;
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
}

const pairs = (pair: readonly number[]) => `(${pair.join(', ')})`;

/**
 * A two-dimensional convolution (cross-correlation, as in torch) with a weight [out, in / groups, kh, kw].
 *
 * @example
 * const conv = new nn.Conv2d(3, 64, 3, { padding: 1 });
 */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number] | 'same' | 'valid';
  readonly dilation: [number, number];
  readonly groups: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: Conv2dModuleOptions) {
    super();
    const call = 'Conv2d';
    const { bias = true, dtype, generator, init = true, ...given } = checkOptions(call, options);
    this.inChannels = checkSize(call, inChannels, 'inChannels');
    this.outChannels = checkSize(call, outChannels, 'outChannels');
    this.kernelSize = checkPair(call, 'kernelSize', kernelSize, 1);
    this.stride = checkPair(call, 'stride', given.stride ?? 1, 1);
    this.dilation = checkPair(call, 'dilation', given.dilation ?? 1, 1);
    this.groups = checkSize(call, given.groups ?? 1, 'groups');
    const padding = given.padding ?? 0;
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw rangeError(call, `padding 'same' needs stride 1, got [${this.stride}]`);
    }
    this.padding = padding === 'same' || padding === 'valid' ? padding : checkPair(call, 'padding', padding, 0);
    if (this.groups < 1 || this.inChannels % this.groups !== 0 || this.outChannels % this.groups !== 0) {
      throw argumentError(call, `channels ${inChannels} and ${outChannels} are not divisible by groups ${this.groups}`);
    }
    checkGenerator(call, generator);
    const shape = [this.outChannels, this.inChannels / this.groups, ...this.kernelSize];
    this.weight = makeParameter(call, shape, dtype);
    this.bias = bias ? makeParameter(call, [this.outChannels], dtype) : null;
    if (init) this.resetParameters({ generator });
  }

  /** Draws the parameters anew, as torch initialises them by default. */
  override resetParameters(options: RandomOptions = {}): void {
    resetWeightAndBias(this.weight, this.bias, options);
  }

  override forward(input: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this;
    return conv2d(input, this.weight, this.bias, { stride, padding, dilation, groups });
  }

  protected override extraRepr(): string {
    const { padding, dilation, groups } = this;
    const parts = [`${this.inChannels}, ${this.outChannels}`];
    parts.push(`kernel_size=${pairs(this.kernelSize)}`, `stride=${pairs(this.stride)}`);
    // Defaults are left out, as torch leaves them out.
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((size) => size !== 0)) parts.push(`padding=${pairs(padding)}`);
    if (dilation.some((size) => size !== 1)) parts.push(`dilation=${pairs(dilation)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    return parts.join(', ');
  }
}
