import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ones, tensor, zeros } from '../../lib/creation.js';
import type { DType } from '../../lib/dtype.js';
import * as optim from '../../lib/optim/index.js';
import { scope } from '../../lib/scope.js';
import { numElements, type Shape } from '../../lib/shape.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { expectClose, failure, readGolden, ruleTensor, tensorOf, valuesOf } from '../cases/data.js';

type Options = optim.SGDOptions & optim.AdamOptions;
type Name = 'SGD' | 'Adam' | 'AdamW';
interface Case {
  name: Name;
  options: Options;
  group?: Options;
  steps: Record<string, number[][]>;
  state: Record<string, Record<string, number | number[]>>;
}
const golden = readGolden<{ shapes: number[][]; cases: Case[] }>('optim');

const kinds = { SGD: optim.SGD, Adam: optim.Adam, AdamW: optim.AdamW };
const make = (name: Name, params: optim.Parameters<Options>, options?: Options) =>
  new kinds[name](params, options) as unknown as optim.Optimizer<Options>;
const leaf = (shape: Shape, dtype: DType) => ruleTensor(shape, dtype).requiresGrad_();

/** The gradients of test/golden/optim.py. */
function gradient(shape: Shape, p: number, t: number, dtype: DType): Tensor {
  const value = (_: unknown, i: number) => (((i * 7919 + p * 31 + t * 104729) % 1000) - 500) / 250;
  return tensorOf(Array.from({ length: numElements(shape) }, value), shape, dtype);
}

/** Runs steps `from` to `to` of a golden case. */
function advance(optimizer: optim.Optimizer<Options>, params: Tensor[], from: number, to: number, wanted?: Case): void {
  const { dtype } = params[0]!;
  for (let t = from; t <= to; t++) {
    optimizer.zeroGrad();
    for (const [p, param] of params.entries()) {
      if (p < params.length - 1 || t % 2 === 0) param.grad = gradient(param.shape, p, t, dtype);
    }
    optimizer.step();
    wanted?.steps[t]?.forEach((values, p) => {
      expectClose(valuesOf(params[p]!), values, dtype === 'float64' ? 1e-13 : 1e-5, 1);
    });
  }
}

function start(c: Case, dtype: DType): [optim.Optimizer<Options>, Tensor[]] {
  const params = golden.shapes.map((shape) => leaf(shape, dtype));
  const groups = c.group ? [{ params: params[0]! }, { params: params.slice(1), ...c.group }] : params;
  return [make(c.name, groups as optim.Parameters<Options>, c.options), params];
}

describe('torch agrees on', () => {
  const title = (c: Case) => `${c.name} ${JSON.stringify(c.options)} ${c.group ? JSON.stringify(c.group) : ''}`;

  it.each(golden.cases.map((c) => [title(c), c] as const))('%s', (_, c) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const [optimizer, params] = start(c, dtype);
      advance(optimizer, params, 1, 20, c);
      const { state } = optimizer.stateDict();
      expect(Object.keys(state)).toEqual(Object.keys(c.state));
      for (const [number, entry] of Object.entries(c.state)) {
        expect(Object.keys(state[Number(number)]!).sort()).toEqual(Object.keys(entry).sort());
        for (const [key, wanted] of Object.entries(entry)) {
          const got = state[Number(number)]![key]!;
          if (typeof wanted === 'number') expect(got).toBe(wanted);
          else expectClose(valuesOf(got as Tensor), wanted, dtype === 'float64' ? 1e-13 : 1e-5, 1);
        }
      }
    }
  });

  it.each(golden.cases.map((c) => [title(c), c] as const))('%s, stopped and continued from its state', (_, c) => {
    const [first, params] = start(c, 'float64');
    advance(first, params, 1, 7);
    const [second, others] = start({ ...c, options: {} }, 'float64');
    for (const [i, param] of params.entries()) others[i]!.data.copy_(param);
    second.loadStateDict(first.stateDict());
    advance(first, params, 8, 9);
    advance(second, others, 8, 20, c);
  });
});

