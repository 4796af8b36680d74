// The chart of a phase diagram.
import type { PhaseDiagram } from './phase.js';
import { axis, type ChartSpec, common, logAxis, number, text } from './spec.js';
import { font, type Theme, themes } from './theme.js';

/** What the shapes of a phase diagram's points mean, as Vega calls them and as text has them. */
export const verdictShapes = {
  keeps: { shape: 'circle', sign: '●', name: 'keeps' },
  explodes: { shape: 'triangle-up', sign: '▲', name: 'explodes' },
  vanishes: { shape: 'triangle-down', sign: '▼', name: 'vanishes' },
  collapses: { shape: 'diamond', sign: '◆', name: 'correlations collapse' },
  overflows: { shape: 'cross', sign: '✚', name: 'overflows' },
} as const;

/** What phase diagrams show. */
export const phaseAbout =
  'Colours: chi_1, the growth of gradients with each layer, at the mean square that layers settle at in theory; blue below 1, orange ' +
  'above. Line: chi_1 = 1, the edge of chaos; left of it gradients and differences between inputs shrink, right of it they grow. Points: ' +
  `what was measured of the cells, ${Object.values(verdictShapes)
    .map(({ sign, name }) => `${sign} ${name}`)
    .join(', ')}.`;

const limit = "(datum.logChi <= -1 ? 'below ' : datum.logChi >= 1 ? 'above ' : '')";
const fieldTooltip =
  `{'sigma_w': ${number('(datum.w + datum.wEnd) / 2')}, 'sigma_b': ${number('(datum.b + datum.bEnd) / 2')}, ` +
  `'chi_1': ${limit} + format(exp(datum.logChi), '.3~g')}`;

/** The phase diagram of one activation; `points`: `{ w, b, label, verdict, kind }`, one for each cell. */
export function phaseSpec(
  { activation, w, b, log, fields, critical }: PhaseDiagram,
  {
    points = [],
    theme = themes.light,
    width = 420,
  }: {
    points?: readonly object[];
    theme?: Theme;
    width?: number;
  } = {},
): ChartSpec {
  const kinds = Object.entries(verdictShapes);
  const place = { x: { scale: 'x', field: 'w' }, y: { scale: 'y', field: 'b' } };
  /** A word in each phase, where there is room for it beside the edge. */
  const word = (words: string, x: string, align: string, room: string) => ({
    type: 'text',
    interactive: false,
    encode: {
      update: {
        opacity: { signal: `${room} > 125 ? 1 : 0` },
        ...{ x: { signal: x }, y: { value: 13 }, align: { value: align }, text: { value: words } },
        ...{ font: { value: font }, fontSize: { value: 11.5 }, fill: text },
      },
    },
  });
  // Where the edge of chaos is at the top, in pixels; one of the two words may have the whole width.
  const edgeAt = critical.at(-1)?.w;
  const edge = edgeAt === undefined ? 'width / 2' : `scale('x', ${edgeAt})`;
  const has = (test: (logChi: number) => boolean) => fields.some(({ logChi }) => test(logChi));
  return {
    ...common('phase', `Phase diagram of ${activation}`, theme, width),
    data: [
      { name: 'fields', values: fields.map((each) => ({ ...each })) },
      { name: 'critical', values: critical.map((each) => ({ ...each })) },
      { name: 'points', values: points },
    ],
    scales: [
      { name: 'x', type: log ? 'log' : 'linear', domain: w, range: 'width', nice: false, zero: false },
      { name: 'y', type: 'linear', domain: b, range: 'height', nice: false, zero: false },
      {
        name: 'phase',
        type: 'linear',
        domain: [-1, 0, 1],
        range: { signal: 'theme.phases' },
        clamp: true,
      },
      {
        name: 'kind',
        type: 'ordinal',
        domain: kinds.map(([kind]) => kind),
        range: kinds.map(([, { shape }]) => shape),
      },
    ],
    axes: [
      axis('bottom', `sigma_w, std of weights × √fan-in (no unit${log ? ', log' : ''})`, {
        tickCount: { signal: 'max(2, width / 60)' },
        grid: false,
        ...(log ? logAxis : {}),
      }),
      axis('left', 'sigma_b, std of biases (no unit)', { tickCount: 5, grid: false }),
    ],
    marks: [
      {
        type: 'rect',
        name: 'phases',
        from: { data: 'fields' },
        encode: {
          update: {
            ...{ x: { scale: 'x', field: 'w' }, x2: { scale: 'x', field: 'wEnd' } },
            ...{ y: { scale: 'y', field: 'b' }, y2: { scale: 'y', field: 'bEnd' } },
            fill: { scale: 'phase', field: 'logChi' },
            // Of the same colour: no seams between fields.
            stroke: { scale: 'phase', field: 'logChi' },
            strokeWidth: { value: 1 },
            tooltip: { signal: fieldTooltip },
          },
        },
      },
      {
        type: 'line',
        name: 'edge',
        from: { data: 'critical' },
        interactive: false,
        encode: { update: { ...place, stroke: text, strokeWidth: { value: 2 } } },
      },
      ...(has((x) => x < 0) ? [word('ordered: vanishes', '6', 'left', edge)] : []),
      ...(has((x) => x > 0) ? [word('chaotic: explodes', 'width - 6', 'right', `width - ${edge}`)] : []),
      {
        type: 'symbol',
        name: 'cells',
        from: { data: 'points' },
        encode: {
          update: {
            ...place,
            shape: { scale: 'kind', field: 'kind' },
            size: { value: 75 },
            fill: text,
            stroke: { signal: 'theme.background' },
            strokeWidth: { value: 1.25 },
            tooltip: {
              signal: `{'cell': datum.label, 'sigma_w': ${number('datum.w')}, 'sigma_b': ${number('datum.b')}, 'measured': datum.verdict}`,
            },
          },
        },
      },
    ],
  };
}
