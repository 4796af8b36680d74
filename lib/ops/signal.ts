// What is known of the signals of a layer, for studies.
import { kernelId, run } from '../run.js';
import { numElements } from '../shape.js';
import { allocateView, restride, type TensorView } from '../view.js';
import { contiguous } from './storage.js';

const kernel = kernelId('signal_statistics');

/** Where native/simd/signal.h has what in each input's numbers. */
export const signalNumbers = {
  sum: 0,
  squares: 1,
  cubes: 2,
  fourths: 3,
  largest: 4,
  zeros: 5,
  saturated: 6,
  nonFinite: 7,
  dead: 8,
  products: 9,
  compared: 16,
} as const;

/** Numbers of each input. */
export const signalStride = signalNumbers.products + signalNumbers.compared;

/**
 * The sums, extremes and counts of float32 or float64 signals [inputs, ...]: `signalStride` numbers for each input. An
 * element up to `low` or from `high` on counts as saturated.
 */
export function signalSums(call: string, signals: TensorView, low: number, high: number): Float64Array {
  const inputs = signals.shape[0]!;
  const units = numElements(signals.shape.slice(1));
  const out = allocateView(call, [inputs, signalStride], 'float64');
  const rows = restride(contiguous(call, signals), [inputs, units], [units, 1]);
  run(call, kernel, [out, rows], [low, high]);
  return out.array as Float64Array;
}
