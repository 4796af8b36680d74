// Networks that are broken in one way each, and healthy ones: what `advise` is held to.
import { type Generator, init, nn, randn, type Tensor } from '../../lib/index.js';
import { type Cause, criticalInit } from '../../lib/study/index.js';

type InitSpec = init.InitSpec;

/** A model with a batch for it. */
export interface Sample {
  readonly model: nn.Module;
  readonly batch: Tensor;
}

export interface Broken {
  readonly name: string;
  readonly cause: Cause;
  readonly make: (generator: Generator) => Sample;
  /** Whether `init.initialize` with the advice mends it. */
  readonly curable: boolean;
  /** Paths that must be named. */
  readonly layers?: readonly string[];
}

export interface Healthy {
  readonly name: string;
  readonly make: (generator: Generator) => Sample;
}

type Activation = new () => nn.Module;

interface MlpOptions {
  readonly depth: number;
  readonly width: number;
  readonly activation: Activation;
  readonly weights: InitSpec | null;
  readonly biases?: InitSpec;
  readonly norm?: (width: number) => nn.Module;
  readonly inputs?: number;
  readonly outputs?: number;
}

/** Hidden layers and a readout of 10, all by one initialiser; null for torch's own. */
function mlp(generator: Generator, options: MlpOptions): nn.Sequential {
  const { depth, width, activation, weights, biases = 'zeros', norm, inputs = width, outputs = 10 } = options;
  const modules: nn.Module[] = [];
  for (let i = 0; i < depth; i++) {
    const last = i === depth - 1;
    modules.push(new nn.Linear(i === 0 ? inputs : width, last ? outputs : width, { generator }));
    if (!last && norm) modules.push(norm(width));
    if (!last) modules.push(new activation());
  }
  const net = new nn.Sequential(...modules);
  if (weights !== null) draw(net, generator, weights, biases);
  return net;
}

function draw(net: nn.Module, generator: Generator, weights: InitSpec, biases: InitSpec = 'zeros') {
  const rules: init.Rule[] = [
    { match: ({ shape }) => shape.length >= 2, init: weights },
    { match: ({ weight }) => weight !== undefined && weight.dim() >= 2, init: biases },
  ];
  init.initialize(net, rules, { generator: generator.spawn('weights') });
}

const scaled = (sigmaW: number): InitSpec => ({
  initialiser: 'varianceScaling',
  scale: sigmaW ** 2,
  distribution: 'untruncated_normal',
});
const he: InitSpec = { initialiser: 'kaimingNormal', nonlinearity: 'relu' };
const normal = (generator: Generator, ...shape: number[]) => randn(shape, { generator: generator.spawn('batch') });

const deep =
  (options: MlpOptions, inputs = 16) =>
  (generator: Generator): Sample => ({
    model: mlp(generator, options),
    batch: normal(generator, inputs, options.inputs ?? options.width),
  });

/** x + f(x), f of two layers. */
class Block extends nn.Module {
  fc1: nn.Linear;
  fc2: nn.Linear;
  constructor(width: number) {
    super();
    this.fc1 = new nn.Linear(width, width);
    this.fc2 = new nn.Linear(width, width);
  }
  override forward(x: Tensor): Tensor {
    return x.add(this.fc2.call(this.fc1.call(x.relu()).relu()));
  }
}

function residual(generator: Generator, blocks: number, last: InitSpec, readout: InitSpec = he): Sample {
  const net = new nn.Sequential(
    new nn.Linear(64, 128),
    ...Array.from({ length: blocks }, () => new Block(128)),
    new nn.Linear(128, 10),
  );
  const rules: init.Rule[] = [
    { match: '*.bias', init: 'zeros' },
    { match: '*.fc2.weight', init: last },
    { match: `${blocks + 1}.weight`, init: readout },
    { match: '*', init: he },
  ];
  init.initialize(net, rules, { generator: generator.spawn('weights') });
  return { model: net, batch: normal(generator, 16, 64) };
}

/** ReLU layers whose activations are functions. */
class Functions extends nn.Module {
  layers: nn.ModuleList;
  constructor(width: number, depth: number) {
    super();
    this.layers = new nn.ModuleList(Array.from({ length: depth }, () => new nn.Linear(width, width)));
  }
  override forward(input: Tensor): Tensor {
    let x = input;
    for (const layer of this.layers) x = layer.call(x).relu();
    return x;
  }
}

function functions(generator: Generator, weights: InitSpec): Sample {
  const model = new Functions(128, 30);
  draw(model, generator, weights);
  return { model, batch: normal(generator, 16, 128) };
}

