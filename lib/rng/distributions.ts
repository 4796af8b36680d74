// The distributions that fill views: which kernel of native/kernels.def makes each of them from which bit generator's draws.
// docs/random.md states what each element of a fill is.
import { kernelId } from '../run.js';
import { numElements } from '../shape.js';
import type { View } from '../view.js';

/** What the number of draws depends on. */
export type Filled = Pick<View, 'shape' | 'dtype'>;

interface Pcg32Row {
  readonly kernel: number;
  /** How many of the parameters the kernel takes; all where it is left out. */
  readonly params?: number;
  draws(view: Filled, params: readonly number[]): number;
}

interface Row {
  /** On pcg32 the number of 32-bit draws is known before the fill. Undefined for what is made of other distributions there. */
  readonly pcg32: Pcg32Row | undefined;
  /** On mt19937 only the kernel knows. Undefined for what is made of other distributions there. */
  readonly mt19937: number | undefined;
}

/** Draws that one number takes. */
const draws = (view: Filled) => (view.dtype === 'float64' ? 2 : 1);

const oneEach = (view: Filled) => draws(view) * numElements(view.shape);

const twoEach = (view: Filled) => 2 * numElements(view.shape);

/** Up to here (`kOneShuffle` of native/rng/permutation.h) numbers are shuffled at once; in larger permutations they draw buckets before. */
const oneShuffle = 2 ** 20;

const permutationDraws = (view: View) => {
  const n = numElements(view.shape);
  return n <= oneShuffle ? 2 * n : 3 * n;
};

/** Normals come in pairs. */
const normalDraws = (view: Filled) => 2 * draws(view) * Math.ceil(numElements(view.shape) / 2);

export const distributions = {
  /** Parameters: lower and upper bound. */
  uniform: {
    pcg32: { kernel: kernelId('uniform'), draws: oneEach },
    mt19937: kernelId('mt_uniform'),
  },
  /** Parameters: mean, standard deviation. */
  normal: {
    pcg32: { kernel: kernelId('normal'), draws: normalDraws },
    mt19937: kernelId('mt_normal'),
  },
  /** Parameters: mean, standard deviation, lower and upper bound. */
  truncNormal: {
    pcg32: { kernel: kernelId('truncated_normal'), draws: oneEach },
    mt19937: kernelId('mt_trunc_normal'),
  },
  /** Parameter: rate. */
  exponential: { pcg32: { kernel: kernelId('exponential'), draws: oneEach }, mt19937: kernelId('mt_exponential') },
  /** Parameter: the probability of 1. */
  bernoulli: {
    pcg32: { kernel: kernelId('bernoulli'), draws: (view) => numElements(view.shape) },
    mt19937: kernelId('mt_bernoulli'),
  },
  /** Parameters: `integerParams`. */
  integers: { pcg32: { kernel: kernelId('integers'), params: 4, draws: twoEach }, mt19937: kernelId('mt_randint') },
  /** A matrix of Haar's distribution times a factor, the parameter; takes the draws of a normal fill. */
  orthogonal: {
    pcg32: { kernel: kernelId('haar_orthogonal'), draws: normalDraws },
    mt19937: undefined,
  },
  /** The numbers from 0 on in random order; a view of one dimension. */
  permutation: {
    pcg32: { kernel: kernelId('permutation'), draws: permutationDraws },
    mt19937: kernelId('mt_randperm'),
  },
  /** Zeroes as many elements of every column of a matrix as the parameter says. */
  sparseZero: {
    pcg32: {
      kernel: kernelId('sparse_zero'),
      draws: ({ shape }, [zeros]) => 2 * zeros! * shape[1]!,
    },
    mt19937: undefined,
  },
} as const satisfies Record<string, Row>;

export type Distribution = keyof typeof distributions;

/** The row of a distribution, with undefined where there is no kernel yet. */
export function distributionRow(distribution: Distribution): Row {
  return distributions[distribution];
}

/** From here on torch takes 64-bit draws for its integers. */
const wideRange = 2n ** 28n;

/** The parameters of `integers` for whole numbers from low on, below low + range; a range of 2^64 covers int64. */
export function integerParams(low: bigint, range: bigint, wide = range >= wideRange): number[] {
  const words = (value: bigint) => [Number(BigInt.asUintN(64, value) >> 32n), Number(BigInt.asUintN(32, value))];
  return [...words(low), ...words(range), wide ? 1 : 0];
}
