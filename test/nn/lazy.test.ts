// Layers built with `init: false`: no memory until an element is read or written, and then the same as any other.
import { describe, expect, it } from 'vitest';
import {
  fromMessage,
  init,
  matmulAsync,
  nn,
  ones,
  randn,
  scope,
  share,
  type Tensor,
  tensor,
  toMessage,
} from '../../lib/index.js';
import { unallocatedStart } from '../../lib/view.js';
import { failure } from '../cases/data.js';

const lazy = { init: false } as const;
const waits = ({ elements }: Tensor) => unallocatedStart(elements) !== undefined;

const layers: Record<string, () => nn.Module> = {
  Linear: () => new nn.Linear(3, 2, lazy),
  Conv1d: () => new nn.Conv1d(2, 3, 3, lazy),
  Conv2d: () => new nn.Conv2d(2, 3, 3, lazy),
  ConvTranspose2d: () => new nn.ConvTranspose2d(2, 3, 3, lazy),
  Embedding: () => new nn.Embedding(5, 2, lazy),
  LayerNorm: () => new nn.LayerNorm(4, lazy),
  BatchNorm1d: () => new nn.BatchNorm1d(4, lazy),
  BatchNorm2d: () => new nn.BatchNorm2d(4, lazy),
};

describe('layers with init: false', () => {
  it.each(Object.entries(layers))('%s: describing it takes no memory', (_, make) => {
    const layer = make();
    const tensors = [...layer.parameters(), ...layer.buffers()];
    expect(tensors.length).toBeGreaterThan(0);
    for (const { shape, dtype, strides, requiresGrad, isLeaf } of tensors)
      void [shape, dtype, strides, requiresGrad, isLeaf];
    for (const t of tensors) void [t.numel(), t.dim(), t.size(), t.isContiguous(), t.detach(), t.data];
    String(layer);
    layer.requiresGrad_(false).requiresGrad_(true).eval();
    expect([...layer.stateDict().keys()].length).toBe(tensors.length);
    init.initialize(layer, [{ match: '*', init: 'zeros' }], { dryRun: true });
    expect(tensors.filter((t) => !waits(t))).toEqual([]);
  });

  it.each(Object.entries(layers))('%s: starts with the values it had before, and norms as always', (name, make) => {
    const norm = name.includes('Norm');
    const state = make().stateDict();
    for (const [key, t] of state) {
      const one = norm && ['weight', 'running_var'].includes(key);
      expect([...t.array].map(Number), key).toEqual(new Array(t.numel()).fill(one ? 1 : 0));
    }
  });

  it('hold ones in every dtype', () => {
    for (const dtype of ['float16', 'bfloat16', 'float32', 'float64'] as const) {
      expect(new nn.LayerNorm(2, { dtype, init: false }).weight!.tolist()).toEqual([1, 1]);
    }
  });

  it('describe models of any size', () => {
    const net = new nn.Sequential(...Array.from({ length: 100 }, () => new nn.Linear(1e5, 1e5, lazy)));
    const before = process.memoryUsage();
    const report = init.initialize(net, [{ match: '*', init: { initialiser: 'normal', std: 0.02 } }], { dryRun: true });
    expect(report.rows.length).toBe(200);
    expect(report.rows[0]!.shape).toEqual([1e5, 1e5]);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(1e6);
  });

  it('say so where there is no memory for what is read', () => {
    const { weight } = new nn.Linear(1e6, 1e7, lazy);
    const described = ['[10000000, 1000000]', 'float32'];
    expect(() => weight.tolist()).toThrow(failure('ERR_RANGE', 'tolist', 'no memory', ...described));
    expect(() => weight.array).toThrow(failure('ERR_RANGE', 'array', 'no memory', ...described));
    expect(() => init.zeros_(weight)).toThrow(failure('ERR_RANGE', 'zeros_', 'no memory', ...described));
    expect(() => toMessage(weight)).toThrow(failure('ERR_RANGE', 'toMessage', 'no memory', ...described));
    expect(waits(weight)).toBe(true);
    expect(() => new nn.Linear(1e9, 1e9, lazy)).toThrow(failure('ERR_RANGE', 'Linear', '[1000000000, 1000000000]'));
    expect(() => new nn.Linear(1e5, 1e5)).toThrow(failure('ERR_RANGE', 'Linear', '[100000, 100000]'));
  });
});

