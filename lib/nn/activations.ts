// Activations as modules.
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import type { InplaceOptions } from './functional/activation.js';
import * as functional from './functional/activation.js';
import { Module } from './module.js';
import { pythonFloat } from './python.js';

/** An activation that can change its input. */
abstract class InplaceModule extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions | undefined) {
    super();
    this.inplace = checkOptions(new.target.name, options).inplace ?? false;
  }

  /** Numbers that torch prints before `inplace=True`. */
  protected numbers(): string[] {
    return [];
  }

  protected override extraRepr(): string {
    return [...this.numbers(), ...(this.inplace ? ['inplace=True'] : [])].join(', ');
  }
}

/**
 * max(x, 0) for each element.
 *
 * @example
 * new nn.ReLU().call(randn(3));
 */
export class ReLU extends InplaceModule {
  constructor(options?: InplaceOptions) {
    super(options);
  }

  override forward(input: Tensor): Tensor {
    return functional.relu(input, { inplace: this.inplace });
  }
}

/**
 * x for x > 0, else `negativeSlope` x, 0.01 by default.
 *
 * @example
 * new nn.LeakyReLU(0.2).call(randn(3));
 */
export class LeakyReLU extends InplaceModule {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01, options?: InplaceOptions) {
    super(options);
    this.negativeSlope = checkNumber('LeakyReLU', 'negativeSlope', negativeSlope);
  }

  override forward(input: Tensor): Tensor {
    return functional.leakyRelu(input, this.negativeSlope, { inplace: this.inplace });
  }

  protected override numbers(): string[] {
    return [`negative_slope=${pythonFloat(this.negativeSlope)}`];
  }
}

/**
 * The hyperbolic tangent of each element.
 *
 * @example
 * new nn.Tanh().call(randn(3));
 */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return functional.tanh(input);
  }
}

/**
 * 1 / (1 + e^-x) for each element.
 *
 * @example
 * new nn.Sigmoid().call(randn(3));
 */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return functional.sigmoid(input);
  }
}

/**
 * x Phi(x) with the normal distribution function Phi, or with `{ approximate: 'tanh' }` its approximation.
 *
 * @example
 * new nn.GELU({ approximate: 'tanh' }).call(randn(3));
 */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(options?: { approximate?: 'none' | 'tanh' }) {
    super();
    const { approximate = 'none' } = checkOptions('GELU', options);
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw argumentError('GELU', `approximate must be 'none' or 'tanh', got ${describe(approximate)}`);
    }
    this.approximate = approximate;
  }

  override forward(input: Tensor): Tensor {
    return functional.gelu(input, { approximate: this.approximate });
  }

  protected override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/**
 * The self-normalising elu, scaled.
 *
 * @example
 * new nn.SELU().call(randn(3));
 */
export class SELU extends InplaceModule {
  constructor(options?: InplaceOptions) {
    super(options);
  }

  override forward(input: Tensor): Tensor {
    return functional.selu(input, { inplace: this.inplace });
  }
}

/**
 * x for x > 0, else alpha (e^x - 1); alpha is 1 by default.
 *
 * @example
 * new nn.ELU().call(randn(3));
 */
export class ELU extends InplaceModule {
  readonly alpha: number;

  constructor(alpha = 1, options?: InplaceOptions) {
    super(options);
    this.alpha = checkNumber('ELU', 'alpha', alpha);
  }

  override forward(input: Tensor): Tensor {
    return functional.elu(input, this.alpha, { inplace: this.inplace });
  }

  protected override numbers(): string[] {
    return [`alpha=${pythonFloat(this.alpha)}`];
  }
}

/**
 * x / (1 + e^-x) for each element.
 *
 * @example
 * new nn.SiLU().call(randn(3));
 */
export class SiLU extends InplaceModule {
  constructor(options?: InplaceOptions) {
    super(options);
  }

  override forward(input: Tensor): Tensor {
    return functional.silu(input, { inplace: this.inplace });
  }
}

/**
 * ln(1 + e^(beta x)) / beta; x itself where beta x is above the threshold. 1 and 20 by default.
 *
 * @example
 * new nn.Softplus().call(randn(3));
 */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(beta = 1, threshold = 20) {
    super();
    this.beta = checkNumber('Softplus', 'beta', beta);
    this.threshold = checkNumber('Softplus', 'threshold', threshold);
  }

  override forward(input: Tensor): Tensor {
    return functional.softplus(input, this.beta, this.threshold);
  }

  protected override extraRepr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`;
  }
}

/** What Softmax and LogSoftmax have in common: a dimension. */
abstract class AlongDim extends Module {
  readonly dim: number | null;

  constructor(dim: number | null = null) {
    super();
    if (dim !== null && !Number.isInteger(dim)) {
      throw argumentError(new.target.name, `dim must be a whole number or null, got ${describe(dim)}`);
    }
    this.dim = dim;
  }

  protected override extraRepr(): string {
    return `dim=${this.dim ?? 'None'}`;
  }
}

/**
 * e^x over the sum of e^x along a dimension; by default the one torch takes, see `functional.softmax`.
 *
 * @example
 * new nn.Softmax(1).call(randn(2, 3));
 */
export class Softmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return functional.softmax(input, this.dim);
  }
}

/**
 * The logarithm of the softmax along a dimension; by default the one torch takes.
 *
 * @example
 * new nn.LogSoftmax(1).call(randn(2, 3));
 */
export class LogSoftmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return functional.logSoftmax(input, this.dim);
  }
}
