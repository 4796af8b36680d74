import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { full, ones, randn, zeros } from '../../lib/creation.js';
import * as nn from '../../lib/nn/index.js';
import { Generator, manualSeed } from '../../lib/random.js';
import { Tensor } from '../../lib/tensor/index.js';
import { expectClose, failure, plentiful, readGolden, tensorOf, valuesOf } from '../cases/data.js';

type Model = [name: string, text: string, state: [string, number[]][], parameters: string[], modules: string[]];
const golden = readGolden<{
  models: Model[];
  bounds: ['Linear' | 'Conv2d', never[], object, [number, number][]][];
}>('nn');

class Block extends nn.Module {
  conv1: nn.Conv2d;
  act = new nn.ReLU();
  conv2: nn.Conv2d;

  constructor(channels: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, channels, 3, { padding: 1 });
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 'same', bias: false });
  }

  override forward(x: Tensor): Tensor {
    return this.conv2.call(this.act.call(this.conv1.call(x)));
  }
}

class Net extends nn.Module {
  scale = new nn.Parameter(ones(2, 3));
  block = new Block(4);
  body = new nn.Sequential(
    new nn.Conv2d(4, 8, [3, 1], { stride: [2, 1], dilation: [1, 2], groups: 2 }),
    new Block(8),
    new nn.Flatten(),
  );
  head = new nn.Linear(10, 3, { bias: false });
  shared = this.head;

  constructor() {
    super();
    this.registerBuffer('mean', zeros(5));
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Bare extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

const layers = { Linear: nn.Linear, Conv2d: nn.Conv2d };

const shared = new nn.ReLU();

const models: Record<string, nn.Module> = {
  linear: new nn.Linear(3, 4),
  'linear without bias': new nn.Linear(30, 1, { bias: false }),
  relu: new nn.ReLU(),
  flatten: new nn.Flatten(),
  'flatten from 0 to -2': new nn.Flatten(0, -2),
  conv: new nn.Conv2d(3, 8, 5),
  'conv with all': new nn.Conv2d(4, 8, [5, 3], {
    stride: [2, 1],
    padding: [1, 0],
    dilation: 2,
    groups: 4,
    bias: false,
  }),
  'conv same': new nn.Conv2d(1, 1, 3, { padding: 'same' }),
  'conv valid': new nn.Conv2d(1, 1, 3, { padding: 'valid' }),
  empty: new nn.Sequential(),
  sequence: new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Sequential(new nn.Linear(3, 1))),
  net: new Net(),
  bare: new Bare(),
  named: new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() }),
  shared: new nn.Sequential(shared, new nn.Linear(2, 2), shared),
  'empty list': new nn.ModuleList(),
  list: new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 2)]),
  activations: new nn.ModuleList([
    new nn.ReLU({ inplace: true }),
    new nn.LeakyReLU(),
    new nn.LeakyReLU(0.2, { inplace: true }),
    new nn.ELU(),
    new nn.ELU(0.5, { inplace: true }),
    new nn.SELU(),
    new nn.SELU({ inplace: true }),
    new nn.SiLU({ inplace: true }),
    new nn.GELU(),
    new nn.GELU({ approximate: 'tanh' }),
    new nn.Softplus(),
    new nn.Softplus(2, 5),
    new nn.Softmax(1),
    new nn.Softmax(),
    new nn.LogSoftmax(-1),
    new nn.Tanh(),
    new nn.Sigmoid(),
    new nn.Dropout(),
    new nn.Dropout(0.1, { inplace: true }),
    new nn.Dropout(1e-7),
    new nn.Identity(),
  ]),
  norms: new nn.ModuleList([
    new nn.BatchNorm1d(3),
    new nn.BatchNorm2d(3, { eps: 1e-3, momentum: null, affine: false, trackRunningStats: false }),
    new nn.BatchNorm2d(2, { bias: false }),
    new nn.LayerNorm(3),
    new nn.LayerNorm([3, 4], { eps: 1e-6, elementwiseAffine: false }),
    new nn.LayerNorm(3, { bias: false }),
  ]),
  convolutions: new nn.Sequential(
    new nn.Conv1d(3, 4, 3),
    new nn.Conv1d(4, 4, 3, { stride: 2, padding: 1, dilation: 2, groups: 2, bias: false, paddingMode: 'circular' }),
    new nn.Conv1d(2, 2, 3, { padding: 'same' }),
    new nn.Conv2d(1, 1, 3, { padding: 1, paddingMode: 'reflect' }),
    new nn.ConvTranspose2d(1, 1, 2),
    new nn.ConvTranspose2d(4, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 2 }),
    new nn.MaxPool2d(2),
    new nn.MaxPool2d([2, 3], { stride: [1, 2], padding: 1, dilation: 2, ceilMode: true }),
    new nn.AvgPool2d(2),
    new nn.AvgPool2d([2, 3], { stride: 2, padding: 1, ceilMode: true, countIncludePad: false, divisorOverride: 5 }),
    new nn.Embedding(3, 4),
    new nn.Embedding(3, 4, { paddingIdx: -1 }),
  ),
  losses: new nn.ModuleList([
    new nn.MSELoss(),
    new nn.L1Loss({ reduction: 'sum' }),
    new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }),
    new nn.CrossEntropyLoss({ weight: ones(3) }),
    new nn.NLLLoss(),
    new nn.BCEWithLogitsLoss({ posWeight: ones(2) }),
  ]),
  'list of blocks': new nn.Sequential(new nn.ModuleList([new Block(1), new Block(1)]), new nn.ReLU(), new nn.ReLU()),
};

