// Memory: what allocation promises, and that loops without a pause do not grow. The same loops, longer: memory.long.ts.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type DType, dtypes } from '../lib/dtype.ts';
import { full, zeros } from '../lib/index.ts';
import { allocate, allocateOutput, keepArray, observe, ScopeMemory } from '../lib/memory.ts';
import { kernelId, run } from '../lib/run.ts';
import { simdTargets, withTarget } from './cases/data.ts';
import { expectFlat } from './cases/memory.ts';

const names = Object.keys(dtypes).filter((name) => name !== 'uint32') as DType[];
const large = 1 << 20;

/** Frees what earlier tests left, so that none of it goes while memory is counted. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('allocation', () => {
  it.each(names)('%s: the right kind and length, cleared or not', (dtype) => {
    for (const length of [0, 1, 3, 5000, large]) {
      const zeros = allocate(dtype, length);
      expect(zeros).toBeInstanceOf(dtypes[dtype].Array);
      expect(zeros.length).toBe(length);
      expect((zeros as Float32Array).every((element) => Number(element) === 0)).toBe(true);
      const output = allocateOutput(dtype, length);
      expect(output).toBeInstanceOf(dtypes[dtype].Array);
      expect([output.length, output.byteOffset, output.byteLength]).toEqual([length, 0, output.buffer.byteLength]);
    }
  });

  it('tells whoever observes, and only the innermost', () => {
    const told: [number, boolean][] = [];
    const by = { made: (array: ArrayBufferView, cleared: boolean) => told.push([array.byteLength, cleared]) };
    observe(by, () => {
      allocate('float32', 2);
      allocateOutput('float32', large);
      observe(undefined, () => allocate('float32', 3));
      expect(() =>
        observe(undefined, () => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      allocate('float64', 4);
    });
    allocate('float32', 5);
    expect(told).toEqual([
      [8, true],
      [4 * large, false],
      [32, true],
    ]);
  });
});

describe('outputs that are written past the caches', () => {
  it.each(simdTargets)('start and end anywhere: %s', (target) => {
    withTarget(target, () => {
      const count = 300_000;
      for (const dtype of ['float32', 'float64'] as const) {
        for (const [start, short] of [
          [0, 0],
          [1, 0],
          [3, 5],
          [7, 1],
          [16, 17],
        ] as const) {
          const whole = zeros([count + 40], { dtype });
          const from = full([count - short], -3, { dtype });
          run('neg', kernelId('neg'), [whole.narrow(0, start, count - short).elements, from.elements]);
          const array = whole.array as Float32Array;
          const [first, end] = [array.indexOf(3), array.lastIndexOf(3) + 1];
          expect([first, end]).toEqual([start, start + count - short]);
          expect(array.subarray(first, end).every((x) => x === 3)).toBe(true);
        }
      }
    });
  });
});

describe('the pool', () => {
  /** Makes outputs in a scope that ends, and returns them. */
  function recycled(...lengths: number[]) {
    const memory = new ScopeMemory();
    const arrays = observe(memory, () => lengths.map((length) => allocateOutput('float32', length)));
    memory.end([]);
    return arrays as Float32Array[];
  }

  it('hands out memory once, to arrays of its size, and detaches the former owner', () => {
    const memory = new ScopeMemory();
    const first = observe(memory, () => allocateOutput('float32', large)) as Float32Array;
    first.fill(7);
    memory.end([]);
    expect(first.length).toBe(0);
    const other = allocateOutput('float32', large + 1) as Float32Array;
    const next = allocateOutput('int32', large);
    expect(next).toBeInstanceOf(Int32Array);
    expect(new Float32Array(next.buffer, 0, large).every((x) => x === 7)).toBe(true);
    const another = allocateOutput('float32', large) as Float32Array;
    another.fill(1);
    other.fill(2);
    expect(new Float32Array(next.buffer, 0, large).every((x) => x === 7)).toBe(true);
  });

  it('never holds what was kept, cleared, small or too large', () => {
    const memory = new ScopeMemory();
    const arrays = observe(memory, () => {
      const kept = allocateOutput('float32', large);
      keepArray(kept);
      return [kept, allocate('float32', large), allocateOutput('float32', 1000), allocateOutput('float32', 64 * large)];
    });
    memory.end([]);
    expect(arrays.map((array) => array.length)).toEqual([large, large, 1000, 64 * large]);
  });

  it('passes what is held to the scope around, and keeps for all of them', () => {
    const outer = new ScopeMemory();
    const arrays = observe(outer, () => {
      const inner = new ScopeMemory();
      const made = observe(inner, () => [1, 2, 3].map((i) => allocateOutput('float32', large + i)));
      observe(inner, () => keepArray(made[2]!));
      inner.end([made[0]!.buffer, made[2]!.buffer]);
      expect(made.map((array) => array.length)).toEqual([large + 1, 0, large + 3]);
      return made;
    });
    outer.end([]);
    expect(arrays.map((array) => array.length)).toEqual([0, 0, large + 3]);
  });

  it('is bounded: the sizes used least recently go first', () => {
    // 128 MB at most: 40 of 4 MB push out what was there before, themselves included.
    recycled(large + 10);
    recycled(...new Array(40).fill(large));
    collect();
    const before = process.memoryUsage().arrayBuffers;
    expect(allocateOutput('float32', large + 10).length).toBe(large + 10);
    // A fresh one, so that there is more memory than before.
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(4 * large - 1);
    const again = process.memoryUsage().arrayBuffers;
    const fromPool = Array.from({ length: 30 }, () => allocateOutput('float32', large));
    expect(fromPool.length).toBe(30);
    expect(process.memoryUsage().arrayBuffers - again).toBeLessThan(4 * large);
  });
});

describe('loops that never wait stay flat', () => {
  it.each<[string, number, number]>([
    ['results of 16 floats', 100_000, 8],
    ['results of 16 MB', 300, 128],
    ['scopes of 16 MB and of other sizes', 300, 128],
  ])('%s', expectFlat);
});
