import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { getNumThreads, setNumThreads } from '../../../lib/index.js';
import {
  activationNames,
  type ChainOptions,
  type ChainRow,
  chainStudy,
  initNames,
  studyBytes,
} from '../../../lib/study/index.js';

const study = (options?: ChainOptions): ChainRow[] => [...chainStudy(options)];

/** The rows by "init activation". */
const named = (rows: ChainRow[]) => new Map(rows.map((row) => [`${row.init} ${row.activation}`, row]));

const small = { width: 24, depth: 6, repeat: 5 };

describe('chainStudy at width 512', () => {
  it('repeats the notebooks, by default', () => {
    const rows = named(study());
    expect([...rows.keys()]).toEqual(initNames.flatMap((init) => activationNames.map((name) => `${init} ${name}`)));
    const row = (name: string) => rows.get(name)!;

    expect(row('plain linear').overflowLayer).toBeGreaterThanOrEqual(27);
    expect(row('plain linear').overflowLayer).toBeLessThanOrEqual(30);
    expect(row('plain linear').mean).toBeNaN();
    expect(row('plain linear').std).toBeNaN();

    expect(row('scaled linear')).toMatchObject({ overflowLayer: null, mean: 0, std: 0, normRatio: 0 });
    expect(row('scaled linear').vanishLayer).toBeLessThan(75);

    expect(Math.abs(row('orthogonal linear').normRatio - 1)).toBeLessThan(1e-4);
    expect(row('spectral linear').normRatio).toBeLessThan(1);
    expect(row('spectral relu').normRatio).toBeLessThan(1);

    for (const [name, meanSquare] of [
      ['plain linear', 512],
      ['plain relu', 256],
      ['kaiming relu', 1],
      ['xavier linear', 1],
      ['orthogonal linear', 1],
      ['spectral linear', 0.2532],
    ] as const) {
      expect(Math.abs(row(name).meanSquare / meanSquare - 1), name).toBeLessThan(0.05);
      expect(row(name).theory.meanSquare, name).toBeCloseTo(meanSquare, 4);
    }
    expect(row('plain relu').layerMean).toBeCloseTo(9.02, 0);
    expect(Math.abs(row('kaiming relu').layerMean / 0.5642 - 1)).toBeLessThan(0.05);
  });

  it.each([1, 2, 3, 4])('does so with seed %i', (seed) => {
    const rows = named(study({ seed, init: ['plain', 'scaled', 'kaiming'] }));
    const row = (name: string) => rows.get(name)!;
    expect([27, 28, 29, 30]).toContain(row('plain linear').overflowLayer);
    expect(row('scaled linear')).toMatchObject({ mean: 0, std: 0 });
    expect(row('scaled relu')).toMatchObject({ mean: 0, std: 0 });
    for (const name of ['plain linear', 'plain relu', 'kaiming relu']) {
      expect(Math.abs(row(name).meanSquare / row(name).theory.meanSquare - 1), name).toBeLessThan(0.05);
    }
  });

  it('keeps the scale with fresh weights, as far as one chain does', () => {
    const rows = named(study({ weights: 'fresh', init: ['xavier', 'kaiming', 'orthogonal'], repeat: 1 }));
    // The log-norm's standard deviation: sqrt(L/(2n)) = 0.31 if linear, sqrt(5L/(4n)) = 0.49 with a ReLU.
    expect(Math.abs(Math.log(rows.get('xavier linear')!.normRatio))).toBeLessThan(4 * 0.31);
    expect(Math.abs(Math.log(rows.get('kaiming relu')!.normRatio))).toBeLessThan(4 * 0.49);
    expect(Math.abs(rows.get('orthogonal linear')!.normRatio - 1)).toBeLessThan(1e-4);
  });
});

