import { describe, expect, it } from 'vitest';
import { ones, tensor, zeros } from '../../lib/creation.js';
import { noGrad } from '../../lib/index.js';
import * as nn from '../../lib/nn/index.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { failure } from '../cases/data.js';

class Product extends nn.Module {
  override forward(a: Tensor, b: Tensor): Tensor {
    return a.mul(b);
  }
}

class First extends nn.Module {
  override forward(a: Tensor, _: Tensor): Tensor {
    return a.mul(2);
  }
}

const leaf = (values: number[]) => tensor(values, { requiresGrad: true });
const list = (t: Tensor | null | undefined) => t?.tolist() ?? null;
const lists = (tensors: readonly (Tensor | null)[]) => tensors.map(list);

describe('forward hooks', () => {
  it('see inputs and outputs, in the order of registration, until removed', () => {
    const module = new Product();
    const seen: unknown[] = [];
    const removers = [
      module.registerForwardPreHook((m, inputs) => void seen.push(['pre', m === module, lists(inputs)])),
      module.registerForwardHook((m, inputs, output) => {
        seen.push(['post', m === module, lists(inputs), list(output)]);
      }),
      module.registerForwardHook(() => void seen.push('last')),
    ];
    expect(list(module.call(tensor([2]), tensor([3])))).toEqual([6]);
    expect(seen).toEqual([['pre', true, [[2], [3]]], ['post', true, [[2], [3]], [6]], 'last']);
    for (const remove of [...removers, ...removers]) remove();
    module.call(tensor([2]), tensor([3]));
    expect(seen.length).toBe(3);
  });

  it('may replace inputs and outputs', () => {
    const module = new Product();
    module.registerForwardPreHook((_, inputs) => [inputs[0]!.add(1), inputs[1]!]);
    module.registerForwardHook((_, __, output) => output.mul(10));
    expect(list(module.call(tensor([2]), tensor([3])))).toEqual([90]);
    const relu = new nn.ReLU();
    relu.registerForwardPreHook((_, [x]) => x!.neg());
    expect(list(new nn.Sequential(relu).call(tensor([-2])))).toEqual([2]);
    expect(list(relu.forward(tensor([-2])))).toEqual([0]);
  });

  it('the same function twice is two hooks', () => {
    const module = new nn.ReLU();
    let calls = 0;
    const hook = () => void calls++;
    const remove = module.registerForwardPreHook(hook);
    module.registerForwardPreHook(hook);
    module.call(zeros(1));
    remove();
    remove();
    module.call(zeros(1));
    expect(calls).toBe(3);
  });
});

describe('full backward hooks', () => {
  it('see the gradients of inputs and output', () => {
    const module = new Product();
    const seen: unknown[] = [];
    const remove = module.registerFullBackwardHook((m, gradInputs, gradOutputs) => {
      seen.push(m === module, lists(gradInputs), lists(gradOutputs));
    });
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const out = module.call(a.mul(1), b);
    expect(String(out)).toBe('tensor([3., 8.], grad_fn=<BackwardHookFunctionBackward>)');
    out.backward(tensor([1, 10]), { retainGraph: true });
    expect(seen.splice(0)).toEqual([
      true,
      [
        [3, 40],
        [1, 20],
      ],
      [[1, 10]],
    ]);
    expect(lists([a.grad, b.grad])).toEqual([
      [3, 40],
      [1, 20],
    ]);
    out.backward(tensor([1, 0]));
    expect(seen).toEqual([
      true,
      [
        [3, 0],
        [1, 0],
      ],
      [[1, 0]],
    ]);
    remove();
    module.call(a, b).sum().backward();
    expect(seen.length).toBe(3);
  });

  it('may replace the gradients of the inputs, after all of them are known', () => {
    const module = new Product();
    module.registerFullBackwardHook((_, [ofA, ofB]) => [ofB!, ofA!.mul(10)]);
    module.registerFullBackwardHook((_, [ofA, ofB]) => [ofA!.add(1), ofB!]);
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    module.call(a, b).sum().backward();
    expect(lists([a.grad, b.grad])).toEqual([
      [2, 3],
      [30, 40],
    ]);
    a.grad!.fill_(0);
    expect(list(b.grad)).toEqual([30, 40]);
  });

  it('null stops a gradient', () => {
    const module = new Product();
    module.registerFullBackwardHook((_, [ofA]) => [ofA!, null]);
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    module.call(a, b).sum().backward();
    expect(lists([a.grad, b.grad])).toEqual([[3, 4], null]);
  });

  it('an input without gradient has null, one that was not used zeros', () => {
    const module = new First();
    const seen: unknown[] = [];
    module.registerFullBackwardHook((_, gradInputs) => void seen.push(lists(gradInputs)));
    module
      .call(leaf([1]), leaf([2]))
      .sum()
      .backward();
    module
      .call(leaf([1]), tensor([2]))
      .sum()
      .backward();
    expect(seen).toEqual([
      [[2], [0]],
      [[2], null],
    ]);
  });

  it('are called for the parameters alone where no input needs a gradient', () => {
    const layer = new nn.Linear(2, 1);
    const seen: unknown[] = [];
    layer.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      seen.push(lists(gradInputs), lists(gradOutputs));
    });
    layer.call(ones(1, 2)).sum().backward();
    expect(seen).toEqual([[null], [[[1]]]]);
    expect(list(layer.weight.grad)).toEqual([[1, 1]]);
    expect(noGrad(() => layer.call(ones(1, 2))).requiresGrad).toBe(false);
    expect(new nn.ReLU().call(ones(1)).requiresGrad).toBe(false);
  });

  it('of modules inside one another come from the outside in', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    const seen: string[] = [];
    for (const [path, module] of net.namedModules()) {
      module.registerFullBackwardHook(() => void seen.push(path));
    }
    const x = ones([1, 2], { requiresGrad: true });
    net.call(x).sum().backward();
    expect(seen).toEqual(['1', '0', '']);
    expect(x.grad!.shape).toEqual([1, 2]);
  });
});

describe('wrong arguments', () => {
  it.each(['registerForwardPreHook', 'registerForwardHook', 'registerFullBackwardHook'] as const)('%s', (call) => {
    for (const wrong of [undefined, null, 5, 'hook']) {
      expect(() => new nn.ReLU()[call](wrong as never)).toThrow(failure('ERR_ARGUMENT', call, 'function'));
    }
    const module = new nn.Linear(1, 1);
    module[call](() => 'gradient' as never);
    expect(() =>
      module
        .call(ones([1, 1], { requiresGrad: true }))
        .sum()
        .backward(),
    ).toThrow(failure('ERR_ARGUMENT', call, '"gradient"'));
  });

  it('gradients that do not fit', () => {
    const given = (result: unknown, needs = true) => {
      const module = new nn.Linear(2, 1);
      module.registerFullBackwardHook(() => result as never);
      return () =>
        module
          .call(ones([1, 2], { requiresGrad: needs }))
          .sum()
          .backward();
    };
    const call = 'registerFullBackwardHook';
    expect(given([])).toThrow(failure('ERR_ARGUMENT', call, '1 gradients', '0'));
    expect(given(ones(2))).toThrow(failure('ERR_SHAPE', call, '[1, 2]', '[2]'));
    expect(given(ones(1, 2), false)).toThrow(failure('ERR_ARGUMENT', call, 'no gradient'));
    expect(given([null], false)).not.toThrow();
    expect(given([null])).not.toThrow();
  });
});
