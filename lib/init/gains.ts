// Gains of nonlinearities and fans of weights: what the scale of a weight is made of.
import { checkNumber } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import { type FanOptions, fans } from '../shape.js';
import { operand, type Tensor } from '../tensor/index.js';

/** Nonlinearities that `calculateGain` knows; torch's names. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

const gains: Readonly<Record<Nonlinearity, (param: number | undefined) => number>> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  conv_transpose1d: () => 1,
  conv_transpose2d: () => 1,
  conv_transpose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leaky_relu: (slope = 0.01) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/**
 * torch's recommended gain for a nonlinearity: the factor on a weight's standard deviation that keeps the scale of
 * signals (torch.nn.init.calculate_gain). `param` is the negative slope of 'leaky_relu', 0.01 by default.
 *
 * @throws TypeError (ERR_ARGUMENT) for an unknown nonlinearity
 * @example
 * calculateGain('relu'); // 1.4142135623730951
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
  if (typeof nonlinearity !== 'string' || !Object.hasOwn(gains, nonlinearity)) {
    const names = Object.keys(gains).join(', ');
    throw argumentError('calculateGain', `unknown nonlinearity ${describe(nonlinearity)}; expected one of ${names}`);
  }
  if (param !== undefined) checkNumber('calculateGain', 'param', param);
  return gains[nonlinearity](param);
}

/**
 * [fan_in, fan_out] of a weight [out, in, ...kernel]: the numbers of inputs and outputs that one output and one input are
 * connected to (torch.nn.init._calculate_fan_in_and_fan_out).
 *
 * @throws RangeError (ERR_SHAPE) for fewer than two dimensions
 * @example
 * calculateFanInAndFanOut(zeros(64, 3, 3, 3)); // [27, 576]
 */
export function calculateFanInAndFanOut(tensor: Tensor, options?: FanOptions): [fanIn: number, fanOut: number] {
  const call = 'calculateFanInAndFanOut';
  const { fanIn, fanOut } = fans(call, operand(call, tensor).shape, options);
  return [fanIn, fanOut];
}
