// Training with tfjs-layers: the same losses as on the cpu backend.
import { beforeEach, describe, expect, it } from 'vitest';
import { recycler } from '../../lib/tfjs/backend.js';
import { tf } from './data.js';
import { models, optimizers, trainer } from './models.js';

const steps = 20;

async function losses(backend: string, model: string, optimizer: string): Promise<number[]> {
  await tf.setBackend(backend);
  const { step, end } = trainer(model, optimizer);
  const values = Array.from({ length: steps }, () => tf.tidy(step));
  end();
  return values;
}

beforeEach(() => {
  recycler.poison = true;
  return () => {
    recycler.poison = false;
  };
});

describe.each(Object.keys(models))('%s', (model) => {
  it.each(Object.keys(optimizers))('%s', async (optimizer) => {
    const [got, want] = [await losses('evenkeel', model, optimizer), await losses('cpu', model, optimizer)];
    for (const [i, loss] of want.entries()) {
      expect(Math.abs(got[i]! - loss), `step ${i}`).toBeLessThan(1e-4 * Math.abs(loss));
    }
    // It learns: the data is a handful of rows.
    expect(want.at(-1)).toBeLessThan(want[0]!);
  });
});

describe('fit, evaluate and predict', () => {
  it('are those of the cpu backend', async () => {
    const run = async (backend: string) => {
      await tf.setBackend(backend);
      const { model, end } = trainer('conv', 'Adam');
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: ['mse'] });
      const [x, y] = [tf.ones([8, 10, 10, 2]), tf.ones([8, 4])];
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 4, shuffle: false });
      const loss = model.evaluate(x, y, { batchSize: 8 }) as tf.Scalar[];
      const out = model.predict(x) as tf.Tensor;
      const values = [...(history.loss as number[]), loss[0]!.dataSync()[0]!, ...out.dataSync()];
      tf.dispose([x, y, out, ...loss]);
      end();
      return values;
    };
    const [got, want] = [await run('evenkeel'), await run('cpu')];
    expect(got).toHaveLength(want.length);
    for (const [i, value] of want.entries())
      expect(Math.abs(got[i]! - value)).toBeLessThan(1e-4 * Math.max(1e-2, Math.abs(value)));
  });

  it('leave no tensors behind', async () => {
    const count = async (backend: string) => {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const { step, end } = trainer('batch norm', 'Adam');
      for (let i = 0; i < 3; i++) tf.tidy(step);
      const between = tf.memory().numTensors;
      for (let i = 0; i < 3; i++) tf.tidy(step);
      expect(tf.memory().numTensors).toBe(between);
      end();
      return tf.memory().numTensors - before;
    };
    // The optimiser keeps some scalars.
    expect(await count('evenkeel')).toBe(await count('cpu'));
  });
});
