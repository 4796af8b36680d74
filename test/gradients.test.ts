import { describe, expect, it } from 'vitest';
import { noGrad } from '../lib/autograd.js';
import * as ops from '../lib/ops/index.js';
import { numElements } from '../lib/shape.js';
import type { Tensor } from '../lib/tensor/index.js';
import { spread, tensorOf, valuesOf } from './cases/data.js';
import { type GradientCheck, gradientChecks } from './cases/gradients.js';

/** The step of central differences: its error, h^2, and that of rounding, 1e-16 / h, are equally small. */
const step = 6e-6;

/** Derivatives of the sum of the outputs times weights, one input element after another. */
function differences(run: GradientCheck['run'], inputs: readonly Tensor[], weights: Tensor): number[][] {
  const loss = () =>
    noGrad(() =>
      run(...inputs)
        .mul(weights)
        .sum()
        .item(),
    );
  return inputs.map((input) => {
    const array = input.array as Float64Array;
    return Array.from(array, (x, i) => {
      array[i] = x + step;
      const above = loss();
      array[i] = x - step;
      const below = loss();
      array[i] = x;
      return (above - below) / (2 * step);
    });
  });
}

describe('gradients are what differences say', () => {
  it.each(gradientChecks.map((check) => [check.name, check] as const))('%s', (_, { run, shapes, range = [-2, 2] }) => {
    const inputs = shapes.map((shape, i) => {
      const values = spread(numElements(shape) + i, ...range).slice(i);
      return tensorOf(values, shape, 'float64').requiresGrad_();
    });
    const out = run(...inputs);
    const weights = tensorOf(spread(out.numel(), 3, -1), out.shape, 'float64');
    out.backward(weights);
    const wanted = differences(run, inputs, weights);
    for (const [i, input] of inputs.entries()) {
      const got = valuesOf(input.grad!);
      expect(got.length).toBe(wanted[i]!.length);
      for (const [j, slope] of wanted[i]!.entries()) {
        if (!(Math.abs(got[j]! - slope) <= 1e-7 * Math.max(1, Math.abs(slope)))) {
          throw new Error(`gradient ${j} of input ${i} is ${got[j]}, differences say ${slope}`);
        }
      }
    }
  });
});

it('every row of the tables with a gradient is checked', () => {
  const checked = new Set(gradientChecks.map(({ name }) => name.split(' ')[0]));
  const tables = [
    ops.unaryOps,
    ops.binaryOps,
    ops.choiceOps,
    ops.activationOps,
    ops.reductionOps,
    ops.productOps,
    ops.decompositionOps,
    ops.viewOps,
  ];
  const names = tables.flatMap((table) =>
    Object.entries<ops.Op<never>>(table).flatMap(([name, { gradients }]) => (gradients.length > 0 ? [name] : [])),
  );
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !checked.has(name))).toEqual([]);
});
