// The initialisers by name, as rules and plans speak of them: how each fills a tensor, and the distribution it is to give.
import { argumentError, describe, type EvenkeelError } from '../errors.js';
import type { Generator } from '../random.js';
import { numElements, type Shape } from '../shape.js';
import type { Tensor } from '../tensor/index.js';
import { constant_, dirac_, eye_, normal_, ones_, sparse_, truncNormal_, uniform_, zeros_ } from './basic.js';
import { checkDelta, checkDirac, checkGain, checkSparsity, checkTwoDimensions, matrixShape } from './checks.js';
import { type Law, lawTarget } from './law.js';
import { deltaOrthogonal_, orthogonal_, spectral_ } from './orthogonal.js';
import {
  type KaimingOptions,
  kaimingNormal_,
  kaimingStd,
  kaimingUniform_,
  lecunNormal_,
  lecunStd,
  lecunUniform_,
  type ScalingOptions,
  scaledLaw,
  scalingDistribution,
  type VarianceScalingOptions,
  varianceScaling_,
  varianceScalingStd,
  xavierNormal_,
  xavierStd,
  xavierUniform_,
} from './scaling.js';
import type { Target } from './target.js';

interface Row<O> {
  readonly apply: (tensor: Tensor, options: O & { generator: Generator }) => void;
  readonly target: (call: string, shape: Shape, options: O) => Target;
  /** Names of its options: any other is a slip of the pen. */
  readonly options: readonly string[];
  /** Undefined for initialisers whose elements depend on one another, or on their place. */
  readonly law?: (call: string, shape: Shape, options: O) => Law;
}

/** A row whose options are O. */
function row<O extends object>(
  options: readonly (keyof O & string)[],
  apply: Row<O>['apply'],
  target: Row<O>['target'],
): Row<O> {
  return { options, apply, target };
}

/** A row whose elements are drawn by themselves. */
function elements<O extends object>(
  options: readonly (keyof O & string)[],
  apply: Row<O>['apply'],
  law: NonNullable<Row<O>['law']>,
): Row<O> {
  return { options, apply, law, target: (call, shape, given) => lawTarget(law(call, shape, given)) };
}

/** Elements that do not share one law: only mean and standard deviation are known. */
function wholeTarget(distribution: Target['distribution'], mean: number, std: number): Target {
  return { distribution, mean, std, low: -Infinity, high: Infinity, kurtosis: 3 };
}

/** Mean and standard deviation of `ones` ones among zeros. */
function onesAmongZeros(ones: number, count: number): Target {
  const share = count === 0 ? 0 : ones / count;
  return { ...wholeTarget('other', share, Math.sqrt(share * (1 - share))), low: 0, high: 1 };
}

type Gain = { gain?: number };

const scaling = ['groups', 'transposed', 'stride'] as const;

export const initialisers = {
  zeros: elements<object>([], zeros_, () => ({ distribution: 'constant', value: 0 })),
  ones: elements<object>([], ones_, () => ({ distribution: 'constant', value: 1 })),
  constant: elements<{ value: number }>(
    ['value'],
    (tensor, { value }) => constant_(tensor, value),
    (_, __, { value }) => ({ distribution: 'constant', value }),
  ),
  uniform: elements<{ a?: number; b?: number }>(
    ['a', 'b'],
    (tensor, { a, b, generator }) => uniform_(tensor, a, b, { generator }),
    (_, __, { a = 0, b = 1 }) => ({ distribution: 'uniform', low: a, high: b }),
  ),
  normal: elements<{ mean?: number; std?: number }>(
    ['mean', 'std'],
    (tensor, { mean, std, generator }) => normal_(tensor, mean, std, { generator }),
    (_, __, { mean = 0, std = 1 }) => ({ distribution: 'normal', mean, std }),
  ),
  truncNormal: elements<{ mean?: number; std?: number; a?: number; b?: number }>(
    ['mean', 'std', 'a', 'b'],
    (tensor, { mean, std, a, b, generator }) => truncNormal_(tensor, mean, std, a, b, { generator }),
    (_, __, { mean = 0, std = 1, a = -2, b = 2 }) => ({ distribution: 'truncNormal', mean, std, low: a, high: b }),
  ),
  xavierUniform: elements<ScalingOptions & Gain>(
    ['gain', ...scaling],
    (tensor, { gain, ...options }) => xavierUniform_(tensor, gain, options),
    (call, shape, options) => scaledLaw('uniform', xavierStd(call, shape, options)),
  ),
  xavierNormal: elements<ScalingOptions & Gain>(
    ['gain', ...scaling],
    (tensor, { gain, ...options }) => xavierNormal_(tensor, gain, options),
    (call, shape, options) => scaledLaw('untruncated_normal', xavierStd(call, shape, options)),
  ),
  kaimingUniform: elements<KaimingOptions>(
    ['a', 'mode', 'nonlinearity', ...scaling],
    kaimingUniform_,
    (call, shape, options) => scaledLaw('uniform', kaimingStd(call, shape, options)),
  ),
  kaimingNormal: elements<KaimingOptions>(
    ['a', 'mode', 'nonlinearity', ...scaling],
    kaimingNormal_,
    (call, shape, options) => scaledLaw('untruncated_normal', kaimingStd(call, shape, options)),
  ),
  varianceScaling: elements<VarianceScalingOptions>(
    ['scale', 'mode', 'distribution', ...scaling],
    varianceScaling_,
    (call, shape, options) => scaledLaw(scalingDistribution(call, options), varianceScalingStd(call, shape, options)),
  ),
  lecunNormal: elements<ScalingOptions>(scaling, lecunNormal_, (call, shape, options) =>
    scaledLaw('truncated_normal', lecunStd(call, shape, options)),
  ),
  lecunUniform: elements<ScalingOptions>(scaling, lecunUniform_, (call, shape, options) =>
    scaledLaw('uniform', lecunStd(call, shape, options)),
  ),
  orthogonal: row<Gain>(
    ['gain'],
    (tensor, { gain, generator }) => orthogonal_(tensor, gain, { generator }),
    (call, shape, { gain = 1 }) => {
      const [rows, columns] = matrixShape(call, shape);
      // Each of the shorter side's vectors has length `gain`, spread over the longer side's elements.
      return wholeTarget('orthogonal', 0, checkGain(call, gain) / Math.sqrt(Math.max(rows, columns)));
    },
  ),
  spectral: row<Gain>(
    ['gain'],
    (tensor, { gain, generator }) => spectral_(tensor, gain, { generator }),
    (call, shape, { gain = 1 }) => {
      const [rows, columns] = matrixShape(call, shape);
      // The largest singular value of a Gaussian matrix is close to sqrt(rows) + sqrt(columns) standard deviations.
      return wholeTarget('other', 0, checkGain(call, gain) / (Math.sqrt(rows) + Math.sqrt(columns)));
    },
  ),
  deltaOrthogonal: row<Gain>(
    ['gain'],
    (tensor, { gain, generator }) => deltaOrthogonal_(tensor, gain, { generator }),
    (call, shape, { gain = 1 }) => {
      checkDelta(call, shape);
      return wholeTarget('other', 0, checkGain(call, gain) * Math.sqrt(shape[1]! / numElements(shape)));
    },
  ),
  sparse: row<{ sparsity: number; std?: number }>(
    ['sparsity', 'std'],
    (tensor, { sparsity, std, generator }) => sparse_(tensor, sparsity, std, { generator }),
    (call, shape, { sparsity, std = 0.01 }) => {
      checkTwoDimensions(call, shape);
      const left = 1 - Math.ceil(checkSparsity(call, sparsity) * shape[0]!) / shape[0]!;
      return { ...wholeTarget('sparse', 0, std * Math.sqrt(left)), kurtosis: 3 / left };
    },
  ),
  eye: row<object>([], eye_, (call, shape) => {
    checkTwoDimensions(call, shape);
    return onesAmongZeros(Math.min(...shape), numElements(shape));
  }),
  dirac: row<{ groups?: number }>(
    ['groups'],
    (tensor, { groups }) => dirac_(tensor, groups),
    (call, shape, { groups = 1 }) => {
      const count = checkDirac(call, shape, groups);
      const ones = count * Math.min(shape[0]! / count, shape[1]!);
      return onesAmongZeros(ones, numElements(shape));
    },
  ),
};

