// The propagation study that shows what a finding says: the network as it is beside the one it should be.
import type { InitSpec } from '../../init/index.js';
import type { Cell, StudyActivation } from '../cell/cell.js';
import type { Observation } from './observe.js';
import { replacements, targetOf } from './targets.js';

/** Fields of a study's cells, with lists for what is to be compared. */
export interface StudyPlan {
  readonly width: readonly number[];
  readonly depth: readonly number[];
  readonly activation: readonly StudyActivation[];
  readonly init?: readonly (InitSpec & string)[];
  readonly sigmaW?: readonly number[];
  readonly sigmaB?: readonly number[];
  readonly residual?: readonly (number | null)[];
  readonly normalisation?: readonly Cell['normalisation'][];
  readonly correlation?: readonly number[];
}

const round = (x: number) => Number(x.toPrecision(4));

/** What there is and what should be; one of them where they differ by less than draws do. */
const pair = (has: number, should: number) =>
  Math.abs(has - should) < 0.02 * should ? [round(should)] : [...new Set([round(has), round(should)])];

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;

/** The activation of most layers. */
export function mainActivation({ layers }: Pick<Observation, 'layers'>): StudyActivation {
  const counts = new Map<StudyActivation, number>();
  for (const { activation } of layers)
    counts.set(activation ?? 'linear', (counts.get(activation ?? 'linear') ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['linear', 0] as [StudyActivation, number])[0];
}

function shape(observation: Observation): Pick<StudyPlan, 'width' | 'depth' | 'activation'> {
  const { layers } = observation;
  return {
    width: [median(layers.map(({ fanIn }) => Math.max(1, Math.round(fanIn))))],
    depth: [layers.length],
    activation: [mainActivation(observation)],
  };
}

/**
 * The weights and biases that layers have beside those that they should have; or the activation beside a better one. Null of no
 * layers: an activation alone is no network to study.
 */
export function compare(observation: Observation, places: readonly number[]): StudyPlan | null {
  if (places.length === 0) return null;
  const layers = places.map((i) => observation.layers[i]!);
  const [sigmaW, sigmaB] = [median(layers.map(({ sigmaW }) => sigmaW)), median(layers.map(({ sigmaB }) => sigmaB))];
  const same = shape(observation);
  const [activation] = same.activation as [StudyActivation];
  const target = targetOf(
    activation,
    layers.some(({ hasBias }) => hasBias),
  );
  if (target === null) {
    return {
      ...same,
      activation: [activation, replacements[activation]!],
      sigmaW: [round(sigmaW)],
      sigmaB: [round(sigmaB)],
    };
  }
  return { ...same, sigmaW: pair(sigmaW, target.sigmaW), sigmaB: pair(sigmaB, target.sigmaB) };
}

/** An initialiser beside one that fits the activation. */
export function initialisers(observation: Observation, has: 'zeros' | 'ones'): StudyPlan {
  const same = shape(observation);
  const should = same.activation[0] === 'relu' || same.activation[0] === 'leakyRelu' ? 'kaimingNormal' : 'xavierNormal';
  return { ...same, init: [has, should] };
}

/** Residual branches as they are beside those that add a share of their number; with batch normalisation, none beside some. */
export function residuals(observation: Observation, branches: number, normalisation: 'none' | 'batch'): StudyPlan {
  const same = shape(observation);
  const sigmaW = targetOf(same.activation[0]!, false)?.sigmaW ?? 1;
  const depth = [Math.max(1, branches)];
  if (normalisation === 'batch')
    return { ...same, depth, sigmaW: [round(sigmaW)], residual: [null, 1], normalisation: ['batch'] };
  return { ...same, depth, sigmaW: [round(sigmaW)], residual: [1, round(1 / Math.sqrt(branches))] };
}

/** Inputs as alike as they are beside others. */
export function correlations(observation: Observation, correlation: number): StudyPlan | null {
  if (observation.layers.length === 0) return null;
  const same = shape(observation);
  const sigmaW = targetOf(same.activation[0]!, false)?.sigmaW ?? 1;
  return { ...same, sigmaW: [round(sigmaW)], correlation: [Math.min(1, Number(correlation.toPrecision(8))), 0.5] };
}

/** The name of an initialiser on the command line: torch's. */
const flagName = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const flags: readonly [keyof StudyPlan, string][] = [
  ['width', '--width'],
  ['depth', '--depth'],
  ['activation', '--activation'],
  ['init', '--init'],
  ['sigmaW', '--sigma-w'],
  ['sigmaB', '--sigma-b'],
  ['residual', '--residual'],
  ['normalisation', '--normalisation'],
  ['correlation', '--correlation'],
];

/** The command that runs a study. */
export function commandLine(plan: StudyPlan): string {
  const value = (name: keyof StudyPlan, item: unknown) =>
    item === null ? 'none' : name === 'init' ? flagName(String(item)) : String(item);
  const given = flags.flatMap(([name, flag]) => {
    const list = plan[name];
    return list === undefined ? [] : [`${flag} ${list.map((item) => value(name, item)).join(',')}`];
  });
  // With the others alone it would be a study of chains.
  const propagation = flags.slice(4).some(([name]) => plan[name] !== undefined);
  return ['evenkeel study', ...given, ...(propagation ? [] : ['--repeats 10'])].join(' ');
}
