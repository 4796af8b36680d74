// Eight workers that call the addon at the same time, the count of threads being changed meanwhile, for a build with the thread
// sanitizer: `npm run test:long -- tsan`. Prints how many calls were made; ends with status 66 where the sanitizer saw a race.
// With --race, all write to one array, which it must see.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

// The addon alone: nothing of what is compiled to dist/ is needed to start eight threads of it.
const native = createRequire(import.meta.url)('node-gyp-build')(process.env.EVENKEEL_PREBUILD);
const ids = new Map(native.kernels().map((name, id) => [name, id]));
const codes = new Map([
  [Float32Array, 0],
  [Float64Array, 1],
]);

/** Calls a kernel on arrays of the shapes, stored by rows. */
function run(name, views, params = []) {
  const words = views.flatMap(([array, ...shape]) => {
    const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
    return [codes.get(array.constructor), shape.length, 0, ...shape, ...strides];
  });
  const plan = Float64Array.of(0, ids.get(name), ...words, ...params);
  plan[0] = plan.length;
  native.run(plan, ...views.map(([array]) => array));
}

const count = 100_003;
const stream = [1, 2, 3, 5, 7];

/** A digest of fills, a product, a sum and a convolution. */
function work(shared) {
  const hash = createHash('sha256');
  const [a, b] = [new Float32Array(count), new Float64Array(count)];
  for (const [name, own] of [
    ['uniform', [0, 1]],
    ['normal', [0, 1]],
    ['truncated_normal', [0, 1, -2, 2]],
    ['exponential', [1]],
    ['bernoulli', [0.5]],
  ]) {
    for (const array of [a, b]) {
      run(name, [[array, count]], [...stream, ...own]);
      hash.update(array);
    }
  }
  run('permutation', [[b, count]], stream);
  hash.update(b);
  const [m, product, q] = [a.subarray(0, 300 * 200), new Float32Array(300 * 300), new Float32Array(120 * 90)];
  run(
    'gemm',
    [
      [product, 300, 300],
      [m, 300, 200],
      [m, 200, 300],
    ],
    [1, 0],
  );
  run('haar_orthogonal', [[q, 120, 90]], [...stream, 1]);
  const [image, weight, out] = [
    a.subarray(0, 2 * 8 * 20 * 20),
    a.subarray(0, 16 * 8 * 9),
    new Float32Array(2 * 16 * 400),
  ];
  run(
    'conv2d',
    [
      [out, 2, 16, 20, 20],
      [image, 2, 8, 20, 20],
      [weight, 16, 8, 3, 3],
    ],
    [1, 1, 1, 1, 1, 1, 1, 0],
  );
  const sum = new Float32Array(1);
  // Read by all of them at once.
  run('sum', [
    [sum, 1],
    [shared, count],
  ]);
  for (const array of [q, sum]) hash.update(array);
  return hash.digest('hex');
}

/** Work off the main thread, on libuv's threads. */
function job(a) {
  const made = native.createJob();
  const out = new Float32Array(count);
  const plan = Float64Array.of(13, ids.get('neg'), ...[0, 1, 0, count, 1], ...[0, 1, 0, count, 1], 0);
  plan[0] = 12;
  native.addToJob(made, plan, Uint32Array.of(0, 1), out, a);
  native.copyIntoJob(made, 1, new Uint8Array(a.buffer), 1 << 30);
  return new Promise((resolve, reject) => {
    native.startJob(made, (error) => {
      if (error !== undefined) return reject(error);
      native.copyFromJob(made, 0, new Uint8Array(out.buffer), 1 << 30);
      native.endJob(made);
      if (out[count - 1] !== -a[count - 1]) return reject(new Error('a job went wrong'));
      resolve();
    });
  });
}

if (isMainThread) {
  native.setNumThreads(2);
  const shared = new Float32Array(new SharedArrayBuffer(4 * count)).fill(1);
  let ended = 0;
  let calls = 0;
  // Rounds of workers: threads that end are part of it.
  for (let round = 0; round < 2; round++) {
    const digests = new Set();
    await Promise.all(
      Array.from({ length: 8 }, () => {
        const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
        worker.postMessage(shared);
        worker.on('message', (message) => {
          digests.add(message.digest);
          calls += message.calls;
        });
        return new Promise((resolve, reject) => worker.on('error', reject).on('exit', () => resolve(ended++)));
      }),
    );
    // Two threads, five, one: products alone could differ, and are not in the digest.
    if (digests.size !== 1) throw new Error(`fills differ: ${[...digests].join(', ')}`);
  }
  console.log(`${calls} rounds of calls on ${ended} workers`);
} else {
  parentPort.once('message', async (shared) => {
    let digest;
    for (let i = 0; i < 4; i++) {
      digest = work(shared);
      await job(new Float32Array(count).fill(i));
      // Whoever comes last decides.
      native.setNumThreads(1 + (i % 3));
      native.info();
      if (process.argv.includes('--race')) run('fill', [[shared, count]], [i]);
    }
    parentPort.postMessage({ digest, calls: 4 });
    parentPort.close();
  });
}
