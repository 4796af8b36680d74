// What the random programs found, each as small as it was shrunk to; references are PyTorch's.
import { expect, test } from 'vitest';
import { full, ones, tensor, zeros } from '../../lib/creation.js';
import {
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  convTranspose2d,
  crossEntropy,
  embedding,
  layerNorm,
  maxPool2d,
} from '../../lib/nn/functional/index.js';
import { failure, valuesOf } from '../cases/data.js';

const learning = (values: number[]) => tensor(values, { requiresGrad: true });

test('what has no fractions needs no gradient', () => {
  const x = learning([1, 2]);
  const results = [x.eq(1), x.gt(x), x.isnan(), x.any(), x.argmax(), x.to('int64')];
  expect(results.map(({ requiresGrad }) => requiresGrad)).toEqual(results.map(() => false));
  expect(zeros([2], { dtype: 'int64' }).copy_(x).requiresGrad).toBe(false);
  expect(zeros([2]).copy_(x).requiresGrad).toBe(true);
});

test('a repeated view is copied to itself only without a gradient', () => {
  const base = zeros(1);
  const repeated = base.expand(6);
  expect(repeated.copy_(repeated)).toBe(repeated);
  expect(() => repeated.copy_(repeated.detach())).toThrow(failure('ERR_ARGUMENT', 'copy_', '[6]'));
  base.add_(learning([1]));
  expect(() => repeated.copy_(repeated)).toThrow(failure('ERR_ARGUMENT', 'copy_', '[6]'));
});

test('powers with whole numbers and booleans have gradients', () => {
  const power = learning([1, 2]);
  tensor([2, 3], { dtype: 'int64' }).pow(power).sum().backward();
  expect(valuesOf(power.grad!)).toEqual([2 * Math.LN2, 9 * Math.log(3)].map((x) => expect.closeTo(x, 5)));
  const base = learning([2, 3]);
  base
    .pow(tensor([1, 0], { dtype: 'bool' }))
    .sum()
    .backward();
  expect(valuesOf(base.grad!)).toEqual([1, 0]);
  const bytes = learning([2, 3]);
  bytes
    .pow(tensor([0, 2], { dtype: 'uint8' }))
    .sum()
    .backward();
  expect(valuesOf(bytes.grad!)).toEqual([0, 6]);
});

test('layerNorm of as many rows as features', () => {
  const x = tensor([
    [1, 3],
    [2, 6],
  ]);
  const out = layerNorm(x, [2], tensor([1, 2]), null, 0);
  expect(valuesOf(out)).toEqual([-1, 2, -1, 2].map((value) => expect.closeTo(value, 5)));
});

test('batchNorm changes nothing where it fails', () => {
  const [mean, variance] = [zeros(2), ones(1).expand(2)];
  const learn = () => batchNorm(ones(3, 2), mean, variance, null, null, { training: true });
  expect(learn).toThrow(failure('ERR_ARGUMENT', 'batchNorm', '[2]'));
  expect(valuesOf(mean)).toEqual([0, 0]);
  // One value a channel, of no channels.
  expect(() => batchNorm(ones(1, 0), null, null, null, null, { training: true })).toThrow(
    failure('ERR_SHAPE', 'batchNorm', '[1, 0]'),
  );
});

test('crossEntropy does not look at what is ignored', () => {
  const ignored = tensor([0], { dtype: 'int64' });
  const options = { ignoreIndex: 0, labelSmoothing: 0.25 };
  expect(crossEntropy(tensor([[NaN, 1]]), ignored, { ...options, reduction: 'sum' }).item()).toBe(0);
  const x = tensor([[1, 2]], { requiresGrad: true });
  crossEntropy(x, ignored, options).backward();
  expect(valuesOf(x.grad!)).toEqual([0, 0]);
});

test('embedding refuses an index of no row where rows are empty, too', () => {
  const index = tensor([1], { dtype: 'int64' });
  expect(() => embedding(index, zeros(1, 0))).toThrow(failure('ERR_RANGE', 'embedding', '1'));
  expect(embedding(index, zeros(2, 0)).shape).toEqual([1, 0]);
});

test('pooling refuses images without pixels', () => {
  for (const pool of [maxPool2d, avgPool2d]) {
    for (const shape of [
      [1, 0, 1],
      [1, 1, 2, 0],
      [1, 0, 2, 2],
    ]) {
      expect(() => pool(zeros(shape), [2, 1], { padding: [1, 0] })).toThrow(
        failure('ERR_SHAPE', pool.name, `[${shape.join(', ')}]`),
      );
    }
    expect(pool(zeros(0, 1, 2, 2), 2).shape).toEqual([0, 1, 1, 1]);
  }
});

test('a dtype or a kernel is refused without elements, too', () => {
  const none = zeros([0, 1, 1, 1], { dtype: 'int64' });
  const weight = ones([1, 1, 1, 1], { dtype: 'int64' });
  expect(() => conv2d(none, weight)).toThrow(failure('ERR_DTYPE', 'conv2d', 'int64'));
  expect(() => conv1d(none.squeeze(2), weight.squeeze(2))).toThrow(failure('ERR_DTYPE', 'conv1d', 'int64'));
  const batch = zeros([0, 2, 2], { dtype: 'bool' });
  expect(() => batch.bmm(batch)).toThrow(failure('ERR_DTYPE', 'bmm', 'bool'));
  expect(() => convTranspose2d(full([1, 1, 3, 3], 1), zeros(1, 1, 0, 1))).toThrow(
    failure('ERR_SHAPE', 'convTranspose2d', '[1, 1, 0, 1]'),
  );
});
