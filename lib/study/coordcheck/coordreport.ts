// What a coordinate check found: slopes over widths, a verdict for each layer, and what to change.
import { columns } from '../../columns.js';
import type { LearningRate } from '../../init/index.js';
import { fitSlope } from './fit.js';

/** Where a layer stands in a model that grows: which sizes of its weight grow with the width. */
export type LayerRole = 'input' | 'hidden' | 'output' | 'fixed' | 'other';

/** Whose rules on learning rates an optimiser follows; null for one that is not known. */
export type OptimizerRule = keyof LearningRate | null;

/** One layer over all widths and repeats. */
export interface LayerMeasurements {
  readonly layer: string;
  readonly role: LayerRole;
  /** Root mean squares of the output at initialisation: [repeat][width]. */
  readonly initial: readonly (readonly number[])[];
  /** Root mean squares of the change since then: [step][repeat][width]. */
  readonly changes: readonly (readonly (readonly number[])[])[];
}

/** One parameter over all widths and repeats. */
export interface ParameterMeasurements {
  readonly parameter: string;
  /** Root mean squares of the change since initialisation: [step][repeat][width]. */
  readonly changes: readonly (readonly (readonly number[])[])[];
}

/** A size at one step: its geometric mean over repeats for each width, null where it is 0 or not finite, and its slope. */
export interface Scaling {
  readonly sizes: readonly (number | null)[];
  /** The exponent of the width, with its standard error; null where a size is 0 or not finite. */
  readonly slope: number | null;
  readonly standardError: number | null;
}

/** What became of one layer. */
export interface CoordRow {
  /** The module's path; with a number where it runs several times. '(output)' is the model's own. */
  readonly layer: string;
  readonly role: LayerRole;
  /** Its output at initialisation. Not judged: muP's readout shrinks by width^(-1/2). */
  readonly initial: Scaling;
  /** The change of its output since initialisation, after each step. */
  readonly changes: readonly Scaling[];
  /** The step that is judged, from 1: the first after which the layer has changed at all widths; null where there is none. */
  readonly judgedStep: number | null;
  /** The slope of the change after that step. */
  readonly slope: number | null;
  readonly standardError: number | null;
  /** Whether the slope is within the tolerance, and all steps finite; null for a layer that nothing changes. */
  readonly passed: boolean | null;
}

/** How far the elements of one parameter have moved. */
export interface UpdateRow {
  readonly parameter: string;
  /** The change since initialisation, after each step. */
  readonly changes: readonly Scaling[];
}

/** What was asked. */
export interface CoordSettings {
  readonly widths: readonly number[];
  readonly steps: number;
  readonly repeats: number;
  /** The optimiser's name. */
  readonly optimizer: string;
  /** The learning rate, where it was not the user's own optimiser's. */
  readonly lr: number | null;
  readonly tolerance: number;
  /** Whether a plan with factors on the learning rate was given. */
  readonly planned: boolean;
}

const number = (x: number | null, digits = 2) => (x === null ? '' : x.toFixed(digits).replace(/^-(0\.0*)$/, '$1'));
const withError = ({ slope, standardError }: Pick<Scaling, 'slope' | 'standardError'>) =>
  slope === null ? '-' : `${number(slope)}${standardError === null ? '' : ` ± ${number(standardError)}`}`;
const verdicts = new Map([
  [true, 'pass'],
  [false, 'FAIL'],
  [null, 'not judged'],
]);

function scaling(widths: readonly number[], sizes: readonly (readonly number[])[]): Scaling {
  const means = widths.map((_, w) => {
    const mean = Math.exp(sizes.reduce((sum, row) => sum + Math.log(row[w]!), 0) / sizes.length);
    return mean > 0 && mean < Infinity ? mean : null;
  });
  return { sizes: means, ...(fitSlope(widths, sizes) ?? { slope: null, standardError: null }) };
}

function judge({ widths, tolerance }: CoordSettings, measured: LayerMeasurements): CoordRow {
  const { layer, role } = measured;
  const changes = measured.changes.map((sizes) => scaling(widths, sizes));
  const at = changes.findIndex(({ slope }) => slope !== null);
  const { slope, standardError } = changes[at] ?? { slope: null, standardError: null };
  const sizes = measured.changes.flat(2);
  const idle = sizes.every((size) => size === 0);
  const sound = slope !== null && sizes.every(Number.isFinite);
  return {
    layer,
    role,
    initial: scaling(widths, measured.initial),
    changes,
    judgedStep: at < 0 ? null : at + 1,
    slope,
    standardError,
    passed: idle ? null : sound && Math.abs(slope) <= tolerance,
  };
}

/** What muP (Yang et al. 2022, table 3) asks of a layer, for the two kinds of optimisers. */
const advice: Readonly<Record<'input' | 'hidden' | 'output', Readonly<Record<keyof LearningRate, string>>>> = {
  input: {
    sgd: 'input weights and biases take a learning rate times r',
    adam: 'input weights and biases take a learning rate that does not depend on the width',
  },
  hidden: {
    sgd: 'hidden weights keep their learning rate; what grows is the gradient, until output weights start r^(-1/2) times smaller',
    adam: 'hidden weights take a learning rate times 1/r',
  },
  output: {
    sgd: 'output weights start r^(-1/2) times smaller and take a learning rate times 1/r',
    adam: 'output weights start r^(-1/2) times smaller and take a learning rate times 1/r',
  },
};

/**
 * The result of `coordCheck`. Prints as a table with sentences that say what is off and what to change; `JSON.stringify` carries
 * all of it.
 */
