// Objects made in another context, as Jest's tests make them: their classes are not the ones that evenkeel sees.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as blas from '../lib/blas/index.js';
import { loadNpy, loadNpz, loadSafetensors, openCheckpoint, serializeSafetensors } from '../lib/checkpoint/index.js';
import {
  fromMessage,
  fromTypedArray,
  Generator,
  init,
  nn,
  ones,
  scope,
  type Tensor,
  tensor,
  toMessage,
  transferList,
} from '../lib/index.js';

const foreign = runInNewContext(
  '({ Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array, BigInt64Array, SharedArrayBuffer, ArrayBuffer, Map, Set, Object })',
) as Pick<typeof globalThis, 'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array' | 'Uint16Array'> &
  Pick<typeof globalThis, 'BigInt64Array' | 'SharedArrayBuffer' | 'ArrayBuffer' | 'Map' | 'Set' | 'Object'>;

it('they are of other classes', () => {
  expect(new foreign.Float32Array(1)).not.toBeInstanceOf(Float32Array);
  expect(new foreign.Map()).not.toBeInstanceOf(Map);
});

describe('typed arrays', () => {
  it.each([
    ['Float32Array', 'float32', undefined],
    ['Float64Array', 'float64', undefined],
    ['Int32Array', 'int32', undefined],
    ['Uint8Array', 'uint8', undefined],
    ['Uint8Array', 'bool', 'bool'],
    ['Uint16Array', 'float16', 'float16'],
  ] as const)('%s become tensors of %s', (name, dtype, named) => {
    const array = new foreign[name](4).fill(1);
    const x = fromTypedArray(array, [2, 2], named === undefined ? {} : { dtype: named });
    expect([x.dtype, x.array === array]).toEqual([dtype, true]);
    x.fill_(0);
    expect([...array]).toEqual([0, 0, 0, 0]);
  });

  it('BigInt64Array', () => {
    const x = fromTypedArray(new foreign.BigInt64Array([1n, 2n]));
    expect([x.dtype, x.add(1).tolist()]).toEqual(['int64', [2, 3]]);
  });

  it('are checked like ours', () => {
    const array = new foreign.Float32Array(2);
    expect(() => fromTypedArray(array, [2], { dtype: 'float64' })).toThrow('a Float32Array holds float32, not float64');
    expect(() => fromTypedArray(array, [3])).toThrow('needs 3 elements');
    expect(() => fromTypedArray(new foreign.Object() as never)).toThrow('expected a Float32Array');
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => fromTypedArray(array)).toThrow(expect.objectContaining({ code: 'ERR_DETACHED' }));
  });

  it('are initialised, in any layout', () => {
    const [array, ours] = [new foreign.Float32Array(600), new Float32Array(600)];
    for (const x of [array, ours])
      init.xavierNormal_(fromTypedArray(x, [20, 30]).t(), 1, { generator: new Generator(5) });
    expect([...array]).toEqual([...ours]);
  });

  it('are operands of BLAS, long and short, in both forms', () => {
    const { sdot, ddot, sgemm, dgemm } = blas;
    for (const [Storage, dots, gemm] of [
      [foreign.Float32Array, sdot, sgemm],
      [foreign.Float64Array, ddot, dgemm],
    ] as [Float64ArrayConstructor, typeof ddot, typeof dgemm][]) {
      const [x, y] = [Storage.from([1, 2, 3]), Storage.from([4, 5, 6])];
      expect([dots(3, x, 1, y, 1), blas.dot(x, y)]).toEqual([32, 32]);
      const [A, B, C] = [Storage.from([1, 2, 3, 4]), Storage.from([1, 0, 0, 2]), new Storage(4)];
      gemm('row-major', 'no-transpose', 'no-transpose', 2, 2, 2, 1, A, 2, B, 2, 0, C, 2);
      expect([...C]).toEqual([1, 4, 3, 8]);
    }
    expect(() => blas.ddot(1, new foreign.Float32Array(1) as never, 1, new Float64Array(1), 1)).toThrow(
      expect.objectContaining({ code: 'ERR_DTYPE' }),
    );
  });

  it('are states of generators', () => {
    const state = new Generator(9).getState();
    const given = new foreign.Uint8Array(state);
    expect(new Generator(0).setState(given).random()).toBe(new Generator(9).random());
  });

  it('are messages, shared and moved', () => {
    const shared = fromTypedArray(new foreign.Float32Array(new foreign.SharedArrayBuffer(16)), [4]);
    const message = toMessage(shared);
    expect([message.array === shared.array, transferList(message)]).toEqual([true, []]);
    const own = toMessage(fromTypedArray(new foreign.Float32Array(2)));
    expect(transferList(own)).toEqual([own.array.buffer]);
    expect(fromMessage(own).shape).toEqual([2]);
  });

  it('are files', async () => {
    const bytes = new foreign.Uint8Array(serializeSafetensors({ x: tensor([1, 2]) }));
    expect(loadSafetensors(bytes).get('x')!.tolist()).toEqual([1, 2]);
    const file = await openCheckpoint(bytes);
    const into = new foreign.Uint8Array(8);
    await file.readInto('x', 0, into);
    expect([...new Float32Array(new Uint8Array(into).buffer)]).toEqual([1, 2]);
    await file.close();
    // As far as bytes come: they are none of NumPy's.
    for (const load of [loadNpy, loadNpz]) {
      await expect(load(bytes)).rejects.toThrow(expect.objectContaining({ code: 'ERR_FORMAT' }));
    }
  });
});

describe('maps, sets and regular expressions', () => {
  const mapOf = <T>(entries: readonly (readonly [string, T])[]) => new foreign.Map<string, T>(entries);

  it('hold what is loaded, saved and put in a container', () => {
    const net = new nn.Linear(2, 1);
    const state = mapOf([
      ['weight', tensor([[1, 2]])],
      ['bias', tensor([3])],
    ]);
    net.loadStateDict(state);
    expect(net.call(ones(1, 2)).item()).toBe(6);
    expect(loadSafetensors(serializeSafetensors(state)).get('bias')!.tolist()).toEqual([3]);
    const named = new nn.Sequential(mapOf<nn.Module>([['first', net]]) as never);
    expect([...named.stateDict().keys()]).toEqual(['first.weight', 'first.bias']);
  });

  it('match and scale', () => {
    const net = new nn.Sequential(new nn.Linear(8, 8), new nn.Linear(8, 8));
    const match = runInNewContext('/^0\\./g') as RegExp;
    const rules = [
      { match, init: { initialiser: 'ones' as const } },
      { match: '*', init: 'keep' as const },
    ];
    init.initialize(net, rules, { seed: 0 });
    expect([...net.parameters()].map((p: Tensor) => p.eq(1).all().item())).toEqual([true, true, false, false]);
    const base = mapOf([...net.namedParameters()].map(([path, { shape }]) => [path, shape] as const));
    expect(init.initialize(net, init.presets.mup({ base }), { seed: 0 }).rows).toHaveLength(4);
  });

  it('keep what they hold when a scope ends', () => {
    const kept = scope(() => {
      const [a, b] = [ones(300, 300).add(1), ones(300, 300).add(2)];
      return [mapOf([['a', a]]), new foreign.Set([b])] as const;
    });
    ones(300, 300).add(5);
    expect(kept[0].get('a')!.eq(2).all().item()).toBe(true);
    expect([...kept[1]][0]!.eq(3).all().item()).toBe(true);
  });
});
