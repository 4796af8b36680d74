// Random fills and the functions that make random tensors: a row for each distribution, dtype, size and generator.
import { inPlace, numpyGenerator, product, python, scalingTarget, sizes, torchTargets } from './shapes.mjs';

/**
 * A distribution:
 *   name      as in the rows' names
 *   setup     (ek, { shape, dtype, algorithm }) => step
 *   dtypes    those that are measured, float32 unless given
 *   torch     the step in Python, on the tensor x; or (shape) => step
 *   numpy     the same on the array x with the generator rng
 *   tfjs      (tf, shape) => tensor, in float32
 *   tooSlow   sizes at which torch, and whoever follows its stream, takes ten seconds a call: left out there
 *   targets   by dtype, for 1 Mi elements
 */
const distributions = [
  {
    name: 'uniform_',
    setup: inPlace((x, options) => x.uniform_(0, 1, options)),
    dtypes: ['float32', 'float64', 'bfloat16', 'float16'],
    torch: 'x.uniform_()',
    numpy: 'rng.random(out=x, dtype=x.dtype)',
    tfjs: (tf, shape) => tf.randomUniform(shape),
    targets: { float32: torchTargets(7, 13) },
  },
  {
    name: 'normal_',
    setup: inPlace((x, options) => x.normal_(0, 1, options)),
    dtypes: ['float32', 'float64', 'bfloat16', 'float16'],
    torch: 'x.normal_()',
    numpy: 'rng.standard_normal(out=x, dtype=x.dtype)',
    tfjs: (tf, shape) => tf.randomNormal(shape),
    targets: { float32: torchTargets(2.7, 5), float64: torchTargets(5, 9), bfloat16: torchTargets(4, 8) },
  },
  {
    name: 'truncNormal_',
    setup: inPlace((x, options, ek) => ek.init.truncNormal_(x, 0, 1, -2, 2, options)),
    torch: 'torch.nn.init.trunc_normal_(x)',
    tfjs: (tf, shape) => tf.truncatedNormal(shape),
    targets: { float32: torchTargets(15, 20) },
  },
  {
    name: 'truncNormal_(0, 1, 1, 3)',
    setup: inPlace((x, options, ek) => ek.init.truncNormal_(x, 0, 1, 1, 3, options)),
    torch: 'torch.nn.init.trunc_normal_(x, 0, 1, 1, 3)',
    tooSlow: ['16Mi'],
    targets: { float32: torchTargets(100, 150) },
  },
  {
    name: 'exponential_',
    setup: inPlace((x, options) => x.exponential_(1, options)),
    torch: 'x.exponential_()',
    numpy: 'rng.standard_exponential(out=x, dtype=x.dtype)',
  },
  {
    name: 'bernoulli_',
    setup: inPlace((x, options) => x.bernoulli_(0.5, options)),
    torch: 'x.bernoulli_()',
    numpy: 'rng.random(x.shape, dtype=x.dtype) < 0.5',
  },
  {
    name: 'random_',
    setup: inPlace((x, options) => x.random_(options)),
    torch: 'x.random_()',
  },
  {
    name: 'randint',
    setup: (ek, { shape, dtype, algorithm }) => {
      const generator = new ek.Generator(1, { algorithm });
      return () => ek.randint(0, 100, shape, { dtype, generator });
    },
    dtypes: ['int64'],
    torch: (shape) => `torch.randint(0, 100, (${python(shape)}))`,
    numpy: (shape) => `rng.integers(0, 100, (${python(shape)}))`,
    tfjs: (tf, shape) => tf.randomUniformInt(shape, 0, 100),
  },
  {
    name: 'randperm',
    setup: (ek, { shape, dtype, algorithm }) => {
      const generator = new ek.Generator(1, { algorithm });
      return () => ek.randperm(product(shape), { dtype, generator });
    },
    dtypes: ['int64'],
    torch: (shape) => `torch.randperm(${product(shape)})`,
    numpy: (shape) => `rng.permutation(${product(shape)})`,
  },
];

const stepOf = (step, shape) => (typeof step === 'function' ? step(shape) : step);

/** NumPy draws float32 and float64. float16 is what its users make of it: float32, then rounded. */
function numpySteps(step, dtype, shape) {
  const half = dtype === 'float16';
  const setup = `${numpyGenerator}; x = np.empty((${python(shape)}), np.${half ? 'float32' : dtype})`;
  return [setup, `${stepOf(step, shape)}${half ? '; x.astype(np.float16)' : ''}`];
}

function row(distribution, algorithm, dtype, size) {
  const { name, setup, torch, numpy, tfjs, tooSlow = [], targets = {} } = distribution;
  const shape = sizes[size];
  const steps = {};
  if (!tooSlow.includes(size)) {
    steps.torch = [`x = torch.empty(${python(shape)}, dtype=torch.${dtype})`, stepOf(torch, shape)];
  }
  // The others have no numbers of torch's: they are compared with our own generator.
  const own = algorithm === 'pcg32';
  if (own && numpy !== undefined && dtype !== 'bfloat16') steps.numpy = numpySteps(numpy, dtype, shape);
  if (own && tfjs !== undefined && !/16|float64/.test(dtype)) steps.tfjs = (tf) => () => tfjs(tf, shape);
  return {
    name: `${own ? '' : `${algorithm} `}${name} ${dtype} ${size}`,
    writes: { count: product(shape), dtype },
    setup: (ek) => setup(ek, { shape, dtype, algorithm }),
    ...steps,
    targets: own ? { '1Mi': targets[dtype], '16Mi': [scalingTarget] }[size] : [],
  };
}

const family = (algorithm, isMeasured) =>
  distributions.flatMap((distribution) =>
    (distribution.dtypes ?? ['float32']).filter(isMeasured).flatMap((dtype) =>
      Object.keys(sizes)
        .filter((size) => algorithm === 'pcg32' || !distribution.tooSlow?.includes(size))
        .map((size) => row(distribution, algorithm, dtype, size)),
    ),
  );

/** One value in place: what writing the memory costs, below which no fill can get. */
const constant = Object.entries(sizes).map(([size, shape]) => ({
  name: `fill_ float32 ${size}`,
  writes: { count: product(shape), dtype: 'float32' },
  setup: (ek) => inPlace((x) => x.fill_(0.5))(ek, { shape }),
  raw: ['fill', product(shape)],
  torch: [`x = torch.empty(${python(shape)})`, 'x.fill_(0.5)'],
  numpy: [`x = np.empty((${python(shape)}), np.float32)`, 'x.fill(0.5)'],
  tfjs: (tf) => () => tf.fill(shape, 0.5),
}));

export const fills = [...constant, ...family('pcg32', () => true)];

/** torch's own numbers. Its halves are its float32, rounded: they are not measured again. */
export const mt19937Fills = family('mt19937', (dtype) => !/float16/.test(dtype)).map((line) =>
  line.name === 'mt19937 normal_ float32 1Mi' ? { ...line, targets: torchTargets(1.8) } : line,
);
