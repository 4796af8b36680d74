// How every implementation in JavaScript is timed; raw_blas.c and python_case.py do the same.
import { createInterface } from 'node:readline';

const batchMs = 2;
const warmUpMs = 100;
/** Three calls are wanted, but not if they take longer than this many times the time that was given. */
const patience = 10;

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Calls `step` until it is warm, and says how many calls make a batch that the clock can time. */
export function warmUp(step) {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  do {
    step();
    calls++;
    elapsed = performance.now() - start;
  } while (elapsed < warmUpMs || (calls < 3 && elapsed < patience * warmUpMs));
  // The first calls are slow: only the last ones count.
  const last = Math.max(1, calls >> 1);
  const again = performance.now();
  for (let i = 0; i < last; i++) step();
  const each = (performance.now() - again) / last;
  return each < batchMs ? Math.ceil(batchMs / each) : 1;
}

/** The median and the shortest time of a call, in milliseconds, over about `seconds`. */
export function round(step, batch, seconds) {
  const samples = [];
  const begin = performance.now();
  let elapsed = 0;
  do {
    const start = performance.now();
    for (let i = 0; i < batch; i++) step();
    const end = performance.now();
    samples.push((end - start) / batch);
    elapsed = (end - begin) / 1000;
  } while (elapsed < seconds || (samples.length < 3 && elapsed < patience * seconds));
  return { ms: median(samples), best: Math.min(...samples) };
}

/**
 * A case as a process of its own: says {} when it is warm, then answers each line on standard input, a number of seconds,
 * by a line of JSON, {"ms","best"}.
 */
export async function serve(step) {
  const batch = warmUp(step);
  const answer = (values) => process.stdout.write(`${JSON.stringify(values)}\n`);
  answer({});
  for await (const line of createInterface({ input: process.stdin })) answer(round(step, batch, Number(line)));
}
