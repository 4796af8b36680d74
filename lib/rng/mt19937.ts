// mt19937 as a bit generator: torch's CPU stream, to the bit. Its state lies in words that the kernels move on; of their
// layout, which native/rng/mt19937.h describes, this file knows what the constants name.
import { stateError } from '../errors.js';
import { kernelId, run } from '../run.js';
import type { View } from '../view.js';
import type { BitGenerator } from './bits.js';
import { type Distribution, distributionRow } from './distributions.js';

/** The number of words; the generator's own come first. */
const words = 631;
const ownWords = 624;

/** How many of its own words have been used; whether there is a normal kept; draws so far, low half; the layout's number. */
const used = 624;
const hasNormal = 625;
const draws = 628;
const layout = 630;

const kernels = { seed: kernelId('mt_seed'), bits: kernelId('mt_bits') };

export class Mt19937 implements BitGenerator {
  readonly #words = new Uint32Array(words);
  readonly #state: View = { array: this.#words, dtype: 'uint32', shape: [words], strides: [1], offset: 0 };

  /** torch's stream of the seed, of which it takes 32 bits; other streams start from the key, as spawned ones do. */
  seedRoot(seed: bigint, stream: bigint, key: Uint8Array): void {
    if (stream !== 0n) this.seedSpawned(key);
    else this.#seed(0, [Number(BigInt.asUintN(32, seed)), 0, 0, 0, 0, 0, 0, 0]);
  }

  seedSpawned(key: Uint8Array): void {
    const view = new DataView(key.buffer, key.byteOffset);
    this.#seed(
      8,
      [0, 4, 8, 12, 16, 20, 24, 28].map((at) => view.getUint32(at, true)),
    );
  }

  /** From `length` words by init_by_array, or from the first by init_genrand where that is 0. */
  #seed(length: number, key: readonly number[]): void {
    run('Generator', kernels.seed, [this.#state], [length, ...key]);
  }

  position(): number {
    return this.#words[draws]! + 2 ** 32 * this.#words[draws + 1]!;
  }

  moveTo(call: string, _position: number): never {
    throw stateError(call, 'mt19937 cannot jump; only pcg32 can');
  }

  random(): number {
    const out = new Uint32Array(1);
    run('random', kernels.bits, [{ array: out, dtype: 'uint32', shape: [1], strides: [1], offset: 0 }, this.#state]);
    return out[0]!;
  }

  fill(call: string, distribution: Distribution, view: View, params: readonly number[]): void {
    const kernel = distributionRow(distribution).mt19937;
    if (kernel === undefined) throw stateError(call, `mt19937 has no fill '${distribution}'`);
    run(call, kernel, [view, this.#state], params);
  }

  reserve(call: string): never {
    throw stateError(call, 'mt19937 makes its numbers in order only; take a generator on pcg32');
  }

  readonly stateBytes = 4 * words;

  save(bytes: DataView): void {
    this.#words.forEach((word, i) => {
      bytes.setUint32(4 * i, word, true);
    });
  }

  load(bytes: DataView): boolean {
    const loaded = Uint32Array.from({ length: words }, (_, i) => bytes.getUint32(4 * i, true));
    // The last bits of word 0 are no part of the state, of which all zeros would make zeros forever.
    const alive = loaded[0]! >= 2 ** 31 || loaded.subarray(1, ownWords).some((word) => word !== 0);
    const sound = loaded[used]! <= ownWords && loaded[hasNormal]! <= 1 && loaded[layout] === this.#words[layout];
    if (!alive || !sound) return false;
    this.#words.set(loaded);
    return true;
  }
}
