// How every implementation in JavaScript is timed; raw_blas.c and torch_case.py do the same.

const batchMs = 2;
const warmUpMs = 100;

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
  } while (elapsed < warmUpMs || calls < 3);
  // The first calls are slow: only the last ones count.
  const again = performance.now();
  for (let i = 0; i < calls >> 1; i++) step();
  const each = (performance.now() - again) / (calls >> 1);
  return each < batchMs ? Math.ceil(batchMs / each) : 1;
}

/** The median and the shortest time of a call, in milliseconds, over about `seconds`. */
export function round(step, batch, seconds) {
  const samples = [];
  const end = performance.now() + 1000 * seconds;
  do {
    const start = performance.now();
    for (let i = 0; i < batch; i++) step();
    samples.push((performance.now() - start) / batch);
  } while (samples.length < 3 || performance.now() < end);
  return { ms: median(samples), best: Math.min(...samples) };
}
