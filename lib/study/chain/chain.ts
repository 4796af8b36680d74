// Chains of layers x <- phi(W x): what becomes of a signal under each way to draw W.
import { checkOptions } from '../../arguments.js';
import { matmul } from '../../combine.js';
import { empty, randn } from '../../creation.js';
import { argumentError, describe } from '../../errors.js';
import { Generator } from '../../random.js';
import { checkCount, checkShape } from '../../shape.js';
import type { Tensor } from '../../tensor/index.js';
import {
  type ActivationName,
  activationNames,
  type InitName,
  initNames,
  type LayerTheory,
  layerTheory,
  type WeightSharing,
  weightSharings,
} from './theory.js';
import { weightTable } from './weights.js';

/** Options of `chainStudy`. */
export interface ChainOptions {
  /** Neurons a layer; 512 by default. */
  width?: number;
  /** Layers of the chain; 100 by default. */
  depth?: number;
  /** Fresh pairs of input and weights that `meanSquare` averages over; 100 by default. */
  repeat?: number;
  /** How the weights are drawn; one name or several, all by default. */
  init?: InitName | readonly InitName[] | undefined;
  /** What follows each product; one name or both, both by default. */
  activation?: ActivationName | readonly ActivationName[] | undefined;
  /** 'shared' (default) repeats one matrix in every layer; 'fresh' draws a new one for each. */
  weights?: WeightSharing;
  /** From 0 to 2^64 - 1; 0 by default. */
  seed?: number | bigint;
  /** Called after every layer and every draw of `repeat`, with steps done and in total. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What became of one chain. Numbers that float32 could not hold are NaN or infinite. */
export interface ChainRow {
  readonly init: InitName;
  readonly activation: ActivationName;
  /** First layer, counted from 1, with an output that is not finite; null where there is none. */
  readonly overflowLayer: number | null;
  /** First layer whose output is 0 throughout; null where there is none. */
  readonly vanishLayer: number | null;
  /** Mean of the last layer's output. */
  readonly mean: number;
  /** Standard deviation of the last layer's output, with Bessel's correction. */
  readonly std: number;
  /** Euclidean norm of the last layer's output over that of the chain's input. */
  readonly normRatio: number;
  /** Mean of one layer's output, averaged over `repeat` fresh draws of input and weights. */
  readonly layerMean: number;
  /** Mean square of one layer's output, averaged over the same draws. */
  readonly meanSquare: number;
  /** What theory expects of `layerMean`, `meanSquare`, the growth per layer, and `overflowLayer`. */
  readonly theory: LayerTheory;
}

/** Activations, in place. */
const activations: Readonly<Record<ActivationName, (y: Tensor) => Tensor>> = {
  linear: (y) => y,
  relu: (y) => y.relu_(),
};

const isZero = (x: number) => x === 0;

function checkNames<Name extends string>(call: string, option: string, names: readonly Name[], given: unknown): Name[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  for (const name of list) {
    if (!(names as readonly unknown[]).includes(name)) {
      throw argumentError(call, `unknown ${option} ${describe(name)}; expected ${names.join(', ')}`);
    }
  }
  if (list.length === 0) throw argumentError(call, `${option} must name at least one of ${names.join(', ')}`);
  // Each once, in the table's order.
  return names.filter((name) => list.includes(name));
}

/**
 * The experiments on why the scale of weights matters: for each way to draw the weights and each activation, a chain
 * x <- phi(W x) of `depth` layers on a standard normal x, and the mean square of one layer's output over `repeat` fresh
 * pairs of x and W, beside what theory expects (Glorot and Bengio 2010, He et al. 2015, Saxe et al. 2014; formulas in
 * `layerTheory`).
 *
 * Draws depend on the seed, the init and their role alone, so that a row does not change with the other rows asked for;
 * the two activations of an init see the same weights and inputs. Longer and shorter studies start alike. Values may
 * change in their last digits with the number of threads, which BLAS results depend on.
 *
 * Draws are float32. Arguments are checked at the call; rows are computed as they are taken, those of one init together.
 *
 * @throws RangeError (ERR_RANGE) or TypeError (ERR_ARGUMENT) for options that are out of range or unknown, RangeError where
 * there is no memory for `studyBytes`
 * @example
 * for (const row of chainStudy({ width: 256, depth: 50, init: ['xavier', 'kaiming'], activation: 'relu' })) {
 *   console.log(row.init, row.normRatio, row.meanSquare, row.theory.meanSquare);
 * }
 */
export function chainStudy(options?: ChainOptions): IterableIterator<ChainRow> {
  const given = checkOptions('chainStudy', options);
  const sharing = given.weights ?? 'shared';
  if (!weightSharings.includes(sharing)) {
    throw argumentError('chainStudy', `unknown weights ${describe(sharing)}; expected ${weightSharings.join(', ')}`);
  }
  if (given.onProgress !== undefined && typeof given.onProgress !== 'function') {
    throw argumentError('chainStudy', `onProgress must be a function, got ${describe(given.onProgress)}`);
  }
  const width = checkCount('chainStudy', given.width ?? 512, 'width');
  checkShape('chainStudy', [width, width]);
  return rows({
    width,
    depth: checkCount('chainStudy', given.depth ?? 100, 'depth'),
    repeat: checkCount('chainStudy', given.repeat ?? 100, 'repeat'),
    inits: checkNames('chainStudy', 'init', initNames, given.init ?? initNames),
    chosen: checkNames('chainStudy', 'activation', activationNames, given.activation ?? activationNames),
    sharing,
    generator: new Generator(given.seed ?? 0),
    onProgress: given.onProgress ?? (() => {}),
  });
}

/**
 * Bytes of the matrices that a study of a width has in memory at once; `init` as in `ChainOptions`.
 *
 * @throws RangeError (ERR_RANGE) for a width below 1, TypeError (ERR_ARGUMENT) for unknown names
 * @example
 * studyBytes(512, 'plain'); // 1048576
 */
export function studyBytes(width: number, init: InitName | readonly InitName[] = initNames): number {
  const matrices = checkNames('studyBytes', 'init', initNames, init).map((name) => weightTable[name].matrices);
  return 4 * checkCount('studyBytes', width, 'width') ** 2 * Math.max(...matrices);
}

interface Plan {
  readonly width: number;
  readonly depth: number;
  readonly repeat: number;
  readonly inits: readonly InitName[];
  readonly chosen: readonly ActivationName[];
  readonly sharing: WeightSharing;
  readonly generator: Generator;
  readonly onProgress: (done: number, total: number) => void;
}

function* rows(plan: Plan): IterableIterator<ChainRow> {
  const { width, inits, chosen } = plan;
  const total = inits.length * (plan.depth + plan.repeat);
  let done = 0;
  const step = () => plan.onProgress(++done, total);
  // One matrix for all: filled anew for every draw.
  const weight = empty([width, width]);
  for (const init of inits) {
    const chains = runChains(plan, init, weight, step);
    const layers = averageLayers(plan, init, weight, step);
    for (const [i, activation] of chosen.entries()) {
      yield { init, activation, ...chains[i]!, ...layers[i]!, theory: layerTheory(init, activation, width) };
    }
  }
}

type ChainResult = Pick<ChainRow, 'overflowLayer' | 'vanishLayer' | 'mean' | 'std' | 'normRatio'>;

/** One chain for each activation, on the same weights and input. */
function runChains(plan: Plan, init: InitName, weight: Tensor, step: () => void): ChainResult[] {
  const { width, depth, chosen, sharing } = plan;
  const input = randn([width], { generator: plan.generator.spawn(`${init}/chain/input`) });
  const weights = plan.generator.spawn(`${init}/chain/weight`);
  const chains = chosen.map((activation) => ({
    apply: activations[activation],
    x: input,
    overflowLayer: null as number | null,
    vanishLayer: null as number | null,
  }));
  for (let layer = 1; layer <= depth; layer++) {
    if (layer === 1 || sharing === 'fresh') weightTable[init].fill(weight, weights);
    for (const chain of chains) {
      chain.x = chain.apply(matmul(weight, chain.x));
      const array = chain.x.array as Float32Array;
      if (!array.every(Number.isFinite)) chain.overflowLayer ??= layer;
      if (array.every(isZero)) chain.vanishLayer ??= layer;
    }
    step();
  }
  const inputNorm = input.norm().item();
  return chains.map(({ x, overflowLayer, vanishLayer }) => {
    const normRatio = x.norm().item() / inputNorm;
    return { overflowLayer, vanishLayer, mean: x.mean().item(), std: x.std().item(), normRatio };
  });
}

/** Mean and mean square of one layer's output for each activation, over fresh inputs and weights. */
function averageLayers(
  { width, repeat, chosen, generator }: Plan,
  init: InitName,
  weight: Tensor,
  step: () => void,
): Pick<ChainRow, 'layerMean' | 'meanSquare'>[] {
  const inputs = generator.spawn(`${init}/layer/input`);
  const weights = generator.spawn(`${init}/layer/weight`);
  const input = empty([width]);
  const sums = chosen.map(() => ({ layerMean: 0, meanSquare: 0 }));
  for (let k = 0; k < repeat; k++) {
    weightTable[init].fill(weight, weights);
    const product = matmul(weight, input.normal_(0, 1, { generator: inputs }));
    for (const [i, activation] of chosen.entries()) {
      // In place from the second activation on: chosen is in the order linear, relu.
      const y = activations[activation](product);
      sums[i]!.layerMean += y.mean().item() / repeat;
      sums[i]!.meanSquare += y.norm().item() ** 2 / width / repeat;
    }
    step();
  }
  return sums;
}
