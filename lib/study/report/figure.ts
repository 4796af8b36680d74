// A report as one picture: the charts of the page side by side, cells in groups of as many as a chart can show.
import { checkOptions } from '../../arguments.js';
import { argumentError, describe } from '../../errors.js';
import type { CellResult } from '../cell/cell.js';
import { checkResults } from './check.js';
import { type Contents, chartOf, contentsOf, pick, pickRule } from './contents.js';
import { escapeHtml } from './escape.js';
import { phaseAbout } from './phasechart.js';
import { checkPackages, toPng, toSvg } from './render.js';
import { padding, plotHeight } from './spec.js';
import { wrap } from './terminal.js';
import { dashes, font, shapePaths, shapes, slots, type Theme, type ThemeName, themeNames, themes } from './theme.js';

/** Options of `reportSvg` and `reportPng`. */
export interface PictureOptions {
  /** The heading; 'Signal propagation' by default. */
  title?: string;
  /** Colours for light (default) or dark pages. */
  theme?: ThemeName;
}

/** Groups of cells that a picture shows at most. */
const mostGroups = 4;

const size = { plot: 420, gap: 28, margin: 24, line: 16 };
const chartWidth = padding.left + size.plot + padding.right;
const chartHeight = padding.top + plotHeight + padding.bottom;
const pageWidth = 2 * size.margin + 2 * chartWidth + size.gap;
/** Widths of letters at 12 pixels: those of a wide font, so that lines fit in any. */
const letter = 6.6;

/** Checks what pictures are drawn from, and that the packages are there. */
function checkPicture(call: string, kind: 'svg' | 'png', results: unknown, options: PictureOptions | undefined) {
  checkResults(call, results);
  const { title = 'Signal propagation', theme = 'light' } = checkOptions(call, options);
  if (typeof title !== 'string') throw argumentError(call, `title must be a string, got ${describe(title)}`);
  if (!themeNames.includes(theme)) {
    throw argumentError(call, `unknown theme ${describe(theme)}; expected ${themeNames.join(', ')}`);
  }
  if (results.length === 0) throw argumentError(call, 'expected a list of cell results, got an empty one');
  checkPackages(call, [kind]);
  return { title, theme: themes[theme] };
}

/**
 * A report as one SVG picture, `pageWidth` pixels wide: mean squares, correlations, gradients and spectra, measured points above
 * theory's lines and bands, six cells to a chart, and a phase diagram for each activation. Of more than
 * 24 cells it shows 24, from the one whose signals vanish fastest to the one where they explode fastest.
 *
 * Needs the package vega.
 *
 * @throws TypeError (ERR_ARGUMENT) for what is no list of results, an empty one and unknown options; Error (ERR_STATE) where the
 * package is not installed
 * @example
 * const { results } = await study({ width: 64, depth: 5, activation: 'tanh', sigmaW: [1, 1.5], repeats: 5 });
 * await writeFile('report.svg', await reportSvg(results, { theme: 'dark' }));
 */
export async function reportSvg(results: readonly CellResult[], options?: PictureOptions): Promise<string> {
  const { title, theme } = checkPicture('reportSvg', 'svg', results, options);
  return picture(results, title, theme);
}

/**
 * `reportSvg` as PNG at twice its size, in the font DejaVu Sans.
 *
 * Needs the packages vega, @resvg/resvg-js and dejavu-fonts-ttf.
 *
 * @throws TypeError (ERR_ARGUMENT) for what is no list of results, an empty one and unknown options; Error (ERR_STATE) where a
 * package is not installed
 * @example
 * const { results } = await study({ width: 64, depth: 5, activation: 'tanh', sigmaW: [1, 1.5], repeats: 5 });
 * await writeFile('report.png', await reportPng(results));
 */
export async function reportPng(results: readonly CellResult[], options?: PictureOptions): Promise<Uint8Array> {
  const { title, theme } = checkPicture('reportPng', 'png', results, options);
  return toPng(await picture(results, title, theme), 2 * pageWidth);
}

/** A part of the picture: how high it is, and its drawing from a place. */
interface Part {
  readonly height: number;
  readonly draw: (x: number, y: number) => string;
}

