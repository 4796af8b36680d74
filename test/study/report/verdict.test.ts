import { describe, expect, it } from 'vitest';
import type { CellResult } from '../../../lib/study/cell/cell.js';
import { collapsedAbove, judge, keptFactor, logMoments } from '../../../lib/study/report/verdict.js';
import { cellOf } from '../cells.js';
import { layerOf, nasty, resultOf, sample } from './results.js';

/** A cell of three layers: mean squares, correlations and gradients in each. */
function three(q: number[], c: number[] | null = null, gradient: number[] | null = null): CellResult {
  const layers = q.map((value, i) =>
    layerOf(i + 1, [value, value], {
      c: c && sample([c[i]!, c[i]!]),
      gradient: gradient && sample([gradient[i]!, gradient[i]!]),
    }),
  );
  return { ...resultOf({ depth: 3 }), cell: cellOf({ depth: 3 }), layers };
}

describe('verdicts', () => {
  it.each([
    ['keeps', three([1, 1, keptFactor * 0.99])],
    ['signals explode', three([1, 1, keptFactor * 1.01])],
    ['signals vanish', three([1, 1, 0.99 / keptFactor])],
    ['gradients explode', three([1, 1, 1], null, [keptFactor * 1.01, 1, 1])],
    ['gradients vanish', three([1, 1, 1], null, [0.99 / keptFactor, 1, 1])],
    ['correlations collapse', three([1, 1, 1], [0.5, 0.8, collapsedAbove + 0.001])],
    // Inputs that began alike have nothing to lose.
    ['keeps', three([1, 1, 1], [0.995, 0.995, 0.995])],
    ['overflows at layer 29', nasty.overflow],
    ['all 0 from layer 41', nasty.vanish],
    ['keeps', nasty.oneLayer],
    ['overflows at layer 1', nasty.nothing],
  ])('%s %#', (text, result) => {
    const verdict = judge(result);
    expect(verdict.text).toBe(text);
    expect(verdict.short.length).toBeLessThanOrEqual(12);
  });

  it('growth is that of geometric means, with each layer', () => {
    const { growth, gradientGrowth } = judge(three([4, 2, 1], null, [9, 3, 1]));
    expect(growth).toBeCloseTo(0.5, 12);
    expect(gradientGrowth).toBeCloseTo(3, 12);
    expect(judge(nasty.overflow).growth).toBeCloseTo(22.6 ** 2, -1);
    expect(judge(nasty.oneLayer)).toMatchObject({ growth: null, gradientGrowth: null });
    expect(judge(nasty.nothing)).toMatchObject({ growth: null, agreement: null });
  });

  it('agreement counts the layers that have a band', () => {
    expect(judge(resultOf({ depth: 30 })).agreement).toEqual({ agree: 27, of: 30 });
    expect(judge(nasty.unexpected).agreement).toBeNull();
  });
});

it('moments of logarithms need numbers above 0', () => {
  const moments = logMoments([1, Math.E ** 2])!;
  expect(moments.mean).toBeCloseTo(1, 12);
  expect(moments.std).toBeCloseTo(Math.SQRT2, 12);
  for (const values of [[], [1, 0], [1, -1], [1, Number.NaN], [1, Infinity]]) expect(logMoments(values)).toBeNull();
});
