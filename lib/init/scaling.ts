// The scaling initialisers: a distribution of mean 0 whose standard deviation follows from the weight's fans. One core, one
// rule for the standard deviation each, one line an initialiser.
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { type FanOptions, fans, formatShape, numElements, type Shape } from '../shape.js';
import { operand, type Tensor } from '../tensor/index.js';
import { checkGain } from './checks.js';
import { calculateGain, type Nonlinearity } from './gains.js';
import { fillByLaw, type Law } from './law.js';

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

/** Distributions of variance scaling; Keras's and JAX's names. Plain 'normal' means one of them in each, so it is refused. */
export type ScalingDistribution = 'truncated_normal' | 'untruncated_normal' | 'uniform';

/** Options of `varianceScaling_`. */
export interface VarianceScalingOptions extends ScalingOptions {
  /** The variance times the fan; 1 by default. */
  scale?: number;
  /** 'fan_in' by default. */
  mode?: ScalingMode;
  /** 'truncated_normal' by default. */
  distribution?: ScalingDistribution;
}

/** The standard deviation of a standard normal distribution truncated to [-2, 2], which the parent's is divided by. */
const truncatedStd = 0.8796256610342398;

/** A rule: the standard deviation that a weight of this shape gets. */
type StdRule<O> = (call: string, shape: Shape, options: O) => number;

/** Mean 0 and a standard deviation. */
export function scaledLaw(distribution: ScalingDistribution, std: number): Law {
  if (distribution === 'uniform') {
    // A uniform distribution on [-bound, bound] has standard deviation bound / sqrt(3).
    const bound = Math.sqrt(3) * std;
    return { distribution, low: -bound, high: bound };
  }
  if (distribution === 'untruncated_normal' || std === 0) return { distribution: 'normal', mean: 0, std };
  // Truncated at two of the parent's standard deviations; std is what is left.
  const parent = std / truncatedStd;
  return { distribution: 'truncNormal', mean: 0, std: parent, low: -2 * parent, high: 2 * parent };
}

/** Fills with a distribution of mean 0 and the standard deviation that a rule gives. */
function scaled<T extends Tensor, O extends RandomOptions>(
  call: string,
  tensor: T,
  distribution: ScalingDistribution,
  rule: StdRule<O>,
  options: O | undefined,
): T {
  const view = operand(call, tensor);
  const given = checkOptions(call, options) as O;
  const std = rule(call, view.shape, given);
  if (numElements(view.shape) === 0) {
    process.emitWarning('Initializing zero-element tensors is a no-op', { code: 'EVENKEEL_EMPTY_TENSOR' });
    return tensor;
  }
  if (!Number.isFinite(std)) {
    throw rangeError(call, `the standard deviation of shape ${formatShape(view.shape)} would be ${std}`);
  }
  fillByLaw(call, view, scaledLaw(distribution, std), { generator: given.generator });
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
  return scaled('xavierNormal_', tensor, 'untruncated_normal', xavierStd, {
    ...checkOptions('xavierNormal_', options),
    gain,
  });
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
  return scaled('kaimingNormal_', tensor, 'untruncated_normal', kaimingStd, options);
}

const scalingModes = ['fan_in', 'fan_out', 'fan_avg', 'fan_geo_avg'];
const scalingDistributions = ['truncated_normal', 'untruncated_normal', 'uniform'];

/** sqrt(scale / max(1, fan)). */
export function varianceScalingStd(call: string, shape: Shape, options: VarianceScalingOptions): number {
  const { scale = 1, mode = 'fan_in' } = options;
  const factor = checkNumber(call, 'scale', scale);
  if (!Number.isFinite(factor) || factor < 0)
    throw rangeError(call, `scale must be finite and 0 or more, got ${factor}`);
  return Math.sqrt(factor / Math.max(1, fanByMode(call, shape, mode, scalingModes, options)));
}

/** The distribution that the options name. */
export function scalingDistribution(call: string, options: VarianceScalingOptions): ScalingDistribution {
  const { distribution = 'truncated_normal' } = options;
  if (scalingDistributions.includes(distribution)) return distribution;
  const hint =
    (distribution as string) === 'normal'
      ? " ('normal' is truncated in some versions of Keras and not in JAX: name which you mean)"
      : '';
  const choices = scalingDistributions.map((name) => `'${name}'`).join(', ');
  throw argumentError(call, `unknown distribution ${describe(distribution)}; expected one of ${choices}${hint}`);
}

/**
 * Mean 0 and variance scale / fan, as in Keras and JAX: Glorot's, He's and LeCun's initialisers are special cases. The
 * truncated normal distribution is cut at two standard deviations of its parent, which is widened so that the variance
 * comes out right (division by 0.8796256610342398).
 *
 * @throws TypeError (ERR_ARGUMENT) for an unknown mode or distribution, the ambiguous 'normal' among them
 * @example
 * init.varianceScaling_(layer.weight, { scale: 2, mode: 'fan_avg', distribution: 'uniform' });
 */
export function varianceScaling_<T extends Tensor>(tensor: T, options?: VarianceScalingOptions): T {
  const call = 'varianceScaling_';
  const distribution = scalingDistribution(call, checkOptions(call, options));
  return scaled(call, tensor, distribution, varianceScalingStd, options);
}

/**
 * Truncated normal with variance 1 / fan_in (LeCun et al. 1998), as `lecun_normal` in Keras and JAX.
 *
 * @example
 * init.lecunNormal_(layer.weight);
 */
export function lecunNormal_<T extends Tensor>(tensor: T, options?: ScalingOptions): T {
  return scaled('lecunNormal_', tensor, 'truncated_normal', lecunStd, options);
}

/**
 * Uniform on [-b, b] with b = sqrt(3 / fan_in) (LeCun et al. 1998), as `lecun_uniform` in Keras and JAX.
 *
 * @example
 * init.lecunUniform_(layer.weight);
 */
export function lecunUniform_<T extends Tensor>(tensor: T, options?: ScalingOptions): T {
  return scaled('lecunUniform_', tensor, 'uniform', lecunStd, options);
}

/** 1 / sqrt(fan_in). */
export function lecunStd(call: string, shape: Shape, options: ScalingOptions): number {
  const { generator: _, ...layer } = options;
  return varianceScalingStd(call, shape, layer);
}
