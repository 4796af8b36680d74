// Cells run by the workers of a queue: submitted as jobs, collected as they are done.
import { setTimeout as wait } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Cell } from '../cell/cell.js';
import type { CellSink } from './local.js';
import { call } from './options.js';
import { type CellJob, checkAddress, connect, jobOptions, loadQueuePackages, mayPass, queueName } from './redis.js';
import { isLineOf } from './results.js';

/** Jobs that one command asks about or submits. */
const chunk = 200;

/** How long to wait between two looks, in ms: four times as long as looking takes, within these. */
const [leastPause, mostPause] = [200, 5000];

/** How often jobs are submitted anew, in ms: those that are there stay as they are, and any that a server lost come back. */
const resubmitTime = 60_000;

/** How long nothing may happen, in ms, before it is looked whether there are workers. */
const patience = 10_000;

/** Where results go to: they are removed from the server only once they are on the disk. */
export interface QueueSink extends CellSink {
  readonly sync: () => void;
}

/**
 * Submits cells, and collects their results until all are there. A job's id is made of the study's and the cell's: a cell is
 * never queued twice, and a further run of the study finds what the workers did meanwhile.
 */
export async function runThroughQueue(
  address: string,
  study: string,
  cells: readonly (readonly [string, Cell])[],
  sink: QueueSink,
  { signal, say }: { signal: AbortSignal | undefined; say: (message: string) => void },
): Promise<void> {
  checkAddress(call, address);
  const { bullmq, Redis } = await loadQueuePackages(call);
  signal?.throwIfAborted();
  let submitAt = 0;
  const refusal = new AbortController();
  const { options, name, end } = connect(address, Redis, say, {
    back: () => {
      submitAt = 0;
    },
    refused: (error) => refusal.abort(error),
  });
  const stop = AbortSignal.any([refusal.signal, ...(signal === undefined ? [] : [signal])]);
  // The stream of events would hold thousands of results; nobody listens to it.
  const queue = new bullmq.Queue<CellJob, string>(queueName, { ...options, streams: { events: { maxLen: 10 } } });
  queue.on('error', () => {});
  const pending = new Map(cells.map(([key, cell]) => [`${study.slice(0, 16)}-${key}`, { key, cell }]));
  try {
    await untilAborted(collect(), stop);
  } finally {
    pending.clear();
    end();
    // It waits for what the server has yet to answer.
    void queue.close().catch(() => {});
  }

  async function collect(): Promise<void> {
    let first = true;
    let lastDone = performance.now();
    let pause = leastPause;
    while (pending.size > 0) {
      const start = performance.now();
      try {
        if (first) await forgetFailures(queue, pending);
        first = false;
        if (start >= submitAt) {
          await submit(queue, pending);
          submitAt = performance.now() + Math.max(resubmitTime, 20 * (performance.now() - start));
        }
        const looked = performance.now();
        const any = await takeFinished(bullmq.Job, queue, pending, sink);
        pause = Math.min(Math.max(4 * (performance.now() - looked), leastPause), mostPause);
        if (any) lastDone = performance.now();
        else if (performance.now() - lastDone > patience) {
          lastDone = Number.POSITIVE_INFINITY;
          if ((await queue.getWorkersCount()) === 0) {
            say(`no worker is there for the cells on ${name}: start some with evenkeel worker --queue ${address}`);
          }
        }
      } catch (error) {
        if (pending.size === 0 || !mayPass(error)) throw error;
        await wait(1000);
      }
      if (pending.size > 0) await wait(pause);
    }
  }
}

type Pending = Map<string, CellJob>;

/** Cells that failed in an earlier run get another try. */
async function forgetFailures(queue: Queue, pending: Pending): Promise<void> {
  const failed = (await queue.getRanges(['failed'], 0, -1)).filter((id) => pending.has(id));
  for (const id of failed) await queue.remove(id);
}

async function submit(queue: Queue<CellJob, string>, pending: Pending): Promise<void> {
  for (const part of parts([...pending])) {
    await queue.addBulk(part.map(([jobId, data]) => ({ name: 'cell', data, opts: { ...jobOptions, jobId } })));
  }
}

/** Takes what is done; whether there was any. */
async function takeFinished(
  Job: typeof import('bullmq').Job,
  queue: Queue<CellJob, string>,
  pending: Pending,
  sink: QueueSink,
): Promise<boolean> {
  const finished = (await queue.getRanges(['completed', 'failed'], 0, -1)).filter((id) => pending.has(id));
  for (const part of parts(finished)) {
    const jobs = await Promise.all(part.map((id) => Job.fromId<CellJob, string>(queue, id)));
    const taken = part.filter((id, i) => {
      const job = jobs[i];
      const task = pending.get(id);
      // Another run of the study may have taken it just now: it is submitted again later.
      if (job === undefined || task === undefined) return false;
      pending.delete(id);
      const { key, cell } = task;
      const line: unknown = job.returnvalue;
      if (typeof line === 'string' && isLineOf(key, line)) sink.done(key, cell, line);
      else sink.failed(key, cell, job.failedReason || 'a worker of another version answered something else');
      return true;
    });
    sink.sync();
    await Promise.all(taken.map((id) => queue.remove(id)));
  }
  return finished.length > 0;
}

function* parts<T>(list: readonly T[]): Generator<T[], void, undefined> {
  for (let start = 0; start < list.length; start += chunk) yield list.slice(start, start + chunk);
}

/** Rejects as soon as the signal is aborted; what goes on meanwhile may fail unheard. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  work.catch(() => {});
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
