// The chart as a Vega specification: a panel for each thread count, a line for each initialiser, a mark for each library at
// its time, on a logarithmic axis; positions and not lengths show the time, because a logarithmic axis has no zero.

/** Colours of Okabe and Ito's palette, which people with any kind of colour vision tell apart; shapes differ as well. */
const themes = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    quiet: '#59636e',
    rule: '#d1d9e0',
    colours: ['#0072b2', '#d55e00', '#009e73', '#a3528a'],
  },
  dark: {
    background: '#0d1117',
    text: '#f0f6fc',
    quiet: '#9198a1',
    rule: '#3d444d',
    colours: ['#56b4e9', '#e69f00', '#2fc79a', '#e0a0c8'],
  },
};
const shapes = ['circle', 'square', 'triangle-up', 'diamond'];

const font = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
const size = { panel: 300, labels: 180, ratios: 56, row: 28, head: 64, axis: 58, line: 17, margin: 16 };

export const themeNames = Object.keys(themes);

/** `data` as data.mjs shapes it, and the lines of text under the chart. */
export function specification(data, lines, theme) {
  const { background, text, quiet, rule, colours } = themes[theme];
  const height = data.labels.length * size.row;
  const step = size.panel + size.ratios;
  const width = size.labels + data.panels.length * step;
  const all = data.points.map(({ ms }) => ms);
  // Whole decades would leave a third of the panel empty.
  const domain = [Math.min(...all) / 1.5, Math.max(...all) * 1.5];
  const words = { font: { value: font }, fill: { value: text }, baseline: { value: 'middle' } };
  const label = (extra) => ({ type: 'text', encode: { enter: { ...words, fontSize: { value: 13 }, ...extra } } });

  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background,
    // Vega's own measure of text needs a canvas: nothing depends on it.
    autosize: 'none',
    width,
    height: size.head + height + size.axis + lines.length * size.line,
    padding: size.margin,
    data: [
      { name: 'panels', values: data.panels },
      { name: 'points', values: data.points },
      { name: 'gaps', values: data.gaps },
      { name: 'labels', values: data.labels },
    ],
    scales: [
      { name: 'x', type: 'log', domain, range: [0, size.panel] },
      { name: 'y', type: 'point', domain: data.labels, range: [0, height], padding: 0.5 },
      {
        name: 'panel',
        type: 'ordinal',
        domain: data.panels.map(({ threads }) => threads),
        range: data.panels.map((_, i) => size.labels + i * step),
      },
      { name: 'colour', type: 'ordinal', domain: data.libraries, range: colours },
      { name: 'shape', type: 'ordinal', domain: data.libraries, range: shapes },
    ],
    marks: [
      label({
        text: { value: 'Time to fill a weight matrix' },
        y: { value: 8 },
        fontSize: { value: 18 },
        fontWeight: { value: 600 },
      }),
      ...legend(data.libraries, words),
      {
        ...label({
          x: { value: size.labels - 12 },
          y: { scale: 'y', field: 'data', offset: size.head },
          align: { value: 'right' },
          text: { field: 'data' },
        }),
        from: { data: 'labels' },
      },
      {
        type: 'group',
        from: { facet: { name: 'here', data: 'points', groupby: 'threads' } },
        encode: {
          enter: {
            x: { scale: 'panel', field: 'threads' },
            y: { value: size.head },
            width: { value: size.panel },
            height: { value: height },
            stroke: { value: rule },
          },
        },
        data: [
          { name: 'ratios', source: 'gaps', transform: [{ type: 'filter', expr: 'datum.threads === parent.threads' }] },
        ],
        axes: [axis(text, quiet, rule)],
        marks: [
          {
            type: 'rule',
            from: { data: 'ratios' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'from' },
                x2: { scale: 'x', field: 'to' },
                y: { scale: 'y', field: 'label' },
                stroke: { value: quiet },
                strokeWidth: { value: 1.5 },
              },
            },
          },
          symbols('here'),
          {
            ...label({
              x: { value: size.panel + 8 },
              y: { scale: 'y', field: 'label' },
              text: { field: 'ratio' },
              fontWeight: { value: 600 },
            }),
            from: { data: 'ratios' },
          },
        ],
      },
      {
        ...label({
          x: { scale: 'panel', field: 'threads' },
          y: { value: size.head - 14 },
          text: { field: 'title' },
          fontWeight: { value: 600 },
        }),
        from: { data: 'panels' },
      },
      ...lines.map((line, i) =>
        label({
          y: { value: size.head + height + size.axis + (i + 0.5) * size.line },
          text: { value: line },
          fontSize: { value: 11.5 },
          fill: { value: quiet },
        }),
      ),
    ],
  };
}

const axis = (text, quiet, rule) => ({
  scale: 'x',
  orient: 'bottom',
  title: 'milliseconds a call, logarithmic scale',
  grid: true,
  gridScale: 'y',
  gridColor: rule,
  domain: false,
  ticks: false,
  values: [0.01, 0.1, 1, 10, 100, 1000, 10000],
  format: '~r',
  labelFont: font,
  labelFontSize: 12,
  labelColor: text,
  titleFont: font,
  titleFontSize: 12,
  titleFontWeight: 'normal',
  titleColor: quiet,
  labelPadding: 6,
});

const symbols = (from) => ({
  type: 'symbol',
  from: { data: from },
  encode: {
    enter: {
      x: { scale: 'x', field: 'ms' },
      y: { scale: 'y', field: 'label' },
      fill: { scale: 'colour', field: 'library' },
      shape: { scale: 'shape', field: 'library' },
      size: { value: 110 },
    },
  },
});

/** By hand, because Vega's own has no room for a title beside it. */
function legend(libraries, words) {
  return libraries.flatMap((library, i) => {
    const x = 300 + i * 100;
    return [
      {
        type: 'symbol',
        encode: {
          enter: {
            x: { value: x },
            y: { value: 9 },
            fill: { scale: 'colour', value: library },
            shape: { scale: 'shape', value: library },
            size: { value: 110 },
          },
        },
      },
      {
        type: 'text',
        encode: {
          enter: { ...words, x: { value: x + 12 }, y: { value: 9 }, text: { value: library }, fontSize: { value: 13 } },
        },
      },
    ];
  });
}
