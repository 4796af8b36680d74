// Numbers and tables for the terminal.
import type { ChainRow } from '../study/chain/chain.js';

/** A number in few characters: four digits, or three where it is below 0.1 or has an exponent. */
export function short(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x < 0 ? '-inf' : 'inf';
  if (x === 0) return '0';
  const magnitude = Math.abs(x);
  if (magnitude < 0.01 || magnitude >= 9999.5) return x.toExponential(2);
  return x.toPrecision(magnitude < 0.1 ? 3 : 4);
}

/** Two decimals below 10, one below 100. */
export function decimals(x: number): string {
  return x.toFixed(x < 10 ? 2 : x < 100 ? 1 : 0);
}

export function gigabytes(bytes: number): string {
  return `${decimals(bytes / 1e9)} GB`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const headings = [
  'init',
  'activation',
  'overflow\nlayer',
  'final\nmean',
  'final\nstd',
  'norm\nratio',
  'mean\nsquare',
  'closed\nform',
];

/** The rows of a study, numbers to the right, a rule below the headings: 80 columns. */
export async function rowTable(rows: readonly ChainRow[]): Promise<string> {
  const { getBorderCharacters, table } = await import('table');
  const lines = rows.map(({ init, activation, overflowLayer, mean, std, normRatio, meanSquare, theory }) => [
    init,
    activation,
    overflowLayer ?? '-',
    ...[mean, std, normRatio, meanSquare, theory.meanSquare].map(short),
  ]);
  return table([headings, ...lines], {
    border: { ...getBorderCharacters('void'), joinBody: '─', joinLeft: '', joinRight: '', joinJoin: '' },
    columnDefault: { alignment: 'right', verticalAlignment: 'bottom', paddingLeft: 0, paddingRight: 2 },
    columns: { 0: { alignment: 'left' }, 1: { alignment: 'left' }, [headings.length - 1]: { paddingRight: 0 } },
    drawHorizontalLine: (line) => line === 1,
  });
}
