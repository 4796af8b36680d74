// Tensors between threads: as messages, moved, shared; every operation on shared memory; many workers at once.

import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  type DType,
  eye,
  fromMessage,
  fromTypedArray,
  init,
  matmulAsync,
  nn,
  randn,
  share,
  Tensor,
  type TensorMessage,
  tensor,
  toMessage,
  transferList,
  zeros,
} from '../lib/index.ts';
import { binaryOps, reductionOps, unaryOps } from '../lib/ops/index.ts';
import { expectSame, failure, valuesOf } from './cases/data.ts';
import { inWorker, script, workerSource } from './process.ts';

const dtypes: DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'];
const some = (dtype: DType) => tensor([1, 0, 1, 1, 0, 1], { dtype }).view(2, 3);

/** Tensors of the same elements: dense, by columns, and within something larger. */
const laidOut = (dtype: DType) => {
  const window = zeros([4, 8], { dtype }).slice(0, 1, 3).slice(1, 1, 7, 2);
  return [some(dtype), some(dtype).t().contiguous().t(), window.copy_(some(dtype))];
};

describe('messages', () => {
  it.each(dtypes)('%s: survive structured cloning in every layout', (dtype) => {
    for (const t of laidOut(dtype)) {
      const back = fromMessage(structuredClone(toMessage(t)));
      expect(back).toBeInstanceOf(Tensor);
      expect([back.shape, back.dtype, back.requiresGrad]).toEqual([t.shape, dtype, false]);
      expect(back.tolist()).toEqual(t.tolist());
    }
  });

  it('hold no more than the tensor, and no memory of others', () => {
    const large = randn(1000, 100);
    const row = toMessage(large.select(0, 3));
    expect(row.array.buffer.byteLength).toBe(400);
    row.array.fill(0 as never);
    expect(large.select(0, 3).norm().item()).toBeGreaterThan(0);
    expect(toMessage(large).array).toBe(large.array);
    const grad = fromMessage(toMessage(randn([2, 2], { requiresGrad: true })));
    expect([grad.requiresGrad, grad.isLeaf]).toEqual([true, true]);
    for (const shape of [[], [0], [3, 0, 2]]) {
      expect(fromMessage(structuredClone(toMessage(zeros(shape)))).shape).toEqual(shape);
    }
  });

  it('move with their transfer list', () => {
    const t = randn(50, 60);
    const wanted = t.clone();
    const view = t.t();
    const messages = {
      a: toMessage(t),
      b: toMessage(t),
      c: toMessage(some('int32')),
      d: toMessage(share(some('bool'))),
    };
    const list = transferList(...Object.values(messages));
    expect(list.length).toBe(2);
    const moved = structuredClone(messages, { transfer: list });
    expectSame(valuesOf(fromMessage(moved.a)), valuesOf(wanted));
    expect(fromMessage(moved.b).elements.array.buffer).toBe(fromMessage(moved.a).elements.array.buffer);
    expect(() => t.sum()).toThrow(failure('ERR_DETACHED', 'sum'));
    expect(() => view.add(1)).toThrow(failure('ERR_DETACHED', 'add'));
    expect(() => toMessage(t)).toThrow(failure('ERR_DETACHED', 'toMessage'));
    expect(() => share(t)).toThrow(failure('ERR_DETACHED', 'share'));
  });

  it('are checked', () => {
    const good = toMessage(randn(2, 3));
    const bad = (change: object) => () => fromMessage({ ...good, ...change } as TensorMessage);
    for (const wrong of [undefined, null, 3, {}, [], new Float32Array(3), randn(2)]) {
      expect(() => fromMessage(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'fromMessage', 'toMessage'));
      expect(() => transferList(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'transferList', 'toMessage'));
    }
    expect(bad({ dtype: 'float' })).toThrow(failure('ERR_DTYPE', 'fromMessage'));
    expect(bad({ dtype: 'float64' })).toThrow(failure('ERR_ARGUMENT', 'fromMessage', 'float64'));
    expect(bad({ array: [1, 2, 3] })).toThrow(failure('ERR_ARGUMENT', 'fromMessage', 'float32'));
    expect(bad({ shape: [2, 4] })).toThrow(failure('ERR_RANGE', 'fromMessage', '[2, 4]'));
    expect(bad({ shape: [6] })).toThrow(failure('ERR_RANGE', 'fromMessage', '[6]'));
    expect(bad({ strides: [4, 1] })).toThrow(failure('ERR_RANGE', 'fromMessage', '[4, 1]'));
    expect(bad({ offset: 1 })).toThrow(failure('ERR_RANGE', 'fromMessage', 'element 1'));
    expect(bad({ offset: -1 })).toThrow(failure('ERR_RANGE', 'fromMessage', 'offset'));
    expect(bad({ strides: [-3, 1] })).toThrow(failure('ERR_RANGE', 'fromMessage'));
    expect(bad({ shape: 'x' })).toThrow(failure('ERR_ARGUMENT', 'fromMessage'));
    expect(() => toMessage(3 as never)).toThrow(failure('ERR_ARGUMENT', 'toMessage'));
    expect(() => share(3 as never)).toThrow(failure('ERR_ARGUMENT', 'share'));
  });
});

