import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, tilesOf } from '../../../lib/checkpoint/initialize/tiles.js';

describe('tiles', () => {
  it('cover every byte of every tensor once, in order, and cut large tensors at multiples of 4096 bytes only', () => {
    const sizes = fc.array(fc.oneof(fc.nat(40), fc.nat(100_000), fc.constant(cut * 3)), { maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: cut, max: 50_000 }), (bytes, most) => {
        const tensors = bytes.map((size, id) => ({ id, bytes: size }));
        const next = tensors.map(() => 0);
        let position = 0;
        for (const tile of tilesOf(tensors, most)) {
          expect(tile.begin).toBe(position);
          expect(tile.length).toBeLessThanOrEqual(most);
          let at = 0;
          for (const piece of tile.pieces) {
            expect(piece.at).toBe(at);
            expect(piece.begin).toBe(next[piece.tensor.id]);
            expect(piece.begin % cut).toBe(0);
            next[piece.tensor.id]! += piece.length;
            expect(piece.last).toBe(next[piece.tensor.id] === piece.tensor.bytes);
            at += piece.length;
          }
          expect(tile.length).toBe(at);
          position += at;
        }
        expect(next).toEqual(bytes);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('are filled up: no two neighbours would fit into one', () => {
    const tensors = Array.from({ length: 100 }, (_, id) => ({ id, bytes: 3000 }));
    expect([...tilesOf(tensors, 10_000)].map((tile) => tile.pieces.length)).toEqual([...Array(33).fill(3), 1]);
  });

  it('say of a tensor without elements that it has ended', () => {
    expect([...tilesOf([{ bytes: 0 }])]).toEqual([
      { begin: 0, length: 0, pieces: [{ tensor: { bytes: 0 }, begin: 0, length: 0, at: 0, last: true }] },
    ]);
  });
});
