// The backend: what it is registered as, and that recycled memory is never memory that somebody has.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scope } from '../../lib/scope.js';
import { EvenkeelBackend, recycler } from '../../lib/tfjs/backend.js';
import { register } from '../../lib/tfjs/register.js';
import { failure } from '../cases/data.js';
import { tf } from './data.js';

/** Large enough to be recycled. */
const size = 5000;
const ones = () => tf.add(tf.ones([size]), 0);

beforeEach(async () => {
  await tf.setBackend('evenkeel');
  tf.engine().startScope();
  recycler.poison = true;
});
afterEach(() => {
  tf.engine().endScope();
  recycler.poison = false;
});

/** Makes outputs of every size that could have been recycled, so that each waiting array is written to. */
function churn(length = size) {
  for (let i = 0; i < 20; i++) tf.add(tf.fill([length], 7), i);
}

const allEqual = (values: ArrayLike<number>, value: number) => Array.from(values).every((x) => x === value);

describe('registration', () => {
  it('is once, with every kernel of the cpu backend, above it', () => {
    const names = (backend: string) =>
      tf
        .getKernelsForBackend(backend)
        .map(({ kernelName }) => kernelName)
        .sort();
    expect(names('evenkeel')).toEqual(names('cpu'));
    expect(names('evenkeel').length).toBeGreaterThan(170);
    const before = tf.getKernelsForBackend('evenkeel');
    register();
    expect(tf.getKernelsForBackend('evenkeel')).toEqual(before);
    expect(tf.backend()).toBeInstanceOf(EvenkeelBackend);
  });
});

describe('recycled memory', () => {
  it('is used again', () => {
    const first = tf.tidy(() => {
      const x = ones();
      return (tf.backend() as EvenkeelBackend).data.get(x.dataId) as { values: Float32Array };
    });
    const second = (tf.backend() as EvenkeelBackend).data.get(ones().dataId) as { values: Float32Array };
    expect(second.values.buffer).toBe(first.values.buffer);
  });

  it('is poisoned in between in debug mode', () => {
    const array = tf.tidy(
      () => ((tf.backend() as EvenkeelBackend).data.get(ones().dataId) as { values: Float32Array }).values,
    );
    expect(array.every(Number.isNaN)).toBe(true);
  });

  it.each<[string, () => ArrayLike<number>]>([
    ['dataSync', () => tf.tidy(() => ones().dataSync())],
    ['dataSync of a slice', () => tf.tidy(() => tf.slice(ones(), [1], [size - 1]).dataSync())],
    ['dataSync of one element', () => tf.tidy(() => tf.slice(ones(), [1], [1]).dataSync())],
    ['dataSync of a piece', () => tf.tidy(() => tf.split(ones(), 2)[1]!.dataSync())],
    ['dataSync of a reshaped tensor', () => tf.tidy(() => tf.reshape(ones(), [50, 100]).dataSync())],
    ['dataSync of a clone', () => tf.tidy(() => tf.clone(ones()).dataSync())],
    ['dataSync of a real part', () => tf.tidy(() => tf.real(tf.complex(ones(), ones())).dataSync())],
    ['bufferSync', () => tf.tidy(() => ones().bufferSync().values as Float32Array)],
    [
      'an array that was given',
      () => {
        const array = new Float32Array(size).fill(1);
        tf.tidy(() => tf.tensor1d(array).add(0));
        return array;
      },
    ],
    [
      'an array given back by dataSync and given again',
      () => {
        const array = tf.tidy(() => ones().dataSync()) as Float32Array;
        tf.tidy(() => tf.tensor1d(array).mul(2));
        tf.dispose(tf.tensor1d(array));
        return array;
      },
    ],
  ])('leaves alone: %s', (_, read) => {
    const values = read();
    churn();
    expect(allEqual(values, 1)).toBe(true);
  });

  it('leaves alone: data, and buffer', async () => {
    const [x, y] = [ones(), ones()];
    const [values, buffer] = await Promise.all([x.data(), y.buffer()]);
    tf.dispose([x, y]);
    churn();
    expect(allEqual(values, 1) && allEqual(buffer.values, 1)).toBe(true);
  });

  it('leaves alone: data that is asked for before the tensor is disposed of', async () => {
    const x = ones();
    const promise = x.data();
    x.dispose();
    churn();
    expect(allEqual(await promise, 1)).toBe(true);
  });

  it.each<[string, () => ReturnType<typeof ones>]>([
    ['a slice', () => tf.tidy(() => tf.slice(ones(), [1], [size - 2]))],
    ['one element', () => tf.tidy(() => tf.slice(ones(), [9], [1]))],
    ['a row', () => tf.tidy(() => tf.unstack(tf.reshape(ones(), [10, 500]))[3]! as ReturnType<typeof ones>)],
    ['a piece', () => tf.tidy(() => tf.split(ones(), 5)[2]!)],
    ['a reshaped tensor', () => tf.tidy(() => tf.reshape(ones(), [size]))],
    ['a clone of a clone', () => tf.tidy(() => tf.clone(tf.clone(ones())))],
    ['a real part', () => tf.tidy(() => tf.real(tf.complex(ones(), ones())) as ReturnType<typeof ones>)],
    [
      'a complex tensor',
      () => tf.tidy(() => tf.real(tf.tidy(() => tf.complex(ones(), tf.zeros([size])))) as ReturnType<typeof ones>),
    ],
    ['a variable', () => tf.tidy(() => tf.variable(ones()) as unknown as ReturnType<typeof ones>)],
    [
      'what a gradient needs',
      () => tf.tidy(() => tf.grad((x) => tf.mul(tf.square(x), 0.5))(ones()) as ReturnType<typeof ones>),
    ],
    ['a cast', () => tf.tidy(() => tf.cast(tf.cast(ones(), 'int32'), 'float32'))],
  ])('leaves alone while its source is disposed of: %s', (_, make) => {
    const x = make();
    churn();
    churn(size - 2);
    expect(allEqual(x.dataSync(), 1)).toBe(true);
    x.dispose();
  });

  it('is given back when the last of several tensors on it goes', () => {
    const before = recycler.waitingBytes;
    const x = ones();
    const y = tf.slice(x, [0], [size - 1]);
    const after = recycler.waitingBytes;
    x.dispose();
    expect(recycler.waitingBytes).toBe(after);
    y.dispose();
    expect(recycler.waitingBytes).toBe(after + 4 * size);
    expect(after).toBeLessThanOrEqual(before);
  });

  it('of tensors that came from another backend is not used', async () => {
    await tf.setBackend('cpu');
    const x = tf.add(tf.ones([size]), 0);
    const values = x.dataSync();
    await tf.setBackend('evenkeel');
    tf.dispose([tf.add(x, 1), x]);
    churn();
    expect(allEqual(values, 1)).toBe(true);
  });

  it('of tensors that move to another backend is not used', async () => {
    const x = ones();
    await tf.setBackend('cpu');
    const y = tf.add(x, 0);
    x.dispose();
    await tf.setBackend('evenkeel');
    churn();
    expect(allEqual(y.dataSync(), 1)).toBe(true);
  });

  it('is none of a scope() of evenkeel, which takes what was made in it', () => {
    const x = scope(() => {
      const made = tf.add(tf.ones([100_000]), 0);
      return { keep: () => made };
    }).keep();
    churn(100_000);
    expect(allEqual(x.dataSync(), 1)).toBe(true);
  });

  it('has a limit', () => {
    const limit = 256 << 20;
    for (let i = 1; i < 30; i++) tf.dispose(tf.fill([(4 << 20) + i], 1));
    expect(recycler.waitingBytes).toBeLessThanOrEqual(limit);
    expect(recycler.waitingBytes).toBeGreaterThan(limit / 2);
  });
});

