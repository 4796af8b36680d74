// What studies are made of, by name, and the closed forms of one layer y = phi(W x) of width n: x ~ N(0, I), W drawn afresh with independent elements of mean 0 and
// variance v, or orthogonal, or divided by its spectral norm.

import { argumentError, describe } from '../../errors.js';
import { checkCount } from '../../shape.js';

/** How a study draws its square weights; `weights.ts` says how each is made. */
export type InitName = 'plain' | 'scaled' | 'xavier' | 'kaiming' | 'orthogonal' | 'spectral';

/** What follows the product with the weights. */
export type ActivationName = 'linear' | 'relu';

/** Names of `InitName`, in the order rows come in. */
export const initNames: readonly InitName[] = ['plain', 'scaled', 'xavier', 'kaiming', 'orthogonal', 'spectral'];

/** Names of `ActivationName`, in the order rows come in. */
export const activationNames: readonly ActivationName[] = ['linear', 'relu'];

/** Whether the layers of a chain have one weight matrix or one each. */
export type WeightSharing = 'shared' | 'fresh';

/** Names of `WeightSharing`. */
export const weightSharings: readonly WeightSharing[] = ['shared', 'fresh'];

/** What theory expects of a layer. */
export interface LayerTheory {
  /** Expected mean of one layer's output for an input of independent standard normal elements. */
  readonly mean: number;
  /** Expected mean square of that output. */
  readonly meanSquare: number;
  /** Factor on the root mean square with each layer: above 1 signals explode, below 1 they vanish. */
  readonly growth: number;
  /** Layer, counted from 1, whose output is likely to be the first beyond float32; null where signals don't grow. */
  readonly overflowLayer: number | null;
}

/** What a plain Gaussian is multiplied by in 'scaled'. */
export const scaledFactor = 0.01;

/** Largest finite float32. */
const maxFloat32 = (2 - 2 ** -23) * 2 ** 127;

/** Mean of the Tracy-Widom distribution for real matrices (Tracy and Widom 1996; digits from Bornemann 2010). */
const tracyWidomMean = -1.206533574582;

/**
 * Expected length of n independent standard normals, sqrt(2) Gamma((n+1)/2) / Gamma(n/2), about sqrt(n) (1 - 1/(4n)).
 * By E|z_1| = sqrt(2/pi) and E|z_n| E|z_(n+1)| = n, which follows from Gamma(x + 1) = x Gamma(x).
 *
 * @throws RangeError (ERR_RANGE) unless n is a whole number, 1 or more
 * @example
 * chiMean(512); // 22.616
 */
export function chiMean(n: number): number {
  checkCount('chiMean', n, 'n');
  // From here on Stirling's series of Gamma(x + 1/2) / Gamma(x), x = n/2, is exact to the last bits, and takes no time.
  if (n > 4096) {
    const y = 1 / n;
    return Math.sqrt(n) * (1 + y * (-1 / 4 + y * (1 / 32 + y * (5 / 128 - (y * 21) / 2048))));
  }
  let mean = Math.sqrt(2 / Math.PI);
  for (let k = 1; k < n; k++) mean = k / mean;
  return mean;
}

/**
 * Expected square of the largest singular value of an n x n matrix of independent standard normals. Its edge is 4n, the
 * Marchenko-Pastur law's, which the largest value converges to (Bai and Yin 1988, 1993); around it the fluctuations are
 * Tracy-Widom's: mean mu + s E(TW), mu = 4n - 2 and s = 2^(4/3) (n - 1/2)^(1/3) (Johnstone 2001, centred as by Ma
 * 2012). The term of the next order, (n - 1/2)^(-1/3), has its coefficient from n = 1, where the value is 1.
 *
 * Simulated for n = 1 to 512: within 0.2 % from n = 8 on, within 2 % at n = 2.
 *
 * @throws RangeError (ERR_RANGE) unless n is a whole number, 1 or more
 * @example
 * gaussianSpectralNormSquared(512) / (4 * 512); // 0.9872
 */
export function gaussianSpectralNormSquared(n: number): number {
  checkCount('gaussianSpectralNormSquared', n, 'n');
  const edge = (m: number) => 4 * m - 2 + tracyWidomMean * 2 ** (4 / 3) * Math.cbrt(m - 0.5);
  const next = (1 - edge(1)) * Math.cbrt(0.5);
  return edge(n) + next / Math.cbrt(n - 0.5);
}

/** Mean square of the elements of W x: n v where elements are independent. */
const gains: Readonly<Record<InitName, (n: number) => number>> = {
  plain: (n) => n,
  scaled: (n) => n * scaledFactor ** 2,
  // v = 2 / (fan_in + fan_out) = 1/n (Glorot and Bengio 2010).
  xavier: () => 1,
  // v = 2 / fan_in makes up for the half that a ReLU takes (He et al. 2015).
  kaiming: () => 2,
  // |Wx| = |x| (Saxe et al. 2014).
  orthogonal: () => 1,
  // |A|^2 / (n |A|_2^2), expected values in numerator and denominator: 1/4 in the limit.
  spectral: (n) => n / gaussianSpectralNormSquared(n),
};

/**
 * What theory expects of one layer y = phi(W x) of a width, and of a chain of them.
 *
 * With q the mean square of W x, given x its elements are normal with variance q |x|^2 / n, so
 * - linear: E y = 0, E y^2 = q;
 * - ReLU: half of them survive, E y^2 = q/2 (He et al. 2015), E y = sqrt(q/n) E|x| / sqrt(2 pi), about sqrt(q / (2 pi)).
 *
 * Both activations commute with positive factors, so E y^2 is also the growth of the mean square with each further layer
 * of fresh weights. One chain scatters about it: after L layers the logarithm of its norm has a variance of about L/(2n)
 * (ReLU: 5L/(4n)). One matrix repeated in every layer has the same growth in the limit of wide layers if they are linear
 * (the circular law: its spectral radius is sqrt(n v)), but a chain then settles on an eigenvector of its matrix, and
 * drifts: at width 512 by up to 5 % a layer if linear, 15 % with a ReLU.
 *
 * Signals leave float32 where the largest of n elements does, about sqrt(2 ln n) times their standard deviation.
 *
 * @param width neurons a layer, 1 or more
 * @throws TypeError (ERR_ARGUMENT) for other names, RangeError (ERR_RANGE) for another width
 * @example
 * layerTheory('kaiming', 'relu', 512).meanSquare; // 1
 * layerTheory('plain', 'linear', 512).overflowLayer; // 29
 */
export function layerTheory(init: InitName, activation: ActivationName, width: number): LayerTheory {
  const call = 'layerTheory';
  checkCount(call, width, 'width');
  if (!initNames.includes(init)) {
    throw argumentError(call, `unknown init ${describe(init)}; expected ${initNames.join(', ')}`);
  }
  if (!activationNames.includes(activation)) {
    throw argumentError(call, `unknown activation ${describe(activation)}; expected ${activationNames.join(', ')}`);
  }
  const q = gains[init](width);
  const meanSquare = activation === 'relu' ? q / 2 : q;
  const mean = activation === 'relu' ? (Math.sqrt(q / width) * chiMean(width)) / Math.sqrt(2 * Math.PI) : 0;
  const growth = Math.sqrt(meanSquare);
  const peak = Math.sqrt(2 * Math.log(Math.max(width, 2)));
  // Before the activation, layer L has standard deviation sqrt(q) growth^(L - 1).
  const layers = Math.ceil(1 + Math.log(maxFloat32 / (peak * Math.sqrt(q))) / Math.log(growth));
  return { mean, meanSquare, growth, overflowLayer: growth > 1 ? layers : null };
}
