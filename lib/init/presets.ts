// Initialisation schemes of whole architectures, as rules: numbers and patterns, no code paths of their own.
import { types } from 'node:util';
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe, rangeError } from '../errors.js';
import { checkDescribedShape, fans, type Shape, sameShape } from '../shape.js';
import {
  checkModel,
  type Initialisable,
  type LearningRate,
  type Matcher,
  type ParameterInfo,
  parametersOf,
  type Rule,
} from './rules.js';
import type { InitSpec } from './table.js';

const zeros: InitSpec = { initialiser: 'zeros' };
const ones: InitSpec = { initialiser: 'ones' };

/** Scales and shifts of normalisation layers: weights and biases of one dimension beside a weight of one dimension. */
const isNorm = ({ weight, shape }: ParameterInfo) => shape.length === 1 && weight?.dim() === 1;
const isBias = ({ name, shape }: ParameterInfo) => name.endsWith('bias') && shape.length === 1;

const norms: Rule[] = [
  { match: (info) => isNorm(info) && isBias(info), init: zeros },
  { match: isNorm, init: ones },
];

const className = ({ module }: ParameterInfo) => module.constructor.name;

/** A table of vectors: its weight is [words, width], the other way round than that of a layer. */
const isTable = (info: ParameterInfo) => className(info) === 'Embedding' && info.shape.length === 2;

/** GPT-2's linear layers in transformers, whose weights lie the other way round, [in, out], as those of transposed convolutions. */
const isTransposed = (info: ParameterInfo) => className(info) === 'Conv1D';

/**
 * torch's defaults: Kaiming's uniform distribution with a = sqrt(5) for linear and convolutional weights, biases within
 * 1/sqrt(fan_in), standard normal embeddings, norms 1 and 0.
 *
 * @example
 * init.initialize(net, init.presets.torch(), { seed: 0 });
 */
export function torch(): Rule[] {
  return [
    ...norms,
    { match: isTable, init: { initialiser: 'normal' } },
    {
      match: isBias,
      init: (info) => {
        const { weight } = info;
        if (weight === undefined || weight.dim() < 2) return zeros;
        const bound = 1 / Math.sqrt(fans('presets.torch', weight.shape, { transposed: isTransposed(info) }).fanIn);
        return { initialiser: 'uniform', a: -bound, b: bound };
      },
    },
    { match: isTransposed, init: { initialiser: 'kaimingUniform', a: Math.sqrt(5), transposed: true } },
    { match: ({ shape }) => shape.length >= 2, init: { initialiser: 'kaimingUniform', a: Math.sqrt(5) } },
  ];
}

/**
 * GPT-2 (Radford et al. 2019): every weight, positions too, normal with standard deviation 0.02, but projections back into
 * the residual stream (`c_proj.weight`) 0.02 / sqrt(2 layers); biases 0; norms 1 and 0.
 *
 * @param options.layers the number of transformer blocks
 * @param options.std the standard deviation; 0.02 by default
 * @example
 * init.initialize(model, init.presets.gpt2({ layers: 12 }), { seed: 0 });
 */
export function gpt2(options: { layers: number; std?: number }): Rule[] {
  const call = 'presets.gpt2';
  const { layers, std: given = 0.02 } = checkOptions(call, options);
  if (!isWhole(layers, 1)) throw rangeError(call, `layers must be a whole number, 1 or more, got ${describe(layers)}`);
  const std = checkNumber(call, 'std', given);
  return [
    ...norms,
    { match: isBias, init: zeros },
    { match: '*c_proj.weight', init: { initialiser: 'normal', std: std / Math.sqrt(2 * layers) } },
    { match: '*', init: { initialiser: 'normal', std } },
  ];
}

/**
 * Fixup (Zhang, Dauphin and Ma 2019), for residual networks without normalisation: the last layer of each branch and the
 * classifier are 0, the other layers of the branches He's normal distribution (fan_out) times L^(-1/(2m-2)); biases 0 and
 * multipliers 1.
 *
 * @param options.branches the number L of residual branches
 * @param options.branchLayers the number m of layers in a branch, at least 2: with one, the exponent is undefined
 * @param options.last which parameters are the last weights of branches
 * @param options.classifier which parameters belong to the classifier
 * @param options.branch which weights lie in branches; those of the others are He's without the factor
 */
