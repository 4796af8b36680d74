// JSON as files and queues hold it: one text for each value, the numbers that JSON does not have, and keys made of that text.
import { createHash } from 'node:crypto';
import type { Cell } from '../cell/cell.js';

/** JSON whose keys are sorted: the same text for the same value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, given: unknown) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
    return Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** The SHA-256 of a value's canonical JSON, in hexadecimal. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** A cell's key: it depends on the cell's own fields alone, so that the grid, its order and its shares do not matter. */
export function cellKey(cell: Cell): string {
  return hashOf(cell);
}

/** Numbers that JSON would turn into null, or into another number. */
const texts: ReadonlyMap<number, string> = new Map([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
]);
const numbers: ReadonlyMap<unknown, number> = new Map([
  ...[...texts].map(([x, text]) => [text, x] as const),
  ['-0', -0],
]);

/** JSON in which "NaN", "Infinity", "-Infinity" and "-0" stand for those numbers. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, given: unknown) => {
    if (typeof given !== 'number') return given;
    return Object.is(given, -0) ? '-0' : (texts.get(given) ?? given);
  });
}

/** The value of a text of `encode`; a string of its own that reads like one of those numbers becomes the number. */
export function decode(text: string): unknown {
  return JSON.parse(text, (_, given: unknown) => numbers.get(given) ?? given);
}
