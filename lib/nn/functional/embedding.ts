import { checkOptions } from '../../arguments.js';
import { dtypes } from '../../dtype.js';
import { dtypeError, rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { formatShape, numElements } from '../../shape.js';
import { apply, operand, type Tensor } from '../../tensor/index.js';
import { restride } from '../../view.js';

/** Options of `embedding`. */
export interface EmbeddingFunctionOptions {
  /** A row that gets no gradient; negative ones count from the end. None by default. */
  paddingIdx?: number | null;
}

/** Resolves the index of the padding row. */
export function checkPadding(call: string, paddingIdx: unknown, rows: number): number | undefined {
  if (paddingIdx === undefined || paddingIdx === null) return undefined;
  const index = paddingIdx as number;
  if (!Number.isInteger(index) || index < -rows || index >= rows) {
    throw rangeError(call, `paddingIdx must be a whole number from ${-rows} to ${rows - 1}, got ${String(paddingIdx)}`);
  }
  return index < 0 ? index + rows : index;
}

/**
 * Rows of a weight [rows, columns] by index: an input of whole numbers [...] gives [..., columns].
 *
 * @throws TypeError (ERR_DTYPE) for an input that is not of whole numbers; RangeError (ERR_RANGE) for an index beyond the
 * rows
 * @example
 * nn.functional.embedding(tensor([0, 2], { dtype: 'int64' }), randn(3, 4)).shape; // [2, 4]
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingFunctionOptions): Tensor {
  const call = 'embedding';
  const [indices, table] = [operand(call, input), operand(call, weight)];
  const { paddingIdx } = checkOptions(call, options);
  if (dtypes[indices.dtype].kind !== 'integer') {
    throw dtypeError(call, `expected indices of dtype int64, got ${indices.dtype}`);
  }
  if (table.shape.length !== 2) {
    throw shapeError(call, `expected a weight [rows, columns], got shape ${formatShape(table.shape)}`);
  }
  const count = table.shape[0]!;
  const padding = checkPadding(call, paddingIdx, count);
  // A copy: it may change before the gradient is asked for.
  const rows = restride(ops.contiguousCopy(call, indices, 'int64'), [numElements(indices.shape)], [1]);
  return apply(call, ops.rowsOp, [weight], { rows, shape: indices.shape, padding });
}
