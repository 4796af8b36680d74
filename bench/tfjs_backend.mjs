// What is timed in TensorFlow.js on one of its backends.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What is timed, with TensorFlow.js on `backend`; what a call makes is disposed of after it. */
export async function onBackend(backend, make) {
  console.warn = () => {}; // that orthogonal is slow
  const tf = require('@tensorflow/tfjs');
  tf.enableProdMode(); // no advice on standard error
  if (backend === 'wasm') require('@tensorflow/tfjs-backend-wasm');
  if (backend === 'evenkeel') {
    const { installRandom } = await import('evenkeel/tfjs');
    installRandom(tf, { seed: 1 });
  }
  if (!(await tf.setBackend(backend))) throw new Error(`there is no backend ${backend}`);
  await tf.ready();
  const step = make(tf);
  return () =>
    tf.tidy(() => {
      step();
    });
}
