// Charts as Vega specifications: data, no code. One specification serves the page, SVG and PNG; its signals `theme` and `width` change
// how it looks, its data sets what it shows. Here is what all charts share.
import { font, type Theme } from './theme.js';

/** A Vega specification. */
export type ChartSpec = Readonly<Record<string, unknown>>;

/** Space around the plot, in pixels: nothing depends on how wide a system's letters are. */
export const padding = { left: 52, right: 14, top: 26, bottom: 40 };
/** Height of the plot. */
export const plotHeight = 230;

/** Colours by the theme that is in force. */
export const text = { signal: 'theme.text' };
const quiet = { signal: 'theme.quiet' };
const rule = { signal: 'theme.rule' };

/** Short where a number is near 1, else a power of ten; blank where the axis leaves a label out. */
const logLabel =
  "datum.label === '' ? '' : abs(log(datum.value)) < 9.2 ? format(datum.value, '~g') : replace(format(datum.value, '~e'), '+', '')";

/** Without the lines between those that have labels. */
const labelled = { update: { opacity: { signal: "datum.label === '' ? 0 : 1" } } };
/** What a logarithmic axis has besides. */
export const logAxis = {
  encode: { labels: { update: { text: { signal: logLabel } } }, ticks: labelled, grid: labelled },
};

/** An axis at the bottom or on the left, with its title. */
export const axis = (orient: string, title: string, more: object = {}) => ({
  orient,
  scale: orient === 'bottom' ? 'x' : 'y',
  title,
  ...(orient === 'bottom'
    ? // Towards the right end: on phones titles are about as long as the axis, and there is room on its left.
      { titlePadding: 8, titleAnchor: 'end' }
    : // Above the axis, from the left: turned by 90 degrees it would be longer than the chart is high.
      { titleAngle: 0, titleAlign: 'left', titleBaseline: 'bottom', titleX: -padding.left + 4, titleY: -10 }),
  grid: true,
  gridColor: rule,
  domain: false,
  tickColor: rule,
  labelFont: font,
  titleFont: font,
  labelFontSize: 11,
  titleFontSize: 11.5,
  titleFontWeight: 'normal',
  labelColor: text,
  titleColor: quiet,
  ...more,
});

/** A Vega expression: a field's number with four digits. */
export const number = (field: string) => `format(${field}, '.4~g')`;

/** What all charts begin with. */
export const common = (name: string, description: string, theme: Theme, width: number): ChartSpec => ({
  $schema: 'https://vega.github.io/schema/vega/v6.json',
  description,
  usermeta: { name },
  background: { signal: 'theme.background' },
  autosize: 'none',
  padding,
  width,
  height: plotHeight,
  signals: [{ name: 'theme', value: theme }],
});
