// Charts over the layers, and of spectra: a series for each cell.
import type { SeriesName } from './series.js';
import { axis, type ChartSpec, common, logAxis, number } from './spec.js';
import { dashes, font, shapes, slots, type Theme, themes } from './theme.js';

/** What distinguishes the charts that show cells as series. */
interface SeriesChart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly log: boolean;
  /** How points were averaged, whether there are bands, and what else the reader has to know. */
  readonly about: string;
}

export const seriesCharts: Readonly<Record<SeriesName, SeriesChart>> = {
  q: {
    title: 'Signals: mean square over the layers',
    xTitle: 'layer (number, from the input)',
    yTitle: 'q, mean square of pre-activations (no unit, log)',
    log: true,
    about:
      'Points: geometric mean and standard deviation over the networks. Line: theory for infinite width. Band: 19 in 20 networks of this width, for one input.',
  },
  c: {
    title: 'Correlation of two inputs over the layers',
    xTitle: 'layer (number, from the input)',
    yTitle: 'c, correlation (no unit, -1 to 1)',
    log: false,
    about:
      'Points: mean and standard deviation over the networks, of the mean over pairs of inputs. Line: theory for infinite width.',
  },
  gradient: {
    title: 'Gradients over the layers',
    xTitle: 'layer (number, from the input)',
    yTitle: 'mean square of gradients / the last layer’s (no unit, log)',
    log: true,
    about: 'Points: geometric mean and standard deviation over the networks. Line: theory for infinite width.',
  },
  spectrum: {
    title: 'Singular values of the input-output Jacobian',
    xTitle: 'rank (number, from the largest)',
    yTitle: 'singular value (no unit, log)',
    log: true,
    about:
      'At the first input: all values of the first network but those below 1e-15 of the largest, which rounding hides, or the ' +
      'largest and the smallest with their standard deviation over the networks. Line: the root mean square that theory expects.',
  },
};

const field = (name: string) => ({ scale: name.startsWith('x') ? 'x' : 'y', field: name });
const slotStyle = (kind: 'fill' | 'stroke') => ({ [kind]: { signal: 'theme.series[datum.slot]' } });

/** The ends of an axis around all that is shown, with a little room, and never so close that noise looks like a trend. */
const logDomain =
  'isValid(lows[0]) && isValid(highs[1]) ? [sqrt(lows[0]) * sqrt(highs[1]) * pow(max(highs[1] / lows[0], 8), -0.56), ' +
  'sqrt(lows[0]) * sqrt(highs[1]) * pow(max(highs[1] / lows[0], 8), 0.56)] : [0.1, 10]';
const linearDomain =
  'isValid(lows[0]) && isValid(highs[1]) ? [(lows[0] + highs[1]) / 2 - 0.56 * max(highs[1] - lows[0], 0.1), ' +
  '(lows[0] + highs[1]) / 2 + 0.56 * max(highs[1] - lows[0], 0.1)] : [-1, 1]';

/** A row of a series chart's data: the numbers of a `Row` with the slot and the label of its cell. */
const rowTooltip = (xName: string) =>
  `{'${xName}': datum.x, 'cell': datum.label, 'measured': isValid(datum.y) ? ${number('datum.y')} : 'none', ` +
  `'± 1 std': isValid(datum.low) && isValid(datum.high) ? ` +
  `${number('datum.low')} + ' to ' + ${number('datum.high')} : 'none', ` +
  `'theory': isValid(datum.theory) ? ${number('datum.theory')} : 'none', ` +
  `'19 in 20': isValid(datum.bandLow) && isValid(datum.bandHigh) ? ${number('datum.bandLow')} + ' to ' + ${number('datum.bandHigh')} : 'no law'}`;

/**
 * A chart with one series for each cell. Data set `rows`: `Row`s with `slot` (0 to 5: colour, shape, dash) and `label`; `marks`:
 * `{ slot, x, text }`, where a cell's signal ended.
 */
