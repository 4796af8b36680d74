// Results as comma-separated values: a line for each layer of each cell.
import { stringify } from 'csv-stringify/sync';
import { argumentError, describe } from '../../errors.js';
import type { CellResult, LayerResult, Sample } from '../cell/cell.js';
import { checkResults } from '../report/check.js';
import { cellKey } from './key.js';
import { fieldNames } from './options.js';

type Value = string | number | boolean | null;

const sample = (name: string, of: (layer: LayerResult) => Sample | null) =>
  [
    [`${name}_mean`, (_: CellResult, layer: LayerResult) => of(layer)?.mean ?? null],
    [`${name}_std`, (_: CellResult, layer: LayerResult) => of(layer)?.std ?? null],
  ] as const;

/** Columns, and what is in them; null leaves a field empty. */
const columns: readonly (readonly [string, (result: CellResult, layer: LayerResult) => Value])[] = [
  ['key', ({ cell }) => cellKey(cell)],
  ...fieldNames
    .filter((name) => name !== 'inputs')
    .map((name) => {
      const value = ({ cell }: CellResult): Value => {
        const given = cell[name];
        return typeof given === 'object' && given !== null ? JSON.stringify(given) : given;
      };
      return [name === 'mode' ? 'mode_asked' : name, value] as const;
    }),
  ['mode', ({ mode }) => mode],
  ['overflow_layer', ({ overflowLayer }) => overflowLayer],
  ['vanish_layer', ({ vanishLayer }) => vanishLayer],
  ['jacobian_largest', ({ spectrum }) => spectrum?.largest.mean ?? null],
  ['jacobian_smallest', ({ spectrum }) => spectrum?.smallest?.mean ?? null],
  ['jacobian_effective_rank', ({ spectrum }) => spectrum?.effectiveRank?.mean ?? null],
  ['layer', (_, { layer }) => layer],
  ...sample('q', ({ q }) => q),
  ...sample('c', ({ c }) => c),
  ['mean', (_, { mean }) => mean],
  ['std', (_, { std }) => std],
  ['max_abs', (_, { maxAbs }) => maxAbs],
  ['kurtosis', (_, { kurtosis }) => kurtosis],
  ['non_finite', (_, { nonFinite }) => nonFinite],
  ['activation_mean', (_, { activation }) => activation.mean],
  ['activation_mean_square', (_, { activation }) => activation.meanSquare],
  ['zeros', (_, { activation }) => activation.zeros],
  ['dead', (_, { activation }) => activation.dead],
  ['saturated', (_, { activation }) => activation.saturated],
  ...sample('gradient', ({ gradient }) => gradient),
  ['gradient_ratio', (_, { gradientRatio }) => gradientRatio],
  ['weight_gradient', (_, { weightGradient }) => weightGradient],
  ['expected_q', (_, { expected }) => expected?.q ?? null],
  ['expected_c', (_, { expected }) => expected?.c ?? null],
  ['expected_gradient', (_, { expected }) => expected?.gradient ?? null],
  ['z', (_, { agreement }) => agreement?.z ?? null],
  ['variance_ratio', (_, { agreement }) => agreement?.varianceRatio ?? null],
  ['agrees', (_, { agreement }) => agreement?.agrees ?? null],
];

/**
 * Results as comma-separated values (RFC 4180, but for lines that end in a newline alone): headings, then a line for each layer
 * of each cell, without inputs that were given. Numbers that are not finite are NaN, Infinity and -Infinity; what was not measured is empty.
 *
 * @throws TypeError (ERR_ARGUMENT), as the pieces are taken, for what is no result of a cell
 * @returns pieces of text: the headings, then a piece for each cell
 * @example
 * const { results } = await study({ width: 16, depth: 3, repeats: 2 });
 * for (const text of studyCsv(results)) process.stdout.write(text);
 */
export function* studyCsv(results: Iterable<CellResult>): Generator<string, void, undefined> {
  const call = 'studyCsv';
  if (typeof results?.[Symbol.iterator] !== 'function' || ArrayBuffer.isView(results)) {
    throw argumentError(call, `expected cell results, got ${describe(results)}`);
  }
  yield stringify([columns.map(([name]) => name)]);
  for (const result of results) {
    checkResults(call, [result]);
    yield stringify(
      result.layers.map((layer) => columns.map(([, value]) => value(result, layer))),
      { cast: { boolean: String, number: (value) => (Object.is(value, -0) ? '-0' : String(value)) } },
    );
  }
}
