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

/**
 * Probability that a chi-square variable of `dof` degrees of freedom is at most x: the regularised incomplete gamma function
 * P(dof / 2, x / 2), by its series where x is below its mean and by the continued fraction of Q beyond (DLMF 8.7.1, 8.9.2).
 */
export function chiSquareCdf(x: number, dof: number): number {
  if (x <= 0) return 0;
  const [a, y] = [dof / 2, x / 2];
  const front = Math.exp(a * Math.log(y) - y - logGamma(a));
  if (y < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= y / (a + n);
      sum += term;
    }
    return front * sum;
  }
  // Lentz's algorithm: Q = front / (y + 1 - a - 1 (1 - a) / (y + 3 - a - ...)).
  let b = y + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < 10000; n++) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return 1 - front * fraction;
}

/** log Gamma(a), a > 0: Stirling's series (DLMF 5.11.1) from 10 on, and Gamma(a + 1) = a Gamma(a) below. */
function logGamma(a: number): number {
  let shift = 0;
  let z = a;
  for (; z < 10; z++) shift += Math.log(z);
  const r = 1 / (z * z);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** The x that a chi-square variable is at most with probability p, by bisection of the logarithm. */
export function chiSquareQuantile(p: number, dof: number): number {
  let [low, high] = [-100, Math.log(dof) + 10];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (chiSquareCdf(Math.exp(middle), dof) < p) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
