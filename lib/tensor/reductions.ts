// Methods that reduce over all dimensions, or over those given: the rows of ops/reduce.ts.
import { checkNumber, checkOptions } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import * as ops from '../ops/index.js';
import { install } from './install.js';
import { apply, type Tensor } from './tensor.js';

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced dimensions, with size 1; false by default. */
  keepdim?: boolean;
}

/** Options of `std` and `var`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of elements before dividing; 1 by default. */
  correction?: number;
}

/** A dimension, several, or all of them where nothing is said; negative ones count from the last. */
export type Dims = number | readonly number[] | undefined;

interface ReductionMethods {
  /** The sum, accumulated in double precision. */
  sum(dim?: Dims, options?: ReduceOptions): Tensor;
  /** The mean. */
  mean(dim?: Dims, options?: ReduceOptions): Tensor;
  /** The standard deviation. */
  std(dim?: Dims, options?: VarianceOptions): Tensor;
  /** The variance. */
  var(dim?: Dims, options?: VarianceOptions): Tensor;
  /** The least element; NaN if there is one. */
  min(dim?: Dims, options?: ReduceOptions): Tensor;
  /** The greatest element; NaN if there is one. */
  max(dim?: Dims, options?: ReduceOptions): Tensor;
  /** The product. */
  prod(dim?: Dims, options?: ReduceOptions): Tensor;
  /** Whether any element is not 0. */
  any(dim?: Dims, options?: ReduceOptions): Tensor;
  /** Whether no element is 0. */
  all(dim?: Dims, options?: ReduceOptions): Tensor;
  /** Where the greatest element is along a dimension, or among all in row-major order: int64; the first of equal ones. */
  argmax(dim?: number, options?: ReduceOptions): Tensor;
  /** Where the least element is, as `argmax`. */
  argmin(dim?: number, options?: ReduceOptions): Tensor;
  /** The p-norm of the elements: (sum |x|^p)^(1/p); p is 2 by default and may be Infinity. */
  norm(p?: number, dim?: Dims, options?: ReduceOptions): Tensor;
}

declare module './tensor.js' {
  interface Tensor extends ReductionMethods {}
}

function reduced(
  call: keyof typeof ops.reductionOps,
  x: Tensor,
  dims: Dims,
  options: ReduceOptions | undefined,
  params: readonly number[] = [],
): Tensor {
  const keepdim = checkOptions(call, options).keepdim ?? false;
  return apply<ops.Reduced>(call, ops.reductionOps[call], [x], { dims, keepdim, params });
}

function corrected(call: 'std' | 'var', x: Tensor, dims: Dims, options: VarianceOptions | undefined): Tensor {
  return reduced(call, x, dims, options, [checkNumber(call, 'correction', options?.correction ?? 1)]);
}

function oneDim(call: string, dim: unknown): number | undefined {
  if (dim === undefined || typeof dim === 'number') return dim;
  throw argumentError(call, `expected one dimension or none, got ${describe(dim)}`);
}

install({
  sum(dim, options) {
    return reduced('sum', this, dim, options);
  },
  mean(dim, options) {
    return reduced('mean', this, dim, options);
  },
  std(dim, options) {
    return corrected('std', this, dim, options);
  },
  var(dim, options) {
    return corrected('var', this, dim, options);
  },
  min(dim, options) {
    return reduced('min', this, dim, options);
  },
  max(dim, options) {
    return reduced('max', this, dim, options);
  },
  prod(dim, options) {
    return reduced('prod', this, dim, options);
  },
  any(dim, options) {
    return reduced('any', this, dim, options);
  },
  all(dim, options) {
    return reduced('all', this, dim, options);
  },
  argmax(dim, options) {
    return reduced('argmax', this, oneDim('argmax', dim), options);
  },
  argmin(dim, options) {
    return reduced('argmin', this, oneDim('argmin', dim), options);
  },
  norm(p = 2, dim, options) {
    return reduced('norm', this, dim, options, [checkNumber('norm', 'p', p)]);
  },
} satisfies ReductionMethods & ThisType<Tensor>);
