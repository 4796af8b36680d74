import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tensor as tensor_ } from '../lib/creation.js';
import type { DType, FloatArray } from '../lib/dtype.js';
import { formatTensor } from '../lib/format.js';
import { contiguousStrides, numElements } from '../lib/shape.js';
import { allocateView, restride, type TensorView } from '../lib/view.js';
import { forEachIndex, readGolden } from './cases/data.js';

interface Case {
  name: string;
  dtype: 'float32' | 'float64';
  shape: number[];
  strides?: number[];
  offset?: number;
  base64?: string;
  arange?: [n: number, scale: number, shift: number];
  requiresGrad?: boolean;
  parameter?: boolean;
  gradFn?: string;
  text: string;
}

const golden: { torch: string; cases: Case[] } = JSON.parse(
  readFileSync(new URL('./golden/format.json', import.meta.url), 'utf8'),
);

const arrays = { float32: Float32Array, float64: Float64Array };

function storage({ dtype, base64, arange }: Case): FloatArray {
  if (arange === undefined) return new arrays[dtype](new Uint8Array(Buffer.from(base64!, 'base64')).buffer);
  const [n, scale, shift] = arange;
  return new arrays[dtype](Array.from({ length: n }, (_, i) => i * scale + shift));
}

function view(array: FloatArray, shape: number[], strides = contiguousStrides(shape), offset = 0): TensorView {
  return { array, dtype: array instanceof Float64Array ? 'float64' : 'float32', shape, strides, offset };
}

const row = (...values: number[]): TensorView => view(Float64Array.from(values), [values.length]);

/** The same elements in fresh row-major storage. */
function contiguousCopy(source: TensorView): TensorView {
  const copy = allocateView('test', source.shape, source.dtype);
  let next = 0;
  forEachIndex(source, (index) => {
    copy.array[next++] = source.array[index]!;
  });
  return copy;
}

describe('prints what torch prints', () => {
  it('has cases', () => expect(golden.cases.length).toBeGreaterThan(250));

  it.each(golden.cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const { requiresGrad, parameter, gradFn } = c;
    expect(formatTensor(view(storage(c), c.shape, c.strides, c.offset), { requiresGrad, parameter, gradFn })).toBe(
      c.text,
    );
  });
});

const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer().map(Number),
  fc.integer({ min: -3200, max: 3200 }).map((n) => n / 32),
);
const shape = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 });
const tensor = fc.tuple(shape, fc.constantFrom('float32' as const, 'float64' as const)).chain(([sizes, dtype]) =>
  // Values repeat, so that large tensors stay quick to make.
  fc.array(number, { minLength: 1, maxLength: 40 }).map((values) => {
    const elements = Array.from({ length: numElements(sizes) }, (_, i) => values[i % values.length]!);
    return view(new arrays[dtype](elements), sizes);
  }),
);

/** The numbers in a text, and how many gaps there are. */
function parse(text: string): { numbers: number[]; gaps: number } {
  const body = text.slice(text.indexOf('('), text.lastIndexOf(']'));
  const words = body.match(/-?(?:nan|inf|\d[^,\]\s]*)|\.\.\./g) ?? [];
  const numbers = words
    .filter((word) => word !== '...')
    .map((word) => Number(word.replace('inf', 'Infinity').replace('nan', 'NaN')));
  return { numbers, gaps: words.length - numbers.length };
}

describe('prints other dtypes as torch prints them', () => {
  const { cases } = readGolden<{
    cases: { dtype: DType; shape: number[]; values: (number | boolean | string)[]; text: string }[];
  }>('format_dtypes');
  const value = (text: number | boolean | string) => {
    if (typeof text !== 'string') return text;
    return /^-?\d+$/.test(text) ? BigInt(text) : Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'));
  };
  it.each(cases.map((c, i) => [`${i}: ${c.dtype} [${c.shape}]`, c] as const))('%s', (_, c) => {
    const t = tensor_(c.values.map(value), { dtype: c.dtype });
    expect(String(t.reshape(c.shape))).toBe(c.text);
  });
});

