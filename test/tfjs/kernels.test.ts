// Every native kernel against the cpu backend's, and where it must leave the work to that.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { recycler } from '../../lib/tfjs/backend.js';
import { families, nativeKernels } from '../../lib/tfjs/kernels/index.js';
import { cases } from './cases.js';
import { type Inputs, make, type Result, runKernel, type Spec, tf } from './data.js';

afterEach(() => vi.restoreAllMocks());

/** float32 beside sums that the cpu backend forms in double precision. */
function expectSame(got: readonly Result[], want: readonly Result[]): void {
  expect(got.map(({ shape, dtype }) => [shape, dtype])).toEqual(want.map(({ shape, dtype }) => [shape, dtype]));
  for (const [i, { values }] of want.entries()) {
    const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
    for (const [j, value] of values.entries()) {
      const other = got[i]!.values[j]!;
      if (Number.isFinite(value)) expect(Math.abs(other - value)).toBeLessThan(3e-6 * scale);
      else expect(other).toBe(value);
    }
  }
}

/** Whether a kernel's output is one of the native ones': those alone take recycled arrays. */
async function runHere(name: string, inputs: Inputs, attrs: object): Promise<{ results: Result[]; native: boolean }> {
  const take = vi.spyOn(recycler, 'take');
  const results = await runKernel('evenkeel', name, inputs, attrs);
  const native = take.mock.calls.length > 0;
  take.mockRestore();
  return { results, native };
}

describe('native kernels', () => {
  it('all have cases', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(nativeKernels).sort());
  });

  it.each(Object.entries(cases))('%s', async (name, list) => {
    for (const { inputs, attrs = {} } of list) {
      const { results, native } = await runHere(name, inputs, attrs);
      expect(native, `${name} of ${JSON.stringify({ inputs, attrs })} is native`).toBe(true);
      expectSame(results, await runKernel('cpu', name, inputs, attrs));
    }
  });

  it('are those that the docs list, family by family', () => {
    const docs = readFileSync(new URL('../../docs/tfjs.md', import.meta.url), 'utf8');
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, family, names]) => [
      family,
      names!.split(', '),
    ]);
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(families).map(([family, kernels]) => [family, Object.keys(kernels)])),
    );
  });
});

const f = (...shape: number[]): Spec => ({ shape });
const whole = (...shape: number[]): Spec => ({ shape, dtype: 'int32' });

describe('what the cpu backend does instead', () => {
  const matmul = { transposeA: false, transposeB: false };
  const conv = { strides: 1, pad: 'valid', dilations: 1, dataFormat: 'NHWC' };
  it.each<[why: string, kernel: string, inputs: Inputs, attrs: object]>([
    ['whole numbers', 'Add', { a: whole(3), b: whole(3) }, {}],
    ['whole numbers', 'BatchMatMul', { a: whole(2, 3), b: whole(3, 2) }, matmul],
    ['whole numbers', 'Sum', { x: whole(2, 3) }, { axis: [0], keepDims: false }],
    ['no elements', 'Add', { a: f(0, 3), b: f(3) }, {}],
    ['no elements', 'BatchMatMul', { a: f(2, 0), b: f(0, 3) }, matmul],
    ['no elements', 'Sum', { x: f(0, 3) }, { axis: [0], keepDims: false }],
    ['no elements', 'Conv2D', { x: f(0, 4, 4, 1), filter: f(3, 3, 1, 2) }, conv],
    ['channels first', 'Conv2D', { x: f(1, 2, 4, 4), filter: f(3, 3, 2, 2) }, { ...conv, dataFormat: 'NCHW' }],
    [
      'batches of the table',
      'GatherV2',
      { x: f(2, 3, 2), indices: { shape: [2, 2], dtype: 'int32', of: () => 1 } },
      { axis: 1, batchDims: 1 },
    ],
    ['a size of one pixel', 'MaxPool', { x: f(1, 2, 2, 1) }, { filterSize: 1, strides: 1, pad: 'valid' }],
    ['another dtype', 'Cast', { x: f(3) }, { dtype: 'int32' }],
    [
      'a segment that is none',
      'UnsortedSegmentSum',
      { x: f(3, 2), segmentIds: { shape: [3], dtype: 'int32', of: () => -1 } },
      { numSegments: 2 },
    ],
  ])('%s: %s', async (_, name, inputs, attrs) => {
    const { results, native } = await runHere(name, inputs, attrs);
    expect(native).toBe(false);
    expectSame(results, await runKernel('cpu', name, inputs, attrs));
  });

  it.each(['linear', 'relu', 'prelu'])('products and convolutions with %s and weights of it', async (activation) => {
    const inputs = { a: f(2, 3), b: f(3, 4), preluActivationWeights: f(4) };
    const attrs = { ...matmul, activation };
    const { results, native } = await runHere('_FusedMatMul', inputs, attrs);
    expect(native).toBe(activation !== 'prelu');
    expectSame(results, await runKernel('cpu', '_FusedMatMul', inputs, attrs));
  });

  it('an index of no row is the error of the cpu backend', async () => {
    await tf.setBackend('evenkeel');
    const table = make(f(3, 2), 1);
    expect(() => tf.gather(table, tf.tensor1d([0, 3], 'int32'))).toThrow('GatherV2: the index value 3');
    expect(() => tf.gather(table, tf.tensor1d([0, -1], 'int32'))).toThrow('GatherV2: the index value -1');
  });

  it('shapes that do not fit are the errors of the cpu backend', async () => {
    await tf.setBackend('evenkeel');
    expect(() => tf.matMul(make(f(2, 3), 1), make(f(2, 3), 2))).toThrow('inner');
    expect(() => tf.add(make(f(2, 3), 1), make(f(2), 2))).toThrow('broadcast');
  });
});