describe('an optimiser', () => {
  it('keeps the state that it loads in a scope', () => {
    const [from, to] = [zeros([65536], { requiresGrad: true }), zeros([65536], { requiresGrad: true })];
    const [first, second] = [from, to].map((param) => new optim.SGD([param], { lr: 1, momentum: 0.5 }));
    from.grad = ones(65536);
    first!.step();
    scope(() => {
      second!.loadStateDict(first!.stateDict());
    });
    // What takes memory of that size now must not be that of the state.
    for (const _ of [1, 2, 3]) zeros(65536).add(7);
    to.grad = ones(65536);
    second!.step();
    expect(to.at(65535).item()).toBe(-1.5);
  });

  it('works on tensors of any layout and leaves the rest of their storage alone', () => {
    const storage = zeros(4, 6);
    const param = storage.t().slice(0, 1, 5, 2).detach().requiresGrad_();
    const optimizer = new optim.SGD([param], { lr: 1, momentum: 0.5 });
    for (const _ of [1, 2]) {
      param.grad = ones(2, 4);
      optimizer.step();
    }
    expect(valuesOf(param)).toEqual(new Array(8).fill(-2.5));
    expect(valuesOf(storage.sum())).toEqual([-20]);
    expect(param.requiresGrad).toBe(true);
  });

  it('converts a gradient of another dtype, and updates halves', () => {
    const param = zeros([2], { dtype: 'float16', requiresGrad: true });
    param.grad = ones(2);
    new optim.AdamW([param], { lr: 0.5 }).step();
    expect(param.to('float32').tolist()).toEqual([-0.5, -0.5]);
  });

  it('keeps no tensors of others: a gradient stays as it is', () => {
    const param = zeros([2], { requiresGrad: true });
    param.grad = ones(2);
    const optimizer = new optim.SGD([param], { lr: 1, momentum: 0.9, weightDecay: 1, maximize: true });
    const { grad } = param;
    optimizer.step();
    expect(valuesOf(grad)).toEqual([1, 1]);
    const { state } = optimizer.stateDict();
    optimizer.loadStateDict(optimizer.stateDict());
    optimizer.step();
    expect(valuesOf(state[0]!.momentum_buffer as Tensor)).toEqual([-1, -1]);
  });

  it('a change of a parameter is noticed by a graph that saved it', () => {
    const param = tensor([1, 2], { requiresGrad: true });
    const loss = param.mul(param).sum();
    param.grad = ones(2);
    new optim.SGD([param]).step();
    expect(() => loss.backward()).toThrow(failure('ERR_STATE', 'backward', 'changed in place'));
  });

  it('step calls a closure first and returns what it returns', () => {
    const param = tensor([3], { requiresGrad: true });
    const optimizer = new optim.SGD([param], { lr: 0.5 });
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = param.mul(param).sum();
      loss.backward();
      return loss.item();
    });
    expect([loss, param.item()]).toEqual([9, 0]);
    expect(optimizer.step()).toBeUndefined();
  });

  it('zeroGrad forgets gradients, or sets them to 0', () => {
    const params = [zeros([2], { requiresGrad: true }), zeros([1], { requiresGrad: true })];
    const optimizer = new optim.SGD(params);
    const grad = ones(2);
    params[0]!.grad = grad;
    optimizer.zeroGrad({ setToNone: false });
    expect(params.map((p) => p.grad)).toEqual([grad, null]);
    expect(valuesOf(grad)).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(params.map((p) => p.grad)).toEqual([null, null]);
  });

  it('options can be changed between steps, and are checked then', () => {
    const param = zeros([1], { requiresGrad: true });
    const optimizer = new optim.SGD([param], { lr: 1 });
    param.grad = ones(1);
    optimizer.paramGroups[0]!.lr = 0.25;
    optimizer.step();
    expect(param.item()).toBe(-0.25);
    optimizer.paramGroups[0]!.lr = -1;
    expect(() => optimizer.step()).toThrow(failure('ERR_RANGE', 'step', 'lr', '-1'));
    expect(param.item()).toBe(-0.25);
  });

  it('groups can be added', () => {
    const [a, b] = [zeros([1], { requiresGrad: true }), zeros([1], { requiresGrad: true })];
    const optimizer = new optim.Adam([a], { lr: 1 });
    optimizer.addParamGroup({ params: b, lr: 2 });
    for (const param of [a, b]) param.grad = ones(1);
    optimizer.step();
    expectClose([a.item(), b.item()], [-1, -2], 1e-6);
    expect(optimizer.stateDict().paramGroups.map(({ lr, params }) => [lr, params])).toEqual([
      [1, [0]],
      [2, [1]],
    ]);
  });

  it('prints its groups', () => {
    const optimizer = new optim.SGD([zeros(1)], { lr: 0.1 });
    optimizer.addParamGroup({ params: [zeros(2)], nesterov: true, momentum: 0.9 });
    expect(inspect(optimizer)).toBe(
      `SGD (
Parameter Group 0
    dampening: 0
    lr: 0.1
    maximize: false
    momentum: 0
    nesterov: false
    weightDecay: 0

Parameter Group 1
    dampening: 0
    lr: 0.1
    maximize: false
    momentum: 0.9
    nesterov: true
    weightDecay: 0
)`,
    );
  });
});

