// What distribution an initialiser is meant to give: for plans, and for checking a weight after the fact.
import { checkNumber, checkOrder } from '../arguments.js';
import { rangeError } from '../errors.js';
import { normalCdf, normalPdf } from '../special.js';

/** A distribution that a weight should have, element by element. */
export interface Target {
  readonly distribution: 'normal' | 'truncated normal' | 'uniform' | 'constant' | 'orthogonal' | 'sparse' | 'other';
  readonly mean: number;
  readonly std: number;
  /** No element lies outside [low, high]. */
  readonly low: number;
  readonly high: number;
  /** The probability of an element being at most x; undefined where elements are not independent draws of one law. */
  readonly cdf?: (x: number) => number;
  /** The kurtosis E (x - mean)^4 / std^4, which decides how far a sample's std may stray; 3 for a normal. */
  readonly kurtosis: number;
}

/** Checks the parameters of a target: numbers that are not NaN, `std` finite and 0 or more. */
function checkParameters(call: string, parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    const number = checkNumber(call, name, value);
    if (Number.isNaN(number)) throw rangeError(call, `${name} must not be NaN`);
    if (name === 'std' && !(number >= 0 && number < Infinity)) {
      throw rangeError(call, `std must be finite and 0 or more, got ${number}`);
    }
  }
}

/** All elements `value`. */
export function constantTarget(value: number): Target {
  checkParameters('constantTarget', { value });
  return { distribution: 'constant', mean: value, std: 0, low: value, high: value, kurtosis: 1 };
}

/** Uniform on [low, high]. */
export function uniformTarget(low: number, high: number): Target {
  checkParameters('uniformTarget', { low, high });
  checkOrder('uniformTarget', low, high);
  if (low === high) return constantTarget(low);
  return {
    distribution: 'uniform',
    mean: (low + high) / 2,
    std: (high - low) / Math.sqrt(12),
    low,
    high,
    cdf: (x) => Math.min(1, Math.max(0, (x - low) / (high - low))),
    kurtosis: 9 / 5,
  };
}

/** Normal. */
export function normalTarget(mean: number, std: number): Target {
  checkParameters('normalTarget', { mean, std });
  if (std === 0) return constantTarget(mean);
  return {
    distribution: 'normal',
    mean,
    std,
    low: -Infinity,
    high: Infinity,
    cdf: (x) => normalCdf((x - mean) / std),
    kurtosis: 3,
  };
}

/**
 * Normal(mean, std) restricted to [low, high]. Moments by the recursion for E z^k of a truncated standard normal,
 * m_k = (k - 1) m_(k-2) - (b^(k-1) phi(b) - a^(k-1) phi(a)) / (Phi(b) - Phi(a)).
 */
export function truncatedNormalTarget(mean: number, std: number, low: number, high: number): Target {
  checkParameters('truncatedNormalTarget', { mean, std, low, high });
  checkOrder('truncatedNormalTarget', low, high);
  if (std === 0) return constantTarget(Math.min(Math.max(mean, low), high));
  const [a, b] = [(low - mean) / std, (high - mean) / std];
  // Both tails by the smaller one, so that bounds far out keep their digits.
  const mirrored = a > 0;
  const between = (x: number, y: number) => (mirrored ? normalCdf(-x) - normalCdf(-y) : normalCdf(y) - normalCdf(x));
  const mass = between(a, b);
  const edge = (k: number) => {
    const at = (x: number) => (Number.isFinite(x) ? x ** k * normalPdf(x) : 0);
    return (at(b) - at(a)) / mass;
  };
  const m = [1, -edge(0)];
  for (let k = 2; k <= 4; k++) m[k] = (k - 1) * m[k - 2]! - edge(k - 1);
  const m1 = m[1]!;
  const variance = m[2]! - m1 ** 2;
  const fourth = m[4]! - 4 * m1 * m[3]! + 6 * m1 ** 2 * m[2]! - 3 * m1 ** 4;
  return {
    distribution: 'truncated normal',
    mean: mean + std * m1,
    std: std * Math.sqrt(variance),
    low,
    high,
    cdf: (x) => Math.min(1, Math.max(0, between(a, (Math.min(Math.max(x, low), high) - mean) / std) / mass)),
    kurtosis: fourth / variance ** 2,
  };
}