describe('a tensor that was disposed of', () => {
  const gone = () => {
    const x = ones();
    x.dispose();
    return x;
  };
  it.each<[string, () => unknown]>([
    ['dataSync', () => gone().dataSync()],
    ['clone', () => gone().clone()],
    ['print', () => gone().toString()],
  ])('%s: the error of TensorFlow.js', (_, use) => {
    expect(use).toThrow('Tensor is disposed');
  });

  it.each<[string, (x: ReturnType<typeof ones>) => unknown]>([
    ['add', (x) => tf.add(x, x)],
    ['matMul', (x) => tf.matMul(x as never, x as never)],
    ['relu', (x) => tf.relu(x)],
    ['sum', (x) => tf.sum(x)],
    ['slice', (x) => tf.slice(x, [0], [2])],
    ['concat', (x) => tf.concat([x, x])],
    ['cos, a kernel of the cpu backend', (x) => tf.cos(x)],
  ])('%s: an error, and no number of another tensor', (_, use) => {
    const x = gone();
    churn();
    expect(() => tf.engine().runKernel('Add', { a: x, b: x })).toThrow(failure('ERR_STATE', 'evenkeel', 'disposed of'));
    expect(() => use(x)).toThrow();
  });
});

describe('tf.memory()', () => {
  it('counts as the cpu backend does', async () => {
    const count = async (backend: string) => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const before = tf.memory();
        const x = tf.add(tf.ones([10, 10]), 1);
        const parts = tf.split(x, 2);
        tf.reshape(parts[0]!, [50]);
        const { numTensors, numDataBuffers, numBytes } = tf.memory();
        return [numTensors - before.numTensors, numDataBuffers - before.numDataBuffers, numBytes - before.numBytes];
      });
    };
    expect(await count('evenkeel')).toEqual(await count('cpu'));
  });
});
