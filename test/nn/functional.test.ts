import { describe, expect, it } from 'vitest';
import { tensor, zeros } from '../../lib/creation.js';
import { type Conv2dOptions, conv2d, linear, relu } from '../../lib/nn/functional/index.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { expectClose, failure, layouts, readGolden, ruleTensor, tensorOf, valuesOf } from '../cases/data.js';

interface Outcome {
  error?: true;
  result: number[];
  values: number[];
}
const golden = readGolden<{
  convolutions: (Outcome & { x: number[]; w: number[]; options: Conv2dOptions; bias?: true; biasShape?: number[] })[];
  linears: (Outcome & { x: number[]; w: number[]; b?: number[] })[];
}>('nn');

const tolerance = { float32: 2e-6, float64: 1e-11 };
const anyError = (call: string) =>
  expect.objectContaining({ code: expect.stringMatching(/^ERR_/), message: expect.stringMatching(`^${call}: `) });

describe.each(['float32', 'float64'] as const)('%s: torch agrees on', (dtype) => {
  it.each(golden.convolutions.map((c) => [`${c.x} ${c.w} ${JSON.stringify(c.options)} ${c.bias ?? ''}`, c] as const))(
    'conv2d %s',
    (_, c) => {
      const bias = c.bias || c.biasShape ? ruleTensor(c.biasShape ?? [c.w[0]!], dtype) : null;
      for (const layout of Object.values(layouts)) {
        const call = () => conv2d(layout(ruleTensor(c.x, dtype)), layout(ruleTensor(c.w, dtype)), bias, c.options);
        if (c.error) {
          expect(call).toThrow(anyError('conv2d'));
          continue;
        }
        const out = call();
        expect([out.shape, out.dtype, out.isContiguous()]).toEqual([c.result, dtype, true]);
        // Terms are up to 60 in size and cancel.
        expectClose(valuesOf(out), c.values, tolerance[dtype], 500);
      }
    },
  );

  it.each(golden.linears.map((c) => [`${c.x} ${c.w} ${c.b ?? ''}`, c] as const))('linear %s', (_, c) => {
    for (const layout of Object.values(layouts)) {
      const bias = c.b ? layout(ruleTensor(c.b, dtype)) : null;
      const call = () => linear(layout(ruleTensor(c.x, dtype)), layout(ruleTensor(c.w, dtype)), bias);
      if (c.error) {
        expect(call).toThrow(anyError('linear'));
        continue;
      }
      const out = call();
      expect([out.shape, out.dtype]).toEqual([c.result, dtype]);
      expectClose(valuesOf(out), c.values, tolerance[dtype], 100);
    }
  });
});

describe('linear with an activation', () => {
  it.each(['float32', 'float64', 'float16', 'bfloat16', 'int64'] as const)('%s', (dtype) => {
    const [x, w, bias] = [[5, 3], [4, 3], [4]].map((shape) => ruleTensor(shape, 'float64').to('int64').to(dtype));
    for (const b of [bias!, null]) {
      const plain = linear(x!, w!, b);
      const fused = linear(x!, w!, b, { activation: 'relu' });
      expect(plain.lt(0).any().item()).toBe(true);
      expect(fused.tolist()).toEqual(plain.relu().tolist());
    }
  });

  it('has the gradients of the two calls', () => {
    const make = () => [[2, 5, 3], [4, 3], [4]].map((shape) => ruleTensor(shape, 'float64').requiresGrad_());
    const [x, w, b] = make() as [Tensor, Tensor, Tensor];
    linear(x, w, b, { activation: 'relu' }).sum().backward();
    const [x2, w2, b2] = make() as [Tensor, Tensor, Tensor];
    linear(x2, w2, b2).relu().sum().backward();
    expect([x, w, b].map((p) => p.grad!.tolist())).toEqual([x2, w2, b2].map((p) => p.grad!.tolist()));
  });

  it('keeps NaN', () => {
    expect(linear(tensor([[NaN]]), tensor([[1]]), null, { activation: 'relu' }).item()).toBeNaN();
  });
});

