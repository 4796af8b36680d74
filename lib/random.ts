// Generators, as users see them. In lib/rng/: seeding (where a stream starts), the bit generators, and the table of
// distributions, whose kernels are native. docs/random.md states what each element of a fill is.

import { randomBytes } from 'node:crypto';
import { types } from 'node:util';
import { checkOptions } from './arguments.js';
import { argumentError, describe, rangeError, stateError } from './errors.js';
import { type Algorithm, algorithms, type BitGenerator } from './rng/bits.js';
import type { Distribution, Filled } from './rng/distributions.js';
import { Mt19937 } from './rng/mt19937.js';
import { maxDraws, Pcg32 } from './rng/pcg32.js';
import { rawKey, rootKey, spawnedKey, u64 } from './rng/seeding.js';
import type { TensorView } from './view.js';

export type { Algorithm };

export interface GeneratorOptions {
  /** The bit generator: 'pcg32', the default, or 'mt19937', which repeats torch's CPU stream. */
  algorithm?: Algorithm;
  /** Independent streams of one seed, from 0 to 2^64 - 1; 0 by default. */
  stream?: bigint;
}

/** torch's default seed. */
const defaultSeed = 67280421310721n;

// A state: tag with the version, the algorithm's number, seed, key; then the bit generator's own.
const stateTag = 'EKG1';
const headerBytes = 4 + 1 + 8 + 32;

const bitGenerators: Readonly<Record<Algorithm, new () => BitGenerator>> = { pcg32: Pcg32, mt19937: Mt19937 };

/**
 * A source of random numbers: one stream of 32-bit draws and a position in it. Element i of a fill depends on the stream,
 * the position at its start and i alone: not on threads, instruction set, layout or machine.
 *
 * @example
 * const generator = new Generator(42);
 * const weights = randn([512, 512], { generator });
 */
export class Generator {
  #seed: bigint;
  readonly #algorithm: Algorithm;
  readonly #stream: bigint;
  readonly #bits: BitGenerator;
  /** What spawned streams derive from; 32 bytes. */
  #key!: Uint8Array;

