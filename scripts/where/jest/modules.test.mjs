// With NODE_OPTIONS=--experimental-vm-modules: evenkeel runs in the test's own context.
import { fromTypedArray, init, nn, ones, zeros } from 'evenkeel';
import { byWorker, golden } from './golden.mjs';

test('numbers', async () => {
  console.log(`golden ${golden()}`);
  expect(await byWorker()).toBe('worker thread alike');
});

test('the context is the same', () => {
  expect(zeros(2).array).toStrictEqual(new Float32Array(2));
  expect(
    fromTypedArray(new Float64Array([1, 2]))
      .sum()
      .item(),
  ).toBe(3);
  expect(() => ones(2, 3).add(ones(4))).toThrow(RangeError);
  expect(zeros([300, 300]).add(1).sum().item()).toBe(90_000);
  const net = new nn.Linear(2, 1);
  init.initialize(net, [{ match: /./, init: { initialiser: 'ones' } }], { seed: 0 });
  expect(net.call(ones(1, 2)).item()).toBe(3);
});
