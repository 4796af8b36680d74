// Matrices as users describe them, as views that BLAS can address: one stride is 1, the other at least a row or column long.
import { checkUnclaimed, claims } from '../claims.js';
import type { FloatArray } from '../dtype.js';
import { argumentError, rangeError } from '../errors.js';
import type { View } from '../view.js';
import { checkArray, checkCount, checkOffset, checkReach, checkStride, type Kind } from './operand.js';

export interface MatrixView extends View {
  readonly array: FloatArray;
  /** Whether it lies column by column: its transpose is stored by rows. */
  readonly byColumns: boolean;
}

/** Strides and offset, from an order and a leading dimension. */
export interface Layout {
  readonly down: unknown;
  readonly along: unknown;
  readonly offset: unknown;
}

/** The layout of an ndarray form. */
export const at = (down: unknown, along: unknown, offset: unknown): Layout => ({ down, along, offset });

/** The layout of a matrix of a main form, whose leading dimension must hold a row, or a column. */
export function leading(
  call: string,
  name: string,
  columnMajor: boolean,
  rows: number,
  columns: number,
  ld: unknown,
): Layout {
  const checked = checkCount(call, `LD${name}`, ld);
  const least = Math.max(1, columnMajor ? rows : columns);
  if (checked < least) {
    const what = columnMajor ? 'a column' : 'a row';
    throw rangeError(call, `LD${name} must be at least ${least}, the length of ${what} of ${name}, got ${checked}`);
  }
  return columnMajor ? { down: 1, along: checked, offset: 0 } : { down: checked, along: 1, offset: 0 };
}

/** What `matrix` returns for rows and columns without gaps or overlaps, nothing for others. */
function addressable(
  array: FloatArray,
  kind: Kind,
  rows: number,
  columns: number,
  down: number,
  along: number,
  offset: number,
): MatrixView | undefined {
  const byRows = (columns <= 1 || along === 1) && (rows <= 1 || down >= columns);
  if (!byRows && !((rows <= 1 || down === 1) && (columns <= 1 || along >= rows))) return undefined;
  // The stride of a single row or column means nothing; it is set to one that fits.
  const strides = byRows ? [rows <= 1 ? Math.max(columns, 1) : down, 1] : [1, columns <= 1 ? Math.max(rows, 1) : along];
  return { array, dtype: kind.dtype, shape: [rows, columns], strides, offset, byColumns: !byRows };
}

/** An array of its own, row by row, of the elements of a matrix with any strides. */
function pack(
  array: FloatArray,
  kind: Kind,
  rows: number,
  columns: number,
  down: number,
  along: number,
  offset: number,
): MatrixView {
  const packed = new kind.Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) packed[i * columns + j] = array[offset + i * down + j * along]!;
  }
  return addressable(packed, kind, rows, columns, Math.max(columns, 1), 1, 0)!;
}

/** A checked matrix that is only read. One that BLAS cannot address is copied. */
export function matrix(
  call: string,
  name: string,
  kind: Kind,
  rows: number,
  columns: number,
  array: unknown,
  layout: Layout,
): MatrixView {
  const { checked, down, along, offset } = check(call, name, kind, rows, columns, array, layout);
  if (rows === 0 || columns === 0) return addressable(checked, kind, rows, columns, Math.max(columns, 1), 1, 0)!;
  return (
    addressable(checked, kind, rows, columns, down, along, offset) ??
    pack(checked, kind, rows, columns, down, along, offset)
  );
}

function check(call: string, name: string, kind: Kind, rows: number, columns: number, array: unknown, layout: Layout) {
  const checked = checkArray(call, name, array, kind);
  const down = checkStride(call, `the first stride of ${name}`, layout.down);
  const along = checkStride(call, `the second stride of ${name}`, layout.along);
  const offset = checkOffset(call, `the offset of ${name}`, layout.offset);
  if (rows > 0 && columns > 0) {
    const [y, x] = [(rows - 1) * down, (columns - 1) * along];
    checkReach(call, name, checked, offset + Math.min(0, y) + Math.min(0, x), offset + Math.max(0, y) + Math.max(0, x));
  }
  return { checked, down, along, offset };
}

/**
 * Calls `write` with a matrix to be written to, and returns its array. One that BLAS cannot address is packed before and
 * unpacked after.
 */
export function writeMatrix<A extends FloatArray>(
  call: string,
  name: string,
  kind: Kind<A>,
  rows: number,
  columns: number,
  array: unknown,
  layout: Layout,
  write: (view: MatrixView, where: MatrixView | undefined) => void,
): A {
  const { checked, down, along, offset } = check(call, name, kind, rows, columns, array, layout);
  const empty = rows === 0 || columns === 0;
  const view = empty
    ? addressable(checked, kind, rows, columns, Math.max(columns, 1), 1, 0)
    : addressable(checked, kind, rows, columns, down, along, offset);
  if (view !== undefined) {
    if (claims.size > 0) checkUnclaimed(call, view);
    write(view, view);
    return checked as A;
  }
  const [wide, high] = [Math.abs(along), Math.abs(down)];
  const apart = high > (columns - 1) * wide || wide > (rows - 1) * high;
  if ((high === 0 && rows > 1) || (wide === 0 && columns > 1) || !apart) {
    throw argumentError(call, `elements of ${name} share memory, with strides ${down} and ${along}; it is written to`);
  }
  if (claims.size > 0) {
    const span = (rows - 1) * high + (columns - 1) * wide + 1;
    const first = offset + Math.min(0, (rows - 1) * down) + Math.min(0, (columns - 1) * along);
    checkUnclaimed(call, { array: checked, dtype: kind.dtype, shape: [span], strides: [1], offset: first });
  }
  const packed = pack(checked, kind, rows, columns, down, along, offset);
  write(packed, undefined);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) checked[offset + i * down + j * along] = packed.array[i * columns + j]!;
  }
  return checked as A;
}

/** The transpose of a matrix. */
export function transposed(view: MatrixView): MatrixView {
  const [rows, columns] = view.shape as [number, number];
  const [down, along] = view.strides as [number, number];
  return { ...view, shape: [columns, rows], strides: [along, down], byColumns: !view.byColumns };
}

/** The matrix as it lies in memory, by rows: itself, or its transpose. Nothing is copied. */
export const asRows = (view: MatrixView): MatrixView => (view.byColumns ? transposed(view) : view);

/** The same matrix stored by rows: itself, or a copy. */
export function byRows(view: MatrixView, kind: Kind): MatrixView {
  if (!view.byColumns) return view;
  const [rows, columns] = view.shape as [number, number];
  const [down, along] = view.strides as [number, number];
  return pack(view.array, kind, rows, columns, down, along, view.offset);
}

/** The same matrix stored by columns: itself, or a copy. */
export function byColumns(view: MatrixView, kind: Kind): MatrixView {
  return view.byColumns ? view : transposed(byRows(transposed(view), kind));
}
