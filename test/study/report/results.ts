// Results of studies made up for the tests of reports, the same at every run: networks as theory has them, with scatter.
import { Generator } from '../../../lib/index.js';
import type { Cell, CellResult, LayerResult, Sample } from '../../../lib/study/cell/cell.js';
import { finiteWidthBand } from '../../../lib/study/theory/band.js';
import { MeanField } from '../../../lib/study/theory/meanfield.js';
import { cellOf } from '../cells.js';

const plain = cellOf({ width: 256, depth: 30, batch: 8, repeats: 20 });

export function sample(values: readonly number[]): Sample {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, std: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN, values };
}

/** What a layer would be that has not been measured. */
export function layerOf(layer: number, q: readonly number[], more: Partial<LayerResult> = {}): LayerResult {
  return {
    layer,
    q: sample(q),
    c: null,
    mean: 0,
    std: 1,
    maxAbs: 3,
    kurtosis: 3,
    nonFinite: 0,
    activation: { mean: 0, meanSquare: 1, zeros: 0, dead: 0, saturated: null },
    gradient: null,
    gradientRatio: null,
    weightGradient: null,
    expected: null,
    agreement: null,
    ...more,
  };
}

/** Standard normal numbers. */
function normals(seed: number) {
  const generator = new Generator(seed);
  const uniform = () => (generator.random() + 0.5) / 2 ** 32;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A cell's result as networks that follow the theory would give it. */
export function resultOf(options: Partial<Cell> = {}, seed = 1): CellResult {
  const cell = { ...plain, ...options };
  const { width, depth, repeats, sigmaB, activation } = cell;
  const net = new MeanField({ activation, sigmaW: cell.sigmaW ?? 1, sigmaB });
  const rows = finiteWidthBand(net, { width, depth, q: net.sigmaW ** 2 + sigmaB ** 2 });
  const next = normals(seed);
  const paths = Array.from({ length: repeats }, () => next());
  let c = (net.sigmaW ** 2 * cell.correlation + sigmaB ** 2) / (net.sigmaW ** 2 + sigmaB ** 2);
  const chis = rows.map(({ q }) => net.chi1(q));
  const layers = rows.map(({ layer, q, mean, std, log }, i): LayerResult => {
    const values = paths.map((z) => {
      const x = mean + std * (0.9 * z + 0.44 * next());
      return log ? Math.exp(x) : Math.max(x, q / 100);
    });
    const expectedC = c;
    c = net.nextC(q, c);
    const gradient = chis.slice(i, -1).reduce((product, chi) => product * chi, 1);
    return layerOf(layer, values, {
      c: cell.batch > 1 ? sample(paths.map(() => Math.min(1, expectedC + (0.3 / Math.sqrt(width)) * next()))) : null,
      gradient: cell.backward
        ? sample(paths.map(() => gradient * Math.exp(next() * Math.sqrt((depth - i) / width))))
        : null,
      expected: { q, c: expectedC, gradient, band: { mean, std, log } },
      agreement: { z: 0.5, varianceRatio: 1, interval: [0.5, 1.6], agrees: i % 10 !== 9 },
    });
  });
  const values = Array.from({ length: width }, (_, i) => 1.9 * (1 - i / width) ** 1.5 + 1e-4);
  const extremes = {
    largest: sample(paths.map((z) => 1.9 + 0.1 * z)),
    smallest: sample(paths.map((z) => 1e-4 * Math.exp(z))),
  };
  const spectrum =
    cell.spectrum === 'none'
      ? null
      : cell.spectrum === 'all'
        ? { ...extremes, effectiveRank: sample(paths.map((z) => width / 2 + z)), values }
        : { ...extremes, effectiveRank: null, values: null };
  return { cell, mode: 'materialized', layers, spectrum, overflowLayer: null, vanishLayer: null };
}

/** The first layers as they are; from `layer` on the numbers given. */
function endingAt(result: CellResult, layer: number, value: number): CellResult {
  const list = result.layers.map((row) =>
    row.layer < layer
      ? row
      : {
          ...row,
          q: sample(row.q.values.map(() => value)),
          c: row.c && sample(row.q.values.map(() => Number.NaN)),
          gradient: null,
        },
  );
  const ends = value === 0 ? { vanishLayer: layer } : { overflowLayer: layer };
  return { ...result, layers: list, ...ends };
}

/** Ordinary cells and nasty ones. */
export const nasty = {
  overflow: endingAt(resultOf({ activation: 'linear', sigmaW: 22.6, sigmaB: 0, depth: 60 }), 29, Number.NaN),
  vanish: endingAt(resultOf({ activation: 'relu', sigmaW: 0.3, sigmaB: 0, depth: 60 }), 41, 0),
  oneLayer: resultOf({ depth: 1 }),
  single: resultOf({ batch: 1, repeats: 1, backward: false }),
  unexpected: (() => {
    const result = resultOf({ normalisation: 'layer', init: 'orthogonal', sigmaW: null, sigmaB: 0 });
    return { ...result, layers: result.layers.map((layer) => ({ ...layer, expected: null, agreement: null })) };
  })(),
  nothing: {
    ...resultOf({ depth: 3 }),
    layers: [1, 2, 3].map((i) => layerOf(i, [Number.NaN, Number.NaN])),
    overflowLayer: 1,
  },
} satisfies Record<string, CellResult>;

/** A small study: three activations on both sides of the edge of chaos, with spectra. */
export function study(): CellResult[] {
  return [
    resultOf({ sigmaW: 1, spectrum: 'all' }, 1),
    resultOf({ sigmaW: 1.3, spectrum: 'all' }, 2),
    resultOf({ sigmaW: 2, spectrum: 'extremes' }, 3),
    resultOf({ activation: 'relu', sigmaW: Math.SQRT2, sigmaB: 0 }, 4),
    resultOf({ activation: 'relu', sigmaW: 1, sigmaB: 0 }, 5),
    nasty.overflow,
    nasty.vanish,
  ];
}
