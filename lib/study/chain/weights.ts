// How each kind of weights is drawn, in place.
import { kaimingNormal_, normal_, orthogonal_, spectral_, xavierNormal_ } from '../../init/index.js';
import type { Generator } from '../../random.js';
import type { Tensor } from '../../tensor/index.js';
import { type InitName, scaledFactor } from './theory.js';

interface WeightRow {
  fill(weight: Tensor, generator: Generator): void;
  /** Matrices of the weight's size that exist at once while it is filled, itself included. */
  readonly matrices: number;
}

/** Weights [n, n] by name. */
export const weightTable: Readonly<Record<InitName, WeightRow>> = {
  /** Standard normal elements. */
  plain: { fill: (weight, generator) => normal_(weight, 0, 1, { generator }), matrices: 1 },
  /** Standard normal elements times 0.01: the guess that makes signals vanish. */
  scaled: { fill: (weight, generator) => normal_(weight, 0, 1, { generator }).mul_(scaledFactor), matrices: 1 },
  /** `xavierNormal_`: standard deviation 1/sqrt(n). */
  xavier: { fill: (weight, generator) => xavierNormal_(weight, 1, { generator }), matrices: 1 },
  /** `kaimingNormal_` for a ReLU: standard deviation sqrt(2/n). */
  kaiming: {
    fill: (weight, generator) => kaimingNormal_(weight, { nonlinearity: 'relu', generator }),
    matrices: 1,
  },
  /** `orthogonal_`: uniform over all orthogonal matrices. It keeps as many Householder vectors. */
  orthogonal: { fill: (weight, generator) => orthogonal_(weight, 1, { generator }), matrices: 2 },
  /** Standard normal elements divided by the largest singular value. */
  spectral: {
    fill: (weight, generator) => spectral_(weight, 1, { generator }),
    // The Lanczos vectors: a few hundred at most.
    matrices: 1,
  },
};
