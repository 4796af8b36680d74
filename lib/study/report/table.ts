// The rows of the page's table, with what happened over the layers as small drawings.
import type { CellResult } from '../cell/cell.js';
import type { Contents } from './contents.js';
import { escapeHtml } from './escape.js';
import { thin } from './series.js';
import { logMoments } from './verdict.js';

const [width, height] = [72, 20];

/** A line through numbers, broken where there is none: shares of the height from the bottom. */
function drawing(shares: readonly (number | null)[]): string {
  const picked = thin(shares.length, 24).map((i) => shares[i]!);
  const x = (i: number) => (picked.length === 1 ? width / 2 : 2 + ((width - 4) * i) / (picked.length - 1));
  let pen = 'M';
  const path = picked.map((share, i) => {
    if (share === null) {
      pen = 'M';
      return '';
    }
    // A point on its own is a dot: a line of no length with round ends.
    const step = `${pen}${x(i).toFixed(1)},${(height - 2 - (height - 4) * share).toFixed(1)}${pen === 'M' ? 'h0' : ''}`;
    pen = 'L';
    return step;
  });
  if (path.every((step) => step === '')) return '';
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `<svg class="spark" ${size} aria-hidden="true"><path d="${path.join('')}"/></svg>`;
}

/** Logarithms as shares of what they span, which is at least a factor of ten. */
function logShares(values: readonly (readonly number[] | undefined)[]): (number | null)[] {
  const logs = values.map((list) => (list && logMoments(list)?.mean) ?? null);
  const finite = logs.filter((x) => x !== null);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const span = Math.max(high - low, Math.LN10);
  return logs.map((x) => (x === null ? null : 0.5 + (x - (low + high) / 2) / span));
}

const short = (x: number | null | undefined) => {
  if (x === null || x === undefined) return '–';
  if (!Number.isFinite(x)) return 'not finite';
  if (x === 0) return '0';
  return Math.abs(x) < 0.01 || Math.abs(x) >= 9999.5 ? x.toExponential(2).replace('e+', 'e') : x.toPrecision(3);
};

/** The columns that say what was measured. */
const measured = [
  ...['verdict', 'log q', 'last q', 'q, × a layer', 'c', 'last c'],
  ...['log gradient', 'gradient, × a layer back', 'in band'],
];

/** The headings of all columns. */
export const headings = ['shown', 'cell', ...measured];

/** A row of HTML for each cell; those in `shown` are ticked. */
export function rowsOf(results: readonly CellResult[], contents: Contents, shown: ReadonlySet<number>): string[] {
  return results.map(({ layers }, i) => {
    const { text, growth, gradientGrowth, agreement } = contents.verdicts[i]!;
    const label = escapeHtml(contents.labels[i]!);
    const last = layers.at(-1);
    const correlations = layers.map(({ c }) =>
      c && Number.isFinite(c.mean) ? Math.min(1, Math.max(0, c.mean)) : null,
    );
    const cells = [
      escapeHtml(text),
      drawing(logShares(layers.map(({ q }) => q.values))),
      short(last?.q.mean),
      short(growth),
      drawing(correlations),
      short(last?.c?.mean),
      drawing(logShares(layers.map(({ gradient }) => gradient?.values))),
      short(gradientGrowth),
      agreement === null ? '–' : `${agreement.agree} of ${agreement.of}`,
    ];
    const tick = `<input type="checkbox" data-cell="${i}" aria-label="show ${label}"${shown.has(i) ? ' checked' : ''}>`;
    const data = cells.map((html, k) => `<td data-name="${measured[k]}">${html}</td>`).join('');
    return `<tr><td class="tick">${tick}</td><th scope="row">${label}</th>${data}</tr>`;
  });
}
