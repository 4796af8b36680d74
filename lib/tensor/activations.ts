// Activations: methods that work element by element, most of them with options.
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import * as ops from '../ops/index.js';
import { checkDim } from '../shape.js';
import { install } from './install.js';
import { apply, applyInPlace, type Tensor } from './tensor.js';

interface ActivationMethods {
  /** max(x, 0) for each element; NaN stays NaN. */
  relu(): Tensor;
  /** `relu` in place. */
  relu_(): Tensor;
  /** x for x > 0, else slope x; the slope is 0.01 by default. */
  leakyRelu(negativeSlope?: number): Tensor;
  /** x Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel 2016), or its approximation by tanh. */
  gelu(options?: { approximate?: 'none' | 'tanh' }): Tensor;
  /** x for x > 0, else alpha (e^x - 1); alpha is 1 by default (Clevert et al. 2015). */
  elu(alpha?: number): Tensor;
  /** The self-normalising elu, scaled (Klambauer et al. 2017). */
  selu(): Tensor;
  /** ln(1 + e^(beta x)) / beta; x itself where beta x is above the threshold. 1 and 20 by default. */
  softplus(beta?: number, threshold?: number): Tensor;
  /** e^x over the sum of e^x along a dimension. */
  softmax(dim: number): Tensor;
  /** The logarithm of the softmax, to full precision. */
  logSoftmax(dim: number): Tensor;
}

declare module './tensor.js' {
  interface Tensor extends ActivationMethods {}
}

const { leakyRelu, gelu, elu, selu, softplus } = ops.activationOps;

install({
  relu() {
    return apply('relu', ops.reluOp, [this], undefined);
  },
  relu_() {
    return applyInPlace('relu_', ops.reluOp, [this], undefined);
  },
  leakyRelu(negativeSlope = 0.01) {
    const slope = checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
    return apply('leakyRelu', leakyRelu, [this], { slope });
  },
  gelu(options) {
    const { approximate = 'none' } = checkOptions('gelu', options);
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw argumentError('gelu', `approximate must be 'none' or 'tanh', got ${describe(approximate)}`);
    }
    return apply('gelu', gelu, [this], { approximate });
  },
  elu(alpha = 1) {
    return apply('elu', elu, [this], { alpha: checkNumber('elu', 'alpha', alpha) });
  },
  selu() {
    return apply('selu', selu, [this], undefined);
  },
  softplus(beta = 1, threshold = 20) {
    checkNumber('softplus', 'beta', beta);
    return apply('softplus', softplus, [this], { beta, threshold: checkNumber('softplus', 'threshold', threshold) });
  },
  softmax(dim) {
    return apply('softmax', ops.softmaxOp, [this], { dim: checkDim('softmax', dim, this.dim()) });
  },
  logSoftmax(dim) {
    return apply('logSoftmax', ops.logSoftmaxOp, [this], { dim: checkDim('logSoftmax', dim, this.dim()) });
  },
} satisfies ActivationMethods & ThisType<Tensor>);
