import { describe, expect, it } from 'vitest';
import { Generator, nn, noGrad, randn, tensor } from '../../../lib/index.js';
import { propagate, signalStatistics } from '../../../lib/study/index.js';

const generator = () => new Generator(7);

function mlp() {
  const options = { generator: generator() };
  return new nn.Sequential(new nn.Linear(6, 8, options), new nn.Tanh(), new nn.Linear(8, 4, options), new nn.ReLU());
}

describe('propagate', () => {
  it('sees every layer, and the gradient at it', () => {
    const model = mlp();
    const x = randn(5, 6, { generator: generator() });
    const sent = randn(5, 4, { generator: generator() });
    const { input, layers } = propagate(model, x, { backward: sent });
    expect(input).toEqual(signalStatistics(x));
    expect(layers.map(({ name, module, shape }) => [name, module, shape])).toEqual([
      ['0', 'Linear', [5, 8]],
      ['1', 'Tanh', [5, 8]],
      ['2', 'Linear', [5, 4]],
      ['3', 'ReLU', [5, 4]],
    ]);
    // By hand.
    const [first, second] = [model.at(0) as nn.Linear, model.at(2) as nn.Linear];
    const h1 = first.call(x).retainGrad();
    const a1 = h1.tanh().retainGrad();
    const h2 = second.call(a1).retainGrad();
    const a2 = h2.relu().retainGrad();
    a2.backward(sent);
    [h1, a1, h2, a2].forEach((value, i) => {
      const saturation = i === 1 ? ([-Math.sqrt(0.99), Math.sqrt(0.99)] as const) : undefined;
      expect(layers[i]!.signal).toEqual(signalStatistics(value, { saturation }));
      expect(layers[i]!.gradient!.meanSquare).toBeCloseTo(value.grad!.mul(value.grad!).mean().item(), 6);
    });
    const ratio = layers[0]!.gradient!.meanSquare / layers[1]!.gradient!.meanSquare;
    expect(layers[0]!.gradientRatio).toBe(ratio);
    expect(layers[3]!.gradientRatio).toBeNull();
    expect(layers[0]!.parameterGradients.weight).toBeCloseTo(first.weight.grad!.norm().item(), 5);
    expect(layers[2]!.parameterGradients.bias).toBeCloseTo(second.bias!.grad!.norm().item(), 5);
    expect(layers[1]!.parameterGradients).toEqual({});
  });

  it('draws the gradient from the generator, or takes that of a loss', () => {
    const model = mlp();
    const x = randn(5, 6, { generator: generator() });
    const drawn = propagate(model, x, { generator: new Generator(3) });
    const same = propagate(model, x, { backward: randn(5, 4, { generator: new Generator(3) }) });
    expect(drawn).toEqual(same);
    const loss = propagate(model, x, { backward: (output) => output.sum() });
    expect(loss.layers.at(-1)!.gradient!.meanSquare).toBe(1);
    const none = propagate(model, x, { backward: false });
    expect(none.layers.map(({ gradient }) => gradient)).toEqual([null, null, null, null]);
  });

  it('leaves the model as it was', () => {
    const model = new nn.Sequential(mlp(), new nn.BatchNorm1d(4));
    model
      .call(randn(5, 6, { generator: generator() }))
      .sum()
      .backward();
    const grads = [...model.parameters()].map(({ grad }) => grad);
    const before = [...model.buffers()].map((buffer) => buffer.clone());
    propagate(model, randn(5, 6, { generator: generator() }));
    expect([...model.parameters()].every(({ grad }, i) => grad === grads[i])).toBe(true);
    [...model.buffers()].forEach((buffer, i) => {
      expect(buffer.tolist()).toEqual(before[i]!.tolist());
    });
    expect(model.training).toBe(true);
    // No hook is left, after an error neither.
    let calls = 0;
    model.registerForwardHook(() => {
      calls++;
    });
    expect(() => propagate(model, randn(5, 7))).toThrow(/Linear|linear|size|shape/i);
    calls = 0;
    const seen = propagate(model, randn(5, 6));
    expect(calls).toBe(1);
    expect(seen.layers).toHaveLength(5);
  });

  it('names calls of a shared module apart, and sees what layers wrote before it was overwritten', () => {
    const shared = new nn.Linear(6, 6, { generator: generator() });
    const model = new nn.Sequential(shared, new nn.ReLU({ inplace: true }), shared);
    const x = randn(3, 6, { generator: generator() });
    const { layers } = propagate(model, x);
    expect(layers.map(({ name }) => name)).toEqual(['0', '1', '0 (2)']);
    const h = noGrad(() => shared.call(x));
    expect(layers[0]!.signal).toEqual(signalStatistics(h));
    expect(layers[0]!.parameterGradients).toEqual({});
    expect(Object.keys(layers[2]!.parameterGradients)).toEqual(['weight', 'bias']);
  });

  it('looks at the layers that are asked for, of models without parameters too', () => {
    const model = new nn.Sequential(new nn.Tanh(), new nn.Flatten(), new nn.Sigmoid());
    const x = randn(2, 3, 4, { generator: generator() });
    expect(propagate(model, x).layers.map(({ gradient }) => gradient !== null)).toEqual([true, true, true]);
    expect(propagate(model, x, { layers: ['2'] }).layers.map(({ name }) => name)).toEqual(['2']);
    const all = propagate(model, x, { layers: 'all' }).layers;
    expect(all.map(({ name }) => name)).toEqual(['0', '1', '2', '(model)']);
  });

  it('refuses what it cannot run', () => {
    const model = mlp();
    const x = randn(5, 6);
    const cases: [() => unknown, string, RegExp][] = [
      [() => propagate({} as never, x), 'ERR_ARGUMENT', /propagate: expected a module/],
      [() => propagate(model, [1] as never), 'ERR_ARGUMENT', /propagate: .*Tensor/],
      [() => propagate(model, tensor([1], { dtype: 'int64' })), 'ERR_ARGUMENT', /floating point inputs.*int64 \[1\]/],
      [() => propagate(model, tensor(1)), 'ERR_ARGUMENT', /float32 \[\]/],
      [() => propagate(model, x, { backward: 'loss' as never }), 'ERR_ARGUMENT', /backward must be/],
      [() => propagate(model, x, { backward: randn(4, 5) }), 'ERR_SHAPE', /\[5, 4\], got \[4, 5\]/],
      [() => propagate(model, x, { backward: (() => 3) as never }), 'ERR_ARGUMENT', /propagate: .*Tensor/],
      [() => propagate(model, x, { layers: ['9'] }), 'ERR_ARGUMENT', /no module "9"/],
      [() => propagate(model, x, { layers: 7 as never }), 'ERR_ARGUMENT', /layers must be/],
      [() => propagate(model, x, { generator: 1 as never }), 'ERR_ARGUMENT', /generator/i],
    ];
    for (const [call, code, message] of cases) {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ code }));
    }
  });
});
