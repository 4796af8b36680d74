// What layers without a weight have in common: checks, biases, and the norm of the gradient that the weight would have.
import { checkFinite } from '../../arguments.js';
import { argumentError, dtypeError, rangeError, shapeError } from '../../errors.js';
import { fillNormal } from '../../fill.js';
import { Module, Parameter } from '../../nn/index.js';
import * as ops from '../../ops/index.js';
import { checkGenerator, Generator } from '../../random.js';
import { checkSize, formatShape, numElements } from '../../shape.js';
import { apply, operand, Tensor } from '../../tensor/index.js';
import { allocateView, type TensorView } from '../../view.js';
import { weightGradientNorm } from './gram.js';

/** Options that all layers of studies share. */
export interface RandomLayerOptions {
  /** Standard deviation of the biases, drawn after the weight; 0, the default, is a layer without. */
  biasStd?: number;
  /** Where the numbers come from; the default generator if neither it nor a seed is given. */
  generator?: Generator | undefined;
  /** In place of a generator: from 0 to 2^64 - 1. */
  seed?: number | bigint | undefined;
}

/** The generator that the options name. */
export function chooseGenerator(call: string, { generator, seed }: RandomLayerOptions): Generator {
  if (seed === undefined) return checkGenerator(call, generator);
  if (generator !== undefined) throw argumentError(call, 'expected a generator or a seed, got both');
  return new Generator(seed);
}

/** Checks the standard deviation of biases. */
export function checkBiasStd(call: string, biasStd: unknown): number {
  const std = checkFinite(call, 'biasStd', biasStd);
  if (std < 0) throw rangeError(call, `biasStd must be 0 or more, got ${std}`);
  return std;
}

/** Biases [size] of a standard deviation; null for 0. */
export function drawBias(call: string, size: number, std: number, generator: Generator): Parameter | null {
  if (std === 0) return null;
  const view = allocateView(call, [size], 'float32');
  fillNormal(call, view, 0, std, { generator });
  return new Parameter(new Tensor(view));
}

/** A linear layer y = x W' + b in float32 that has no weight. */
export abstract class RandomLayer extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures], or null. */
  bias: Parameter | null = null;
  /**
   * After a walk back: the Frobenius norm of the gradient that the weight would have had from it, computed from the inputs and
   * the output's gradients, |D'A|. Null before. It is that of one call of the layer, the last one that a gradient has reached;
   * gradients of several calls are not added up.
   */
  weightGradNorm: number | null = null;
  /** Stands for the weight in the graph. A private field, so that it is no parameter. */
  readonly #weight: Tensor;

  constructor(call: string, inFeatures: number, outFeatures: number) {
    super();
    this.inFeatures = checkSize(call, inFeatures, 'inFeatures');
    this.outFeatures = checkSize(call, outFeatures, 'outFeatures');
    this.#weight = new Tensor(allocateView(call, [], 'float32'), true);
  }

  /** x W' of rows [m, in]; `weight` is the operation's second input. */
  protected abstract product(rows: Tensor, weight: Tensor): Tensor;

  protected readonly observe = (x: TensorView, grad: TensorView): void => {
    this.weightGradNorm = weightGradientNorm('backward', x, grad);
  };

  override forward(input: Tensor): Tensor {
    const call = this.constructor.name;
    const { shape, dtype } = operand(call, input);
    if (shape.at(-1) !== this.inFeatures) {
      const got = shape.at(-1) ?? 'a scalar';
      throw shapeError(
        call,
        `expected ${this.inFeatures} input features, got ${got}: input shape ${formatShape(shape)}`,
      );
    }
    if (dtype !== 'float32') throw dtypeError(call, `expected float32, got ${dtype}; convert with to()`);
    const lead = shape.slice(0, -1);
    const rows = shape.length === 2 ? input : input.reshape(numElements(lead), this.inFeatures);
    const product = this.product(rows, this.#weight);
    const out = this.bias === null ? product : product.add(this.bias);
    if (shape.length === 2) return out;
    return apply(call, ops.reshapeCopyOp, [out], { shape: [...lead, this.outFeatures] });
  }

  /** As torch prints what a layer is. */
  protected describeLayer(law: string): string {
    const bias = this.bias === null ? 'False' : 'True';
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, ${law}, bias=${bias}`;
  }
}
