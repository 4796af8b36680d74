import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { noGrad } from '../lib/autograd.js';
import { fromTypedArray, ones, randn, zeros } from '../lib/creation.js';
import { Generator } from '../lib/random.js';
import { Tensor } from '../lib/tensor/index.js';
import { expectSame, failure, layouts, plentiful, tensorOf, valuesOf } from './cases/data.js';

const counting = (shape: number[]) =>
  tensorOf(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
  );

/** A tensor whose memory was transferred away. */
function lost(shape: number[] = [2, 3]): Tensor {
  const t = counting(shape);
  structuredClone(t.elements.array.buffer, { transfer: [t.elements.array.buffer as ArrayBuffer] });
  return t;
}

describe('looking at a tensor', () => {
  const t = counting([2, 3, 4]);

  it('sizes', () => {
    expect([t.shape, t.strides, t.storageOffset, t.dtype, t.numel(), t.dim()]).toEqual([
      [2, 3, 4],
      [12, 4, 1],
      0,
      'float32',
      24,
      3,
    ]);
    expect([t.size(), t.size(0), t.size(-1)]).toEqual([[2, 3, 4], 2, 4]);
    expect([t.isContiguous(), t.t === undefined, t.transpose(0, 1).isContiguous()]).toEqual([true, false, false]);
  });

  it('elements', () => {
    expect(t.at(1, 2, 3).item()).toBe(23);
    expect(t.at(-1, -1, -1).item()).toBe(23);
    expect(t.at().shape).toEqual([2, 3, 4]);
    expect(t.at(1).tolist()).toEqual([
      [12, 13, 14, 15],
      [16, 17, 18, 19],
      [20, 21, 22, 23],
    ]);
    expect(t.permute(2, 0, 1).at(3).tolist()).toEqual([
      [3, 7, 11],
      [15, 19, 23],
    ]);
    expect(tensorOf([7], []).tolist()).toBe(7);
    expect(zeros(2, 0).tolist()).toEqual([[], []]);
    for (const layout of Object.values(layouts)) expect(layout(t).tolist()).toEqual(t.tolist());
  });

  it('array is the memory itself, or the part of it that a contiguous tensor covers', () => {
    const storage = new Float32Array(24);
    const shared = fromTypedArray(storage, [2, 3, 4]);
    expect(shared.array).toBe(storage);
    const row = shared.at(1, 1).array;
    expect([row.buffer, row.byteOffset, row.length]).toEqual([storage.buffer, 64, 4]);
    expect(shared.contiguous()).toBe(shared);
    expect(() => shared.t).not.toThrow();
    expect(() => shared.transpose(0, 1).array).toThrow(failure('ERR_STATE', 'array', 'contiguous()'));
    expect(zeros(0).array.length).toBe(0);
  });

  it('prints as torch does', () => {
    expect(String(tensorOf([1, 2], [2]))).toBe('tensor([1., 2.])');
    expect(inspect(tensorOf([1, 2], [2], 'float64'))).toBe('tensor([1., 2.], dtype=torch.float64)');
    expect(String(ones([1], { requiresGrad: true }))).toBe('tensor([1.], requires_grad=True)');
  });
});

