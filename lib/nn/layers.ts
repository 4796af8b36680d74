// Modules that move elements about, or do nothing.
import { argumentError, describe } from '../errors.js';
import { checkTensor, type Tensor } from '../tensor/index.js';
import { Module } from './module.js';

/**
 * Merges dimensions `startDim` (1 by default, so that a batch stays a batch) to `endDim` into one.
 *
 * @example
 * new nn.Flatten().call(randn(8, 1, 28, 28)).shape; // [8, 784]
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    for (const [name, dim] of Object.entries({ startDim, endDim })) {
      if (!Number.isInteger(dim))
        throw argumentError('Flatten', `${name} must be a whole number, got ${describe(dim)}`);
    }
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(input: Tensor): Tensor {
    return checkTensor('Flatten', input).flatten(this.startDim, this.endDim);
  }

  protected override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/**
 * What it is given: a place in a model where something else may go.
 *
 * @example
 * net.head = new nn.Identity();
 */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return checkTensor('Identity', input);
  }
}
