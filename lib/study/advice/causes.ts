// The causes that advice tells apart, a row each: how it is recognised, which symptoms it accounts for, what it says and what to do.
// Rows are asked in order, and a symptom that one accounts for is closed for those below it.
import { deviations, gainTolerance, otherGain } from './limits.js';
import type { Observation, ObservedLayer } from './observe.js';
import { compare, correlations, initialisers, mainActivation, residuals, type StudyPlan } from './plan.js';
import type { Sign, Symptom } from './symptoms.js';
import { excess, replacements, targetOf } from './targets.js';

/** What a row is asked about. */
export interface Case {
  readonly observation: Observation;
  /** Symptoms that no row above accounts for. */
  readonly open: ReadonlyMap<Symptom, Sign>;
}

/** What a row found. */
export interface Found {
  /** The layers at fault, by their place. */
  readonly layers: readonly number[];
  readonly evidence: Readonly<Record<string, number>>;
}

/** What a row advises. */
export interface Remedy {
  /** What to do, as the end of a sentence after the message. */
  readonly advice: string;
  /** Layers to draw anew; none where that is no remedy. */
  readonly redraw: readonly number[];
  readonly study: StudyPlan | null;
}

interface Row {
  readonly accountsFor: readonly Symptom[] | 'all';
  find(given: Case): Found | null;
  message(found: Found, given: Case): string;
  remedy(found: Found, given: Case): Remedy;
}

const number = (x: number | undefined) => (x === undefined ? '?' : String(Number(x.toPrecision(3))));
const power = (x: number) => (x > 1e-3 && x < 1e4 ? number(x) : x.toExponential(1));
const activationOf = ({ activation }: ObservedLayer) => activation ?? 'linear';

const sign = (given: Case, ...names: Symptom[]): Sign | undefined =>
  names.map((name) => given.open.get(name)).find((found) => found !== undefined);

const all = ({ observation }: Case) => observation.layers.map((_, i) => i);

/**
 * Layers whose weights are off in one direction: by more than a tenth, the first and the last by more than a factor of 2; and by
 * more than the standard deviation of N weights scatters, 1 / sqrt(2 N) of itself.
 */