export function seriesSpec(
  name: SeriesName,
  {
    rows = [],
    marks = [],
    theme = themes.light,
    width = 420,
  }: {
    rows?: readonly object[];
    marks?: readonly object[];
    theme?: Theme;
    width?: number;
  } = {},
): ChartSpec {
  const { title, xTitle, yTitle, log } = seriesCharts[name];
  const valid = (...names: string[]) => names.map((each) => `isValid(datum.${each})`).join(' && ');
  /** Marks of each cell on their own, so that lines do not join two cells. */
  const layer = (layerName: string, marksOfCell: object[]) => ({
    name: layerName,
    type: 'group',
    clip: true,
    encode: { update: { width: { signal: 'width' }, height: { signal: 'height' } } },
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'cell', data: 'rows', groupby: 'slot' } },
        marks: marksOfCell,
      },
    ],
  });
  return {
    ...common(name, title, theme, width),
    data: [
      {
        name: 'rows',
        values: rows,
      },
      { name: 'marks', values: marks },
      {
        name: 'limits',
        source: 'rows',
        transform: [
          { type: 'fold', fields: ['y', 'low', 'high', 'theory', 'bandLow', 'bandHigh'] },
          { type: 'filter', expr: valid('value') },
          { type: 'extent', field: 'value', signal: 'lows' },
          { type: 'extent', field: 'value', signal: 'highs' },
        ],
      },
    ],
    scales: [
      {
        name: 'x',
        type: 'linear',
        domain: { data: 'rows', field: 'x' },
        range: 'width',
        padding: 8,
        zero: false,
        nice: false,
      },
      {
        name: 'y',
        type: log ? 'log' : 'linear',
        domain: { signal: log ? logDomain : linearDomain },
        range: 'height',
        zero: false,
        nice: false,
      },
      { name: 'shape', type: 'ordinal', domain: [...Array(slots).keys()], range: shapes },
    ],
    axes: [
      axis('bottom', xTitle, { tickCount: { signal: 'max(2, width / 60)' }, tickMinStep: 1, format: '~d' }),
      axis('left', yTitle, {
        tickCount: 6,
        ...(log ? logAxis : {}),
      }),
    ],
    marks: [
      layer('band', [
        {
          type: 'area',
          from: { data: 'cell' },
          encode: {
            update: {
              ...{ x: field('x'), y: field('bandLow'), y2: { scale: 'y', field: 'bandHigh' } },
              defined: { signal: valid('bandLow', 'bandHigh') },
              ...slotStyle('fill'),
              fillOpacity: { value: 0.16 },
            },
          },
        },
      ]),
      layer('theory', [
        {
          type: 'line',
          from: { data: 'cell' },
          encode: {
            update: {
              ...{ x: field('x'), y: field('theory'), defined: { signal: valid('theory') } },
              ...slotStyle('stroke'),
              strokeWidth: { value: 1.75 },
              strokeDash: { signal: `${JSON.stringify(dashes)}[datum.slot]` },
            },
          },
        },
      ]),
      layer('measured', [
        {
          type: 'rule',
          from: { data: 'cell' },
          encode: {
            update: {
              ...{ x: field('x'), y: field('low'), y2: { scale: 'y', field: 'high' } },
              ...slotStyle('stroke'),
              strokeWidth: { value: 1.25 },
              opacity: { signal: `${valid('low', 'high')} ? 0.9 : 0` },
            },
          },
        },
        {
          type: 'symbol',
          from: { data: 'cell' },
          encode: {
            update: {
              ...{ x: field('x'), y: field('y') },
              ...slotStyle('fill'),
              shape: { scale: 'shape', field: 'slot' },
              size: { value: 34 },
              stroke: { signal: 'theme.background' },
              strokeWidth: { value: 0.75 },
              opacity: { signal: `${valid('y')} ? 1 : 0` },
            },
          },
        },
        // What a pointer or a finger finds: larger than what the eye sees.
        {
          type: 'symbol',
          name: 'targets',
          from: { data: 'cell' },
          encode: {
            update: {
              ...{ x: field('x'), y: { signal: "scale('y', isValid(datum.y) ? datum.y : datum.theory)" } },
              size: { signal: `${valid('y')} || ${valid('theory')} ? 260 : 0` },
              fill: { value: 'transparent' },
              tooltip: { signal: rowTooltip(name === 'spectrum' ? 'rank' : 'layer') },
            },
          },
        },
      ]),
      {
        type: 'group',
        name: 'ends',
        marks: [
          {
            type: 'rule',
            from: { data: 'marks' },
            encode: {
              update: {
                ...{ x: field('x'), y: { value: 0 }, y2: { signal: 'height' } },
                ...slotStyle('stroke'),
                strokeDash: { value: [1, 4] },
              },
            },
          },
          // Once as a halo and once as letters: they stand on points and lines.
          ...[true, false].map((halo) => ({
            type: 'text',
            from: { data: 'marks' },
            encode: {
              update: {
                x: { scale: 'x', field: 'x', offset: { signal: "scale('x', datum.x) > width / 2 ? -5 : 5" } },
                y: { signal: '10 + 14 * datum.slot' },
                align: { signal: "scale('x', datum.x) > width / 2 ? 'right' : 'left'" },
                baseline: { value: 'middle' },
                font: { value: font },
                fontSize: { value: 11 },
                ...(halo
                  ? {
                      stroke: { signal: 'theme.background' },
                      strokeWidth: { value: 4 },
                      strokeJoin: { value: 'round' },
                    }
                  : slotStyle('fill')),
                text: { field: 'text' },
              },
            },
          })),
        ],
      },
    ],
  };
}
