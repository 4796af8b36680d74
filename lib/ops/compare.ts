// Comparisons and tests, which give booleans, and the choice by them.
import { defaultDType } from '../dtype.js';
import { dtypeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { allocateView, outputView, type TensorView } from '../view.js';
import { choose, compareNumber, compareViews, equal, masked } from './arithmetic.js';
import { dtypeWithNumber } from './map.js';
import { from, type Op } from './op.js';
import { fill } from './storage.js';

/** A comparison with another tensor, or with a number. */
export interface ComparisonRow extends Op {
  readonly scalar: Op<number | bigint>;
}

function comparison(name: string): ComparisonRow {
  const kernel = kernelId(name);
  const scalarKernel = kernelId(`${name}_scalar`);
  return {
    node: name,
    forward: (call, [a, b]) => compareViews(call, kernel, a!, b!),
    gradients: [],
    scalar: {
      node: name,
      forward: (call, [a], number) => compareNumber(call, scalarKernel, a!, number),
      gradients: [],
    },
  };
}

/** Comparisons of pairs of elements that broadcast. Each row becomes a method of Tensor. */
export const comparisonOps = {
  /** Whether elements are equal. */
  eq: comparison('eq'),
  /** Whether elements differ; NaN differs from itself. */
  ne: comparison('ne'),
  /** Whether elements are less. */
  lt: comparison('lt'),
  /** Whether elements are less or equal. */
  le: comparison('le'),
  /** Whether elements are greater. */
  gt: comparison('gt'),
  /** Whether elements are greater or equal. */
  ge: comparison('ge'),
};

function test(name: string): Op {
  const kernel = kernelId(name);
  return {
    node: name,
    forward: (call, [x]) => {
      const out = outputView(call, x!.shape, 'bool');
      run(call, kernel, [out, x!]);
      return out;
    },
    gradients: [],
  };
}

/** Tests of single elements. Each row becomes a method of Tensor. */
export const testOps = {
  /** Whether elements are NaN. */
  isnan: test('isnan'),
  /** Whether elements are neither NaN nor infinite. */
  isfinite: test('isfinite'),
  /** Whether elements are infinite. */
  isinf: test('isinf'),
};

/** Elements of the second input where the first, a bool, holds, else of the third; all broadcast. */
export const whereOp: Op = {
  node: 'WhereBackward0',
  forward: (call, [condition, a, b]) => {
    if (condition!.dtype !== 'bool') {
      throw dtypeError(call, `expected a condition of dtype bool, got ${condition!.dtype}`);
    }
    return choose(call, condition!, a!, b!);
  },
  gradients: [
    undefined,
    from([0], (g, [condition]) => masked(condition!, g)),
    from([0], (g, [condition]) => masked(equal(condition!, 0), g)),
  ],
};

/** A number as a scalar with the dtype that it has beside a tensor; float32 alone. */
export function numberBeside(call: string, number: number, like: TensorView | undefined): TensorView {
  const dtype = like === undefined ? defaultDType : dtypeWithNumber(call, like, number);
  const view = allocateView(call, [], dtype);
  fill(call, view, number);
  return view;
}
