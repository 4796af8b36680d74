// What charts over the layers show of a cell: rows of numbers, null where there is none.
import type { Cell, CellResult, LayerResult, Sample } from '../cell/cell.js';
import { meanFieldOf } from '../cell/expectation.js';
import { logMoments } from './verdict.js';

/** One point of a chart, with what theory expects there. */
export interface Row {
  /** Layer, or rank of a singular value. */
  readonly x: number;
  /** Measured: the mean over the networks, of the logarithm on logarithmic axes. */
  readonly y: number | null;
  /** One standard deviation below and above. */
  readonly low: number | null;
  readonly high: number | null;
  /** In the limit of wide layers. */
  readonly theory: number | null;
  /** Where 19 in 20 networks of this width lie. */
  readonly bandLow: number | null;
  readonly bandHigh: number | null;
}

/** The charts that show cells as series. */
export type SeriesName = 'q' | 'c' | 'gradient' | 'spectrum';

/** Standard deviations of a band to either side: 19 in 20 networks. */
const bandWidth = 2;

/** Squares of what float32 can hold lie between these: the axes of charts end there. */
const [least, most] = [1e-90, 1e77];

const finite = (x: number | null | undefined): number | null => (x != null && Number.isFinite(x) ? x : null);
const onLogAxis = (x: number | null | undefined): number | null => (x != null && x > least && x < most ? x : null);

type Measured = Pick<Row, 'y' | 'low' | 'high'>;
type Expected = Pick<Row, 'theory' | 'bandLow' | 'bandHigh'>;

const unmeasured: Measured = { y: null, low: null, high: null };
const unexpected: Expected = { theory: null, bandLow: null, bandHigh: null };

/** Mean and standard deviation of logarithms, as factors. */
function geometric(values: readonly number[] | undefined): Measured {
  const moments = values && logMoments(values);
  if (!moments) return unmeasured;
  const [low, high] = [Math.exp(moments.mean - moments.std), Math.exp(moments.mean + moments.std)];
  return { y: onLogAxis(Math.exp(moments.mean)), low: onLogAxis(low), high: onLogAxis(high) };
}

function arithmetic(sample: Sample | null): Measured {
  const y = finite(sample?.mean);
  if (sample === null || y === null) return unmeasured;
  return { y, low: finite(y - sample.std), high: finite(y + sample.std) };
}

function expectedQ({ expected }: LayerResult): Expected {
  if (expected === null) return unexpected;
  const { band } = expected;
  const theory = onLogAxis(expected.q);
  if (band === null) return { ...unexpected, theory };
  const [low, high] = [band.mean - bandWidth * band.std, band.mean + bandWidth * band.std];
  if (band.log) return { theory, bandLow: onLogAxis(Math.exp(low)), bandHigh: onLogAxis(Math.exp(high)) };
  // A band around a normal law of very narrow layers may reach below 0, where a logarithmic axis has no place.
  return { theory, bandLow: onLogAxis(Math.max(low, band.mean / 1000)), bandHigh: onLogAxis(high) };
}

type Layers = readonly LayerResult[];

const layerRows: Readonly<
  Record<Exclude<SeriesName, 'spectrum'>, (layers: Layers) => (layer: LayerResult) => Measured & Expected>
> = {
  q: () => (layer) => ({ ...geometric(layer.q.values), ...expectedQ(layer) }),
  c: () => (layer) => ({ ...arithmetic(layer.c), ...unexpected, theory: finite(layer.expected?.c) }),
  // Over that of the last layer, network by network, as theory has it.
  gradient: (layers) => {
    const last = layers.at(-1)?.gradient?.values ?? [];
    return (layer) => ({
      ...geometric(layer.gradient?.values.map((value, i) => value / last[i]!)),
      ...unexpected,
      theory: layer.gradient === null ? null : onLogAxis(layer.expected?.gradient),
    });
  },
};

/** At most `most` positions of a list at even distances, its first and its last among them. */
export function thin(length: number, most: number): number[] {
  const count = Math.min(length, most);
  if (count < 2) return length > 0 ? [length - 1] : [];
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}

/**
 * The rows of a cell in a chart; empty where nothing of the kind was measured.
 *
 * @param most rows to return: of more layers, some at even distances
 */
export function seriesOf(name: SeriesName, result: CellResult, most: number): Row[] {
  if (name === 'spectrum') return spectrumRows(result, most);
  const { layers } = result;
  const row = layerRows[name](layers);
  const rows = thin(layers.length, most).map((i) => ({ x: layers[i]!.layer, ...row(layers[i]!) }));
  // With no layer measured at all there is no series; one that overflowed at once keeps its theory.
  const measured = name === 'q' || layers.some((layer) => layer[name] !== null);
  return measured ? rows : [];
}

/** Below this share of the largest, a singular value computed in float64 is rounding's. */
const rounding = 1e-15;

/** Elements that a layer passes on, and so singular values of a square Jacobian. */
const elements = ({ width, image }: Cell) => width * (image ?? 1) ** 2;

/**
 * The root mean square of the Jacobian's singular values, from the input to the last activation: of their squares theory expects the
 * product of chi_1 over all layers. null for networks other than plain ones.
 */
function expectedSingularValue({ cell, layers }: CellResult): number | null {
  const [first, last] = [layers[0]?.expected, layers.at(-1)?.expected];
  const net = cell.residual === null && cell.normalisation === 'none' ? meanFieldOf('report', cell) : null;
  if (!first || !last || net === null || onLogAxis(last.q) === null) return null;
  // The gradient's growth, from the last layer's pre-activations to the first's, has all factors but the last.
  return onLogAxis(Math.sqrt(first.gradient * net.chi1(last.q)));
}

/** Singular values by rank. */
function spectrumRows(result: CellResult, most: number): Row[] {
  const { cell, spectrum } = result;
  if (spectrum === null) return [];
  const expected = { ...unexpected, theory: expectedSingularValue(result) };
  const { values } = spectrum;
  if (values !== null) {
    const rows = thin(values.length, most).map((i) => ({
      x: i + 1,
      ...unmeasured,
      y: values[i]! > values[0]! * rounding ? onLogAxis(values[i]) : null,
      ...expected,
    }));
    return rows;
  }
  const largest = { x: 1, ...geometric(spectrum.largest.values), ...expected };
  const smallest = { x: elements(cell), ...geometric(spectrum.smallest?.values), ...expected };
  return [largest, smallest];
}
