import { expect, it } from 'vitest';
import { fromTypedArray, nn, randn, scope, type Tensor, zeros } from '../lib/index.ts';
import { failure } from './cases/data.ts';

const size = 100_000;
/** What using a tensor of a scope that has ended throws. */
const lost = (call: string) => failure('ERR_DETACHED', call, 'its scope() has ended');

/** The largest difference between elements. */
const difference = (a: Tensor, b: Tensor) => a.sub(b).norm(Number.POSITIVE_INFINITY).item();

it('returns the result; what it does not hold is gone', () => {
  const x = randn(size);
  let inside: Tensor | undefined;
  const out = scope(() => {
    inside = x.mul(2);
    return inside.add(1);
  });
  expect(difference(out, x.mul(2).add(1))).toBe(0);
  expect(() => inside!.sum()).toThrow(lost('sum'));
  expect(() => inside!.array).toThrow(lost('array'));
  expect(x.numel()).toBe(size);
});

it('the next outputs get the memory', () => {
  const x = randn(size);
  const arrays = new Set<unknown>();
  for (let i = 0; i < 20; i++) {
    const before = process.memoryUsage().arrayBuffers;
    scope(() => x.relu().sum());
    arrays.add(process.memoryUsage().arrayBuffers - before >= 4 * size);
  }
  // Only the first has to be fresh.
  expect([...arrays].filter((fresh) => fresh).length).toBeLessThanOrEqual(1);
  expect(arrays.has(false)).toBe(true);
});

it('keeps what the result holds, however deep', () => {
  const x = randn(size);
  const model = new nn.Linear(300, 400);
  const result = scope(() => ({
    list: [x.mul(2)],
    map: new Map([['key', x.mul(3)]]),
    set: new Set([x.mul(4)]),
    view: x.mul(5).view(100, 1000).t(),
    array: x.mul(6).array,
    nested: { deep: [{ tensor: x.mul(7) }] },
    model,
    self: undefined as unknown,
    none: null,
  }));
  result.self = result;
  const found = [
    result.list[0]!,
    result.map.get('key')!,
    [...result.set][0]!,
    result.view.t().reshape(size),
    fromTypedArray(result.array),
    result.nested.deep[0]!.tensor,
  ];
  for (const [i, tensor] of found.entries()) expect(difference(tensor, x.mul(i + 2))).toBe(0);
  const cycle: { self?: unknown; tensor?: Tensor } = {};
  cycle.self = cycle;
  expect(difference(scope(() => Object.assign(cycle, { tensor: x.mul(2) })).tensor, x.mul(2))).toBe(0);
});

it('scopes in scopes', () => {
  const x = randn(size);
  let kept: Tensor | undefined;
  let inner: Tensor | undefined;
  const twice = scope(() => {
    kept = scope(() => {
      inner = x.mul(2);
      return inner.add(1);
    });
    expect(() => inner!.sum()).toThrow(lost('sum'));
    return kept.sub(1);
  });
  expect(difference(twice, x.mul(2).add(1).sub(1))).toBe(0);
  expect(() => kept!.sum()).toThrow(lost('sum'));
});

it('leaves arrays that the user has seen alone', () => {
  const x = randn(size);
  let array: Float32Array | undefined;
  let tensor: Tensor | undefined;
  scope(() => {
    scope(() => {
      tensor = x.mul(2);
      array = tensor.array as Float32Array;
    });
  });
  expect(array!.length).toBe(size);
  expect(difference(tensor!, x.mul(2))).toBe(0);
});

it('gradients outlive it: those of leaves, and the graph of a result', () => {
  const w = randn([400, 300], { requiresGrad: true });
  const x = randn(200, 300);
  scope(() => {
    x.matmul(w.t()).mul(2).sum().backward();
  });
  const expected = x.sum(0).mul(2);
  expect(difference(w.grad!, expected.expand([400, 300]))).toBeLessThan(1e-3);
  w.grad = null;
  const loss = scope(() => x.matmul(w.t()).mul(w.sum(1)).sum());
  loss.backward();
  const wanted = x.sum(0).mul(w.sum()).expand([400, 300]);
  expect(w.grad!.shape).toEqual(wanted.shape);
});

it('is over when the function throws', () => {
  const x = randn(size);
  let inside: Tensor | undefined;
  expect(() =>
    scope(() => {
      inside = x.mul(2);
      throw new Error('inside');
    }),
  ).toThrow('inside');
  expect(() => inside!.sum()).toThrow(lost('sum'));
  const later = x.mul(3);
  expect(later.numel()).toBe(size);
});

it('refuses what is no function, and promises', async () => {
  for (const wrong of [undefined, null, 3, {}, zeros(2)]) {
    expect(() => scope(wrong as () => void)).toThrow(failure('ERR_ARGUMENT', 'scope', 'expected a function'));
  }
  let tensor: Tensor | undefined;
  expect(() =>
    scope(async () => {
      tensor = randn(size).mul(2);
    }),
  ).toThrow(failure('ERR_ARGUMENT', 'scope', 'promise'));
  await Promise.resolve();
  expect(tensor!.sum().numel()).toBe(1);
});
