// With NODE_OPTIONS=--experimental-vm-modules: the backend meets the test's own copy of TensorFlow.js.
import * as tf from '@tensorflow/tfjs-core';
import { fromTensor, toTensor } from 'evenkeel/tfjs';

test('the backend is registered', async () => {
  await tf.ready();
  expect(tf.getBackend()).toBe('evenkeel');
  const product = tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]));
  expect([...(await product.data())]).toEqual([3, 3, 3, 3]);
  const shared = toTensor(product);
  expect(shared.tolist()).toEqual([
    [3, 3],
    [3, 3],
  ]);
  expect(fromTensor(shared.add(1)).arraySync()).toEqual([
    [4, 4],
    [4, 4],
  ]);
});