describe('wrong arguments', () => {
  const param = zeros([2], { requiresGrad: true });
  const sgd = (options: unknown, params: unknown = [param]) => new optim.SGD(params as never, options as never);
  const adam = (options: unknown) => new optim.Adam([param], options as never);

  it.each<[string, string, () => unknown, ...(string | number)[]]>([
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, param), 'list of parameters'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, null), 'list of parameters', 'null'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, []), 'no parameters'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [param, 5]), '5'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [5]), '5'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [{ lr: 1 }]), 'undefined'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [param, param]), 'twice'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [{ params: param }, { params: [param] }]), 'twice'],
    ['ERR_STATE', 'SGD', () => sgd({}, [param.mul(2)]), 'detach'],
    ['ERR_ARGUMENT', 'SGD', () => sgd(0.1), 'options', '0.1'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({ weight_decay: 0.1 }), '"weight_decay"', 'weightDecay'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({}, [{ params: param, learningRate: 1 }]), '"learningRate"'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({ lr: '0.1' }), 'lr', '"0.1"'],
    ['ERR_RANGE', 'SGD', () => sgd({ lr: -1 }), 'lr', '-1'],
    ['ERR_RANGE', 'SGD', () => sgd({ lr: NaN }), 'lr', 'NaN'],
    ['ERR_RANGE', 'SGD', () => sgd({ momentum: -0.1 }), 'momentum', '-0.1'],
    ['ERR_RANGE', 'SGD', () => sgd({ weightDecay: -0.1 }), 'weightDecay', '-0.1'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({ dampening: true }), 'dampening', 'true'],
    ['ERR_ARGUMENT', 'SGD', () => sgd({ maximize: 1 }), 'maximize', '1'],
    ['ERR_RANGE', 'SGD', () => sgd({ nesterov: true }), 'nesterov'],
    ['ERR_RANGE', 'SGD', () => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), 'nesterov', '0.1'],
    ['ERR_RANGE', 'Adam', () => adam({ lr: -1 }), 'lr', '-1'],
    ['ERR_RANGE', 'Adam', () => adam({ eps: -1 }), 'eps', '-1'],
    ['ERR_RANGE', 'Adam', () => adam({ weightDecay: -1 }), 'weightDecay', '-1'],
    ['ERR_RANGE', 'Adam', () => adam({ betas: [0.9, 1] }), 'betas', '1'],
    ['ERR_RANGE', 'Adam', () => adam({ betas: [-0.5, 0.9] }), 'beta', '-0.5'],
    ['ERR_ARGUMENT', 'Adam', () => adam({ betas: 0.9 }), 'betas', '0.9'],
    ['ERR_ARGUMENT', 'AdamW', () => new optim.AdamW([param], { maximize: 'no' as never }), 'maximize', '"no"'],
    ['ERR_ARGUMENT', 'addParamGroup', () => sgd({}).addParamGroup({ params: param }), 'twice'],
    ['ERR_ARGUMENT', 'addParamGroup', () => sgd({}).addParamGroup(param as never), 'options'],
    ['ERR_ARGUMENT', 'step', () => sgd({}).step(5 as never), '5'],
    ['ERR_ARGUMENT', 'zeroGrad', () => sgd({}).zeroGrad(false as never), 'false'],
    ['ERR_ARGUMENT', 'loadStateDict', () => sgd({}).loadStateDict(5 as never), '5'],
    ['ERR_ARGUMENT', 'loadStateDict', () => sgd({}).loadStateDict({ state: {} } as never), 'paramGroups'],
  ])('%s %s %#', (code, call, run, ...parts) => {
    expect(run).toThrow(failure(code, call, ...parts));
  });

  it('a gradient of another shape changes nothing', () => {
    const params = [zeros([2], { requiresGrad: true }), zeros([2], { requiresGrad: true })];
    params[0]!.grad = ones(2);
    params[1]!.grad = ones(1);
    expect(() => new optim.SGD(params).step()).toThrow(failure('ERR_SHAPE', 'step', '[2]', '[1]'));
    expect(valuesOf(params[0]!)).toEqual([0, 0]);
  });

  it('a state that does not fit changes nothing', () => {
    const own = zeros([2], { requiresGrad: true });
    own.grad = ones(2);
    const optimizer = new optim.Adam([own], { lr: 1 });
    optimizer.step();
    const before = optimizer.stateDict();
    const { state, paramGroups } = before;
    const wrong: [string, unknown, ...string[]][] = [
      ['ERR_STATE', { state, paramGroups: [] }, '[1]', '[]'],
      ['ERR_STATE', { state, paramGroups: [{ ...paramGroups[0]!, params: [0, 1] }] }, '[1]', '[2]'],
      ['ERR_RANGE', { state, paramGroups: [{ ...paramGroups[0]!, lr: -1 }] }, 'lr'],
      ['ERR_ARGUMENT', { state, paramGroups: [{ ...paramGroups[0]!, momentum: 1 }] }, '"momentum"'],
      ['ERR_STATE', { state: { 7: state[0] }, paramGroups }, '7'],
      ['ERR_SHAPE', { state: { 0: { exp_avg: ones(3) } }, paramGroups }, 'exp_avg', '[2]', '[3]'],
      ['ERR_SHAPE', { state: { 0: { exp_avg: 'x' } }, paramGroups }, 'exp_avg', '"x"'],
    ];
    for (const [code, given, ...parts] of wrong) {
      expect(() => optimizer.loadStateDict(given as never)).toThrow(failure(code, 'loadStateDict', ...parts));
    }
    expect(optimizer.stateDict()).toEqual(before);
  });
});
