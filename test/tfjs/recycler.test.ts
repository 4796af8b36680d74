// The account of buffers, without TensorFlow.js.
import { describe, expect, it } from 'vitest';
import { Recycler } from '../../lib/tfjs/recycler.js';

const length = 2000;

describe('Recycler', () => {
  it('uses a buffer again once nothing needs it', () => {
    const recycler = new Recycler();
    const first = recycler.take('float32', length);
    recycler.retain(first);
    recycler.retain(first.subarray(5));
    recycler.release(first);
    expect(recycler.take('float32', length).buffer).not.toBe(first.buffer);
    recycler.release(first.subarray(5));
    expect(recycler.waitingBytes).toBe(4 * length);
    const second = recycler.take('int32', length);
    expect(second.buffer).toBe(first.buffer);
    expect(second).toBeInstanceOf(Int32Array);
    expect(second).toHaveLength(length);
    expect(recycler.waitingBytes).toBe(0);
  });

  it('only for the same number of bytes', () => {
    const recycler = new Recycler();
    recycler.giveBack(recycler.take('float32', length));
    expect(recycler.take('float32', length + 1).length).toBe(length + 1);
    expect(recycler.waitingBytes).toBe(4 * length);
  });

  it('counts a mistaken second release once', () => {
    const recycler = new Recycler();
    const array = recycler.take('float32', length);
    recycler.retain(array);
    recycler.release(array);
    recycler.release(array);
    recycler.giveBack(array);
    expect(recycler.waitingBytes).toBe(4 * length);
    const [a, b] = [recycler.take('float32', length), recycler.take('float32', length)];
    expect(a.buffer).not.toBe(b.buffer);
  });

  it('never takes what was held, what others made, or what a tensor still has', () => {
    const recycler = new Recycler(true);
    const held = recycler.take('float32', length).fill(1);
    recycler.retain(held);
    recycler.hold(held.subarray(1));
    recycler.release(held);
    const others = new Float32Array(length).fill(1);
    recycler.retain(others);
    recycler.release(others);
    recycler.giveBack(others);
    const fresh = recycler.fresh('float32', length).fill(1);
    recycler.giveBack(fresh);
    const kept = recycler.take('float32', length).fill(1);
    recycler.retain(kept);
    recycler.giveBack(kept);
    expect(recycler.waitingBytes).toBe(0);
    for (const array of [held, others, fresh, kept]) expect(array.every((x) => x === 1)).toBe(true);
  });

  it('ignores what is no array', () => {
    const recycler = new Recycler();
    for (const values of [undefined, null, ['a'], 3]) {
      recycler.retain(values);
      recycler.release(values);
      recycler.hold(values);
    }
    expect(recycler.waitingBytes).toBe(0);
  });

  it('poisons', () => {
    const recycler = new Recycler(true);
    const array = recycler.take('float32', length).fill(1);
    recycler.giveBack(array);
    expect(array.every(Number.isNaN)).toBe(true);
    recycler.poison = false;
    expect(recycler.poison).toBe(false);
  });

  it('lets the buffers go that waited longest', () => {
    const recycler = new Recycler();
    const mebi = 1 << 18;
    const arrays = [1, 2, 3].map((i) => recycler.take('float32', 100 * mebi + i));
    for (const array of arrays) recycler.giveBack(array);
    expect(recycler.waitingBytes).toBe(4 * (200 * mebi + 5));
    expect(recycler.take('float32', 100 * mebi + 2).buffer).toBe(arrays[1]!.buffer);
  });
});