/** A residual block with batch normalisation, as ResNets have them. */
class ConvBlock extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  shortcut: nn.Conv2d | null;
  constructor(inputs: number, outputs: number, generator: Generator) {
    super();
    const stride = inputs === outputs ? 1 : 2;
    this.conv1 = new nn.Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false, generator });
    this.bn1 = new nn.BatchNorm2d(outputs);
    this.conv2 = new nn.Conv2d(outputs, outputs, 3, { padding: 1, bias: false, generator });
    this.bn2 = new nn.BatchNorm2d(outputs);
    this.shortcut = stride === 1 ? null : new nn.Conv2d(inputs, outputs, 1, { stride, generator });
  }
  override forward(x: Tensor): Tensor {
    const y = this.bn2.call(this.conv2.call(this.bn1.call(this.conv1.call(x)).relu()));
    return y.add(this.shortcut === null ? x : this.shortcut.call(x)).relu();
  }
}

/** A pre-norm block: x + W2 gelu(W1 norm(x)). */
class NormBlock extends nn.Module {
  norm: nn.LayerNorm;
  up: nn.Linear;
  gelu = new nn.GELU();
  down: nn.Linear;
  constructor(width: number, generator: Generator) {
    super();
    this.norm = new nn.LayerNorm([width]);
    this.up = new nn.Linear(width, 4 * width, { generator });
    this.down = new nn.Linear(4 * width, width, { generator });
  }
  override forward(x: Tensor): Tensor {
    return x.add(this.down.call(this.gelu.call(this.up.call(this.norm.call(x)))));
  }
}

/** A kernel for each of 64 channels: torch's fan_out is 9 x 64, and an output has 9 terms. */
function depthwise(generator: Generator): Sample {
  const modules: nn.Module[] = [];
  for (let i = 0; i < 6; i++) {
    modules.push(new nn.Conv2d(64, 64, 3, { padding: 1, groups: 64, generator }), new nn.ReLU());
  }
  const net = new nn.Sequential(...modules);
  draw(net, generator, { initialiser: 'kaimingNormal', mode: 'fan_out', nonlinearity: 'relu' });
  return { model: net, batch: normal(generator, 4, 64, 8, 8) };
}

/** Channels fall from 256 to 64 in each transposed convolution: torch's rule for its fan_in counts the 64. */
function decoder(generator: Generator): Sample {
  const modules = Array.from({ length: 10 }, () => [
    new nn.ConvTranspose2d(256, 64, 3, { padding: 1, generator }),
    new nn.ReLU(),
    new nn.Conv2d(64, 256, 1, { generator }),
    new nn.ReLU(),
  ]);
  const net = new nn.Sequential(...modules.flat());
  draw(net, generator, he);
  return { model: net, batch: normal(generator, 2, 256, 4, 4) };
}

function cnn(generator: Generator): nn.Sequential {
  const options = { generator };
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1, ...options }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1, ...options }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(32 * 7 * 7, 64, options),
    new nn.ReLU(),
    new nn.Linear(64, 10, options),
  );
}

/** Images of the mean and spread that MNIST's have, times a scale. */
const images = (generator: Generator, scale: number) =>
  normal(generator, 16, 1, 28, 28).mul(0.31).add(0.13).clamp(0, 1).mul(scale);

const at = (net: nn.Sequential, i: number) => net.at(i) as nn.Linear;
const generatorOf = (generator: Generator, name: string) => ({ generator: generator.spawn(name) });

const reluHe: MlpOptions = { depth: 30, width: 128, activation: nn.ReLU, weights: he };

