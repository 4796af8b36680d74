import { describe, expect, it } from 'vitest';
import { labelCells, rangeText, sampleText } from '../../../lib/study/report/label.js';
import { cellOf } from '../cells.js';

describe('labels', () => {
  it('say what differs, and once what does not', () => {
    const cells = [cellOf({ sigmaW: 1 }), cellOf({ sigmaW: 1.25, depth: 9 })];
    const { common, labels } = labelCells(cells);
    expect(labels).toEqual(['σ_w 1, depth 4', 'σ_w 1.25, depth 9']);
    expect(common).toBe(
      'tanh, σ_b 0.2, no normalisation, plain, fully connected, width 64, batch 2, input correlation 0.5, 5 networks, seed 0',
    );
  });
  it('are ASCII where asked for', () => {
    const { common, labels } = labelCells([cellOf({ sigmaW: 1 }), cellOf({ sigmaW: 2 })], false);
    expect(labels[0]).toBe('sigma_w 1');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is looked for
    expect(common).toMatch(/^[\x00-\x7f]+$/);
  });
  it('are activation and weights where nothing differs', () => {
    expect(labelCells([cellOf()]).labels).toEqual(['tanh, σ_w 1.5']);
  });
  it('name initialisers with their options', () => {
    const inits = ['orthogonal', { initialiser: 'kaimingNormal', nonlinearity: 'relu' }] as const;
    const cells = inits.map((init) => cellOf({ init, sigmaW: null }));
    expect(labelCells(cells).labels).toEqual(['orthogonal', 'kaimingNormal (nonlinearity relu)']);
  });
  it('number those that are alike', () => {
    expect(labelCells([cellOf(), cellOf(), cellOf({ width: 3 })]).labels).toEqual([
      'width 64',
      'width 64 #2',
      'width 3',
    ]);
  });
  it('cover every field that a network has', () => {
    const others = {
      normalisation: 'layer',
      residual: 0.5,
      image: 8,
      mode: 'matrix-free',
      seed: '18446744073709551615',
    } as const;
    for (const [name, value] of Object.entries(others)) {
      const [one, other] = labelCells([cellOf(), cellOf({ [name]: value })]).labels;
      expect(other).not.toBe(one);
      expect(other).toContain(String(value));
    }
  });
  it('say where inputs are the user’s own', () => {
    const given = cellOf({ inputs: [Array(64).fill(1), Array(64).fill(2)] });
    expect(labelCells([cellOf(), given]).labels).toEqual(['input correlation 0.5', 'own inputs']);
  });
  it('are none of no cells', () => {
    expect(labelCells([])).toEqual({ common: '', labels: [] });
  });
});

it('sample sizes are ranges over cells', () => {
  expect(rangeText([3, 1, 2])).toBe('1 to 3');
  expect(sampleText([cellOf(), cellOf({ repeats: 20, width: 8 })])).toBe(
    '5 to 20 networks a cell, width 8 to 64, batch 2',
  );
  expect(sampleText([cellOf({ repeats: 1 })])).toBe('1 network a cell, width 64, batch 2');
});
