import { describe, expect, it } from 'vitest';
import { Generator, matmul, randn, setNumThreads } from '../../../lib/index.js';
import { finiteWidthBand } from '../../../lib/study/theory/band.js';
import { MeanField } from '../../../lib/study/theory/meanfield.js';
import { failure } from '../../cases/data.js';

/** Mean squares of the last layer's pre-activations over networks of one law, from an input of mean square 1. */
function simulate(
  activation: 'relu' | 'tanh',
  sigmaW: number,
  sigmaB: number,
  width: number,
  depth: number,
  networks: number,
) {
  const generator = new Generator(7);
  return Array.from({ length: networks }, () => {
    let x = randn([width], { generator });
    x = x.mul(Math.sqrt(width) / x.norm().item());
    let h = x;
    for (let layer = 1; layer <= depth; layer++) {
      const bias = randn([width], { generator }).mul(sigmaB);
      h = matmul(randn([width, width], { generator }), x)
        .mul(sigmaW / Math.sqrt(width))
        .add(bias);
      x = h[activation]();
    }
    return h.norm().item() ** 2 / width;
  });
}

function momentsOf(values: number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

describe('finiteWidthBand', () => {
  it('of He and ReLU: variance 5 L / n of the logarithm, less the last layer, which is only measured', () => {
    const band = finiteWidthBand(new MeanField({ activation: 'relu', sigmaW: Math.SQRT2 }), { width: 512, depth: 101 });
    expect(band).toHaveLength(101);
    const { q, mean, std, log } = band[100]!;
    expect([q, log]).toEqual([expect.closeTo(1, 10), true]);
    expect(std ** 2).toBeCloseTo((5 * 100 + 2) / 512, 10);
    expect(mean).toBeCloseTo((-2.5 * 100 - 1) / 512, 10);
    const linear = finiteWidthBand(new MeanField({ activation: 'linear', sigmaW: 1 }), { width: 100, depth: 50 });
    expect(linear[49]!.std ** 2).toBeCloseTo((2 * 50) / 100, 10);
  });

  /** 400 networks: |z| <= 4.5 (7e-6), and the variance within five standard deviations, 5 sqrt(2 / 399), and a tenth. */
  it.each([
    ['relu', Math.SQRT2, 0],
    ['tanh', 1.3, 0],
    ['tanh', 1.5, 0.3],
  ] as const)('covers simulated networks: %s, sigma_w = %d, sigma_b = %d', (activation, sigmaW, sigmaB) => {
    setNumThreads(1);
    const [width, depth, networks] = [64, 8, 400];
    const values = simulate(activation, sigmaW, sigmaB, width, depth, networks);
    const net = new MeanField({ activation, sigmaW, sigmaB });
    const row = finiteWidthBand(net, { width, depth, q: sigmaW ** 2 + sigmaB ** 2 }).at(-1)!;
    const { mean, variance } = momentsOf(row.log ? values.map(Math.log) : values);
    expect(Math.abs(mean - row.mean) / (row.std / Math.sqrt(networks))).toBeLessThan(4.5);
    expect(Math.abs(variance / row.std ** 2 - 1)).toBeLessThan(0.1 + 5 * Math.sqrt(2 / (networks - 1)));
  });

  it('checks its arguments', () => {
    const net = new MeanField({ activation: 'tanh', sigmaW: 1 });
    expect(() => finiteWidthBand(net, { width: 0, depth: 1 })).toThrow(failure('ERR_RANGE', 'finiteWidthBand'));
    expect(() => finiteWidthBand(net, { width: 1, depth: 1.5 })).toThrow(
      failure('ERR_RANGE', 'finiteWidthBand', 'depth'),
    );
    expect(() => finiteWidthBand(net, { width: 1, depth: 1, q: 0 })).toThrow(
      failure('ERR_RANGE', 'finiteWidthBand', 'q'),
    );
  });
});
