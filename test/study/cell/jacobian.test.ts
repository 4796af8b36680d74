import { describe, expect, it } from 'vitest';
import { matmul, noGrad, stack, type Tensor } from '../../../lib/index.js';
import { Generator } from '../../../lib/random.js';
import type { Cell } from '../../../lib/study/cell/cell.js';
import { makeInputs } from '../../../lib/study/cell/inputs.js';
import { effectiveRank, spectrumOf } from '../../../lib/study/cell/jacobian.js';
import { StudyNetwork } from '../../../lib/study/cell/network.js';
import { runCell } from '../../../lib/study/cell/run.js';
import { cellOf } from '../cells.js';

const silent = { before: () => {}, after: () => {}, weightGradient: () => {} };

/** A network and one input for it. */
function networkOf(cell: Cell): { network: StudyNetwork; input: Tensor } {
  const units = cell.image === null ? cell.width : cell.width * cell.image ** 2;
  const input = makeInputs(1, units, 0, new Generator(5));
  const shape = cell.image === null ? [1, units] : [1, cell.width, cell.image, cell.image];
  return { network: new StudyNetwork('test', cell, new Generator(3)), input: input.reshape(shape) };
}

/** The Jacobian's singular values, by central differences. */
function slowValues(network: StudyNetwork, input: Tensor): number[] {
  const step = 1e-2;
  const rows = Array.from({ length: input.numel() }, (_, i) => {
    const moved = (by: number) => {
      const x = input.clone();
      x.reshape(-1).narrow(0, i, 1).add_(by);
      return noGrad(() => network.forward(x, silent))
        .to('float64')
        .reshape(-1);
    };
    return moved(step)
      .sub(moved(-step))
      .div(2 * step);
  });
  return [...stack(rows).svdvals().array].map(Number);
}

describe('Jacobians', () => {
  it.each([
    ['plain', {}],
    ['of leaky ReLU', { activation: 'leakyRelu' }],
    ['residual', { residual: 0.5 }],
    ['layer norm', { normalisation: 'layer' }],
    ['convolutional', { width: 3, image: 3 }],
    ['matrix-free', { mode: 'matrix-free' }],
  ] as [string, Partial<Cell>][])('has the singular values of differences: %s', (_, given) => {
    const cell = cellOf({ width: 24, depth: 3, sigmaW: 1.2, batch: 1, spectrum: 'all', ...given });
    const { network, input } = networkOf(cell);
    const { values, largest } = spectrumOf(network, input, cell);
    const slow = slowValues(network, input);
    expect(largest).toBe(values![0]);
    values!.forEach((value, i) => {
      expect(Math.abs(value - slow[i]!)).toBeLessThan(2e-3 * slow[0]!);
    });
  });

  it('is the product of the matrices where layers are linear', () => {
    const cell = cellOf({ width: 32, depth: 4, activation: 'linear', batch: 1, spectrum: 'all' });
    const { network, input } = networkOf(cell);
    let product: Tensor | undefined;
    for (const { linear } of network.layers) {
      const weight = (linear as unknown as { weight: Tensor }).weight.detach().to('float64');
      product = product === undefined ? weight : matmul(weight, product);
    }
    const want = [...product!.svdvals().array].map(Number);
    spectrumOf(network, input, cell).values!.forEach((value, i) => {
      expect(value / want[i]!).toBeCloseTo(1, 8);
    });
  });

  it('finds the largest by products alone where the Jacobian is large', () => {
    for (const given of [
      {},
      { activation: 'relu', mode: 'matrix-free' },
      { residual: 1, normalisation: 'layer' },
    ] as const) {
      const cell = cellOf({ width: 600, depth: 3, batch: 1, ...given });
      const { network, input } = networkOf(cell);
      const found = spectrumOf(network, input, { ...cell, spectrum: 'extremes' });
      expect(found.values).toBeNull();
      expect(found.largest / spectrumOf(network, input, { ...cell, spectrum: 'all' }).largest).toBeCloseTo(1, 3);
    }
  });

  it('keeps orthogonal networks isometric, while products of Gaussian matrices lose rank', () => {
    const deep = {
      width: 64,
      depth: 50,
      activation: 'linear',
      batch: 1,
      sigmaB: 0,
      repeats: 3,
      spectrum: 'all',
    } as const;
    const isometry = runCell(cellOf({ ...deep, init: 'orthogonal', sigmaW: null })).spectrum!;
    expect(isometry.largest.mean).toBeCloseTo(1, 4);
    expect(isometry.smallest!.mean).toBeCloseTo(1, 4);
    expect(isometry.effectiveRank!.mean).toBeCloseTo(64, 4);
    const gaussian = runCell(cellOf({ ...deep, sigmaW: 1 })).spectrum!;
    expect(gaussian.smallest!.mean).toBeLessThan(1e-10);
    expect(gaussian.effectiveRank!.mean).toBeLessThan(5);
  });

  it('has the limit (L + 1)^(L + 1) / L^L as largest square of a product of L Gaussian matrices', () => {
    // Of wide layers (Pennington et al. 2017); at width 400 and L = 3, 256/27 = 9.48, a few per cent below.
    const cell = cellOf({
      width: 400,
      depth: 3,
      activation: 'linear',
      sigmaW: 1,
      sigmaB: 0,
      batch: 1,
      spectrum: 'all',
    });
    const { largest } = runCell(cell).spectrum!;
    const square = largest.values.reduce((sum, value) => sum + value ** 2, 0) / largest.values.length;
    expect(square / (256 / 27)).toBeGreaterThan(0.93);
    expect(square / (256 / 27)).toBeLessThan(1.03);
  });

  it('measures effective rank by the entropy of squares', () => {
    expect(effectiveRank([2, 2, 2])).toBeCloseTo(3, 12);
    expect(effectiveRank([5, 0])).toBe(1);
    expect(effectiveRank([0, 0])).toBeNaN();
  });

  it('refuses networks that have no Jacobian of one input', () => {
    for (const given of [{ mode: 'in-law' }, { normalisation: 'batch' }] as const) {
      const run = () => runCell(cellOf({ ...given, spectrum: 'all' }));
      expect(run).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
      expect(run).toThrow(/no Jacobian of one input/);
    }
  });
});