describe('torch agrees on', () => {
  it('has a model for each', () => expect(golden.models.map(([name]) => name)).toEqual(Object.keys(models)));

  it.each(golden.models)('%s', (name, text, state, parameters, modules) => {
    const model = models[name]!;
    expect(model.toString()).toBe(text);
    expect(inspect(model)).toBe(text);
    expect([...model.stateDict()].map(([key, t]) => [key, t.shape])).toEqual(state);
    expect([...model.namedParameters()].map(([path]) => path)).toEqual(parameters);
    expect([...model.namedModules()].map(([path]) => path)).toEqual(modules);
    expect([...model.parameters()].length).toBe(parameters.length);
    expect([...model.modules()].length).toBe(modules.length);
  });

  it.each(golden.bounds)('how %s %j %j starts: weight, then bias', (name, args, options, bounds) => {
    const fill = vi.spyOn(Generator.prototype, 'fill');
    const layer = new (layers[name] as new (...args: unknown[]) => nn.Linear)(...args, {
      ...options,
      generator: new Generator(1),
    });
    const calls = fill.mock.calls.map(([, kind, view, a, b]) => ({ kind, shape: view.shape, a, b }));
    fill.mockRestore();
    expect(calls.length).toBe(bounds.length);
    calls.forEach(({ kind, a, b }, i) => {
      expect(kind).toBe('uniform');
      expectClose([a!, b!], bounds[i]!, 1e-15);
    });
    expect(calls.map(({ shape }) => shape)).toEqual([...layer.parameters()].map(({ shape }) => shape));
  });
});

describe('layers', () => {
  it('draw from their generator, or the default one, or not at all', () => {
    const make = (generator?: Generator) => valuesOf(new nn.Linear(5, 4, generator ? { generator } : {}).weight);
    manualSeed(7);
    expect(make()).toEqual(make(new Generator(7)));
    const generator = new Generator(7);
    const bare = new nn.Conv2d(2, 2, 3, { init: false, generator });
    expect(generator.position).toBe(0n);
    expect([...bare.parameters()].every((p) => valuesOf(p).every((x) => x === 0))).toBe(true);
    bare.resetParameters({ generator });
    expect(valuesOf(bare.weight)).toEqual(valuesOf(new nn.Conv2d(2, 2, 3, { generator: new Generator(7) }).weight));
  });

  it('have the dtype asked for', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const layer = new nn.Linear(3, 2, { dtype });
      expect([layer.weight.dtype, layer.bias!.dtype, layer.call(zeros([1, 3], { dtype })).dtype]).toEqual([
        dtype,
        dtype,
        dtype,
      ]);
    }
  });

  it('compute', () => {
    const linear = new nn.Linear(2, 1);
    linear.weight.data.copy_(tensorOf([2, 3], [1, 2]));
    linear.bias!.data.fill_(1);
    expect(valuesOf(linear.call(tensorOf([1, 1, 0, 2], [2, 2])))).toEqual([6, 7]);
    const net = new nn.Sequential(linear, new nn.ReLU());
    expect(valuesOf(net.call(tensorOf([-9, 1], [2])))).toEqual([0]);
    expect(net.length).toBe(2);
    expect(new nn.Flatten().call(zeros(2, 3, 4)).shape).toEqual([2, 12]);
    expect(new nn.Sequential().call(linear.weight)).toBe(linear.weight);
    const conv = new nn.Conv2d(1, 1, 2, { padding: 'same', stride: 1 });
    conv.weight.data.fill_(1);
    conv.bias!.data.fill_(0);
    expect(valuesOf(conv.call(ones(1, 1, 2, 2)))).toEqual([4, 2, 2, 1]);
    expect(new Block(4).call(zeros(1, 4, 5, 5)).shape).toEqual([1, 4, 5, 5]);
  });

  it('of no features', () => {
    expect(valuesOf(new nn.Linear(0, 2).call(zeros(3, 0)))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(new nn.Linear(2, 0).call(zeros(3, 2)).shape).toEqual([3, 0]);
  });
});

