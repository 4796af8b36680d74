// What theory expects of a cell, layer by layer, and how measurements agree with it.
import { chiSquareQuantile } from '../../special.js';
import { isElementwise } from '../layers/weights.js';
import { type BandRow, finiteWidthBand } from '../theory/band.js';
import { MeanField } from '../theory/meanfield.js';
import type { Agreement, Cell, LayerExpectation } from './cell.js';
import { inputMoments } from './inputs.js';
import { fanInOf, initOf, weightMoments } from './network.js';

/** The mean field of a cell's network; null where its weights have a mean. */
export function meanFieldOf(call: string, cell: Cell): MeanField | null {
  const { mean, std } = weightMoments(call, cell);
  const sigmaW = std * Math.sqrt(fanInOf(cell));
  if (mean !== 0 || !Number.isFinite(sigmaW)) return null;
  return new MeanField({ activation: cell.activation, sigmaW, sigmaB: cell.sigmaB });
}

/** Beyond these a mean square is none that float32 could hold, and integrals are not worth taking. */
const [least, most] = [1e-45, 1e77];

/**
 * The expectations of a cell's layers: with V the map of mean squares, C that of covariances, x chi_1,
 *
 *     plain:           q' = V(q),                 q'c' = C(q, c),                 g = x(q) g'
 *     residual, s:     q' = q + s^2 V(q),         q'c' = qc + s^2 C(q, c),        g = (1 + s^2 x(q)) g'
 *     layer norm:      q' = V(1),                 q'c' = C(1, c),                 g = x(1) / q g'
 *
 * and both changes where both are there; g is the gradient's mean square. Without a law, null: batch normalisation couples
 * inputs, weights with a mean add one to signals. The band of finite width is that of plain, fully connected networks of
 * independent weights, as far as it can be trusted: to a standard deviation of a third of the mean square (not where it is a law of
 * logarithms).
 */
export function expectLayers(call: string, cell: Cell): LayerExpectation[] | null {
  const net = cell.normalisation === 'batch' ? null : meanFieldOf(call, cell);
  if (net === null) return null;
  const isPlain = cell.residual === null && cell.normalisation === 'none' && cell.image === null;
  const input = inputMoments(cell);
  const first = net.sigmaW ** 2 * input.q + net.sigmaB ** 2;
  const band =
    isPlain && isElementwise(initOf(cell)) && first > 0
      ? finiteWidthBand(net, { width: cell.width, depth: cell.depth, q: first })
      : null;
  let q = first;
  let c = (net.sigmaW ** 2 * input.q * input.c + net.sigmaB ** 2) / first;
  // Up to layer l, the product of the factors by which the gradient grows on its way from there to the first.
  let grown = 1;
  const forward: { q: number; c: number; grown: number }[] = [];
  for (let layer = 1; layer <= cell.depth; layer++) {
    forward.push({ q, c, grown });
    const usable = q > least && q < most;
    const inner = cell.normalisation === 'layer' ? 1 : q;
    const scale = cell.residual === null ? 1 : cell.residual ** 2;
    const kept = cell.residual === null ? 0 : 1;
    const mapped = usable ? net.nextQ(inner) : q <= least ? net.nextQ(least) : q;
    const covariance = usable && cell.batch > 1 ? mapped * net.nextC(inner, c) : mapped * c;
    const chi = (usable ? net.chi1(inner) : 1) / (cell.normalisation === 'layer' ? q : 1);
    const next = kept * q + scale * mapped;
    c = next > 0 ? (kept * q * c + scale * covariance) / next : c;
    q = next;
    grown *= kept + scale * chi;
  }
  const last = forward.at(-1)!.grown;
  const bands = band === null ? [] : trusted(band, cell.width);
  return forward.map(({ q, c, grown }, i) => ({ q, c, gradient: last / grown, band: bands[i] ?? null }));
}

/** The relative deviation up to which a law of the first order is one. */
const mostDeviation = 1 / 3;

/** The band up to where deviations become so large that the map bends within them, as near an unstable fixed point. */
function trusted(band: readonly BandRow[], width: number): NonNullable<LayerExpectation['band']>[] {
  const end = band.findIndex(({ q, std, log, mean }) => {
    const passedOn = Math.sqrt(Math.max(0, std * std - (2 * q * q) / width));
    return !Number.isFinite(mean) || !Number.isFinite(std) || std === 0 || (!log && passedOn > mostDeviation * q);
  });
  return band.slice(0, end < 0 ? band.length : end).map(({ mean, std, log }) => ({ mean, std, log }));
}

/** |z| up to here agrees: one in 150,000 is beyond it by chance. */
const largestZ = 4.5;

/** The same chance, for variances; the band is a law of the first order, to within so much. */
const chance = 6.8e-6;
const slack = 0.1;

/** Compares mean squares, one for each network, with their band. */
export function judge(values: readonly number[], band: NonNullable<LayerExpectation['band']>): Agreement {
  const seen = band.log ? values.map(Math.log) : values;
  const n = seen.length;
  const mean = seen.reduce((sum, value) => sum + value, 0) / n;
  const z = (mean - band.mean) / (band.std / Math.sqrt(n));
  if (n < 2) return { z, varianceRatio: null, interval: null, agrees: Math.abs(z) <= largestZ };
  const variance = seen.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const varianceRatio = variance / band.std ** 2;
  const interval = [
    (chiSquareQuantile(chance / 2, n - 1) / (n - 1)) * (1 - slack),
    (chiSquareQuantile(1 - chance / 2, n - 1) / (n - 1)) * (1 + slack),
  ] as const;
  const inside = varianceRatio >= interval[0] && varianceRatio <= interval[1];
  return { z, varianceRatio, interval, agrees: Math.abs(z) <= largestZ && inside };
}