describe('draws', () => {
  it('do not depend on which other rows there are', () => {
    const all = named(study(small));
    for (const init of initNames) {
      for (const activation of activationNames) {
        const [alone] = study({ ...small, init, activation });
        expect(alone).toEqual(all.get(`${init} ${activation}`));
      }
    }
  });

  it('depend on the seed, and on nothing else', () => {
    expect(study(small)).toEqual(study(small));
    expect(study({ ...small, seed: 1 })).not.toEqual(study(small));
    expect(study({ ...small, seed: 2n ** 64n - 1n })).toEqual(study({ ...small, seed: 2n ** 64n - 1n }));
  });

  it('do not depend on threads', () => {
    const before = getNumThreads();
    try {
      setNumThreads(1);
      const one = study(small);
      setNumThreads(2);
      expect(study(small)).toEqual(one);
    } finally {
      setNumThreads(before);
    }
  });

  it('start with the first matrix of a fresh chain', () => {
    const shared = study({ ...small, depth: 1 });
    expect(study({ ...small, depth: 1, weights: 'fresh' })).toEqual(shared);
    expect(study({ ...small, depth: 2, weights: 'fresh' })).not.toEqual(study({ ...small, depth: 2 }));
    // What is averaged over layers is not the chain's concern.
    const fresh = study({ ...small, weights: 'fresh' });
    expect(fresh.map((row) => row.meanSquare)).toEqual(shared.map((row) => row.meanSquare));
  });

  it('are those of the names: the same matrix under both activations', () => {
    const [linear, relu] = study({ ...small, init: 'plain', depth: 1, repeat: 1 });
    // One layer's output and what a ReLU leaves of it.
    expect(relu!.normRatio).toBeLessThan(linear!.normRatio);
    expect(relu!.meanSquare).toBeLessThan(linear!.meanSquare);
  });
});

describe('chainStudy', () => {
  it('takes one name or several, each once, in the order of the table', () => {
    const rows = study({ ...small, init: ['xavier', 'plain', 'xavier'], activation: ['relu'] });
    expect(rows.map((row) => [row.init, row.activation])).toEqual([
      ['plain', 'relu'],
      ['xavier', 'relu'],
    ]);
  });

  it('computes rows as they are taken, and reports progress', () => {
    const steps: [number, number][] = [];
    const rows = chainStudy({ ...small, init: ['plain', 'scaled'], onProgress: (...step) => steps.push(step) });
    expect(steps).toEqual([]);
    rows.next();
    expect(steps.at(-1)).toEqual([11, 22]);
    expect([...rows]).toHaveLength(3);
    expect(steps.map(([done]) => done)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  });

  it('works at width 1, where a standard deviation has no meaning', () => {
    const rows = study({ width: 1, depth: 3, repeat: 4 });
    expect(rows).toHaveLength(12);
    for (const row of rows) expect(row.std).toBeNaN();
    const orthogonal = rows.find((row) => row.init === 'orthogonal')!;
    expect(orthogonal.normRatio).toBeCloseTo(1, 6);
  });

  it('counts layers from 1', () => {
    // Nothing is left of one neuron below 0 after a ReLU.
    const layers = Array.from({ length: 20 }, (_, seed) => study({ width: 1, depth: 3, seed, activation: 'relu' }));
    const vanished = layers.flat().map((row) => row.vanishLayer);
    expect(vanished).toContain(1);
    expect(vanished).toContain(null);
    expect(vanished).not.toContain(0);
  });

  it('checks its options at the call', () => {
    const bad = (options: unknown) => () => chainStudy(options as ChainOptions);
    for (const name of ['width', 'depth', 'repeat']) {
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(bad({ [name]: value }), `${name} ${value}`).toThrow(expect.objectContaining({ code: 'ERR_RANGE' }));
      }
      expect(bad({ [name]: '12' })).toThrow(
        expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining(name) }),
      );
    }
    expect(bad({ width: 100_000 })).toThrow(expect.objectContaining({ code: 'ERR_RANGE' }));
    expect(bad({ init: 'glorot' })).toThrow(/chainStudy: unknown init "glorot"; expected plain, scaled, xavier/);
    expect(bad({ init: [] })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(bad({ activation: ['linear', 'tanh'] })).toThrow(/unknown activation "tanh"; expected linear, relu/);
    expect(bad({ weights: 'tied' })).toThrow(/unknown weights "tied"; expected shared, fresh/);
    expect(bad({ seed: -1 })).toThrow(expect.objectContaining({ code: 'ERR_RANGE' }));
    expect(bad({ onProgress: 1 })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(bad(3)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(() => chainStudy()).not.toThrow();
  });
});

describe('studyBytes', () => {
  it('counts the matrices of the hungriest init', () => {
    expect(studyBytes(512, 'plain')).toBe(4 * 512 ** 2);
    expect(studyBytes(512)).toBe(2 * 4 * 512 ** 2);
    expect(() => studyBytes(0)).toThrow(expect.objectContaining({ code: 'ERR_RANGE' }));
  });
});

it('the library does without the packages of the command', () => {
  const lib = new URL('../../../lib/', import.meta.url);
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('cli'),
  );
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    expect(readFileSync(new URL(file, lib), 'utf8'), file).not.toMatch(/['"](commander|table|cli-progress)['"]/);
  }
});
