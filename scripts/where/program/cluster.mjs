// Two processes of a cluster.
import cluster from 'node:cluster';
import { byWorker, golden } from './golden.mjs';

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const said = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  if (said.some((hash) => hash !== golden())) throw new Error(`the workers say ${said.join(', ')}`);
  console.log(golden(), await byWorker());
} else {
  process.send(golden(), () => cluster.worker.disconnect());
}
