// The other side of a pool of cells: a worker thread that runs one cell after the other, as it is asked to.
import { parentPort } from 'node:worker_threads';
import type { Cell } from '../cell/cell.js';
import { runCell } from '../cell/run.js';
import { resultLine } from './results.js';

/** A cell to run. */
export interface CellTask {
  readonly key: string;
  readonly cell: Cell;
}

/** The line of its result, or what went wrong. */
export type CellAnswer = { readonly line: string } | { readonly message: string };

/** How much of the cell is done, from 0 to 1. */
export interface CellPart {
  readonly part: number;
}

/** Not more often than this, in ms, is told how much is done. */
const partTime = 100;

parentPort?.on('message', ({ key, cell }: CellTask) => {
  let answer: CellAnswer;
  try {
    let told = performance.now();
    const onProgress = (done: number, total: number) => {
      if (performance.now() - told < partTime) return;
      told = performance.now();
      parentPort!.postMessage({ part: done / total } satisfies CellPart);
    };
    answer = { line: resultLine(key, runCell(cell, { onProgress })) };
  } catch (error) {
    answer = { message: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(answer);
});
