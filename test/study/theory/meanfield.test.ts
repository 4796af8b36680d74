import { describe, expect, it } from 'vitest';
import { criticalInit, MeanField } from '../../../lib/study/theory/meanfield.js';
import { type NonlinearityName, nonlinearities, nonlinearityNames } from '../../../lib/study/theory/nonlinearity.js';
import { failure } from '../../cases/data.js';

/** Critical points: sigma_b^2, sigma_w^2, q, chi_q, as integrated with another rule to ten digits. */
const golden: [NonlinearityName, number, number, number, number][] = [
  ['tanh', 2.01e-5, 1.04999563, 0.0259186, 0.9518],
  ['tanh', 0.01, 1.42420529, 0.27330091, 0.6782],
  ['tanh', 0.04, 1.70079637, 0.5120785, 0.5426],
  ['tanh', 0.05, 1.76095464, 0.57004788, 0.5182],
  ['erf', 0.05, 1.37583901, 0.51717684, 0.4916],
  ['elu', 0.04, 1.51105833, 1.10693054, 0.8598],
  ['selu', 0.04, 0.87886047, 0.71704911, 0.7429],
  ['gelu', 0.17292239, 1.98305826, (3 + Math.sqrt(17)) / 2, 1],
  ['gelu', 0.2, 1.97067181, 4.47095031, 0.9932],
  ['silu', 0.55514317, 1.98800468, 14.32017362, 1],
  ['silu', 0.6, 1.98233522, 16.26487321, 0.9971],
];

describe('criticalInit', () => {
  it.each(golden)('%s, sigma_b^2 = %d', (activation, b2, w2, q, chiQ) => {
    const point = criticalInit(activation, { sigmaB: Math.sqrt(b2) });
    expect(Math.abs(point.sigmaW ** 2 - w2)).toBeLessThan(1e-7);
    expect(Math.abs(point.q - q)).toBeLessThan(1e-7);
    expect(Math.abs(point.chiQ - chiQ)).toBeLessThan(6e-5);
    // And by its q.
    expect(criticalInit(activation, { q: point.q }).sigmaW).toBeCloseTo(point.sigmaW, 9);
    const net = new MeanField({ activation, ...point });
    expect(net.chi1(point.q)).toBeCloseTo(1, 12);
    expect(net.nextQ(point.q)).toBeCloseTo(point.q, 10);
  });

  it.each([
    ['relu', 2, 1],
    ['leakyRelu', 2 / (1 + 0.01 ** 2), 1],
    ['linear', 1, 1],
    ['tanh', 1, 0],
    ['erf', Math.PI / 4, 0],
  ] as const)('%s without biases', (activation, w2, q) => {
    const point = criticalInit(activation);
    expect(point.sigmaW ** 2).toBeCloseTo(w2, 10);
    expect([point.sigmaB, point.q]).toEqual([0, q]);
    expect(point.chiQ).toBeCloseTo(1, 10);
  });

  it('refuses where there is none, or none that is stable', () => {
    const refused = (...parts: string[]) => failure('ERR_RANGE', 'criticalInit', ...parts);
    expect(() => criticalInit('relu', { sigmaB: 0.3 })).toThrow(refused('at most'));
    expect(() => criticalInit('softplus', { sigmaB: 0.3 })).toThrow(refused('at most'));
    expect(() => criticalInit('sigmoid')).toThrow(refused('of 0 is not 0'));
    expect(() => criticalInit('sigmoid', { q: 1 })).toThrow(refused('sigma_b^2 would be -'));
    expect(() => criticalInit('gelu', { sigmaB: 0.2 })).toThrow(refused('not stable', 'chi_q'));
    expect(() => criticalInit('gelu')).toThrow(refused('not stable'));
  });

  it('checks its arguments', () => {
    expect(() => criticalInit('relu6' as never)).toThrow(failure('ERR_ARGUMENT', 'criticalInit', 'relu6', 'tanh'));
    expect(() => criticalInit({ f: 1 } as never)).toThrow(failure('ERR_ARGUMENT', 'criticalInit'));
    const f = Math.tanh;
    expect(() => criticalInit({ f, breakpoints: [NaN] })).toThrow(
      failure('ERR_ARGUMENT', 'criticalInit', 'breakpoints'),
    );
    expect(() => criticalInit('tanh', { sigmaB: -1 })).toThrow(failure('ERR_RANGE', 'criticalInit', 'sigmaB'));
    expect(() => criticalInit('tanh', { q: 0 })).toThrow(failure('ERR_RANGE', 'criticalInit', 'q'));
    expect(() => criticalInit('tanh', { q: 1, sigmaB: 1 })).toThrow(failure('ERR_RANGE', 'criticalInit', 'not both'));
  });
});