describe('wrong arguments', () => {
  it.each<[string, string, () => unknown, ...(string | number)[]]>([
    ['ERR_ARGUMENT', 'Linear', () => new nn.Linear('2' as never, 3), 'inFeatures', '"2"'],
    ['ERR_ARGUMENT', 'Linear', () => new nn.Linear(2, undefined as never), 'outFeatures', 'undefined'],
    ['ERR_RANGE', 'Linear', () => new nn.Linear(2, -3), 'outFeatures', '-3'],
    ['ERR_RANGE', 'Linear', () => new nn.Linear(2.5, 3), 'inFeatures', '2.5'],
    ['ERR_RANGE', 'Linear', () => new nn.Linear(2 ** 40, 2 ** 40), 'more than'],
    ['ERR_DTYPE', 'Linear', () => new nn.Linear(2, 3, { dtype: 'float' as never }), '"float"'],
    ['ERR_ARGUMENT', 'Linear', () => new nn.Linear(2, 3, { generator: 5 as never }), 'generator', '5'],
    ['ERR_ARGUMENT', 'Linear', () => new nn.Linear(2, 3, new Generator(1) as never), 'Generator'],
    ['ERR_ARGUMENT', 'Linear', () => new nn.Linear(2, 3, true as never), 'options', 'true'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(3, 4, 3, { groups: 2 }), '3', '4', '2'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(4, 4, 3, { groups: 0 }), '0'],
    ['ERR_RANGE', 'Conv2d', () => new nn.Conv2d(4, 4, 0), 'kernelSize', '0'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(4, 4, undefined as never), 'kernelSize', 'undefined'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(4, 4, [3, 3, 3] as never), 'kernelSize'],
    ['ERR_RANGE', 'Conv2d', () => new nn.Conv2d(4, 4, 3, { stride: 0 }), 'stride', '0'],
    ['ERR_RANGE', 'Conv2d', () => new nn.Conv2d(4, 4, 3, { padding: [0, -1] }), 'padding', '-1'],
    ['ERR_RANGE', 'Conv2d', () => new nn.Conv2d(4, 4, 3, { padding: 'same', stride: 2 }), "'same'", '2'],
    ['ERR_ARGUMENT', 'Conv2d', () => new nn.Conv2d(4, 4, 3, { padding: 'full' as never }), 'padding', '"full"'],
    ['ERR_RANGE', 'Conv2d', () => new nn.Conv2d(2 ** 20, 2 ** 20, 3), 'more than'],
    ['ERR_ARGUMENT', 'Sequential', () => new nn.Sequential(new nn.ReLU(), (() => 0) as never), 'function'],
    ['ERR_ARGUMENT', 'Parameter', () => new nn.Parameter([1] as never), '[1]'],
    ['ERR_ARGUMENT', 'apply', () => new nn.ReLU().apply(5 as never), '5'],
    ['ERR_ARGUMENT', 'registerBuffer', () => new Bare().registerBuffer('x', 5 as never), '5'],
    ['ERR_ARGUMENT', 'registerBuffer', () => new Bare().registerBuffer('a.b', zeros(1)), '"a.b"'],
    ['ERR_ARGUMENT', 'registerBuffer', () => new Bare().registerBuffer('forward', zeros(1)), '"forward"'],
    ['ERR_ARGUMENT', 'registerBuffer', () => new Bare().registerBuffer('x', zeros(1), true as never), 'options'],
    ['ERR_ARGUMENT', 'registerParameter', () => new Bare().registerParameter('x', zeros(1) as never), 'Parameter'],
    ['ERR_ARGUMENT', 'registerParameter', () => new Bare().registerParameter('training', null), '"training"'],
    ['ERR_ARGUMENT', 'registerParameter', () => new Bare().registerParameter('', null), '""'],
    ['ERR_ARGUMENT', 'registerModule', () => new Bare().registerModule('x', null as never), 'null'],
    ['ERR_ARGUMENT', 'registerModule', () => new Bare().registerModule('call', new nn.ReLU()), '"call"'],
    ['ERR_ARGUMENT', 'registerModule', () => new Bare().registerModule(3 as never, new nn.ReLU()), '3'],
    ['ERR_ARGUMENT', 'train', () => new Bare().train('yes' as never), '"yes"'],
    ['ERR_ARGUMENT', 'requiresGrad_', () => new nn.Linear(1, 1).requiresGrad_(1 as never), '1'],
    ['ERR_ARGUMENT', 'zeroGrad', () => new Bare().zeroGrad(true as never), 'true'],
    ['ERR_ARGUMENT', 'resetParameters', () => new Bare().resetParameters(7 as never), '7'],
    ['ERR_ARGUMENT', 'namedParameters', () => [...new Bare().namedParameters(false as never)], 'false'],
    ['ERR_ARGUMENT', 'namedBuffers', () => [...new Bare().buffers('x' as never)], '"x"'],
    ['ERR_SHAPE', 'linear', () => new nn.Linear(3, 2).call(zeros(4, 5)), '[4, 5]', '[2, 3]'],
    ['ERR_ARGUMENT', 'linear', () => new nn.Linear(3, 2).call([1, 2, 3] as never), '[1, 2, 3]'],
  ])('%s %s', (code, call, run, ...parts) => {
    expect(run).toThrow(failure(code, call, ...parts));
  });
});