function offLayers({ observation }: Case, direction: 1 | -1): number[] {
  const { layers } = observation;
  return layers.flatMap((layer, i) => {
    const edge = layer.sources.length === 0 || i === layers.length - 1;
    const off = Math.log(excess(layer, observation)) * direction;
    const chance = deviations / Math.sqrt(2 * layer.count);
    return off > Math.max(chance, Math.log(edge ? otherGain : gainTolerance)) ? [i] : [];
  });
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;

/** What layers have and should have, as evidence. */
function sigmas({ observation }: Case, places: readonly number[]): Record<string, number> {
  const layers = places.map((i) => observation.layers[i]!);
  const target = targetOf(mainActivation(observation), true);
  return {
    sigmaW: median(layers.map(({ sigmaW }) => sigmaW)),
    sigmaB: median(layers.map(({ sigmaB }) => sigmaB)),
    excess: median(layers.map((layer) => excess(layer, observation)).filter((x) => !Number.isNaN(x))),
    ...(target === null ? {} : { sigmaWCritical: target.sigmaW }),
  };
}

/** The layers that a drift in one direction comes from; all where none is off by itself. */
function drifting(given: Case, found: Sign | undefined, direction: 1 | -1): Found | null {
  if (found === undefined) return null;
  const off = offLayers(given, direction);
  const layers = off.length > 0 ? off : all(given);
  return { layers, evidence: { ...found.evidence, ...sigmas(given, layers) } };
}

const gains = ({ evidence }: Found) =>
  `sigma_w is ${number(evidence.sigmaW)} where ${number(evidence.sigmaWCritical)} keeps sizes`;

const redraw = (found: Found, given: Case, advice = 'draw their weights by the initialiser named'): Remedy => ({
  advice,
  redraw: found.layers,
  study: compare(given.observation, found.layers),
});

/** Where no weights help: another activation. */
function replace(given: Case): Remedy | null {
  const activation = mainActivation(given.observation);
  const better = replacements[activation];
  if (better === undefined) return null;
  return {
    advice: `no initialisation mends ${activation}: use ${better} in its place`,
    redraw: [],
    study: compare(given.observation, all(given)),
  };
}

const depthWords = ({ evidence }: Found) =>
  `from ${power(evidence.from!)} to ${power(evidence.to!)}, by ${number(evidence.perLayer)} a layer`;

/** The layer at which something begins. */
const layerName = ({ evidence }: Found, { observation }: Case) =>
  observation.layers[(evidence.layer ?? NaN) - 1]?.name ?? 'the end';

const drift: readonly Symptom[] = ['signals-vanish', 'signals-explode', 'gradients-vanish', 'gradients-explode'];

export const causes = {
  'input-not-finite': {
    accountsFor: 'all',
    find: ({ observation: { input } }) =>
      input.nonFinite === 0 ? null : { layers: [], evidence: { nonFinite: input.nonFinite } },
    message: ({ evidence }) => `${evidence.nonFinite} elements of the input are infinite or NaN`,
    remedy: () => ({ advice: 'nothing else can be judged: mend the data', redraw: [], study: null }),
  },
  'weights-not-finite': {
    accountsFor: 'all',
    find: ({ observation: { layers } }) => {
      const found = layers.flatMap(({ nonFinite }, i) => (nonFinite > 0 ? [i] : []));
      const nonFinite = layers.reduce((sum, layer) => sum + layer.nonFinite, 0);
      return found.length === 0 ? null : { layers: found, evidence: { nonFinite } };
    },
    message: ({ evidence }) => `${evidence.nonFinite} weights or biases are infinite or NaN`,
    remedy: (found, given) => ({ ...redraw(found, given), study: null }),
  },
  'input-alike': {
    accountsFor: ['inputs-alike', 'inputs-merge', 'dead'],
    find: (given) => sign(given, 'inputs-alike') ?? null,
    message: ({ evidence }) =>
      `the inputs are as good as one: their correlation is ${evidence.correlation!.toPrecision(6)}, their mean ${number(evidence.mean)} and their standard deviation ${number(evidence.std)}`,
    remedy: ({ evidence }, { observation }) => ({
      advice: 'subtract their mean and divide by their standard deviation, feature by feature',
      redraw: [],
      study: correlations(observation, evidence.correlation!),
    }),
  },
  'input-scale': {
    accountsFor: ['input-scale'],
    find: (given) => sign(given, 'input-scale') ?? null,
    message: ({ evidence }) =>
      `the input has a root mean square of ${power(evidence.rms!)}, and initialisers are made for 1 (${number(evidence.low)} to ${number(evidence.high)} passes)`,
    remedy: () => ({
      advice: 'subtract its mean and divide by its standard deviation (images of 0 to 255: per channel)',
      redraw: [],
      study: null,
    }),
  },
  symmetry: {
    accountsFor: 'all',
    find: ({ observation: { layers } }) => {
      const inner = layers.slice(0, Math.max(1, layers.length - 1));
      const constant = inner.flatMap(({ alike, zero }, i) => (alike && !zero ? [i] : []));
      const found = inner.every(({ zero }) => zero) ? inner.map((_, i) => i) : constant;
      if (found.length === 0 || layers.length < 2) return null;
      // A readout whose rows are equal sends one gradient to all units, which is no harm where these differ.
      if (layers.at(-1)!.alike) found.push(layers.length - 1);
      return { layers: found, evidence: { count: found.length } };
    },
    message: () =>
      'all units of a layer have the same weights: they compute the same, get the same gradient and stay alike',
    remedy: (found, given) => ({
      ...redraw(found, given, 'draw their weights at random'),
      study: initialisers(given.observation, given.observation.layers[found.layers[0]!]!.zero ? 'zeros' : 'ones'),
    }),
  },
  'zero-layer': {
    accountsFor: 'all',
    find: ({ observation }) => {
      const { layers } = observation;
      const zero = layers.slice(0, -1).flatMap((layer, i) => (layer.zero ? [i] : []));
      if (zero.length === 0 || observation.avoids(new Set(zero))) return null;
      return { layers: zero, evidence: { count: zero.length } };
    },
    message: () => 'weights of 0 cut the network in two: no signal gets past them, and no gradient back',
    remedy: (found, given) => ({
      ...redraw(found, given, 'only the last layer of a residual branch, and of the model, may start at 0'),
      study: initialisers(given.observation, 'zeros'),
    }),
  },
  'dead-relu': {
    accountsFor: ['dead', 'signals-vanish', 'gradients-vanish', 'inputs-merge'],
    find: (given) => {
      const found = sign(given, 'dead');
      return (found && { ...found, evidence: { ...found.evidence, ...sigmas(given, found.layers) } }) || null;
    },
    message: ({ evidence }) =>
      `ReLUs are 0 for every input of the batch: ${percent(evidence.share!)} of a layer (chance explains up to ${percent(evidence.limit!)}), and get no gradient`,
    remedy: (found, given) => ({
      ...redraw(found, given, 'biases of 0 and weights of mean 0 leave at most half of them so'),
      study: null,
    }),
  },
  saturation: {
    accountsFor: ['saturated', 'gradients-vanish', 'gradients-explode'],
    find: (given) => {
      const found = sign(given, 'saturated');
      if (found === undefined) return null;
      // Inputs that are too large saturate the first layer by themselves.
      const byInput = given.observation.input.meanSquare > 1 && scaleIsOff(given.observation);
      const layers = found.layers.filter((i) => !(byInput && given.observation.layers[i]!.sources.length === 0));
      return layers.length === 0 ? null : { layers, evidence: { ...found.evidence, ...sigmas(given, layers) } };
    },
    message: (found) =>
      `${percent(found.evidence.share!)} of a layer's activations are saturated, with slopes below a hundredth of the largest: sigma_w is ${number(found.evidence.sigmaW)} and sigma_b ${number(found.evidence.sigmaB)}`,
    remedy: (found, given) => replace(given) ?? redraw(found, given),
  },
  'wrong-fan': {
    accountsFor: drift,
    find: (given) => {
      if (sign(given, ...drift, 'overflow') === undefined) return null;
      const layers = given.observation.layers.flatMap((layer, i) => (scaledByWrongFan(layer) ? [i] : []));
      if (layers.length < 2 || layers.length < given.observation.layers.length / 3) return null;
      const first = given.observation.layers[layers[0]!]!;
      return {
        layers,
        evidence: {
          ...sigmas(given, layers),
          terms: first.fanIn,
          scaledBy: wrongFan(first),
          transposed: first.fan === null ? 0 : 1,
        },
      };
    },
    message: ({ evidence }) =>
      `weights are drawn for ${evidence.scaledBy} terms a sum, torch's ${evidence.transposed === 1 ? 'fan_in' : 'fan_out'}, where the layer adds up ${evidence.terms}`,
    remedy: (found, given) =>
      redraw(found, given, 'use fan_in, and for transposed convolutions the options { transposed, stride, groups }'),
  },
  'residual-growth': {
    accountsFor: ['signals-explode', 'gradients-explode', 'overflow', 'inputs-merge'],
    find: (given) => {
      const found = sign(given, 'overflow', 'signals-explode', 'gradients-explode');
      const { layers, residualSums } = given.observation;
      const ends = [...new Set(residualSums.flatMap(({ branchEnds }) => branchEnds))].sort((a, b) => a - b);
      if (found === undefined || residualSums.length < 2) return null;
      // Larger weights than He's explode without branches too.
      const others = median(
        layers.filter(({ endsBranch }) => !endsBranch).map((layer) => excess(layer, given.observation)),
      );
      if (others > otherGain) return null;
      return { layers: ends, evidence: { ...found.evidence, branches: residualSums.length } };
    },
    message: ({ evidence }) =>
      `${evidence.branches} residual branches each add as much as there is: sizes grow up to 2^${evidence.branches}`,
    remedy: (found, given) => ({
      ...redraw(
        found,
        given,
        "divide the variance of each branch's last layer by the number of branches, or start it at 0 (Fixup)",
      ),
      study: residuals(given.observation, given.observation.residualSums.length, 'none'),
    }),
  },
  'batchnorm-depth': {
    accountsFor: ['gradients-explode'],
    find: (given) => {
      const found = sign(given, 'gradients-explode');
      const { hasBatchNorm, residualSums, layers } = given.observation;
      if (found === undefined || !hasBatchNorm || residualSums.length > 1) return null;
      return { layers: layers.flatMap(({ normalised }, i) => (normalised ? [i] : [])), evidence: found.evidence };
    },
    message: (found) =>
      `gradients explode ${depthWords(found)} below the last: batch normalisation multiplies their mean square by pi/(pi - 1) = 1.47 a layer under ReLU`,
    remedy: (_, { observation }) => ({
      advice: 'no initialisation mends it (Yang et al. 2019): add skip connections, or take out the normalisation',
      redraw: [],
      study: residuals(observation, observation.layers.length, 'batch'),
    }),
  },
  overflow: {
    accountsFor: ['overflow', ...drift, 'inputs-merge'],
    find: (given) => drifting(given, sign(given, 'overflow'), 1),
    message: (found, given) =>
      `numbers leave their dtype at ${layerName(found, given)}, ${number(found.evidence.nonFinite)} of its outputs first; ${gains(found)}`,
    remedy: (found, given) => redraw(found, given),
  },
  'wrong-gain': {
    accountsFor: [...drift, 'inputs-merge'],
    find: (given) => {
      const up = drifting(given, sign(given, 'signals-explode', 'gradients-explode'), 1);
      const down = drifting(given, sign(given, 'signals-vanish'), -1);
      const found = up ?? down;
      if (found === null) return null;
      const off = Math.abs(Math.log(found.evidence.excess ?? NaN));
      return off <= Math.log(otherGain) ? found : null;
    },
    message: (found, { observation, open }) =>
      `${open.has('signals-explode') || open.has('signals-vanish') ? 'signals' : 'gradients'} go ${depthWords(found)}: the gain is that of another activation than ${mainActivation(observation)}; ${gains(found)}`,
    remedy: (found, given) => redraw(found, given),
  },
  'signals-explode': {
    accountsFor: ['signals-explode', 'gradients-explode', 'inputs-merge'],
    find: (given) => drifting(given, sign(given, 'signals-explode'), 1),
    message: (found) => `signals explode, ${depthWords(found)}: weights are too large; ${gains(found)}`,
    remedy: (found, given) => redraw(found, given),
  },
  'signals-vanish': {
    accountsFor: ['signals-vanish', 'gradients-vanish', 'inputs-merge'],
    find: (given) => drifting(given, sign(given, 'signals-vanish'), -1),
    message: (found) => `signals vanish, ${depthWords(found)}: weights are too small; ${gains(found)}`,
    remedy: (found, given) => redraw(found, given),
  },
  'gradients-explode': {
    accountsFor: ['gradients-explode'],
    find: (given) => drifting(given, sign(given, 'gradients-explode'), 1),
    message: (found) =>
      `gradients explode, though signals do not, ${depthWords(found)} below the last: the network is in the chaotic phase; ${gains(found)}`,
    remedy: (found, given) => replace(given) ?? redraw(found, given),
  },
  'correlation-collapse': {
    accountsFor: ['inputs-merge', 'gradients-vanish'],
    find: (given) => {
      const found = sign(given, 'inputs-merge');
      if (found === undefined) return null;
      // Gradients vanish with it where weights are too small; biases alone are to blame where weights are right.
      const drowned = given.observation.layers.flatMap(({ sigmaB, output }, i) =>
        sigmaB ** 2 > output.meanSquare / 2 ? [i] : [],
      );
      const byBias =
        drowned.length >= given.observation.layers.length / 2 && sigmas(given, drowned).excess! > 1 / gainTolerance;
      if (given.open.has('gradients-vanish') && !byBias) return null;
      const small = offLayers(given, -1);
      const layers = byBias ? drowned : small.length > 0 ? small : all(given);
      // Where weights and biases are right, it is the depth, or chance in narrow layers: no others would do better.
      if (!byBias && small.length === 0 && !biasesMatter(given.observation)) return null;
      return { layers, evidence: { ...found.evidence, ...sigmas(given, layers) } };
    },
    message: (found, given) =>
      `inputs become indistinguishable: from ${layerName(found, given)} on their correlation is within ${power(found.evidence.distance!)} of 1; sigma_w is ${number(found.evidence.sigmaW)} and sigma_b ${number(found.evidence.sigmaB)}`,
    remedy: (found, given) =>
      replace(given) ?? redraw(found, given, 'draw weights and biases on the edge of chaos, by the initialisers named'),
  },
  'gradients-vanish': {
    accountsFor: ['gradients-vanish', 'inputs-merge'],
    find: (given) => {
      const found = sign(given, 'gradients-vanish');
      // Saturated by its input, the first layer keeps gradients from nothing but itself.
      if (
        found?.layers.every((i) => given.observation.layers[i]!.sources.length === 0) &&
        scaleIsOff(given.observation)
      )
        return null;
      return drifting(given, found, -1);
    },
    message: (found) =>
      `gradients vanish, though signals do not, ${depthWords(found)} below the last; ${found.evidence.sigmaWCritical === undefined ? `sigma_w is ${number(found.evidence.sigmaW)}` : gains(found)}`,
    remedy: (found, given) => replace(given) ?? redraw(found, given),
  },
} satisfies Readonly<Record<string, Row>>;

/** A cause's name. */
export type Cause = keyof typeof causes;

/** Whether biases are a fifth or more of a mean square, and more than they are to be; or the activation has no right ones. */
function biasesMatter(observation: Observation): boolean {
  const target = targetOf(mainActivation(observation), true);
  const shares = observation.layers.map(({ sigmaB, output }) =>
    sigmaB > gainTolerance * (target?.sigmaB ?? 0) ? sigmaB ** 2 / output.meanSquare : 0,
  );
  return target === null || median(shares) > 0.2;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

const scaleIsOff = ({ input }: Observation) => input.meanSquare > 100;

/** The fan that torch's rule may have scaled a weight by in place of the terms it has. */
const wrongFan = ({ fan, fanOut, torchFanIn }: ObservedLayer) => (fan === null ? fanOut : torchFanIn);

/** Whether a weight has the size that torch's other fan would give it, and that size is wrong. */
function scaledByWrongFan(layer: ObservedLayer): boolean {
  const target = targetOf(activationOf(layer), layer.hasBias);
  if (target === null) return false;
  const factor = layer.sigmaW / target.sigmaW;
  const expected = Math.sqrt(layer.fanIn / wrongFan(layer));
  const near = (a: number, b: number) => Math.abs(Math.log(a / b)) < Math.log(gainTolerance);
  return near(factor, expected) && !near(factor, 1);
}
