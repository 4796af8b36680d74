import { checkFinite, checkOptions } from '../arguments.js';
import { rangeError } from '../errors.js';
import { fill } from '../ops/index.js';
import type { Tensor } from '../tensor/index.js';
import { checkNormalizedShape, layerNorm } from './functional/normalise.js';
import { constantParameter, type LayerOptions } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';
import { pythonBool, pythonFloat, pythonTuple } from './python.js';

/** Options of LayerNorm. */
export interface LayerNormOptions extends Pick<LayerOptions, 'dtype' | 'bias'> {
  /** Where false, parameters start as 1 and 0 all the same, but have no memory until an element is first read or written. */
  init?: boolean;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** Whether elements are scaled and, unless `bias` is false, shifted; true by default. */
  elementwiseAffine?: boolean;
}

/**
 * Normalises by mean and variance over the last dimensions, whose sizes are `normalizedShape` (a number is one dimension),
 * with a weight and a bias of that shape.
 *
 * @throws RangeError (ERR_SHAPE) for inputs that do not end in these sizes
 * @example
 * new nn.LayerNorm(512).call(randn(8, 20, 512)).shape; // [8, 20, 512]
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: number | readonly number[], options?: LayerNormOptions) {
    super();
    const call = 'LayerNorm';
    const { dtype, eps = 1e-5, elementwiseAffine = true, bias = true, init = true } = checkOptions(call, options);
    const shape = checkNormalizedShape(call, normalizedShape);
    this.normalizedShape = shape;
    this.eps = checkFinite(call, 'eps', eps);
    if (eps < 0) throw rangeError(call, `eps must be 0 or more, got ${eps}`);
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? constantParameter(call, shape, dtype, 1, !init) : null;
    this.bias = elementwiseAffine && bias ? constantParameter(call, shape, dtype, 0, !init) : null;
  }

  /** Weights of 1 and biases of 0. */
  override resetParameters(): void {
    if (this.weight !== null) fill('resetParameters', this.weight.elements, 1);
    if (this.bias !== null) fill('resetParameters', this.bias.elements, 0);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  protected override extraRepr(): string {
    const flags = `elementwise_affine=${pythonBool(this.elementwiseAffine)}, bias=${pythonBool(this.bias !== null)}`;
    return `${pythonTuple(this.normalizedShape)}, eps=${pythonFloat(this.eps)}, ${flags}`;
  }
}
