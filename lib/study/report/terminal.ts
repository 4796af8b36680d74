// A study as text: a line for each cell, with what happened over its layers as rows of blocks.
import { checkOptions } from '../../arguments.js';
import { columns as table } from '../../columns.js';
import { argumentError, describe, rangeError } from '../../errors.js';
import { checkSize } from '../../shape.js';
import type { CellResult } from '../cell/cell.js';
import { checkResults } from './check.js';
import { labelCells } from './label.js';
import { sparkline } from './sparkline.js';
import { judge, logMoments, verdictRules } from './verdict.js';

/** Options of `studyTable`. */
export interface StudyTableOptions {
  /** Characters that a line may have, 80 or more; 100 by default. */
  columns?: number;
  /** Whether the terminal shows more than ASCII; by default, whether its locale says so. */
  unicode?: boolean;
}

/** Whether the locale, as POSIX finds it, is one of UTF-8. */
export function localeIsUnicode(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

/** Characters of a row of blocks. */
const sparkWidth = 6;

const short = (x: number | undefined) => {
  if (x === undefined) return '-';
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
  if (x === 0) return '0';
  return Math.abs(x) < 0.01 || Math.abs(x) >= 9999.5 ? x.toExponential(1).replace('e+', 'e') : x.toPrecision(3);
};
const factor = (x: number | null) =>
  x === null ? '-' : x < 0.01 || x >= 999.5 ? x.toExponential(0) : x.toPrecision(3);

/**
 * What was measured of cells as a table for the terminal. For each cell: the mean square q of pre-activations, the correlation c
 * of inputs and the gradient's mean square over the layers, as rows of blocks from the first layer to the last; q and c at the
 * last layer; the factors on q and, going back, on the gradient's mean square with each layer; the layers that agree with theory; and a
 * verdict. Blocks of q and the gradient are logarithmic, those of c go from 0 to 1; x marks numbers that are not finite, and a
 * space those that are 0.
 *
 * @throws TypeError (ERR_ARGUMENT) for what is no list of results; RangeError (ERR_RANGE) for fewer than 80 columns
 * @example
 * studyTable([]); // 'No cells.'
 */
export function studyTable(results: readonly CellResult[], options?: StudyTableOptions): string {
  const call = 'studyTable';
  checkResults(call, results);
  const { columns = 100, unicode = localeIsUnicode() } = checkOptions(call, options);
  const width = checkSize(call, columns, 'columns');
  if (width < 80) throw rangeError(call, `columns must be 80 or more, got ${width}`);
  if (typeof unicode !== 'boolean')
    throw argumentError(call, `unicode must be true or false, got ${describe(unicode)}`);
  if (results.length === 0) return 'No cells.';

  const { common, labels } = labelCells(
    results.map(({ cell }) => cell),
    unicode,
  );
  const logs = (values: readonly (readonly number[] | undefined)[]) =>
    values.map((list) => {
      if (list === undefined) return null;
      if (list.length > 0 && list.every((x) => x === 0)) return -Infinity;
      return logMoments(list)?.mean ?? Number.NaN;
    });
  const rows = results.map((result) => {
    const { layers } = result;
    const last = layers.at(-1);
    const verdict = judge(result);
    const spark = (values: (number | null)[], log: boolean) => sparkline(values, { width: sparkWidth, unicode, log });
    const { agreement } = verdict;
    return {
      q: [spark(logs(layers.map(({ q }) => q.values)), true), short(last?.q.mean)],
      growth: factor(verdict.growth),
      c: [
        spark(
          layers.map(({ c }) => c?.mean ?? null),
          false,
        ),
        short(last?.c?.mean),
      ],
      gradient: [spark(logs(layers.map(({ gradient }) => gradient?.values)), true), factor(verdict.gradientGrowth)],
      theory: agreement === null ? '-' : `${Math.floor((100 * agreement.agree) / agreement.of)} %`,
      verdict: verdict.short,
    };
  });
  const times = unicode ? '×' : 'x';
  const q = joined([['log q', 'last'], ...rows.map((row) => row.q)]);
  const c = joined([['c', 'last'], ...rows.map((row) => row.c)]);
  const gradient = joined([['grad', times], ...rows.map((row) => row.gradient)]);
  const growth = [times, ...rows.map((row) => row.growth)];
  const theory = ['theory', ...rows.map((row) => row.theory)];
  const verdicts = ['verdict', ...rows.map((row) => row.verdict)];
  const measured = verdicts.map((verdict, i) => [q[i]!, growth[i]!, c[i]!, gradient[i]!, theory[i]!, verdict]);
  const rest = table(measured, [0, 2, 3, 5]).split('\n');
  const room = Math.max(8, width - 2 - Math.max(...rest.map((line) => line.length)));
  const names = ['cell', ...labels].map((label) => cut(label, room, unicode));
  const nameWidth = Math.max(...names.map((name) => name.length));
  const [head, ...lines] = rest.map((line, i) => `${names[i]!.padEnd(nameWidth)}  ${line}`.slice(0, width));
  const rule = (unicode ? '─' : '-').repeat(Math.max(...[head!, ...lines].map((line) => line.length)));
  const intro = common === '' ? [] : [...wrap(`All cells: ${common}.`, width), ''];
  return [...intro, head, rule, ...lines, '', ...wrap(legend(times), width)].join('\n');
}

const legend = (times: string) =>
  `log q, c, grad: mean square of pre-activations, correlation of inputs (0 to 1) and mean square of gradients (logarithm), from the ` +
  `first layer to the last. ${times}: the factor on q, and on the gradient going back, with each layer. theory: layers whose q lies ` +
  `in its finite-width band. ${verdictRules} A number after overflow or zero is the first such layer.`;

/** A row of blocks and a number as one column. */
function joined(pairs: readonly (readonly string[])[]): string[] {
  const numbers = Math.max(...pairs.map(([, number]) => number!.length));
  return pairs.map(([blocks, number]) => `${blocks!.padEnd(sparkWidth)} ${number!.padStart(numbers)}`);
}

function cut(text: string, width: number, unicode: boolean): string {
  const end = unicode ? '…' : '..';
  return text.length <= width ? text : text.slice(0, width - end.length) + end;
}

/** Words in lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
