// Grids: each combination of the options' values is a cell.
import { checkOptions } from '../../arguments.js';
import { empty } from '../../creation.js';
import { argumentError, type EvenkeelError, rangeError, renamed } from '../../errors.js';
import { initialiser, withName } from '../../init/table.js';
import { Generator } from '../../random.js';
import type { Cell } from '../cell/cell.js';
import { checkNetwork } from '../cell/network.js';
import { isElementwise } from '../layers/weights.js';
import { cellKey, hashOf } from './key.js';
import { call, defaults, fieldNames, fields } from './options.js';

/** A value of a grid, or several. */
export type OneOrMore<T> = T | readonly T[];

/** What a study measures: for each field of a cell a value, or a list of values; the grid has each combination. */
export type GridOptions = {
  -readonly [Name in keyof Omit<Cell, 'seed' | 'inputs'>]?: OneOrMore<Cell[Name]> | undefined;
} & { seed?: OneOrMore<number | bigint | string> | undefined; inputs?: Cell['inputs'] | undefined };

/** The values of each field, checked: what a grid is made of. */
export type Grid = { readonly [Name in keyof Cell]: readonly Cell[Name][] };

/** A study's cells. */
export interface CellGrid {
  readonly grid: Grid;
  /** The hash of the grid: what tells one study's results from another's. */
  readonly id: string;
  /** Cells by key, in the grid's order: the last field changes first. */
  readonly cells: ReadonlyMap<string, Cell>;
}

/** Cells of the largest grid. */
const mostCells = 1_000_000;

/** The values of a field. A list names none of them twice. */
function valuesOf(name: keyof Cell, given: unknown): unknown[] {
  // Inputs are lists themselves: one batch for all cells.
  const list: readonly unknown[] = Array.isArray(given) && name !== 'inputs' ? given : [given];
  if (list.length === 0) throw argumentError(call, `${name} must have at least one value, got an empty list`);
  const values = list.map((value) => fields[name](name, value));
  return [...new Map(values.map((value) => [hashOf(value), value])).values()];
}

/**
 * The cells of a study's options.
 *
 * @throws TypeError (ERR_ARGUMENT) for unknown options and names, RangeError (ERR_RANGE) for numbers out of range, and one of
 * them for combinations that cannot be
 */
export function makeGrid(options: GridOptions): CellGrid {
  const given: { [name: string]: unknown } = checkOptions(call, options);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    throw argumentError(call, `unknown option '${unknown}'; expected some of ${fieldNames.join(', ')}`);
  }
  const says = (value: unknown) => value !== undefined && [value].flat().some((one) => one !== null);
  const bySigma = says(given.sigmaW);
  if (bySigma && says(given.init)) {
    throw argumentError(call, 'expected init or sigmaW, got both: each of them says how weights are drawn');
  }
  const batch = Array.isArray(given.inputs) ? given.inputs.length || defaults.batch : defaults.batch;
  const grid = Object.fromEntries(
    fieldNames.map((name) => {
      const fallback = name === 'init' && bySigma ? null : name === 'batch' ? batch : defaults[name];
      return [name, valuesOf(name, given[name] === undefined ? fallback : given[name])];
    }),
  ) as unknown as Grid;
  const count = fieldNames.reduce((product, name) => product * grid[name].length, 1);
  if (count > mostCells) throw rangeError(call, `the grid has ${count} cells; at most ${mostCells} can be`);
  const cells = new Map<string, Cell>();
  for (let i = 0; i < count; i++) {
    const cell = cellAt(grid, i);
    cells.set(cellKey(cell), cell);
  }
  checkInits(cells.values());
  for (const cell of cells.values()) checkCell(cell);
  return { grid, id: hashOf(grid), cells };
}

/** The cell of a place in the grid: a number whose digits are the places of the values. */
function cellAt(grid: Grid, index: number): Cell {
  let rest = index;
  const reversed = fieldNames.toReversed().map((name) => {
    const values = grid[name];
    const value = values[rest % values.length];
    rest = Math.floor(rest / values.length);
    return [name, value] as const;
  });
  return Object.fromEntries(reversed.reverse()) as unknown as Cell;
}

/** A cell in few words: what a message needs to tell it from others. */
export function describeCell(cell: Cell): string {
  const { width, depth, activation, init, sigmaW, seed } = cell;
  const weights = init === null ? `sigmaW ${sigmaW}` : withName(init).initialiser;
  const more = fieldNames
    .filter((name) => !['width', 'depth', 'activation', 'init', 'sigmaW', 'seed'].includes(name))
    .filter((name) => cell[name] !== defaults[name])
    .map((name) => (name === 'inputs' ? 'inputs given' : `${name} ${cell[name]}`));
  return [`width ${width}`, `depth ${depth}`, activation, weights, ...more, `seed ${seed}`].join(', ');
}

/** What cannot be, one by one. */
const impossible: readonly (readonly [(cell: Cell) => boolean, (cell: Cell) => EvenkeelError])[] = [
  [
    ({ init, sigmaW }) => (init === null) === (sigmaW === null),
    () => argumentError(call, 'expected init or sigmaW, got neither: a list of one must not have null in it'),
  ],
  [
    // A matrix of ones and correlations has the eigenvalues 1 - c and 1 + (batch - 1) c, which are not to be negative.
    ({ batch, correlation: c }) => batch > 1 && (c > 1 || c < -1 / (batch - 1)),
    ({ batch, correlation: c }) =>
      rangeError(
        call,
        `correlation must be from ${-1 / (batch - 1)} to 1 for a batch of ${batch}: no inputs have others; got ${c}`,
      ),
  ],
  [
    ({ normalisation, batch, image }) => normalisation === 'batch' && batch * (image ?? 1) ** 2 === 1,
    () => argumentError(call, `normalisation 'batch' makes 0 of a batch of one input; expected batch 2 or more, got 1`),
  ],
  [
    ({ normalisation, width, image }) => normalisation === 'layer' && width * (image ?? 1) ** 2 === 1,
    () => argumentError(call, `normalisation 'layer' makes 0 of one neuron; expected width 2 or more, got 1`),
  ],
  [
    ({ mode, image }) => mode === 'matrix-free' && image !== null,
    ({ image }) => argumentError(call, `mode 'matrix-free' knows fully connected layers only; got image ${image}`),
  ],
  [
    ({ mode, init }) => mode === 'matrix-free' && init !== null && !isElementwise(init),
    ({ init }) =>
      argumentError(
        call,
        `mode 'matrix-free' needs an init that makes weights element by element; got ${withName(init!).initialiser}`,
      ),
  ],
];

function checkCell(cell: Cell): void {
  for (const [applies, error] of impossible) if (applies(cell)) throw error(cell);
  checkNetwork(call, cell);
}

/** Runs each initialiser on a small weight of the right kind: it knows best what it cannot do, and which options it lacks. */
function checkInits(cells: Iterable<Cell>): void {
  const done = new Set<string>();
  for (const { init, image } of cells) {
    if (init === null) continue;
    const which = hashOf([init, image === null]);
    if (done.has(which)) continue;
    done.add(which);
    try {
      initialiser('weights', init).apply(empty(image === null ? [4, 4] : [4, 4, 3, 3]), new Generator(0));
    } catch (error) {
      throw renamed(call, error);
    }
  }
}
