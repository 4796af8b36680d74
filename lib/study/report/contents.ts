// What a report shows: which charts there are, with their titles, sample sizes and data, for the page and for pictures alike.
import type { CellResult, StudyActivation } from '../cell/cell.js';
import { seriesCharts, seriesSpec } from './charts.js';
import { labelCells, sampleText } from './label.js';
import { phaseDiagram, phasePoint } from './phase.js';
import { phaseSpec } from './phasechart.js';
import { type Row, type SeriesName, seriesOf, thin } from './series.js';
import type { ChartSpec } from './spec.js';
import type { Theme } from './theme.js';
import { judge, type Verdict } from './verdict.js';

/** A chart of a report without its data's slots: which cells are drawn is chosen later. */
export interface SeriesChart {
  readonly name: SeriesName;
  readonly title: string;
  /** Sample sizes and what points, lines and bands are. */
  readonly about: string;
  /** Rows of each cell, in the order of the results; empty for one that has none. */
  readonly rows: readonly (readonly Row[])[];
}

/** A finished phase diagram. */
export interface PhaseChart {
  readonly activation: StudyActivation;
  readonly title: string;
  /** Sample sizes; `phaseAbout` says the rest. */
  readonly about: string;
  readonly spec: (look?: { theme?: Theme; width?: number }) => ChartSpec;
}

/** Where a cell's signal ended: at a layer, in words. */
export interface End {
  readonly x: number;
  readonly text: string;
}

/** All that a report shows. */
export interface Contents {
  readonly common: string;
  readonly labels: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** null for a cell whose signal went all the way. */
  readonly ends: readonly (End | null)[];
  readonly series: readonly SeriesChart[];
  readonly phases: readonly PhaseChart[];
}

/** Rows that a report carries at most: beyond, cells show fewer layers, but no fewer than `leastRows`. */
const [mostRows, leastRows, rowsOfCell] = [24_000, 16, 50];

const seriesNames = Object.keys(seriesCharts) as readonly SeriesName[];

function endOf({ overflowLayer, vanishLayer }: CellResult): End | null {
  if (overflowLayer !== null) return { x: overflowLayer, text: `overflowed at layer ${overflowLayer}` };
  return vanishLayer === null ? null : { x: vanishLayer, text: `all 0 from layer ${vanishLayer}` };
}

/** The contents of a report on some cells. */
export function contentsOf(results: readonly CellResult[]): Contents {
  const cells = results.map(({ cell }) => cell);
  const { common, labels } = labelCells(cells);
  const verdicts = results.map(judge);
  const most = Math.max(leastRows, Math.min(rowsOfCell, Math.floor(mostRows / Math.max(1, results.length))));
  const deepest = Math.max(0, ...results.map(({ layers }) => layers.length));
  const thinned = deepest > most ? ` Of deeper networks ${most} layers, at even distances.` : '';
  const series = seriesNames.flatMap((name): SeriesChart[] => {
    const rows = results.map((result) => seriesOf(name, result, most));
    const shown = cells.filter((_, i) => rows[i]!.length > 0);
    if (shown.length === 0) return [];
    const { title, about } = seriesCharts[name];
    return [{ name, title, about: `${sampleText(shown)}. ${about}${name === 'spectrum' ? '' : thinned}`, rows }];
  });
  return { common, labels, verdicts, ends: results.map(endOf), series, phases: phaseCharts(results, labels, verdicts) };
}

function phaseCharts(
  results: readonly CellResult[],
  labels: readonly string[],
  verdicts: readonly Verdict[],
): PhaseChart[] {
  const points = results.flatMap(({ cell }, i) => {
    const point = phasePoint(cell);
    if (point === null) return [];
    const { kind, text } = verdicts[i]!;
    return [{ ...point, cell, label: labels[i]!, kind, verdict: text }];
  });
  const activations = [...new Set(points.map(({ cell }) => cell.activation))];
  return activations.map((activation) => {
    const here = points.filter(({ cell }) => cell.activation === activation);
    const data = here.map(({ cell, ...point }) => point);
    const diagram = phaseDiagram(activation, here);
    const left = results.filter(({ cell }) => cell.activation === activation).length - here.length;
    const without = left > 0 ? ` Without ${left} of other kinds of networks, which this theory does not describe.` : '';
    return {
      activation,
      title: `Phase diagram: ${activation}`,
      about: `${here.length} ${here.length === 1 ? 'cell' : 'cells'}; ${sampleText(here.map(({ cell }) => cell))}.${without}`,
      spec: (look = {}) => phaseSpec(diagram, { points: data, ...look }),
    };
  });
}

/**
 * Some of a report's cells, by index: of more than `count` those from the one whose signals and gradients shrink fastest to the
 * one where they grow fastest, at even distances in that order. Even distances in the list would pick, of a grid, cells of one row.
 */
export function pick({ verdicts }: Contents, count: number): number[] {
  const speeds = verdicts.map(({ growth, gradientGrowth }) => Math.log(growth ?? 1) + Math.log(gradientGrowth ?? 1));
  const order = speeds.map((_, i) => i).sort((a, b) => speeds[a]! - speeds[b]!);
  return thin(order.length, count)
    .map((i) => order[i]!)
    .sort((a, b) => a - b);
}

/** What `pick` does, in words. */
export const pickRule = 'from the one whose signals vanish fastest to the one where they explode fastest';

/**
 * The data of a series chart for some cells.
 *
 * @param chosen the cells' indices; the slot of each is its place in that list
 */
export function dataOf(contents: Contents, chart: SeriesChart, chosen: readonly number[]) {
  const rows = chosen.flatMap((i, slot) => chart.rows[i]!.map((row) => ({ ...row, slot, label: contents.labels[i]! })));
  const marks = chosen.flatMap((i, slot) => {
    const end = contents.ends[i]!;
    return end === null || chart.name === 'spectrum' || chart.rows[i]!.length === 0 ? [] : [{ ...end, slot }];
  });
  return { rows, marks };
}

/** A series chart of some cells as a specification with its data. */
export function chartOf(
  contents: Contents,
  chart: SeriesChart,
  chosen: readonly number[],
  look: { theme?: Theme; width?: number } = {},
): ChartSpec {
  return seriesSpec(chart.name, { ...dataOf(contents, chart, chosen), ...look });
}
