// A report as one page that needs nothing else: no network, no other file. Charts are drawn in the browser, by Vega; the table is there
// without it.
import { readFileSync } from 'node:fs';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe } from '../../errors.js';
import type { CellResult } from '../cell/cell.js';
import { seriesSpec } from './charts.js';
import { checkResults } from './check.js';
import { type Contents, contentsOf, pick, pickRule } from './contents.js';
import { escapeHtml, scriptJson } from './escape.js';
import { phaseAbout } from './phasechart.js';
import { checkPackages, vegaScript } from './render.js';
import type { Row } from './series.js';
import { padding } from './spec.js';
import { headings, rowsOf } from './table.js';
import { dashes, shapePaths, shapes, slots, type Theme, themes } from './theme.js';
import { verdictRules } from './verdict.js';

/** Options of `reportHtml`. */
export interface HtmlOptions {
  /** The page's title and heading; 'Signal propagation' by default. */
  title?: string;
}

/** The page's script and style, beside this file in lib/ and in dist/. */
const asset = (name: string) =>
  readFileSync(new URL(import.meta.url.replace(/^(.*\/(?:lib|dist))\/.*$/, `$1/study/report/page/${name}`)), 'utf8');

/**
 * A report as one HTML page, about 600 kB and what the cells take: a summary, charts of mean squares, correlations, gradients and
 * spectra with measured points above theory's lines and bands, a phase diagram for each activation, and a table of all cells. Charts
 * show six cells at a time, which the reader chooses in the table. Light or dark as the reader's system is; for phones too. The
 * page makes no request to any network.
 *
 * Needs the package vega, which becomes part of the page.
 *
 * @throws TypeError (ERR_ARGUMENT) for what is no list of results and a title that is no string; Error (ERR_STATE) where the
 * package is not installed
 * @example
 * const { results } = await study({ width: 64, depth: 5, activation: 'tanh', sigmaW: [1, 1.5], repeats: 5 });
 * await writeFile('report.html', reportHtml(results, { title: 'Two scales' }));
 */
