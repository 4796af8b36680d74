// What is wrong with a pass, before the question why: signals, gradients and correlations that leave their limits.
import {
  deadLimit,
  deviations,
  exploded,
  indistinguishable,
  inputRms,
  inputsAlike,
  leastUnits,
  saturated,
  vanished,
} from './limits.js';
import type { Observation, ObservedLayer } from './observe.js';
import { spreadOf } from './targets.js';

/** Names of symptoms. */
export type Symptom =
  | 'inputs-alike'
  | 'input-scale'
  | 'overflow'
  | 'signals-vanish'
  | 'signals-explode'
  | 'gradients-vanish'
  | 'gradients-explode'
  | 'inputs-merge'
  | 'dead'
  | 'saturated';

/** One symptom: the layers that show it, by their place, and numbers. */
export interface Sign {
  readonly layers: readonly number[];
  readonly evidence: Readonly<Record<string, number>>;
}

/** Sizes along a pass, in the order in which layers ran. */
export interface Sizes {
  /** Mean squares: the input of each layer after the first, and the output. */
  readonly signals: readonly { readonly layer: number; readonly meanSquare: number }[];
  /**
   * The gradient's squared norm for one input, at each layer's output: what weights of variance 1/fan_in leave as it is, whatever
   * the sizes. Times the mean square of the output where a normalisation follows, which makes scales of no account.
   */
  readonly gradients: readonly { readonly layer: number; readonly size: number }[];
}

/** The standard deviation of the logarithm of a mean square after all layers, and its mean, -s^2/2. */
export function scatter({ layers }: Observation): number {
  const variance = layers.reduce(
    (sum, { activation, sources, width }) =>
      sources.length === 0 ? sum : sum + spreadOf(activation ?? 'linear') / Math.max(1, width),
    0,
  );
  return Math.sqrt(variance);
}

const last = <T>(list: readonly T[]): T | undefined => list[list.length - 1];

/** Whether the last layer starts at 0, as muP's and Fixup's do: then no gradient passes it. */
export const zeroReadout = ({ layers }: Observation): boolean => layers.length > 1 && last(layers)!.zero;

export function sizesOf(observation: Observation): Sizes {
  const { layers, output } = observation;
  const signals = layers
    .map(({ input }, layer) => ({ layer, meanSquare: input.meanSquare }))
    .filter(({ layer }) => layers[layer]!.sources.length > 0);
  if (!zeroReadout(observation)) signals.push({ layer: layers.length - 1, meanSquare: output.meanSquare });
  const gradients = layers.flatMap(({ gradient, output, normalised }, layer) =>
    gradient === null
      ? []
      : [{ layer, size: gradient.meanSquare * output.units * (normalised ? output.meanSquare : 1) }],
  );
  return { signals, gradients };
}

/** All symptoms of a pass whose input is finite. */
export function findSymptoms(observation: Observation): Map<Symptom, Sign> {
  const signs: [Symptom, Sign | null][] = [
    ['inputs-alike', alikeInputs(observation)],
    ['input-scale', inputScale(observation)],
    ['overflow', overflow(observation)],
    ...drifts(observation),
    ['inputs-merge', merging(observation)],
    ['dead', dead(observation)],
    ['saturated', saturation(observation)],
  ];
  return new Map(signs.filter((sign): sign is [Symptom, Sign] => sign[1] !== null));
}

function alikeInputs({ input }: Observation): Sign | null {
  const { correlation, mean, std, inputs } = input;
  const alike = correlation !== null && 1 - correlation < inputsAlike;
  const constant = inputs === 1 && input.units > 1 && std ** 2 < inputsAlike * mean ** 2;
  if (!alike && !constant) return null;
  return { layers: [], evidence: { correlation: correlation ?? 1, mean, std, limit: 1 - inputsAlike } };
}

function inputScale({ input }: Observation): Sign | null {
  const rms = Math.sqrt(input.meanSquare);
  if (rms >= inputRms[0] && rms <= inputRms[1]) return null;
  return { layers: [], evidence: { rms, mean: input.mean, std: input.std, low: inputRms[0], high: inputRms[1] } };
}

