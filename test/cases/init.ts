// The case table: one row for each way to call an initialiser, with the distribution it is to give, written down from the
// papers' formulas and from fans counted by hand. test/init.test.ts draws from each and checks mean, standard deviation,
// bounds and distribution. Adding an initialiser means adding rows here.
import * as init from '../../lib/init/index.js';
import type { Generator } from '../../lib/random.js';
import type { Tensor } from '../../lib/tensor/index.js';

/** A layer's weight, and how many inputs and outputs torch's rule counts for it. */
interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Layers of all kinds. torch's rule knows nothing of groups, dilation and transposition. */
export const weights: readonly Weight[] = [
  { name: 'linear 256 to 128', shape: [128, 256], fanIn: 256, fanOut: 128 },
  { name: 'linear 100 to 300', shape: [300, 100], fanIn: 100, fanOut: 300 },
  { name: 'convolution 32 to 64, 3 x 3', shape: [64, 32, 3, 3], fanIn: 288, fanOut: 576 },
  { name: 'convolution 32 to 64, 4 groups, 3 x 3', shape: [64, 8, 3, 3], fanIn: 72, fanOut: 576 },
  { name: 'convolution 16 to 32, 3 x 5, dilation 2', shape: [32, 16, 3, 5], fanIn: 240, fanOut: 480 },
  { name: 'depthwise convolution of 512, 5 x 5', shape: [512, 1, 5, 5], fanIn: 25, fanOut: 12800 },
  { name: 'convolution 40 to 50, length 5', shape: [50, 40, 5], fanIn: 200, fanOut: 250 },
  { name: 'convolution 8 to 16, 3 x 2 x 2', shape: [16, 8, 3, 2, 2], fanIn: 96, fanOut: 192 },
];

export interface InitCase {
  /** The public name. */
  readonly initialiser: string;
  readonly label: string;
  readonly shape: readonly number[];
  readonly distribution: 'uniform' | 'normal' | 'truncated normal';
  readonly mean: number;
  readonly std: number;
  /** Of a truncated normal: the normal it is a part of, and where that is cut. */
  readonly parent?: { readonly mean: number; readonly std: number; readonly low: number; readonly high: number };
  readonly fill: (t: Tensor, options: { generator: Generator }) => Tensor;
}

const rows: InitCase[] = [];

for (const [a, b] of [
  [0, 1],
  [-0.1, 0.3],
  [5, 6],
] as const) {
  rows.push({
    initialiser: 'uniform_',
    label: `${a} to ${b}`,
    shape: [100, 200],
    distribution: 'uniform',
    mean: (a + b) / 2,
    std: (b - a) / Math.sqrt(12),
    fill: (t, options) => init.uniform_(t, a, b, options),
  });
}
for (const [mean, std] of [
  [0, 1],
  [3, 0.01],
  [-1, 50],
] as const) {
  rows.push({
    initialiser: 'normal_',
    label: `${mean}, ${std}`,
    shape: [20_001],
    distribution: 'normal',
    mean,
    std,
    fill: (t, options) => init.normal_(t, mean, std, options),
  });
}

/** The four ways to scale: Glorot and Bengio (2010) and He et al. (2015). */
for (const { name, shape, fanIn, fanOut } of weights) {
  for (const gain of [1, 5 / 3]) {
    const common = { label: `${name}, gain ${gain}`, shape, mean: 0, std: gain * Math.sqrt(2 / (fanIn + fanOut)) };
    rows.push(
      {
        ...common,
        initialiser: 'xavierUniform_',
        distribution: 'uniform',
        fill: (t, options) => init.xavierUniform_(t, gain, options),
      },
      {
        ...common,
        initialiser: 'xavierNormal_',
        distribution: 'normal',
        fill: (t, options) => init.xavierNormal_(t, gain, options),
      },
    );
  }
  const choices: [init.KaimingOptions, number][] = [
    [{}, Math.sqrt(2 / fanIn)],
    [{ a: Math.sqrt(5) }, Math.sqrt(1 / 3 / fanIn)],
    [{ mode: 'fan_out', nonlinearity: 'relu' }, Math.sqrt(2 / fanOut)],
    [{ mode: 'fanOut', nonlinearity: 'relu' }, Math.sqrt(2 / fanOut)],
    [{ mode: 'fanIn', nonlinearity: 'tanh' }, 5 / 3 / Math.sqrt(fanIn)],
    [{ mode: 'fan_in', nonlinearity: 'selu' }, 0.75 / Math.sqrt(fanIn)],
    [{ a: 0.2, nonlinearity: 'linear' }, 1 / Math.sqrt(fanIn)],
  ];
  for (const [options, std] of choices) {
    const common = { label: `${name}, ${JSON.stringify(options)}`, shape, mean: 0, std };
    rows.push(
      {
        ...common,
        initialiser: 'kaimingUniform_',
        distribution: 'uniform',
        fill: (t, given) => init.kaimingUniform_(t, { ...options, ...given }),
      },
      {
        ...common,
        initialiser: 'kaimingNormal_',
        distribution: 'normal',
        fill: (t, given) => init.kaimingNormal_(t, { ...options, ...given }),
      },
    );
  }
}

