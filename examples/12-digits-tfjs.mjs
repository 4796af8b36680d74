// The convolutional network of TensorFlow.js's tutorial on handwritten digits, on evenkeel. A program for TensorFlow.js stays as it
// is but for one import, the second below; what comes after the training keeps the weights in a checkpoint that PyTorch reads too.
// (Digits of 8 x 8 pixels, data/README.md, so kernels of 3 x 3 where the tutorial has 5 x 5 for its 28 x 28.)
import tf from '@tensorflow/tfjs';
import 'evenkeel/tfjs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const kernelInitializer = () => tf.initializers.varianceScaling({ seed: 1 });

function createModel() {
  const model = tf.sequential();
  const convolution = { kernelSize: 3, padding: 'same', activation: 'relu' };
  model.add(
    tf.layers.conv2d({ ...convolution, inputShape: [8, 8, 1], filters: 8, kernelInitializer: kernelInitializer() }),
  );
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.conv2d({ ...convolution, filters: 16, kernelInitializer: kernelInitializer() }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: kernelInitializer() }));
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

// A line for each image: 64 grey levels from 0 to 16, and the digit. Every fifth image is for testing alone.
const text = gunzipSync(readFileSync(new URL('data/digits.csv.gz', import.meta.url))).toString();
const rows = text
  .trim()
  .split('\n')
  .map((line) => line.split(',').map(Number));

function tensors(chosen) {
  const images = tf.tensor2d(chosen.map((row) => row.slice(0, 64)));
  const digits = tf.tensor1d(
    chosen.map((row) => row[64]),
    'int32',
  );
  return [images.div(16).reshape([-1, 8, 8, 1]), tf.oneHot(digits, 10)];
}
const [images, labels] = tensors(rows.filter((_, i) => i % 5 !== 0));
const [testImages, testLabels] = tensors(rows.filter((_, i) => i % 5 === 0));

const model = createModel();
console.log(`backend: ${tf.getBackend()}`);
await model.fit(images, labels, {
  batchSize: 64,
  epochs: 8,
  shuffle: false,
  yieldEvery: 'never',
  callbacks: {
    onEpochEnd: (epoch, { loss, acc }) =>
      console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}, accuracy ${(100 * acc).toFixed(1)} %`),
  },
});

/** The share of the testing images that a model reads. */
function accuracy(model) {
  const [, share] = model.evaluate(testImages, testLabels, { batchSize: 512 });
  return `${(100 * share.dataSync()[0]).toFixed(1)} %`;
}
console.log(`test accuracy ${accuracy(model)}`);

// From here on evenkeel's own: a safetensors file of the weights, and a new model that starts from it.
const { fromTensor, toTensor } = await import('evenkeel/tfjs');
const { loadState, saveCheckpoint } = await import('evenkeel/checkpoint');
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-digits-'));
const file = join(folder, 'digits.safetensors');
// The names of layers count up with every model of the process; their places in the model do not.
const names = ['conv1.kernel', 'conv1.bias', 'conv2.kernel', 'conv2.bias', 'dense.kernel', 'dense.bias'];
await saveCheckpoint(file, new Map(model.getWeights().map((weight, i) => [names[i], toTensor(weight)])));

const again = createModel();
console.log(`a new model: test accuracy ${accuracy(again)}`);
const state = await loadState(file);
again.setWeights(names.map((name) => fromTensor(state.get(name))));
console.log(`with the weights of the checkpoint: ${accuracy(again)}`);
rmSync(folder, { recursive: true });