async function picture(results: readonly CellResult[], title: string, theme: Theme): Promise<string> {
  const contents = contentsOf(results);
  const chosen = pick(contents, mostGroups * slots);
  const groups = Array.from({ length: Math.ceil(chosen.length / slots) }, (_, g) =>
    chosen.slice(g * slots, (g + 1) * slots),
  );
  const left = results.length > chosen.length ? ` ${chosen.length} of ${results.length} cells, ${pickRule}.` : '';
  const write = textWriter(theme);
  const intro = contents.common === '' ? left : `All cells: ${contents.common}.${left}`;
  const rows: Part[] = [
    write.lines([title], 18, true),
    write.lines(wrapTo(intro.trim(), pageWidth - 2 * size.margin), 12),
  ];
  for (const group of groups) {
    rows.push(legend(contents, group, theme));
    const charts = contents.series.filter(({ rows: all }) => group.some((i) => all[i]!.length > 0));
    const drawn = charts.map(async (chart, i) => {
      const spec = chartOf(contents, chart, group, { theme, width: size.plot });
      return panel(write, chart.title, chart.about, await toSvg(spec), `g${group[0]}c${i}`);
    });
    rows.push(...pairs(await Promise.all(drawn)));
  }
  const phases = contents.phases.map(async ({ title: heading, about, spec }, i) =>
    panel(write, heading, about, await toSvg(spec({ theme, width: size.plot })), `p${i}`),
  );
  if (phases.length > 0) rows.push(write.lines(wrapTo(phaseAbout, pageWidth - 2 * size.margin), 12));
  rows.push(...pairs(await Promise.all(phases)));

  let y = size.margin;
  const drawings = rows.map(({ height, draw }) => {
    const drawing = draw(size.margin, y);
    y += height;
    return drawing;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${pageWidth}" height="${y}" viewBox="0 0 ${pageWidth} ${y}" ` +
    `font-family="${escapeHtml(font)}" role="img" aria-label="${escapeHtml(title)}">` +
    `<rect width="100%" height="100%" fill="${theme.background}"/>${drawings.join('')}</svg>\n`
  );
}

const wrapTo = (text: string, width: number) => (text === '' ? [] : wrap(text, Math.floor(width / letter)));

function textWriter(theme: Theme) {
  return {
    lines: (lines: readonly string[], fontSize: number, bold = false): Part => ({
      height: lines.length === 0 ? 0 : lines.length * size.line + fontSize / 2 + 4,
      draw: (x, y) =>
        lines
          .map(
            (line, i) =>
              `<text x="${x}" y="${y + fontSize + i * size.line}" font-size="${fontSize}"${bold ? ' font-weight="bold"' : ''} ` +
              `fill="${bold ? theme.text : theme.quiet}">${escapeHtml(line)}</text>`,
          )
          .join(''),
    }),
  };
}

/** A chart below its heading and what it shows. */
function panel(write: ReturnType<typeof textWriter>, title: string, about: string, svg: string, id: string): Part {
  const parts = [write.lines([title], 14, true), write.lines(wrapTo(about, chartWidth), 12)];
  const head = parts.reduce((sum, { height }) => sum + height, 0);
  return {
    height: head + chartHeight + size.gap,
    draw: (x, y) => {
      // Numbers of clip paths begin anew in every drawing.
      const own = slim(svg)
        .replace(/\b(id="|url\(#)((?:clip|gradient)[\w-]*)/g, `$1${id}-$2`)
        .replace(/^<svg /, `<svg x="${x}" y="${y + head}" `);
      return parts[0]!.draw(x, y) + parts[1]!.draw(x, y + parts[0]!.height) + own;
    },
  };
}

/** A drawing in half its size: hundredths of a pixel, without what scripts and pointers need. */
function slim(svg: string): string {
  const visible = svg.replace(/<path [^>]*fill="transparent"[^>]*\/>/g, '');
  return visible.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ (?:aria-[\w-]+|role|class|pointer-events)="[^"]*"/g, '')
      .replace(/\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toFixed(2)))),
  );
}

/** Two parts to a row. */
function pairs(parts: readonly Part[]): Part[] {
  return Array.from({ length: Math.ceil(parts.length / 2) }, (_, i) => {
    const row = parts.slice(2 * i, 2 * i + 2);
    return {
      height: Math.max(...row.map(({ height }) => height)),
      draw: (x, y) => row.map(({ draw }, k) => draw(x + k * (chartWidth + size.gap), y)).join(''),
    };
  });
}

/** What the colours, shapes and dashes of a group stand for, two cells to a line. */
function legend({ labels, verdicts }: Contents, group: readonly number[], theme: Theme): Part {
  const room = Math.floor((chartWidth - 44) / letter);
  const entry = (i: number, slot: number, x: number, y: number) => {
    const text = `${labels[i]}: ${verdicts[i]!.text}`;
    const short = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    return (
      `<g transform="translate(${x},${y})"><path d="M0,0H30" stroke="${theme.series[slot]}" stroke-width="1.75" ` +
      `stroke-dasharray="${dashes[slot]!.join(' ') || 'none'}"/><path transform="translate(15,0)" d="${shapePaths[shapes[slot]!]}" ` +
      `fill="${theme.series[slot]}"/><text x="38" y="4" font-size="12" fill="${theme.text}">${escapeHtml(short)}</text></g>`
    );
  };
  return {
    height: Math.ceil(group.length / 2) * 20 + 16,
    draw: (x, y) =>
      group
        .map((i, slot) => entry(i, slot, x + (slot % 2) * (chartWidth + size.gap), y + 10 + Math.floor(slot / 2) * 20))
        .join(''),
  };
}
