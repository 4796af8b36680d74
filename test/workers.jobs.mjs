// What a worker of test/workers.soak.mjs does: jobs of all kinds in a random order. Whatever goes on beside it, a job has the same
// result for the same seed.
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import * as checkpoint from '../dist/checkpoint/index.js';
import * as lib from '../dist/index.js';
import { study } from '../dist/study/index.js';

const { nn, init, optim, Generator } = lib;
const { functional } = nn;
const { folder, seeds } = workerData;

/** The SHA-256 of tensors' elements. */
function digest(...tensors) {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    const { array } = tensor.contiguous();
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex').slice(0, 24);
}

/** Layers that depend on the seed alone. */
function network(generator, ...sizes) {
  const layers = sizes.slice(1).flatMap((size, i) => {
    const layer = new nn.Linear(sizes[i], size, { init: false });
    init.kaimingUniform_(layer.weight, { nonlinearity: 'relu', generator });
    init.zeros_(layer.bias);
    return [layer, new nn.ReLU()];
  });
  return new nn.Sequential(...layers.slice(0, -1));
}

const rules = [
  { match: '*.weight', init: { initialiser: 'kaimingNormal' } },
  { match: '*.bias', init: 'zeros' },
];

/** Each resolves to a digest of what it computed from the generator. */
const jobs = {
  fills(generator) {
    const count = [300_007];
    return digest(
      lib.randn(count, { generator }),
      lib.rand(count, { dtype: 'float64', generator }),
      lib.randperm(count[0], { generator }),
      lib.zeros(count, { dtype: 'bfloat16' }).exponential_(2, { generator }),
      init.truncNormal_(lib.zeros(count), 0, 1, -2, 2, { generator }),
    );
  },
  matmul(generator) {
    const [a, b] = [lib.randn([257, 300], { generator }), lib.randn([300, 311], { generator })];
    return digest(a.matmul(b), b.t().matmul(a.t()), a.to('float64').matmul(b.to('float64')));
  },
  conv(generator) {
    const x = lib.randn([2, 8, 33, 29], { generator }).requiresGrad_(true);
    const w = lib.randn([12, 8, 3, 3], { generator }).requiresGrad_(true);
    const y = functional.conv2d(x, w, null, { padding: 1 });
    y.mul(y).sum().backward();
    return digest(y, x.grad, w.grad);
  },
  orthogonal(generator) {
    const q = init.orthogonal_(lib.zeros([190, 160]), 1, { generator });
    return digest(q, q.qr().r);
  },
  training(generator) {
    const model = network(generator, 20, 64, 10);
    const x = lib.randn([128, 20], { generator });
    const y = lib.zeros([128], { dtype: 'int64' }).random_(0, 10, { generator });
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const loss = new nn.CrossEntropyLoss();
    for (let step = 0; step < 5; step++) {
      optimizer.zeroGrad();
      loss.call(model.call(x), y).backward();
      optimizer.step();
    }
    return digest(...model.parameters());
  },
  scopes(generator) {
    return lib.scope(() => {
      let x = lib.randn([512, 512], { generator });
      for (let i = 0; i < 4; i++) x = x.relu().sub(0.1).exp();
      return digest(x);
    });
  },
  /** A study sets how many threads kernels may use, for the process: as many as all other jobs have. */
  async study(generator) {
    const seed = generator.random();
    const { results, failures } = await study({
      width: 32,
      depth: 4,
      activation: 'tanh',
      repeats: 2,
      workers: 1,
      threads: 2,
      seed,
    });
    if (failures.length > 0) throw new Error(failures[0].message);
    return createHash('sha256').update(JSON.stringify(results[0].layers)).digest('hex').slice(0, 24);
  },
  async checkpoints(generator) {
    const [path, drawn] = ['saved', 'drawn'].map((name) => join(folder, `${name}.safetensors`));
    const state = new Map(Array.from({ length: 4 }, (_, i) => [`t${i}`, lib.randn([200, 50 + i], { generator })]));
    await checkpoint.saveCheckpoint(path, state);
    const read = await checkpoint.loadState(path);
    const model = { tensors: { a: { shape: [300, 200], init: { initialiser: 'normal', std: 0.02 } } } };
    const report = await checkpoint.initializeCheckpoint(drawn, { model, seed: generator.random(), verify: true });
    if (!report.verification.ok) throw new Error(report.verification.problems[0].problem);
    const found = digest(...read.values(), ...(await checkpoint.loadState(drawn)).values());
    for (const file of [path, drawn]) rmSync(file);
    return found;
  },
  async asynchronous(generator) {
    const a = lib.randn([300, 300], { generator });
    const shared = lib.share(lib.randn([300, 300], { generator }));
    const model = network(generator, 40, 30, 20);
    const [product, image] = await Promise.all([
      lib.matmulAsync(a, shared),
      functional.conv2dAsync(a.view(1, 4, 150, 150), lib.randn([6, 4, 3, 3], { generator })),
      init.initializeAsync(model, rules, { generator }),
    ]);
    return digest(product, image, ...model.parameters());
  },
  async aborted(generator) {
    const a = lib.randn([400, 400], { generator });
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error('enough')), Math.random() * 8);
    const settled = await Promise.allSettled(
      [1, 2, 3, 4].map(() => lib.matmulAsync(a, a, { signal: controller.signal })),
    );
    clearTimeout(timer);
    const wanted = digest(a.matmul(a));
    for (const { status, value, reason } of settled) {
      if (status === 'rejected' ? reason.message !== 'enough' : digest(value) !== wanted)
        throw reason ?? new Error('wrong');
    }
    parentPort.postMessage({ kind: 'aborts', count: settled.filter(({ status }) => status === 'rejected').length });
    return wanted;
  },
  posted(generator) {
    const t = lib.randn([400, 250], { generator }).t();
    const message = lib.toMessage(t);
    const found = digest(t);
    parentPort.postMessage({ kind: 'tensor', message, wanted: found }, lib.transferList(message));
    return found;
  },
};

mkdirSync(folder, { recursive: true });
parentPort.on('message', ({ message, wanted }) => {
  const found = digest(lib.fromMessage(message));
  if (found !== wanted) throw new Error(`a tensor of another worker came as ${found}, not ${wanted}`);
  parentPort.postMessage({ kind: 'received' });
});
// Creating a worker takes longer than all the other jobs together.
const names = Object.keys(jobs).flatMap((name) => new Array(name === 'study' ? 1 : 6).fill(name));
for (;;) {
  const name = names[Math.floor(Math.random() * names.length)];
  const seed = Math.floor(Math.random() * seeds);
  const found = await jobs[name](new Generator(seed));
  parentPort.postMessage({ kind: 'done', name, seed, found });
  // Messages of others are read in between.
  await new Promise((resolve) => setImmediate(resolve));
}