export const broken: readonly Broken[] = [
  {
    name: 'normal weights times 0.01',
    cause: 'signals-vanish',
    curable: true,
    make: deep({ ...reluHe, depth: 10, weights: { initialiser: 'normal', std: 0.01 } }),
  },
  {
    name: 'plain normal weights',
    cause: 'signals-explode',
    curable: true,
    make: deep({ ...reluHe, depth: 8, weights: 'normal' }),
  },
  {
    name: 'plain normal weights, linear and deep',
    cause: 'overflow',
    curable: true,
    make: deep({ ...reluHe, depth: 50, activation: nn.Identity, weights: 'normal' }),
  },
  {
    name: 'uniform weights of 0 to 1',
    cause: 'signals-explode',
    curable: true,
    make: deep({ ...reluHe, depth: 6, weights: 'uniform' }),
  },
  {
    name: 'Xavier below ReLU',
    cause: 'wrong-gain',
    curable: true,
    make: deep({ ...reluHe, weights: 'xavierNormal' }),
  },
  {
    name: 'Xavier below ReLUs that are functions',
    cause: 'wrong-gain',
    curable: true,
    make: (generator) => functions(generator, 'xavierNormal'),
  },
  {
    name: "He's gain in a linear network",
    cause: 'wrong-gain',
    curable: true,
    make: deep({ ...reluHe, activation: nn.Identity }),
  },
  {
    name: "torch's tanh gain of 5/3, 60 layers",
    cause: 'wrong-gain',
    curable: true,
    make: deep({ ...reluHe, depth: 60, activation: nn.Tanh, weights: scaled(5 / 3) }),
  },
  {
    name: "torch's defaults, 30 layers of ReLU",
    cause: 'gradients-vanish',
    curable: true,
    make: deep({ ...reluHe, weights: null }),
  },
  {
    name: 'sigmoids',
    cause: 'gradients-vanish',
    curable: false,
    make: deep({ ...reluHe, depth: 10, activation: nn.Sigmoid, weights: 'xavierUniform' }),
  },
  {
    name: 'tanh with small weights, kept up by biases',
    cause: 'gradients-vanish',
    curable: true,
    make: deep({ ...reluHe, activation: nn.Tanh, weights: scaled(0.5), biases: { initialiser: 'normal', std: 0.05 } }),
  },
  {
    name: 'tanh in deep chaos',
    cause: 'gradients-explode',
    curable: true,
    make: deep({ ...reluHe, activation: nn.Tanh, weights: scaled(3) }),
  },
  {
    name: 'saturated tanh',
    cause: 'saturation',
    curable: true,
    make: deep({ ...reluHe, depth: 8, activation: nn.Tanh, weights: 'normal' }),
  },
  {
    name: 'ReLUs below biases of -3',
    cause: 'dead-relu',
    curable: true,
    make: deep({ ...reluHe, depth: 6, biases: { initialiser: 'constant', value: -3 } }),
  },
  {
    name: 'constant weights',
    cause: 'symmetry',
    curable: true,
    make: deep({ ...reluHe, depth: 5, weights: { initialiser: 'constant', value: 0.01 } }),
  },
  { name: 'all weights 0', cause: 'symmetry', curable: true, make: deep({ ...reluHe, depth: 4, weights: 'zeros' }) },
  {
    name: 'one layer of zeros in a chain',
    cause: 'zero-layer',
    curable: true,
    layers: ['4'],
    make: (generator) => {
      const model = mlp(generator, { ...reluHe, depth: 6 });
      init.zeros_(at(model, 4).weight);
      return { model, batch: normal(generator, 16, 128) };
    },
  },
  {
    name: 'tanh in the ordered phase',
    cause: 'correlation-collapse',
    curable: true,
    make: deep({
      ...reluHe,
      depth: 20,
      activation: nn.Tanh,
      weights: scaled(1),
      biases: { initialiser: 'normal', std: 0.5 },
    }),
  },
  {
    name: 'biases that drown signals',
    cause: 'correlation-collapse',
    curable: true,
    make: deep({
      ...reluHe,
      depth: 10,
      activation: nn.Tanh,
      weights: scaled(1),
      biases: { initialiser: 'normal', std: 2 },
    }),
  },
  { name: 'depthwise convolutions by fan_out', cause: 'wrong-fan', curable: true, make: depthwise },
  { name: "transposed convolutions by torch's fan_in", cause: 'wrong-fan', curable: true, make: decoder },
  {
    name: 'residual branches without a scale',
    cause: 'residual-growth',
    curable: true,
    make: (generator) => residual(generator, 24, he),
  },
  {
    name: 'batch normalisation, 60 layers',
    cause: 'batchnorm-depth',
    curable: false,
    make: deep({ ...reluHe, depth: 60, norm: (width) => new nn.BatchNorm1d(width) }, 64),
  },
  {
    name: 'images of 0 to 255',
    cause: 'input-scale',
    curable: false,
    make: (generator) => ({ model: cnn(generator), batch: images(generator, 255) }),
  },
  {
    name: 'inputs of 100 into tanh',
    cause: 'input-scale',
    curable: false,
    make: (generator) => ({
      model: mlp(generator, { ...reluHe, depth: 5, activation: nn.Tanh, weights: scaled(1) }),
      batch: normal(generator, 16, 128).mul(100),
    }),
  },
  {
    name: 'constant inputs',
    cause: 'input-alike',
    curable: false,
    make: (generator) => ({
      model: mlp(generator, { ...reluHe, depth: 5 }),
      batch: normal(generator, 16, 128).mul(0).add(1),
    }),
  },
  {
    name: 'inputs with a large offset',
    cause: 'input-alike',
    curable: false,
    make: (generator) => ({
      model: mlp(generator, { ...reluHe, depth: 5 }),
      batch: normal(generator, 16, 128).mul(0.01).add(3),
    }),
  },
  {
    name: 'an input of NaN',
    cause: 'input-not-finite',
    curable: false,
    make: (generator) => {
      const batch = normal(generator, 16, 128);
      batch.select(0, 3).fill_(NaN);
      return { model: mlp(generator, { ...reluHe, depth: 5 }), batch };
    },
  },
  {
    name: 'a weight of NaN',
    cause: 'weights-not-finite',
    curable: true,
    layers: ['2'],
    make: (generator) => {
      const model = mlp(generator, { ...reluHe, depth: 5 });
      at(model, 2).weight.detach().select(0, 5).fill_(NaN);
      return { model, batch: normal(generator, 16, 128) };
    },
  },
];

