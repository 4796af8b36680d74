// What the tests of sweeps share: cells that take no time, in processes that can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { GridOptions } from '../../../lib/study/sweep/grid.js';

/** The built command. */
export const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** A folder that goes away with the tests of a file. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-sweep-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** Cells of a millisecond: `count` of them, a multiple of 4. */
export const tiny = (count: number) =>
  ({
    width: [4, 8],
    depth: 2,
    activation: ['tanh', 'relu'],
    sigmaW: 1.5,
    repeats: 2,
    seed: Array.from({ length: count / 4 }, (_, i) => i),
  }) satisfies GridOptions;

/** The same as flags of the command. */
export const tinyFlags = (count: number) => [
  ...['--width', '4,8', '--depth', '2', '--activation', 'tanh,relu', '--sigma-w', '1.5', '--repeats', '2'],
  ...['--seed', `0:${count / 4 - 1}`],
];

/** A command that runs beside the test. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has written to standard error so far. */
  readonly said: () => string;
  /** What it has written to standard output so far. */
  readonly printed: () => string;
  /** Its end: its status, or the signal that killed it. */
  readonly ended: Promise<number | string>;
}

export function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, printed] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  return { child, said: () => said, printed: () => printed, ended };
}

/** Waits until something is so. */
export async function until(is: () => boolean, what: string, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!is()) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await wait(5);
  }
}

/** Lines of a file of results, without the header. */
export function results(path: string): number {
  try {
    if (statSync(path).size === 0) return 0;
  } catch {
    return 0;
  }
  return readFileSync(path, 'utf8').split('\n').length - 2;
}

/** Kills a sweep over and over at random points, and at last lets it end. Returns how many results each kill left. */
export async function killAndResume(args: readonly string[], path: string, kills: number, cells: number, seed: number) {
  // A fixed sequence of shares: a failure can be repeated, as far as time can.
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const left: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const before = results(path);
    const goal = before + Math.max(1, Math.floor(random() * (2 / (kills + 1)) * (cells - before)));
    const run = start(args);
    await until(() => results(path) >= goal || run.child.exitCode !== null, `${goal} results`);
    await wait(random() * 5);
    run.child.kill('SIGKILL');
    const status = await run.ended;
    if (status !== 'SIGKILL') throw new Error(`the sweep ended with ${status} before it was killed: ${run.said()}`);
    left.push(results(path));
  }
  const last = start(args);
  const status = await last.ended;
  if (status !== 0) throw new Error(`the last run ended with ${status}: ${last.said()}`);
  return left;
}
