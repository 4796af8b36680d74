// Methods that compare: the rows of ops/compare.ts, which give booleans, and closeness of whole tensors.
import { checkNumber, checkOptions } from '../arguments.js';
import { noGrad } from '../autograd.js';
import { rangeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { broadcastShapes } from '../shape.js';
import { applyRow } from './elementwise.js';
import { install } from './install.js';
import { apply, checkTensor, type Tensor } from './tensor.js';

type ComparisonMethods = {
  [Name in keyof typeof ops.comparisonOps]: (other: Tensor | number | bigint) => Tensor;
};
type TestMethods = {
  [Name in keyof typeof ops.testOps]: () => Tensor;
};

/** Options of `allclose`. */
export interface CloseOptions {
  /** Of the other's magnitude; 1e-5 by default. */
  rtol?: number;
  /** 1e-8 by default. */
  atol?: number;
  /** Whether NaN is close to NaN; false by default. */
  equalNan?: boolean;
}

interface ClosenessMethods {
  /**
   * Whether |this - other| <= atol + rtol |other| for all elements, which broadcast; infinities are close to themselves.
   *
   * @throws RangeError (ERR_RANGE) for a tolerance below 0; RangeError (ERR_SHAPE) where shapes do not broadcast
   */
  allclose(other: Tensor, options?: CloseOptions): boolean;
}

declare module './tensor.js' {
  interface Tensor extends ComparisonMethods, TestMethods, ClosenessMethods {}
}

for (const [name, op] of Object.entries(ops.comparisonOps)) {
  install({
    [name](this: Tensor, other: Tensor | number | bigint) {
      return applyRow(name, op, this, other);
    },
  });
}

for (const [name, op] of Object.entries(ops.testOps)) {
  install({
    [name](this: Tensor) {
      return apply(name, op, [this], undefined);
    },
  });
}

function tolerance(name: string, value: unknown): number {
  const number = checkNumber('allclose', name, value);
  if (number >= 0) return number;
  throw rangeError('allclose', `${name} must be 0 or more, got ${number}`);
}

install({
  allclose(other, options) {
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = checkOptions('allclose', options);
    const [relative, absolute] = [tolerance('rtol', rtol), tolerance('atol', atol)];
    ops.checkSameDType('allclose', this.elements, checkTensor('allclose', other).elements);
    broadcastShapes('allclose', this.shape, other.shape);
    return noGrad(() => {
      const [a, b] = [this.to('float64'), other.to('float64')];
      const difference = a.sub(b).abs();
      let close = difference.le(b.abs().mul(relative).add(absolute)).mul(difference.isfinite()).add(a.eq(b));
      if (equalNan) close = close.add(a.isnan().mul(b.isnan()));
      return close.all().item<boolean>();
    });
  },
} satisfies ClosenessMethods & ThisType<Tensor>);
