import { describe, expect, it } from 'vitest';
import { phaseDiagram, phasePoint } from '../../../lib/study/report/phase.js';
import { criticalInit, MeanField } from '../../../lib/study/theory/meanfield.js';
import { cellOf } from '../cells.js';

describe('phase diagrams', () => {
  // Bisection leaves 1 in 4096 of a field, and the mean square four digits.
  it.each(['tanh', 'relu', 'selu', 'elu'] as const)('%s: the edge is where criticalInit finds it', (activation) => {
    const { critical } = phaseDiagram(activation, [{ w: 1, b: 0.3 }]);
    for (const { w, b } of critical.filter((_, j) => j % 9 === 4)) {
      const sigmaW = activation === 'relu' ? Math.SQRT2 : criticalInit(activation, { sigmaB: b }).sigmaW;
      expect(Math.abs(w - sigmaW)).toBeLessThan(2e-3);
    }
    expect(critical.length).toBe(28);
  });

  it('has chi_1 at the fixed point in its fields', () => {
    const { fields } = phaseDiagram('tanh', [{ w: 2, b: 0.3 }]);
    for (const { w, wEnd, b, bEnd, logChi } of fields.filter((_, i) => i % 101 === 25)) {
      const net = new MeanField({ activation: 'tanh', sigmaW: (w + wEnd) / 2, sigmaB: (b + bEnd) / 2 });
      const expected = Math.log(net.chi1(net.fixedPoint()));
      expect(Math.abs(logChi - Math.max(-1, Math.min(1, expected)))).toBeLessThan(2e-3);
    }
  });

  it('covers its cells, on a logarithmic axis where they lie far apart', () => {
    const near = phaseDiagram('sigmoid', [{ w: 3, b: 1 }]);
    expect(near).toMatchObject({ log: false, b: [0, 1.25], critical: [] });
    expect(near.w[1]).toBeCloseTo(3.6, 12);
    const far = phaseDiagram('linear', [
      { w: 22.6, b: 0 },
      { w: 0.1, b: 0 },
    ]);
    expect(far.log).toBe(true);
    expect(far.w[0]).toBeLessThan(0.1);
    expect(far.w[1]).toBeGreaterThan(22.6);
    expect(far.critical.every(({ w }) => Math.abs(w - 1) < 1e-3)).toBe(true);
  });
});

describe('the place of a cell', () => {
  it('is that of its weights and biases', () => {
    expect(phasePoint(cellOf())).toEqual({ w: 1.5, b: 0.2 });
    const he = phasePoint(cellOf({ sigmaW: null, init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' } }))!;
    expect(he.w).toBeCloseTo(Math.SQRT2, 12);
    const convolution = phasePoint(cellOf({ sigmaW: null, init: { initialiser: 'kaimingNormal' }, image: 8 }))!;
    expect(convolution.w).toBeCloseTo(Math.SQRT2, 12);
  });
  it('is none where the theory of plain layers says nothing', () => {
    for (const other of [{ residual: 1 }, { normalisation: 'layer' as const }, { sigmaW: 0 }]) {
      expect(phasePoint(cellOf(other))).toBeNull();
    }
    expect(phasePoint(cellOf({ sigmaW: null, init: { initialiser: 'normal', mean: 1, std: 1 } }))).toBeNull();
  });
});
