// Whether the cells that run at the same time fit into memory.
import { rangeError } from '../../errors.js';
import type { Cell } from '../cell.js';
import { isElementwise } from '../layers/weights.js';
import { describeCell } from './grid.js';
import { call } from './options.js';

const floatBytes = 4;

/** Bytes that a cell takes at the least: its weights where it keeps them, and its signals. */
export function cellBytes(cell: Cell): { weights: number; signals: number } {
  const { width, depth, batch, image, mode, init, backward } = cell;
  const kernel = image === null ? 1 : 9;
  const places = image === null ? 1 : image ** 2;
  // 'auto' does without matrices where it must, and can.
  const canDoWithout = image === null && (init === null || isElementwise(init));
  const keeps = mode === 'materialized' || (mode === 'auto' && !canDoWithout);
  // A walk back needs the weights of all layers; without one a layer's are dropped as soon as they were used.
  const kept = keeps ? (backward ? depth : 1) : 0;
  return {
    weights: kept * width * width * kernel * floatBytes,
    // Before the activation and after it.
    signals: (backward ? depth : 1) * 2 * batch * width * places * floatBytes,
  };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;

/**
 * Refuses cells that would not fit.
 *
 * @param workers how many cells run at the same time
 * @throws RangeError (ERR_RANGE) with the figures, and what would do
 */
export function checkMemory(cells: readonly Cell[], workers: number, available = process.availableMemory()): void {
  const needs = cells
    .map((cell) => ({ cell, ...cellBytes(cell) }))
    .sort((a, b) => b.weights + b.signals - a.weights - a.signals);
  const largest = needs[0];
  if (largest === undefined) return;
  const sum = (count: number) => needs.slice(0, count).reduce((sum, need) => sum + need.weights + need.signals, 0);
  if (sum(workers) <= available) return;
  const one = sum(1);
  const { cell, weights, signals } = largest;
  const what = `${describeCell(cell)} needs ${gigabytes(one)} (${gigabytes(weights)} of weights, ${gigabytes(signals)} of signals)`;
  const offers = [];
  if (one <= available) offers.push(`fewer workers than ${workers}`);
  const canDoWithout = cell.image === null && (cell.init === null || isElementwise(cell.init));
  if (weights > 0 && signals <= available) {
    offers.push(
      canDoWithout
        ? `mode 'matrix-free' (--materialize never), which keeps no weights`
        : `an init that mode 'matrix-free' (--materialize never) can do without weights`,
    );
  }
  if (cell.backward) offers.push('backward: false (--no-backward), which keeps one layer at a time');
  const hint = offers.length > 0 ? `; try ${offers.join(', or ')}` : '';
  throw rangeError(call, `${what}, ${gigabytes(available)} are available${hint}`);
}
