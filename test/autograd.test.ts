import { describe, expect, it } from 'vitest';
import { fromTypedArray, isGradEnabled, matmul, noGrad, ones, tensor, zeros } from '../lib/index.js';
import type { Tensor } from '../lib/tensor/index.js';

const list = (t: Tensor | null) => t?.tolist();
const leaf = (data: Parameters<typeof tensor>[0]) => tensor(data, { dtype: 'float64', requiresGrad: true });

describe('backward', () => {
  it('adds up over paths, calls and broadcasting', () => {
    const x = leaf([1, 2, 3]);
    const b = leaf([[10], [20]]);
    x.mul(b).add(x).sum().backward();
    expect(list(x.grad)).toEqual([32, 32, 32]);
    expect(list(b.grad)).toEqual([[6], [6]]);
    x.sum().backward();
    expect(list(x.grad)).toEqual([33, 33, 33]);
  });

  it('leaves with the same incoming gradient have memory of their own', () => {
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const gradient = tensor([1, 1], { dtype: 'float64' });
    a.add(b).backward(gradient);
    a.grad!.fill_(7);
    expect([list(b.grad), list(gradient)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('names nodes as torch does and prints them', () => {
    const x = tensor([[1, 2]], { requiresGrad: true });
    expect(String(x.mul(2))).toBe('tensor([[2., 4.]], grad_fn=<MulBackward0>)');
    expect(String(x.t())).toBe('tensor([[1.],\n        [2.]], grad_fn=<TBackward0>)');
    expect(String(x.matmul(x.t()).gradFn)).toBe('<MmBackward0>');
    expect(x.gradFn).toBeNull();
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(isGradEnabled()).toBe(true);
  });

  it('a second walk needs retainGraph', () => {
    const x = leaf([2]);
    const y = x.mul(x);
    y.backward(undefined, { retainGraph: true });
    y.backward();
    expect(list(x.grad)).toEqual([8]);
    expect(() => y.backward()).toThrow(/MulBackward0 are gone.*retainGraph/);
    // Where nothing was saved there is nothing to be missed.
    const sum = x.add(1);
    sum.backward();
    expect(() => sum.backward()).not.toThrow();
  });

  it('notices that a saved value has changed', () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const z = y.mul(2);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(
      expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching(/output of ExpBackward0.*version/) }),
    );
  });

  it('refuses what it cannot do', () => {
    expect(() => zeros(2).backward()).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    expect(() => leaf([1, 2]).mul(2).backward()).toThrow(expect.objectContaining({ code: 'ERR_SHAPE' }));
    expect(() => leaf([1, 2]).mul(2).backward(ones(3))).toThrow(expect.objectContaining({ code: 'ERR_SHAPE' }));
    expect(() => tensor([1], { dtype: 'int64', requiresGrad: true })).toThrow(
      expect.objectContaining({ code: 'ERR_DTYPE' }),
    );
    const made = leaf([1]).mul(2);
    expect(() => made.requiresGrad_(false)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });

  it('walks graphs deeper than the stack', () => {
    const x = leaf([1]);
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    y.backward();
    expect(list(x.grad)).toEqual([1]);
  });
});

describe('in place', () => {
  it('continues the history', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.mul_(x).add_(1);
    expect(String(y.gradFn)).toBe('<AddBackward0>');
    y.sum().backward();
    expect(list(x.grad)).toEqual([6, 12]);
  });

  it('is refused on leaves and their views, but under noGrad', () => {
    const x = leaf([1, 2]);
    for (const change of [
      () => x.add_(1),
      () => x.at(0).zero_(),
      () => x.normal_(),
      () => x.set_([0], 5),
      () => x.view(2, 1).mul_(2),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    }
    expect(list(x)).toEqual([1, 2]);
    noGrad(() => x.add_(1));
    expect(list(x)).toEqual([2, 3]);
  });

  it('on a view changes the history of its base and of other views', () => {
    const x = leaf([1, 2, 3]);
    const y = x.mul(2);
    const other = y.narrow(0, 1, 2);
    y.at(0).mul_(10);
    y.narrow(0, 0, 2).add_(x.narrow(0, 1, 2));
    expect(String(y.gradFn)).toBe('<CopySlices>');
    expect(String(other.gradFn)).toBe('<AsStridedBackward0>');
    y.mul(tensor([1, 10, 100], { dtype: 'float64' }))
      .sum()
      .backward(undefined, { retainGraph: true });
    expect(list(x.grad)).toEqual([20, 21, 210]);
    x.grad = null;
    other.sum().backward();
    expect(list(x.grad)).toEqual([0, 2, 3]);
  });

  it('makes a tensor without gradient need one', () => {
    const w = leaf([2, 3]);
    const buffer = zeros([2, 2], { dtype: 'float64' });
    const row = buffer.at(1);
    row.copy_(w);
    expect([buffer.requiresGrad, row.requiresGrad]).toEqual([true, true]);
    buffer.mul(buffer).sum().backward();
    expect(list(w.grad)).toEqual([4, 6]);
  });

  it('random fills cut the history', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2).uniform_();
    y.sum().backward();
    expect(list(x.grad)).toEqual([0, 0]);
  });
});

describe('detaching', () => {
  it('detach shares versions, data does not', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const square = y.mul(y);
    y.data.add_(1);
    square.sum().backward(undefined, { retainGraph: true });
    y.detach().add_(1);
    expect(() => square.sum().backward()).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });

  it('gradients end at views made under noGrad, which may not change where that is recorded', () => {
    const x = leaf([1, 2]);
    const view = noGrad(() => x.view(2, 1));
    expect([view.requiresGrad, view.isLeaf]).toEqual([true, true]);
    view.mul(3).sum().backward();
    expect([x.grad, view.grad]).toEqual([null, null]);
    expect(() => view.mul_(2)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    noGrad(() => view.mul_(2));
    expect(list(x)).toEqual([2, 4]);
    expect(() => view.gradFn).toThrow(/made under noGrad/);
  });
});

describe('hooks and retained gradients', () => {
  it('see and replace gradients', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3).retainGrad();
    const seen: unknown[] = [];
    const remove = y.registerHook((grad) => {
      seen.push(grad.tolist());
      return grad.mul(10);
    });
    x.registerHook((grad) => grad.add(1));
    const run = () => {
      x.grad = null;
      y.sum().backward(undefined, { retainGraph: true });
      return list(x.grad);
    };
    expect(run()).toEqual([31, 31]);
    expect(seen).toEqual([[1, 1]]);
    expect(list(y.grad)).toEqual([10, 10]);
    remove();
    expect(run()).toEqual([4, 4]);
  });
});

describe('gradients land in the parameter', () => {
  it('of a matrix product', () => {
    const w = fromTypedArray(new Float64Array([1, 2, 3, 4]), [2, 2], { requiresGrad: true });
    matmul(w, tensor([1, 10], { dtype: 'float64' }))
      .sum()
      .backward();
    expect(list(w.grad)).toEqual([
      [1, 10],
      [1, 10],
    ]);
    expect(w.grad!.dtype).toBe('float64');
  });
});
