// A propagation study: a grid of networks measured, here or through a queue, with results that an interrupted run leaves to
// the next one.
import { availableParallelism } from 'node:os';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe } from '../../errors.js';
import { checkSignal } from '../../job.js';
import { checkPath } from '../../paths.js';
import type { Cell, CellResult } from '../cell/cell.js';
import { type CellGrid, type GridOptions, makeGrid } from './grid.js';
import { type CellSink, runLocally } from './local.js';
import { checkMemory } from './memory.js';
import { call, checkCount } from './options.js';
import { runThroughQueue } from './queue.js';
import { parseLine, type Results, ResultsFile, ResultsInMemory } from './results.js';

/** How far a study is. */
export interface StudyProgress {
  /** Cells that are done, those of earlier runs among them. */
  readonly done: number;
  /** Cells to be done in all. */
  readonly total: number;
  /** The cell that is done; null at the start, and while cells run. */
  readonly cell: Cell | null;
  /** What was done of cells that run, in cells. */
  readonly running: number;
}

/** Options of `study`: a grid, and how it is run. */
export interface StudyOptions extends GridOptions {
  /**
   * A file of JSON Lines that results are appended to as they are there; a study that is in it already goes on from there. None
   * by default.
   */
  file?: string | undefined;
  /** Cells that run at the same time, each on a worker thread; as many as there are processors by default. */
  workers?: number | undefined;
  /** Threads of kernels in each cell; 1 by default: products may differ in their last bits for another count. */
  threads?: number | undefined;
  /** A share of the cells, such as '3/16': the third of sixteen. All by default. */
  cells?: string | undefined;
  /** The address of a Redis server, `redis://host:port`, whose workers run the cells (`studyWorker`). */
  queue?: string | undefined;
  /** Stops the study; what is done stays in the file. */
  signal?: AbortSignal | undefined;
  /** Called at the start, for each cell that is done, and now and then while cells run here. */
  onProgress?: ((progress: StudyProgress) => void) | undefined;
  /** Told what is out of the ordinary but no error; a process warning by default. */
  onMessage?: ((message: string) => void) | undefined;
}

/** A cell that could not be measured. */
export interface StudyFailure {
  readonly key: string;
  readonly cell: Cell;
  readonly message: string;
}

/** What a study found. */
export interface StudyResult {
  /** The hash of the grid. */
  readonly study: string;
  /** In the grid's order, without those that failed. */
  readonly results: readonly CellResult[];
  readonly failures: readonly StudyFailure[];
}

/** What tests may change. */
interface Internals {
  readonly script?: string;
}

function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw argumentError(call, `${name} must be a function, got ${describe(value)}`);
}

function checkText(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw argumentError(call, `${name} must be a text, got ${describe(value)}`);
}

/** The keys of a share: every n-th cell, so that shares of a grid from small to large take about as long as one another. */
function shareOf({ cells }: CellGrid, share: unknown): string[] {
  const keys = [...cells.keys()];
  if (share === undefined) return keys;
  const [, part = '', parts = ''] = /^([0-9]{1,9})\/([0-9]{1,9})$/.exec(String(share)) ?? [];
  const [i, n] = [Number(part), Number(parts)];
  if (typeof share !== 'string' || part === '' || i < 1 || i > n) {
    throw argumentError(call, `cells must be a share such as '3/16', from '1/16' to '16/16', got ${describe(share)}`);
  }
  return keys.filter((_, index) => index % n === i - 1);
}

/**
 * Measures how signals travel through each network of a grid: each option of a cell may be one value or a list of them, and
 * each combination is a cell. What a cell's numbers are depends on the cell alone: not on the grid, on workers, on the order in
 * which cells were run, or on interruptions.
 *
 * With `file`, results are appended to it as they are there, and a study that was interrupted, or killed, goes on from there;
 * once all cells are done the file is in the grid's order, the same to the byte for each way there.
 *
 * Cells that fail do not stop the others: they are `failures` of the result, and are tried again by a further run.
 *
 * @returns a promise of the results; it rejects with TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for options that are
 * unknown, out of range or do not go together, for a file that holds another study, and for cells that memory does not suffice
 * for, before anything is computed; RangeError (ERR_STATE) where `queue` needs packages that are not installed; or with the
 * signal's reason
 * @example
 * const { results } = await study({ width: [32, 64], depth: 5, sigmaW: [1, 1.5], activation: 'tanh', repeats: 2 });
 * for (const { cell, layers } of results) console.log(cell.width, cell.sigmaW, layers.at(-1).q.mean);
 */
export async function study(options: StudyOptions = {}, internals: Internals = {}): Promise<StudyResult> {
  const {
    file,
    workers,
    threads,
    cells,
    queue,
    signal: given,
    onProgress,
    onMessage,
    ...rest
  } = checkOptions(call, options);
  const signal = checkSignal(call, given);
  const path = file === undefined ? undefined : checkPath(call, file);
  const server = checkText('queue', queue);
  const counts = {
    workers: checkCount(call, 'workers', workers ?? availableParallelism(), 1024),
    threads: checkCount(call, 'threads', threads ?? 1, 256),
  };
  const progress = checkFunction('onProgress', onProgress) ?? (() => {});
  const say = checkFunction('onMessage', onMessage) ?? ((message: string) => process.emitWarning(message));
  const grid = makeGrid(rest);
  const keys = shareOf(grid, cells);
  // On a queue it is the workers' memory that counts.
  if (server === undefined) {
    checkMemory(
      keys.map((key) => grid.cells.get(key)!),
      Math.min(counts.workers, keys.length),
    );
  }
  signal?.throwIfAborted();
  const results = path === undefined ? new ResultsInMemory() : new ResultsFile(path, grid, say);
  const failures: StudyFailure[] = [];
  try {
    const missing = keys.filter((key) => !results.has(key)).map((key) => [key, grid.cells.get(key)!] as const);
    let done = keys.length - missing.length;
    const sink: CellSink = {
      done(key, cell, line) {
        results.add(key, line);
        progress({ done: ++done, total: keys.length, cell, running: 0 });
      },
      running: (running) => progress({ done, total: keys.length, cell: null, running }),
      failed: (key, cell, message) => failures.push({ key, cell, message }),
    };
    progress({ done, total: keys.length, cell: null, running: 0 });
    if (missing.length > 0) {
      if (server === undefined) await runLocally(missing, sink, { ...counts, signal, script: internals.script });
      else await runThroughQueue(server, grid.id, missing, { ...sink, sync: () => results.sync() }, { signal, say });
    }
    return { study: grid.id, results: found(results, keys), failures: inOrder(failures, keys) };
  } finally {
    results.close(keys);
  }
}

function found(results: Results, keys: readonly string[]): CellResult[] {
  return keys.filter((key) => results.has(key)).map((key) => parseLine(results.line(key)));
}

function inOrder(failures: readonly StudyFailure[], keys: readonly string[]): StudyFailure[] {
  const places = new Map(keys.map((key, i) => [key, i]));
  return failures.toSorted((a, b) => places.get(a.key)! - places.get(b.key)!);
}
