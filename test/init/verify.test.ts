import { describe, expect, it } from 'vitest';
import { Generator, init, type Tensor, tensor, zeros } from '../../lib/index.js';
import { erf, erfc, kolmogorovTail, normalCdf } from '../../lib/special.js';

const generator = () => new Generator(2024);

/** Filled as asked, from a fixed seed; each check fails a healthy weight with a probability below 3e-6. */
const healthy: [string, () => Tensor, init.Target][] = [
  ['normal', () => init.normal_(zeros(200, 300), 1, 0.02, { generator: generator() }), init.normalTarget(1, 0.02)],
  ['uniform', () => init.uniform_(zeros(200, 300), -1, 3, { generator: generator() }), init.uniformTarget(-1, 3)],
  ['constant', () => init.constant_(zeros(5), 0.1), init.constantTarget(Math.fround(0.1))],
  [
    'float64',
    () => zeros([5000], { dtype: 'float64' }).normal_(0, 1, { generator: generator() }),
    init.normalTarget(0, 1),
  ],
  [
    'orthogonal',
    () => init.orthogonal_(zeros(40, 3, 3, 3), 2, { generator: generator() }),
    init.initialiser('w', { initialiser: 'orthogonal', gain: 2 }).target([40, 3, 3, 3]),
  ],
  ['a transposed view', () => zeros(300, 200).t().normal_(0, 1, { generator: generator() }), init.normalTarget(0, 1)],
  ['empty', () => zeros(0, 3), init.normalTarget(0, 1)],
];

describe('verify', () => {
  it.each(healthy)('finds nothing wrong with %s', (_, make, target) => {
    expect(init.verify(make(), target)).toMatchObject({ ok: true, problems: [] });
  });

  const standard = () => zeros(200, 300).normal_(0, 1, { generator: generator() });
  const broken: [string, () => Tensor, init.Target, RegExp][] = [
    ['a shifted mean', () => standard().add(0.03), init.normalTarget(0, 1), /the mean is .* off by 6\.5/],
    ['a std 2 % too large', () => standard().mul(1.02), init.normalTarget(0, 1), /the standard deviation is/],
    ['a clamped tail', () => standard().clamp(-1.5, 1.5), init.normalTarget(0, 1), /the standard deviation|not normal/],
    [
      'a uniform of the right mean and std',
      () => zeros(200, 300).uniform_(-Math.sqrt(3), Math.sqrt(3), { generator: generator() }),
      init.normalTarget(0, 1),
      /not normal: Kolmogorov/,
    ],
    ['an element out of bounds', () => tensor([0, 0.5, 1.1]), init.uniformTarget(0, 1), /elements reach from 0 to 1.1/],
    ['NaN', () => tensor([0, NaN]), init.normalTarget(0, 1), /1 of 2 elements are not finite/],
    [
      'an orthogonal matrix that is a Gaussian',
      () => standard().div(Math.sqrt(300)),
      init.initialiser('w', { initialiser: 'orthogonal' }).target([200, 300]),
      /not orthogonal/,
    ],
    ['the wrong constant', () => zeros(3), init.constantTarget(1), /reach from 0 to 0, expected 1 to 1/],
  ];
  it.each(broken)('says what is off: %s', (_, make, target, problem) => {
    const result = init.verify(make(), target);
    expect(result.ok).toBe(false);
    expect(result.problems.join('; ')).toMatch(problem);
  });

  it('refuses what is no tensor or no target', () => {
    expect(() => init.verify([1] as never, init.normalTarget(0, 1))).toThrow(/verify: expected a Tensor/);
    expect(() => init.verify(zeros(1), 'normal' as never)).toThrow(/verify: expected a target/);
  });
});

describe('targets', () => {
  it('moments of truncated normals agree with numerical integration', () => {
    const cases = [
      [0, 1, -2, 2],
      [0, 1, 1, 3],
      [2, 0.5, -Infinity, 2.5],
      [0, 1, 4, 6],
      [0, 1, -6, -4],
    ] as const;
    for (const [mean, std, low, high] of cases) {
      const { cdf, ...target } = init.truncatedNormalTarget(mean, std, low, high);
      const [a, b] = [Math.max(low, mean - 10 * std), Math.min(high, mean + 10 * std)];
      // Midpoints of the density.
      const n = 20000;
      const x = Array.from({ length: n }, (_, i) => a + ((b - a) * (i + 0.5)) / n);
      const weight = x.map((v) => Math.exp(-(((v - mean) / std) ** 2) / 2));
      const total = weight.reduce((sum, w) => sum + w);
      const moment = (f: (v: number) => number) => x.reduce((sum, v, i) => sum + f(v) * weight[i]!, 0) / total;
      const first = moment((v) => v);
      const variance = moment((v) => (v - first) ** 2);
      expect(target.mean).toBeCloseTo(first, 6);
      expect(target.std / Math.sqrt(variance)).toBeCloseTo(1, 5);
      expect(target.kurtosis / (moment((v) => (v - first) ** 4) / variance ** 2)).toBeCloseTo(1, 2);
      expect(cdf!(low)).toBe(0);
      expect(cdf!(high)).toBe(1);
    }
    // N(0, 1) on [10, 11]; 30-digit quadrature.
    expect(init.truncatedNormalTarget(0, 1, 10, 11).mean).toBeCloseTo(10.098068, 4);
  });
});

describe('special functions', () => {
  // 17 digits from mpmath.
  const values = [
    [0.1, 0.88753708398171505],
    [0.5, 0.47950012218695348],
    [1, 0.15729920705028513],
    [1.9, 0.0072095707647425325],
    [2, 0.0046777349810472662],
    [3, 2.2090496998585441e-5],
    [5, 1.5374597944280349e-12],
    [20, 5.3958656116079012e-176],
  ] as const;
  it.each(values)('erfc(%f)', (x, expected) => {
    expect(Math.abs(erfc(x) / expected - 1)).toBeLessThan(1e-12);
    expect(erfc(-x)).toBeCloseTo(2 - expected, 14);
    expect(erf(x)).toBeCloseTo(1 - expected, 14);
    expect(normalCdf(-x * Math.SQRT2)).toBeCloseTo(expected / 2, 14);
  });
  it('the Kolmogorov distribution', () => {
    // Critical values of the limit distribution.
    expect(kolmogorovTail(1.3581 / 1000, 1e6)).toBeCloseTo(0.05, 3);
    expect(kolmogorovTail(1.6276 / 1000, 1e6)).toBeCloseTo(0.01, 3);
    expect(kolmogorovTail(0, 10)).toBe(1);
  });
});
