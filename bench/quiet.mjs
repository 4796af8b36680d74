// Other processes on the machine: how busy they keep it, and waiting until they don't.
import os from 'node:os';
import { spread } from './report.mjs';

const sampleMs = 500;
/** Below this share of the CPUs, nothing else runs to speak of. */
const idle = 0.05;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The share of the CPUs' time that was spent on something between two readings of os.cpus(). */
export function busyShare(before, after) {
  const total = (cpus, kinds) =>
    cpus.reduce((sum, { times }) => sum + kinds.reduce((a, kind) => a + times[kind], 0), 0);
  const kinds = Object.keys(before[0].times);
  const all = total(after, kinds) - total(before, kinds);
  return all > 0 ? 1 - (total(after, ['idle']) - total(before, ['idle'])) / all : 0;
}

/** Waits until the machine is idle, but no longer than `limit` seconds. */
export async function untilIdle(limit) {
  for (const end = Date.now() + 1000 * limit; Date.now() < end; ) {
    const before = os.cpus();
    await sleep(sampleMs);
    if (busyShare(before, os.cpus()) < idle) return;
  }
}

/**
 * The result of `measure()`; where its spread is above `noise`, the least disturbed of up to `retries` more, each after
 * `wait()`. A failure is final.
 */
export async function leastDisturbed(measure, retries, noise, wait) {
  let best = await measure();
  for (let i = 0; i < retries && best.failure === undefined && spread(best.times) > noise; i++) {
    await wait();
    const again = await measure();
    if (again.failure === undefined && spread(again.times) < spread(best.times)) best = again;
  }
  return best;
}
