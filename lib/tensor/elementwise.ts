// Methods that work element by element; most are rows of the tables of ops/elementwise.ts.
import { checkNumber } from '../arguments.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { install } from './install.js';
import { apply, applyInPlace, checkTensor, type Tensor } from './tensor.js';

type UnaryMethods = {
  [Name in keyof typeof ops.unaryOps]: () => Tensor;
};
type InPlaceUnaryMethods = {
  [Name in keyof typeof ops.unaryOps as `${Name}_`]: () => Tensor;
};
type BinaryMethods = {
  [Name in keyof typeof ops.binaryOps]: (other: Tensor | number) => Tensor;
};
type InPlaceBinaryMethods = {
  [Name in keyof typeof ops.binaryOps as `${Name}_`]: (other: Tensor | number) => Tensor;
};

interface ClampMethods {
  /** Each element raised to at least `min` and lowered to at most `max`. */
  clamp(min?: number, max?: number): Tensor;
  /** `clamp` in place. */
  clamp_(min?: number, max?: number): Tensor;
}

declare module './tensor.js' {
  interface Tensor extends UnaryMethods, InPlaceUnaryMethods, BinaryMethods, InPlaceBinaryMethods, ClampMethods {}
}

for (const [name, op] of Object.entries(ops.unaryOps)) {
  install({
    [name](this: Tensor) {
      return apply(name, op, [this], undefined);
    },
    [`${name}_`](this: Tensor) {
      return applyInPlace(`${name}_`, op, [this], undefined);
    },
  });
}

for (const [name, op] of Object.entries(ops.binaryOps)) {
  install({
    [name](this: Tensor, other: Tensor | number) {
      if (typeof other === 'number') return apply(name, op.scalar, [this], other);
      return apply(name, op, [this, checkTensor(name, other)], undefined);
    },
    [`${name}_`](this: Tensor, other: Tensor | number) {
      if (typeof other === 'number') return applyInPlace(`${name}_`, op.scalar, [this], other);
      return applyInPlace(`${name}_`, op, [this, checkTensor(`${name}_`, other)], undefined);
    },
  });
}

function bounds(call: string, min: number | undefined, max: number | undefined): ops.Bounds {
  if (min === undefined && max === undefined) throw argumentError(call, 'min or max must be given');
  return {
    low: min === undefined ? -Infinity : checkNumber(call, 'min', min),
    high: max === undefined ? Infinity : checkNumber(call, 'max', max),
  };
}

install({
  clamp(min, max) {
    return apply('clamp', ops.clampOp, [this], bounds('clamp', min, max));
  },
  clamp_(min, max) {
    return applyInPlace('clamp_', ops.clampOp, [this], bounds('clamp_', min, max));
  },
} satisfies ClampMethods & ThisType<Tensor>);
