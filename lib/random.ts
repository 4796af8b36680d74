// Generators: seeding (where a stream starts), state, and fills of views. The bits and the distributions are native;
// docs/random.md states what each element of a fill is.
import { createHash, randomBytes } from 'node:crypto';
import { checkOptions } from './arguments.js';
import { argumentError, describe, rangeError, stateError } from './errors.js';
import { kernelId, run } from './run.js';
import { numElements } from './shape.js';
import type { FloatView, View } from './view.js';

/** Bit generators. */
export type Algorithm = 'pcg32';

export interface GeneratorOptions {
  /** The bit generator; 'pcg32' by default. */
  algorithm?: Algorithm;
  /** Independent streams of one seed, from 0 to 2^64 - 1; 0 by default. */
  stream?: bigint;
}

/** torch's default seed. */
const defaultSeed = 67280421310721n;

/** One stream serves at most this many draws: beyond it, two streams could overlap visibly. */
const maxDraws = 2 ** 40;

const maxU64 = 2n ** 64n - 1n;
const pcgMultiplier = 6364136223846793005n;

/** Draws kept ready for `random()`, so that single draws don't cross into native code one at a time. */
const blockSize = 64;

const stateTag = 'EKG1';
const stateBytes = 4 + 1 + 8 + 32 + 8 + 8 + 8;

const kernels = { bits: kernelId('random_bits'), uniform: kernelId('uniform'), normal: kernelId('normal') };

/** Distributions that fill a view; `draws` says how many 32-bit draws n elements take. */
const distributions = {
  uniform: {
    kernel: kernels.uniform,
    draws: (n: number, wide: boolean) => (wide ? 2 * n : n),
  },
  normal: {
    kernel: kernels.normal,
    draws: (n: number, wide: boolean) => (wide ? 4 : 2) * Math.ceil(n / 2),
  },
};

