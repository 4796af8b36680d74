// What became of a cell's signals and gradients, in a few words and numbers.
import type { CellResult, Sample } from '../cell/cell.js';

/** The kinds of ends that a signal can come to. */
export type VerdictKind = 'keeps' | 'vanishes' | 'explodes' | 'collapses' | 'overflows';

/** One cell, judged. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** The kind in words, with what it is about: 'gradients vanish', 'overflows at layer 29'. */
  readonly text: string;
  /** The same in at most 12 characters. */
  readonly short: string;
  /** Factor on the geometric mean of q with each layer; null below two layers that are finite and not 0. */
  readonly growth: number | null;
  /** Factor on the gradient's with each layer on its way back; null likewise, and where gradients were not measured. */
  readonly gradientGrowth: number | null;
  /** Layers whose mean square agrees with its band, of how many that have one; null where none has. */
  readonly agreement: { readonly agree: number; readonly of: number } | null;
}

/** By how much a mean square may change over all layers and still be kept: ten times in size. */
export const keptFactor = 100;

/** Correlations above this, of inputs that began below it, have collapsed. */
export const collapsedAbove = 0.99;

/** The rules, for under tables. */
export const verdictRules =
  `A mean square that changes by a factor of more than ${keptFactor} from the first layer to the last explodes or vanishes, ` +
  `of signals (q) or of gradients; correlations (c) above ${collapsedAbove} have collapsed.`;

/** Mean and standard deviation of the logarithm; null where a value is not above 0 and finite, or there is none. */
export function logMoments(values: readonly number[]): { readonly mean: number; readonly std: number } | null {
  const logs = values.map(Math.log);
  if (logs.length === 0 || !logs.every(Number.isFinite)) return null;
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const squares = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, std: logs.length > 1 ? Math.sqrt(squares / (logs.length - 1)) : Number.NaN };
}

/** The change of a logarithm from the first layer that has one to the last; null below two. */
function change(samples: readonly (Sample | null)[]): { readonly total: number; readonly layers: number } | null {
  const points = samples.flatMap((sample, i) => {
    const moments = sample && logMoments(sample.values);
    return moments ? [{ i, mean: moments.mean }] : [];
  });
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first.i === last.i) return null;
  return { total: last.mean - first.mean, layers: last.i - first.i };
}

/** Judges what was measured of a cell. */
export function judge({ layers, overflowLayer, vanishLayer }: CellResult): Verdict {
  const forward = change(layers.map(({ q }) => q));
  const back = change(layers.map(({ gradient }) => gradient).reverse());
  const judged = layers.flatMap(({ agreement }) => agreement ?? []);
  const numbers = {
    growth: forward && Math.exp(forward.total / forward.layers),
    gradientGrowth: back && Math.exp(back.total / back.layers),
    agreement: judged.length > 0 ? { agree: judged.filter(({ agrees }) => agrees).length, of: judged.length } : null,
  };
  const is = (kind: VerdictKind, text: string, short = text): Verdict => ({ kind, text, short, ...numbers });
  if (overflowLayer !== null)
    return is('overflows', `overflows at layer ${overflowLayer}`, `overflow ${overflowLayer}`);
  if (vanishLayer !== null) return is('vanishes', `all 0 from layer ${vanishLayer}`, `zero ${vanishLayer}`);
  const limit = Math.log(keptFactor);
  if (forward && forward.total > limit) return is('explodes', 'signals explode', 'explodes');
  if (forward && forward.total < -limit) return is('vanishes', 'signals vanish', 'vanishes');
  if (back && back.total > limit) return is('explodes', 'gradients explode', 'grad explode');
  if (back && back.total < -limit) return is('vanishes', 'gradients vanish', 'grad vanish');
  const [firstC, lastC] = [layers[0]?.c?.mean, layers.at(-1)?.c?.mean];
  if (lastC !== undefined && lastC > collapsedAbove && !(firstC! > collapsedAbove)) {
    return is('collapses', 'correlations collapse', 'collapses');
  }
  return is('keeps', 'keeps');
}