describe('shared tensors', () => {
  it.each(dtypes)('%s: share copies once, messages of them share', (dtype) => {
    for (const t of laidOut(dtype)) {
      const shared = share(t);
      expect(shared.array.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect([shared.shape, shared.dtype]).toEqual([t.shape, dtype]);
      expect(shared.tolist()).toEqual(t.tolist());
      expect(share(shared)).toBe(shared);
      const other = fromMessage(structuredClone(toMessage(shared.t())));
      other.t().fill_(0);
      expect((shared.tolist() as unknown[]).flat().every((x) => Number(x) === 0)).toBe(true);
    }
    expect(share(zeros([0, 3], { dtype })).shape).toEqual([0, 3]);
  });

  it('work in every operation as others do', async () => {
    const plain = randn(6, 8);
    const a = share(plain);
    expect(a.elements.array.buffer).toBeInstanceOf(SharedArrayBuffer);
    const methods = a as unknown as Record<string, (...args: unknown[]) => Tensor>;
    const same = (name: string, ...args: unknown[]) => {
      const wanted = (plain.clone() as unknown as typeof methods)[name]!(...args);
      expectSame(valuesOf(methods[name]!(...args)), valuesOf(wanted));
    };
    for (const name of Object.keys(unaryOps)) same(name);
    for (const name of Object.keys(binaryOps)) {
      same(name, 3);
      same(name, plain);
      const other = share(plain.add(1));
      expectSame(valuesOf((plain as unknown as typeof methods)[name]!(other)), valuesOf(methods[name]!(other)));
    }
    for (const name of Object.keys(reductionOps)) same(name);
    for (const name of Object.keys(unaryOps)) {
      const target = share(plain) as unknown as typeof methods;
      expectSame(valuesOf(target[`${name}_`]!()), valuesOf(methods[name]!()));
    }
    same('clamp', -1, 1);
    same('to', 'float16');
    same('clone');
    same('matmul', plain.t());
    expect(String(a)).toBe(String(plain));
    const image = share(randn(1, 2, 6, 6));
    const kernel = share(randn(3, 2, 3, 3));
    expectSame(
      valuesOf(await nn.functional.conv2dAsync(image, kernel, share(zeros(3)))),
      valuesOf(nn.functional.conv2d(image.clone(), kernel.clone(), zeros(3))),
    );
    expectSame(valuesOf(init.ones_(share(zeros(3, 3)))), new Array(9).fill(1));
    const orthogonal = init.orthogonal_(share(zeros(3, 3)));
    expect(orthogonal.matmul(orthogonal.t()).sub(eye(3)).norm().item()).toBeLessThan(1e-5);
    const weight = fromTypedArray(new Float32Array(new SharedArrayBuffer(24)), [2, 3], { requiresGrad: true });
    weight.mul(2).sum().backward();
    expectSame(valuesOf(weight.grad!), new Array(6).fill(2));
  });
});

describe('worker threads', () => {
  it('use tensors of the other side: copied, moved, shared, and send theirs', async () => {
    const t = randn(40, 30);
    const shared = share(zeros(40, 30));
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(
      workerSource(`
        const shared = lib.fromMessage(data.shared);
        port.on('message', (message) => {
          const t = lib.fromMessage(message);
          shared.copy_(t.mul(2));
          const result = lib.toMessage(t.matmul(t.t()));
          port.postMessage(result, lib.transferList(result));
        });
        return 'ready';`),
      { eval: true, workerData: { shared: toMessage(shared) } },
    );
    const answers: unknown[] = [];
    let wake = () => {};
    worker.on('message', (message) => {
      answers.push(message);
      wake();
    });
    const next = async () => {
      while (answers.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return answers.shift();
    };
    expect(await next()).toBe('ready');
    const product = t.matmul(t.t());
    worker.postMessage(toMessage(t));
    expectSame(valuesOf(fromMessage((await next()) as TensorMessage)), valuesOf(product));
    expectSame(valuesOf(shared), valuesOf(t.mul(2)));
    const moving = t.clone();
    const message = toMessage(moving);
    worker.postMessage(message, transferList(message));
    expect(() => moving.sum()).toThrow(failure('ERR_DETACHED', 'sum'));
    expectSame(valuesOf(fromMessage((await next()) as TensorMessage)), valuesOf(product));
    port1.close();
    port2.close();
    await worker.terminate();
    expectSame(valuesOf(shared), valuesOf(t.mul(2)));
  });

  it('many at once, under load, on one shared model', async () => {
    const weights = share(randn(200, 200));
    const results = share(zeros(6, 200));
    const wanted = weights.matmul(weights).sum(0);
    const body = `
      const weights = lib.fromMessage(data.weights);
      const row = lib.fromMessage(data.results).select(0, data.index);
      for (let round = 0; round < 6; round++) {
        const [now, later] = [weights.matmul(weights), lib.matmulAsync(weights, weights)];
        const model = new lib.nn.Linear(30, 20);
        const other = new lib.nn.Linear(30, 20);
        const rules = [{ match: '*', init: { initialiser: 'normal' } }];
        lib.init.initialize(model, rules, { seed: round });
        if (round === 0) await lib.init.initializeAsync(other, rules, { seed: round });
        if (round === 0 && other.weight.sub(model.weight).norm().item() !== 0) throw new Error('other values');
        if ((await later).sub(now).norm().item() > 1e-3) throw new Error('another product');
        row.copy_(now.sum(0));
      }
      return data.index;`;
    const work = Array.from({ length: 6 }, (_, index) =>
      inWorker(body, { weights: toMessage(weights), results: toMessage(results), index }),
    );
    for (let round = 0; round < 5; round++) await matmulAsync(weights, weights);
    expect(await Promise.all(work)).toEqual([0, 1, 2, 3, 4, 5]);
    for (let i = 0; i < 6; i++) {
      expect(results.select(0, i).sub(wanted).norm(Number.POSITIVE_INFINITY).item()).toBeLessThan(1e-2);
    }
  });

  it('that are terminated at work, asynchronous and not, leave the others in order', async () => {
    const { code, signal, stdout, stderr } = await script(`
      import { Worker } from 'node:worker_threads';
      const shared = lib.share(lib.randn(500, 500));
      const source = ${JSON.stringify(
        workerSource(`
          const shared = lib.fromMessage(data);
          port.postMessage('ready');
          const busy = async () => { for (;;) await lib.matmulAsync(shared, lib.randn(500, 500)); };
          busy(); busy(); busy();
          await lib.init.initializeAsync(new lib.nn.Linear(900, 900),
            [{ match: 'weight', init: { initialiser: 'orthogonal' } }], { seed: 0 });
          for (;;) { shared.matmul(shared); await new Promise(setImmediate); }`),
      )};
      for (let round = 0; round < 6; round++) {
        const workers = [1, 2].map(() => new Worker(source, { eval: true, workerData: lib.toMessage(shared) }));
        await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
        const product = lib.matmulAsync(shared, shared);
        await new Promise((resolve) => setTimeout(resolve, 15 * round));
        await Promise.all(workers.map((worker) => worker.terminate()));
        const difference = (await product).sub(shared.matmul(shared)).norm(Infinity).item();
        if (difference > 1e-3) throw new Error('wrong: ' + difference);
      }
      console.log('fine');`);
    expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
  });
});
