// Special functions for checks and for theory.

const sqrtPi = Math.sqrt(Math.PI);

/** erf by its Maclaurin series with all terms positive: 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!! (DLMF 7.6.2). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / sqrtPi) * Math.exp(-x * x) * sum;
}

/** erfc for x >= 2 by its continued fraction (DLMF 7.9.3), evaluated from the far end. */
function erfcFraction(x: number): number {
  let f = x;
  for (let n = 60; n >= 1; n--) f = x + n / 2 / f;
  return Math.exp(-x * x) / (sqrtPi * f);
}

/**
 * The complementary error function, 1 - erf(x), with a relative error below 1e-12.
 */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  return x < 2 ? 1 - erfSeries(x) : erfcFraction(x);
}

/** The error function. */
export function erf(x: number): number {
  return Math.abs(x) < 2 ? Math.sign(x) * erfSeries(Math.abs(x)) : 1 - erfc(x);
}

/** The cumulative distribution function of the standard normal distribution. */
export function normalCdf(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** The density of the standard normal distribution. */
export function normalPdf(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The probability that a sample of n from a continuous distribution has a Kolmogorov-Smirnov statistic above d: the limit
 * distribution with Stephens's (1970) correction for finite n, which is accurate where it matters, at small
 * probabilities.
 */
export function kolmogorovTail(d: number, n: number): number {
  const root = Math.sqrt(n);
  const x = d * (root + 0.12 + 0.11 / root);
  if (x < 0.3) return 1;
  let tail = 0;
  for (let k = 1; k <= 20; k++) tail += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, tail));
}