function overflow({ layers, output }: Observation): Sign | null {
  const beyond = layers.flatMap(({ output, input }, i) => (output.nonFinite + input.nonFinite > 0 ? [i] : []));
  const [first] = beyond;
  if (first === undefined)
    return output.nonFinite > 0 ? { layers: [], evidence: { nonFinite: output.nonFinite } } : null;
  const { nonFinite } = layers[first]!.output;
  const before = layers[first]!.input;
  return { layers: beyond, evidence: { layer: first + 1, nonFinite, largestBefore: before.maxAbs } };
}

const drift = (size: number, reference: number) => Math.log(size) - Math.log(reference);

function drifts(observation: Observation): [Symptom, Sign | null][] {
  const { input, layers } = observation;
  const { signals, gradients } = sizesOf(observation);
  const s = scatter(observation);
  /** Whether a change of a logarithm is beyond a limit, and beyond chance. */
  const beyond = (change: number, limit: number) =>
    change / Math.log(limit) > 1 && Math.abs(change + (s * s) / 2) > deviations * s;
  const sign = (list: readonly { layer: number }[], from: number, to: number, limit: number): Sign | null => {
    if (list.length === 0) return null;
    const perLayer = (to / from) ** (1 / Math.max(1, layers.length - 1));
    return {
      layers: list.map(({ layer }) => layer),
      evidence: { depth: layers.length, from, to, perLayer, limit, scatter: s },
    };
  };

  // That an input has another size than 1 is a matter of its own.
  const small = Math.min(1, input.meanSquare);
  const large = Math.max(1, input.meanSquare);
  const gone = signals.filter(({ meanSquare }) => beyond(drift(meanSquare, small), vanished));
  const grown = signals.filter(({ meanSquare }) => beyond(drift(meanSquare, large), exploded));
  const end = last(signals)?.meanSquare ?? NaN;
  const forward: [Symptom, Sign | null][] = [
    ['signals-vanish', sign(gone, input.meanSquare, end, vanished)],
    ['signals-explode', sign(grown, input.meanSquare, end, exploded)],
  ];

  const top = last(gradients)?.size;
  // Below a layer that starts at 0 nothing is known of gradients.
  if (top === undefined || zeroReadout(observation)) return forward;
  // Branches whose last layer is 0 get none, and need none.
  const bottom = (observation.residualSums.length > 0 ? gradients.find(({ size }) => size > 0) : gradients[0])!.size;
  const lost = gradients.filter(({ size }) => beyond(drift(size, top), vanished));
  const wild = gradients.filter(({ size }) => beyond(drift(size, top), exploded));
  return [
    ...forward,
    ['gradients-vanish', beyond(drift(bottom, top), vanished) ? sign(lost, top, bottom, vanished) : null],
    ['gradients-explode', sign(wild, top, bottom, exploded)],
  ];
}

function merging({ input, layers, hasBatchNorm }: Observation): Sign | null {
  // Batch normalisation takes what inputs have in common away again.
  if (hasBatchNorm || input.correlation === null || !(1 - input.correlation >= inputsAlike)) return null;
  const merged = layers.flatMap(({ alike, output: { correlation, units } }, i) =>
    !alike && correlation !== null && units >= leastUnits / 2 && 1 - correlation < indistinguishable ? [i] : [],
  );
  if (merged.length === 0) return null;
  const { correlation } = layers[merged[0]!]!.output;
  return {
    layers: merged,
    evidence: {
      inputs: input.correlation,
      layer: merged[0]! + 1,
      distance: 1 - correlation!,
      limit: indistinguishable,
    },
  };
}

/** Layers whose outputs, after the activation, are what `is` says; the evidence of the worst. */
function sourcesWhere(
  { layers }: Observation,
  share: (after: ObservedLayer) => number | null,
  limit: (after: ObservedLayer) => number,
): Sign | null {
  const found = layers.filter((after) => after.sources.length > 0 && (share(after) ?? -1) >= limit(after));
  if (found.length === 0) return null;
  const worst = found.reduce((a, b) => (share(a)! >= share(b)! ? a : b));
  const sources = [...new Set(found.flatMap((after) => after.sources))].sort((a, b) => a - b);
  return { layers: sources, evidence: { share: share(worst)!, limit: limit(worst) } };
}

const dead = (observation: Observation) =>
  sourcesWhere(
    observation,
    ({ activation, input }) => (activation === 'relu' ? input.dead : null),
    ({ width }) => Math.min(1, width < leastUnits ? 1 : deadLimit(width)),
  );

const saturation = (observation: Observation) =>
  sourcesWhere(
    observation,
    ({ input }) => input.saturated,
    () => saturated,
  );
