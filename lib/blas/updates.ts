// BLAS on a matrix and vectors: what is added to a symmetric matrix.
import type { FloatArray } from '../dtype.js';
import { kernelId, run } from '../run.js';
import { isColumnMajor, isLower, type Order, type Uplo } from './choices.js';
import { withOrder } from './main_form.js';
import { asRows, at, type Layout, leading, writeMatrix } from './matrix.js';
import { checkApart, checkCount, checkScalar, type Kind, single, twice, vector } from './operand.js';

const syrKernel = kernelId('blas_syr');
const syr2Kernel = kernelId('blas_syr2');

function syrRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    uplo: unknown,
    n: number,
    factor: unknown,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    A: unknown,
    layout: Layout,
  ): A => {
    const lower = isLower(call, uplo);
    const alpha = checkScalar(call, 'alpha', factor, kind);
    const u = vector(call, 'x', kind, n, x, strideX, offsetX);
    return writeMatrix(call, 'A', kind, n, n, A, layout, (a, where) => {
      if (where) checkApart(call, 'A', where, 'x', u);
      if (alpha === 0) return;
      const params = [alpha, Number(lower !== a.byColumns), Number(u.backwards)];
      run(call, syrKernel, [asRows(a), u], params);
    });
  };
  return withOrder(
    8,
    (order: Order, uplo: Uplo, N: number, alpha: number, x: A, strideX: number, A: A, LDA: number): A => {
      const columns = isColumnMajor(call, order);
      const n = checkCount(call, 'N', N);
      return compute(uplo, n, alpha, x, strideX, undefined, A, leading(call, 'A', columns, n, n, LDA));
    },
    (
      uplo: Uplo,
      N: number,
      alpha: number,
      x: A,
      strideX: number,
      offsetX: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
    ): A => {
      const n = checkCount(call, 'N', N);
      return compute(uplo, n, alpha, x, strideX, offsetX, A, at(strideA1, strideA2, offsetA));
    },
  );
}

/**
 * Adds a symmetric product of a vector to a triangle of a matrix: A <- alpha x x' + A. Returns A.
 *
 * `ssyr(order, uplo, N, alpha, x, strideX, A, LDA)`, with or without the order;
 * `ssyr.ndarray(uplo, N, alpha, x, strideX, offsetX, A, strideA1, strideA2, offsetA)`.
 *
 * @example
 * ssyr('row-major', 'lower', 2, 1, new Float32Array([1, 2]), 1, new Float32Array(4), 2); // [1, 0, 2, 4]
 */
export const ssyr = syrRoutine('ssyr', single);
/** As `ssyr`, in float64. */
export const dsyr = syrRoutine('dsyr', twice);

function syr2Routine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    uplo: unknown,
    n: number,
    factor: unknown,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    y: unknown,
    strideY: unknown,
    offsetY: unknown,
    A: unknown,
    layout: Layout,
  ): A => {
    const lower = isLower(call, uplo);
    const alpha = checkScalar(call, 'alpha', factor, kind);
    const u = vector(call, 'x', kind, n, x, strideX, offsetX);
    const v = vector(call, 'y', kind, n, y, strideY, offsetY);
    return writeMatrix(call, 'A', kind, n, n, A, layout, (a, where) => {
      if (where) checkApart(call, 'A', where, 'x', u);
      if (where) checkApart(call, 'A', where, 'y', v);
      if (alpha === 0) return;
      const params = [alpha, Number(lower !== a.byColumns), Number(u.backwards), Number(v.backwards)];
      run(call, syr2Kernel, [asRows(a), u, v], params);
    });
  };
  return withOrder(
    10,
    (
      order: Order,
      uplo: Uplo,
      N: number,
      alpha: number,
      x: A,
      strideX: number,
      y: A,
      strideY: number,
      A: A,
      LDA: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const n = checkCount(call, 'N', N);
      const layout = leading(call, 'A', columns, n, n, LDA);
      return compute(uplo, n, alpha, x, strideX, undefined, y, strideY, undefined, A, layout);
    },
    (
      uplo: Uplo,
      N: number,
      alpha: number,
      x: A,
      strideX: number,
      offsetX: number,
      y: A,
      strideY: number,
      offsetY: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
    ): A => {
      const n = checkCount(call, 'N', N);
      const layout = at(strideA1, strideA2, offsetA);
      return compute(uplo, n, alpha, x, strideX, offsetX, y, strideY, offsetY, A, layout);
    },
  );
}

/**
 * Adds a symmetric product of two vectors to a triangle of a matrix: A <- alpha x y' + alpha y x' + A. Returns A.
 *
 * `ssyr2(order, uplo, N, alpha, x, strideX, y, strideY, A, LDA)`, with or without the order;
 * `ssyr2.ndarray(uplo, N, alpha, x, strideX, offsetX, y, strideY, offsetY, A, strideA1, strideA2, offsetA)`.
 *
 * @example
 * const [x, y] = [new Float32Array([1, 2]), new Float32Array([3, 4])];
 * ssyr2('row-major', 'upper', 2, 1, x, 1, y, 1, new Float32Array(4), 2); // [6, 10, 0, 16]
 */
export const ssyr2 = syr2Routine('ssyr2', single);
/** As `ssyr2`, in float64. */
export const dsyr2 = syr2Routine('dsyr2', twice);
