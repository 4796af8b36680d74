import { describe, expect, it } from 'vitest';
import { Generator, randn, tensor, zeros } from '../../../lib/index.js';
import { signalStatistics } from '../../../lib/study/index.js';

/** The same by plain sums. */
function slowStatistics(rows: readonly (readonly number[])[]) {
  const all = rows.flat();
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const centre = mean(all);
  const moment = (p: number) => mean(all.map((x) => (x - centre) ** p));
  const pairs = rows.flatMap((a, i) => rows.slice(0, i).map((b) => [a, b] as const));
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const cosines = pairs.map(([a, b]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
  return {
    mean: centre,
    std: Math.sqrt(moment(2)),
    meanSquare: mean(all.map((x) => x * x)),
    maxAbs: Math.max(...all.map(Math.abs)),
    kurtosis: moment(4) / moment(2) ** 2,
    zeros: all.filter((x) => x === 0).length / all.length,
    dead: rows[0]!.filter((_, unit) => rows.every((row) => row[unit] === 0)).length / rows[0]!.length,
    saturated: all.filter((x) => x <= -1 || x >= 1.5).length / all.length,
    correlation: cosines.length === 0 ? null : mean(cosines),
  };
}

describe('signalStatistics', () => {
  it.each([
    [1, 1],
    [1, 700],
    [2, 5],
    [5, 333],
    [16, 1025],
  ])('is what plain sums are, for %i inputs of %i units', (inputs, units) => {
    for (const dtype of ['float32', 'float64', 'bfloat16'] as const) {
      const x = randn(inputs, units, { generator: new Generator(inputs), dtype: 'float32' })
        .mul(1.3)
        .add(0.2);
      const signals = (units > 1 ? x.mul(x.gt(-0.7).to('float32')) : x).to(dtype);
      const got = signalStatistics(signals, { saturation: [-1, 1.5] });
      const want = slowStatistics(signals.to('float64').tolist() as number[][]);
      expect(got.inputs).toBe(inputs);
      expect(got.units).toBe(units);
      expect(got.nonFinite).toBe(0);
      for (const [name, value] of Object.entries(want)) {
        const measured = got[name as keyof typeof want];
        if (value === null || Number.isNaN(value)) expect(measured, name).toBe(value);
        else expect(measured, name).toBeCloseTo(value, 10);
      }
    }
  });

  it('takes views as their elements lie, and any shape after the first dimension', () => {
    const x = randn(40, 6, { generator: new Generator(1) });
    expect(signalStatistics(x.t())).toEqual(signalStatistics(x.t().contiguous()));
    expect(signalStatistics(x.reshape(40, 3, 2))).toEqual(signalStatistics(x));
  });

  it('compares the first 16 inputs', () => {
    const x = randn(20, 50, { generator: new Generator(2) });
    const { correlation } = signalStatistics(x.narrow(0, 0, 16));
    expect(signalStatistics(x).correlation).toBe(correlation);
    expect(
      signalStatistics(
        tensor([
          [1, 2, 3],
          [1, 2, 3],
        ]),
      ).correlation,
    ).toBe(1); // prettier-ignore
    expect(
      signalStatistics(
        tensor([
          [1, 2, 3],
          [0, 0, 0],
        ]),
      ).correlation,
    ).toBeNaN(); // prettier-ignore
  });

  it('counts what is not finite, and says what is 0 throughout', () => {
    const odd = signalStatistics(tensor([[1, Number.NaN, Infinity, 0]]));
    expect(odd).toMatchObject({ nonFinite: 2, maxAbs: Infinity, zeros: 0.25, dead: 0.25 });
    const dead = signalStatistics(zeros(3, 7));
    expect(dead).toMatchObject({ zeros: 1, dead: 1, meanSquare: 0, saturated: null });
    expect(dead.kurtosis).toBeNaN();
  });

  it('refuses what has no signals', () => {
    const expectError = (call: () => unknown, code: string, message: RegExp) => {
      try {
        call();
      } catch (error) {
        expect((error as { code: string }).code).toBe(code);
        expect((error as Error).message).toMatch(message);
        return;
      }
      throw new Error('nothing was thrown');
    };
    expectError(() => signalStatistics([1] as never), 'ERR_ARGUMENT', /signalStatistics: .*Tensor/);
    expectError(() => signalStatistics(tensor(1)), 'ERR_SHAPE', /expected signals \[inputs, \.\.\.\], got shape \[\]/);
    expectError(() => signalStatistics(tensor([1], { dtype: 'int32' })), 'ERR_DTYPE', /floating.*int32/);
    const x = randn(2, 2);
    expectError(() => signalStatistics(x, { saturation: [1, -1] }), 'ERR_RANGE', /from 1 to -1/);
    expectError(() => signalStatistics(x, { saturation: [Number.NaN, 1] }), 'ERR_RANGE', /saturation\[0\]/);
    expectError(() => signalStatistics(x, 3 as never), 'ERR_ARGUMENT', /options/);
  });
});
