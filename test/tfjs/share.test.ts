// toTensor and fromTensor: one memory.
import { beforeEach, describe, expect, it } from 'vitest';
import { Generator, init, randn, tensor, zeros } from '../../lib/index.js';
import { fromTensor, toTensor } from '../../lib/tfjs/share.js';
import { failure } from '../cases/data.js';
import { tf } from './data.js';

const state = (name: string, part: string) =>
  expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching(new RegExp(`^${name}: .*${part}`)) });

beforeEach(() => tf.setBackend('evenkeel'));

describe.each(['evenkeel', 'cpu'])('on %s', (backend) => {
  beforeEach(() => tf.setBackend(backend));

  it('toTensor: changes are seen both ways', () => {
    const x = tf.zeros([2, 3]);
    const t = toTensor(x);
    expect(t.shape).toEqual([2, 3]);
    init.normal_(t, 0, 1, { generator: new Generator(1) });
    expect(x.dataSync()).toEqual(t.array);
    x.dataSync()[1] = 7;
    expect(t.at(0, 1).item()).toBe(7);
  });

  it.each(['int32', 'bool'] as const)('toTensor: %s', (dtype) => {
    const t = toTensor(tf.tensor([0, 1, 1], [3], dtype));
    expect(t.dtype).toBe(dtype);
    expect(t.to('float32').tolist()).toEqual([0, 1, 1]);
  });

  it("toTensor: of an array that is not the dtype's", () => {
    // The cpu backend casts a bool to a number by calling the same bytes so.
    const made = tf.engine().runKernel('Cast', { x: tf.tensor1d([0, 1], 'bool') }, { dtype: 'int32' }) as tf.Tensor;
    const t = toTensor(made);
    expect([t.dtype, t.tolist()]).toEqual(['int32', [0, 1]]);
    t.fill_(3);
    expect(Array.from(made.dataSync())).toEqual([3, 3]);
  });

  it('fromTensor: changes are seen both ways', () => {
    const t = zeros(2, 3);
    const x = fromTensor(t);
    expect([x.shape, x.dtype]).toEqual([[2, 3], 'float32']);
    t.fill_(2);
    expect(Array.from(tf.square(x).dataSync())).toEqual([4, 4, 4, 4, 4, 4]);
    for (const dtype of ['int32', 'bool'] as const) {
      expect(Array.from(fromTensor(tensor([0, 1], { dtype })).dataSync())).toEqual([0, 1]);
    }
  });

  it('fromTensor: a part of a storage', () => {
    const t = tensor([1, 2, 3, 4]).narrow(0, 1, 2);
    const x = fromTensor(t);
    t.fill_(9);
    expect(Array.from(x.dataSync())).toEqual([9, 9]);
  });

  it('shared memory is not used again', () => {
    const made = tf.add(tf.ones([5000]), 0);
    const t = toTensor(made);
    made.dispose();
    const u = zeros(5000);
    tf.tidy(() => fromTensor(u));
    for (let i = 0; i < 10; i++) tf.dispose(tf.fill([5000], 7));
    expect(t.sum().item()).toBe(5000);
    expect(u.sum().item()).toBe(0);
  });
});

describe('wrong arguments', () => {
  it('toTensor', async () => {
    for (const wrong of [3, null, undefined, [1], zeros(2)]) {
      expect(() => toTensor(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'toTensor', 'expected a tensor'));
    }
    expect(() => toTensor(tf.complex([1], [2]))).toThrow(failure('ERR_DTYPE', 'toTensor', 'complex64'));
    expect(() => toTensor(tf.tensor(['a']))).toThrow(failure('ERR_DTYPE', 'toTensor', 'string'));
    const gone = tf.ones([2]);
    gone.dispose();
    expect(() => toTensor(gone)).toThrow(state('toTensor', 'disposed of'));
  });

  it('fromTensor', () => {
    for (const wrong of [3, null, undefined, [1], tf.ones([2])]) {
      expect(() => fromTensor(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'fromTensor', 'expected a Tensor'));
    }
    expect(() => fromTensor(zeros([2], { dtype: 'float64' }))).toThrow(failure('ERR_DTYPE', 'fromTensor', 'float64'));
    expect(() => fromTensor(randn(2, 3).t())).toThrow(state('fromTensor', 'not contiguous'));
  });

  it('backends that copy', async () => {
    class Copying extends tf.KernelBackend {
      override write = () => ({});
      override dispose = () => {};
      override floatPrecision = () => 32 as const;
      override disposeData = () => true;
    }
    tf.registerBackend('copying', () => new Copying());
    await tf.setBackend('copying');
    const x = tf.ones([2]);
    expect(() => toTensor(x)).toThrow(state('toTensor', 'copies'));
    expect(() => fromTensor(zeros(2))).toThrow(state('fromTensor', 'copying'));
    x.dispose();
    await tf.setBackend('evenkeel');
    tf.removeBackend('copying');
  });
});
