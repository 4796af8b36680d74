// Worker threads that run cells: the thread that asks stays free, to write results, renew locks, and show how far it is.
import { Worker } from 'node:worker_threads';
import { getNumThreads, setNumThreads } from '../../native.js';
import { root } from '../../root.js';
import type { Cell } from '../cell/cell.js';
import type { CellAnswer, CellPart, CellTask } from './worker.js';

/** The script that worker threads run; it answers `CellTask`s with `CellPart`s and at last a `CellAnswer`. */
const script = `${root}dist/study/sweep/worker.js`;

/** Pools that are open, and the count of kernels' threads from before the first of them. */
let pools = 0;
let threadsBefore = 0;

/** A cell that waits for a thread. */
interface Waiting {
  readonly start: (worker: Worker) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * A pool of threads. The count of kernels' threads, which all threads of the process share, is set while it is open: what BLAS
 * computes depends on it in the last bits.
 */
export class CellPool {
  readonly #most: number;
  readonly #script: string;
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  /**
   * @param most cells that run at the same time
   * @param threads kernels' threads
   */
  constructor(most: number, threads: number, workerScript = script) {
    this.#most = most;
    this.#script = workerScript;
    if (pools++ === 0) threadsBefore = getNumThreads();
    setNumThreads(threads);
  }

  /**
   * Runs a cell once a thread is free.
   *
   * @param signal takes the cell back: its thread is ended
   * @param onPart told how much of the cell is done, from 0 to 1
   * @returns a promise of the result's line; it rejects with what went wrong, or with the signal's reason
   */
  async run(key: string, cell: Cell, signal?: AbortSignal, onPart?: (part: number) => void): Promise<string> {
    signal?.throwIfAborted();
    const worker = await this.#take(signal);
    let keep = false;
    try {
      const answer = await ask(worker, { key, cell }, signal, onPart);
      keep = true;
      if ('line' in answer) return answer.line;
      throw new Error(answer.message);
    } finally {
      this.#busy.delete(worker);
      if (keep && !this.#closed) this.#idle.push(worker);
      else void worker.terminate();
      this.#next();
    }
  }

  #take(signal: AbortSignal | undefined): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start: (worker) => {
          signal?.removeEventListener('abort', abort);
          resolve(worker);
        },
        fail: reject,
      };
      const abort = () => {
        const place = this.#waiting.indexOf(waiting);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#busy.size < this.#most) {
      const { start, fail } = this.#waiting.shift()!;
      if (this.#closed) {
        fail(new Error('the pool of worker threads is closed'));
        continue;
      }
      const worker = this.#idle.pop() ?? new Worker(this.#script, { execArgv: [] });
      this.#busy.add(worker);
      start(worker);
    }
  }

  /** Whether no cell runs. */
  isIdle(): boolean {
    return this.#busy.size === 0;
  }

  /** Ends all threads, once they have left the kernels that they may be in; cells that run or wait fail. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const workers = [...this.#idle, ...this.#busy];
    this.#idle.length = 0;
    this.#next();
    await Promise.all(workers.map((worker) => worker.terminate()));
    if (--pools === 0) setNumThreads(threadsBefore);
  }
}

/** Gives a thread a task, and waits for its answer, or its end. */
function ask(
  worker: Worker,
  task: CellTask,
  signal: AbortSignal | undefined,
  onPart: ((part: number) => void) | undefined,
): Promise<CellAnswer> {
  return new Promise<CellAnswer>((resolve, reject) => {
    const stop = () => {
      worker.off('message', answered).off('error', failed).off('exit', ended);
      signal?.removeEventListener('abort', aborted);
    };
    const answered = (answer: CellAnswer | CellPart) => {
      if ('part' in answer) {
        onPart?.(answer.part);
        return;
      }
      stop();
      resolve(answer);
    };
    const failed = (error: unknown) => {
      stop();
      // A thread that has ended may say more.
      worker.on('error', () => {});
      reject(error);
    };
    const ended = (code: number) => failed(new Error(`the worker thread ended with exit code ${code}`));
    const aborted = () => failed(signal!.reason);
    worker.on('message', answered).on('error', failed).on('exit', ended);
    signal?.addEventListener('abort', aborted, { once: true });
    worker.postMessage(task);
  });
}
