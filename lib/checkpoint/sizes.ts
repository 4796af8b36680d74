// Numbers of bytes as people write them.
import { argumentError, describe, rangeError } from '../errors.js';

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** A number of bytes given as a whole number or as text: '5GB' (powers of 1000) or '5GiB' (powers of 1024). */
export function parseSize(call: string, name: string, size: unknown): number {
  if (typeof size !== 'number' && typeof size !== 'string') {
    throw argumentError(call, `${name} must be a number of bytes or a text such as '5GB', got ${describe(size)}`);
  }
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$/.exec(String(size)) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toUpperCase()];
  const bytes = Math.round(Number(digits) * (factor ?? Number.NaN));
  if (!(bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER)) {
    throw rangeError(call, `${name} must be 1 byte or more, such as '5GB' or '512MiB', got ${describe(size)}`);
  }
  return bytes;
}

/** A number of bytes in three digits: '2.20 GB'. */
export function formatSize(bytes: number): string {
  const power = bytes < 1e3 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  if (power === 0) return `${bytes} bytes`;
  return `${(bytes / 1000 ** power).toPrecision(3)} ${['', 'kB', 'MB', 'GB', 'TB'][power]}`;
}
