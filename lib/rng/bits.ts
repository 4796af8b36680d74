// What a bit generator is to a Generator (lib/random.ts), which seeds it, names it and keeps its state for users: a stream of
// 32-bit draws, and kernels that fill views from them.
import type { View } from '../view.js';
import type { Distribution, Filled } from './distributions.js';

/** Bit generators. A new one goes at the end: the place is its number in the bytes of a state. */
export const algorithms = ['pcg32', 'mt19937'] as const;

export type Algorithm = (typeof algorithms)[number];

export interface BitGenerator {
  /** Starts the stream of a seed a user gave; `key` is the hash of seed and stream. */
  seedRoot(seed: bigint, stream: bigint, key: Uint8Array): void;

  /** Starts the stream of a spawned generator's key, 32 bytes. */
  seedSpawned(key: Uint8Array): void;

  /** 32-bit draws taken. */
  position(): number;

  /** Goes to a position; throws where the generator cannot. */
  moveTo(call: string, position: number): void;

  /** The next 32-bit draw. */
  random(): number;

  /** Fills a view. Where it throws, no draws have been taken. */
  fill(call: string, distribution: Distribution, view: View, params: readonly number[]): void;

  /**
   * Takes the draws of a fill that is not made; returns its place, the first parameters of the kernels that make elements of
   * it later. Throws where elements cannot be made on their own.
   */
  reserve(call: string, distribution: Distribution, filled: Filled, params: readonly number[]): readonly number[];

  /** Length of the state in bytes. */
  readonly stateBytes: number;

  /** Writes the state, from byte 0 on. */
  save(bytes: DataView): void;

  /** Takes over a state; false, and no change, where the bytes cannot be one. */
  load(bytes: DataView): boolean;
}