describe('MeanField', () => {
  it.each(nonlinearityNames)(
    '%s: chi_q is the slope of the map, with its curvature; phi has its derivative',
    (activation) => {
      const net = new MeanField({ activation, sigmaW: 1.3, sigmaB: 0.2 });
      const h = 1e-4;
      for (const q of [0.3, 2]) {
        expect(net.chiQ(q)).toBeCloseTo((net.nextQ(q + h) - net.nextQ(q - h)) / (2 * h), 6);
        expect(net.curvature(q)).toBeCloseTo((net.chiQ(q + h) - net.chiQ(q - h)) / (2 * h), 6);
      }
      const { f, df } = nonlinearities[activation];
      for (const x of [-2.5, -0.4, 0.7, 3]) expect(df(x)).toBeCloseTo((f(x + h) - f(x - h)) / (2 * h), 6);
      // A function of one's own: the same by differences, but at kinks.
      const own = new MeanField({ activation: { f }, sigmaW: 1.3 });
      const named = new MeanField({ activation, sigmaW: 1.3 });
      expect(Math.abs(own.chi1(1) / named.chi1(1) - 1)).toBeLessThan(2e-3);
    },
  );

  it('ReLU: closed forms of the maps (Cho and Saul 2009)', () => {
    const net = new MeanField({ activation: 'relu', sigmaW: Math.SQRT2 });
    for (const c of [-0.9, -0.2, 0, 0.5, 0.99]) {
      const angle = Math.acos(c);
      expect(net.nextC(1.7, c)).toBeCloseTo((Math.sin(angle) + (Math.PI - angle) * c) / Math.PI, 11);
      expect(net.chiC(1.7, c)).toBeCloseTo((Math.PI - angle) / Math.PI, 11);
    }
    expect([net.nextC(1.7, 1), net.fixedPoint(), net.fixedCorrelation()]).toEqual([1, 1, 1]);
    let c = 0;
    for (let layer = 1; layer <= 100; layer++) c = net.nextC(1, c);
    expect(100 ** 2 * (1 - c)).toBeCloseTo(35.8, 1);
  });

  it('SELU keeps mean square 1 (Klambauer et al. 2017), though not on the edge of chaos', () => {
    const net = new MeanField({ activation: 'selu', sigmaW: 1 });
    expect([net.fixedPoint(), net.chi1(1), net.chiQ(1)].map((x) => x.toFixed(5))).toEqual([
      '1.00000',
      '1.07157',
      '0.78265',
    ]);
  });

  it.each([
    [1.1, 731],
    [1.2, 217],
    [1.5, 52.4],
  ])('tanh in chaos, sigma_w^2 = %d: independent inputs stay so, and how soon', (w2, depth) => {
    const net = new MeanField({ activation: 'tanh', sigmaW: Math.sqrt(w2) });
    expect(net.fixedCorrelation()).toBe(0);
    expect(Math.abs(net.depthScales().c / depth - 1)).toBeLessThan(2e-3);
  });

  it('gains that keep the mean square at 1', () => {
    for (const [activation, gain] of [
      ['tanh', 1.592537],
      ['gelu', 1.53353],
      ['silu', 1.676532],
      ['elu', 1.245198],
    ] as const) {
      expect(new MeanField({ activation, sigmaW: gain }).nextQ(1)).toBeCloseTo(1, 5);
    }
  });

  it('finds fixed points: of chaos with biases, none, and where signals vanish or explode', () => {
    const net = new MeanField({ activation: 'tanh', sigmaW: 1.5, sigmaB: 0.2 });
    const [q, c] = [net.fixedPoint(), net.fixedCorrelation()];
    expect(net.nextQ(q)).toBeCloseTo(q, 12);
    expect(net.nextC(q, c)).toBeCloseTo(c, 11);
    expect(c).toBeLessThan(0.9);
    expect(net.depthScales().c).toBeGreaterThan(0);
    const fixed = (sigmaW: number) => new MeanField({ activation: 'relu', sigmaW }).fixedPoint();
    expect([fixed(1), fixed(2), fixed(Math.SQRT2)]).toEqual([0, Infinity, 1]);
    expect(new MeanField({ activation: 'relu', sigmaW: 1, sigmaB: 1 }).fixedPoint()).toBeCloseTo(2, 12);
    // Towards 0 a ReLU halves the mean square with each layer.
    expect(new MeanField({ activation: 'relu', sigmaW: 1 }).depthScales().q).toBeCloseTo(1 / Math.LN2, 10);
  });

  it('checks its arguments', () => {
    expect(() => new MeanField({ activation: 'tanh', sigmaW: -1 })).toThrow(
      failure('ERR_RANGE', 'MeanField', 'sigmaW'),
    );
    expect(() => new MeanField({ activation: 'tanh' } as never)).toThrow(
      failure('ERR_ARGUMENT', 'MeanField', 'sigmaW'),
    );
    expect(() => new MeanField({ activation: 'no', sigmaW: 1 } as never)).toThrow(
      failure('ERR_ARGUMENT', 'MeanField', 'no'),
    );
    const net = new MeanField({ activation: 'tanh', sigmaW: 1 });
    expect(() => net.fixedPoint(0)).toThrow(failure('ERR_RANGE', 'fixedPoint', '0'));
  });
});
