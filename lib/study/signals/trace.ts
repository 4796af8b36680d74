// What a study takes down of one pass: the signals at places of a network, and the gradients that come back to them.
import type { Tensor } from '../../tensor/index.js';
import { measureSignal, type SignalStatistics } from './statistics.js';

/** The gradient [inputs, ...] at one place. */
export interface GradientStatistics {
  readonly meanSquare: number;
  readonly maxAbs: number;
  /** The share of elements that are 0. */
  readonly zeros: number;
  readonly nonFinite: number;
}

/** One place, in one pass. */
export interface Place {
  readonly signal: SignalStatistics;
  /** Mean square of the first input's signal. */
  readonly firstMeanSquare: number;
  /** Null until, and unless, a gradient comes back. */
  gradient: GradientStatistics | null;
}

/** Measures a signal at once, since a later operation may write to it, and its gradient when it comes. */
export function takePlace(call: string, signal: Tensor, saturation?: readonly [number, number]): Place {
  const { statistics, first } = measureSignal(call, signal, saturation);
  const place: Place = { signal: statistics, firstMeanSquare: first, gradient: null };
  if (signal.requiresGrad) {
    signal.registerHook((grad) => {
      const { meanSquare, maxAbs, zeros, nonFinite } = measureSignal(call, grad, undefined).statistics;
      place.gradient = { meanSquare, maxAbs, zeros, nonFinite };
      return undefined;
    });
  }
  return place;
}
