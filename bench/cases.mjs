// THE table of benchmarks, one row each:
//
//   name      stable: --filter and the machine-read output go by it
//   threads   the thread counts it makes sense at; without it, every one that was asked for
//   setup     (ek) => step: prepares the data, and returns what is timed, for the package `ek`
//   fresh     instead of setup: a script that a fresh Node runs each time and that prints {"ms"}
//   raw       [case, n] of bench/raw_blas.c: the same OpenBLAS in a C loop
//   torch     [setup, step] in Python: the setup is run once, the step is timed. Sizes are those of the row
//   targets   what would be a pass: { peer, ratio, threads? }, the peer's time over ours; or { peer, limit: (peerMs) => ms };
//             or { ms } where there is no peer. Shown, never a failure.
//
// Data are small enough to stay in the caches that a network's layer stays in. Every implementation allocates what its
// ordinary call allocates: `a.add(b)` a new tensor, as `a + b` in PyTorch; the C loops write to one buffer.

const million = 1_000_000;

/** x.op() for a million normals, against the same method of PyTorch. */
const unary = (op) => ({
  name: `${op} float32 1M`,
  setup: (ek) => {
    const x = ek.randn(million);
    return () => x[op]();
  },
  torch: [`x = torch.randn(${million})`, `x.${op}()`],
});

const matmul = (n, dtype, raw, ratio) => ({
  name: `matmul ${dtype} ${n}`,
  setup: (ek) => {
    const a = ek.randn([n, n], { dtype });
    const b = ek.randn([n, n], { dtype });
    return () => a.matmul(b);
  },
  raw: [raw, n],
  torch: [`a, b = (torch.randn(${n}, ${n}, dtype=torch.${dtype}) for _ in range(2))`, 'a @ b'],
  targets: ratio ? [{ peer: 'raw', ratio }] : [],
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

const orthogonal = (n) => ({
  name: `orthogonal_ float32 ${n}`,
  setup: (ek) => {
    const w = ek.empty(n, n);
    return () => ek.init.orthogonal_(w);
  },
  torch: [`w = torch.empty(${n}, ${n})`, 'torch.nn.init.orthogonal_(w)'],
});

/** The generator that makes torch's own numbers. */
const mt19937 = (op, dtype, ratio) => ({
  name: `mt19937 ${op} ${dtype} 1M`,
  setup: (ek) => {
    const generator = new ek.Generator(1, { algorithm: 'mt19937' });
    const x = ek.empty([million], { dtype });
    return () => x[op](0, 1, { generator });
  },
  torch: [`x = torch.empty(${million}, dtype=torch.${dtype})`, `x.${op}()`],
  targets: ratio ? [{ peer: 'torch', ratio, threads: [1] }] : [],
});

export const cases = [
  {
    name: 'uniform_ float32 1M',
    setup: (ek) => {
      const x = ek.empty(million);
      return () => x.uniform_();
    },
    torch: [`x = torch.empty(${million})`, 'x.uniform_()'],
    targets: [{ peer: 'torch', ratio: 5, threads: [1] }],
  },
  {
    name: 'normal_ float32 1M',
    setup: (ek) => {
      const x = ek.empty(million);
      return () => x.normal_();
    },
    torch: [`x = torch.empty(${million})`, 'x.normal_()'],
    targets: [{ peer: 'torch', ratio: 2.5, threads: [1] }],
  },
  mt19937('uniform_', 'float32'),
  mt19937('normal_', 'float32', 1.8),
  mt19937('normal_', 'float64'),
  {
    name: 'randn float64 1M',
    setup: (ek) => () => ek.randn([million], { dtype: 'float64' }),
    torch: ['', `torch.randn(${million}, dtype=torch.float64)`],
  },
  {
    // The signal-propagation experiment: how far does a signal get through a hundred random layers?
    name: 'chain of 100 layers 512',
    setup: (ek) => {
      const scale = 1 / Math.sqrt(512);
      const start = ek.randn(512);
      return () => {
        let x = start;
        for (let layer = 0; layer < 100; layer++) x = ek.randn(512, 512).mul(scale).matmul(x);
        return x;
      };
    },
    raw: ['chain', 512],
    torch: [
      'scale = 512 ** -0.5; start = torch.randn(512)',
      'x = start\nfor _ in range(100): x = (torch.randn(512, 512) * scale) @ x',
    ],
    targets: [{ peer: 'torch', ratio: 1.7 }],
  },
  matvec(512, 'float32', 'sgemv'),
  matvec(512, 'float64', 'dgemv'),
  matmul(512, 'float32', 'sgemm'),
  matmul(1024, 'float32', 'sgemm', 0.95),
  matmul(512, 'float64', 'dgemm'),
  {
    name: 'conv2d 8x64x56x56 3x3',
    setup: (ek) => {
      const x = ek.randn(8, 64, 56, 56);
      const weight = ek.randn(64, 64, 3, 3);
      const bias = ek.randn(64);
      const { conv2d } = ek.nn.functional;
      return () => conv2d(x, weight, bias, { padding: 1 });
    },
    torch: [
      'x, weight, bias = torch.randn(8, 64, 56, 56), torch.randn(64, 64, 3, 3), torch.randn(64)',
      'torch.nn.functional.conv2d(x, weight, bias, padding=1)',
    ],
  },
  {
    // In place: what writing the memory costs, below which no fill can get.
    name: 'fill_ float32 1M',
    setup: (ek) => {
      const x = ek.empty(million);
      return () => x.fill_(0.5);
    },
    raw: ['fill', million],
    torch: [`x = torch.empty(${million})`, 'x.fill_(0.5)'],
  },
  {
    name: 'add float32 1M',
    setup: (ek) => {
      const a = ek.randn(million);
      const b = ek.randn(million);
      return () => a.add(b);
    },
    torch: [`a, b = torch.randn(${million}), torch.randn(${million})`, 'a + b'],
  },
  ...['relu', 'exp', 'tanh', 'sum', 'std'].map(unary),
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
  },
  orthogonal(256),
  orthogonal(1024),
  {
    name: "require('evenkeel')",
    threads: [1],
    fresh: 'require_case.cjs',
    targets: [{ ms: 40 }],
  },
];
