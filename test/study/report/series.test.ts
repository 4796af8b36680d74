import { describe, expect, it } from 'vitest';
import { runCell } from '../../../lib/study/cell/run.js';
import { seriesOf, thin } from '../../../lib/study/report/series.js';
import { cellOf } from '../cells.js';
import { layerOf, nasty, resultOf, sample } from './results.js';

const finiteOrNull = (row: object) => Object.values(row).every((x) => x === null || Number.isFinite(x));

describe('rows of a chart', () => {
  it('are geometric means with theory and a band of two standard deviations', () => {
    const expected = { q: 2, c: 0.5, gradient: 3, band: { mean: 0.5, std: 0.25, log: true } };
    const result = { ...resultOf({ depth: 1 }), layers: [layerOf(1, [1, Math.E ** 2], { expected })] };
    const [row] = seriesOf('q', result, 50);
    expect(row).toMatchObject({ x: 1, theory: 2 });
    expect(row!.y).toBeCloseTo(Math.E, 12);
    expect(row!.low).toBeCloseTo(Math.exp(1 - Math.SQRT2), 12);
    expect(row!.high).toBeCloseTo(Math.exp(1 + Math.SQRT2), 12);
    expect(row!.bandLow).toBeCloseTo(1, 12);
    expect(row!.bandHigh).toBeCloseTo(Math.E, 12);
  });

  it('take bands that are no laws of logarithms as they are, above 0', () => {
    const band = { mean: 2, std: 0.5, log: false };
    const layers = [band, { ...band, std: 3 }].map((each, i) =>
      layerOf(i + 1, [1], { expected: { q: 2, c: 1, gradient: 1, band: each } }),
    );
    const [first, second] = seriesOf('q', { ...resultOf(), layers }, 50);
    expect(first).toMatchObject({ bandLow: 1, bandHigh: 3, low: null, high: null });
    expect(second!.bandLow).toBeGreaterThan(0);
  });

  it('have gradients relative to the last layer, network by network', () => {
    const expected = { q: 1, c: 1, gradient: 4, band: null };
    const layers = [
      layerOf(1, [1, 1], { gradient: sample([8, 20]), expected }),
      layerOf(2, [1, 1], { gradient: sample([2, 5]), expected: { ...expected, gradient: 1 } }),
    ];
    const rows = seriesOf('gradient', { ...resultOf(), layers }, 50);
    expect(rows[0]!.y).toBeCloseTo(4, 12);
    expect(rows[0]!.high! / rows[0]!.low!).toBeCloseTo(1, 12);
    expect(rows[1]).toMatchObject({ y: 1, theory: 1 });
  });

  it('have gaps where numbers are not finite or 0, and go on in theory', () => {
    const rows = seriesOf('q', nasty.overflow, 100);
    expect(rows[27]!.y).toBeGreaterThan(1e70);
    expect(rows.slice(28).every(({ y, low, high }) => y === null && low === null && high === null)).toBe(true);
    expect(seriesOf('q', nasty.vanish, 100)[40]).toMatchObject({ y: null, theory: expect.any(Number) });
    for (const result of Object.values(nasty)) {
      for (const name of ['q', 'c', 'gradient', 'spectrum'] as const) {
        expect(seriesOf(name, result, 100).every(finiteOrNull)).toBe(true);
      }
    }
  });

  it('are none where nothing was measured', () => {
    expect(seriesOf('c', nasty.single, 50)).toEqual([]);
    expect(seriesOf('gradient', nasty.single, 50)).toEqual([]);
    expect(seriesOf('spectrum', nasty.single, 50)).toEqual([]);
    expect(seriesOf('q', nasty.oneLayer, 50)).toHaveLength(1);
    expect(seriesOf('q', nasty.unexpected, 50)[0]).toMatchObject({ theory: null, bandLow: null });
  });

  it('are thinned evenly, with both ends', () => {
    expect(thin(5, 10)).toEqual([0, 1, 2, 3, 4]);
    expect(thin(101, 5)).toEqual([0, 25, 50, 75, 100]);
    expect(thin(7, 1)).toEqual([6]);
    expect(thin(0, 5)).toEqual([]);
    expect(seriesOf('q', resultOf({ depth: 30 }), 4).map(({ x }) => x)).toEqual([1, 11, 20, 30]);
  });
});

describe('spectra', () => {
  it('are ranks and values, or their ends', () => {
    const all = seriesOf('spectrum', resultOf({ spectrum: 'all' }), 1000);
    expect(all).toHaveLength(256);
    expect(all[0]).toMatchObject({ x: 1, low: null });
    const ends = seriesOf('spectrum', resultOf({ spectrum: 'extremes' }), 1000);
    expect(ends.map(({ x }) => x)).toEqual([1, 256]);
    expect(ends[0]!.high).toBeGreaterThan(ends[0]!.y!);
  });

  it('leave out what rounding made of 0', () => {
    const result = resultOf({ spectrum: 'all' });
    const spectrum = { ...result.spectrum!, values: [2, 1, 1e-16, 0] };
    expect(seriesOf('spectrum', { ...result, spectrum }, 50).map(({ y }) => y)).toEqual([2, 1, null, null]);
  });

  // 30 networks; by Student's law with 29 degrees of freedom, one in 600,000 is beyond six standard errors by chance.
  it('have the root mean square that theory expects', () => {
    const results = Array.from({ length: 30 }, (_, seed) =>
      runCell(
        cellOf({ width: 128, depth: 3, repeats: 1, batch: 1, sigmaW: 1.3, backward: false, spectrum: 'all', seed }),
      ),
    );
    const means = sample(
      results.map(({ spectrum }) => spectrum!.values!.reduce((sum, value) => sum + value ** 2, 0) / 128),
    );
    const { theory } = seriesOf('spectrum', results[0]!, 10)[0]!;
    expect(Math.abs(means.mean - theory! ** 2) / (means.std / Math.sqrt(30))).toBeLessThan(6);
    expect(means.std / means.mean).toBeLessThan(0.2);
  });
});
