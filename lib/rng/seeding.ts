// Seeding: where streams start. Raw seeds correlate, so keys are hashes of them; docs/random.md has the formulas.
import { createHash } from 'node:crypto';
import { argumentError, describe, rangeError } from '../errors.js';

const maxU64 = 2n ** 64n - 1n;

/** Checks a whole number of 64 bits. */
export function u64(call: string, name: string, value: unknown): bigint {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw rangeError(call, `${name} must be a whole number from 0 to 2^53 - 1, or a bigint, got ${describe(value)}`);
    }
    return BigInt(value);
  }
  if (typeof value !== 'bigint') {
    throw argumentError(call, `${name} must be a number or a bigint, got ${describe(value)}`);
  }
  if (value < 0n || value > maxU64) throw rangeError(call, `${name} must be from 0 to 2^64 - 1, got ${value}`);
  return value;
}

function u64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function sha256(...parts: (string | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** The key of a seed and stream. */
export function rootKey(algorithm: string, seed: bigint, stream: bigint): Uint8Array {
  return sha256('evenkeel/1/root\0', algorithm, u64Bytes(seed), u64Bytes(stream));
}

/** The key of a raw pcg32 state and increment. */
export function rawKey(state: bigint, increment: bigint): Uint8Array {
  return sha256('evenkeel/1/raw\0', u64Bytes(state), u64Bytes(increment));
}

/** The key of what is spawned from a parent's key for the key a user gave. */
export function spawnedKey(parent: Uint8Array, key: string | number | bigint): Uint8Array {
  if (typeof key !== 'string') {
    return sha256('evenkeel/1/spawn\0', parent, Uint8Array.of(0), u64Bytes(u64('spawn', 'key', key)));
  }
  if (!key.isWellFormed()) throw rangeError('spawn', 'the key has a lone surrogate, which UTF-8 cannot carry');
  return sha256('evenkeel/1/spawn\0', parent, Uint8Array.of(1), new TextEncoder().encode(key));
}
