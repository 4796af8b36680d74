// What reports are made of, checked: results may come from files, other processes and older versions.
import { argumentError, describe } from '../../errors.js';
import type { CellResult } from '../cell/cell.js';

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);

/** An object whose fields are as they should be; it may have others. */
function record(fields: Record<string, Check>): Check {
  const checks = Object.entries(fields);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
}

const numbers = listOf(isNumber);
const sample = record({ mean: isNumber, std: isNumber, values: numbers });
const band = record({ mean: isNumber, std: isNumber });

/** An initialiser by its name, alone or with options in plain JSON. */
const init: Check = (value) =>
  isText(value) || (record({ initialiser: isText })(value) && Object.values(value as object).every(isPlain));
const isPlain: Check = (value) => ['string', 'number', 'boolean'].includes(typeof value) || value === null;

const cell = record({
  ...{
    width: isNumber,
    depth: isNumber,
    activation: isText,
    init: orNull(init),
    sigmaW: orNull(isNumber),
    sigmaB: isNumber,
  },
  ...{ batch: isNumber, correlation: isNumber, inputs: orNull(listOf(numbers)), residual: orNull(isNumber) },
  ...{ normalisation: isText, image: orNull(isNumber), mode: isText, repeats: isNumber },
  seed: (value) => isNumber(value) || isText(value),
});

const layer = record({
  ...{
    layer: isNumber,
    q: sample,
    c: orNull(sample),
    mean: isNumber,
    std: isNumber,
    maxAbs: isNumber,
    kurtosis: isNumber,
  },
  ...{
    nonFinite: isNumber,
    gradient: orNull(sample),
    gradientRatio: orNull(isNumber),
    weightGradient: orNull(isNumber),
  },
  activation: record({
    mean: isNumber,
    meanSquare: isNumber,
    zeros: isNumber,
    dead: isNumber,
    saturated: orNull(isNumber),
  }),
  expected: orNull(record({ q: isNumber, c: isNumber, gradient: isNumber, band: orNull(band) })),
  agreement: orNull(
    record({
      z: isNumber,
      varianceRatio: orNull(isNumber),
      interval: orNull(numbers),
      agrees: (value) => typeof value === 'boolean',
    }),
  ),
});

const spectrum = record({
  ...{ largest: sample, smallest: orNull(sample), effectiveRank: orNull(sample), values: orNull(numbers) },
});

const parts: readonly (readonly [string, Check])[] = Object.entries({
  cell,
  mode: isText,
  layers: listOf(layer),
  spectrum: orNull(spectrum),
  overflowLayer: orNull(isNumber),
  vanishLayer: orNull(isNumber),
});

/**
 * A list of what was measured of cells.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything else
 */
export function checkResults(call: string, results: unknown): asserts results is readonly CellResult[] {
  if (!Array.isArray(results)) throw argumentError(call, `expected a list of cell results, got ${describe(results)}`);
  for (const result of results) {
    if (typeof result !== 'object' || result === null) {
      throw argumentError(call, `expected a list of cell results, got one with ${describe(result)}`);
    }
    const wrong = parts.find(([name, check]) => !check(result[name]));
    if (wrong === undefined) continue;
    throw argumentError(
      call,
      `expected a list of cell results, got one whose ${wrong[0]} is not what a study measures`,
    );
  }
}
