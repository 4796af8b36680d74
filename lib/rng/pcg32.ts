// pcg32 (O'Neill 2014) as a bit generator. Its state never moves: a position says how many draws have been taken, and
// kernels jump there.
import { stateError } from '../errors.js';
import { kernelId, run } from '../run.js';
import type { View } from '../view.js';
import type { BitGenerator } from './bits.js';
import { type Distribution, distributionRow, type Filled } from './distributions.js';

/** One stream serves at most this many draws: beyond it, two streams could overlap visibly. */
export const maxDraws = 2 ** 40;

const multiplier = 6364136223846793005n;

/** Draws kept ready for `random()`, so that single draws don't cross into native code one at a time. */
const blockSize = 64;

const bitsKernel = kernelId('random_bits');

export class Pcg32 implements BitGenerator {
  /** State before the first draw, and increment, each as high and low halves for the plan. */
  #start: readonly [number, number, number, number] = [0, 0, 0, 0];
  #position = 0;
  readonly #block = new Uint32Array(blockSize);
  /** Position of the block's first draw; negative while there is none. */
  #blockStart = -1;

  seedRoot(_seed: bigint, _stream: bigint, key: Uint8Array): void {
    this.seedSpawned(key);
  }

  seedSpawned(key: Uint8Array): void {
    const words = new DataView(key.buffer, key.byteOffset);
    this.#restart(words.getBigUint64(0, true), words.getBigUint64(8, true) | 1n);
  }

  /** As the reference's pcg32_srandom: from state 0 one step, add the seed, one step. Returns state and increment. */
  seedRaw(initState: bigint, initSeq: bigint): readonly [bigint, bigint] {
    const increment = BigInt.asUintN(64, (initSeq << 1n) | 1n);
    const state = BigInt.asUintN(64, (increment + initState) * multiplier + increment);
    this.#restart(state, increment);
    return [state, increment];
  }

  #restart(state: bigint, increment: bigint, position = 0): void {
    const halves = (value: bigint) => [Number(value >> 32n), Number(value & 0xffffffffn)] as const;
    this.#start = [...halves(state), ...halves(increment)];
    this.#position = position;
    this.#blockStart = -1;
  }

  position(): number {
    return this.#position;
  }

  moveTo(call: string, position: number): void {
    if (position > maxDraws) {
      const problem = `one stream serves at most 2^40 draws; ${this.#position} are taken, ${position} would be`;
      throw stateError(call, `${problem}. Use spawn()`);
    }
    this.#position = position;
  }

  random(): number {
    const position = this.#position;
    this.moveTo('random', position + 1);
    if (this.#blockStart < 0 || position < this.#blockStart || position >= this.#blockStart + blockSize) {
      const view: View = { array: this.#block, dtype: 'uint32', shape: [blockSize], strides: [1], offset: 0 };
      run('random', bitsKernel, [view], [...this.#start, position]);
      this.#blockStart = position;
    }
    return this.#block[position - this.#blockStart]!;
  }

  fill(call: string, distribution: Distribution, view: View, params: readonly number[]): void {
    const before = this.#position;
    const { kernel, params: taken } = this.#row(call, distribution);
    const place = this.reserve(call, distribution, view, params);
    try {
      run(call, kernel, [view], [...place, ...params.slice(0, taken)]);
    } catch (error) {
      this.#position = before;
      throw error;
    }
  }

  reserve(call: string, distribution: Distribution, filled: Filled, params: readonly number[]): readonly number[] {
    const before = this.#position;
    this.moveTo(call, before + this.#row(call, distribution).draws(filled, params));
    return [...this.#start, before];
  }

  #row(call: string, distribution: Distribution) {
    const row = distributionRow(distribution).pcg32;
    if (row === undefined) throw stateError(call, `pcg32 has no fill '${distribution}'`);
    return row;
  }

  readonly stateBytes = 24;

  save(bytes: DataView): void {
    for (const [i, half] of [1, 0, 3, 2].entries()) bytes.setUint32(4 * i, this.#start[half]!, true);
    bytes.setBigUint64(16, BigInt(this.#position), true);
  }

  load(bytes: DataView): boolean {
    const increment = bytes.getBigUint64(8, true);
    const position = bytes.getBigUint64(16, true);
    if (position > BigInt(maxDraws) || (increment & 1n) === 0n) return false;
    this.#restart(bytes.getBigUint64(0, true), increment, Number(position));
    return true;
  }
}
