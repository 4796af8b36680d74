// Small models that train the same on any backend: weights and data are given, nothing is drawn.
import union from '@tensorflow/tfjs';
import { type Spec, tf, valuesOf } from './data.js';

type Model = union.Sequential;
type Layer = Parameters<Model['add']>[0];

interface Row {
  readonly layers: () => Layer[];
  readonly x: Spec;
  /** Classes. */
  readonly classes: number;
}

const { layers } = union;
const classify = (units = 4) => layers.dense({ units });

export const models: Readonly<Record<string, Row>> = {
  dense: {
    layers: () => [
      layers.dense({ units: 32, activation: 'relu', inputShape: [20] }),
      layers.dense({ units: 16, activation: 'tanh' }),
      classify(),
    ],
    x: { shape: [16, 20] },
    classes: 4,
  },
  conv: {
    layers: () => [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', padding: 'same', inputShape: [10, 10, 2] }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, activation: 'elu' }),
      layers.flatten(),
      classify(),
    ],
    x: { shape: [8, 10, 10, 2] },
    classes: 4,
  },
  separable: {
    layers: () => [
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, inputShape: [8, 8, 3] }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.separableConv2d({ filters: 5, kernelSize: 2, activation: 'sigmoid' }),
      layers.globalAveragePooling2d({}),
      classify(),
    ],
    x: { shape: [6, 8, 8, 3] },
    classes: 4,
  },
  'batch norm': {
    layers: () => [
      layers.conv2d({ filters: 6, kernelSize: 3, useBias: false, inputShape: [8, 8, 2] }),
      layers.batchNormalization({}),
      layers.activation({ activation: 'relu' }),
      layers.flatten(),
      layers.dense({ units: 12 }),
      layers.batchNormalization({}),
      classify(),
    ],
    x: { shape: [12, 8, 8, 2] },
    classes: 4,
  },
  LSTM: {
    layers: () => [
      layers.lstm({ units: 12, returnSequences: true, inputShape: [6, 5] }),
      layers.gru({ units: 8 }),
      classify(),
    ],
    x: { shape: [8, 6, 5] },
    classes: 4,
  },
  embedding: {
    layers: () => [layers.embedding({ inputDim: 20, outputDim: 6, inputLength: 5 }), layers.flatten(), classify()],
    x: { shape: [10, 5], of: (u) => Math.floor(20 * u) },
    classes: 4,
  },
};

export const optimizers: Readonly<Record<string, () => union.Optimizer>> = {
  SGD: () => union.train.sgd(0.1),
  momentum: () => union.train.momentum(0.05, 0.9),
  Adam: () => union.train.adam(0.01),
  RMSProp: () => union.train.rmsprop(0.01),
};

/** A model with weights that depend on their shapes alone, and one step of its training, which returns the loss. */
export function trainer(name: string, optimizer: string): { model: Model; step: () => number; end: () => void } {
  const { layers: make, x, classes } = models[name]!;
  const model = union.sequential({ layers: make() });
  model.setWeights(
    model.weights.map((weight, i) => {
      // Variances and factors stay as they are made.
      if (/gamma|variance|beta|mean|bias/.test(weight.name)) return weight.read();
      const shape = weight.shape as number[];
      const scale = 1 / Math.sqrt(shape.slice(0, -1).reduce((a, b) => a * b, 1));
      return tf.tensor(valuesOf({ shape, of: (u) => scale * (4 * u - 2) }, 10 + i), shape);
    }),
  );
  const inputs = tf.tensor(valuesOf(x, 1), x.shape as number[]);
  const labels = valuesOf({ shape: [x.shape[0]!], dtype: 'int32', of: (u) => Math.floor(u * classes) }, 2);
  const targets = tf.oneHot(tf.tensor1d(labels as Int32Array, 'int32'), classes);
  const rule = optimizers[optimizer]!();
  const step = () => {
    const loss = rule.minimize(
      () =>
        union.losses.softmaxCrossEntropy(targets, model.apply(inputs, { training: true }) as union.Tensor).asScalar(),
      true,
    )!;
    const [value] = loss.dataSync();
    loss.dispose();
    return value!;
  };
  const end = () => {
    tf.dispose([inputs, targets]);
    rule.dispose();
    model.dispose();
  };
  return { model, step, end };
}