/** Variance scaling (Keras, JAX), LeCun et al. (1998): truncated normals are widened to have the variance after the cut. */
const leftOver = 0.8796256610342398;
const distributions = {
  uniform: 'uniform',
  untruncated_normal: 'normal',
  truncated_normal: 'truncated normal',
} as const;
for (const { name, shape, fanIn, fanOut } of weights) {
  const choices: [init.VarianceScalingOptions, number][] = [
    [{}, fanIn],
    [{ mode: 'fan_out' }, fanOut],
    [{ mode: 'fan_avg' }, (fanIn + fanOut) / 2],
    [{ mode: 'fanGeoAvg' }, Math.sqrt(fanIn * fanOut)],
  ];
  for (const [options, fan] of choices) {
    for (const distribution of ['uniform', 'untruncated_normal', 'truncated_normal'] as const) {
      const std = Math.sqrt(3 / fan);
      const wide = std / leftOver;
      rows.push({
        initialiser: 'varianceScaling_',
        label: `${name}, ${JSON.stringify(options)}, ${distribution}`,
        shape,
        distribution: distributions[distribution],
        mean: 0,
        std,
        parent: { mean: 0, std: wide, low: -2 * wide, high: 2 * wide },
        fill: (t, given) => init.varianceScaling_(t, { ...options, scale: 3, distribution, ...given }),
      });
    }
  }
  const std = 1 / Math.sqrt(fanIn);
  const wide = std / leftOver;
  rows.push(
    {
      initialiser: 'lecunUniform_',
      label: name,
      shape,
      distribution: 'uniform',
      mean: 0,
      std,
      fill: (t, options) => init.lecunUniform_(t, options),
    },
    {
      initialiser: 'lecunNormal_',
      label: name,
      shape,
      distribution: 'truncated normal',
      mean: 0,
      std,
      parent: { mean: 0, std: wide, low: -2 * wide, high: 2 * wide },
      fill: (t, options) => init.lecunNormal_(t, options),
    },
  );
}

/** Means and standard deviations of what the cuts leave, by quadrature. */
for (const [mean, std, low, high, m, s] of [
  [0, 1, -2, 2, 0, leftOver],
  [0, 0.02, -0.04, 0.04, 0, 0.02 * leftOver],
  [5, 2, 5, 11, 6.5823136521, 1.1788261979],
  [0, 1, 1, 2, 1.3831690466, 0.2697088914],
] as const) {
  rows.push({
    initialiser: 'truncNormal_',
    label: `${mean}, ${std} on [${low}, ${high}]`,
    shape: [20_001],
    distribution: 'truncated normal',
    mean: m,
    std: s,
    parent: { mean, std, low, high },
    fill: (t, options) => init.truncNormal_(t, mean, std, low, high, options),
  });
}

/** What a layer really connects, where the options say: counted by hand. */
const connected: [
  string,
  number[],
  { groups?: number; transposed?: boolean; stride?: number | number[] },
  number,
  number,
][] = [
  ['convolution 32 to 64, 4 groups, 3 x 3', [64, 8, 3, 3], { groups: 4 }, 72, 144],
  ['convolution 8 to 16, 4 x 4, stride 2', [16, 8, 4, 4], { stride: 2 }, 128, 64],
  ['transposed convolution 32 to 16, 4 x 4, stride 2', [32, 16, 4, 4], { transposed: true, stride: 2 }, 128, 256],
  ['transposed convolution 32 to 64, 4 groups, 3 x 3', [32, 16, 3, 3], { transposed: true, groups: 4 }, 72, 144],
  ['convolution 8 to 16, 4 x 6, stride 2 x 3', [16, 8, 4, 6], { stride: [2, 3] }, 192, 64],
];
for (const [name, shape, options, fanIn, fanOut] of connected) {
  rows.push(
    {
      initialiser: 'kaimingNormal_',
      label: `${name} by connections, fan_in`,
      shape,
      distribution: 'normal',
      mean: 0,
      std: Math.sqrt(2 / fanIn),
      fill: (t, given) => init.kaimingNormal_(t, { ...options, ...given }),
    },
    {
      initialiser: 'kaimingUniform_',
      label: `${name} by connections, fan_out`,
      shape,
      distribution: 'uniform',
      mean: 0,
      std: Math.sqrt(2 / fanOut),
      fill: (t, given) => init.kaimingUniform_(t, { ...options, mode: 'fan_out', ...given }),
    },
    {
      initialiser: 'xavierNormal_',
      label: `${name} by connections`,
      shape,
      distribution: 'normal',
      mean: 0,
      std: Math.sqrt(2 / (fanIn + fanOut)),
      fill: (t, given) => init.xavierNormal_(t, 1, { ...options, ...given }),
    },
  );
}

export const initCases: readonly InitCase[] = rows;

/** Initialisers that draw no independent elements; test/init.test.ts says what they must do instead. */
export const wholeMatrices = ['orthogonal_', 'deltaOrthogonal_', 'spectral_', 'sparse_'];
/** Those that draw nothing. */
export const fixed = ['constant_', 'ones_', 'zeros_', 'eye_', 'dirac_'];
