import { describe, expect, it } from 'vitest';
import { checkShardRange, shardName, splitShards } from '../../../lib/checkpoint/initialize/shards.js';

const split = (sizes: number[], most: number) =>
  splitShards(
    sizes.map((bytes) => ({ bytes })),
    most,
  ).map((shard) => shard.map(({ bytes }) => bytes));

describe('shards', () => {
  it('take tensors in order, as many as fit', () => {
    expect(split([4, 4, 4, 2, 9, 1, 20, 1, 1], 10)).toEqual([[4, 4], [4, 2], [9, 1], [20], [1, 1]]);
    expect(split([3, 3], 6)).toEqual([[3, 3]]);
    expect(split([0, 0, 7, 0], 5)).toEqual([[0, 0], [7], [0]]);
    expect(split([], 5)).toEqual([]);
    expect(split([1, 2, 3], Infinity)).toEqual([[1, 2, 3]]);
  });

  it('have the names that loaders look for', () => {
    expect(shardName(1, 1)).toBe('model.safetensors');
    expect(shardName(3, 16)).toBe('model-00003-of-00016.safetensors');
  });

  it('are chosen by ranges', () => {
    expect(checkShardRange('call', '3-7/16')).toEqual({ first: 3, last: 7, of: 16 });
    expect(checkShardRange('call', '3/16')).toEqual({ first: 3, last: 3, of: 16 });
    expect(checkShardRange('call', { first: 2, of: 2 })).toEqual({ first: 2, last: 2, of: 2 });
    for (const wrong of [
      '',
      '3',
      '3-/4',
      '0/4',
      '5/4',
      '3-2/4',
      '3-5/4',
      'a/b',
      {},
      { first: 1.5, of: 2 },
      null,
      7,
      [],
    ]) {
      expect(() => checkShardRange('call', wrong), JSON.stringify(wrong)).toThrow(/^call: .*3-7\/16/);
    }
  });
});