export function fixup(options: {
  branches: number;
  branchLayers: number;
  last: Matcher | readonly Matcher[];
  classifier: Matcher | readonly Matcher[];
  branch: Matcher | readonly Matcher[];
}): Rule[] {
  const call = 'presets.fixup';
  const { branches: L, branchLayers: m, last, classifier, branch } = checkOptions(call, options);
  if (!isWhole(L, 1)) throw rangeError(call, `branches must be 1 or more, got ${describe(L)}`);
  if (!isWhole(m, 2)) {
    throw rangeError(call, `branchLayers must be 2 or more (with 1 the scale is undefined), got ${describe(m)}`);
  }
  for (const [name, matcher] of Object.entries({ last, classifier, branch })) {
    if (matcher === undefined) throw argumentError(call, `${name} must say which parameters it means, got undefined`);
  }
  const list = (matchers: Matcher | readonly Matcher[] | undefined) =>
    Array.isArray(matchers) ? matchers : [matchers];
  return [
    { match: [...list(last), ...list(classifier)] as Matcher[], init: zeros },
    { match: (info) => isBias(info) || info.name.startsWith('bias'), init: zeros },
    { match: ({ name, shape }) => name.startsWith('scale') || shape.length < 2, init: ones },
    { match: branch!, init: he(L ** (-1 / (2 * m - 2))) },
    { match: ({ shape }) => shape.length >= 2, init: he(1) },
  ];
}

const isWhole = (value: unknown, least: number): value is number =>
  Number.isInteger(value) && (value as number) >= least;

/** The shapes of a narrow model's parameters: as they are given, or the model's own. */
function baseShapes(call: string, base: unknown): ReadonlyMap<string, Shape> {
  if (types.isMap(base)) {
    for (const shape of base.values()) checkDescribedShape(call, shape);
    return base as ReadonlyMap<string, Shape>;
  }
  checkModel(base as Initialisable, call);
  return new Map([...parametersOf(call, base as Initialisable)].map(([path, { shape }]) => [path, shape]));
}

/** He's normal distribution by fan_out, times a factor. */
function he(scale: number): (info: ParameterInfo) => InitSpec {
  return ({ shape }) => ({ initialiser: 'normal', std: scale * Math.sqrt(2 / fans('presets.fixup', shape).fanOut) });
}

/**
 * Maximal update parametrisation (Yang et al. 2022), against a narrower base model with the same paths. Which sizes grow
 * with the width is read off the two models' shapes; r is the ratio of the sizes that grow.
 *
 * - input weights (only fan_out grows) and biases: normal 1/sqrt(fan_in), biases 0; learning rate times r (SGD), 1 (Adam)
 * - hidden weights (both grow): normal 1/sqrt(fan_in); 1 (SGD), 1/r (Adam)
 * - output weights (only fan_in grows): normal r^(-1/2)/sqrt(fan_in); 1/r (SGD), 1/r (Adam)
 * - embeddings [words, width]: input weights for one-hot inputs, of length 1 whatever the number of words, so standard normal;
 *   learning rate times r (SGD), 1 (Adam). The modules' class, `Embedding`, tells them apart (as in the paper's table 8)
 *
 * The plan's rows carry the learning-rate factors. Attention must divide by d, not sqrt(d); that is the model's part.
 *
 * @param options.base a model, or shapes by path
 * @param options.gain a factor on every standard deviation; 1 by default
 * @example
 * const plan = init.initialize(wide, init.presets.mup({ base: narrow }), { seed: 0 });
 */
export function mup(options: { base: Initialisable | ReadonlyMap<string, Shape>; gain?: number }): Rule[] {
  const call = 'presets.mup';
  const { base, gain: given = 1 } = checkOptions(call, options);
  const gain = checkNumber(call, 'gain', given);
  const shapes = baseShapes(call, base);

  const ratios = (info: ParameterInfo) => {
    const { path, shape } = info;
    const narrow = shapes.get(path);
    if (narrow === undefined) throw argumentError(call, `the base model has no parameter ${path}`);
    const kernelDiffers = !sameShape(narrow.slice(2), shape.slice(2));
    if (narrow.length !== shape.length || kernelDiffers) {
      throw argumentError(call, `${path} has shape [${shape}], and [${narrow}] in the base model`);
    }
    const [first, second] = [shape[0]! / narrow[0]!, shape.length < 2 ? 1 : shape[1]! / narrow[1]!];
    // One-hot inputs of a larger table are no longer: only the width of its vectors counts.
    return isTable(info) ? { out: second, in: 1 } : { out: first, in: second };
  };
  const spec = (info: ParameterInfo): InitSpec => {
    const r = ratios(info);
    if (info.shape.length < 2) return isBias(info) ? zeros : ones;
    if (isTable(info)) return { initialiser: 'normal', std: gain };
    const output = r.in !== 1 && r.out === 1;
    const std = (gain * (output ? r.in ** -0.5 : 1)) / Math.sqrt(fans(call, info.shape).fanIn);
    return { initialiser: 'normal', std };
  };
  const learningRate = (info: ParameterInfo): LearningRate => {
    const r = ratios(info);
    if (r.in === 1) return { sgd: r.out, adam: 1 };
    return r.out === 1 ? { sgd: 1 / r.in, adam: 1 / r.in } : { sgd: 1, adam: 1 / r.in };
  };
  return [{ match: '*', init: spec, learningRate }];
}
