// BLAS on matrices of which one is symmetric or triangular; gemm.ts has the others.
import type { FloatArray } from '../dtype.js';
import { kernelId, run } from '../run.js';
import {
  type Diag,
  isColumnMajor,
  isLower,
  isRight,
  isTransposed,
  isUnit,
  type Order,
  type Side,
  type Transpose,
  type Uplo,
} from './choices.js';
import { mainForm } from './main_form.js';
import { asRows, byColumns, byRows, leading, matrix, transposed, writeMatrix } from './matrix.js';
import { checkApart, checkCount, checkScalar, type Kind, single, twice } from './operand.js';

const symmKernels = [kernelId('blas_symm_left'), kernelId('blas_symm_right')] as const;
const syrkKernel = kernelId('blas_syrk');
const syr2kKernel = kernelId('blas_syr2k');
const trmmKernels = [kernelId('blas_trmm_left'), kernelId('blas_trmm_right')] as const;
const trsmKernels = [kernelId('blas_trsm_left'), kernelId('blas_trsm_right')] as const;

function symmRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(
    13,
    (
      order: Order,
      side: Side,
      uplo: Uplo,
      M: number,
      N: number,
      alpha: number,
      A: A,
      LDA: number,
      B: A,
      LDB: number,
      beta: number,
      C: A,
      LDC: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [right, lower] = [isRight(call, side), isLower(call, uplo)];
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
      const size = right ? n : m;
      const a = matrix(call, 'A', kind, size, size, A, leading(call, 'A', columns, size, size, LDA));
      const b = matrix(call, 'B', kind, m, n, B, leading(call, 'B', columns, m, n, LDB));
      const layout = leading(call, 'C', columns, m, n, LDC);
      return writeMatrix(call, 'C', kind, m, n, C, layout, (c) => {
        checkApart(call, 'C', c, 'A', a);
        checkApart(call, 'C', c, 'B', b);
        // The transpose of A B is B' A, A being symmetric.
        const from = c.byColumns ? byColumns(b, kind) : byRows(b, kind);
        const kernel = symmKernels[right !== c.byColumns ? 1 : 0];
        run(call, kernel, [asRows(c), asRows(a), asRows(from)], [...factors, Number(lower !== a.byColumns)]);
      });
    },
  );
}

/**
 * A product with a symmetric matrix: C <- alpha A B + beta C, or alpha B A + beta C if `side` is 'right'. B and C are M by N. Only the
 * triangle of A that `uplo` names is read. Returns C.
 *
 * `ssymm(order, side, uplo, M, N, alpha, A, LDA, B, LDB, beta, C, LDC)`, with or without the order.
 *
 * @example
 * const [A, B] = [new Float32Array([1, 2, NaN, 3]), new Float32Array([1, 0, 0, 1])];
 * ssymm('row-major', 'left', 'upper', 2, 2, 1, A, 2, B, 2, 0, new Float32Array(4), 2); // [1, 2, 2, 3]
 */
export const ssymm = symmRoutine('ssymm', single);
/** As `ssymm`, in float64. */
export const dsymm = symmRoutine('dsymm', twice);

function syrkRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(
    11,
    (
      order: Order,
      uplo: Uplo,
      trans: Transpose,
      N: number,
      K: number,
      alpha: number,
      A: A,
      LDA: number,
      beta: number,
      C: A,
      LDC: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [lower, flip] = [isLower(call, uplo), isTransposed(call, trans)];
      const [n, k] = [checkCount(call, 'N', N), checkCount(call, 'K', K)];
      const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
      const [rows, others] = flip ? [k, n] : [n, k];
      const a = matrix(call, 'A', kind, rows, others, A, leading(call, 'A', columns, rows, others, LDA));
      const layout = leading(call, 'C', columns, n, n, LDC);
      return writeMatrix(call, 'C', kind, n, n, C, layout, (c) => {
        checkApart(call, 'C', c, 'A', a);
        run(call, syrkKernel, [asRows(c), flip ? transposed(a) : a], [...factors, Number(lower !== c.byColumns)]);
      });
    },
  );
}

/**
 * A product of a matrix with its transpose, added to a triangle: C <- alpha A A' + beta C, A being N by K; or with `trans`
 * 'transpose' alpha A' A + beta C, A being K by N. Returns C.
 *
 * `ssyrk(order, uplo, trans, N, K, alpha, A, LDA, beta, C, LDC)`, with or without the order.
 *
 * @example
 * const A = new Float32Array([1, 2, 3, 4]);
 * ssyrk('row-major', 'upper', 'no-transpose', 2, 2, 1, A, 2, 0, new Float32Array(4), 2); // [5, 11, 0, 25]
 */
export const ssyrk = syrkRoutine('ssyrk', single);
/** As `ssyrk`, in float64. */
export const dsyrk = syrkRoutine('dsyrk', twice);

