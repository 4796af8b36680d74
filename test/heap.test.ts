import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from '../lib/heap.js';

it('gives the largest of what is in it, whenever it is asked', () => {
  fc.assert(
    // Numbers go in; undefined takes one out.
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })), (steps) => {
      const heap = new Heap<{ order: number }>();
      const sorted: number[] = [];
      for (const order of steps) {
        if (order === undefined) {
          expect(heap.pop()?.order).toBe(sorted.pop());
          continue;
        }
        heap.push({ order });
        sorted.push(order);
        sorted.sort((a, b) => a - b);
      }
      while (sorted.length > 0) expect(heap.pop()?.order).toBe(sorted.pop());
      expect(heap.pop()).toBeUndefined();
    }),
    { numRuns: 300, seed: 1 },
  );
});
