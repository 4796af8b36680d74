// What studies put into networks: batches whose inputs have a mean square of 1 and a given correlation, or a user's own.
import { matmul } from '../../combine.js';
import { empty, randn, tensor } from '../../creation.js';
import { orthogonal_ } from '../../init/index.js';
import type { Generator } from '../../random.js';
import type { Tensor } from '../../tensor/index.js';
import { measureSignal } from '../signals/statistics.js';
import type { Cell } from './cell.js';
import { inputShape } from './network.js';

/** Rows of numbers as a matrix, float32. */
const rowsOf = (rows: readonly (readonly number[])[]): Tensor =>
  tensor(Float32Array.from(rows.flat())).reshape(rows.length, -1);

/** The inputs of a cell's network: its own, or drawn. */
export function inputsOf(cell: Cell, generator: Generator): Tensor {
  const shape = inputShape(cell);
  if (cell.inputs !== null) return rowsOf(cell.inputs).reshape(shape);
  const units = shape.slice(1).reduce((a, b) => a * b, 1);
  return makeInputs(cell.batch, units, cell.correlation, generator).reshape(shape);
}

/** The mean square of the first input, and the mean correlation of the first few. */
export function inputMoments(cell: Cell): { q: number; c: number } {
  if (cell.inputs === null) return { q: 1, c: cell.batch < 2 ? 1 : cell.correlation };
  const { statistics, first } = measureSignal('study', rowsOf(cell.inputs), undefined);
  return { q: first, c: statistics.correlation ?? 1 };
}

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
