// Activations as functions; tensors have most of them as methods too.
import { checkNumber, checkOptions } from '../../arguments.js';
import * as ops from '../../ops/index.js';
import { checkDim } from '../../shape.js';
import { apply, applyInPlace, checkTensor, operand, type Tensor } from '../../tensor/index.js';

/** Options of activations that can change their input. */
export interface InplaceOptions {
  /** Whether to change the input itself; false by default. */
  inplace?: boolean;
}

function activate<Args>(
  call: string,
  op: ops.Op<Args>,
  input: Tensor,
  args: Args,
  options: InplaceOptions | undefined,
  inPlaceNode?: string,
): Tensor {
  operand(call, input);
  if (!checkOptions(call, options).inplace) return apply(call, op, [input], args);
  return applyInPlace(call, inPlaceNode === undefined ? op : { ...op, node: inPlaceNode }, [input], args);
}

/**
 * max(x, 0) for each element.
 *
 * @example
 * nn.functional.relu(randn(3));
 */
export function relu(input: Tensor, options?: InplaceOptions): Tensor {
  return activate('relu', ops.reluOp, input, undefined, options);
}

/**
 * x for x > 0, else `negativeSlope` x for each element.
 *
 * @param negativeSlope 0.01 by default
 * @example
 * nn.functional.leakyRelu(randn(3), 0.2);
 */
export function leakyRelu(input: Tensor, negativeSlope = 0.01, options?: InplaceOptions): Tensor {
  const slope = checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
  return activate('leakyRelu', ops.activationOps.leakyRelu, input, { slope }, options, 'LeakyReluBackward1');
}

/**
 * The hyperbolic tangent of each element.
 *
 * @example
 * nn.functional.tanh(randn(3));
 */
export function tanh(input: Tensor): Tensor {
  return activate('tanh', ops.unaryOps.tanh, input, undefined, undefined);
}

/**
 * 1 / (1 + e^-x) for each element.
 *
 * @example
 * nn.functional.sigmoid(randn(3));
 */
export function sigmoid(input: Tensor): Tensor {
  return activate('sigmoid', ops.unaryOps.sigmoid, input, undefined, undefined);
}

/**
 * x Phi(x) for each element, with the normal distribution function Phi, or its approximation by tanh (Hendrycks and Gimpel
 * 2016).
 *
 * @param options `approximate`: 'none' (default) or 'tanh'
 * @example
 * nn.functional.gelu(randn(3), { approximate: 'tanh' });
 */
export function gelu(input: Tensor, options?: { approximate?: 'none' | 'tanh' }): Tensor {
  operand('gelu', input);
  return input.gelu(options);
}

/**
 * The self-normalising elu, scaled (Klambauer et al. 2017).
 *
 * @example
 * nn.functional.selu(randn(3));
 */
export function selu(input: Tensor, options?: InplaceOptions): Tensor {
  return activate('selu', ops.activationOps.selu, input, undefined, options, 'EluBackward1');
}

/**
 * x for x > 0, else alpha (e^x - 1) for each element (Clevert et al. 2015).
 *
 * @param alpha 1 by default
 * @example
 * nn.functional.elu(randn(3));
 */
export function elu(input: Tensor, alpha = 1, options?: InplaceOptions): Tensor {
  const given = { alpha: checkNumber('elu', 'alpha', alpha) };
  return activate('elu', ops.activationOps.elu, input, given, options, 'EluBackward1');
}

/**
 * x / (1 + e^-x) for each element (Elfwing et al. 2017; also called swish).
 *
 * @example
 * nn.functional.silu(randn(3));
 */
export function silu(input: Tensor, options?: InplaceOptions): Tensor {
  return activate('silu', ops.unaryOps.silu, input, undefined, options);
}

/**
 * ln(1 + e^(beta x)) / beta for each element; x itself where beta x is above the threshold.
 *
 * @param beta 1 by default
 * @param threshold 20 by default
 * @example
 * nn.functional.softplus(randn(3));
 */
export function softplus(input: Tensor, beta = 1, threshold = 20): Tensor {
  operand('softplus', input);
  return input.softplus(beta, threshold);
}

/** The dimension torch takes where none is given: classes of one example or of a batch. */
function softmaxDim(call: string, input: Tensor, dim: number | null | undefined): number {
  const { length } = operand(call, input).shape;
  if (dim !== null && dim !== undefined) return checkDim(call, dim, length);
  return length === 0 || length === 1 || length === 3 ? 0 : 1;
}

/**
 * e^x over the sum of e^x along a dimension.
 *
 * @param dim null (default) for what torch takes: 1, but 0 for tensors of 0, 1 or 3 dimensions
 * @example
 * nn.functional.softmax(randn(2, 3), 1).sum(1); // tensor([1., 1.])
 */
export function softmax(input: Tensor, dim: number | null = null): Tensor {
  return checkTensor('softmax', input).softmax(softmaxDim('softmax', input, dim));
}

/**
 * The logarithm of `softmax`, without the loss of digits that taking it afterwards would bring.
 *
 * @param dim as in `softmax`
 * @example
 * nn.functional.logSoftmax(randn(2, 3), 1);
 */
export function logSoftmax(input: Tensor, dim: number | null = null): Tensor {
  return checkTensor('logSoftmax', input).logSoftmax(softmaxDim('logSoftmax', input, dim));
}
