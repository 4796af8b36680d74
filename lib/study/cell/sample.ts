// A number measured in several networks.
import type { Sample } from './cell.js';

/** Values of the repeats, with mean and standard deviation. */
export function sampleOf(values: readonly number[]): Sample {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(square / (n - 1)), values };
}
