// Losses as modules: called with an input and a target.
import { checkFinite, checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError } from '../errors.js';
import type { Reduction } from '../ops/index.js';
import { Tensor } from '../tensor/index.js';
import * as functional from './functional/loss.js';
import { Module } from './module.js';

/** A loss; weights that it has are buffers, as in torch. */
abstract class Loss extends Module {
  readonly reduction: Reduction;

  constructor(options: functional.LossOptions | undefined) {
    super();
    const call = new.target.name;
    this.reduction = functional.checkReduction(call, checkOptions(call, options).reduction);
  }

  protected registerWeight(name: string, weight: unknown): void {
    if (weight !== undefined && weight !== null && !(weight instanceof Tensor)) {
      throw argumentError(this.constructor.name, `${name} must be a Tensor, got ${describe(weight)}`);
    }
    this.registerBuffer(name, weight ?? null);
  }
}

/**
 * (input - target)^2, see `functional.mseLoss`.
 *
 * @example
 * new nn.MSELoss().call(net.call(x), y).backward();
 */
export class MSELoss extends Loss {
  constructor(options?: functional.LossOptions) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return functional.mseLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * |input - target|, see `functional.l1Loss`.
 *
 * @example
 * new nn.L1Loss({ reduction: 'sum' }).call(net.call(x), y).backward();
 */
export class L1Loss extends Loss {
  constructor(options?: functional.LossOptions) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return functional.l1Loss(input, target, { reduction: this.reduction });
  }
}

/** What losses of classes have in common. */
abstract class ClassLoss extends Loss {
  /** A factor for each class; a buffer. */
  declare weight: Tensor | null;
  readonly ignoreIndex: number;

  constructor(options: functional.ClassLossOptions | undefined) {
    super(options);
    const call = new.target.name;
    const { weight, ignoreIndex = -100 } = checkOptions(call, options);
    if (!Number.isSafeInteger(ignoreIndex)) {
      throw argumentError(call, `ignoreIndex must be a whole number, got ${describe(ignoreIndex)}`);
    }
    this.ignoreIndex = ignoreIndex;
    this.registerWeight('weight', weight);
  }
}

/**
 * The negative log-likelihood of classes, see `functional.nllLoss`.
 *
 * @example
 * new nn.NLLLoss().call(net.call(x).logSoftmax(1), classes).backward();
 */
export class NLLLoss extends ClassLoss {
  constructor(options?: functional.ClassLossOptions) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return functional.nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/**
 * The cross-entropy of classes or probabilities and the softmax of the input, see `functional.crossEntropy`.
 *
 * @example
 * new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }).call(net.call(x), classes).backward();
 */
export class CrossEntropyLoss extends ClassLoss {
  readonly labelSmoothing: number;

  constructor(options?: functional.CrossEntropyOptions) {
    super(options);
    const call = 'CrossEntropyLoss';
    this.labelSmoothing = checkFinite(call, 'labelSmoothing', options?.labelSmoothing ?? 0);
    if (this.labelSmoothing < 0 || this.labelSmoothing > 1) {
      throw rangeError(call, `labelSmoothing must be from 0 to 1, got ${this.labelSmoothing}`);
    }
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return functional.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/**
 * The cross-entropy of targets from 0 to 1 and logits, see `functional.binaryCrossEntropyWithLogits`.
 *
 * @example
 * new nn.BCEWithLogitsLoss().call(net.call(x), labels).backward();
 */
export class BCEWithLogitsLoss extends Loss {
  static override readonly torchNames = { posWeight: 'pos_weight' };
  /** Factors on the losses; a buffer. */
  declare weight: Tensor | null;
  /** Factors on the losses of positive targets; a buffer, `pos_weight` in the state dict. */
  declare posWeight: Tensor | null;

  constructor(options?: functional.LogitLossOptions) {
    super(options);
    this.registerWeight('weight', options?.weight);
    this.registerWeight('posWeight', options?.posWeight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return functional.binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}
