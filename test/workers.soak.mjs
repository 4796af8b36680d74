// A process as busy as it gets: workers that do jobs of all kinds (test/workers.jobs.mjs), are terminated at random moments and
// started again, and post tensors to one another. The same job must have the same result for the same seed all the time, every
// worker must get on, and memory must be steady. For `npm run soak -- workers`; a minute of it for `npm run test:long`.
//
//   node test/workers.soak.mjs [--minutes 30] [--workers 8]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as lib from '../dist/index.js';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, workers: { type: 'string', default: '8' } },
});
const length = Number(options.minutes) * 60_000;
const temporary = mkdtempSync(join(tmpdir(), 'evenkeel-soak-'));

/** Seeds of each job: few, so that most results have been seen before. */
const seeds = 12;

/** A worker that does not finish a job for so long hangs. */
const patience = 120_000;

/** How often a worker is terminated, in milliseconds. */
const lifetime = 1500;

const any = (list) => list[Math.floor(Math.random() * list.length)];

const digests = new Map();
const counts = { jobs: 0, compared: 0, aborts: 0, sent: 0, received: 0, terminated: 0 };
const problems = [];
let ended = false;

function problem(text) {
  problems.push(text);
  ended = true;
}

class Slot {
  constructor(number) {
    this.folder = join(temporary, String(number));
    this.start();
  }

  start() {
    this.busySince = performance.now();
    const worker = new Worker(new URL('workers.jobs.mjs', import.meta.url), {
      workerData: { folder: this.folder, seeds },
    });
    this.worker = worker;
    worker.on('message', (message) => this.take(message));
    worker.on('error', (error) => problem(`a worker threw ${error.stack}`));
    worker.on('exit', () => {
      if (!ended && worker === this.worker) problem('a worker ended by itself');
    });
  }

  take(message) {
    if (message.kind === 'done') {
      this.busySince = performance.now();
      const key = `${message.name} ${message.seed}`;
      const before = digests.get(key);
      counts.jobs++;
      if (before === undefined) digests.set(key, message.found);
      else if (before !== message.found) problem(`${key}: ${message.found}, and before ${before}`);
      else counts.compared++;
    } else if (message.kind === 'aborts') {
      counts.aborts += message.count;
    } else if (message.kind === 'received') {
      counts.received++;
    } else {
      counts.sent++;
      // Some never arrive: their receiver is terminated first.
      const { worker } = any(slots.filter((slot) => slot.worker !== undefined));
      worker.postMessage({ message: message.message, wanted: message.wanted }, lib.transferList(message.message));
    }
  }

  async restart() {
    const { worker } = this;
    this.worker = undefined;
    await worker.terminate();
    counts.terminated++;
    rmSync(this.folder, { recursive: true, force: true });
    if (!ended) this.start();
  }
}

// Two threads for each call, whatever the machine: products divided otherwise may differ in the last bits.
lib.setNumThreads(2);
const slots = Array.from({ length: Number(options.workers) }, (_, i) => new Slot(i));
const begin = performance.now();
const samples = [];
let nextRestart = begin + lifetime;
while (!ended && performance.now() - begin < length) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const now = performance.now();
  samples.push(process.memoryUsage.rss() / 2 ** 20);
  if (samples.length % 150 === 0) console.error(`${counts.jobs} jobs, ${Math.round(samples.at(-1))} MB`);
  const stuck = slots.findIndex(({ busySince }) => now - busySince > patience);
  if (stuck >= 0) problem(`worker ${stuck} has not finished a job for ${patience / 1000} s`);
  if (now < nextRestart) continue;
  nextRestart = now + lifetime * (0.5 + Math.random());
  await any(slots).restart();
}
ended = true;
await Promise.all(slots.map(({ worker }) => worker?.terminate()));
rmSync(temporary, { recursive: true, force: true });

// Steady: what is in use in the last third is what was in the first, once the process has warmed up. The largest sample says little: it
// is how much garbage happened to wait in all the workers at once. Warming up takes ten minutes, most likely since glibc has eight
// arenas for each processor that fill one after another and keep up to 128 MB each, as the addon tells it to (native/memory.cc). The
// median may grow by a tenth from then on; a shorter run can only say that there are not more than 400 MB for each worker.
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const warming = 10 * 60_000;
const long = length >= 2 * warming;
const warm = samples.slice(long ? Math.floor((samples.length * warming) / length) : samples.length / 10);
const third = Math.floor(warm.length / 3);
const [first, last] = [warm.slice(0, third), warm.slice(-third)];
const memory = {
  first: Math.round(median(first)),
  last: Math.round(median(last)),
  peakFirst: Math.round(Math.max(...first)),
  peakLast: Math.round(Math.max(...last)),
};
if (problems.length === 0 && memory.last > (long ? memory.first * 1.1 : slots.length * 400)) {
  problems.push(`memory grew from ${memory.first} to ${memory.last} MB`);
}
console.log(JSON.stringify({ ...counts, memory, problems }));
process.exitCode = problems.length > 0 ? 1 : 0;
