// The other side of a pool of cells: a worker thread that runs one cell after the other, as it is asked to.
import { parentPort } from 'node:worker_threads';
import type { Cell } from '../cell.js';
import { runCell } from '../run.js';
import { resultLine } from './results.js';

/** A cell to run. */
export interface CellTask {
  readonly key: string;
  readonly cell: Cell;
}

/** The line of its result, or what went wrong. */
export type CellAnswer = { readonly line: string } | { readonly message: string };

parentPort?.on('message', ({ key, cell }: CellTask) => {
  let answer: CellAnswer;
  try {
    answer = { line: resultLine(key, runCell(cell)) };
  } catch (error) {
    answer = { message: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(answer);
});