describe('arrays that do not belong to their dtype or shape', () => {
  /** A tensor on an array as it is, as kernels of the cpu backend leave them. */
  const raw = (values: ArrayBufferView, shape: number[], dtype: 'float32' | 'int32' | 'bool') => {
    const backend = tf.backend() as unknown as {
      makeTensorInfo(...args: unknown[]): { dataId: object; shape: number[]; dtype: typeof dtype };
    };
    return tf.engine().makeTensorFromTensorInfo(backend.makeTensorInfo(shape, dtype, values) as never, tf.backend());
  };
  const kernels: [string, (x: ReturnType<typeof raw>) => ReturnType<typeof raw>][] = [
    ['add', (x) => tf.add(x, tf.ones(x.shape, x.dtype))],
    ['mul', (x) => tf.mul(x, x)],
    ['sum', (x) => tf.sum(x, 0)],
    ['matMul', (x) => tf.matMul(x, x, false, true)],
    ['slice', (x) => tf.slice(x, [0, 1], [2, 2])],
    ['transpose', (x) => tf.transpose(x)],
    ['concat', (x) => tf.concat([x, x], 1)],
    [
      'pad',
      (x) =>
        tf.pad(x, [
          [1, 0],
          [0, 1],
        ]),
    ],
    ['tile', (x) => tf.tile(x, [2, 2])],
    ['gather', (x) => tf.gather(x, tf.tensor1d([1, 0], 'int32'))],
    ['split', (x) => tf.split(x, [1, 2], 1)[1]!],
    ['stack', (x) => tf.stack([x, x], 1)],
    ['cast', (x) => tf.cast(x, 'float32')],
  ];
  it.each(kernels)('%s', async (_, kernel) => {
    await tf.setBackend('evenkeel');
    const numbers = [1, 2, 3, 4, 5, 6];
    for (const [dtype, wrong] of [
      ['int32', Float32Array],
      ['float32', Int32Array],
      ['float32', Float64Array],
      ['float32', Uint8Array],
      ['bool', Int32Array],
    ] as const) {
      const want = kernel(tf.tensor(numbers, [2, 3], dtype === 'bool' ? 'int32' : dtype));
      const got = kernel(raw(wrong.from(numbers), [2, 3], dtype));
      expect(Array.from(got.dataSync(), Number), `${dtype} in a ${wrong.name}`).toEqual(
        Array.from(want.dataSync(), Number),
      );
    }
  });

  it("an array that is too short is the cpu backend's to read", async () => {
    const outputs = ['evenkeel', 'cpu'].map((backend) => {
      tf.setBackend(backend);
      const short = raw(Float32Array.of(1, 2), [2, 3], 'float32');
      return [tf.add(short, tf.ones([2, 3])), tf.relu(short), tf.transpose(short)].map((out) =>
        Array.from(out.dataSync()),
      );
    });
    expect(outputs[0]).toEqual(outputs[1]);
  });
});
