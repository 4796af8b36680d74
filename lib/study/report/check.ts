// What reports are made of, checked.
import { argumentError, describe } from '../../errors.js';
import type { CellResult } from '../cell/cell.js';

/**
 * A list of what was measured of cells.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything else
 */
export function checkResults(call: string, results: unknown): asserts results is readonly CellResult[] {
  if (!Array.isArray(results)) throw argumentError(call, `expected a list of cell results, got ${describe(results)}`);
  const wrong = results.find((result) => !Array.isArray(result?.layers) || typeof result.cell !== 'object');
  if (results.includes(undefined) || wrong !== undefined) {
    throw argumentError(call, `expected a list of cell results, got one with ${describe(wrong)}`);
  }
}
