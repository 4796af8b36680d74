// installRandom: laws, seeds, hooks, and what cannot be changed.
import union from '@tensorflow/tfjs';
import * as namespace from '@tensorflow/tfjs-core';
import layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Generator, manualSeed } from '../../lib/random.js';
import { installRandom } from '../../lib/tfjs/random.js';
import { failure } from '../cases/data.js';
import { tf } from './data.js';

type Installed = ReturnType<typeof installRandom>;
let installed: Installed;
beforeEach(async () => {
  await tf.setBackend('evenkeel');
  installed = installRandom(union, { seed: 99 });
});
afterEach(() => installed.uninstall());

const numbers = (tensor: { dataSync(): ArrayLike<number> }) => Array.from(tensor.dataSync());

/** Mean and standard deviation. */
function moments(values: ArrayLike<number>): [number, number] {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return [mean, Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length)];
}

/** Within five standard errors: a false alarm in 10^6 or fewer, and with fixed seeds none. */
function expectMoments(values: ArrayLike<number>, mean: number, std: number): void {
  const [m, s] = moments(values);
  const error = (5 * std) / Math.sqrt(values.length);
  expect(Math.abs(m - mean)).toBeLessThan(error);
  expect(Math.abs(s - std)).toBeLessThan(error);
}

const n = 20_000;

describe('operations', () => {
  it('randomNormal', () => {
    expectMoments(numbers(union.randomNormal([n], 3, 2)), 3, 2);
    const whole = union.randomNormal([n], 3, 2, 'int32');
    expect(whole.dtype).toBe('int32');
    expectMoments(numbers(whole), 3, Math.sqrt(4 + 1 / 12));
    expectMoments(numbers(union.randomStandardNormal([n])), 0, 1);
  });

  it('truncatedNormal: within two standard deviations', () => {
    const values = numbers(union.truncatedNormal([n], 3, 2));
    expect(values.every((x) => x >= -1 && x <= 7)).toBe(true);
    // The deviation of a standard normal within 2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
    expectMoments(values, 3, 2 * 0.8796256610342398);
    expect(numbers(union.truncatedNormal([3], 3, 0))).toEqual([3, 3, 3]);
  });

  it('randomUniform and randomUniformInt', () => {
    const values = numbers(union.randomUniform([n], -1, 3));
    expect(values.every((x) => x >= -1 && x < 3)).toBe(true);
    expectMoments(values, 1, 4 / Math.sqrt(12));
    expect(numbers(union.randomUniform([n], 3, -1)).every((x) => x >= -1 && x < 3)).toBe(true);
    const whole = union.randomUniformInt([n], -2, 3);
    expect(whole.dtype).toBe('int32');
    for (const value of [-2, -1, 0, 1, 2]) {
      const share = numbers(whole).filter((x) => x === value).length / n;
      expect(Math.abs(share - 0.2)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / n));
    }
    expect(new Set(numbers(union.randomUniform([n], 0, 1, 'bool')))).toEqual(new Set([0]));
    expect(new Set(numbers(union.randomUniform([n], 0, 2, 'bool')))).toEqual(new Set([0, 1]));
  });

  it('dropout', () => {
    const values = numbers(union.dropout(union.ones([n]), 0.25));
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expectMoments(values, 1, Math.sqrt(0.25 / 0.75));
    const rows = union.dropout(union.ones([4, 50]), 0.5, [4, 1]).arraySync() as number[][];
    for (const row of rows) expect(new Set(row).size).toBe(1);
    expect(numbers(union.dropout(union.ones([4]), 0))).toEqual([1, 1, 1, 1]);
    expect(() => union.dropout(union.ones([4]), 1)).toThrow('rate must be a float in the range [0, 1)');
    expect(numbers(union.grad((x) => union.dropout(x, 0.5, undefined, 3))(union.ones([8])))).toEqual(
      numbers(union.dropout(union.ones([8]), 0.5, undefined, 3)),
    );
  });

  it('multinomial', () => {
    const draw = () => numbers(union.multinomial(union.tensor1d([0.5, 0.5]), 50, undefined, true));
    const first = draw();
    expect(draw()).not.toEqual(first);
    installed = installRandom(union, { seed: 99 });
    expect(draw()).toEqual(first);
  });

  it('shapes: none, and wrong ones', () => {
    expect(union.randomNormal([0, 3]).shape).toEqual([0, 3]);
    expect(union.randomUniform([]).shape).toEqual([]);
    expect(() => union.randomNormal([-1])).toThrow('Tensor must have a shape comprised of positive integers');
    expect(() => union.randomNormal([2], 0, 1, 'bool' as never)).toThrow(failure('ERR_DTYPE', 'randomNormal', 'bool'));
    expect(() => union.truncatedNormal([2], 0, 1, 'bool' as never)).toThrow(
      failure('ERR_DTYPE', 'truncatedNormal', 'bool'),
    );
    expect(() => union.randomUniform([2], 0, 1, 'string' as never)).toThrow(
      failure('ERR_DTYPE', 'randomUniform', 'string'),
    );
    expect(() => union.randomNormal([2], NaN)).toThrow(failure('ERR_RANGE', 'randomNormal', 'NaN'));
  });
});