export function reportHtml(results: readonly CellResult[], options?: HtmlOptions): string {
  const call = 'reportHtml';
  checkResults(call, results);
  const { title = 'Signal propagation' } = checkOptions(call, options);
  if (typeof title !== 'string') throw argumentError(call, `title must be a string, got ${describe(title)}`);
  checkPackages(call, ['html']);
  const contents = contentsOf(results);
  // Nothing may be fetched, whatever the page's text says. Vega compiles the expressions of its specifications.
  const policy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>
${variables()}
${asset('style.css')}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${summary(results, contents)}
${results.length === 0 ? '' : body(results, contents)}
</main>
<div id="tip" role="status" hidden></div>
<script type="application/json" id="report">${scriptJson(payload(contents))}</script>
<script>${vegaScript()}</script>
<script>
${asset('script.js')}</script>
</body>
</html>
`;
}

function variables(): string {
  const colours = ({ background, surface, text, quiet, rule, series }: Theme) => {
    const own = series.map((colour, slot) => `--slot${slot}: ${colour};`).join(' ');
    return `--background: ${background}; --surface: ${surface}; --text: ${text}; --quiet: ${quiet}; --rule: ${rule}; ${own}`;
  };
  return `:root { ${colours(themes.light)} }\n@media (prefers-color-scheme: dark) { :root { ${colours(themes.dark)} } }`;
}

/** The cells in a few sentences: how many, what they share, what became of them, and whether theory was right. */
function summary(results: readonly CellResult[], { common, verdicts }: Contents): string {
  const counts = new Map<string, number>();
  for (const { kind } of verdicts) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const words: Readonly<Record<string, [one: string, many: string]>> = {
    keeps: ['keeps its signal', 'keep their signal'],
    vanishes: ['vanishes', 'vanish'],
    explodes: ['explodes', 'explode'],
    collapses: ['has collapsing correlations', 'have collapsing correlations'],
    overflows: ['overflows', 'overflow'],
  };
  const ends = Object.entries(words).flatMap(([kind, [one, many]]) => {
    const count = counts.get(kind) ?? 0;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  const judged = verdicts.flatMap(({ agreement }) => agreement ?? []);
  const sum = (key: 'agree' | 'of') => judged.reduce((total, each) => total + each[key], 0);
  const networks = results.reduce((total, { cell }) => total + cell.repeats, 0);
  const agreement =
    judged.length === 0 ? '' : ` ${sum('agree')} of ${sum('of')} layers lie in their finite-width band.`;
  const cells = `${results.length} ${results.length === 1 ? 'cell' : 'cells'}, ${networks} networks: ${ends.join(', ')}.`;
  const text = results.length === 0 ? 'No cells.' : `${cells}${agreement}`;
  return `<p>${text}</p>${common === '' ? '' : `\n<p class="quiet">All cells: ${escapeHtml(common)}.</p>`}`;
}

function body(results: readonly CellResult[], contents: Contents): string {
  const figure = (kind: string, index: number, title: string, about: string) =>
    `<figure data-${kind}="${index}"><h3>${escapeHtml(title)}</h3><p class="about">${escapeHtml(about)}</p>` +
    `${kind === 'series' ? '<ul class="legend"></ul>' : ''}<div class="chart"></div></figure>`;
  const series = contents.series.map(({ title, about }, i) => figure('series', i, title, about));
  const phases = contents.phases.map(({ title, about }, i) => figure('phase', i, title, about));
  const many = results.length > slots;
  const rule = many
    ? `Charts show at most ${slots} cells at a time: at first ${slots} of all, ${pickRule}, then those ticked in the <a href="#cells">table</a>.`
    : 'Tick cells in the <a href="#cells">table</a> to show or hide them.';
  const rows = rowsOf(results, contents, new Set(pick(contents, slots))).join('\n');
  const filter =
    '<p class="tools"><label>Find <input type="search" id="find" autocomplete="off"></label> ' +
    '<button type="button" id="clear">Untick all</button> <span id="said" role="status"></span></p>';
  return `<noscript><p>Charts take JavaScript; the table does not.</p></noscript>
<h2>Over the layers</h2>
<p>${rule} Points are measured; lines and bands are theory. Touch or point at a mark for its numbers.</p>
<div class="charts">
${series.join('\n')}
</div>
${phases.length === 0 ? '' : `<h2>Phases</h2>\n<p>${phaseAbout}</p>\n<div class="charts">\n${phases.join('\n')}\n</div>`}
<h2 id="cells">Cells</h2>
${filter}
<div class="scroll"><table>
<thead><tr>${headings.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>
${rows}
</tbody>
</table></div>
<p class="quiet">${escapeHtml(`${verdictRules} ${bandRule}`)}</p>`;
}

const bandRule =
  'In band: layers whose mean and variance of q over the networks agree with theory at this width, |z| up to 4.5. ' +
  'All quantities are without units.';

const round = (x: number | null) => (x === null ? null : Number(x.toPrecision(4)));
const columns = ['x', 'y', 'low', 'high', 'theory', 'bandLow', 'bandHigh'] as const satisfies readonly (keyof Row)[];

/** What the page's script reads. Rows are columns of four digits: with a thousand cells, names would be most of the page. */
function payload({ labels, ends, series, phases }: Contents) {
  const column = (rows: readonly Row[], name: keyof Row) => {
    const values = rows.map((row) => round(row[name]));
    return values.every((value) => value === null) ? [] : values;
  };
  return {
    themes,
    dashes,
    shapes: shapes.map((shape) => shapePaths[shape]),
    padding: padding.left + padding.right,
    labels,
    ends,
    columns,
    series: series.map(({ name, rows }) => ({
      name,
      spec: seriesSpec(name),
      cells: rows.map((list) => (list.length === 0 ? null : columns.map((each) => column(list, each)))),
    })),
    phases: phases.map(({ spec }) => spec()),
  };
}