describe('writing', () => {
  it('set_ takes a number or a tensor that broadcasts', () => {
    const t = zeros(2, 3);
    expect(t.set_([1, -1], 5)).toBe(t);
    t.set_([0], tensorOf([1, 2, 3], [3]));
    expectSame(valuesOf(t), [1, 2, 3, 0, 0, 5]);
    t.set_([], tensorOf([7], []));
    expectSame(valuesOf(t), Array(6).fill(7));
  });

  it('copy_, fill_, zero_ return the tensor', () => {
    const t = zeros(2, 2);
    expect(t.copy_(tensorOf([1, 2], [2]))).toBe(t);
    expectSame(valuesOf(t), [1, 2, 1, 2]);
    expect(t.fill_(NaN)).toBe(t);
    expectSame(valuesOf(t), [NaN, NaN, NaN, NaN]);
    expect(t.zero_()).toBe(t);
    expectSame(valuesOf(t), [0, 0, 0, 0]);
  });

  it('copies', () => {
    const t = counting([2, 3]).t();
    const clone = t.clone();
    expect([clone.strides, clone.tolist()]).toEqual([[2, 1], t.tolist()]);
    clone.zero_();
    expect(t.at(2, 1).item()).toBe(5);
    expect(t.to('float32')).toBe(t);
    expect(t.to('float64').dtype).toBe('float64');
    expect(t.contiguous().strides).toEqual([2, 1]);
  });

  it('data and detach share memory without requiring gradients; views inherit the flag', () => {
    const t = zeros([2], { requiresGrad: true });
    for (const other of [t.data, t.detach()]) {
      expect(other.requiresGrad).toBe(false);
      other.fill_(3);
      expectSame(valuesOf(t), [3, 3]);
      noGrad(() => t.zero_());
    }
    expect(t.view(2, 1).requiresGrad).toBe(true);
    expect(t.requiresGrad_(false)).toBe(t);
    expect([t.requiresGrad, t.grad]).toEqual([false, null]);
  });

  it('methods have names and are not enumerable', () => {
    expect(Tensor.prototype.add_.name).toBe('add_');
    expect(Object.keys(zeros(1)).sort()).toEqual(['elements', 'grad', 'history', 'viewOf']);
    const found: string[] = [];
    for (const key in zeros(1)) found.push(key);
    expect(found.sort()).toEqual(['elements', 'grad', 'history', 'viewOf']);
  });
});

type Call = (t: Tensor) => unknown;

/** Calls that read or write every element. */
const touching: Record<string, Call> = {
  item: (t) => t.at(0, 0).item(),
  tolist: (t) => t.tolist(),
  array: (t) => t.array,
  clone: (t) => t.clone(),
  to: (t) => t.to('float64'),
  copy_: (t) => t.copy_(zeros(2, 3)),
  fill_: (t) => t.fill_(1),
  zero_: (t) => t.zero_(),
  set_: (t) => t.set_([0], 1),
  neg: (t) => t.neg(),
  exp_: (t) => t.exp_(),
  add: (t) => t.add(zeros(2, 3)),
  mul: (t) => zeros(2, 3).mul(t),
  div_: (t) => t.div_(2),
  sub_: (t) => zeros(2, 3).sub_(t),
  clamp: (t) => t.clamp(0),
  clamp_: (t) => t.clamp_(0, 1),
  sum: (t) => t.sum(),
  std: (t) => t.std(0),
  max: (t) => t.max(),
  norm: (t) => t.norm(),
  matmul: (t) => t.matmul(zeros(3)),
  mm: (t) => zeros(2, 2).mm(t),
  uniform_: (t) => t.uniform_(0, 1, { generator: new Generator(1) }),
  normal_: (t) => t.normal_(0, 1, { generator: new Generator(1) }),
};

/** Those that write. */
const writing = Object.entries(touching).filter(([name]) => name.endsWith('_') && name !== 'sub_' && name !== 'set_');