export class CoordReport {
  /** Whether the change of every layer that changes keeps its size as the width grows. */
  readonly passed: boolean;
  readonly settings: CoordSettings;
  /** The layers, in the order in which they run. */
  readonly rows: readonly CoordRow[];
  /** The parameters. Not judged: how far elements should move depends on the layer and the optimiser. */
  readonly updates: readonly UpdateRow[];
  /** What is off, and what to change; empty after a pass. */
  readonly problems: readonly string[];
  /** What is worth knowing all the same. */
  readonly notes: readonly string[];

  constructor(
    settings: CoordSettings,
    rule: OptimizerRule,
    layers: readonly LayerMeasurements[],
    parameters: readonly ParameterMeasurements[],
  ) {
    this.settings = settings;
    this.rows = layers.map((layer) => judge(settings, layer));
    this.updates = parameters.map(({ parameter, changes }) => ({
      parameter,
      changes: changes.map((sizes) => scaling(settings.widths, sizes)),
    }));
    const judged = this.rows.filter(({ passed }) => passed !== null);
    this.passed = judged.length > 0 && judged.every(({ passed }) => passed);
    this.problems = this.#findProblems(rule, layers);
    this.notes = this.#findNotes();
  }

  #findProblems(rule: OptimizerRule, layers: readonly LayerMeasurements[]): string[] {
    const { tolerance, planned, widths } = this.settings;
    const failed = this.rows.filter(({ passed }) => passed === false);
    const problems = failed.map(({ layer, role, slope, judgedStep }) => {
      const unfit = whyUnfit(widths, layers.find((other) => other.layer === layer)!, slope);
      if (slope === null || unfit !== null) return `${layer}: ${unfit}`;
      const grows = slope > 0 ? 'grows' : 'shrinks';
      const size = `after step ${judgedStep} its change ${grows} as width^${number(slope)} (within ±${tolerance} is a pass)`;
      const known = role !== 'fixed' && role !== 'other' && rule !== null;
      return `${layer}: ${size}${known ? `; in muP, ${advice[role][rule]}` : ''}`;
    });
    if (this.rows.every(({ passed }) => passed === null)) problems.push('no layer changed at all: nothing is trained');
    if (failed.some(({ slope }) => slope !== null && Math.abs(slope) > tolerance)) {
      problems.push(
        planned
          ? "The plan's factors on the learning rate were applied: look at the initialisation, and at powers of the width in " +
              'the model itself, such as attention, which muP divides by d and not by sqrt(d).'
          : 'init.presets.mup({ base }) has all of muP, r being width / base width: return { model, plan } with its plan.',
      );
    }
    return problems;
  }

  #findNotes(): string[] {
    const { tolerance } = this.settings;
    return this.rows.flatMap(({ layer, passed, slope, standardError, judgedStep, changes }) => {
      if (passed === null) return [`${layer}: did not change in any step, and is not judged`];
      if (slope === null) return [];
      const notes: string[] = [];
      if (standardError !== null && Math.abs(Math.abs(slope) - tolerance) < 2 * standardError) {
        const value = withError({ slope, standardError });
        notes.push(`${layer}: ${value} is too near ±${tolerance} to be sure; take more repeats, or wider models`);
      }
      const later = changes.findIndex(
        (change, i) =>
          i >= judgedStep! &&
          (change.slope === null || Math.abs(change.slope) > tolerance + 2 * (change.standardError ?? 0)),
      );
      if (passed && later >= 0) {
        notes.push(
          `${layer}: passes at step ${judgedStep}, but has a slope of ${withError(changes[later]!)} after step ${later + 1}`,
        );
      }
      return notes;
    });
  }

  toString(): string {
    const { widths, steps, repeats, optimizer, lr, tolerance } = this.settings;
    const perStep = Array.from({ length: steps }, (_, i) => `step ${i + 1}`);
    const layers = this.rows.map(({ layer, role, initial, changes, passed }) => [
      layer,
      role,
      withError(initial),
      ...changes.map(withError),
      verdicts.get(passed)!,
    ]);
    const updates = this.updates.map(({ parameter, changes }) => [parameter, '', '', ...changes.map(withError)]);
    const lines = [['slope of', 'role', 'at init', ...perStep, 'verdict'], ...layers, ['slope of updates'], ...updates];
    const rate = lr === null ? '' : `, lr ${lr}`;
    const what = `${optimizer}${rate}, widths ${widths.join(', ')}, ${repeats} ${repeats === 1 ? 'repeat' : 'repeats'}`;
    const verdict = this.passed ? 'Passed' : 'Failed';
    const judged = `changes since initialisation go as width^slope, |slope| <= ${tolerance} passes`;
    return [
      columns(lines, [0, 1, lines[0]!.length - 1]),
      `${verdict}: ${judged}; ${what}.`,
      ...[...this.problems, ...this.notes].map((sentence) => `- ${sentence}`),
    ].join('\n');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Why a slope is missing, or means nothing; null where it does. */
function whyUnfit(widths: readonly number[], { changes }: LayerMeasurements, slope: number | null): string | null {
  for (const [step, rows] of changes.entries()) {
    const wild = widths.find((_, w) => rows.some((row) => !Number.isFinite(row[w]!)));
    if (wild !== undefined) {
      return `is not finite after step ${step + 1} at width ${wild}; a lower learning rate may keep it`;
    }
  }
  if (slope !== null) return null;
  const still = widths.filter((_, w) => changes.some((rows) => rows.some((row) => row[w] === 0)));
  return `changes at some widths, but not always at ${still.join(', ')}`;
}
