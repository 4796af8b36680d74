// Initialisers: in place, as torch.nn.init names and defines them. One scaling core (a distribution of a given standard
// deviation from fans and a gain) and one row for each initialiser.

import { checkNumber, checkOptions } from './arguments.js';
import { argumentError, describe, rangeError } from './errors.js';
import { fillNormal, fillUniform, type RandomOptions } from './fill.js';
import { checkGain } from './init/checks.js';
import * as ops from './ops.js';
import { fans, formatShape, numElements } from './shape.js';
import { operand, type Tensor } from './tensor.js';

export { deltaOrthogonal_, orthogonal_ } from './init/orthogonal.js';

/** Which fan a variance is divided by; torch's spelling works too. */
export type FanMode = 'fan_in' | 'fan_out' | 'fanIn' | 'fanOut';

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

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends RandomOptions {
  /** Negative slope of the leaky ReLU that follows; 0 by default. Only used with 'leaky_relu'. */
  a?: number;
  /** 'fan_in' (default) keeps the variance of the forward pass, 'fan_out' that of the backward pass. */
  mode?: FanMode;
  /** 'leaky_relu' by default. */
  nonlinearity?: Nonlinearity;
}

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
export function calculateFanInAndFanOut(tensor: Tensor): [fanIn: number, fanOut: number] {
  const call = 'calculateFanInAndFanOut';
  const { fanIn, fanOut } = fans(call, operand(call, tensor).shape);
  return [fanIn, fanOut];
}

// The scaling core.

type Distribution = 'uniform' | 'normal';

/** Fills with a distribution of mean 0 and the given standard deviation. */
function scaled<T extends Tensor>(
  call: string,
  tensor: T,
  distribution: Distribution,
  std: number,
  options: RandomOptions | undefined,
): T {
  const view = operand(call, tensor);
  if (!Number.isFinite(std)) {
    // No inputs or no outputs: there is nothing to fill.
    if (numElements(view.shape) === 0) return tensor;
    throw rangeError(call, `the standard deviation of shape ${formatShape(view.shape)} would be ${std}`);
  }
  if (distribution === 'normal') {
    fillNormal(call, view, 0, std, options);
  } else {
    // A uniform distribution on [-bound, bound] has standard deviation bound / sqrt(3).
    const bound = Math.sqrt(3) * std;
    fillUniform(call, view, -bound, bound, options);
  }
  return tensor;
}

function xavier<T extends Tensor>(
  call: string,
  tensor: T,
  distribution: Distribution,
  gain: number,
  options: RandomOptions | undefined,
): T {
  const { fanIn, fanOut } = fans(call, operand(call, tensor).shape);
  return scaled(call, tensor, distribution, checkGain(call, gain) * Math.sqrt(2 / (fanIn + fanOut)), options);
}

const fanModes: Readonly<Record<FanMode, 'fanIn' | 'fanOut'>> = {
  fan_in: 'fanIn',
  fanIn: 'fanIn',
  fan_out: 'fanOut',
  fanOut: 'fanOut',
};

function kaiming<T extends Tensor>(
  call: string,
  tensor: T,
  distribution: Distribution,
  options: KaimingOptions | undefined,
): T {
  const { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu', generator } = checkOptions(call, options);
  if (typeof mode !== 'string' || !Object.hasOwn(fanModes, mode)) {
    throw argumentError(call, `unknown mode ${describe(mode)}; expected 'fan_in' or 'fan_out'`);
  }
  const fan = fans(call, operand(call, tensor).shape)[fanModes[mode]];
  const gain = calculateGain(nonlinearity, checkNumber(call, 'a', a));
  return scaled(call, tensor, distribution, gain / Math.sqrt(fan), { generator });
}

// The initialisers.

/**
 * Fills with uniform numbers from [a, b).
 *
 * @throws RangeError (ERR_RANGE) for a > b or bounds that are not finite
 * @example
 * init.uniform_(layer.weight, -0.1, 0.1);
 */
export function uniform_<T extends Tensor>(tensor: T, a = 0, b = 1, options?: RandomOptions): T {
  fillUniform('uniform_', operand('uniform_', tensor), a, b, options);
  return tensor;
}

/**
 * Fills with normal numbers.
 *
 * @throws RangeError (ERR_RANGE) for std < 0, or a mean or std that is not finite
 * @example
 * init.normal_(layer.weight, 0, 0.01);
 */
export function normal_<T extends Tensor>(tensor: T, mean = 0, std = 1, options?: RandomOptions): T {
  fillNormal('normal_', operand('normal_', tensor), mean, std, options);
  return tensor;
}

/**
 * Sets every element to `value`.
 *
 * @example
 * init.constant_(layer.bias, 0.1);
 */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  ops.fill('constant_', operand('constant_', tensor), value);
  return tensor;
}

/** Sets every element to 1. */
export function ones_<T extends Tensor>(tensor: T): T {
  ops.fill('ones_', operand('ones_', tensor), 1);
  return tensor;
}

/** Sets every element to 0. */
export function zeros_<T extends Tensor>(tensor: T): T {
  ops.fill('zeros_', operand('zeros_', tensor), 0);
  return tensor;
}

/**
 * Uniform on [-b, b] with b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
 *
 * @example
 * init.xavierUniform_(layer.weight, init.calculateGain('tanh'));
 */
export function xavierUniform_<T extends Tensor>(tensor: T, gain = 1, options?: RandomOptions): T {
  return xavier('xavierUniform_', tensor, 'uniform', gain, options);
}

/**
 * Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).
 *
 * @example
 * init.xavierNormal_(layer.weight);
 */
export function xavierNormal_<T extends Tensor>(tensor: T, gain = 1, options?: RandomOptions): T {
  return xavier('xavierNormal_', tensor, 'normal', gain, options);
}

/**
 * Uniform on [-b, b] with b = gain * sqrt(3 / fan) (He et al. 2015).
 *
 * @example
 * init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' });
 */
export function kaimingUniform_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  return kaiming('kaimingUniform_', tensor, 'uniform', options);
}

/**
 * Normal with standard deviation gain / sqrt(fan) (He et al. 2015).
 *
 * @example
 * init.kaimingNormal_(layer.weight, { mode: 'fan_out', nonlinearity: 'relu' });
 */
export function kaimingNormal_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  return kaiming('kaimingNormal_', tensor, 'normal', options);
}

// torch's spellings.
export {
  calculateFanInAndFanOut as _calculate_fan_in_and_fan_out,
  calculateGain as calculate_gain,
  kaimingNormal_ as kaiming_normal_,
  kaimingUniform_ as kaiming_uniform_,
  xavierNormal_ as xavier_normal_,
  xavierUniform_ as xavier_uniform_,
};
