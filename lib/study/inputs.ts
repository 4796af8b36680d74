// Batches whose inputs have a mean square of 1 and a given correlation.
import { matmul } from '../combine.js';
import { empty, randn, tensor } from '../creation.js';
import { orthogonal_ } from '../init/index.js';
import type { Generator } from '../random.js';
import type { Tensor } from '../tensor/index.js';

/**
 * Inputs [batch, units], float32. The square root of the matrix with 1 on the diagonal and c elsewhere, which is
 * sqrt(1 - c) I + (sqrt(1 + (batch - 1) c) - sqrt(1 - c)) / batch, times rows that are orthogonal and uniform over directions:
 * mean squares and correlations are exact. Where there are more inputs than units, the rows are normal and only nearly so.
 */
export function makeInputs(batch: number, units: number, correlation: number, generator: Generator): Tensor {
  const own = Math.sqrt(1 - correlation);
  const shared = (Math.sqrt(Math.max(0, 1 + (batch - 1) * correlation)) - own) / batch;
  const rows =
    batch <= units
      ? orthogonal_(empty(batch, units), Math.sqrt(units), { generator })
      : randn(batch, units, { generator });
  const root = Float32Array.from({ length: batch * batch }, (_, i) => shared + (i % (batch + 1) === 0 ? own : 0));
  return matmul(tensor(root).reshape(batch, batch), rows);
}
