// Pooling of images.
import { checkOptions } from '../arguments.js';
import type { Tensor } from '../tensor/index.js';
import type { Pair } from './functional/geometry.js';
import {
  type AvgPoolOptions,
  avgPool2d,
  checkDivisor,
  checkWindow,
  type MaxPoolOptions,
  maxPool2d,
} from './functional/pool.js';
import { Module } from './module.js';
import { pythonBool, pythonTuple } from './python.js';

/** A size as it was given: one number or two. */
const size = (pair: Pair) => (typeof pair === 'number' ? String(pair) : pythonTuple(pair));

/**
 * The greatest element of every window on images [N, C, H, W] or [C, H, W].
 *
 * @throws RangeError (ERR_RANGE) for padding above half a window; RangeError (ERR_SHAPE) where no window fits
 * @example
 * new nn.MaxPool2d(2).call(randn(1, 8, 4, 4)).shape; // [1, 8, 2, 2]
 */
export class MaxPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceilMode: boolean;

  constructor(kernelSize: Pair, options?: MaxPoolOptions) {
    super();
    const { stride, padding = 0, dilation = 1, ceilMode = false } = checkOptions('MaxPool2d', options);
    checkWindow('MaxPool2d', kernelSize, { stride: stride ?? null, padding, dilation });
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.dilation = dilation;
    this.ceilMode = ceilMode;
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return maxPool2d(input, kernelSize, { stride, padding, dilation, ceilMode });
  }

  protected override extraRepr(): string {
    const { kernelSize, stride, padding, dilation } = this;
    return (
      `kernel_size=${size(kernelSize)}, stride=${size(stride)}, padding=${size(padding)}, ` +
      `dilation=${size(dilation)}, ceil_mode=${pythonBool(this.ceilMode)}`
    );
  }
}

/**
 * The mean of every window on images [N, C, H, W] or [C, H, W].
 *
 * @throws as MaxPool2d
 * @example
 * new nn.AvgPool2d(2).call(randn(1, 8, 4, 4)).shape; // [1, 8, 2, 2]
 */
export class AvgPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(kernelSize: Pair, options?: AvgPoolOptions) {
    super();
    const call = 'AvgPool2d';
    const {
      stride,
      padding = 0,
      ceilMode = false,
      countIncludePad = true,
      divisorOverride,
    } = checkOptions(call, options);
    checkWindow(call, kernelSize, { stride: stride ?? null, padding });
    this.kernelSize = kernelSize;
    this.stride = stride ?? kernelSize;
    this.padding = padding;
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
    this.divisorOverride = checkDivisor(call, divisorOverride);
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(input, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }

  protected override extraRepr(): string {
    return `kernel_size=${size(this.kernelSize)}, stride=${size(this.stride)}, padding=${size(this.padding)}`;
  }
}
