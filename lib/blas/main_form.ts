// Routines that may be called without an order, with arguments as nblas has them.
import type { FloatArray } from '../dtype.js';
import type { Order } from './choices.js';
import type { Kind } from './operand.js';

/** A routine without its first argument: rows come first then, as in nblas. */
export type Main<Args extends unknown[], A> = ((order: Order, ...args: Args) => A) & ((...args: Args) => A);

/** Makes a routine that may be called without an order. `count` is the number of arguments with one. */
export function mainForm<Args extends unknown[], A>(
  count: number,
  main: (order: Order, ...args: Args) => A,
): Main<Args, A> {
  return ((...args: unknown[]): A =>
    args.length === count - 1 ? main('row-major', ...(args as Args)) : main(...(args as [Order, ...Args]))) as Main<
    Args,
    A
  >;
}

/** The same, with a form that takes strides and offsets. */
export function withOrder<Args extends unknown[], At extends unknown[], A>(
  count: number,
  main: (order: Order, ...args: Args) => A,
  ndarray: (...args: At) => A,
): Main<Args, A> & { readonly ndarray: (...args: At) => A } {
  return Object.assign(mainForm(count, main), { ndarray });
}

/** Whether a matrix stored by rows fits its array, from the start: then nothing else of it need be checked. */
export function isStored(kind: Kind, rows: number, columns: number, array: FloatArray, ld: number): boolean {
  return (
    array instanceof kind.Array &&
    typeof rows === 'number' &&
    typeof columns === 'number' &&
    typeof ld === 'number' &&
    (rows | 0) === rows &&
    (columns | 0) === columns &&
    (ld | 0) === ld &&
    rows > 0 &&
    columns > 0 &&
    ld >= columns &&
    (rows - 1) * ld + columns <= array.length
  );
}

/** Whether a matrix is transposed, or undefined for what is no word for either. */
export function transposition(trans: unknown): boolean | undefined {
  if (trans === 'no-transpose' || trans === 111) return false;
  if (trans === 'transpose' || trans === 112) return true;
  return undefined;
}
