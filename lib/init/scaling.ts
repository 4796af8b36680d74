// The scaling initialisers: a distribution of mean 0 whose standard deviation follows from the weight's fans. One core, one
// rule for the standard deviation each, one line an initialiser.
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError } from '../errors.js';
import { fillNormal, fillUniform, type RandomOptions } from '../fill.js';
import { type FanOptions, fans, formatShape, numElements, type Shape } from '../shape.js';
import { operand, type Tensor } from '../tensor.js';
import { checkGain } from './checks.js';
import { calculateGain, type Nonlinearity } from './gains.js';

/** Which fan a variance is divided by; torch's spelling works too. */
export type FanMode = 'fan_in' | 'fan_out' | 'fanIn' | 'fanOut';

/** Means of the fans that variance scaling knows besides. */
export type ScalingMode = FanMode | 'fan_avg' | 'fanAvg' | 'fan_geo_avg' | 'fanGeoAvg';

/** Options that all scaling initialisers take: where numbers come from, and what the weight's layer is like. */
export interface ScalingOptions extends RandomOptions, FanOptions {}

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends ScalingOptions {
  /** Negative slope of the leaky ReLU that follows; 0 by default. Only used with 'leaky_relu'. */
  a?: number;
  /** 'fan_in' (default) keeps the variance of the forward pass, 'fan_out' that of the backward pass. */
  mode?: FanMode;
  /** 'leaky_relu' by default. */
  nonlinearity?: Nonlinearity;
}

/** Distributions of the scaling core. */
export type ScaledDistribution = 'uniform' | 'normal';

/** A rule: the standard deviation that a weight of this shape gets. */
type StdRule<O> = (call: string, shape: Shape, options: O) => number;

/** Fills with a distribution of mean 0 and the standard deviation that a rule gives. */
function scaled<T extends Tensor, O extends RandomOptions>(
  call: string,
  tensor: T,
  distribution: ScaledDistribution,
  rule: StdRule<O>,
  options: O | undefined,
): T {
  const view = operand(call, tensor);
  const given = checkOptions(call, options) as O;
  const std = rule(call, view.shape, given);
  if (!Number.isFinite(std)) {
    // No inputs or no outputs: there is nothing to fill.
    if (numElements(view.shape) === 0) return tensor;
    throw rangeError(call, `the standard deviation of shape ${formatShape(view.shape)} would be ${std}`);
  }
  const random = { generator: given.generator };
  if (distribution === 'normal') {
    fillNormal(call, view, 0, std, random);
  } else {
    // A uniform distribution on [-bound, bound] has standard deviation bound / sqrt(3).
    const bound = Math.sqrt(3) * std;
    fillUniform(call, view, -bound, bound, random);
  }
  return tensor;
}

/** gain * sqrt(2 / (fan_in + fan_out)). */
export function xavierStd(call: string, shape: Shape, options: ScalingOptions & { gain?: number }): number {
  const { fanIn, fanOut } = fans(call, shape, options);
  return checkGain(call, options.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut));
}

const fanOf: Readonly<Record<ScalingMode, (fanIn: number, fanOut: number) => number>> = {
  fan_in: (fanIn) => fanIn,
  fanIn: (fanIn) => fanIn,
  fan_out: (_, fanOut) => fanOut,
  fanOut: (_, fanOut) => fanOut,
  fan_avg: (fanIn, fanOut) => (fanIn + fanOut) / 2,
  fanAvg: (fanIn, fanOut) => (fanIn + fanOut) / 2,
  fan_geo_avg: (fanIn, fanOut) => Math.sqrt(fanIn * fanOut),
  fanGeoAvg: (fanIn, fanOut) => Math.sqrt(fanIn * fanOut),
};

/** The fan that a mode names; `choices` are the modes that the call accepts, in torch's spelling. */
function fanByMode(call: string, shape: Shape, mode: unknown, choices: readonly string[], options: FanOptions): number {
  const names = typeof mode === 'string' && Object.hasOwn(fanOf, mode) ? (mode as ScalingMode) : undefined;
  const snake = names?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (names === undefined || snake === undefined || !choices.includes(snake)) {
    const expected = choices.map((choice) => `'${choice}'`).join(', ');
    throw argumentError(call, `unknown mode ${describe(mode)}; expected one of ${expected}`);
  }
  const { fanIn, fanOut } = fans(call, shape, options);
  return fanOf[names](fanIn, fanOut);
}

/** gain / sqrt(fan), with the gain of the nonlinearity that follows. */
export function kaimingStd(call: string, shape: Shape, options: KaimingOptions): number {
  const { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu' } = options;
  const fan = fanByMode(call, shape, mode, ['fan_in', 'fan_out'], options);
  return calculateGain(nonlinearity, checkNumber(call, 'a', a)) / Math.sqrt(fan);
}

/**
 * Uniform on [-b, b] with b = gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).
 *
 * @example
 * init.xavierUniform_(layer.weight, init.calculateGain('tanh'));
 */
export function xavierUniform_<T extends Tensor>(tensor: T, gain = 1, options?: ScalingOptions): T {
  return scaled('xavierUniform_', tensor, 'uniform', xavierStd, { ...checkOptions('xavierUniform_', options), gain });
}

/**
 * Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).
 *
 * @example
 * init.xavierNormal_(layer.weight);
 */
export function xavierNormal_<T extends Tensor>(tensor: T, gain = 1, options?: ScalingOptions): T {
  return scaled('xavierNormal_', tensor, 'normal', xavierStd, { ...checkOptions('xavierNormal_', options), gain });
}

/**
 * Uniform on [-b, b] with b = gain * sqrt(3 / fan) (He et al. 2015).
 *
 * @example
 * init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' });
 */
export function kaimingUniform_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  return scaled('kaimingUniform_', tensor, 'uniform', kaimingStd, options);
}

/**
 * Normal with standard deviation gain / sqrt(fan) (He et al. 2015).
 *
 * @example
 * init.kaimingNormal_(layer.weight, { mode: 'fan_out', nonlinearity: 'relu' });
 */
export function kaimingNormal_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  return scaled('kaimingNormal_', tensor, 'normal', kaimingStd, options);
}
