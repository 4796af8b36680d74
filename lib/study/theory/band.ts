// How far one random network of finite width may be from its mean field: the law that measurements are judged by.
import { checkOptions } from '../../arguments.js';
import { argumentError, describe, rangeError } from '../../errors.js';
import { checkSize } from '../../shape.js';
import { MeanField } from './meanfield.js';

/** What one layer's measured mean square is to be. */
export interface BandRow {
  /** The layer, from 1. */
  readonly layer: number;
  /** The mean square of pre-activations in the limit of wide layers. */
  readonly q: number;
  /** The expected value of the measured one, to the first order of 1/width; of its logarithm if `log`. */
  readonly mean: number;
  /** Its standard deviation over networks; of the logarithm if `log`. */
  readonly std: number;
  /** Whether mean and std are those of the natural logarithm: networks without a scale of their own scatter by factors. */
  readonly log: boolean;
}

/** The shape of a network and the size of what is put into it. */
export interface BandOptions {
  /** Neurons a layer. */
  width: number;
  /** Layers. */
  depth: number;
  /** The mean square of the first layer's pre-activations, sigma_w^2 |x|^2 / n + sigma_b^2; 1 by default. */
  q?: number;
}

/**
 * The finite-width band, layer by layer. With n neurons, the mean square that a layer passes on deviates from its expected
 * value by a variance of sigma_w^4 Var[phi^2] / n, and deviations travel on by the map's derivative chi_q:
 *
 *     s <- chi_q^2 s + sigma_w^4 Var[phi^2] / n,    m <- chi_q m + V'' s / 2,
 *
 * with m the shift of the expected value, V the map of mean squares. What is measured is a mean over n neurons, which adds
 * 2 (q^2 + s) / n. Homogeneous activations without biases multiply: there the logarithm has a variance of
 * (L - 1) Var / n + 2 / n, as for He's ReLU 5 L / n.
 *
 * @throws RangeError (ERR_RANGE) for sizes below 1 and a q that is not above 0
 * @example
 * const net = new MeanField({ activation: 'relu', sigmaW: Math.SQRT2 });
 * finiteWidthBand(net, { width: 512, depth: 100 }).at(-1).std; // 0.99: e to that power either way
 */
export function finiteWidthBand(net: MeanField, options: BandOptions): BandRow[] {
  const call = 'finiteWidthBand';
  if (!(net instanceof MeanField)) throw argumentError(call, `expected a MeanField, got ${describe(net)}`);
  const { width, depth, q: first = 1 } = checkOptions(call, options);
  const n = checkSize(call, width!, 'width');
  const layers = checkSize(call, depth!, 'depth');
  if (n < 1 || layers < 1) throw rangeError(call, `width and depth must be 1 or more, got ${n} and ${layers}`);
  if (!(first > 0 && first < Infinity)) throw rangeError(call, `q must be above 0 and finite, got ${first}`);
  const log = net.homogeneous && net.sigmaB === 0;
  const rows: BandRow[] = [];
  let [q, shift, variance] = [first, 0, 0];
  for (let layer = 1; layer <= layers; layer++) {
    if (log) rows.push({ layer, q, mean: Math.log(q) + shift - 1 / n, std: Math.sqrt(variance + 2 / n), log });
    else rows.push({ layer, q, mean: q + shift, std: Math.sqrt(variance + (2 * (q * q + variance)) / n), log });
    if (log) {
      // Relative to the next layer's.
      const next = net.nextQ(1);
      const added = net.layerVariance(1) / next ** 2 / n;
      [q, shift, variance] = [q * next, shift - added / 2, variance + added];
      continue;
    }
    const chi = net.chiQ(q);
    shift = chi * shift + (net.curvature(q) * variance) / 2;
    variance = chi * chi * variance + net.layerVariance(q) / n;
    q = net.nextQ(q);
  }
  return rows;
}