function syr2kRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(
    13,
    (
      order: Order,
      uplo: Uplo,
      trans: Transpose,
      N: number,
      K: number,
      alpha: number,
      A: A,
      LDA: number,
      B: A,
      LDB: number,
      beta: number,
      C: A,
      LDC: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [lower, flip] = [isLower(call, uplo), isTransposed(call, trans)];
      const [n, k] = [checkCount(call, 'N', N), checkCount(call, 'K', K)];
      const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
      const [rows, others] = flip ? [k, n] : [n, k];
      const a = matrix(call, 'A', kind, rows, others, A, leading(call, 'A', columns, rows, others, LDA));
      const b = matrix(call, 'B', kind, rows, others, B, leading(call, 'B', columns, rows, others, LDB));
      const layout = leading(call, 'C', columns, n, n, LDC);
      return writeMatrix(call, 'C', kind, n, n, C, layout, (c) => {
        checkApart(call, 'C', c, 'A', a);
        checkApart(call, 'C', c, 'B', b);
        // A single row or column is stored either way, but both must be taken for the same.
        const [u, v] = a.byColumns === b.byColumns ? [a, b] : [byRows(a, kind), byRows(b, kind)];
        const views = [asRows(c), ...(flip ? [transposed(u), transposed(v)] : [u, v])];
        run(call, syr2kKernel, views, [...factors, Number(lower !== c.byColumns)]);
      });
    },
  );
}

/**
 * A symmetric product of two matrices, added to a triangle: C <- alpha A B' + alpha B A' + beta C, A and B being N by K; or with
 * `trans` 'transpose' alpha A' B + alpha B' A + beta C, A and B being K by N. Returns C.
 *
 * `ssyr2k(order, uplo, trans, N, K, alpha, A, LDA, B, LDB, beta, C, LDC)`, with or without the order.
 *
 * @example
 * const [A, B] = [new Float32Array([1, 2]), new Float32Array([3, 4])];
 * ssyr2k('row-major', 'upper', 'no-transpose', 2, 1, 1, A, 1, B, 1, 0, new Float32Array(4), 2); // [6, 10, 0, 16]
 */
export const ssyr2k = syr2kRoutine('ssyr2k', single);
/** As `ssyr2k`, in float64. */
export const dsyr2k = syr2kRoutine('dsyr2k', twice);

function triangularRoutine<A extends FloatArray>(call: string, kind: Kind<A>, kernels: readonly [number, number]) {
  return mainForm(
    12,
    (
      order: Order,
      side: Side,
      uplo: Uplo,
      transA: Transpose,
      diag: Diag,
      M: number,
      N: number,
      alpha: number,
      A: A,
      LDA: number,
      B: A,
      LDB: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [right, lower] = [isRight(call, side), isLower(call, uplo)];
      const [flip, unit] = [isTransposed(call, transA, 'transA'), isUnit(call, diag)];
      const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
      const factor = checkScalar(call, 'alpha', alpha, kind);
      const size = right ? n : m;
      const a = matrix(call, 'A', kind, size, size, A, leading(call, 'A', columns, size, size, LDA));
      const layout = leading(call, 'B', columns, m, n, LDB);
      return writeMatrix(call, 'B', kind, m, n, B, layout, (b) => {
        checkApart(call, 'B', b, 'A', a);
        // The transpose of op(A) B is B' op(A)'; a matrix stored by columns is the transpose of one stored by rows.
        const params = [factor, lower !== a.byColumns, (flip !== a.byColumns) !== b.byColumns, unit].map(Number);
        run(call, kernels[right !== b.byColumns ? 1 : 0], [asRows(b), asRows(a)], params);
      });
    },
  );
}

/**
 * A product with a triangular matrix, in place: B <- alpha op(A) B, or alpha B op(A) if `side` is 'right'. B is M by N. Returns B.
 *
 * `strmm(order, side, uplo, transA, diag, M, N, alpha, A, LDA, B, LDB)`, with or without the order.
 *
 * @example
 * const [A, B] = [new Float32Array([1, 2, NaN, 3]), new Float32Array([1, 0, 0, 1])];
 * strmm('row-major', 'left', 'upper', 'no-transpose', 'non-unit', 2, 2, 1, A, 2, B, 2); // [1, 2, 0, 3]
 */
export const strmm = triangularRoutine('strmm', single, trmmKernels);
/** As `strmm`, in float64. */
export const dtrmm = triangularRoutine('dtrmm', twice, trmmKernels);

/**
 * Solves triangular systems in place: B <- alpha op(A)^-1 B, or alpha B op(A)^-1 if `side` is 'right'. B is M by N. Returns B.
 *
 * `strsm(order, side, uplo, transA, diag, M, N, alpha, A, LDA, B, LDB)`, with or without the order.
 *
 * @example
 * const [A, B] = [new Float32Array([1, 2, NaN, 4]), new Float32Array([5, 8])];
 * strsm('row-major', 'left', 'upper', 'no-transpose', 'non-unit', 2, 1, 1, A, 2, B, 1); // [1, 2]
 */
export const strsm = triangularRoutine('strsm', single, trsmKernels);
/** As `strsm`, in float64. */
export const dtrsm = triangularRoutine('dtrsm', twice, trsmKernels);
