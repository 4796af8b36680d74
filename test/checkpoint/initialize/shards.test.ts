import { describe, expect, it } from 'vitest';
import { checkShardRange } from '../../../lib/checkpoint/initialize/shards.js';

describe('shards', () => {
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
