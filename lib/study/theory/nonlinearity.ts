// Activations as mean-field theory sees them: functions of one number, their derivatives, and where they bend.
import { argumentError, describe } from '../../errors.js';
import { erf, normalCdf, normalPdf } from '../../special.js';

/** A function that theory is asked about. */
export interface Nonlinearity {
  /** The function. */
  f(x: number): number;
  /** Its derivative; by differences where it is left out. */
  df?(x: number): number;
  /** Where it has kinks or bends; 0 by default. It must be smooth, and bend slowly, elsewhere. */
  readonly breakpoints?: readonly number[];
}

interface Row extends Required<Nonlinearity> {
  /** Whether f(a x) = a f(x) for a > 0. */
  readonly homogeneous?: boolean;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** SELU's constants (Klambauer et al. 2017), to the digits of float64. */
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** torch's default slope. */
const leakySlope = 0.01;

/** The activations of `nn`, with torch's default arguments, and the identity. */
export const nonlinearities = {
  linear: { f: (x) => x, df: () => 1, breakpoints: [], homogeneous: true },
  relu: { f: (x) => Math.max(x, 0), df: (x) => (x > 0 ? 1 : 0), breakpoints: [0], homogeneous: true },
  leakyRelu: {
    f: (x) => (x > 0 ? x : leakySlope * x),
    df: (x) => (x > 0 ? 1 : leakySlope),
    breakpoints: [0],
    homogeneous: true,
  },
  tanh: { f: Math.tanh, df: (x) => 1 - Math.tanh(x) ** 2, breakpoints: [0] },
  erf: { f: erf, df: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x), breakpoints: [0] },
  sigmoid: { f: sigmoid, df: (x) => sigmoid(x) * sigmoid(-x), breakpoints: [0] },
  gelu: { f: (x) => x * normalCdf(x), df: (x) => normalCdf(x) + x * normalPdf(x), breakpoints: [0] },
  silu: { f: (x) => x * sigmoid(x), df: (x) => sigmoid(x) * (1 + x * sigmoid(-x)), breakpoints: [0] },
  elu: { f: (x) => (x > 0 ? x : Math.expm1(x)), df: (x) => (x > 0 ? 1 : Math.exp(x)), breakpoints: [0] },
  selu: {
    f: (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
    df: (x) => seluScale * (x > 0 ? 1 : seluAlpha * Math.exp(x)),
    breakpoints: [0],
  },
  softplus: {
    f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    df: sigmoid,
    breakpoints: [0],
  },
} satisfies Readonly<Record<string, Row>>;

/** An activation's name. */
export type NonlinearityName = keyof typeof nonlinearities;

/** Names of `NonlinearityName`. */
export const nonlinearityNames = Object.keys(nonlinearities) as NonlinearityName[];

/** Step of the differences that stand for a derivative that is not given, times the size of x. */
const step = 1e-3;

/** The derivative by differences of fourth order. */
function differences(f: (x: number) => number): (x: number) => number {
  return (x) => {
    const h = step * Math.max(1, Math.abs(x));
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
  };
}

/** Resolves a name or a function of one's own. */
export function toNonlinearity(call: string, given: NonlinearityName | Nonlinearity): Row {
  if (typeof given === 'string') {
    if (Object.hasOwn(nonlinearities, given)) return nonlinearities[given];
    throw argumentError(call, `unknown activation ${describe(given)}; expected ${nonlinearityNames.join(', ')}`);
  }
  const valid = typeof given === 'object' && given !== null && typeof given.f === 'function';
  if (!valid || !['function', 'undefined'].includes(typeof given.df)) {
    throw argumentError(call, `expected an activation's name or { f, df, breakpoints }, got ${describe(given)}`);
  }
  const { f, df = differences(f), breakpoints = [0] } = given;
  if (!Array.isArray(breakpoints) || !breakpoints.every(Number.isFinite)) {
    throw argumentError(call, `breakpoints must be finite numbers, got ${describe(breakpoints)}`);
  }
  return { f, df, breakpoints };
}
