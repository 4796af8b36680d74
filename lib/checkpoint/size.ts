// Numbers of bytes, as people write them.
import { argumentError, describe, rangeError } from '../errors.js';

const units: Readonly<Record<string, number>> = {
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

/** A number of bytes: a whole number, or text such as '5GB' (10^9 bytes each, as Hugging Face counts) or '512MiB' (2^20). */
export function checkBytes(call: string, name: string, value: unknown): number {
  let bytes = value;
  if (typeof value === 'string') {
    const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?i?B)\s*$/i.exec(value) ?? [];
    bytes = Math.round(Number(digits) * (units[unit?.toUpperCase() ?? ''] ?? NaN));
    if (Number.isNaN(bytes))
      throw argumentError(call, `${name} must be like '5GB', '512MiB' or 1000000, got ${describe(value)}`);
  }
  if (typeof bytes !== 'number')
    throw argumentError(call, `${name} must be a number of bytes or like '5GB', got ${describe(value)}`);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw rangeError(call, `${name} must be a whole number of bytes, 1 or more, got ${describe(value)}`);
}
