import { describe, expect, it } from 'vitest';
import * as errors from '../lib/errors.js';
import { Generator } from '../lib/random.js';

describe('errors', () => {
  it.each([
    ['shapeError', RangeError, 'ERR_SHAPE'],
    ['dtypeError', TypeError, 'ERR_DTYPE'],
    ['rangeError', RangeError, 'ERR_RANGE'],
    ['argumentError', TypeError, 'ERR_ARGUMENT'],
    ['detachedError', TypeError, 'ERR_DETACHED'],
    ['stateError', RangeError, 'ERR_STATE'],
    ['formatError', TypeError, 'ERR_FORMAT'],
    ['fileError', RangeError, 'ERR_FILE'],
  ] as const)('%s', (name, type, code) => {
    const { [name]: make } = errors;
    const error = make('call', 'what is wrong');
    expect(error).toBeInstanceOf(type);
    expect([error.name, error.code, error.message]).toEqual([type.name, code, 'call: what is wrong']);
    expect(error.stack).toContain('call: what is wrong');
    // Shown by Node beside the message, and carried along by spreads and structured logs.
    expect(Object.keys(error)).toContain('code');
  });
});

describe('describe', () => {
  class Named {}
  const cyclic: unknown[] = [1];
  cyclic.push(cyclic);

  it.each<[unknown, string]>([
    [1, '1'],
    [-0, '-0'],
    [NaN, 'NaN'],
    [2n, '2n'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['a"b', '"a\\"b"'],
    [Symbol('s'), 'Symbol(s)'],
    [[1, '2', [3]], '[1, "2", [...]]'],
    [[], '[]'],
    [cyclic, '[1, [...]]'],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], '[1, 2, 3, 4, 5, 6, 7, 8, ...]'],
    [{}, 'an object (Object)'],
    [new Named(), 'an object (Named)'],
    [new Generator(1), 'an object (Generator)'],
    [Object.create(null), 'an object (no prototype)'],
    [new Float32Array(3), 'an object (Float32Array)'],
    [Math.max, 'function max'],
    [() => 0, 'function (anonymous)'],
  ])('%s', (value, text) => expect(errors.describe(value)).toBe(text));

  it('cuts long texts', () => {
    const text = errors.describe('x'.repeat(1000));
    expect(text.length).toBeLessThan(65);
    expect(text.endsWith('..."')).toBe(true);
  });
});