describe('memory that is allocated late', () => {
  const make = () => new nn.Linear(3, 2, lazy).weight;

  it('is shared by views made before and after', () => {
    const weight = make();
    const [row, turned, data, detached] = [weight.at(1), weight.t(), weight.data, weight.detach()];
    const narrow = turned.narrow(0, 1, 2);
    expect([weight, row, turned, data, detached, narrow].every(waits)).toBe(true);
    data.fill_(2);
    expect([weight, row, turned, detached, narrow].some(waits)).toBe(false);
    row.detach().fill_(3);
    expect(weight.tolist()).toEqual([
      [2, 2, 2],
      [3, 3, 3],
    ]);
    expect(narrow.tolist()).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(detached.array).toBe(weight.array);
    weight.detach().at(0).fill_(7);
    expect(data.at(0).tolist()).toEqual([7, 7, 7]);
  });

  it('counts writes for gradients as any other', () => {
    const weight = make();
    const y = weight.mul(weight).sum();
    weight.detach().fill_(1);
    expect(() => y.backward()).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });

  it('takes part in gradients', () => {
    const layer = new nn.Linear(3, 2, lazy);
    layer.call(ones(4, 3)).sum().backward();
    expect(layer.weight.grad!.tolist()).toEqual([
      [4, 4, 4],
      [4, 4, 4],
    ]);
    expect(layer.bias!.grad!.tolist()).toEqual([4, 4]);
  });

  it('gets the numbers that initialised layers get', async () => {
    const rules = [{ match: '*', init: { initialiser: 'normal', std: 0.1 } }] as const;
    const eager = new nn.Linear(3, 2);
    init.initialize(eager, rules, { seed: 1 });
    const late = new nn.Linear(3, 2, lazy);
    init.initialize(late, rules, { seed: 1 });
    const awaited = new nn.Linear(3, 2, lazy);
    await init.initializeAsync(awaited, rules, { seed: 1 });
    for (const layer of [late, awaited]) expect(layer.weight.tolist()).toEqual(eager.weight.tolist());
  });

  it('loads states', () => {
    const [from, to] = [new nn.Linear(3, 2), new nn.Linear(3, 2, lazy)];
    to.loadStateDict(from.stateDict());
    expect(to.weight.tolist()).toEqual(from.weight.tolist());
    expect(to.bias!.tolist()).toEqual(from.bias!.tolist());
  });

  it('outlives the scope it was first read in', () => {
    const { weight } = new nn.Linear(512, 512, lazy);
    scope(() => void weight.add(1));
    scope(() => void randn(512, 512));
    expect(weight.sum().item()).toBe(0);
    const layer = scope(() => new nn.Linear(512, 512, lazy));
    expect(waits(layer.weight)).toBe(true);
    expect(init.ones_(layer.weight).mean().item()).toBe(1);
  });

  it('is read by asynchronous calls', async () => {
    const weight = make();
    expect((await matmulAsync(weight, ones(3, 1))).tolist()).toEqual([[0], [0]]);
    init.ones_(weight);
    expect((await matmulAsync(weight, ones(3, 1))).tolist()).toEqual([[3], [3]]);
  });

  it('goes to other threads, dtypes and shared memory', () => {
    const message = structuredClone(toMessage(make()));
    expect(fromMessage(message).tolist()).toEqual(make().tolist());
    expect(fromMessage(message).requiresGrad).toBe(true);
    expect(share(make()).array.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(make().to('bfloat16').tolist()).toEqual(make().tolist());
    expect(String(make())).toContain('Parameter containing');
    expect(tensor([1, 2]).mul(new nn.LayerNorm(2, lazy).weight!).tolist()).toEqual([1, 2]);
  });

  it('is written by every initialiser', () => {
    const square = () => new nn.Linear(4, 4, lazy).weight;
    const { eye_, orthogonal_, sparse_, dirac_ } = init;
    expect(eye_(square()).sum().item()).toBe(4);
    expect(orthogonal_(square()).norm().item()).toBeCloseTo(2, 4);
    expect(sparse_(square(), 0.5).ne(0).sum().item()).toBe(8);
    expect(
      dirac_(new nn.Conv1d(2, 2, 3, lazy).weight)
        .sum()
        .item(),
    ).toBe(2);
  });
});
