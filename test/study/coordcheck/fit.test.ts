import { expect, it } from 'vitest';
import { fitSlope } from '../../../lib/study/coordcheck/fit.js';

it('powers of the width, exactly', () => {
  const widths = [16, 100, 1024];
  for (const exponent of [-1, 0, 0.5]) {
    const row = widths.map((width) => 3 * width ** exponent);
    const { slope, standardError } = fitSlope(widths, [row, row.map((size) => 7 * size)])!;
    expect(slope).toBeCloseTo(exponent, 12);
    expect(standardError).toBeCloseTo(0, 12);
  }
});

it('by hand: logarithms 0, 1, 4 lie 1/3, -2/3, 1/3 off the line of slope 2', () => {
  const { slope, standardError } = fitSlope([2, 4, 8], [[1, 2, 16]])!;
  expect(slope).toBeCloseTo(2, 12);
  expect(standardError).toBeCloseTo(Math.sqrt(2 / 3 / 1 / 2), 12);
  // The same again, on another level: twice the squares, 3 degrees of freedom, twice the spread.
  const both = fitSlope(
    [2, 4, 8],
    [
      [1, 2, 16],
      [4, 8, 64],
    ],
  )!;
  expect(both.slope).toBeCloseTo(2, 12);
  expect(both.standardError).toBeCloseTo(Math.sqrt(4 / 3 / 3 / 4), 12);
});

it('two points have no error to see; sizes of 0, infinity or NaN no logarithm', () => {
  expect(fitSlope([2, 4], [[1, 2]])).toEqual({ slope: 1, standardError: null });
  for (const size of [0, Infinity, NaN])
    expect(
      fitSlope(
        [2, 4],
        [
          [1, 2],
          [1, size],
        ],
      ),
    ).toBeNull();
});
