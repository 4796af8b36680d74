// Checks of arguments that several initialisers share.
import { checkNumber } from '../arguments.js';
import { rangeError } from '../errors.js';

/** Checks a gain: finite, 0 or more. */
export function checkGain(call: string, gain: unknown): number {
  const factor = checkNumber(call, 'gain', gain);
  if (!Number.isFinite(factor) || factor < 0) {
    throw rangeError(call, `gain must be finite and 0 or more, got ${factor}`);
  }
  return factor;
}
