// Kernel calls off the main thread: what a function would compute is taken down call by call, made on memory of its own, and
// copied to where it belongs when it is done. native/job.h says why.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { argumentError, describe, detachedError } from './errors.js';
import { type Observer, observe } from './memory.js';
import { type NativeJob, native } from './native.js';
import { explainNative, type Recorder, recordCalls } from './run.js';
import type { View } from './view.js';

/** Options of asynchronous calls. */
export interface AsyncOptions {
  /** Aborting it rejects the promise with its reason, and leaves everything as it was. */
  signal?: AbortSignal | undefined;
}

/** Checks a signal given by a user. */
export function checkSignal(call: string, signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw argumentError(call, `signal must be an AbortSignal, got ${describe(signal)}`);
}

/** How long the main thread copies before it lets others have a turn, in ms, and how much before it looks at the clock. */
const copyTime = 2;
const copyBytes = 1 << 18;

/**
 * Jobs of one thread of JavaScript that are made at once. Each uses all the threads that kernels may use, but for stretches
 * that are serial; and Node's pool has four threads, which files need too.
 */
const mostRunning = 2;

let running = 0;
const waiting: (() => void)[] = [];

async function takeTurn(): Promise<void> {
  if (running < mostRunning) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
}

function endTurn(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else next();
}

/** A buffer that calls touch. */
interface Block {
  readonly number: number;
  /** All of it, however long it is at the moment. */
  readonly bytes: Uint8Array;
  /** Whether contents from before the calls matter. */
  readonly read: boolean;
  written: boolean;
}

const blockNumbers = new Uint32Array(16);

/** Takes down calls, and what is allocated for them. */
class Recording implements Recorder, Observer {
  readonly job: NativeJob = native.createJob();
  readonly blocks = new Map<ArrayBufferLike, Block>();
  /** Buffers made for the calls, and whether they were cleared. */
  readonly #made = new Map<ArrayBufferLike, boolean>();

  made({ buffer }: ArrayBufferView, cleared: boolean): void {
    this.#made.set(buffer, cleared);
  }

  record(plan: Float64Array, views: readonly View[]): void {
    const target = views[0]!.array.buffer;
    if (!this.#made.has(target)) throw new Error('only what the function allocates may be written to');
    views.forEach(({ array: { buffer } }, i) => {
      blockNumbers[i] = this.#block(buffer).number;
    });
    this.#block(target).written = true;
    native.addToJob(this.job, plan, blockNumbers, ...views.map(({ array }) => array));
  }

  #block(buffer: ArrayBufferLike): Block {
    let block = this.blocks.get(buffer);
    if (block === undefined) {
      const read = this.#made.get(buffer) ?? true;
      // Of a detached buffer, on which an empty tensor may lie, there are no bytes to name.
      const bytes = buffer.byteLength > 0 ? new Uint8Array(buffer) : new Uint8Array(0);
      block = { number: this.blocks.size, bytes, read, written: false };
      this.blocks.set(buffer, block);
    }
    return block;
  }
}

/** Copies in slices between which the event loop runs. */
async function copy(
  call: string,
  recording: Recording,
  block: Block,
  slice: 'copyIntoJob' | 'copyFromJob',
  signal: AbortSignal | undefined,
): Promise<void> {
  let end = performance.now() + copyTime;
  for (;;) {
    signal?.throwIfAborted();
    try {
      if (native[slice](recording.job, block.number, block.bytes, copyBytes)) return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_PLAN') throw explainNative(call, error);
      throw detachedError(call, 'the memory of a tensor went away meanwhile: its ArrayBuffer was detached or shrunk');
    }
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + copyTime;
  }
}

/** Does a step of a job off the main thread. */
function offThread(call: string, step: 'prepareJob' | 'startJob', { job }: Recording): Promise<void> {
  return new Promise((resolve, reject) => {
    native[step](job, (error) => (error === undefined ? resolve() : reject(explainNative(call, error))));
  });
}

/** Settles as `work` does, or rejects as soon as the signal is aborted. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}

/**
 * What `compute` returns, with the kernel calls that it makes made off the main thread. It is called at once, and must not
 * look at an element: they are all written later. It may write to nothing but what it allocates. Tensors that it reads must be left
 * alone until the promise is settled: they are read while the event loop runs, once others' jobs have had their turn.
 *
 * @param held the buffers that the result needs; 'all' of those that were allocated
 * @throws TypeError (ERR_DETACHED) where memory went away meanwhile; the signal's reason
 */
export async function runAsync<T>(
  call: string,
  compute: () => T,
  held: (result: T) => ReadonlySet<ArrayBufferLike> | 'all',
  options: AsyncOptions = {},
): Promise<T> {
  const signal = checkSignal(call, options.signal);
  signal?.throwIfAborted();
  const recording = new Recording();
  const result = observe(recording, () => recordCalls(recording, compute));
  const kept = held(result);
  await unlessAborted(runJob(call, recording, kept, signal), signal);
  return result;
}

async function runJob(
  call: string,
  recording: Recording,
  kept: ReadonlySet<ArrayBufferLike> | 'all',
  signal: AbortSignal | undefined,
): Promise<void> {
  const blocks = [...recording.blocks];
  if (blocks.length === 0) return;
  try {
    await takeTurn();
    try {
      const copied = blocks.filter(([, block]) => block.read);
      if (copied.some(([buffer]) => buffer.byteLength > copyBytes)) await offThread(call, 'prepareJob', recording);
      for (const [, block] of copied) await copy(call, recording, block, 'copyIntoJob', signal);
      await offThread(call, 'startJob', recording);
    } finally {
      endTurn();
    }
    for (const [buffer, block] of blocks) {
      if (!block.written || !(kept === 'all' || kept.has(buffer))) continue;
      await copy(call, recording, block, 'copyFromJob', signal);
    }
  } finally {
    native.endJob(recording.job);
  }
}