describe('seeds', () => {
  const draws: [string, (seed?: number | string) => ArrayLike<number>][] = [
    ['randomNormal', (seed) => numbers(union.randomNormal([9], 0, 1, 'float32', seed as number))],
    ['truncatedNormal', (seed) => numbers(union.truncatedNormal([9], 0, 1, 'float32', seed as number))],
    ['randomUniform', (seed) => numbers(union.randomUniform([9], 0, 1, 'float32', seed))],
    ['randomUniformInt', (seed) => numbers(union.randomUniformInt([9], 0, 1000, seed as number))],
    ['dropout', (seed) => numbers(union.dropout(union.ones([99]), 0.5, undefined, seed))],
  ];
  it.each(draws)('%s: the same seed, the same numbers; none, new ones', (_, draw) => {
    for (const seed of [0, 1, -1, 0.5, 2 ** 60, 'a', 'b']) expect(draw(seed)).toEqual(draw(seed));
    const all = [0, 1, -1, 0.5, 'a', 'b', undefined, undefined].map((seed) => JSON.stringify(draw(seed)));
    expect(new Set(all).size).toBe(all.length);
  });

  it('the numbers are those of evenkeel for the seed', () => {
    const want = new Float32Array(9);
    new Generator(7).fill(
      'test',
      'normal',
      { array: want, dtype: 'float32', shape: [9], strides: [1], offset: 0 },
      0,
      1,
    );
    expect(draws[0]![1](7)).toEqual(Array.from(want));
  });

  it('unseeded numbers come from what was installed', () => {
    installed = installRandom(union, { generator: new Generator(5) });
    const first = draws[0]![1]();
    installed = installRandom(union, { seed: 5n });
    expect(draws[0]![1]()).toEqual(first);
    installed = installRandom(union);
    manualSeed(5);
    expect(draws[0]![1]()).toEqual(first);
  });

  it('mt19937 is used for seeds too where it was installed', () => {
    installed = installRandom(union, { generator: new Generator(5, { algorithm: 'mt19937' }) });
    const mt = draws[0]![1](3);
    installed = installRandom(union);
    expect(draws[0]![1](3)).not.toEqual(mt);
  });
});

describe('initialisers', () => {
  const shape = [200, 100];
  const { initializers } = layers;
  const [fanIn, fanOut] = [200, 100];
  const average = (fanIn + fanOut) / 2;
  const truncated = 0.8796256610342398;
  it.each<[string, (args: { seed?: number }) => { apply(shape: number[]): { dataSync(): ArrayLike<number> } }, number]>(
    [
      ['glorotNormal', (args) => initializers.glorotNormal(args), truncated / Math.sqrt(average)],
      ['glorotUniform', (args) => initializers.glorotUniform(args), 1 / Math.sqrt(average)],
      ['heNormal', (args) => initializers.heNormal(args), truncated * Math.sqrt(2 / fanIn)],
      ['heUniform', (args) => initializers.heUniform(args), Math.sqrt(2 / fanIn)],
      ['leCunNormal', (args) => initializers.leCunNormal(args), truncated / Math.sqrt(fanIn)],
      ['leCunUniform', (args) => initializers.leCunUniform(args), 1 / Math.sqrt(fanIn)],
      [
        'varianceScaling',
        (args) => initializers.varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'uniform', ...args }),
        Math.sqrt(3 / fanOut),
      ],
      ['randomNormal', (args) => initializers.randomNormal({ stddev: 0.3, ...args }), 0.3],
      [
        'randomUniform',
        (args) => initializers.randomUniform({ minval: -0.3, maxval: 0.3, ...args }),
        0.3 / Math.sqrt(3),
      ],
      ['truncatedNormal', (args) => initializers.truncatedNormal({ stddev: 0.3, ...args }), 0.3 * truncated],
      ['orthogonal', (args) => initializers.orthogonal(args), 1 / Math.sqrt(200)],
    ],
  )('%s', (_, make, std) => {
    const values = numbers(make({}).apply(shape));
    expectMoments(values, 0, std);
    expect(numbers(make({}).apply(shape))).not.toEqual(values);
    expect(numbers(make({ seed: 3 }).apply(shape))).toEqual(numbers(make({ seed: 3 }).apply(shape)));
    expect(numbers(make({ seed: 3 }).apply(shape))).not.toEqual(numbers(make({ seed: 4 }).apply(shape)));
  });

  it.each([[[3, 3, 4, 8]], [[8, 40]], [[40, 8]], [[16, 16]]])('orthogonal of %j', (sizes) => {
    const gain = 1.5;
    const matrix = initializers.orthogonal({ gain, seed: 1 }).apply(sizes);
    const flat = tf.reshape(matrix as never, [-1, sizes.at(-1)!]) as tf.Tensor2D;
    const [rows, columns] = flat.shape;
    const gram = tf.matMul(flat, flat, rows >= columns, rows < columns).div(gain ** 2);
    const identity = tf.eye(Math.min(rows, columns));
    expect(tf.max(tf.abs(tf.sub(gram, identity))).dataSync()[0]).toBeLessThan(1e-5);
  });

  it('errors are those of tfjs-layers', () => {
    expect(() => initializers.orthogonal({}).apply([3])).toThrow('Shape must be at least 2D');
    expect(() => initializers.glorotNormal({}).apply([3, 3], 'bool')).toThrow('does not support dType bool');
  });

  it('layers: dense, dropout and noise', () => {
    const make = () => {
      installRandom(union, { seed: 9 });
      const model = union.sequential();
      model.add(union.layers.dense({ units: 5, inputShape: [7] }));
      model.add(union.layers.dropout({ rate: 0.5 }));
      model.add(union.layers.gaussianNoise({ stddev: 1 }));
      return numbers(model.apply(union.ones([2, 7]), { training: true }) as tf.Tensor);
    };
    expect(make()).toEqual(make());
  });
});

