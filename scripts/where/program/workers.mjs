// The main thread and four workers load evenkeel; one of them is ended while a product runs off its thread.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { matmulAsync, randn } from 'evenkeel';
import { byWorker, golden } from './golden.mjs';

if (isMainThread) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  const said = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  if (said.some((hash) => hash !== golden())) throw new Error(`the workers say ${said.join(', ')}`);
  await Promise.all(workers.map((worker) => worker.terminate()));
  console.log(golden(), await byWorker());
} else {
  const busy = matmulAsync(randn(1500, 1500), randn(1500, 1500));
  parentPort.postMessage(golden());
  await busy;
}
