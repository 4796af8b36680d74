// BLAS on a matrix and vectors: products.
import type { FloatArray } from '../dtype.js';
import { kernelId, run } from '../run.js';
import { isColumnMajor, isLower, isTransposed, type Order, type Transpose, type Uplo } from './choices.js';
import { withOrder } from './main_form.js';
import { asRows, at, type Layout, leading, matrix, transposed, writeMatrix } from './matrix.js';
import { checkApart, checkCount, checkScalar, type Kind, outputVector, single, twice, vector } from './operand.js';

const gemvKernel = kernelId('blas_gemv');
const gerKernel = kernelId('blas_ger');
const symvKernel = kernelId('blas_symv');

function gemvRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    trans: unknown,
    m: number,
    n: number,
    factor: unknown,
    A: unknown,
    layout: Layout,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    scale: unknown,
    y: unknown,
    strideY: unknown,
    offsetY: unknown,
  ): A => {
    const flip = isTransposed(call, trans);
    const [alpha, beta] = [checkScalar(call, 'alpha', factor, kind), checkScalar(call, 'beta', scale, kind)];
    const a = matrix(call, 'A', kind, m, n, A, layout);
    const from = vector(call, 'x', kind, flip ? m : n, x, strideX, offsetX);
    const to = outputVector(call, 'y', kind, flip ? n : m, y, strideY, offsetY);
    checkApart(call, 'y', to, 'A', a);
    checkApart(call, 'y', to, 'x', from);
    if (m > 0 && n > 0) {
      const params = [alpha, beta, Number(from.backwards), Number(to.backwards)];
      run(call, gemvKernel, [to, flip ? transposed(a) : a, from], params);
    }
    return to.array as A;
  };
  return withOrder(
    12,
    (
      order: Order,
      trans: Transpose,
      M: number,
      N: number,
      alpha: number,
      A: A,
      LDA: number,
      x: A,
      strideX: number,
      beta: number,
      y: A,
      strideY: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      const layout = leading(call, 'A', columns, m, n, LDA);
      return compute(trans, m, n, alpha, A, layout, x, strideX, undefined, beta, y, strideY, undefined);
    },
    (
      trans: Transpose,
      M: number,
      N: number,
      alpha: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
      x: A,
      strideX: number,
      offsetX: number,
      beta: number,
      y: A,
      strideY: number,
      offsetY: number,
    ): A => {
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      const layout = at(strideA1, strideA2, offsetA);
      return compute(trans, m, n, alpha, A, layout, x, strideX, offsetX, beta, y, strideY, offsetY);
    },
  );
}

/**
 * A matrix times a vector: y <- alpha op(A) x + beta y, A being M by N and op(A) A or its transpose. Returns y. With beta = 0, y is
 * not read; with M = 0 or N = 0 nothing is done, as the reference BLAS has it.
 *
 * `sgemv(order, trans, M, N, alpha, A, LDA, x, strideX, beta, y, strideY)`. `order` may be left out: rows come first then.
 * `sgemv.ndarray(trans, M, N, alpha, A, strideA1, strideA2, offsetA, x, strideX, offsetX, beta, y, strideY, offsetY)` takes a
 * matrix with any strides; one without a stride of 1 is copied first.
 *
 * @throws RangeError (ERR_RANGE) where LDA is shorter than a row, or an array than what is asked of it; TypeError (ERR_ARGUMENT)
 * where y shares elements with A or x. All routines on matrices do so.
 * @example
 * const A = new Float32Array([1, 2, 3, 4]);
 * sgemv('row-major', 'no-transpose', 2, 2, 1, A, 2, new Float32Array([1, 1]), 1, 0, new Float32Array(2), 1); // [3, 7]
 */
export const sgemv = gemvRoutine('sgemv', single);
/** As `sgemv`, in float64. */
export const dgemv = gemvRoutine('dgemv', twice);

function gerRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    m: number,
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
    const alpha = checkScalar(call, 'alpha', factor, kind);
    const u = vector(call, 'x', kind, m, x, strideX, offsetX);
    const v = vector(call, 'y', kind, n, y, strideY, offsetY);
    return writeMatrix(call, 'A', kind, m, n, A, layout, (a, where) => {
      if (where) checkApart(call, 'A', where, 'x', u);
      if (where) checkApart(call, 'A', where, 'y', v);
      if (alpha === 0 || m === 0 || n === 0) return;
      // The transpose of x y' is y x'.
      const [first, second] = a.byColumns ? [v, u] : [u, v];
      const params = [alpha, Number(first.backwards), Number(second.backwards)];
      run(call, gerKernel, [asRows(a), first, second], params);
    });
  };
  const called = withOrder(
    10,
    (
      order: Order,
      M: number,
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
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      const layout = leading(call, 'A', columns, m, n, LDA);
      return compute(m, n, alpha, x, strideX, undefined, y, strideY, undefined, A, layout);
    },
    (
      M: number,
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
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      return compute(m, n, alpha, x, strideX, offsetX, y, strideY, offsetY, A, at(strideA1, strideA2, offsetA));
    },
  );
  return called;
}

/**
 * Adds the outer product of two vectors to a matrix: A <- alpha x y' + A, A being M by N. Returns A.
 *
 * `sger(order, M, N, alpha, x, strideX, y, strideY, A, LDA)`, with or without the order;
 * `sger.ndarray(M, N, alpha, x, strideX, offsetX, y, strideY, offsetY, A, strideA1, strideA2, offsetA)`.
 *
 * @example
 * sger('row-major', 2, 2, 1, new Float32Array([1, 2]), 1, new Float32Array([3, 4]), 1, new Float32Array(4), 2); // [3, 4, 6, 8]
 */
export const sger = gerRoutine('sger', single);
/** As `sger`, in float64. */
export const dger = gerRoutine('dger', twice);

function symvRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    uplo: unknown,
    n: number,
    factor: unknown,
    A: unknown,
    layout: Layout,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    scale: unknown,
    y: unknown,
    strideY: unknown,
    offsetY: unknown,
  ): A => {
    const lower = isLower(call, uplo);
    const [alpha, beta] = [checkScalar(call, 'alpha', factor, kind), checkScalar(call, 'beta', scale, kind)];
    const a = matrix(call, 'A', kind, n, n, A, layout);
    const from = vector(call, 'x', kind, n, x, strideX, offsetX);
    const to = outputVector(call, 'y', kind, n, y, strideY, offsetY);
    checkApart(call, 'y', to, 'A', a);
    checkApart(call, 'y', to, 'x', from);
    const params = [alpha, beta, Number(lower !== a.byColumns), Number(from.backwards), Number(to.backwards)];
    run(call, symvKernel, [to, asRows(a), from], params);
    return to.array as A;
  };
  return withOrder(
    11,
    (
      order: Order,
      uplo: Uplo,
      N: number,
      alpha: number,
      A: A,
      LDA: number,
      x: A,
      strideX: number,
      beta: number,
      y: A,
      strideY: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const n = checkCount(call, 'N', N);
      const layout = leading(call, 'A', columns, n, n, LDA);
      return compute(uplo, n, alpha, A, layout, x, strideX, undefined, beta, y, strideY, undefined);
    },
    (
      uplo: Uplo,
      N: number,
      alpha: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
      x: A,
      strideX: number,
      offsetX: number,
      beta: number,
      y: A,
      strideY: number,
      offsetY: number,
    ): A => {
      const n = checkCount(call, 'N', N);
      const layout = at(strideA1, strideA2, offsetA);
      return compute(uplo, n, alpha, A, layout, x, strideX, offsetX, beta, y, strideY, offsetY);
    },
  );
}

/**
 * A symmetric matrix times a vector: y <- alpha A x + beta y. Only the triangle of A that `uplo` names is read. Returns y.
 *
 * `ssymv(order, uplo, N, alpha, A, LDA, x, strideX, beta, y, strideY)`, with or without the order;
 * `ssymv.ndarray(uplo, N, alpha, A, strideA1, strideA2, offsetA, x, strideX, offsetX, beta, y, strideY, offsetY)`.
 *
 * @example
 * const A = new Float32Array([1, 2, NaN, 3]); // the lower triangle is not read
 * ssymv('row-major', 'upper', 2, 1, A, 2, new Float32Array([1, 1]), 1, 0, new Float32Array(2), 1); // [3, 5]
 */
export const ssymv = symvRoutine('ssymv', single);
/** As `ssymv`, in float64. */
export const dsymv = symvRoutine('dsymv', twice);