describe('hooks', () => {
  it('are the same functions everywhere that can be changed', () => {
    expect(tf.randomNormal).toBe(installed.ops.randomNormal);
    expect(union.randomNormal).toBe(installed.ops.randomNormal);
    expect(installed.followed).toBe(true);
  });

  it('are taken back, whatever was installed how often', () => {
    installed.uninstall();
    const before = { ...tf };
    const apply = layers.initializers.orthogonal({}).apply;
    installRandom(union);
    installed = installRandom(tf);
    expect(tf.randomUniform).not.toBe(before.randomUniform);
    expect(layers.initializers.orthogonal({}).apply).not.toBe(apply);
    installed.uninstall();
    installed.uninstall();
    expect({ ...tf }).toEqual(before);
    expect(layers.initializers.orthogonal({}).apply).toBe(apply);
  });

  it('an ES-module namespace: what it has stays, initialisers follow', () => {
    const original = namespace.randomNormal;
    installed = installRandom(namespace, { seed: 2 });
    expect(installed.followed).toBe(namespace.randomNormal === installed.ops.randomNormal);
    if (!installed.followed) expect(namespace.randomNormal).toBe(original);
    expect(tf.randomNormal).toBe(installed.ops.randomNormal);
    const a = numbers(layers.initializers.randomNormal({}).apply([5]));
    installed = installRandom(namespace, { seed: 2 });
    expect(numbers(layers.initializers.randomNormal({}).apply([5]))).toEqual(a);
  });

  it('layers alone', () => {
    installed = installRandom(layers, { seed: 2 });
    const a = numbers(layers.initializers.glorotUniform({}).apply([5, 5]));
    installed = installRandom(layers, { seed: 2 });
    expect(numbers(layers.initializers.glorotUniform({}).apply([5, 5]))).toEqual(a);
  });

  it('work on the cpu backend', async () => {
    await tf.setBackend('cpu');
    expectMoments(numbers(union.randomNormal([n])), 0, 1);
  });
});

describe('wrong arguments', () => {
  const wrong = installRandom as (...args: unknown[]) => unknown;
  it.each<[string, string, unknown[], string]>([
    ['ERR_ARGUMENT', 'installRandom', [], 'undefined'],
    ['ERR_ARGUMENT', 'installRandom', ['tf'], 'tf'],
    ['ERR_ARGUMENT', 'installRandom', [{}], 'TensorFlow.js'],
    ['ERR_ARGUMENT', 'installRandom', [union, 3], '3'],
    ['ERR_ARGUMENT', 'installRandom', [union, { generator: 3 }], '3'],
    ['ERR_ARGUMENT', 'installRandom', [union, { seed: 1, generator: new Generator(1) }], 'both'],
    ['ERR_ARGUMENT', 'Generator', [union, { seed: 'x' }], 'x'],
    ['ERR_RANGE', 'Generator', [union, { seed: -1 }], '-1'],
  ])('%s %s %#', (code, call, args, part) => {
    const before = tf.randomNormal;
    expect(() => wrong(...args)).toThrow(failure(code, call, part));
    expect(tf.randomNormal).toBe(before);
  });

  it('another copy that cannot be changed', () => {
    const copy = Object.freeze({ ...tf, randomNormal: () => {} });
    expect(() => installRandom(copy)).toThrow(
      expect.objectContaining({ code: 'ERR_STATE', message: expect.stringMatching(/^installRandom: .*another copy/) }),
    );
  });
});
