// Layers that draw their outputs and gradients from the distribution that a Gaussian weight gives them.
import { checkFinite, checkOptions } from '../../arguments.js';
import { rangeError } from '../../errors.js';
import type { Generator } from '../../random.js';
import { apply, type Tensor } from '../../tensor/index.js';
import { inLawOp } from './in_law_op.js';
import { checkBiasStd, chooseGenerator, drawBias, RandomLayer, type RandomLayerOptions } from './random_layer.js';

/** Options of `InLawLinear`. */
export interface InLawOptions extends RandomLayerOptions {
  /** Standard deviation of the weight's elements, whose mean is 0; 0 or more. */
  std: number;
}

/**
 * A linear layer y = x W' + b, float32, with W_ij ~ N(0, std^2) independent, in law: outputs [..., out] and gradients of inputs
 * [..., in] are drawn from exactly the joint distribution that the weight would give them, at any width, without the weight
 * (formulas in docs/studies.md). Time and memory grow with width x batch.
 *
 * Every call is one pass of a fresh weight, the n-th call of a layer that of the n-th; the rows of one batch share it. The
 * gradient of a pass can be drawn once: a second walk through the same graph is refused. Results depend on the generator's
 * state at construction and the call's number; construction takes two draws and those of the biases.
 *
 * @throws RangeError (ERR_RANGE) or TypeError (ERR_ARGUMENT) for sizes and parameters out of range
 * @example
 * const width = 1_000_000;
 * const layer = new InLawLinear(width, width, { std: Math.sqrt(2 / width), seed: 0 });
 * layer.call(randn(2, width)).relu().shape; // [2, 1000000]
 */
export class InLawLinear extends RandomLayer {
  /** Standard deviation of the weight's elements. */
  readonly std: number;
  readonly #generator: Generator;
  #calls = 0;

  constructor(inFeatures: number, outFeatures: number, options: InLawOptions) {
    const call = 'InLawLinear';
    super(call, inFeatures, outFeatures);
    const given = checkOptions<InLawOptions>(call, options);
    this.std = checkFinite(call, 'std', given.std);
    if (this.std < 0) throw rangeError(call, `std must be 0 or more, got ${this.std}`);
    const biasStd = checkBiasStd(call, given.biasStd ?? 0);
    const generator = chooseGenerator(call, given);
    // A stream of its own: how many numbers a pass takes depends on the batch.
    this.#generator = generator.spawn((BigInt(generator.random()) << 32n) | BigInt(generator.random()));
    this.bias = drawBias(call, this.outFeatures, biasStd, generator);
  }

  protected override product(rows: Tensor, weight: Tensor): Tensor {
    const { outFeatures, std, observe } = this;
    const generator = this.#generator.spawn(this.#calls++);
    return apply('InLawLinear', inLawOp, [rows, weight], { outFeatures, std, generator, observe });
  }

  protected override extraRepr(): string {
    return this.describeLayer(`std=${this.std}`);
  }
}
