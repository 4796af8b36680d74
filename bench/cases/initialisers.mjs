// Initialisers of layers. Those that only scale a fill are measured in its three sizes, those with work of their own in
// shapes that layers have.
import { inPlace, numpyGenerator, product, python, scalingTarget, sizes, torchTargets } from './shapes.mjs';

/**
 * A row on a float32 tensor. `init`: (functions, tensor, { generator }) => tensor. `torch`: the step in Python on the
 * tensor w; `numpy`: [setup, step]; `tfjs`: (tf, shape) => tensor.
 */
function row({ label, size, shape, init, torch, numpy, tfjs, targets = [] }, algorithm = 'pcg32') {
  const setup = inPlace((w, options, ek) => init(ek.init, w, options));
  return {
    name: `${label} float32 ${size}`,
    writes: { count: product(shape), dtype: 'float32' },
    setup: (ek) => setup(ek, { shape, algorithm }),
    ...(torch && { torch: [`w = torch.empty(${python(shape)})`, torch] }),
    ...(numpy && { numpy }),
    ...(tfjs && { tfjs: (tf) => () => tfjs(tf, shape) }),
    targets: size === '16Mi' ? [scalingTarget] : targets,
  };
}

/** [ours, torch's name, the name in TensorFlow.js] */
const scaled = [
  ['xavierUniform_', 'xavier_uniform_', 'glorotUniform'],
  ['xavierNormal_', 'xavier_normal_', 'glorotNormal'],
  ['kaimingUniform_', 'kaiming_uniform_', 'heUniform'],
  ['kaimingNormal_', 'kaiming_normal_', 'heNormal'],
  ['lecunUniform_', undefined, 'leCunUniform'],
  ['lecunNormal_', undefined, 'leCunNormal'],
].map(([label, torch, keras]) => ({
  label,
  init: (init, w, options) => (label.startsWith('xavier') ? init[label](w, 1, options) : init[label](w, options)),
  torch: torch && `torch.nn.init.${torch}(w)`,
  tfjs: (tf, shape) => tf.initializers[keras]({}).apply(shape),
}));

const varianceScaling = {
  label: 'varianceScaling_',
  init: (init, w, options) => init.varianceScaling_(w, { scale: 2, mode: 'fan_avg', ...options }),
  tfjs: (tf, shape) =>
    tf.initializers.varianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'truncatedNormal' }).apply(shape),
};

const sparse = (share) => ({
  label: `sparse_(${share})`,
  init: (init, w, options) => init.sparse_(w, share, 0.01, options),
  torch: `torch.nn.init.sparse_(w, ${share})`,
});

/** No random numbers. */
const fixed = [
  { label: 'constant_', init: (init, w) => init.constant_(w, 0.1), torch: 'torch.nn.init.constant_(w, 0.1)' },
  { label: 'ones_', init: (init, w) => init.ones_(w), torch: 'torch.nn.init.ones_(w)' },
  { label: 'zeros_', init: (init, w) => init.zeros_(w), torch: 'torch.nn.init.zeros_(w)' },
  { label: 'eye_', init: (init, w) => init.eye_(w), torch: 'torch.nn.init.eye_(w)', tfjs: (tf, [n]) => tf.eye(n) },
];

/** A line in the three sizes. */
const inSizes = (line) => Object.entries(sizes).map(([size, shape]) => ({ ...line, size, shape }));

const dirac = [16, 256, 1024].map((n, i) => ({
  label: 'dirac_',
  shape: [n, n, 4, 4],
  size: Object.keys(sizes)[i],
  init: (init, w) => init.dirac_(w),
  torch: 'torch.nn.init.dirac_(w)',
}));

const orthogonal = (n) => ({
  label: 'orthogonal_',
  shape: [n, n],
  size: n,
  init: (init, w, options) => init.orthogonal_(w, 1, options),
  torch: 'torch.nn.init.orthogonal_(w)',
  // The Q of a Gaussian's decomposition, with the signs that make it uniform.
  numpy: [
    numpyGenerator,
    `q, r = np.linalg.qr(rng.standard_normal((${n}, ${n}), dtype=np.float32)); q *= np.sign(np.diag(r))`,
  ],
  // It takes half a second for 64, a quarter of a minute for 256.
  ...(n <= 64 && { tfjs: (tf, shape) => tf.initializers.orthogonal({}).apply(shape) }),
  targets: n === 1024 ? torchTargets(3.5, 4.5) : [],
});

/** torch has none: what one writes instead. */
const deltaOrthogonal = (n) => ({
  label: 'deltaOrthogonal_',
  shape: [n, n, 3, 3],
  size: `${n}x${n}x3x3`,
  init: (init, w, options) => init.deltaOrthogonal_(w, 1, options),
  torch: `w.zero_(); w[:, :, 1, 1] = torch.nn.init.orthogonal_(torch.empty(${n}, ${n}))`,
});

const spectral = (n) => ({
  label: 'spectral_',
  shape: [n, n],
  size: n,
  init: (init, w, options) => init.spectral_(w, 1, options),
  torch: 'w.normal_(); w /= torch.linalg.matrix_norm(w, 2)',
});

/** A small layer, most of whose time does not go into numbers. */
const linear = {
  name: 'new nn.Linear(100, 50)',
  threads: [1],
  setup: (ek) => () => new ek.nn.Linear(100, 50),
  torch: ['', 'torch.nn.Linear(100, 50)'],
  targets: torchTargets(3),
};

export const initialisers = [
  ...[...scaled, varianceScaling, ...fixed].flatMap(inSizes),
  // The share of torch's documentation. torch shuffles all rows of a column whatever the share.
  ...inSizes(sparse(0.1)).map((line) => ({ ...line, targets: line.size === '1Mi' ? torchTargets(10, 12) : [] })),
  ...inSizes(sparse(0.5)),
  ...dirac,
  ...[64, 256, 1024, 2048].map(orthogonal),
  ...[64, 256, 1024].map(deltaOrthogonal),
  ...[64, 256, 1024].map(spectral),
]
  .map((line) => row(line))
  .concat(linear);

/** Those that make torch's own numbers from its stream. */
export const mt19937Initialisers = [
  ...[...scaled.filter(({ torch }) => torch), sparse(0.1)].map((line) => ({
    ...line,
    size: '1Mi',
    shape: sizes['1Mi'],
  })),
  ...[64, 256, 1024].map(orthogonal),
].map(({ numpy, tfjs, targets, ...line }) => row({ ...line, label: `mt19937 ${line.label}` }, 'mt19937'));
