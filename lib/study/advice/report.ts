// What advice says: findings, what is worth knowing besides, and the layers that they are about.
import { columns } from '../../columns.js';
import type { InitSpec, Rule } from '../../init/index.js';
import type { StudyActivation } from '../cell/cell.js';
import type { Cause } from './causes.js';
import type { StudyPlan } from './plan.js';

/** A rule of `init.initialize` for one parameter. */
export interface AdviceRule extends Rule {
  /** The parameter's path. */
  readonly match: string;
  readonly init: InitSpec;
}

/** One thing that is wrong. */
export interface Finding {
  readonly cause: Cause;
  /** Paths of the modules at fault; empty where it is the input. */
  readonly layers: readonly string[];
  /** What is wrong, why, and what to do. */
  readonly message: string;
  /** The numbers it is judged by, and their limits. */
  readonly evidence: Readonly<Record<string, number>>;
  /** The initialiser that most of these layers should have; null where none is a remedy. */
  readonly initialiser: InitSpec | null;
  /** The same for each weight and bias, as rules that `init.initialize` takes. */
  readonly rules: readonly AdviceRule[];
  /** The propagation study that shows it, as lists of fields of cells; null where studies have no such network. */
  readonly study: StudyPlan | null;
  /** The command that runs it. */
  readonly command: string | null;
}

/** One layer with a weight. */
export interface AdviceRow {
  /** The module's path; with a number where it runs several times. */
  readonly layer: string;
  readonly module: string;
  /** The activation before it, or after it if it is the first. */
  readonly activation: StudyActivation | null;
  /** The root mean square of the weights times the square root of the fan-in; of the biases. */
  readonly sigmaW: number;
  readonly sigmaB: number;
  /** What sigmaW should be; null where no number makes the activation's networks critical. */
  readonly sigmaWCritical: number | null;
  /** Mean square of the output, and correlation of inputs there. */
  readonly meanSquare: number;
  readonly correlation: number | null;
  /** Mean square of the gradient. */
  readonly gradient: number | null;
}

const most = 12;

const format = (x: number | null) =>
  x === null ? '' : x !== 0 && (x < 1e-3 || x >= 1e5) ? x.toExponential(1) : String(Number(x.toPrecision(4)));

/** The result of `advise`. Prints as a table with sentences; `JSON.stringify` carries all of it. */
export class Advice {
  /** Whether nothing is wrong. */
  readonly ok: boolean;
  /** The layers, in the order in which they ran. */
  readonly rows: readonly AdviceRow[];

  constructor(
    /** What is wrong: causes, not symptoms. */
    readonly findings: readonly Finding[],
    /** What could not be judged, and what is worth knowing. */
    readonly notes: readonly string[],
    /** Rules of all findings for `init.initialize`; other parameters are kept. */
    readonly rules: readonly AdviceRule[],
    rows: readonly AdviceRow[],
  ) {
    this.ok = findings.length === 0;
    this.rows = rows;
  }

  toString(): string {
    const cells = this.rows.map((row) => [
      row.layer,
      row.module,
      row.activation ?? '',
      format(row.sigmaW),
      format(row.sigmaWCritical),
      format(row.sigmaB),
      format(row.meanSquare),
      format(row.correlation),
      format(row.gradient),
    ]);
    const half = most / 2;
    const shown = cells.length <= most + 1 ? cells : [...cells.slice(0, half), ['...'], ...cells.slice(-half)];
    const header = [
      'layer',
      'module',
      'activation',
      'sigma w',
      'critical',
      'sigma b',
      'mean square',
      'correlation',
      'gradient',
    ];
    const verdict = this.ok
      ? 'Nothing is wrong.'
      : this.findings.length === 1
        ? '1 finding:'
        : `${this.findings.length} findings:`;
    return [
      columns([header, ...shown], [0, 1, 2]),
      verdict,
      ...this.findings.flatMap(({ cause, layers, message, initialiser, command }) => [
        `- ${cause}${layers.length === 0 ? '' : ` (${list(layers)})`}: ${message}`,
        ...(initialiser === null ? [] : [`  initialiser: ${JSON.stringify(initialiser)}`]),
        ...(command === null ? [] : [`  shown by: ${command}`]),
      ]),
      ...this.notes.map((note) => `- ${note}`),
    ].join('\n');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function list(layers: readonly string[]): string {
  if (layers.length <= 4) return layers.join(', ');
  return `${layers.slice(0, 2).join(', ')}, ..., ${layers.at(-1)}: ${layers.length} layers`;
}
