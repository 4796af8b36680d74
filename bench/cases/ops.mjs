// Operations on tensors, and what the package itself costs. Data are small enough to stay in the caches that a network's
// layer stays in.
import { torchTargets } from './shapes.mjs';

const million = 1_000_000;

/** No slower than PyTorch. */
const asFast = { peer: 'torch', ratio: 1 };

/** x.op() for a million normals, against the same method of PyTorch. */
const unary = (op) => ({
  name: `${op} float32 1M`,
  setup: (ek) => {
    const x = ek.randn(million);
    return () => x[op]();
  },
  torch: [`x = torch.randn(${million})`, `x.${op}()`],
});

/** The same step in a scope, which hands its results' memory to the next ones, as PyTorch's reference counts do. */
const scoped = (row, ...targets) => ({
  ...row,
  name: `${row.name}, in a scope`,
  setup: (ek) => {
    const step = row.setup(ek);
    return () => {
      ek.scope(() => {
        step();
      });
    };
  },
  targets,
});

/** A million sums. */
const add = {
  name: 'add float32 1M',
  setup: (ek) => {
    const a = ek.randn(million);
    const b = ek.randn(million);
    return () => a.add(b);
  },
  torch: [`a, b = torch.randn(${million}), torch.randn(${million})`, 'a + b'],
};

const matmul = (n, dtype, raw, ratio) => ({
  name: `matmul ${dtype} ${n}`,
  setup: (ek) => {
    const a = ek.randn([n, n], { dtype });
    const b = ek.randn([n, n], { dtype });
    return () => a.matmul(b);
  },
  raw: [raw, n],
  torch: [`a, b = (torch.randn(${n}, ${n}, dtype=torch.${dtype}) for _ in range(2))`, 'a @ b'],
  targets: ratio
    ? [
        { peer: 'raw', ratio },
        { peer: 'torch', ratio },
      ]
    : [],
});

const matvec = (n, dtype, raw) => ({
  name: `matvec ${dtype} ${n}`,
  setup: (ek) => {
    const a = ek.randn([n, n], { dtype });
    const x = ek.randn([n], { dtype });
    return () => a.matmul(x);
  },
  raw: [raw, n],
  torch: [`a = torch.randn(${n}, ${n}, dtype=torch.${dtype}); x = torch.randn(${n}, dtype=torch.${dtype})`, 'a @ x'],
  targets: [{ peer: 'raw', threads: [1], limit: (ms) => 1.2 * ms + 0.0015 }],
});

/**
 * The signal-propagation experiment: how far does a signal get through a hundred random layers? `pooled`: each layer in a
 * scope.
 */
const chain = (pooled, ...ratios) => ({
  name: `chain of 100 layers 512${pooled ? ', in scopes' : ''}`,
  setup: (ek) => {
    const scale = 1 / Math.sqrt(512);
    const start = ek.randn(512);
    const layer = (x) => ek.randn(512, 512).mul(scale).matmul(x);
    const apply = pooled ? (x) => ek.scope(() => layer(x)) : layer;
    return () => {
      let x = start;
      for (let i = 0; i < 100; i++) x = apply(x);
      return x;
    };
  },
  raw: ['chain', 512],
  torch: [
    'scale = 512 ** -0.5; start = torch.randn(512)',
    'x = start\nfor _ in range(100): x = (torch.randn(512, 512) * scale) @ x',
  ],
  targets: torchTargets(...ratios),
});

export const ops = [
  {
    name: 'randn float64 1M',
    setup: (ek) => () => ek.randn([million], { dtype: 'float64' }),
    torch: ['', `torch.randn(${million}, dtype=torch.float64)`],
  },
  chain(false, 1.7, 1.7),
  chain(true, 3, 5),
  matvec(512, 'float32', 'sgemv'),
  matvec(512, 'float64', 'dgemv'),
  matmul(512, 'float32', 'sgemm', 0.95),
  matmul(1024, 'float32', 'sgemm', 0.95),
  matmul(512, 'float64', 'dgemm'),
  add,
  scoped(add, asFast),
  ...['relu', 'exp', 'tanh', 'sum', 'std'].map(unary),
  scoped(unary('relu'), asFast),
  {
    // Next to no work: what a call costs.
    name: 'add float32 16',
    threads: [1],
    setup: (ek) => {
      const a = ek.randn(16);
      const b = ek.randn(16);
      return () => a.add(b);
    },
    torch: ['a, b = torch.randn(16), torch.randn(16)', 'a + b'],
    targets: [asFast],
  },
  {
    name: "require('evenkeel')",
    threads: [1],
    fresh: 'require_case.cjs',
    targets: [{ ms: 40 }],
  },
];
