// Activations as functions; tensors have them as methods too.
import { operand, type Tensor } from '../../tensor/index.js';

/**
 * max(x, 0) for each element.
 *
 * @example
 * nn.functional.relu(randn(3));
 */
export function relu(input: Tensor): Tensor {
  operand('relu', input);
  return input.relu();
}