describe('memory that went away', () => {
  it.each(Object.entries(touching))('%s says so', (name, call) => {
    expect(() => call(lost())).toThrow(failure('ERR_DETACHED', name));
  });

  it('shrunk buffers count too', () => {
    // Node has had resizable buffers since 20; TypeScript's ES2023 has not.
    const Resizable = ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer & { resize(n: number): void };
    const buffer = new Resizable(24, { maxByteLength: 48 });
    const t = fromTypedArray(new Float32Array(buffer), [2, 3]);
    buffer.resize(48);
    t.fill_(2);
    expect([...new Float32Array(buffer)]).toEqual([2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
    buffer.resize(20);
    for (const call of Object.values(touching)) {
      if (call !== touching.item && call !== touching.set_)
        expect(() => call(t)).toThrow(expect.objectContaining({ code: 'ERR_DETACHED' }));
    }
    expect([...new Float32Array(buffer)]).toEqual([2, 2, 2, 2, 2]);
  });

  it('a generator keeps its position', () => {
    const generator = new Generator(1);
    expect(() => lost().normal_(0, 1, { generator })).toThrow(failure('ERR_DETACHED', 'normal_'));
    expect(generator.position).toBe(0n);
  });

  it('views of it can still be made, they only cannot be read', () => {
    const view = lost().t().select(0, 1);
    expect(view.shape).toEqual([2]);
    expect(() => view.tolist()).toThrow(failure('ERR_DETACHED', 'tolist', '[2]'));
  });
});

describe('elements that share memory cannot be written', () => {
  it.each(writing.filter(([name]) => name !== 'fill_' && name !== 'zero_'))('%s', (name, call) => {
    const base = zeros(2, 1);
    expect(() => call(base.expand(2, 3))).toThrow(failure('ERR_ARGUMENT', name, '[2, 3]', 'clone()'));
    expectSame(valuesOf(base), [0, 0]);
  });

  it('but all of them to one number, as in torch', () => {
    const base = zeros(2, 1);
    base.expand(2, 3).fill_(5);
    expectSame(valuesOf(base), [5, 5]);
    base.expand(2, 3).zero_();
    expectSame(valuesOf(base), [0, 0]);
  });
});

describe('wrong arguments', () => {
  const t = counting([2, 3]);
  const before = valuesOf(t);
  const x = (value: unknown) => value as never;

  it.each<[string, string, Call, ...(string | number)[]]>([
    ['ERR_SHAPE', 'item', (t) => t.item(), '[2, 3]'],
    ['ERR_RANGE', 'size', (t) => t.size(2), '2'],
    ['ERR_RANGE', 'size', () => zeros([]).size(0)],
    ['ERR_SHAPE', 'at', (t) => t.at(0, 0, 0), '3', '[2, 3]'],
    ['ERR_RANGE', 'at', (t) => t.at(2), '2', 'dimension 0'],
    ['ERR_RANGE', 'at', (t) => t.at(0.5), '0.5'],
    ['ERR_RANGE', 'at', (t) => t.at(x([0, 1])), '[0, 1]'],
    ['ERR_RANGE', 'set_', (t) => t.set_([0, 3], 1), '3', 'size 3'],
    ['ERR_SHAPE', 'set_', (t) => t.set_([0, 0, 0], 1), '[2, 3]'],
    ['ERR_ARGUMENT', 'set_', (t) => t.set_(x(0), 1), '0'],
    ['ERR_ARGUMENT', 'set_', (t) => t.set_([0], x('1')), '"1"'],
    ['ERR_SHAPE', 'set_', (t) => t.set_([0], zeros(2)), '[3]', '[2]'],
    ['ERR_DTYPE', 'to', (t) => t.to(x('double')), '"double"'],
    ['ERR_ARGUMENT', 'copy_', (t) => t.copy_(x([1, 2, 3])), '[1, 2, 3]'],
    ['ERR_SHAPE', 'copy_', (t) => t.copy_(zeros(2)), '[2, 3]', '[2]'],
    ['ERR_SHAPE', 'copy_', (t) => t.copy_(zeros(1, 2, 3)), '[1, 2, 3]'],
    ['ERR_ARGUMENT', 'fill_', (t) => t.fill_(x(undefined)), 'undefined'],
    ['ERR_ARGUMENT', 'fill_', (t) => t.fill_(x('1')), '"1"'],
    ['ERR_RANGE', 'fill_', (t) => t.fill_(1e39), '1e+39', 'float32'],
    ['ERR_SHAPE', 'view', (t) => t.view(4), '[4]', '6'],
    ['ERR_SHAPE', 'view', (t) => t.view(-1, -1), '[-1, -1]'],
    ['ERR_RANGE', 'view', (t) => t.view(-2, 3), '-2'],
    ['ERR_SHAPE', 'view', (t) => t.t().view(6), '[3, 2]', 'reshape()'],
    ['ERR_ARGUMENT', 'view', (t) => t.view(x('6')), '"6"'],
    ['ERR_SHAPE', 'view', (t) => t.view(...Array(8).fill(1), 6), '8', '9'],
    ['ERR_SHAPE', 'reshape', (t) => t.reshape([5]), '[5]'],
    ['ERR_ARGUMENT', 'reshape', (t) => t.reshape(x([2, '3'])), '"3"'],
    ['ERR_RANGE', 'flatten', (t) => t.flatten(2), '2'],
    ['ERR_RANGE', 'flatten', (t) => t.flatten(1, 0), '1', '0'],
    ['ERR_SHAPE', 'permute', (t) => t.permute(0), '[0]', '2'],
    ['ERR_SHAPE', 'permute', (t) => t.permute(), '2'],
    ['ERR_ARGUMENT', 'permute', (t) => t.permute(0, 0), '[0, 0]'],
    ['ERR_RANGE', 'permute', (t) => t.permute(0, 2), '2'],
    ['ERR_ARGUMENT', 'transpose', (t) => t.transpose(0, x(undefined)), 'undefined'],
    ['ERR_RANGE', 'transpose', (t) => t.transpose(0, 2), '2'],
    ['ERR_SHAPE', 't', () => zeros(1, 2, 3).t(), '[1, 2, 3]'],
    ['ERR_RANGE', 'squeeze', (t) => t.squeeze(2), '2'],
    ['ERR_RANGE', 'unsqueeze', (t) => t.unsqueeze(3), '3'],
    ['ERR_SHAPE', 'unsqueeze', () => zeros(Array(8).fill(1)).unsqueeze(0), '9'],
    ['ERR_SHAPE', 'expand', (t) => t.expand(3, 3), '[2, 3]', '[3, 3]'],
    ['ERR_SHAPE', 'expand', (t) => t.expand(3), '[3]'],
    ['ERR_RANGE', 'expand', (t) => t.expand(-1, 2, 3), '-1'],
    ['ERR_RANGE', 'expand', () => zeros(1).expand(2 ** 40), String(2 ** 40)],
    ['ERR_ARGUMENT', 'expand', (t) => t.expand(x('2')), '"2"'],
    ['ERR_RANGE', 'select', (t) => t.select(0, 2), '2', 'size 2'],
    ['ERR_RANGE', 'select', (t) => t.select(2, 0), '2'],
    ['ERR_RANGE', 'select', () => zeros([]).select(0, 0)],
    ['ERR_RANGE', 'narrow', (t) => t.narrow(1, 2, 2), '2', 'size 3'],
    ['ERR_RANGE', 'narrow', (t) => t.narrow(1, 0, -1), 'length', '-1'],
    ['ERR_RANGE', 'narrow', (t) => t.narrow(1, x(undefined), 1), 'undefined'],
    ['ERR_RANGE', 'slice', (t) => t.slice(0, 0, 1, 0), '0'],
    ['ERR_RANGE', 'slice', (t) => t.slice(0, NaN), 'NaN'],
    ['ERR_RANGE', 'slice', (t) => t.slice(0, 0, x(null)), 'null'],
    ['ERR_ARGUMENT', 'clamp', (t) => t.clamp(), 'min or max'],
    ['ERR_ARGUMENT', 'clamp_', (t) => t.clamp_(x('0')), '"0"'],
    ['ERR_RANGE', 'clamp_', (t) => t.clamp_(0, 1e39), '1e+39'],
    ['ERR_SHAPE', 'add', (t) => t.add(zeros(2)), '[2, 3]', '[2]'],
    ['ERR_ARGUMENT', 'mul', (t) => t.mul(x('2')), '"2"'],
    ['ERR_ARGUMENT', 'div', (t) => t.div(x(undefined)), 'undefined'],
    ['ERR_ARGUMENT', 'sub', (t) => t.sub(x(new Float32Array(6))), 'Float32Array'],
    ['ERR_SHAPE', 'add_', (t) => t.add_(zeros(2, 2, 3)), '[2, 2, 3]', '[2, 3]'],
    ['ERR_SHAPE', 'matmul', (t) => t.matmul(t), '[2, 3]', '3'],
    ['ERR_SHAPE', 'matmul', (t) => t.matmul(zeros([])), '[]'],
    ['ERR_DTYPE', 'matmul', (t) => t.matmul(zeros([3], { dtype: 'float64' })), 'float32', 'float64'],
    ['ERR_ARGUMENT', 'matmul', (t) => t.matmul(x(3)), '3'],
    ['ERR_SHAPE', 'mm', (t) => t.mm(zeros(3)), '[2, 3]', '[3]'],
    ['ERR_SHAPE', 'mv', (t) => t.mv(zeros(3, 1)), '[3, 1]'],
    ['ERR_SHAPE', 'dot', () => zeros(3).dot(zeros(4)), '[3]', '[4]'],
    ['ERR_RANGE', 'sum', (t) => t.sum(2), '2'],
    ['ERR_ARGUMENT', 'sum', (t) => t.sum([0, -2]), '[0, -2]'],
    ['ERR_ARGUMENT', 'mean', (t) => t.mean(x('0')), '"0"'],
    ['ERR_ARGUMENT', 'max', (t) => t.max(0, x(true)), 'options', 'true'],
    ['ERR_ARGUMENT', 'std', (t) => t.std(0, { correction: x('1') }), 'correction', '"1"'],
    ['ERR_ARGUMENT', 'norm', (t) => t.norm(x('fro')), 'p', '"fro"'],
    ['ERR_SHAPE', 'min', () => zeros(0).min(), '[0]'],
    ['ERR_SHAPE', 'norm', () => zeros(0).norm(Infinity), '[0]'],
    ['ERR_RANGE', 'uniform_', (t) => t.uniform_(1, 0), '1', '0'],
    ['ERR_RANGE', 'uniform_', (t) => t.uniform_(NaN, 0), 'NaN'],
    ['ERR_RANGE', 'uniform_', (t) => t.uniform_(0, Infinity), 'Infinity'],
    ['ERR_RANGE', 'uniform_', (t) => t.uniform_(-3e38, 3e38), 'float32'],
    ['ERR_ARGUMENT', 'uniform_', (t) => t.uniform_(x('0'), 1), '"0"'],
    ['ERR_ARGUMENT', 'uniform_', (t) => t.uniform_(0, 1, x(new Generator(1))), 'Generator'],
    ['ERR_RANGE', 'normal_', (t) => t.normal_(0, -1), 'std', '-1'],
    ['ERR_RANGE', 'normal_', (t) => t.normal_(0, NaN), 'std', 'NaN'],
    ['ERR_RANGE', 'normal_', (t) => t.normal_(Infinity), 'mean', 'Infinity'],
    ['ERR_ARGUMENT', 'normal_', (t) => t.normal_(0, 1, { generator: x('1') }), 'generator', '"1"'],
  ])('%s %s', (code, name, call, ...parts) => {
    expect(() => call(t)).toThrow(failure(code, name, ...parts));
    expectSame(valuesOf(t), before);
  });
});

describe.skipIf(plentiful)('results there is no memory for', () => {
  it.each<[string, () => unknown]>([
    ['add', () => zeros(2 ** 17, 1).add(zeros(2 ** 17))],
    [
      'neg',
      () =>
        zeros([1], { dtype: 'float64' })
          .expand(2 ** 33 - 1)
          .neg(),
    ],
    [
      'clone',
      () =>
        zeros([1], { dtype: 'float64' })
          .expand(2 ** 33 - 1)
          .clone(),
    ],
    ['matmul', () => zeros(2 ** 17, 1).matmul(zeros(1, 2 ** 17))],
  ])('%s', (name, call) => expect(call).toThrow(failure('ERR_RANGE', name, 'no memory')));
});

describe('random fills in place', () => {
  it('return the tensor and take a generator', () => {
    const t = zeros(3);
    expect(t.normal_(0, 1, { generator: new Generator(1) })).toBe(t);
    expectSame(valuesOf(t), valuesOf(randn([3], { generator: new Generator(1) })));
  });
});
