// What cells are called: what differs between them, apart from what they have in common.
import type { Cell } from '../cell/cell.js';

/** How the cells of a report are called. */
export interface CellLabels {
  /** What all of them have in common. */
  readonly common: string;
  /** What sets each one apart, no two alike. */
  readonly labels: readonly string[];
}

type Describe = (cell: Cell, unicode: boolean) => string;

/** A number as short as it is exact to four digits. */
const num = (x: number) => String(Number(x.toPrecision(4)));

function initText({ init, sigmaW }: Cell, unicode: boolean): string {
  if (init === null) return sigmaW === null ? '' : `${unicode ? 'σ_w' : 'sigma_w'} ${num(sigmaW)}`;
  if (typeof init === 'string') return init;
  const { initialiser, ...options } = init as { initialiser: string } & Record<string, unknown>;
  const given = Object.entries(options).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? num(value) : value}`,
  );
  return given.length === 0 ? initialiser : `${initialiser} (${given.join(', ')})`;
}

/** Each field of a cell in words, in the order in which they are read. Empty where there is nothing to say. */
const fields: readonly Describe[] = [
  ({ activation }) => activation,
  initText,
  ({ sigmaB }, unicode) => `${unicode ? 'σ_b' : 'sigma_b'} ${num(sigmaB)}`,
  ({ normalisation }) => (normalisation === 'none' ? 'no normalisation' : `${normalisation} normalisation`),
  ({ residual }) => (residual === null ? 'plain' : `residual ${num(residual)}`),
  ({ image }) => (image === null ? 'fully connected' : `3 x 3 convolutions of ${image} x ${image}`),
  ({ width }) => `width ${width}`,
  ({ depth }) => `depth ${depth}`,
  ({ batch }) => `batch ${batch}`,
  ({ correlation, inputs }) => (inputs === null ? `input correlation ${num(correlation)}` : 'own inputs'),
  ({ repeats }) => `${repeats} ${repeats === 1 ? 'network' : 'networks'}`,
  ({ mode }) => (mode === 'auto' ? '' : mode),
  ({ seed }) => `seed ${seed}`,
];

/** Labels of cells; `unicode` writes Greek letters. */
export function labelCells(cells: readonly Cell[], unicode = true): CellLabels {
  const texts = cells.map((cell) => fields.map((field) => field(cell, unicode)));
  const varies = fields.map((_, f) => texts.some((text) => text[f] !== texts[0]![f]));
  const join = (text: readonly string[], keep: (f: number) => boolean) =>
    text.filter((part, f) => keep(f) && part !== '').join(', ');
  // Where nothing differs, activation and weights are the name.
  const named = (f: number) => (varies.some(Boolean) ? varies[f]! : f < 2);
  const common = texts.length === 0 ? '' : join(texts[0]!, (f) => !named(f));
  const seen = new Map<string, number>();
  const labels = texts.map((text) => {
    const label = join(text, named);
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count === 1 ? label : `${label} #${count}`;
  });
  return { common, labels };
}

/** A whole-number property over cells: '8', or '8 to 64'. */
export function rangeText(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? `${low}` : `${low} to ${high}`;
}

/** How much was measured, for under a chart's title. */
export function sampleText(cells: readonly Cell[]): string {
  const repeats = cells.map((cell) => cell.repeats);
  const networks = `${rangeText(repeats)} ${Math.max(...repeats) === 1 ? 'network' : 'networks'} a cell`;
  const batches = `batch ${rangeText(cells.map((cell) => cell.batch))}`;
  return `${networks}, width ${rangeText(cells.map((cell) => cell.width))}, ${batches}`;
}
