// As Jest starts, with nothing set. Each test file has a context of its own, whose Float32Array, Map and RegExp are not those
// that evenkeel sees.
const { createHash } = require('node:crypto');
const { Generator, fromTypedArray, init, nn, ones, tensor, zeros } = require('evenkeel');
const { dgemm } = require('evenkeel/blas');
const { serializeSafetensors, loadSafetensors } = require('evenkeel/checkpoint');
const { propagate } = require('evenkeel/study');

test('the context is another one', () => {
  expect(zeros(2).array instanceof Float32Array).toBe(false);
  expect(Object.prototype.toString.call(zeros(2).array)).toBe('[object Float32Array]');
});

test('numbers', () => {
  const { array } = zeros([262_147]).normal_(0, 1, { generator: Generator.pcg32(42n, 54n).advance(7) });
  console.log(`golden ${createHash('sha256').update(array).digest('hex')}`);
});

test("typed arrays of the test's", () => {
  for (const [Storage, dtype, values] of [
    [Float32Array, 'float32', [1, 2, 3, 4]],
    [Float64Array, 'float64', [1, 2, 3, 4]],
    [Int32Array, 'int32', [1, 2, 3, 4]],
    [Uint8Array, 'uint8', [1, 2, 3, 4]],
    [BigInt64Array, 'int64', [1n, 2n, 3n, 4n]],
  ]) {
    const x = fromTypedArray(Storage.from(values), [2, 2]);
    expect([x.dtype, x.tolist()]).toEqual([
      dtype,
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  }
  const weights = new Float32Array(6);
  init.ones_(fromTypedArray(weights, [2, 3]));
  expect(weights).toEqual(new Float32Array(6).fill(1));
  const C = new Float64Array(4);
  const [A, B] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 0, 0, 2)];
  dgemm('row-major', 'no-transpose', 'no-transpose', 2, 2, 2, 1, A, 2, B, 2, 0, C, 2);
  expect([...C]).toEqual([1, 4, 3, 8]);
});

test('maps and regular expressions', () => {
  const net = new nn.Linear(2, 1);
  net.loadStateDict(
    new Map([
      ['weight', tensor([[1, 2]])],
      ['bias', tensor([3])],
    ]),
  );
  expect(net.call(ones(1, 2)).item()).toBe(6);
  init.initialize(
    net,
    [
      { match: /weight$/, init: { initialiser: 'ones' } },
      { match: '*', init: 'keep' },
    ],
    { seed: 0 },
  );
  expect(net.weight.tolist()).toEqual([[1, 1]]);
  const bytes = serializeSafetensors(new Map([['x', ones(3)]]));
  expect(loadSafetensors(bytes).get('x').tolist()).toEqual([1, 1, 1]);
});

test('errors', () => {
  expect(() => ones(2, 3).add(ones(4))).toThrow('do not broadcast');
  expect(() => ones(2, 3).add(ones(4))).toThrow(expect.objectContaining({ name: 'RangeError', code: 'ERR_SHAPE' }));
});

test('hooks and workers', async () => {
  const net = new nn.Sequential(new nn.Linear(4, 4), new nn.Tanh());
  expect(propagate(net, ones(2, 4)).layers.length).toBeGreaterThan(0);
  const rules = [{ match: '*', init: { initialiser: 'ones' } }];
  await init.initializeAsync(net, rules, { seed: 0 });
  expect(net.parameters().next().value.sum().item()).toBe(16);
});
