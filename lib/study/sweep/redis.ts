// The queue of cells on a Redis server, which BullMQ keeps: what those who submit and those who work agree upon.
import type * as BullMQ from 'bullmq';
import type { Redis } from 'ioredis';
import { argumentError, describe, stateError } from '../../errors.js';
import type { CellTask } from './worker.js';

/** Where all cells are queued: BullMQ's names. */
export const queueName = 'cells';
const prefix = 'evenkeel';

/** A job: a cell. What it returns is the line of its result. */
export type CellJob = CellTask;

/**
 * A cell that throws is tried once more: a thread may have run out of memory. Results are kept until they are collected, and no
 * longer than 30 days, should nobody come for them.
 */
export const jobOptions: BullMQ.JobsOptions = {
  attempts: 2,
  removeOnComplete: { age: 30 * 24 * 3600 },
  removeOnFail: { age: 30 * 24 * 3600 },
};

/**
 * A worker renews the locks of its cells every 5 s, which its main thread is always free to do. Cells whose lock was not renewed
 * for 10 s go back to the queue: their worker was killed, or cut off. One that this happens to time and again may be what kills
 * them, and fails.
 */
export const lockOptions = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 5, runRetryDelay: 1000 };

/** Checks the address of a Redis server. */
export function checkAddress(call: string, address: unknown): string {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '')
    return address as string;
  throw argumentError(call, `queue must be the address of a Redis server, redis://host:port, got ${describe(address)}`);
}

/**
 * The packages that queues need, which are optional.
 *
 * @throws RangeError (ERR_STATE) where they are not installed
 */
export async function loadQueuePackages(call: string): Promise<{ bullmq: typeof BullMQ; Redis: typeof Redis }> {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis: ioredis.Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw stateError(call, 'queues need two more packages, bullmq and ioredis: npm install bullmq@6 ioredis@5');
  }
}

/** A connection, and the options that BullMQ wants of it. */
export interface Connection {
  readonly options: BullMQ.QueueBaseOptions & { prefix: string };
  /** The address without a password. */
  readonly name: string;
  /** Whether the server is known to be away. */
  readonly isLost: () => boolean;
  /** Ends it at once, with the copies that BullMQ made of it: commands that wait for the server fail. */
  readonly end: () => void;
}

/**
 * Connects to a server, and goes on trying where there is none. Commands wait until it is back.
 *
 * @param say is told when it goes away and when it is back
 * @param back called each time it is there again
 * @param refused called where it is there but will not have us: for want of a password, or with a wrong one
 */
export function connect(
  address: string,
  Client: typeof Redis,
  say: (message: string) => void,
  { back = () => {}, refused }: { back?: () => void; refused: (error: unknown) => void },
): Connection {
  const name = new URL(address).host;
  const redis = new Client(address, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  });
  let [lost, before] = [false, false];
  redis.on('error', (error) => {
    if (!mayPass(error))
      refused(new Error(`the Redis server at ${name} refuses: ${reasonOf(error)}`, { cause: error }));
    else if (!lost) say(`the Redis server at ${name} does not answer (${reasonOf(error)}); trying again until it does`);
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) say(`the Redis server at ${name} is there`);
    lost = false;
    if (before) back();
    before = true;
  });
  // BullMQ does not end its copies while there is no server, and would connect again what has ended.
  const all = [redis];
  let ended = false;
  const endOne = (one: Redis) => {
    one.connect = () => Promise.reject(new Error('Connection is closed.'));
    one.disconnect();
  };
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (...args) => {
    const copy = duplicate(...args);
    copy.on('error', () => {});
    all.push(copy);
    if (ended) endOne(copy);
    return copy;
  };
  const end = () => {
    ended = true;
    for (const one of all) endOne(one);
  };
  return { options: { connection: redis, prefix }, name, isLost: () => lost, end };
}

/** What a server says that will not have us. */
export function refusal(name: string, error: unknown): Error {
  return new Error(`the Redis server at ${name} refuses: ${reasonOf(error)}`, { cause: error });
}

/** What an error says; several tries at once (IPv4 and IPv6) have a code alone. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}

/** Whether an error may pass: the server is gone, starting, or short of something; anything else it says stays so. */
export function mayPass(error: unknown): boolean {
  const { name, message } = error as Error;
  if (name !== 'ReplyError') return !(error instanceof TypeError);
  return /^(LOADING|BUSY|READONLY|MISCONF|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|OOM|UNBLOCKED)\b/.test(message);
}
