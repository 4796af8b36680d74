import { describe, expect, it } from 'vitest';
import { checkBytes } from '../../lib/checkpoint/size.js';
import { failure } from '../cases/data.js';

describe('checkBytes', () => {
  it.each<[unknown, number]>([
    [1, 1],
    [5e9, 5e9],
    ['5GB', 5e9],
    ['5 gb', 5e9],
    ['512MiB', 2 ** 29],
    ['1.5KB', 1500],
    ['10B', 10],
    ['2TiB', 2 ** 41],
  ])('%j', (value, bytes) => expect(checkBytes('call', 'size', value)).toBe(bytes));

  it.each<[string, unknown]>([
    ['ERR_ARGUMENT', '5'],
    ['ERR_ARGUMENT', '-5GB'],
    ['ERR_ARGUMENT', '5 G'],
    ['ERR_ARGUMENT', ''],
    ['ERR_ARGUMENT', '5PB'],
    ['ERR_ARGUMENT', null],
    ['ERR_ARGUMENT', 5n],
    ['ERR_RANGE', 0],
    ['ERR_RANGE', -1],
    ['ERR_RANGE', 0.5],
    ['ERR_RANGE', Infinity],
    ['ERR_RANGE', '9999999999TB'],
  ])('%s %s', (code, value) => {
    expect(() => checkBytes('call', 'size', value)).toThrow(failure(code, 'call', 'size'));
  });
});