function u64(call: string, name: string, value: unknown): bigint {
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
  /** What spawned streams derive from; 32 bytes. */
  #key!: Uint8Array;
  /** State before the first draw, and increment, each as high and low halves for the plan. */
  #start: readonly [number, number, number, number] = [0, 0, 0, 0];
  #position = 0;
  readonly #block = new Uint32Array(blockSize);
  /** Position of the block's first draw; negative while there is none. */
  #blockStart = -1;

  /**
   * @param seed a whole number or bigint from 0 to 2^64 - 1; 67280421310721, as in torch, where none is given
   * @throws TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for anything else
   */
  constructor(seed: number | bigint = defaultSeed, options?: GeneratorOptions) {
    const { algorithm = 'pcg32', stream = 0n } = checkOptions('Generator', options);
    if (algorithm !== 'pcg32') {
      throw argumentError('Generator', `unknown algorithm ${describe(algorithm)}; expected 'pcg32'`);
    }
    this.#algorithm = algorithm;
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
    const increment = BigInt.asUintN(64, (u64('Generator.pcg32', 'initSeq', initSeq) << 1n) | 1n);
    // From state 0: one step, add the seed, one step.
    const state = BigInt.asUintN(64, (increment + start) * pcgMultiplier + increment);
    const generator = new Generator();
    generator.#seed = start;
    generator.#restart(sha256('evenkeel/1/raw\0', u64Bytes(state), u64Bytes(increment)), state, increment);
    return generator;
  }

  #restart(key: Uint8Array, state?: bigint, increment?: bigint): this {
    const words = new DataView(key.buffer, key.byteOffset);
    const s = state ?? words.getBigUint64(0, true);
    const i = increment ?? words.getBigUint64(8, true) | 1n;
    this.#key = key;
    this.#start = [Number(s >> 32n), Number(s & 0xffffffffn), Number(i >> 32n), Number(i & 0xffffffffn)];
    this.#position = 0;
    this.#blockStart = -1;
    return this;
  }

  /** Starts the seed's stream anew. Seeds are hashed, so that any two differ in every respect. */
  manualSeed(seed: number | bigint): this {
    this.#seed = u64('manualSeed', 'seed', seed);
    return this.#restart(sha256('evenkeel/1/root\0', this.#algorithm, u64Bytes(this.#seed), u64Bytes(this.#stream)));
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

  /** How many 32-bit draws have been taken. Settable, from 0 to 2^40. */
  get position(): bigint {
    return BigInt(this.#position);
  }

  set position(position: bigint) {
    const to = u64('position', 'position', position);
    if (to > BigInt(maxDraws)) throw rangeError('position', `one stream serves at most 2^40 draws, got ${to}`);
    this.#position = Number(to);
  }

  /** Skips draws, in O(log draws) at the next use. */
  advance(draws: bigint | number): this {
    this.#take('advance', Number(u64('advance', 'draws', draws)));
    return this;
  }

  /** Reserves draws and returns the position of the first. */
  #take(call: string, draws: number): number {
    const start = this.#position;
    if (start + draws > maxDraws) {
      throw stateError(
        call,
        `one stream serves at most 2^40 draws; ${start} are taken and ${draws} more were asked for. Use spawn()`,
      );
    }
    this.#position = start + draws;
    return start;
  }

  /** The next 32-bit draw, from 0 to 2^32 - 1. */
  random(): number {
    const position = this.#take('random', 1);
    if (this.#blockStart < 0 || position < this.#blockStart || position >= this.#blockStart + blockSize) {
      const view: View = { array: this.#block, dtype: 'uint32', shape: [blockSize], strides: [1], offset: 0 };
      run('random', kernels.bits, [view], [...this.#start, position]);
      this.#blockStart = position;
    }
    return this.#block[position - this.#blockStart]!;
  }

  /**
   * Fills a view from a distribution with two parameters, which the caller has checked.
   *
   * @internal
   */
  fill(call: string, distribution: keyof typeof distributions, view: FloatView, a: number, b: number): void {
    const { kernel, draws } = distributions[distribution];
    const before = this.#position;
    const start = this.#take(call, draws(numElements(view.shape), view.dtype === 'float64'));
    try {
      run(call, kernel, [view], [...this.#start, start, a, b]);
    } catch (error) {
      this.#position = before;
      throw error;
    }
  }

  /**
   * An independent stream for a key, whatever this one's position: one for each parameter path makes a parameter's
   * values depend on the seed and its own name alone.
   *
   * @param key a string without lone surrogates, or a whole number or bigint from 0 to 2^64 - 1
   */
  spawn(key: string | number | bigint): Generator {
    const child = new Generator(this.#seed, { algorithm: this.#algorithm, stream: this.#stream });
    let payload: Uint8Array;
    if (typeof key === 'string') {
      if (!key.isWellFormed()) throw rangeError('spawn', 'the key has a lone surrogate, which UTF-8 cannot carry');
      payload = new TextEncoder().encode(key);
    } else {
      payload = u64Bytes(u64('spawn', 'key', key));
    }
    const tag = Uint8Array.of(typeof key === 'string' ? 1 : 0);
    return child.#restart(sha256('evenkeel/1/spawn\0', this.#key, tag, payload));
  }

  /** All that determines the draws to come, as bytes: for checkpoints and for other processes. */
  getState(): Uint8Array {
    const state = new Uint8Array(stateBytes);
    const view = new DataView(state.buffer);
    state.set(new TextEncoder().encode(stateTag));
    view.setBigUint64(5, this.#seed, true);
    state.set(this.#key, 13);
    const [stateHigh, stateLow, incrementHigh, incrementLow] = this.#start;
    view.setBigUint64(45, (BigInt(stateHigh) << 32n) | BigInt(stateLow), true);
    view.setBigUint64(53, (BigInt(incrementHigh) << 32n) | BigInt(incrementLow), true);
    view.setBigUint64(61, BigInt(this.#position), true);
    return state;
  }

  /** Continues where `getState` was called. */
  setState(state: Uint8Array): this {
    if (!(state instanceof Uint8Array)) {
      throw argumentError('setState', `expected the Uint8Array that getState returned, got ${describe(state)}`);
    }
    const tag = new TextDecoder().decode(state.subarray(0, 4));
    if (state.length !== stateBytes || tag !== stateTag || state[4] !== 0) {
      throw stateError('setState', `expected ${stateBytes} bytes made by getState, got ${state.length} others`);
    }
    // A copy, which a Buffer's own slice would not be.
    const bytes = Uint8Array.from(state);
    const view = new DataView(bytes.buffer);
    const position = view.getBigUint64(61, true);
    const increment = view.getBigUint64(53, true);
    if (position > BigInt(maxDraws) || (increment & 1n) === 0n) throw stateError('setState', 'the state is corrupt');
    this.#seed = view.getBigUint64(5, true);
    this.#restart(bytes.subarray(13, 45), view.getBigUint64(45, true), increment);
    this.#position = Number(position);
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
