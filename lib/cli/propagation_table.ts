// What a propagation study found, a line for each cell.
import type { Cell, CellResult, LayerResult } from '../study/cell.js';
import { short } from './report.js';

const notShown = new Set<keyof Cell>(['width', 'depth', 'activation']);

/** The fields that differ among cells, but for those that are always shown. */
function varied(results: readonly CellResult[]): (keyof Cell)[] {
  const [first] = results;
  const names = Object.keys(first?.cell ?? {}) as (keyof Cell)[];
  return names.filter(
    (name) =>
      !notShown.has(name) &&
      results.some(({ cell }) => JSON.stringify(cell[name]) !== JSON.stringify(first!.cell[name])),
  );
}

function textOf(value: Cell[keyof Cell]): string {
  if (value === null) return '-';
  return typeof value === 'object' ? Object.values(value).join(' ') : String(value);
}

/** The growth of gradients with each layer on the way back. */
function growth(layers: readonly LayerResult[]): string {
  const ratios = layers.flatMap(({ gradientRatio }) => (gradientRatio === null ? [] : [gradientRatio]));
  if (ratios.length === 0) return '-';
  return short(Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length));
}

/** How many layers agree with theory, of those that it has a law for. */
function agreement(layers: readonly LayerResult[]): string {
  const judged = layers.flatMap(({ agreement }) => (agreement === null ? [] : [agreement.agrees]));
  return judged.length === 0 ? '-' : `${judged.filter((agrees) => agrees).length}/${judged.length}`;
}

/** A table of cells: what they are, and their last layer. */
export async function cellTable(results: readonly CellResult[]): Promise<string> {
  const { getBorderCharacters, table } = await import('table');
  const names = varied(results);
  const headings = [
    'width',
    'depth',
    'activation',
    ...names,
    'final\nq',
    'final\nc',
    'gradient\nratio',
    'layers that\nagree',
  ];
  const lines = results.map(({ cell, layers }) => {
    const last = layers.at(-1)!;
    return [
      ...[cell.width, cell.depth, cell.activation],
      ...names.map((name) => textOf(cell[name])),
      short(last.q.mean),
      last.c === null ? '-' : short(last.c.mean),
      growth(layers),
      agreement(layers),
    ];
  });
  return table([headings, ...lines], {
    border: { ...getBorderCharacters('void'), joinBody: '─', joinLeft: '', joinRight: '', joinJoin: '' },
    columnDefault: { alignment: 'right', verticalAlignment: 'bottom', paddingLeft: 0, paddingRight: 2 },
    columns: { [headings.length - 1]: { paddingRight: 0 } },
    drawHorizontalLine: (line) => line === 1,
  });
}
