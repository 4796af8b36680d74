import { argumentError, describe } from '../errors.js';
import { formatTensor } from '../format.js';
import { Tensor } from '../tensor/index.js';

/**
 * A tensor that a module learns: found by `parameters()`, part of the state dict, printed as torch prints it.
 *
 * @example
 * const scale = new nn.Parameter(ones(3));
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    if (!(data instanceof Tensor)) throw argumentError('Parameter', `expected a Tensor, got ${describe(data)}`);
    super(data.elements, requiresGrad);
  }

  override toString(): string {
    return formatTensor(this.elements, { parameter: true, requiresGrad: this.requiresGrad });
  }
}
