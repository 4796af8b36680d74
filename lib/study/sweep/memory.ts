// Whether the cells that run at the same time fit into memory.
import { rangeError } from '../../errors.js';
import type { Cell } from '../cell/cell.js';
import { fanInOf } from '../cell/network.js';
import { isElementwise } from '../layers/weights.js';
import { describeCell } from './grid.js';
import { call } from './options.js';

const floatBytes = 4;

/** Whether a cell's layers can do without their weights in memory. */
const canDoWithout = ({ image, init }: Cell) => image === null && (init === null || isElementwise(init));

/** Bytes that a cell takes at the least: its weights where it keeps them, and its signals. */
export function cellBytes(cell: Cell): { weights: number; signals: number } {
  const { width, depth, batch, image, mode, backward } = cell;
  // 'auto' does without matrices where it must, and can.
  const keeps = mode === 'materialized' || (mode === 'auto' && !canDoWithout(cell));
  // The weights of fully connected layers get no gradient of their own.
  const copies = image !== null && backward ? 2 : 1;
  return {
    weights: keeps ? copies * depth * width * fanInOf(cell) * floatBytes : 0,
    // Before the activation and after it; only the way back needs all of them.
    signals: (backward ? depth : 1) * 2 * batch * width * (image ?? 1) ** 2 * floatBytes,
  };
}

function gigabytes(bytes: number): string {
  const size = bytes / 1e9;
  return `${size < 100 ? Number(size.toPrecision(2)) : Math.round(size)} GB`;
}

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
  const of = `${gigabytes(weights)} of weights, ${gigabytes(signals)} of signals`;
  const all = one <= available ? `; ${workers} workers need ${gigabytes(sum(workers))}` : '';
  const offers = [];
  if (one <= available) offers.push('fewer workers');
  const least = signals / (cell.backward ? cell.depth : 1);
  const forward = cell.backward && least <= available ? 'backward false (--no-backward), which keeps no signals' : '';
  if (weights > 0 && cell.image === null && (signals <= available || forward !== '')) {
    const init = canDoWithout(cell) ? '' : ', and an init that makes weights element by element';
    const both = signals <= available ? '' : `, with ${forward}`;
    offers.push(`mode 'matrix-free' (--materialize never), which keeps no weights${init}${both}`);
  } else if (forward !== '' && weights <= available) offers.push(forward);
  const hint = offers.length > 0 ? `. Try ${offers.join(', or ')}` : '';
  throw rangeError(
    call,
    `${describeCell(cell)} needs ${gigabytes(one)} (${of})${all}, and ${gigabytes(available)} are available${hint}`,
  );
}
