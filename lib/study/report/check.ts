// What reports are made of, checked: results may come from files, other processes and older versions.
import * as v from 'valibot';
import { argumentError, describe } from '../../errors.js';
import type { CellResult } from '../cell/cell.js';

/** Any number: NaN and infinities are results too. */
const number = v.custom<number>((value) => typeof value === 'number');
const numbers = v.array(number);
const sample = v.looseObject({ mean: number, std: number, values: numbers });
const spec = v.intersect([
  v.object({ initialiser: v.string() }),
  v.record(v.string(), v.nullable(v.union([v.string(), number, v.boolean()]))),
]);

const cell = v.looseObject({
  width: number,
  depth: number,
  activation: v.string(),
  init: v.nullable(v.union([v.string(), spec])),
  sigmaW: v.nullable(number),
  sigmaB: number,
  batch: number,
  correlation: number,
  inputs: v.nullable(v.array(numbers)),
  residual: v.nullable(number),
  normalisation: v.string(),
  image: v.nullable(number),
  mode: v.string(),
  repeats: number,
  seed: v.union([number, v.string()]),
});

const expected = v.looseObject({
  q: number,
  c: number,
  gradient: number,
  band: v.nullable(v.looseObject({ mean: number, std: number })),
});

const agreement = v.looseObject({
  z: number,
  varianceRatio: v.nullable(number),
  interval: v.nullable(numbers),
  agrees: v.boolean(),
});

const layer = v.looseObject({
  layer: number,
  q: sample,
  c: v.nullable(sample),
  mean: number,
  std: number,
  maxAbs: number,
  kurtosis: number,
  nonFinite: number,
  activation: v.looseObject({
    mean: number,
    meanSquare: number,
    zeros: number,
    dead: number,
    saturated: v.nullable(number),
  }),
  gradient: v.nullable(sample),
  gradientRatio: v.nullable(number),
  weightGradient: v.nullable(number),
  expected: v.nullable(expected),
  agreement: v.nullable(agreement),
});

const spectrum = v.looseObject({
  largest: sample,
  smallest: v.nullable(sample),
  effectiveRank: v.nullable(sample),
  values: v.nullable(numbers),
});

const result = v.looseObject({
  cell,
  mode: v.string(),
  layers: v.array(layer),
  spectrum: v.nullable(spectrum),
  overflowLayer: v.nullable(number),
  vanishLayer: v.nullable(number),
});

/**
 * A list of what was measured of cells.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything else
 */
export function checkResults(call: string, results: unknown): asserts results is readonly CellResult[] {
  if (!Array.isArray(results)) throw argumentError(call, `expected a list of cell results, got ${describe(results)}`);
  for (const one of results) {
    const { issues } = v.safeParse(result, one, { abortEarly: true });
    if (issues === undefined) continue;
    const path = v.getDotPath(issues[0]);
    const got = path === null ? `one with ${describe(one)}` : `one whose ${path} is ${describe(issues[0].input)}`;
    throw argumentError(call, `expected a list of cell results, got ${got}`);
  }
}