type Initialisers = typeof initialisers;
type OptionsOf<Name extends keyof Initialisers> =
  Initialisers[Name] extends Row<infer O> ? Omit<O, 'generator'> : never;

/** An initialiser's name with its options. */
export type NamedSpec = { [Name in keyof Initialisers]: { initialiser: Name } & OptionsOf<Name> }[keyof Initialisers];

/** The same, or the name alone where no option must be given. */
export type InitSpec =
  | NamedSpec
  | {
      [Name in keyof Initialisers]: Partial<OptionsOf<Name>> extends OptionsOf<Name> ? Name : never;
    }[keyof Initialisers];

/** The description that a name alone stands for. */
export const withName = (spec: InitSpec): NamedSpec => (typeof spec === 'string' ? { initialiser: spec } : spec);

/** An initialiser with its options. */
export interface Initialiser {
  /** Fills the tensor. */
  readonly apply: (tensor: Tensor, generator: Generator) => void;
  /** The distribution that a tensor of this shape gets. */
  readonly target: (shape: Shape) => Target;
  /** The law of every element, where each is drawn by itself; undefined for the others. */
  readonly law: (shape: Shape) => Law | undefined;
}

/**
 * An initialiser by its description: how it fills a tensor and what distribution it is to give.
 *
 * @param path what the tensor is called, for error messages
 * @throws TypeError (ERR_ARGUMENT) for a name that is not one of the table's, and for an option that the initialiser does not have
 */
export function initialiser(path: string, spec: InitSpec): Initialiser {
  if (typeof path !== 'string') throw argumentError('initialize', `the path must be a string, got ${describe(path)}`);
  const given = withName(spec);
  const name = (given as { initialiser?: unknown } | null | undefined)?.initialiser;
  if (typeof name !== 'string' || !Object.hasOwn(initialisers, name)) {
    const names = Object.keys(initialisers).join(', ');
    throw argumentError(
      'initialize',
      `${path}: unknown initialiser ${describe(name ?? spec)}; expected 'keep' or ${names}`,
    );
  }
  const { initialiser: _, ...options } = given;
  const found = initialisers[name as keyof Initialisers] as Row<object>;
  const unknown = Object.keys(options).find((key) => !found.options.includes(key));
  if (unknown !== undefined) {
    const known = found.options.length === 0 ? 'it has none' : `expected ${found.options.join(', ')}`;
    throw argumentError('initialize', `${path}: ${name} has no option ${describe(unknown)}; ${known}`);
  }
  return {
    apply: (tensor, generator) => inContext(path, () => found.apply(tensor, { ...options, generator })),
    target: (shape) => inContext(path, () => found.target(name, shape, options)),
    law: (shape) => inContext(path, () => found.law?.(name, shape, options)),
  };
}

/** Names the parameter in an initialiser's error. */
function inContext<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message, code } = error as EvenkeelError;
    if (code !== undefined) (error as EvenkeelError).message = `initialize: ${path}: ${message}`;
    throw error;
  }
}
