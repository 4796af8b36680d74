// A worker of a queue: it runs the cells of any study that is submitted to its server.
import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe } from '../../errors.js';
import { checkSignal } from '../../job.js';
import { describeCell } from './grid.js';
import { cellKey } from './key.js';
import { checkMemory } from './memory.js';
import { checkCount } from './options.js';
import { CellPool } from './pool.js';
import {
  type CellJob,
  checkAddress,
  connect,
  loadQueuePackages,
  lockOptions,
  mayPass,
  queueName,
  refusal,
} from './redis.js';

/** Options of `studyWorker`. */
export interface StudyWorkerOptions {
  /** The address of a Redis server: `redis://host:port`. */
  queue: string;
  /** Cells that run at the same time, each on a worker thread; as many as there are processors by default. */
  concurrency?: number | undefined;
  /** Threads of kernels in each cell; 1 by default. */
  threads?: number | undefined;
  /** Ends it: no further cells are taken, and those that run have `grace` to finish before they are given back. */
  signal?: AbortSignal | undefined;
  /** How long, in ms, cells may go on after the signal; 5000 by default. */
  grace?: number | undefined;
  /** Told about cells that fail, and of a server that goes away and comes back; process warnings by default. */
  onMessage?: ((message: string) => void) | undefined;
}

const call = 'studyWorker';

/**
 * Works on the cells that studies submit to a queue (`study` with `queue`), until its signal is aborted. A cell that a worker
 * takes stays on the server until its result is there: a worker that is killed loses nothing, others take its cells up 10 to
 * 20 s later. A server that goes away is waited for.
 *
 * @returns a promise that is fulfilled once the signal was aborted and all is tidied up; it rejects with TypeError (ERR_ARGUMENT)
 * or RangeError (ERR_RANGE) for options that are unknown or out of range, and RangeError (ERR_STATE) where the packages that
 * queues need are not installed
 * @example
 * // const stop = new AbortController();
 * // await studyWorker({ queue: 'redis://localhost:6379', signal: stop.signal });
 */
export async function studyWorker(options: StudyWorkerOptions): Promise<void> {
  const { queue, concurrency, threads, signal: given, grace = 5000, onMessage, ...rest } = checkOptions(call, options);
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw argumentError(call, `unknown option '${unknown}'`);
  const address = checkAddress(call, queue);
  const most = checkCount(call, 'concurrency', concurrency ?? availableParallelism(), 1024);
  const kernelThreads = checkCount(call, 'threads', threads ?? 1, 256);
  if (typeof grace !== 'number' || !(grace >= 0)) {
    throw argumentError(call, `grace must be milliseconds, 0 or more, got ${describe(grace)}`);
  }
  if (onMessage !== undefined && typeof onMessage !== 'function') {
    throw argumentError(call, `onMessage must be a function, got ${describe(onMessage)}`);
  }
  const say = onMessage ?? ((message: string) => process.emitWarning(message));
  const signal = checkSignal(call, given);
  const { bullmq, Redis } = await loadQueuePackages(call);
  signal?.throwIfAborted();

  let broken: unknown;
  let stopNow = () => {};
  const ended = new Promise<void>((resolve) => {
    stopNow = resolve;
  });
  const breakOff = (error: unknown) => {
    broken ??= error;
    stopNow();
  };
  const { options: connection, name, isLost, end } = connect(address, Redis, say, { refused: breakOff });
  const pool = new CellPool(most, kernelThreads);
  const giveBack = new AbortController();
  const worker = new bullmq.Worker<CellJob, string>(
    queueName,
    async (job, token) => {
      const { key, cell } = job.data;
      try {
        if (cellKey(cell) !== key) throw new Error('the cell is not what its key says: it is of another version');
        checkMemory([cell], 1);
        return await pool.run(key, cell, giveBack.signal);
      } catch (error) {
        if (giveBack.signal.aborted) {
          await job.moveToWait(token);
          throw new bullmq.WaitingError();
        }
        say(`${describeCell(cell)}: ${(error as Error).message}`);
        throw error;
      }
    },
    { ...connection, ...lockOptions, concurrency: most },
  );
  // Lost connections are told by whoever has them; a lock that was lost meanwhile means that another worker has the cell.
  worker.on('error', (error) => {
    if (!mayPass(error)) breakOff(refusal(name, error));
  });
  signal?.addEventListener('abort', stopNow, { once: true });
  if (signal?.aborted) stopNow();
  await ended;
  // Time for the cells that run, if any. Without a server nothing can be given back: its locks run out.
  const patience = broken === undefined && !pool.isIdle() ? grace : 0;
  const timer = setTimeout(() => giveBack.abort(new Error('the worker stops')), patience);
  try {
    // BullMQ's own tidying up waits for its server, whatever may come.
    const tidying = broken !== undefined || (pool.isIdle() && isLost()) ? 0 : patience + 3000;
    const late = wait(tidying, undefined, { ref: false }).then(end);
    await Promise.race([worker.close().catch(() => {}), late]);
  } finally {
    clearTimeout(timer);
    await pool.close();
    end();
    // Its timer would keep the process: BullMQ stops it last of all, after waiting for a server that is not there.
    const { lockManager } = worker as unknown as { lockManager?: { close(): Promise<void> } };
    await lockManager?.close();
  }
  if (broken !== undefined) throw broken;
}