  /**
   * @param seed a whole number or bigint from 0 to 2^64 - 1; 67280421310721, as in torch, where none is given
   * @throws TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for anything else
   */
  constructor(seed: number | bigint = defaultSeed, options?: GeneratorOptions) {
    const { algorithm = 'pcg32', stream = 0n } = checkOptions('Generator', options);
    if (!algorithms.includes(algorithm)) {
      const choices = algorithms.map((name) => `'${name}'`).join(' or ');
      throw argumentError('Generator', `unknown algorithm ${describe(algorithm)}; expected ${choices}`);
    }
    this.#algorithm = algorithm;
    this.#bits = new bitGenerators[algorithm]();
    this.#stream = u64('Generator', 'stream', stream);
    this.#seed = u64('Generator', 'seed', seed);
    this.manualSeed(this.#seed);
  }

  /**
   * The reference pcg32 (O'Neill 2014) after `pcg32_srandom(initState, initSeq)`: for comparison with other programs.
   * Raw seeds correlate; use `new Generator(seed)` for anything else.
   *
   * @example
   * Generator.pcg32(42n, 54n).random().toString(16); // 'a15c02b7'
   */
  static pcg32(initState: bigint, initSeq: bigint): Generator {
    const start = u64('Generator.pcg32', 'initState', initState);
    const sequence = u64('Generator.pcg32', 'initSeq', initSeq);
    const generator = new Generator(start);
    const raw = (generator.#bits as Pcg32).seedRaw(start, sequence);
    generator.#key = rawKey(...raw);
    return generator;
  }

  /** The bit generator, as in the options. */
  get algorithm(): Algorithm {
    return this.#algorithm;
  }

  /**
   * Starts the seed's stream anew. pcg32's seeds are hashed, so that any two differ in every respect; mt19937 is seeded
   * as torch seeds it.
   */
  manualSeed(seed: number | bigint): this {
    this.#seed = u64('manualSeed', 'seed', seed);
    this.#key = rootKey(this.#algorithm, this.#seed, this.#stream);
    this.#bits.seedRoot(this.#seed, this.#stream, this.#key);
    return this;
  }

  /** Seeds from the operating system's entropy and returns the seed. */
  seed(): bigint {
    const seed = randomBytes(8).readBigUInt64LE();
    this.manualSeed(seed);
    return seed;
  }

  /** The seed in use. */
  initialSeed(): bigint {
    return this.#seed;
  }

  /** How many 32-bit draws have been taken. On pcg32 settable, from 0 to 2^40. */
  get position(): bigint {
    return BigInt(this.#bits.position());
  }

  set position(position: bigint) {
    const to = u64('position', 'position', position);
    if (to > BigInt(maxDraws)) throw rangeError('position', `one stream serves at most 2^40 draws, got ${to}`);
    this.#bits.moveTo('position', Number(to));
  }

  /** Skips draws, in O(log draws) at the next use; pcg32 only. */
  advance(draws: bigint | number): this {
    this.#bits.moveTo('advance', this.#bits.position() + Number(u64('advance', 'draws', draws)));
    return this;
  }

  /** The next 32-bit draw, from 0 to 2^32 - 1. */
  random(): number {
    return this.#bits.random();
  }

  /**
   * Fills a view from a distribution of lib/rng/distributions.ts, with parameters that the caller has checked. Where it
   * throws, no draws have been taken.
   *
   * @internal
   */
  fill(call: string, distribution: Distribution, view: TensorView, ...params: number[]): void {
    this.#bits.fill(call, distribution, view, params);
  }

  /**
   * Takes the draws of such a fill without making it, and returns its place, for kernels that make elements of it when they
   * need them. pcg32 only.
   *
   * @internal
   */
  reserve(call: string, distribution: Distribution, filled: Filled, ...params: number[]): readonly number[] {
    return this.#bits.reserve(call, distribution, filled, params);
  }

  /**
   * An independent stream for a key, whatever this one's position: one for each parameter path makes a parameter's
   * values depend on the seed and its own name alone.
   *
   * @param key a string without lone surrogates, or a whole number or bigint from 0 to 2^64 - 1
   */
  spawn(key: string | number | bigint): Generator {
    const spawned = spawnedKey(this.#key, key);
    const child = new Generator(this.#seed, { algorithm: this.#algorithm, stream: this.#stream });
    child.#key = spawned;
    child.#bits.seedSpawned(spawned);
    return child;
  }

  /** All that determines the draws to come, as bytes: for checkpoints and for other processes. */
  getState(): Uint8Array {
    const state = new Uint8Array(headerBytes + this.#bits.stateBytes);
    state.set(new TextEncoder().encode(stateTag));
    state[4] = algorithms.indexOf(this.#algorithm);
    new DataView(state.buffer).setBigUint64(5, this.#seed, true);
    state.set(this.#key, 13);
    this.#bits.save(new DataView(state.buffer, headerBytes));
    return state;
  }

  /** Continues where `getState` was called, on a generator of the same algorithm. */
  setState(state: Uint8Array): this {
    if (!types.isUint8Array(state)) {
      throw argumentError('setState', `expected the Uint8Array that getState returned, got ${describe(state)}`);
    }
    // A copy, which a Buffer's own slice would not be. (A detached array, which can't be copied, has no length.)
    const bytes = new Uint8Array(state.length);
    if (state.length > 0) bytes.set(state);
    const tag = new TextDecoder().decode(bytes.subarray(0, 4));
    const length = headerBytes + this.#bits.stateBytes;
    if (bytes.length !== length || tag !== stateTag || algorithms[bytes[4]!] !== this.#algorithm) {
      const wanted = `${length} bytes made by getState of a ${this.#algorithm} generator`;
      throw stateError('setState', `expected ${wanted}, got ${bytes.length} others`);
    }
    if (!this.#bits.load(new DataView(bytes.buffer, headerBytes))) throw stateError('setState', 'the state is corrupt');
    this.#seed = new DataView(bytes.buffer).getBigUint64(5, true);
    this.#key = bytes.slice(13, headerBytes);
    return this;
  }

  /** A generator that will make the same draws. */
  clone(): Generator {
    return new Generator(this.#seed, { algorithm: this.#algorithm, stream: this.#stream }).setState(this.getState());
  }
}

let defaultGenerator: Generator | undefined;

/** The generator used where none is given. Starts from entropy, as torch's does. */
export function getDefaultGenerator(): Generator {
  if (defaultGenerator === undefined) {
    defaultGenerator = new Generator();
    defaultGenerator.seed();
  }
  return defaultGenerator;
}

/**
 * Makes `generator` the one used where none is given.
 *
 * @example
 * setDefaultGenerator(new Generator(1));
 */
export function setDefaultGenerator(generator: Generator): void {
  if (!(generator instanceof Generator)) {
    throw argumentError('setDefaultGenerator', `expected a Generator, got ${describe(generator)}`);
  }
  defaultGenerator = generator;
}

/**
 * Seeds the default generator and returns it.
 *
 * @param seed a whole number or bigint from 0 to 2^64 - 1
 * @example
 * manualSeed(0);
 */
export function manualSeed(seed: number | bigint): Generator {
  return getDefaultGenerator().manualSeed(seed);
}

/** Checks a `generator` option given by a user; undefined means the default generator. */
export function checkGenerator(call: string, generator: unknown): Generator {
  if (generator === undefined || generator === null) return getDefaultGenerator();
  if (generator instanceof Generator) return generator;
  throw argumentError(call, `generator must be a Generator, got ${describe(generator)}`);
}