describe('any tensor', () => {
  it('shows every element, to five digits or four decimals, where it does not summarise', () => {
    fc.assert(
      fc.property(tensor, (t) => {
        fc.pre(t.shape.length > 0 && numElements(t.shape) <= 1000);
        const { numbers, gaps } = parse(formatTensor(t));
        expect(gaps).toBe(0);
        expect(numbers.length).toBe(t.array.length);
        numbers.forEach((shown, i) => {
          const x = Number(t.array[i]);
          // The half unit of the last digit, and a little for the decimal being read back; 1.7977e+308 overflows.
          const error = Math.max(0.5e-4, Math.abs(x) * 0.5e-4) * (1 + 1e-9);
          const near = Math.abs(shown - x) <= error || Math.abs(x) > 1.7976e308;
          expect(Object.is(shown, x) || (Number.isFinite(x) && near)).toBe(true);
          expect(Object.is(Math.sign(shown), -0)).toBe(Object.is(x, -0) || (x < 0 && shown === 0));
        });
      }),
    );
  });

  it('shows at most six of each dimension above 1000 elements', () => {
    fc.assert(
      fc.property(tensor, fc.integer({ min: 1001, max: 9000 }), (t, repeats) => {
        fc.pre(numElements(t.shape) > 0);
        const expanded = restride(t, [repeats, ...t.shape], [0, ...t.strides]);
        const { numbers } = parse(formatTensor(expanded));
        expect(numbers.length).toBe(numElements(expanded.shape.map((size) => Math.min(size, 6))));
      }),
    );
  });

  it('reads a transposed window as it reads the copy of it', () => {
    fc.assert(
      fc.property(tensor, (t) => {
        const transposed = restride(t, t.shape.toReversed(), t.strides.toReversed());
        expect(formatTensor(transposed)).toBe(formatTensor(contiguousCopy(transposed)));
      }),
    );
  });

  it('opens and closes every dimension', () => {
    fc.assert(
      fc.property(tensor, fc.boolean(), (t, requiresGrad) => {
        const text = formatTensor(t, { requiresGrad });
        const depth = numElements(t.shape) === 0 ? 1 : t.shape.length;
        expect(text.startsWith(`tensor(${'['.repeat(depth)}`)).toBe(true);
        expect(text.split('[').length).toBe(text.split(']').length);
        expect(text.endsWith(')')).toBe(true);
        expect(text.includes('requires_grad=True')).toBe(requiresGrad);
        expect(text.includes('dtype=torch.float64')).toBe(t.dtype === 'float64');
      }),
    );
  });

  it('shows a float32 as the double of the same value', () => {
    fc.assert(
      fc.property(fc.array(fc.float(), { minLength: 1, maxLength: 30 }), (values) => {
        const body = (array: FloatArray): string => formatTensor(view(array, [array.length])).split(']')[0]!;
        expect(body(Float32Array.from(values))).toBe(body(Float64Array.from(values)));
      }),
    );
  });
});

describe('reads only what it shows', () => {
  it('reads 36 of 8,100 million elements', () => {
    let reads = 0;
    const array = new Proxy(Float32Array.of(0.5), {
      get(target, key) {
        if (key === '0') reads++;
        return Reflect.get(target, key, target);
      },
    });
    const text = formatTensor(restride(view(array, [1]), [90_000, 90_000], [0, 0]));
    expect(text.split('\n').length).toBe(7);
    expect(reads).toBe(36);
  });

  it('does not overflow the stack with the largest summary', () => {
    const large = restride(view(Float32Array.of(1), [1]), Array(7).fill(6), Array(7).fill(0));
    expect(parse(formatTensor(large)).numbers.length).toBe(6 ** 7);
  });
});

describe('options', () => {
  it('shows the operation rather than requires_grad', () => {
    expect(formatTensor(row(1), { requiresGrad: true, gradFn: 'MulBackward0' })).toBe(
      'tensor([1.], dtype=torch.float64, grad_fn=<MulBackward0>)',
    );
  });

  it('names the storage that no longer holds the elements', () => {
    const t = view(new Float32Array(4), [2, 2]);
    structuredClone(t.array.buffer, { transfer: [t.array.buffer as ArrayBuffer] });
    expect(() => formatTensor(t)).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_DETACHED' }));
  });
});
