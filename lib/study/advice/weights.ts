// What can be said of a layer's weight and bias by looking at them.
import { noGrad } from '../../autograd.js';
import { Tensor } from '../../tensor/index.js';
import { measureSignal } from '../signals/statistics.js';

/** A weight and its bias. */
export interface WeightFacts {
  /** Weights. */
  readonly count: number;
  /** The root mean square of the weights, times the square root of the fan-in. */
  readonly sigmaW: number;
  /** The root mean square of the biases; 0 without any. */
  readonly sigmaB: number;
  readonly hasBias: boolean;
  /** Weights and biases that are infinite or NaN. */
  readonly nonFinite: number;
  /** Whether all weights are 0. */
  readonly zero: boolean;
  /** Whether all of several units have the same weights. */
  readonly alike: boolean;
}

/** Looks at a weight [out, in, ...], or [in, out, ...] of a transposed convolution. */
export function weightFacts(
  call: string,
  weight: Tensor,
  bias: unknown,
  fanIn: number,
  transposed: boolean,
): WeightFacts {
  const measure = (x: Tensor) => measureSignal(call, x.detach().reshape(1, -1), undefined).statistics;
  const weights = measure(weight);
  const biases = bias instanceof Tensor ? measure(bias) : null;
  const unitDim = transposed ? 1 : 0;
  const alike = noGrad(
    () =>
      weight
        .sub(weight.narrow(unitDim, 0, 1))
        .abs()
        .max()
        .item() === 0,
  );
  return {
    count: weight.numel(),
    sigmaW: Math.sqrt(weights.meanSquare * fanIn),
    sigmaB: biases === null ? 0 : Math.sqrt(biases.meanSquare),
    hasBias: biases !== null,
    nonFinite: weights.nonFinite + (biases?.nonFinite ?? 0),
    zero: weights.maxAbs === 0,
    alike: weight.shape[unitDim]! > 1 && alike,
  };
}
