// Checks of arguments that users give: numbers, options, shapes written either way.
import { argumentError, describe, rangeError } from './errors.js';

/** Checks a number; NaN and infinities are numbers. */
export function checkNumber(call: string, name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
}

/** Checks a finite number. */
export function checkFinite(call: string, name: string, value: unknown): number {
  const number = checkNumber(call, name, value);
  if (!Number.isFinite(number)) throw rangeError(call, `${name} must be finite, got ${number}`);
  return number;
}

/** Whether a value is an object that lists others. Typed arrays list numbers, some of them in memory that is gone. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value);
}

/** Whether a value is an object of no class, of this realm or another. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Checks an options argument; undefined means none. A generator or a shape in its place would be ignored silently. */
export function checkOptions<T extends object>(call: string, options: T | undefined): Partial<T> {
  if (options === undefined) return {};
  if (isPlain(options)) return options;
  throw argumentError(call, `options must be an object such as { generator }, got ${describe(options)}`);
}

/** Checks that a lower bound is not above the upper one. */
export function checkOrder(call: string, low: number, high: number): void {
  if (low > high) throw rangeError(call, `expected bounds in order, got from ${low} to ${high}`);
}

/** A shape given as an array or as plain numbers. */
export function shapeArguments(args: readonly unknown[]): unknown {
  return args.length === 1 && typeof args[0] !== 'number' ? args[0] : args;
}