describe('wrong arguments', () => {
  const x = zeros(2, 3);
  const image = zeros(1, 3, 5, 5);
  const kernel = zeros(4, 3, 3, 3);

  it('linear names shapes and dtypes', () => {
    expect(() => linear(x, zeros(4, 5))).toThrow(failure('ERR_SHAPE', 'linear', '[2, 3]', '[4, 5]', 'expected 5'));
    expect(() => linear(x, zeros(4, 3), zeros(3))).toThrow(failure('ERR_SHAPE', 'linear', '[4]', '[3]'));
    expect(() => linear(x, zeros([4, 3], { dtype: 'float64' }))).toThrow(
      failure('ERR_DTYPE', 'linear', 'float32', 'float64'),
    );
    expect(() => linear(x, zeros(4, 3), zeros([4], { dtype: 'float64' }))).toThrow(
      failure('ERR_DTYPE', 'linear', 'float64'),
    );
    for (const wrong of [undefined, null, [[1]], new Float32Array(3)]) {
      expect(() => linear(wrong as never, x)).toThrow(failure('ERR_ARGUMENT', 'linear', 'Tensor'));
      expect(() => linear(x, wrong as never)).toThrow(failure('ERR_ARGUMENT', 'linear', 'Tensor'));
    }
    expect(() => linear(x, zeros(4, 3), [0] as never)).toThrow(failure('ERR_ARGUMENT', 'linear', 'Tensor'));
    expect(() => linear(x, zeros(4, 3), null, { activation: 'gelu' as never })).toThrow(
      failure('ERR_ARGUMENT', 'linear', "'relu'", 'gelu'),
    );
  });

  it('conv2d names what does not fit', () => {
    const call = (options: unknown) => () => conv2d(image, kernel, null, options as never);
    expect(() => conv2d(image, zeros(4, 2, 3, 3))).toThrow(
      failure('ERR_SHAPE', 'conv2d', '3 input channels', '[4, 2, 3, 3]'),
    );
    expect(() => conv2d(image, zeros(4, 3, 6, 3))).toThrow(failure('ERR_SHAPE', 'conv2d', '[6, 3]', '[5, 5]'));
    expect(() => conv2d(image, kernel, zeros(3))).toThrow(failure('ERR_SHAPE', 'conv2d', '[4]', '[3]'));
    expect(() => conv2d(image, zeros([4, 3, 3, 3], { dtype: 'float64' }))).toThrow(failure('ERR_DTYPE', 'conv2d'));
    expect(() => conv2d(x, kernel)).toThrow(failure('ERR_SHAPE', 'conv2d', '[2, 3]'));
    for (const wrong of [0, -1, 1.5, NaN, 2 ** 31]) {
      expect(call({ stride: wrong })).toThrow(failure('ERR_RANGE', 'conv2d', 'stride', String(wrong)));
      expect(call({ dilation: [1, wrong] })).toThrow(failure('ERR_RANGE', 'conv2d', 'dilation', String(wrong)));
    }
    expect(call({ padding: -1 })).toThrow(failure('ERR_RANGE', 'conv2d', 'padding', '-1'));
    expect(call({ padding: 'full' })).toThrow(failure('ERR_ARGUMENT', 'conv2d', '"full"', "'same'"));
    expect(call({ padding: 'same', stride: 2 })).toThrow(failure('ERR_RANGE', 'conv2d', "'same'"));
    expect(call({ stride: '2' })).toThrow(failure('ERR_ARGUMENT', 'conv2d', 'stride', '"2"'));
    expect(call({ stride: [1] })).toThrow(failure('ERR_ARGUMENT', 'conv2d', 'stride'));
    expect(call({ padding: 1e6 })).toThrow(failure('ERR_RANGE', 'conv2d', 'no memory'));
    expect(call(3)).toThrow(failure('ERR_ARGUMENT', 'conv2d', 'options', '3'));
    expect(call(null)).toThrow(failure('ERR_ARGUMENT', 'conv2d', 'options', 'null'));
  });

  it('relu', () => {
    expect(valuesOf(relu(tensorOf([-1, 2], [2])))).toEqual([0, 2]);
    expect(() => relu(3 as never)).toThrow(failure('ERR_ARGUMENT', 'relu', 'Tensor', '3'));
  });
});
