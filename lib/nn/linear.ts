import { checkOptions } from '../arguments.js';
import { checkDType, type DType, defaultDType } from '../dtype.js';
import type { RandomOptions } from '../fill.js';
import { kaimingUniform_, uniform_ } from '../init/index.js';
import { fill } from '../ops/index.js';
import { checkGenerator, type Generator } from '../random.js';
import { checkDescribedShape, checkShape, checkSize } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { allocateView, lazyView } from '../view.js';
import { linear } from './functional/linear.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Options that layers with weights share. */
export interface LayerOptions {
  /** Whether the layer adds a bias; true by default. */
  bias?: boolean;
  /** float32 by default. */
  dtype?: DType;
  /** Where the initial values come from; the default generator if none is given. */
  generator?: Generator | undefined;
  /**
   * Whether to initialise. Where false, parameters are 0 and have no memory until an element is first read or written: a model of
   * any size can be described, and only what is used has to fit. True by default.
   */
  init?: boolean;
}

/**
 * A new parameter of zeros.
 *
 * @param lazy whether to wait with its memory until an element is read or written, as with `init: false`
 */
export function makeParameter(call: string, shape: number[], dtype: DType | undefined, lazy: boolean): Parameter {
  if (lazy) return new Parameter(lazyTensor(call, shape, dtype, 0));
  return new Parameter(
    new Tensor(allocateView(call, checkShape(call, shape), checkDType(call, dtype ?? defaultDType))),
  );
}

/** A new parameter of zeros or ones: what normalisations start as. */
export function constantParameter(
  call: string,
  shape: number[],
  dtype: DType | undefined,
  start: 0 | 1,
  lazy: boolean,
): Parameter {
  if (lazy) return new Parameter(lazyTensor(call, shape, dtype, start));
  const parameter = makeParameter(call, shape, dtype, false);
  if (start !== 0) fill(call, parameter.elements, start);
  return parameter;
}

/** A tensor of zeros or ones that gets its memory when an element is first read or written. */
export function lazyTensor(call: string, shape: number[], dtype: DType | undefined, start: 0 | 1): Tensor {
  return new Tensor(lazyView(checkDescribedShape(call, shape), checkDType(call, dtype ?? defaultDType), start));
}

/**
 * torch's default initialisation of a layer: Kaiming's uniform distribution with a = sqrt(5), which is 1/sqrt(fan_in) for
 * both bounds, and the bias within 1/sqrt(fan_in) as well.
 */
export function resetWeightAndBias(weight: Parameter, bias: Parameter | null, options: RandomOptions): void {
  // Nothing depends on values of an empty weight, whose fan may be 0.
  if (weight.numel() > 0) kaimingUniform_(weight, { a: Math.sqrt(5), ...options });
  const fanIn = weight.numel() / weight.size(0);
  if (bias !== null && fanIn > 0) {
    const bound = 1 / Math.sqrt(fanIn);
    uniform_(bias, -bound, bound, options);
  }
}

/**
 * A fully connected layer: y = x W' + b, with W [out, in].
 *
 * @example
 * const layer = new nn.Linear(100, 50);
 * init.xavierUniform_(layer.weight);
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options?: LayerOptions) {
    super();
    const call = 'Linear';
    const { bias = true, dtype, generator, init = true } = checkOptions(call, options);
    this.inFeatures = checkSize(call, inFeatures, 'inFeatures');
    this.outFeatures = checkSize(call, outFeatures, 'outFeatures');
    checkGenerator(call, generator);
    this.weight = makeParameter(call, [this.outFeatures, this.inFeatures], dtype, !init);
    this.bias = bias ? makeParameter(call, [this.outFeatures], dtype, !init) : null;
    if (init) this.resetParameters({ generator });
  }

  /** Draws the parameters anew, as torch initialises them by default. */
  override resetParameters(options: RandomOptions = {}): void {
    resetWeightAndBias(this.weight, this.bias, options);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  protected override extraRepr(): string {
    const bias = this.bias === null ? 'False' : 'True';
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${bias}`;
  }
}