it.skipIf(plentiful)('weights there is no memory for', () => {
  expect(() => new nn.Linear(2 ** 33 - 1, 1, { dtype: 'float64' })).toThrow(
    failure('ERR_RANGE', 'Linear', 'no memory'),
  );
});

describe('Module', () => {
  it('parameters are tensors that require gradients; the state shares their memory', () => {
    const layer = new nn.Linear(2, 2);
    expect(layer.weight).toBeInstanceOf(Tensor);
    expect(layer.weight.requiresGrad).toBe(true);
    expect(String(layer.weight)).toMatch(/^Parameter containing:\ntensor\(.*requires_grad=True\)$/s);
    layer.stateDict().get('weight')!.fill_(3);
    expect(valuesOf(layer.weight)).toEqual([3, 3, 3, 3]);
    expect(layer.stateDict().get('weight')!.requiresGrad).toBe(false);
    layer.requiresGrad_(false);
    expect([...layer.parameters()].map((p) => p.requiresGrad)).toEqual([false, false]);
  });

  it('apply visits children first, each as often as it appears', () => {
    const seen: string[] = [];
    const net = new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.Flatten());
    expect(net.apply((module) => seen.push(module.constructor.name))).toBe(net);
    expect(seen).toEqual(['ReLU', 'Sequential', 'Flatten', 'Sequential']);
  });

  it('train and eval reach all modules', () => {
    const net = new Net();
    expect(net.eval()).toBe(net);
    expect([...net.modules()].some((module) => module.training)).toBe(false);
    net.train();
    expect([...net.modules()].every((module) => module.training)).toBe(true);
  });

  it('a state goes from one model to another, dtypes converted', () => {
    const [from, to] = [new Net(), new Net()];
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    for (const [key, value] of to.stateDict())
      expect(valuesOf(value), key).toEqual(valuesOf(from.stateDict().get(key)!));
    const layer = new nn.Linear(2, 1);
    layer.loadStateDict({ weight: full([1, 2], 0.1, { dtype: 'float64' }), bias: zeros(1) });
    expect(valuesOf(layer.weight)).toEqual([Math.fround(0.1), Math.fround(0.1)]);
    expect(layer.weight.dtype).toBe('float32');
  });

  it('a state that does not fit changes nothing', () => {
    const layer = new nn.Linear(2, 1);
    const before = [...layer.parameters()].map(valuesOf);
    const [weight, bias] = [ones(1, 2), ones(1)];
    const lost = ones(1);
    structuredClone(lost.array.buffer, { transfer: [lost.array.buffer as ArrayBuffer] });
    const wrong: [string, unknown, ...string[]][] = [
      ['ERR_STATE', { weight }, '"bias"'],
      ['ERR_STATE', { weight, bias, gain: bias }, '"gain"'],
      ['ERR_SHAPE', { weight, bias: ones(2) }, 'bias', '[1]', '[2]'],
      ['ERR_ARGUMENT', { weight, bias: [1] }, 'bias', '[1]'],
      ['ERR_ARGUMENT', { weight, bias: undefined }, 'bias', 'undefined'],
      ['ERR_DETACHED', { weight, bias: lost }, '[1]'],
      ['ERR_ARGUMENT', 'weights.json', '"weights.json"'],
      ['ERR_ARGUMENT', null, 'null'],
    ];
    for (const [code, state, ...parts] of wrong) {
      expect(() => layer.loadStateDict(state as never), code).toThrow(failure(code, 'loadStateDict', ...parts));
      expect(() => layer.loadStateDict(new Map([['weight', weight]]), null as never)).toThrow(
        failure('ERR_ARGUMENT', 'loadStateDict'),
      );
    }
    expect([...layer.parameters()].map(valuesOf)).toEqual(before);
    expect(
      layer.loadStateDict(
        new Map([
          ['weight', weight],
          ['x', bias],
        ]),
        { strict: false },
      ),
    ).toEqual({
      missingKeys: ['bias'],
      unexpectedKeys: ['x'],
    });
    expect(valuesOf(layer.weight)).toEqual([1, 1]);
    expect(valuesOf(layer.bias!)).toEqual(before[1]);
  });

  it('tied weights are one parameter under two paths of the state, as in torch', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2, { bias: false }));
    const [first, second] = [...net.children()] as [nn.Linear, nn.Linear];
    second.weight = first.weight;
    expect([...net.namedParameters()].map(([path]) => path)).toEqual(['0.weight', '0.bias']);
    expect([...net.stateDict().keys()]).toEqual(['0.weight', '0.bias', '1.weight']);
  });

  it('fields are checked by register*, which assigns them', () => {
    const net = new Bare();
    const [layer, scale] = [new nn.Linear(1, 1), new nn.Parameter(ones(1))];
    net.registerModule('layer', new nn.ReLU());
    net.registerModule('layer', layer);
    net.registerParameter('scale', null);
    net.registerParameter('scale', scale);
    net.registerBuffer('mean', null);
    net.registerBuffer('count', ones(1), { persistent: false });
    net.registerBuffer('last', ones(1));
    expect([...net.children()]).toEqual([layer]);
    expect([...net.namedParameters({ recurse: false })]).toEqual([['scale', scale]]);
    expect([...net.parameters()].length).toBe(3);
    expect([...net.namedBuffers()].map(([name]) => name)).toEqual(['count', 'last']);
    expect([...net.buffers({ recurse: false })].length).toBe(2);
    expect([...net.stateDict().keys()]).toEqual(['scale', 'last', 'layer.weight', 'layer.bias']);
  });

  it('torchNames are the names in paths and states', () => {
    class Named extends nn.Module {
      static override readonly torchNames = { outHead: 'out_head', runningMax: 'running_max', scaleBy: 'scale_by' };
      outHead = new nn.Linear(1, 1, { bias: false });
      scaleBy = new nn.Parameter(ones(1));
      constructor() {
        super();
        this.registerBuffer('runningMax', zeros(1));
      }
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const net = new Named();
    const keys = ['scale_by', 'running_max', 'out_head.weight'];
    expect([...net.stateDict().keys()]).toEqual(keys);
    expect([...net.namedChildren()].map(([name]) => name)).toEqual(['out_head']);
    net.loadStateDict(Object.fromEntries(keys.map((key) => [key, full(net.stateDict().get(key)!.shape, 7)])));
    expect(valuesOf(net.outHead.weight)).toEqual([7]);
    expect(String(net)).toContain('(out_head): Linear');
  });

  it('zeroGrad forgets gradients, or sets them to 0', () => {
    const net = new nn.Linear(2, 1);
    net.call(ones(1, 2)).sum().backward();
    const { grad } = net.weight;
    net.bias!.grad = null;
    net.zeroGrad({ setToNone: false });
    expect([net.weight.grad === grad, valuesOf(grad!), net.bias!.grad]).toEqual([true, [0, 0], null]);
    net.zeroGrad();
    expect([...net.parameters()].map((p) => p.grad)).toEqual([null, null]);
  });

  it('resetParameters draws for all layers in order', () => {
    const make = (generator?: Generator) =>
      new nn.Sequential(new nn.Linear(3, 2, { generator }), new nn.ReLU(), new nn.Conv2d(1, 2, 3, { generator }));
    const net = make();
    net.resetParameters({ generator: new Generator(5) });
    const other = make(new Generator(5));
    expect([...net.parameters()].map(valuesOf)).toEqual([...other.parameters()].map(valuesOf));
  });

  it('a buffer can be replaced, and is in the state after parameters', () => {
    const net = new Net();
    net.registerBuffer('mean', randn([5]));
    net.registerBuffer('mean', ones(5));
    expect([...net.stateDict().keys()].slice(0, 2)).toEqual(['scale', 'mean']);
    expect(valuesOf(net.stateDict().get('mean')!)).toEqual([1, 1, 1, 1, 1]);
    expect([...net.namedParameters()].some(([path]) => path === 'mean')).toBe(false);
  });
});
