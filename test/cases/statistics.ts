// Statistics for tests of random numbers. Seeds are fixed, so a test passes always or never; the limits are those that a
// correct generator with a random seed would pass but for one run in a million.

/** Largest |z| of a standard normal statistic. */
export const maxZ = 4.9;

/** Largest Kolmogorov-Smirnov statistic times sqrt(n): sqrt(ln(2 / 1e-6) / 2). */
export const maxKs = 2.7;

/** The distribution function of the standard normal, to 1.5e-7 (Abramowitz & Stegun 7.1.26). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce(
    (sum, c) => (sum + c) * t,
    0,
  );
  const tail = 0.5 * series * Math.exp(-z * z);
  return x > 0 ? 1 - tail : tail;
}

/** sqrt(n) times the largest distance between the sample's distribution and the given one (Kolmogorov, Smirnov). */
export function ksStatistic(sample: ArrayLike<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  const n = sorted.length;
  let worst = 0;
  sorted.forEach((x, i) => {
    const expected = cdf(x);
    worst = Math.max(worst, Math.abs(expected - i / n), Math.abs(expected - (i + 1) / n));
  });
  return worst * Math.sqrt(n);
}

/** How many standard errors the mean of f over the sample is from what it should be. */
export function meanZ(sample: ArrayLike<number>, f: (x: number) => number, mean: number, variance: number): number {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += f(sample[i]!) - mean;
  return sum / Math.sqrt(sample.length * variance);
}

/** z-scores of the first four moments of a uniform sample on [low, high). */
export function uniformMoments(sample: ArrayLike<number>, low: number, high: number): number[] {
  return [1, 2, 3, 4].map((k) =>
    meanZ(sample, (x) => ((x - low) / (high - low)) ** k, 1 / (k + 1), 1 / (2 * k + 1) - 1 / (k + 1) ** 2),
  );
}

/** z-scores of the first four moments of a normal sample. */
export function normalMoments(sample: ArrayLike<number>, mean: number, std: number): number[] {
  const moments = [0, 1, 0, 3];
  const variances = [1, 2, 15, 96];
  return moments.map((moment, i) => meanZ(sample, (x) => ((x - mean) / std) ** (i + 1), moment, variances[i]!));
}
