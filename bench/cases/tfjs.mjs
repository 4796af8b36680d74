// TensorFlow.js on evenkeel's backend, its own cpu backend, and its wasm backend (SIMD, one thread: it has no more in Node.js).
import { onBackend } from '../tfjs_backend.mjs';

/** `make`: (tf) => step, the same on every backend. What a step makes is disposed of after it. */
const row = (name, make, backends, targets) => ({
  name: `tfjs ${name}`,
  threads: [2],
  setup: () => onBackend('evenkeel', make),
  backends: Object.fromEntries(backends.map((backend) => [backend, () => onBackend(backend, make)])),
  targets: Object.entries(targets).map(([backend, ratio]) => ({ peer: `tfjs ${backend}`, ratio })),
});

const both = ['cpu', 'wasm'];

/** Labels of ten classes. */
const labels = (tf, count) => tf.oneHot(tf.range(0, count, 1, 'int32').mod(tf.scalar(10, 'int32')), 10);

/** A step of training, forwards and back; the loss is not read. */
function training(tf, model, optimizer, x, y) {
  return () => optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true })));
}

function dense(tf, optimizer) {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
      layers.dense({ units: 512, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ],
  });
  return training(tf, model, optimizer, tf.randomNormal([128, 784]), labels(tf, 128));
}

/** The network of TensorFlow.js's tutorials for MNIST. */
function convolutional(tf, optimizer, batch) {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: 10 }),
    ],
  });
  return training(tf, model, optimizer, tf.randomNormal([batch, 28, 28, 1]), labels(tf, batch));
}

const convolution =
  ([n, size, channels], outputs) =>
  (tf) => {
    const x = tf.randomNormal([n, size, size, channels]);
    const w = tf.randomNormal([3, 3, channels, outputs]);
    return () => tf.conv2d(x, w, 1, 'same');
  };

const initialiser = (name, n) => (tf) => {
  const made = tf.initializers[name]({});
  return () => made.apply([n, n]);
};

export const tfjs = [
  ...[
    [256, {}],
    [1024, { cpu: 100, wasm: 3 }],
  ].map(([n, targets]) =>
    row(
      `matMul ${n}`,
      (tf) => {
        const [a, b] = [tf.randomNormal([n, n]), tf.randomNormal([n, n])];
        return () => tf.matMul(a, b);
      },
      both,
      targets,
    ),
  ),
  row(
    '100 matrix-vector products of 512',
    (tf) => {
      const [a, x] = [tf.randomNormal([512, 512]), tf.randomNormal([512, 1])];
      return () => {
        for (let i = 0; i < 100; i++) tf.matMul(a, x);
      };
    },
    both,
    { wasm: 8 },
  ),
  row('conv2d 8x56x56x64, 64 3x3', convolution([8, 56, 64], 64), both, { wasm: 4 }),
  row('conv2d 1x224x224x3, 64 3x3', convolution([1, 224, 3], 64), both, {}),
  row(
    'add 1 Mi',
    (tf) => {
      const [a, b] = [tf.randomNormal([1 << 20]), tf.randomNormal([1 << 20])];
      return () => tf.add(a, b);
    },
    both,
    {},
  ),
  row('dense Adam step', (tf) => dense(tf, tf.train.adam(1e-3)), both, { wasm: 20 }),
  row('dense SGD step', (tf) => dense(tf, tf.train.sgd(1e-2)), both, {}),
  // wasm can't train convolutions.
  row('convolution SGD step, batch 8', (tf) => convolutional(tf, tf.train.sgd(1e-2), 8), ['cpu'], { cpu: 100 }),
  row('randomNormal 1 Mi', (tf) => () => tf.randomNormal([1 << 20]), both, { cpu: 20 }),
  row('glorotNormal 512', initialiser('glorotNormal', 512), both, { cpu: 20 }),
  // Two minutes on the cpu backend.
  row('orthogonal 512', initialiser('orthogonal', 512), ['wasm'], { wasm: 200 }),
];
