// The layer that a study takes: with its weight in memory, or without.
import { totalmem } from 'node:os';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe } from '../../errors.js';
import type { InitSpec } from '../../init/table.js';
import { Linear } from '../../nn/index.js';
import { checkSize } from '../../shape.js';
import { MatrixFreeLinear } from './matrix_free.js';
import { checkBiasStd, chooseGenerator, drawBias, type RandomLayerOptions } from './random_layer.js';
import { checkInitialiser, fillOf, inCall, isElementwise, lawOf } from './weights.js';

/** When weights are to be in memory. */
export type Materialize = 'auto' | 'always' | 'never';

const choices: readonly Materialize[] = ['auto', 'always', 'never'];

/** Options of `studyLinear`. */
export interface StudyLinearOptions extends RandomLayerOptions {
  /** The weight's initialiser, as in rules: `'xavierNormal'` or `{ initialiser: 'kaimingNormal', nonlinearity: 'relu' }`. */
  init: InitSpec;
  /** 'auto', the default, decides by size. */
  materialize?: Materialize;
  /** Layers of this size in the network, whose weights are in memory together; 1 by default. */
  layers?: number;
}

/**
 * The share of the process's memory that weights may take: each has a gradient as large, and as much again has to be left for
 * whatever else runs.
 */
const memoryShare = 1 / 4;

/**
 * Elements of a weight from which on a network that is made, run forward and run backward is faster without it: the weight is
 * made twice, but its gradient not at all, and both are memory that has left the caches. Measured on Zen 4 with AVX-512, batch 2:
 * as fast at 512 x 512, 1.1 to 1.5 times at 1024, 1.8 to 2.3 at 2048 (bench/cases/studies.mjs); with 256 rows, 0.9 at 1024.
 */
const fasterWithout = 2 ** 20;

/** Bytes that this process may have: what the machine or the cgroup has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Whether 'auto' keeps the weights of `layers` layers in memory. */
function keepsWeights(elements: number, layers: number): boolean {
  return elements < fasterWithout && 4 * elements * layers <= memoryShare * memoryLimit();
}

/**
 * A linear layer of float32 for a study, filled by an initialiser: an `nn.Linear`, or a `MatrixFreeLinear` with the same values
 * (up to rounding in the products), biases and use of the generator. `materialize` 'always' and 'never' take one or the other;
 * 'auto' does without the matrix from 1 Mi elements on, where that is faster for a forward and a backward pass, and where the
 * weights of all `layers` would take more than a quarter of memory; but initialisers whose elements are not independent
 * (orthogonal, spectral, sparse, ...) are always materialised by 'auto', as are those on mt19937.
 *
 * @throws TypeError (ERR_ARGUMENT) for an initialiser that 'never' cannot do without a matrix, and unknown options; RangeError
 * (ERR_RANGE) where there is no memory for the weight
 * @example
 * const init = { initialiser: 'kaimingNormal', nonlinearity: 'relu' };
 * const layer = studyLinear(65536, 512, { init, seed: 0 });
 * layer.call(randn(2, 65536)).relu().shape; // [2, 512]
 */
export function studyLinear(
  inFeatures: number,
  outFeatures: number,
  options: StudyLinearOptions,
): Linear | MatrixFreeLinear {
  const call = 'studyLinear';
  const given = checkOptions(call, options);
  const { init, materialize = 'auto' } = given;
  const [n, m] = [checkSize(call, inFeatures, 'inFeatures'), checkSize(call, outFeatures, 'outFeatures')];
  if (!choices.includes(materialize)) {
    throw argumentError(call, `materialize must be 'auto', 'always' or 'never', got ${describe(materialize)}`);
  }
  const layers = checkSize(call, given.layers ?? 1, 'layers');
  const found = checkInitialiser(call, init!);
  const biasStd = checkBiasStd(call, given.biasStd ?? 0);
  const generator = chooseGenerator(call, given);
  const canDoWithout = isElementwise(init!) && generator.algorithm === 'pcg32';
  if (materialize === 'never' || (materialize === 'auto' && canDoWithout && !keepsWeights(n * m, layers))) {
    const law = lawOf(fillOf(call, init!, m, n));
    return inCall(call, () => new MatrixFreeLinear(n, m, { ...law, biasStd, generator }));
  }
  const layer = new Linear(n, m, { bias: false, init: false });
  found.apply(layer.weight, generator);
  layer.bias = drawBias(call, m, biasStd, generator);
  return layer;
}
