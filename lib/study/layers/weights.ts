// Weights by their law: fills whose elements are independent and can be made one at a time, and which initialisers make such.
import { checkFinite, checkOrder } from '../../arguments.js';
import { dtypes } from '../../dtype.js';
import { argumentError, describe, rangeError, renamed } from '../../errors.js';
import { type InitSpec, initialiser, type NamedSpec, withName } from '../../init/table.js';
import { type RandomWeight, randomWeightCodes } from '../../ops/index.js';
import type { Generator } from '../../random.js';

/** A normal distribution. */
export interface NormalWeights {
  /** 'normal' where it is left out. */
  distribution?: 'normal';
  /** 0 by default. */
  mean?: number;
  /** Standard deviation, 0 or more. */
  std: number;
}

/** A uniform distribution on [-bound, bound), or on [low, high). */
export interface UniformWeights {
  distribution: 'uniform';
  bound?: number;
  low?: number;
  high?: number;
}

/** A normal distribution restricted to [low, high]; std, above 0, is that of the unrestricted one. */
export interface TruncatedNormalWeights {
  distribution: 'truncNormal';
  /** 0 by default. */
  mean?: number;
  std: number;
  low: number;
  high: number;
}

/** The law of independent weights: what `normal_`, `uniform_` or `truncNormal_` would fill a matrix with. */
export type WeightLaw = NormalWeights | UniformWeights | TruncatedNormalWeights;

type Kind = keyof typeof randomWeightCodes;

/** A law, checked: the fill and its parameters. */
export interface Fill {
  readonly distribution: Kind;
  readonly params: readonly number[];
}

/** Checks a law given by a user. */
export function checkLaw(
  call: string,
  law: Partial<NormalWeights> | Partial<UniformWeights> | Partial<TruncatedNormalWeights>,
): Fill {
  const { distribution = 'normal' } = law;
  if (!Object.hasOwn(randomWeightCodes, distribution)) {
    const names = Object.keys(randomWeightCodes).join("', '");
    throw argumentError(call, `unknown distribution ${describe(distribution)}; expected one of '${names}'`);
  }
  if (distribution === 'uniform') {
    const { bound, low = bound === undefined ? bound : -bound, high = bound } = law as Partial<UniformWeights>;
    const [from, to] = [checkFinite(call, bound === undefined ? 'low' : 'bound', low), checkFinite(call, 'high', high)];
    checkOrder(call, from, to);
    if (Math.max(Math.abs(from), Math.abs(to), to - from) > dtypes.float32.max) {
      throw rangeError(call, `bounds ${from} and ${to} are too far apart for float32`);
    }
    return { distribution, params: [from, to] };
  }
  const { mean = 0, std } = law as Partial<NormalWeights>;
  const [location, scale] = [checkFinite(call, 'mean', mean), checkFinite(call, 'std', std)];
  if (scale < 0) throw rangeError(call, `std must be 0 or more, got ${scale}`);
  if (distribution === 'normal') return { distribution, params: [location, scale] };
  const { low, high } = law as Partial<TruncatedNormalWeights>;
  const [from, to] = [checkFinite(call, 'low', low), checkFinite(call, 'high', high)];
  if (scale === 0) throw rangeError(call, 'std of a truncated normal distribution must be above 0, got 0');
  checkOrder(call, from, to);
  return { distribution: 'truncNormal', params: [location, scale, from, to] };
}

/** The fill, as it would be made now: takes its draws from the generator. */
export function reserveWeight(
  call: string,
  outFeatures: number,
  inFeatures: number,
  { distribution, params }: Fill,
  generator: Generator,
): RandomWeight {
  const filled = { shape: [outFeatures, inFeatures], dtype: 'float32' } as const;
  const place = generator.reserve(call, distribution, filled, ...params);
  const padded = [0, 1, 2, 3].map((i) => params[i] ?? 0);
  return { outFeatures, inFeatures, params: [...place, randomWeightCodes[distribution], ...padded] };
}

/** The fills that initialisers make; those that are not here make no independent elements, or constants. */
const fills: Readonly<Partial<Record<NamedSpec['initialiser'], Kind | 'scaled'>>> = {
  normal: 'normal',
  xavierNormal: 'normal',
  kaimingNormal: 'normal',
  uniform: 'uniform',
  xavierUniform: 'uniform',
  kaimingUniform: 'uniform',
  lecunUniform: 'uniform',
  truncNormal: 'truncNormal',
  lecunNormal: 'truncNormal',
  varianceScaling: 'scaled',
};

/** Whether an initialiser's weights can be made element by element. */
export const isElementwise = (spec: InitSpec): boolean => Object.hasOwn(fills, withName(spec)?.initialiser);

/**
 * The fill that an initialiser makes of a weight [out, in].
 *
 * @throws TypeError (ERR_ARGUMENT) for one whose elements are not independent, and for options that it refuses itself
 */
export function fillOf(call: string, spec: InitSpec, outFeatures: number, inFeatures: number): Fill {
  const found = checkInitialiser(call, spec);
  const given = withName(spec);
  const kind = fills[given.initialiser];
  if (kind === undefined) {
    const names = Object.keys(fills).join(', ');
    throw argumentError(
      call,
      `weights of ${describe(given.initialiser)} cannot be made element by element, which layers without a matrix need; ` +
        `${names} can. With materialize: 'always' any initialiser goes`,
    );
  }
  // Nothing is drawn, and fans of 0 have no standard deviation.
  if (outFeatures === 0 || inFeatures === 0) return { distribution: 'normal', params: [0, 0] };
  const target = inCall(call, () => found.target([outFeatures, inFeatures]));
  const { mean, std, low, high } = target;
  if (given.initialiser === 'truncNormal') {
    const { mean = 0, std = 1, a = -2, b = 2 } = given;
    return checkLaw(call, { distribution: 'truncNormal', mean, std, low: a, high: b });
  }
  const scaled = given.initialiser === 'varianceScaling' ? (given.distribution ?? 'truncated_normal') : undefined;
  const distribution =
    scaled === undefined
      ? (kind as Kind)
      : (({ uniform: 'uniform', truncated_normal: 'truncNormal' } as const)[scaled as 'uniform'] ?? 'normal');
  if (distribution === 'uniform') return checkLaw(call, { distribution, low, high });
  if (distribution === 'normal') return checkLaw(call, { distribution, mean, std });
  // Of the scaling core: cut at two standard deviations of the parent, which std is no longer. One of 0 is drawn as a normal.
  if (high === 0) return { distribution: 'normal', params: [0, 0] };
  return checkLaw(call, { distribution, mean, std: high / 2, low, high });
}

/** An initialiser by its description. */
export const checkInitialiser = (call: string, spec: InitSpec) => inCall(call, () => initialiser('weight', spec));

/** A fill's law, as options. */
export function lawOf({ distribution, params }: Fill): WeightLaw {
  const [first, second, low, high] = params as [number, number, number, number];
  if (distribution === 'uniform') return { distribution, low: first, high: second };
  if (distribution === 'normal') return { distribution, mean: first, std: second };
  return { distribution, mean: first, std: second, low, high };
}

/** Errors of another call, as this one's. */
export function inCall<T>(call: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw renamed(call, error);
  }
}
