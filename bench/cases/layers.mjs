// Layers of networks, their gradients, and a step of training.
import { torchTargets } from './shapes.mjs';

/** A convolution with a kernel of 3 x 3, a padding of 1 and a bias; x [n, channels, size, size]. */
const convolution = ([n, channels, size], outputs) => ({
  name: `conv2d ${n}x${channels}x${size}x${size}, ${outputs} 3x3`,
  setup: (ek) => {
    const x = ek.randn(n, channels, size, size);
    const weight = ek.randn(outputs, channels, 3, 3);
    const bias = ek.randn(outputs);
    const { conv2d } = ek.nn.functional;
    return () => conv2d(x, weight, bias, { padding: 1 });
  },
  torch: [
    `x = torch.randn(${n}, ${channels}, ${size}, ${size})\n` +
      `weight, bias = torch.randn(${outputs}, ${channels}, 3, 3), torch.randn(${outputs})`,
    'torch.nn.functional.conv2d(x, weight, bias, padding=1)',
  ],
  targets: torchTargets(1, 1),
});

/** The gradients of all three: of the input, the weight and the bias. */
const convolutionGradients = ([n, channels, size], outputs) => ({
  name: `conv2d ${n}x${channels}x${size}x${size}, ${outputs} 3x3, gradients`,
  setup: (ek) => {
    const leaves = [[n, channels, size, size], [outputs, channels, 3, 3], [outputs]].map((shape) => ek.randn(shape));
    for (const leaf of leaves) leaf.requiresGrad_();
    const y = ek.nn.functional.conv2d(...leaves, { padding: 1 });
    const gradient = ek.randn(y.shape);
    return () => {
      for (const leaf of leaves) leaf.grad = null;
      y.backward(gradient, { retainGraph: true });
    };
  },
  torch: [
    `shapes = (${n}, ${channels}, ${size}, ${size}), (${outputs}, ${channels}, 3, 3), (${outputs},)\n` +
      'leaves = [torch.randn(shape, requires_grad=True) for shape in shapes]\n' +
      'y = torch.nn.functional.conv2d(*leaves, padding=1); gradient = torch.randn(y.shape)',
    'for leaf in leaves: leaf.grad = None\ny.backward(gradient, retain_graph=True)',
  ],
  targets: torchTargets(0.9, 0.9),
});

export const layers = [
  convolution([8, 64, 56], 64),
  convolutionGradients([8, 64, 56], 64),
  convolution([1, 3, 224], 64),
  convolutionGradients([1, 3, 224], 64),
  {
    name: 'Linear(784, 128), 128 rows',
    setup: (ek) => {
      const layer = new ek.nn.Linear(784, 128);
      const x = ek.randn(128, 784);
      return () => ek.noGrad(() => layer.call(x));
    },
    torch: ['layer = torch.nn.Linear(784, 128).requires_grad_(False); x = torch.randn(128, 784)', 'layer(x)'],
    targets: torchTargets(1, 1),
  },
  {
    name: 'SGD step of 784-512-512-10, 128 rows',
    setup: (ek) => {
      const { nn, optim } = ek;
      const net = new nn.Sequential(
        new nn.Linear(784, 512),
        new nn.ReLU(),
        new nn.Linear(512, 512),
        new nn.ReLU(),
        new nn.Linear(512, 10),
      );
      const optimizer = new optim.SGD(net.parameters(), { lr: 0.01 });
      const x = ek.randn(128, 784);
      const classes = ek.tensor(
        Array.from({ length: 128 }, (_, i) => i % 10),
        { dtype: 'int64' },
      );
      return () => {
        optimizer.zeroGrad();
        nn.functional.crossEntropy(net.call(x), classes).backward();
        optimizer.step();
      };
    },
    torch: [
      'nn = torch.nn\n' +
        'net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))\n' +
        'optimizer = torch.optim.SGD(net.parameters(), lr=0.01)\n' +
        'x, classes = torch.randn(128, 784), torch.arange(128) % 10',
      'optimizer.zero_grad()\nnn.functional.cross_entropy(net(x), classes).backward()\noptimizer.step()',
    ],
    targets: torchTargets(1, 1),
  },
];
