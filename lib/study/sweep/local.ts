// Cells run here, on worker threads.
import type { Cell } from '../cell/cell.js';
import { CellPool } from './pool.js';

/** What became of a cell. */
export interface CellSink {
  /** Called with the line of each result, as soon as it is there. */
  readonly done: (key: string, cell: Cell, line: string) => void;
  /** Called for each cell that could not be computed. */
  readonly failed: (key: string, cell: Cell, message: string) => void;
  /** Called with the cells' worth of work that was done in those that run. */
  readonly running?: (cells: number) => void;
}

/** How cells are run here. */
export interface LocalOptions {
  /** Worker threads. */
  readonly workers: number;
  /** Threads of kernels in each of them. */
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  /** The threads' script, for tests. */
  readonly script?: string | undefined;
}

/** Runs cells; one that fails does not hold up the others. What the sink throws, and an abort, stop all. */
export async function runLocally(
  cells: readonly (readonly [string, Cell])[],
  sink: CellSink,
  { workers, threads, signal, script }: LocalOptions,
): Promise<void> {
  const pool = new CellPool(workers, threads, script);
  const left = cells.values();
  const parts = new Map<string, number>();
  // As many as there are threads take one cell after the other: a million promises at once would be a million too many.
  async function work(): Promise<void> {
    for (const [key, cell] of left) {
      let line: string;
      try {
        line = await pool.run(key, cell, signal, (part) => {
          parts.set(key, part);
          sink.running?.([...parts.values()].reduce((sum, one) => sum + one, 0));
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (stopped) return;
        sink.failed(key, cell, error instanceof Error ? error.message : String(error));
        continue;
      } finally {
        parts.delete(key);
      }
      sink.done(key, cell, line);
    }
  }
  let stopped = false;
  try {
    await Promise.all(Array.from({ length: Math.min(workers, cells.length) }, work));
  } finally {
    stopped = true;
    await pool.close();
  }
}
