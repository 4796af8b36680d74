import { describe, expect, it } from 'vitest';
import { Generator, init, zeros } from '../../../lib/index.js';
import {
  chainStudy,
  chiMean,
  gaussianSpectralNormSquared,
  initNames,
  largestSingularValue,
  layerTheory,
} from '../../../lib/study/index.js';

describe('closed forms', () => {
  it('chiMean: small cases, and Stirling for large ones', () => {
    expect(chiMean(1)).toBeCloseTo(Math.sqrt(2 / Math.PI), 14);
    expect(chiMean(2)).toBeCloseTo(Math.sqrt(Math.PI / 2), 14);
    expect(chiMean(3)).toBeCloseTo(2 * Math.sqrt(2 / Math.PI), 14);
    for (const n of [64, 512, 4097]) {
      const series = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (32 * n ** 2) + 5 / (128 * n ** 3));
      expect(Math.abs(chiMean(n) / series - 1)).toBeLessThan(1e-8);
    }
  });

  it('gaussianSpectralNormSquared: exact at 1, near the exact 2 + pi/2 at 2, towards 4n', () => {
    expect(gaussianSpectralNormSquared(1)).toBeCloseTo(1, 12);
    expect(Math.abs(gaussianSpectralNormSquared(2) / (2 + Math.PI / 2) - 1)).toBeLessThan(0.021);
    expect(gaussianSpectralNormSquared(1e6) / 4e6).toBeCloseTo(1, 3);
    expect(gaussianSpectralNormSquared(512) / 2048).toBeCloseTo(0.9872, 4);
  });

  it.each([
    [8, 1500],
    [32, 500],
    [100, 150],
  ])('gaussianSpectralNormSquared agrees with a simulation at width %i', (n, draws) => {
    const generator = new Generator(11);
    const a = zeros(n, n);
    let sum = 0;
    let squares = 0;
    for (let k = 0; k < draws; k++) {
      const value = largestSingularValue(init.normal_(a, 0, 1, { generator })) ** 2;
      sum += value;
      squares += value ** 2;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean ** 2) / draws);
    expect(Math.abs(mean - gaussianSpectralNormSquared(n))).toBeLessThan(4.5 * error);
  });

  it('layerTheory: the figures of the literature at width 512', () => {
    expect(layerTheory('plain', 'linear', 512)).toEqual({
      mean: 0,
      meanSquare: 512,
      growth: Math.sqrt(512),
      overflowLayer: 29,
    });
    expect(layerTheory('plain', 'relu', 512)).toMatchObject({ meanSquare: 256, growth: 16, overflowLayer: 32 });
    // sqrt(512 / (2 pi)) and 1/sqrt(pi), but for the 1/(4n) by which |x| is short of sqrt(n).
    expect(layerTheory('plain', 'relu', 512).mean).toBeCloseTo(Math.sqrt(512 / (2 * Math.PI)) * (1 - 1 / 2048), 5);
    expect(layerTheory('kaiming', 'relu', 512).mean).toBeCloseTo(Math.sqrt(1 / Math.PI) * (1 - 1 / 2048), 6);
    expect(layerTheory('scaled', 'linear', 512).growth).toBeCloseTo(0.2263, 4);
    expect(layerTheory('scaled', 'linear', 512).overflowLayer).toBeNull();
    expect(layerTheory('kaiming', 'relu', 512)).toMatchObject({ meanSquare: 1, growth: 1, overflowLayer: null });
    expect(layerTheory('xavier', 'linear', 512)).toMatchObject({ meanSquare: 1, growth: 1, overflowLayer: null });
    expect(layerTheory('xavier', 'relu', 512).meanSquare).toBe(0.5);
    expect(layerTheory('orthogonal', 'linear', 512)).toMatchObject({ mean: 0, meanSquare: 1, growth: 1 });
    expect(layerTheory('spectral', 'linear', 512).meanSquare).toBeCloseTo(0.2532, 4);
    expect(layerTheory('spectral', 'linear', 1e7).meanSquare).toBeCloseTo(0.25, 4);
    // Products of two normals, through a ReLU.
    expect(layerTheory('plain', 'relu', 1).mean).toBeCloseTo(1 / Math.PI, 12);
    expect(layerTheory('plain', 'relu', 1).meanSquare).toBe(0.5);
  });

  it('layerTheory agrees with one layer of every kind', () => {
    const [width, repeat] = [64, 1500];
    for (const row of chainStudy({ width, depth: 1, repeat, seed: 5 })) {
      const { init, activation, layerMean, meanSquare, theory } = row;
      const name = `${init} ${activation}`;
      // One draw's mean square has a relative variance of a few times 2/n; its mean, of the order of 1/n.
      expect(Math.abs(meanSquare / theory.meanSquare - 1), name).toBeLessThan(4.5 * Math.sqrt(8 / width / repeat));
      const scale = Math.sqrt(theory.meanSquare);
      expect(Math.abs(layerMean - theory.mean) / scale, name).toBeLessThan(4.5 * Math.sqrt(2 / width / repeat));
    }
  });

  it.each(initNames)('%s: every figure is finite at every width', (name) => {
    for (const width of [1, 2, 3, 10, 1000, 100_000]) {
      for (const activation of ['linear', 'relu'] as const) {
        const theory = layerTheory(name, activation, width);
        expect(Object.values(theory).every((x) => x === null || Number.isFinite(x))).toBe(true);
        expect(theory.overflowLayer === null || theory.overflowLayer >= 1).toBe(true);
      }
    }
  });

  it('overflow happens where theory expects it, with fresh weights', () => {
    for (let seed = 0; seed < 5; seed++) {
      for (const row of chainStudy({ init: 'plain', depth: 40, repeat: 1, weights: 'fresh', seed })) {
        expect(Math.abs(row.overflowLayer! - row.theory.overflowLayer!)).toBeLessThanOrEqual(1);
      }
    }
  });
});
