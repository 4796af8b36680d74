import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type GridOptions, makeGrid } from '../../../lib/study/sweep/grid.js';
import { canonicalJson, cellKey, decode, encode } from '../../../lib/study/sweep/key.js';
import { cellBytes, checkMemory } from '../../../lib/study/sweep/memory.js';
import { failure } from '../../cases/data.js';

const cellsOf = (options: GridOptions) => [...makeGrid(options).cells.values()];

describe('makeGrid', () => {
  it('has the defaults of one cell', () => {
    expect(cellsOf({})).toEqual([
      {
        width: 512,
        depth: 100,
        activation: 'relu',
        init: 'kaimingNormal',
        sigmaW: null,
        sigmaB: 0,
        batch: 2,
        correlation: 0.5,
        inputs: null,
        residual: null,
        normalisation: 'none',
        image: null,
        mode: 'auto',
        repeats: 10,
        seed: 0,
        backward: true,
        spectrum: 'none',
      },
    ]);
  });

  it('takes inputs as one batch for all cells', () => {
    const inputs = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 10],
    ]; // prettier-ignore
    const cells = cellsOf({ inputs, width: 3, depth: [1, 2] });
    expect(cells.map(({ batch, depth }) => [batch, depth])).toEqual([
      [3, 1],
      [3, 2],
    ]); // prettier-ignore
    expect(cells[0]!.inputs).toEqual(inputs);
    const cases = [
      [{ inputs: [] }, 'ERR_ARGUMENT', /inputs must be rows of numbers/],
      [{ inputs: [1, 2] as never }, 'ERR_ARGUMENT', /inputs must be rows of numbers \[\[…\], …\], got \[1, 2\]/],
      [{ inputs: [[1, Number.NaN]], width: 2 }, 'ERR_RANGE', /inputs must be finite numbers, got NaN/],
      [{ inputs, width: 4 }, 'ERR_RANGE', /inputs of 4 numbers.*got one of 3/],
      [{ inputs, width: 3, batch: 2 }, 'ERR_RANGE', /batch to be the 3 inputs.*got 2/],
    ] as const;
    for (const [options, code, message] of cases) {
      expect(() => cellsOf(options)).toThrow(message);
      expect(() => cellsOf(options)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('has each combination, the last field fastest', () => {
    const cells = cellsOf({ width: [8, 16], sigmaW: [1, 2, 3], residual: [null, 0.5], seed: 7 });
    expect(cells.map(({ width, sigmaW, residual }) => [width, sigmaW, residual])).toEqual(
      [8, 16].flatMap((width) =>
        [1, 2, 3].flatMap((sigmaW) => [null, 0.5].map((residual) => [width, sigmaW, residual])),
      ),
    );
    expect(new Set(cells.map(({ init }) => init))).toEqual(new Set([null]));
  });

  it('counts the product of the lists, and takes a value that is named twice once', () => {
    expect(cellsOf({ width: [4, 8, 4], depth: [1, 2], seed: [1, '1', 1n, 2] })).toHaveLength(2 * 2 * 2);
    expect(cellsOf({ init: ['orthogonal', { initialiser: 'orthogonal' }], width: 4 })).toHaveLength(1);
    expect(cellsOf({ sigmaB: [0, -0], width: 4 })).toHaveLength(1);
  });

  it('keeps seeds of 64 bits', () => {
    expect(cellsOf({ seed: [2n ** 64n - 1n, 5n, Number.MAX_SAFE_INTEGER] }).map(({ seed }) => seed)).toEqual([
      '18446744073709551615',
      5,
      Number.MAX_SAFE_INTEGER,
    ]);
  });

  it('takes one batch of inputs for all cells', () => {
    const inputs = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const cells = cellsOf({ width: 2, inputs, seed: [0, 1] });
    expect(cells.map(({ inputs, batch }) => [inputs, batch])).toEqual([
      [inputs, 3],
      [inputs, 3],
    ]);
  });

  it('knows a grid by its values, not by how they were written', () => {
    const { id } = makeGrid({ width: 8, seed: 3 });
    expect(makeGrid({ seed: ['3'], width: [8], depth: 100 }).id).toBe(id);
    expect(makeGrid({ width: 8, seed: 4 }).id).not.toBe(id);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives a cell the same key in each grid', () => {
    const wide = makeGrid({ width: [4, 8, 16], seed: [0, 1, 2] });
    const narrow = makeGrid({ width: 8, seed: 1 });
    const [key] = [...narrow.cells.keys()];
    expect(wide.cells.get(key!)).toEqual(narrow.cells.get(key!));
    expect(new Set(wide.cells.keys()).size).toBe(9);
  });

  it.each<[string, GridOptions, string, ...string[]]>([
    ['an unknown option', { widht: 3 } as GridOptions, 'ERR_ARGUMENT', "'widht'", 'width'],
    ['no options', 3 as never, 'ERR_ARGUMENT', '3'],
    ['an empty list', { width: [] }, 'ERR_ARGUMENT', 'width', 'empty'],
    ['a width of 0', { width: 0 }, 'ERR_RANGE', 'width', '1 or more', '0'],
    ['a width in a list', { width: [8, 2.5] }, 'ERR_RANGE', 'width', '2.5'],
    ['a text for a number', { depth: '3' as never }, 'ERR_ARGUMENT', 'depth', '"3"'],
    ['no batch', { batch: 0 }, 'ERR_RANGE', 'batch', '0'],
    ['no repeats', { repeats: 0 }, 'ERR_RANGE', 'repeats', '0'],
    ['an unknown activation', { activation: 'swish' as never }, 'ERR_ARGUMENT', 'activation', 'swish', 'silu'],
    ['the activation of theory', { activation: 'erf' as never }, 'ERR_ARGUMENT', 'activation', 'erf'],
    ['an unknown init', { init: 'he' as never }, 'ERR_ARGUMENT', 'init', 'he', 'kaimingNormal'],
    ['no init', { init: null, sigmaW: null }, 'ERR_ARGUMENT', 'init', 'sigmaW', 'neither'],
    ['an init without what it needs', { init: 'constant' as never }, 'ERR_ARGUMENT', 'constant_', 'value'],
    [
      'an option of no init',
      { init: { initialiser: 'kaimingNormal', gain: 2 } as never },
      'ERR_ARGUMENT',
      '"gain"',
      'mode',
    ],
    ['an init with a tensor', { init: { initialiser: 'normal', std: [1] } as never }, 'ERR_ARGUMENT', 'std'],
    ['an infinite option', { init: { initialiser: 'normal', std: Infinity } }, 'ERR_RANGE', 'std', 'Infinity'],
    ['an init of another shape', { init: 'dirac' }, 'ERR_SHAPE', 'dirac_'],
    ['init and sigmaW', { init: 'orthogonal', sigmaW: 1 }, 'ERR_ARGUMENT', 'init', 'sigmaW', 'both'],
    ['a negative sigma', { sigmaW: -1 }, 'ERR_RANGE', 'sigmaW', '-1'],
    ['NaN', { sigmaB: NaN }, 'ERR_RANGE', 'sigmaB', 'NaN'],
    ['a correlation above 1', { correlation: 1.5 }, 'ERR_RANGE', 'correlation', '1.5'],
    ['a correlation that three cannot have', { batch: [2, 3], correlation: -0.75 }, 'ERR_RANGE', '-0.5', 'batch of 3'],
    ['inputs of text', { inputs: ['x'] as never }, 'ERR_ARGUMENT', 'inputs', 'rows of numbers', '"x"'],
    ['inputs that are not finite', { width: 1, inputs: [[1], [NaN]] }, 'ERR_RANGE', 'inputs', 'NaN'],
    ['other inputs than units', { width: 3, inputs: [[1], [2]] }, 'ERR_RANGE', '3 numbers', 'one of 1'],
    [
      'more inputs than the batch',
      { width: 1, batch: 2, inputs: [[1], [2], [3]] },
      'ERR_RANGE',
      'batch',
      '3 inputs',
      '2',
    ],
    ['an infinite residual', { residual: Infinity }, 'ERR_RANGE', 'residual'],
    ['an unknown normalisation', { normalisation: 'group' as never }, 'ERR_ARGUMENT', 'group', 'layer'],
    ['batch normalisation of one', { normalisation: 'batch', batch: 1 }, 'ERR_ARGUMENT', 'batch', '2 or more'],
    ['layer normalisation of one', { normalisation: 'layer', width: 1 }, 'ERR_ARGUMENT', 'layer', 'width'],
    ['an image of 0', { image: 0 }, 'ERR_RANGE', 'image', '0'],
    ['an unknown mode', { mode: 'lazy' as never }, 'ERR_ARGUMENT', 'mode', 'lazy', 'matrix-free'],
    ['a law of uniform weights', { mode: 'in-law', init: 'kaimingUniform' }, 'ERR_ARGUMENT', 'law', 'normal'],
    [
      'a law of weights with a mean',
      { mode: 'in-law', init: { initialiser: 'normal', mean: 1 } },
      'ERR_ARGUMENT',
      'law',
    ],
    ['a law of convolutions', { mode: 'in-law', image: 8, width: 4 }, 'ERR_ARGUMENT', 'law'],
    [
      'a convolution without weights',
      { mode: 'matrix-free', image: 8, width: 4 },
      'ERR_ARGUMENT',
      'matrix-free',
      'image 8',
    ],
    ['no weights for orthogonal ones', { mode: 'matrix-free', init: 'orthogonal' }, 'ERR_ARGUMENT', 'orthogonal'],
    ['a Jacobian through a batch', { spectrum: 'all', normalisation: 'batch' }, 'ERR_ARGUMENT', 'Jacobian'],
    ['a negative seed', { seed: -1 }, 'ERR_RANGE', 'seed', '-1'],
    ['a seed of 65 bits', { seed: 2n ** 64n }, 'ERR_RANGE', 'seed', '18446744073709551616n'],
    ['a seed that is no number', { seed: 'abc' }, 'ERR_RANGE', 'seed', 'abc'],
    ['a seed that is exact no more', { seed: 2 ** 53 }, 'ERR_ARGUMENT', 'seed'],
    ['backward of 1', { backward: 1 as never }, 'ERR_ARGUMENT', 'backward', '1'],
    ['an unknown spectrum', { spectrum: 'some' as never }, 'ERR_ARGUMENT', 'spectrum', 'some'],
    [
      'a grid of ten million',
      { seed: Array.from({ length: 10_000 }, (_, i) => i), sigmaB: Array.from({ length: 1000 }, (_, i) => i) },
      'ERR_RANGE',
      '10000000',
      '1000000',
    ],
  ])('refuses %s', (_, options, code, ...parts) => {
    expect(() => makeGrid(options)).toThrow(failure(code, 'study', ...parts));
  });
});

describe('keys', () => {
  it('are the SHA-256 of JSON with sorted keys', () => {
    const [cell] = cellsOf({ width: 8 });
    const sorted = Object.fromEntries(Object.entries(cell!).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    expect(cellKey(cell!)).toBe(createHash('sha256').update(JSON.stringify(sorted)).digest('hex'));
    expect(cellKey(Object.fromEntries(Object.entries(cell!).reverse()) as never)).toBe(cellKey(cell!));
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});

describe('encode', () => {
  it('keeps every number', () => {
    const value = { a: [NaN, Infinity, -Infinity, -0, 0, 5e-324, 0.1 + 0.2, 1e300], b: null, c: 'relu', d: { e: NaN } };
    expect(decode(encode(value))).toEqual(value);
    expect(Object.is((decode(encode(value)) as typeof value).a[3], -0)).toBe(true);
    expect(encode({ x: NaN, y: [-Infinity, 1] })).toBe('{"x":"NaN","y":["-Infinity",1]}');
  });
});

describe('memory', () => {
  const only = (options: GridOptions) => cellsOf(options)[0]!;
  const bytes = (options: GridOptions) => cellBytes(only(options));

  it('is that of weights that are kept, and of signals before and after each activation', () => {
    const network = { width: 1000, depth: 10, batch: 4 } as const;
    expect(bytes({ ...network, mode: 'materialized' })).toEqual({
      weights: 10 * 1000 * 1000 * 4,
      signals: 10 * 2 * 4 * 1000 * 4,
    });
    expect(bytes({ ...network, mode: 'matrix-free' }).weights).toBe(0);
    expect(bytes({ ...network, mode: 'in-law' }).weights).toBe(0);
    expect(bytes({ ...network, mode: 'auto' }).weights).toBe(0);
    expect(bytes({ ...network, mode: 'auto', init: 'orthogonal' }).weights).toBe(4e7);
    expect(bytes({ ...network, backward: false }).signals).toBe(2 * 4 * 1000 * 4);
    // Weights of convolutions, and their gradients.
    expect(bytes({ width: 10, depth: 3, batch: 1, image: 5 })).toEqual({
      weights: 2 * 3 * 10 * 10 * 9 * 4,
      signals: 3 * 2 * 10 * 25 * 4,
    });
  });

  it.each<[string, GridOptions, number, number, ...string[]]>([
    [
      'weights',
      { width: 20_000, mode: 'materialized' },
      1,
      16e9,
      '160 GB',
      '16 GB',
      'matrix-free',
      '--materialize never',
    ],
    ['orthogonal ones', { width: 20_000, init: 'orthogonal' }, 1, 16e9, '160 GB', 'matrix-free', 'element by element'],
    ['several workers', { width: 1000, mode: 'materialized', seed: [0, 1, 2] }, 3, 1e9, '1.2 GB', 'fewer workers'],
    ['signals', { width: 1e8, mode: 'matrix-free' }, 1, 16e9, '160 GB', '--no-backward'],
    ['both', { width: 1e8, mode: 'materialized' }, 1, 16e9, 'matrix-free', '--no-backward'],
  ])('that does not suffice for %s is said, with the figure', (_, options, workers, available, ...parts) => {
    expect(() => checkMemory(cellsOf(options), workers, available)).toThrow(failure('ERR_RANGE', 'study', ...parts));
  });

  it('counts as many cells as run at the same time, the largest ones', () => {
    const cells = cellsOf({ width: [1000, 10], mode: 'materialized', seed: [0, 1, 2] });
    expect(() => checkMemory(cells, 2, 0.9e9)).not.toThrow();
    expect(() => checkMemory(cells, 3, 0.9e9)).toThrow(/3 workers/);
    expect(() => checkMemory([], 4, 0)).not.toThrow();
  });
});
