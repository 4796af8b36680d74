// A worker thread for tests: it fails, throws, ends or waits where a cell's seed says so, and else answers with the seed.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ key, cell }) => {
  if (cell.seed === 1) parentPort.postMessage({ message: 'seed 1 is not to my taste' });
  else if (cell.seed === 2) process.exit(3);
  else if (cell.seed === 3) throw new Error('thrown');
  else if (cell.seed === 4) setTimeout(() => {}, 1e6);
  else {
    parentPort.postMessage({ part: 0.5 });
    const result = { cell, mode: 'materialized', layers: [], spectrum: null, overflowLayer: null, vanishLayer: null };
    parentPort.postMessage({ line: `{"key":"${key}","result":${JSON.stringify(result)}}` });
  }
});
