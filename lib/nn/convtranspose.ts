import { checkOptions } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { checkGenerator } from '../random.js';
import { checkSize } from '../shape.js';
import type { Tensor } from '../tensor/index.js';
import { checkGroups, describeConv } from './conv.js';
import { convTranspose2d } from './functional/convtranspose.js';
import { checkPair, type Pair } from './functional/geometry.js';
import { type LayerOptions, makeParameter, resetWeightAndBias } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of ConvTranspose2d. */
export interface ConvTranspose2dModuleOptions extends LayerOptions {
  /** Steps of the kernel; 1 by default. */
  stride?: Pair;
  /** How much is cut off around the result; 0 by default. */
  padding?: Pair;
  /** How much is added to the result's height and width; 0 by default. */
  outputPadding?: Pair;
  /** Distance between the kernel's elements; 1 by default. */
  dilation?: Pair;
  /** Groups of channels that do not mix; 1 by default. */
  groups?: number;
  /** Only 'zeros', as in torch. */
  paddingMode?: 'zeros';
}

/**
 * A transposed two-dimensional convolution with a weight [in, out / groups, kh, kw].
 *
 * @example
 * const conv = new nn.ConvTranspose2d(64, 32, 4, { stride: 2, padding: 1 }); // doubles height and width
 */
export class ConvTranspose2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly outputPadding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: ConvTranspose2dModuleOptions) {
    super();
    const call = 'ConvTranspose2d';
    const { bias = true, dtype, generator, init = true, ...given } = checkOptions(call, options);
    this.inChannels = checkSize(call, inChannels, 'inChannels');
    this.outChannels = checkSize(call, outChannels, 'outChannels');
    this.kernelSize = checkPair(call, 'kernelSize', kernelSize, 1);
    this.stride = checkPair(call, 'stride', given.stride ?? 1, 1);
    this.padding = checkPair(call, 'padding', given.padding ?? 0, 0);
    this.outputPadding = checkPair(call, 'outputPadding', given.outputPadding ?? 0, 0);
    this.dilation = checkPair(call, 'dilation', given.dilation ?? 1, 1);
    this.groups = checkGroups(call, given.groups ?? 1, this.inChannels, this.outChannels);
    if (given.paddingMode !== undefined && given.paddingMode !== 'zeros') {
      throw argumentError(call, `paddingMode must be 'zeros', got ${describe(given.paddingMode)}`);
    }
    checkGenerator(call, generator);
    this.weight = makeParameter(
      call,
      [this.inChannels, this.outChannels / this.groups, ...this.kernelSize],
      dtype,
      !init,
    );
    this.bias = bias ? makeParameter(call, [this.outChannels], dtype, !init) : null;
    if (init) this.resetParameters({ generator });
  }

  /** Draws the parameters anew, as torch initialises them by default. */
  override resetParameters(options: RandomOptions = {}): void {
    resetWeightAndBias(this.weight, this.bias, options);
  }

  override forward(input: Tensor): Tensor {
    const { stride, padding, outputPadding, dilation, groups } = this;
    return convTranspose2d(input, this.weight, this.bias, { stride, padding, outputPadding, dilation, groups });
  }

  protected override extraRepr(): string {
    return `${this.inChannels}, ${this.outChannels}, ${describeConv(this)}`;
  }
}
