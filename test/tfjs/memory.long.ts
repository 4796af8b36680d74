// Ten thousand steps of training hold memory flat: the process's, and TensorFlow.js's count.
import { expect, it } from 'vitest';
import { script } from '../process.js';

const steps = 10_000;

it(`${steps} steps of Adam`, async () => {
  const { stdout, stderr } = await script(`
    const { createRequire } = await import('node:module');
    const require = createRequire(${JSON.stringify(import.meta.url)});
    await import(new URL('tfjs/index.js', ${JSON.stringify(new URL('../../dist/', import.meta.url).href)}));
    const tf = require('@tensorflow/tfjs');
    const { layers } = tf;
    const model = tf.sequential({ layers: [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [16, 16, 3] }),
      layers.batchNormalization({}),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 64, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ] });
    const x = tf.randomNormal([32, 16, 16, 3]);
    const y = tf.oneHot(tf.range(0, 32, 1, 'int32').mod(tf.scalar(10, 'int32')), 10);
    const adam = tf.train.adam(1e-3);
    const step = () => tf.tidy(() => {
      adam.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true })));
    });
    const seen = [];
    for (let i = 1; i <= ${steps}; i++) {
      step();
      if (i % 1000 === 0) {
        const { numTensors, numDataBuffers, numBytes } = tf.memory();
        seen.push({ rss: process.memoryUsage().rss / 2 ** 20, counts: [numTensors, numDataBuffers, numBytes].join() });
        // As a program that trains would: let the event loop run now and then.
        await new Promise(setImmediate);
      }
    }
    console.log(JSON.stringify(seen));
  `);
  expect(stderr).toBe('');
  const seen = JSON.parse(stdout.trim().split('\n').at(-1)!) as { rss: number; counts: string }[];
  expect(seen).toHaveLength(steps / 1000);
  expect(new Set(seen.map(({ counts }) => counts)).size).toBe(1);
  // Of the second half against the first, in MB.
  const rss = seen.map((at) => at.rss);
  expect(Math.max(...rss.slice(5)) - Math.max(...rss.slice(0, 5))).toBeLessThan(24);
});
