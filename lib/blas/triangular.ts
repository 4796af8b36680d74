// BLAS on a triangular matrix and a vector.
import type { FloatArray } from '../dtype.js';
import { kernelId, run } from '../run.js';
import {
  type Diag,
  isColumnMajor,
  isLower,
  isTransposed,
  isUnit,
  type Order,
  type Transpose,
  type Uplo,
} from './choices.js';
import { withOrder } from './main_form.js';
import { asRows, at, type Layout, leading, matrix } from './matrix.js';
import { checkApart, checkCount, type Kind, outputVector, single, twice } from './operand.js';

function triangularRoutine<A extends FloatArray>(call: string, kind: Kind<A>, kernel: number) {
  const compute = (
    uplo: unknown,
    trans: unknown,
    diag: unknown,
    n: number,
    A: unknown,
    layout: Layout,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
  ): A => {
    const [lower, flip, unit] = [isLower(call, uplo), isTransposed(call, trans), isUnit(call, diag)];
    const a = matrix(call, 'A', kind, n, n, A, layout);
    const to = outputVector(call, 'x', kind, n, x, strideX, offsetX);
    checkApart(call, 'x', to, 'A', a);
    run(
      call,
      kernel,
      [to, asRows(a)],
      [Number(lower !== a.byColumns), Number(flip !== a.byColumns), Number(unit), Number(to.backwards)],
    );
    return to.array as A;
  };
  return withOrder(
    9,
    (
      order: Order,
      uplo: Uplo,
      trans: Transpose,
      diag: Diag,
      N: number,
      A: A,
      LDA: number,
      x: A,
      strideX: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const n = checkCount(call, 'N', N);
      return compute(uplo, trans, diag, n, A, leading(call, 'A', columns, n, n, LDA), x, strideX, undefined);
    },
    (
      uplo: Uplo,
      trans: Transpose,
      diag: Diag,
      N: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
      x: A,
      strideX: number,
      offsetX: number,
    ): A => {
      const n = checkCount(call, 'N', N);
      return compute(uplo, trans, diag, n, A, at(strideA1, strideA2, offsetA), x, strideX, offsetX);
    },
  );
}

/**
 * A triangular matrix times a vector, in place: x <- op(A) x. Returns x. Only the triangle that `uplo` names is read, without the
 * diagonal if `diag` is 'unit'.
 *
 * `strmv(order, uplo, trans, diag, N, A, LDA, x, strideX)`, with or without the order;
 * `strmv.ndarray(uplo, trans, diag, N, A, strideA1, strideA2, offsetA, x, strideX, offsetX)`.
 *
 * @example
 * const A = new Float32Array([1, 2, NaN, 3]);
 * strmv('row-major', 'upper', 'no-transpose', 'non-unit', 2, A, 2, new Float32Array([1, 1]), 1); // [3, 3]
 */
export const strmv = triangularRoutine('strmv', single, kernelId('blas_trmv'));
/** As `strmv`, in float64. */
export const dtrmv = triangularRoutine('dtrmv', twice, kernelId('blas_trmv'));

/**
 * Solves a triangular system in place: x <- op(A)^-1 x. Returns x. Singular matrices give infinities and NaN.
 *
 * `strsv(order, uplo, trans, diag, N, A, LDA, x, strideX)`, with or without the order;
 * `strsv.ndarray(uplo, trans, diag, N, A, strideA1, strideA2, offsetA, x, strideX, offsetX)`.
 *
 * @example
 * const A = new Float32Array([1, 2, NaN, 4]);
 * strsv('row-major', 'upper', 'no-transpose', 'non-unit', 2, A, 2, new Float32Array([5, 8]), 1); // [1, 2]
 */
export const strsv = triangularRoutine('strsv', single, kernelId('blas_trsv'));
/** As `strsv`, in float64. */
export const dtrsv = triangularRoutine('dtrsv', twice, kernelId('blas_trsv'));
