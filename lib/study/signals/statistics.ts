// What a batch of signals looks like: one pass over it, everything accumulated in double.
import { checkFinite, checkOptions, checkOrder } from '../../arguments.js';
import { dtypeError, shapeError } from '../../errors.js';
import { signalNumbers as at, signalStride, signalSums } from '../../ops/index.js';
import { formatShape, numElements } from '../../shape.js';
import { checkTensor, type Tensor } from '../../tensor/index.js';

/** Statistics of the signals [inputs, ...units] at one place of a network. Shares are of all elements, from 0 to 1. */
export interface SignalStatistics {
  /** Signals: the size of the first dimension. */
  readonly inputs: number;
  /** Elements of each signal. */
  readonly units: number;
  readonly mean: number;
  /** Standard deviation, without Bessel's correction. */
  readonly std: number;
  /** q, the mean of the squares. */
  readonly meanSquare: number;
  /** The largest magnitude. */
  readonly maxAbs: number;
  /**
   * Fourth central moment over the square of the variance: 3 for a normal distribution. NaN where elements differ by less than
   * about 1e-4 of their mean, so that rounding would decide.
   */
  readonly kurtosis: number;
  /** The share of elements that are 0. */
  readonly zeros: number;
  /** The share of units that are 0 for every input. */
  readonly dead: number;
  /** The share of elements beyond the limits of saturation; null where none are given. */
  readonly saturated: number | null;
  /**
   * c, the mean over pairs of inputs of x.y / |x||y|, which is not centred, as in mean-field theory. Among the first 16
   * inputs; null for a single one; NaN where one is 0.
   */
  readonly correlation: number | null;
  /** How many elements are infinite or NaN. */
  readonly nonFinite: number;
}

/** What `signalStatistics` is told. */
export interface SignalOptions {
  /** An element up to the first number, or from the second on, counts as saturated. */
  saturation?: readonly [number, number] | undefined;
}

/**
 * Statistics of a batch of signals, in one native pass that accumulates in double. Halves are converted first.
 *
 * @param signals [inputs, ...]: at least one dimension, any floating dtype
 * @throws TypeError (ERR_DTYPE) for whole numbers, RangeError (ERR_SHAPE) without a dimension, RangeError (ERR_RANGE) for
 * limits that are out of order
 * @example
 * signalStatistics(randn(8, 512)).meanSquare; // about 1
 */
export function signalStatistics(signals: Tensor, options?: SignalOptions): SignalStatistics {
  const call = 'signalStatistics';
  const { dtype, shape } = checkTensor(call, signals);
  const { saturation } = checkOptions(call, options);
  if (shape.length === 0) throw shapeError(call, `expected signals [inputs, ...], got shape ${formatShape(shape)}`);
  if (!dtype.includes('float')) throw dtypeError(call, `expected floating point numbers, got ${dtype}`);
  if (saturation !== undefined) {
    const [low, high] = saturation;
    checkOrder(call, checkFinite(call, 'saturation[0]', low), checkFinite(call, 'saturation[1]', high));
  }
  return measureSignal(call, signals, saturation).statistics;
}

/** The statistics of floating point signals [inputs, ...], and the mean square of the first of them alone. */
export function measureSignal(
  call: string,
  signals: Tensor,
  saturation: readonly [number, number] | undefined,
): { readonly statistics: SignalStatistics; readonly first: number } {
  const { dtype, shape } = signals;
  const [low, high] = saturation ?? [-Infinity, Infinity];
  const real = signals.detach().to(dtype === 'float64' ? dtype : 'float32');
  const sums = signalSums(call, real.elements, low, high);
  const units = numElements(shape.slice(1));
  const statistics = summarise(sums, { inputs: shape[0]!, units, limited: saturation !== undefined });
  return { statistics, first: (sums[at.squares] ?? NaN) / units };
}

/** The variance, as a share of the mean square, whose own square is still well above rounding. */
const leastSpread = 1e-7;

/** From the sums of each input. */
function summarise(
  sums: Float64Array,
  { inputs, units, limited }: { inputs: number; units: number; limited: boolean },
): SignalStatistics {
  const total = (what: number) => {
    let sum = 0;
    for (let r = 0; r < inputs; r++) sum += sums[r * signalStride + what]!;
    return sum;
  };
  const count = inputs * units;
  const [mean, square, cube, fourth] = [at.sum, at.squares, at.cubes, at.fourths].map(
    (what) => total(what) / count,
  ) as [number, number, number, number];
  const variance = Math.max(0, square - mean * mean);
  const central = fourth - 4 * mean * cube + 6 * mean * mean * square - 3 * mean ** 4;
  let maxAbs = 0;
  for (let r = 0; r < inputs; r++) maxAbs = Math.max(maxAbs, sums[r * signalStride + at.largest]!);
  return {
    inputs,
    units,
    mean,
    std: Math.sqrt(variance),
    meanSquare: square,
    maxAbs,
    kurtosis: variance > leastSpread * square ? central / (variance * variance) : NaN,
    zeros: total(at.zeros) / count,
    dead: total(at.dead) / units,
    saturated: limited ? total(at.saturated) / count : null,
    correlation: meanCorrelation(sums, Math.min(inputs, at.compared)),
    nonFinite: total(at.nonFinite),
  };
}

/** The mean of the cosines between the first inputs. */
function meanCorrelation(sums: Float64Array, compared: number): number | null {
  if (compared < 2) return null;
  let sum = 0;
  for (let r = 1; r < compared; r++) {
    for (let s = 0; s < r; s++) {
      const norms = Math.sqrt(sums[r * signalStride + at.squares]!) * Math.sqrt(sums[s * signalStride + at.squares]!);
      // Rounding may leave an input's cosine with its twin above 1.
      const cosine = sums[r * signalStride + at.products + s]! / norms;
      sum += Number.isNaN(cosine) ? cosine : Math.max(-1, Math.min(1, cosine));
    }
  }
  return sum / ((compared * (compared - 1)) / 2);
}