const critical = criticalInit('tanh', { sigmaB: 0.2 });

export const healthy: readonly Healthy[] = [
  { name: 'He, ReLU, 30 x 256', make: deep({ ...reluHe, width: 256 }) },
  { name: 'He, ReLU, 100 x 512', make: deep({ ...reluHe, depth: 100, width: 512 }, 4) },
  {
    name: 'critical tanh, 50 x 256',
    make: deep({ ...reluHe, depth: 50, width: 256, activation: nn.Tanh, weights: scaled(1) }),
  },
  {
    name: 'critical tanh with biases, 20 x 256',
    make: deep({
      ...{ depth: 20, width: 256, activation: nn.Tanh },
      ...{ weights: scaled(critical.sigmaW), biases: { initialiser: 'normal', std: 0.2 } },
    }),
  },
  {
    name: 'orthogonal, linear, 50 x 256',
    make: deep({ ...reluHe, depth: 50, width: 256, activation: nn.Identity, weights: 'orthogonal' }),
  },
  { name: 'LeCun, SELU, 30 x 256', make: deep({ ...reluHe, width: 256, activation: nn.SELU, weights: 'lecunNormal' }) },
  {
    name: "a small convolutional network, torch's defaults",
    make: (generator) => ({ model: cnn(generator), batch: images(generator, 1) }),
  },
  { name: "two layers, torch's defaults", make: deep({ ...reluHe, depth: 2, inputs: 784, weights: null }) },
  {
    name: "two layers of sigmoids, torch's defaults",
    make: deep({ ...reluHe, depth: 2, activation: nn.Sigmoid, weights: null }),
  },
  {
    name: 'muP',
    make: (generator) => {
      const make = (width: number) =>
        mlp(generator, { depth: 4, width, inputs: 64, activation: nn.ReLU, weights: null });
      const model = make(256);
      init.initialize(model, init.presets.mup({ base: make(64) }), generatorOf(generator, 'weights'));
      return { model, batch: normal(generator, 16, 64) };
    },
  },
  {
    name: 'Fixup: branches and readout that start at 0',
    make: (generator) => residual(generator, 24, 'zeros', 'zeros'),
  },
  { name: 'branches that start at 0', make: (generator) => residual(generator, 24, 'zeros') },
  {
    name: 'branches scaled by their number',
    make: (generator) => residual(generator, 24, scaled(Math.sqrt(2 / 24))),
  },
  { name: 'six branches without a scale', make: (generator) => residual(generator, 6, he) },
  {
    name: 'pre-norm blocks of LayerNorm and GELU',
    make: (generator) => ({
      model: new nn.Sequential(
        ...Array.from({ length: 12 }, () => new NormBlock(64, generator)),
        new nn.LayerNorm([64]),
      ),
      batch: normal(generator, 16, 64),
    }),
  },
  {
    name: "LayerNorm and GELU, plain, torch's defaults",
    make: deep({
      ...reluHe,
      depth: 12,
      activation: nn.GELU,
      weights: null,
      norm: (width) => new nn.LayerNorm([width]),
    }),
  },
  {
    name: 'batch normalisation, 12 layers',
    make: deep({ ...reluHe, depth: 12, norm: (width) => new nn.BatchNorm1d(width) }, 64),
  },
  {
    name: 'a zero readout',
    make: (generator) => {
      const model = mlp(generator, { ...reluHe, depth: 5 });
      init.zeros_(at(model, 8).weight);
      return { model, batch: normal(generator, 16, 128) };
    },
  },
  { name: 'activations that are functions', make: (generator) => functions(generator, he) },
  {
    name: 'residual convolutions with batch normalisation',
    make: (generator) => ({
      model: new nn.Sequential(
        new nn.Conv2d(3, 16, 3, { padding: 1, generator }),
        ...[16, 16, 32, 32, 64, 64].map((n, i, all) => new ConvBlock(all[i - 1] ?? 16, n, generator)),
        new nn.AvgPool2d(4),
        new nn.Flatten(),
        new nn.Linear(64, 10, { generator }),
      ),
      batch: normal(generator, 8, 3, 16, 16),
    }),
  },
  { name: 'He, ReLU, 100 x 64: narrow for its depth', make: deep({ ...reluHe, depth: 100, width: 64 }) },
  { name: 'He, ReLU, 30 x 16', make: deep({ ...reluHe, width: 16 }) },
  { name: 'one layer', make: deep({ ...reluHe, depth: 1 }) },
];
