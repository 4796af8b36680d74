// The phase diagram: over (sigma_w, sigma_b), where small differences and gradients shrink with each layer, and where they grow.
import type { Cell, StudyActivation } from '../cell/cell.js';
import { meanFieldOf } from '../cell/expectation.js';
import { MeanField } from '../theory/meanfield.js';

/** One field of the diagram's grid. */
export interface PhaseField {
  readonly w: number;
  readonly wEnd: number;
  readonly b: number;
  readonly bEnd: number;
  /** Natural logarithm of chi_1 at the mean square that layers settle at, between -1 and 1. */
  readonly logChi: number;
}

/** The diagram of one activation. */
export interface PhaseDiagram {
  readonly activation: StudyActivation;
  /** Ends of the axes. */
  readonly w: readonly [number, number];
  readonly b: readonly [number, number];
  /** Whether the axis of sigma_w is logarithmic, for cells that lie far apart. */
  readonly log: boolean;
  readonly fields: readonly PhaseField[];
  /** Where chi_1 is 1, from the lowest sigma_b on. */
  readonly critical: readonly { readonly w: number; readonly b: number }[];
}

/** A cell's place in its activation's diagram. */
export interface PhasePoint {
  readonly w: number;
  readonly b: number;
}

/** Fields to a side. */
const steps = 28;

/** Where a cell lies; null for networks that the theory of plain layers does not describe, and weights of 0. */
export function phasePoint(cell: Cell): PhasePoint | null {
  if (cell.residual !== null || cell.normalisation !== 'none') return null;
  const w = meanFieldOf('report', cell)?.sigmaW ?? 0;
  return w > 0 ? { w, b: cell.sigmaB } : null;
}

/** Mean squares at which activations have long taken the shape that they have in the limit: there the search ends. */
const [vanished, exploded] = [1e-9, 1e9];

/**
 * The mean square that layers settle at from 1 on, to the four digits that a picture shows: `MeanField.fixedPoint` goes to the last
 * one, and far out, which takes seconds for a whole diagram.
 */
function settled(net: MeanField): number {
  if (net.homogeneous && net.sigmaB === 0) return 1;
  const grows = (q: number) => net.nextQ(q) > q;
  const up = grows(1);
  const factor = up ? 4 : 1 / 4;
  let near = 1;
  while (near < exploded && near > vanished && grows(near * factor) === up) near *= factor;
  let far = near * factor;
  for (let i = 0; i < 14; i++) {
    const middle = Math.sqrt(near * far);
    if (grows(middle) === up) near = middle;
    else far = middle;
  }
  return near;
}

/** ln chi_1 at the fixed point, between -1 and 1; where signals explode or vanish, in the limit. */
function logChi(activation: StudyActivation, sigmaW: number, sigmaB: number): number {
  const net = new MeanField({ activation, sigmaW, sigmaB });
  return Math.max(-1, Math.min(1, Math.log(net.chi1(settled(net)))));
}

/** Where chi_1 = 1 between two sigma_w that lie to its two sides. */
function bisect(f: (w: number) => number, below: number, above: number): number {
  let [low, high] = [below, above];
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The diagram that some cells of one activation lie in. */
export function phaseDiagram(activation: StudyActivation, points: readonly PhasePoint[]): PhaseDiagram {
  const ws = points.map(({ w }) => w);
  const [least, most] = [Math.min(...ws), Math.max(...ws)];
  const log = most > 5 || least < 0.2;
  const wEnds: [number, number] = log
    ? [Math.min(0.5, least / 1.5), Math.max(4, most * 1.5)]
    : [0, Math.max(2.5, most * 1.2)];
  const bEnds: [number, number] = [0, Math.max(0.5, 1.25 * Math.max(...points.map(({ b }) => b)))];
  const wAt = (i: number) => (log ? wEnds[0] * (wEnds[1] / wEnds[0]) ** (i / steps) : (wEnds[1] * i) / steps);
  const bAt = (j: number) => (bEnds[1] * j) / steps;
  const fields: PhaseField[] = [];
  const critical: { w: number; b: number }[] = [];
  for (let j = 0; j < steps; j++) {
    const b = bAt(j + 0.5);
    const f = (w: number) => logChi(activation, w, b);
    const row = Array.from({ length: steps }, (_, i) => ({ at: wAt(i + 0.5), value: f(wAt(i + 0.5)) }));
    for (const [i, { value }] of row.entries()) {
      fields.push({ w: wAt(i), wEnd: wAt(i + 1), b: bAt(j), bEnd: bAt(j + 1), logChi: value });
    }
    // The first change of sign: the phase is ordered at sigma_w = 0.
    const after = row.findIndex(({ value }) => value >= 0);
    if (after > 0) critical.push({ w: bisect(f, row[after - 1]!.at, row[after]!.at), b });
  }
  return { activation, w: wEnds, b: bEnds, log, fields, critical };
}
