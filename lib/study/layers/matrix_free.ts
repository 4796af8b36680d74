// Layers whose weight is made anew, in cache, for every product.
import { checkOptions } from '../../arguments.js';
import { type RandomWeight, randomLinearOp } from '../../ops/index.js';
import { apply, type Tensor } from '../../tensor/index.js';
import { checkBiasStd, chooseGenerator, drawBias, RandomLayer, type RandomLayerOptions } from './random_layer.js';
import { checkLaw, type Fill, reserveWeight, type WeightLaw } from './weights.js';

/** Options of `MatrixFreeLinear`: the weight's law, and where the numbers come from. */
export type MatrixFreeOptions = WeightLaw & RandomLayerOptions;

/**
 * A linear layer y = x W' + b, float32, whose weight [out, in] is never in memory: `normal_`, `uniform_` and `truncNormal_` on
 * pcg32 make element i from the generator's place and i alone, so the native kernels make the weight in pieces, in cache, and
 * multiply each at once. Outputs and gradients of inputs [..., in] are those of an `nn.Linear` whose weight was filled from the
 * same generator, up to rounding; so are the biases, and the generator is left where the fill would have left it. Memory grows
 * with width x batch. The weight is fixed: it takes no gradient, but `weightGradNorm` has the norm of the one it would get.
 *
 * @throws RangeError (ERR_RANGE) or TypeError (ERR_ARGUMENT) for sizes and parameters out of range; RangeError (ERR_STATE) on
 * mt19937, whose numbers are made in order only, and where the generator's 2^40 draws do not suffice
 * @example
 * const layer = new MatrixFreeLinear(65536, 512, { std: Math.sqrt(2 / 65536), seed: 0 });
 * layer.call(randn(2, 65536)).relu().shape; // [2, 512]
 */
export class MatrixFreeLinear extends RandomLayer {
  readonly #weight: RandomWeight;
  readonly #law: Fill;

  constructor(inFeatures: number, outFeatures: number, options: MatrixFreeOptions) {
    const call = 'MatrixFreeLinear';
    super(call, inFeatures, outFeatures);
    const given = checkOptions<MatrixFreeOptions>(call, options);
    this.#law = checkLaw(call, given);
    const biasStd = checkBiasStd(call, given.biasStd ?? 0);
    const generator = chooseGenerator(call, given);
    this.#weight = reserveWeight(call, this.outFeatures, this.inFeatures, this.#law, generator);
    this.bias = drawBias(call, this.outFeatures, biasStd, generator);
  }

  protected override product(rows: Tensor, weight: Tensor): Tensor {
    const { observe } = this;
    return apply('MatrixFreeLinear', randomLinearOp, [rows, weight], { weight: this.#weight, observe });
  }

  protected override extraRepr(): string {
    return this.describeLayer(`distribution=${this.#law.distribution}(${this.#law.params.join(', ')})`);
  }
}
