// Routines that may be called without an order, with arguments as nblas has them.
import type { Order } from './choices.js';

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
