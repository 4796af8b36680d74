// BLAS on vectors and matrices of which only a band or one triangle is stored.
import type { FloatArray } from '../dtype.js';
import { rangeError } from '../errors.js';
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
import * as loops from './loops.js';
import { mainForm, withOrder } from './main_form.js';
import { type MatrixView, matrix } from './matrix.js';
import {
  checkApart,
  checkCount,
  checkScalar,
  firstOf,
  type Kind,
  outputVector,
  single,
  stepOf,
  twice,
  type VectorView,
  vector,
} from './operand.js';

const gbmvKernel = kernelId('blas_gbmv');
const gbmvTransposedKernel = kernelId('blas_gbmv_transposed');
const sbmvKernel = kernelId('blas_sbmv');
const spmvKernel = kernelId('blas_spmv');
const sprKernel = kernelId('blas_spr');
const spr2Kernel = kernelId('blas_spr2');

/** A band matrix: `count` rows (columns, in column-major order) of `width` elements, LDA apart. */
function band(call: string, kind: Kind, count: number, width: number, A: unknown, LDA: unknown): MatrixView {
  const ld = checkCount(call, 'LDA', LDA);
  if (ld < width) throw rangeError(call, `LDA must be at least ${width}, the number of diagonals stored, got ${ld}`);
  return matrix(call, 'A', kind, count, width, A, { down: ld, along: 1, offset: 0 });
}

/** A packed triangle, as a vector. One with another stride than 1 is copied. */
function packed(call: string, kind: Kind, n: number, AP: unknown, stride: unknown, offset: unknown): VectorView {
  const view = vector(call, 'AP', kind, (n * (n + 1)) / 2, AP, stride, offset);
  if (!view.backwards && (view.strides[0] === 1 || n <= 1)) return { ...view, strides: [1] };
  const array: FloatArray = new kind.Array(view.shape[0]!);
  loops.copy(array.length, view.array, stepOf(view), firstOf(view), array, 1, 0);
  return { ...view, array, strides: [1], offset: 0, backwards: false };
}

/** Calls `write` with a packed triangle that is to be written to, and returns its array. */
function writePacked<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  n: number,
  AP: unknown,
  stride: unknown,
  offset: unknown,
  write: (view: VectorView) => void,
): A {
  const out = outputVector(call, 'AP', kind, (n * (n + 1)) / 2, AP, stride, offset);
  const view = packed(call, kind, n, AP, stride, offset);
  write(view);
  if (view.array !== out.array) {
    loops.copy(view.array.length, view.array, 1, 0, out.array, stepOf(out), firstOf(out));
  }
  return out.array as A;
}

function gbmvRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const main = (
    order: Order,
    trans: Transpose,
    M: number,
    N: number,
    KL: number,
    KU: number,
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
    // A matrix stored by columns is the transpose of one stored by rows, whose upper diagonals are the other's lower ones.
    const flip = isTransposed(call, trans) !== columns;
    const [m, n] = [checkCount(call, 'M', M), checkCount(call, 'N', N)];
    const [kl, ku] = [checkCount(call, 'KL', KL), checkCount(call, 'KU', KU)];
    const [rows, others] = columns ? [n, m] : [m, n];
    const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
    const a = band(call, kind, rows, kl + ku + 1, A, LDA);
    const from = vector(call, 'x', kind, flip ? rows : others, x, strideX);
    const to = outputVector(call, 'y', kind, flip ? others : rows, y, strideY);
    checkApart(call, 'y', to, 'A', a);
    checkApart(call, 'y', to, 'x', from);
    if (m > 0 && n > 0) {
      const params = [...factors, columns ? ku : kl, Number(from.backwards), Number(to.backwards)];
      run(call, flip ? gbmvTransposedKernel : gbmvKernel, [to, a, from], params);
    }
    return to.array as A;
  };
  return mainForm(14, main);
}

/**
 * A band matrix times a vector: y <- alpha op(A) x + beta y, A being M by N with KL diagonals below the main one and KU above.
 * Returns y.
 *
 * `sgbmv(order, trans, M, N, KL, KU, alpha, A, LDA, x, strideX, beta, y, strideY)`, with or without the order. Row i of A takes
 * KL + KU + 1 elements from index i LDA on: those of columns i - KL to i + KU, places outside the matrix included. In column-major
 * order it is column j, from j LDA on, with rows j - KU to j + KL.
 *
 * @example
 * const A = new Float32Array([NaN, 1, 2, 3, 4, NaN]); // [[1, 2], [3, 4]] with one diagonal on either side
 * sgbmv('row-major', 'no-transpose', 2, 2, 1, 1, 1, A, 3, new Float32Array([1, 1]), 1, 0, new Float32Array(2), 1); // [3, 7]
 */
export const sgbmv = gbmvRoutine('sgbmv', single);
/** As `sgbmv`, in float64. */
export const dgbmv = gbmvRoutine('dgbmv', twice);

function sbmvRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(
    12,
    (
      order: Order,
      uplo: Uplo,
      N: number,
      K: number,
      alpha: number,
      A: A,
      LDA: number,
      x: A,
      strideX: number,
      beta: number,
      y: A,
      strideY: number,
    ): A => {
      const lower = isColumnMajor(call, order) !== isLower(call, uplo);
      const [n, k] = [checkCount(call, 'N', N), checkCount(call, 'K', K)];
      const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
      const a = band(call, kind, n, k + 1, A, LDA);
      const from = vector(call, 'x', kind, n, x, strideX);
      const to = outputVector(call, 'y', kind, n, y, strideY);
      checkApart(call, 'y', to, 'A', a);
      checkApart(call, 'y', to, 'x', from);
      const params = [...factors, Number(lower), Number(from.backwards), Number(to.backwards)];
      run(call, sbmvKernel, [to, a, from], params);
      return to.array as A;
    },
  );
}

/**
 * A symmetric band matrix with K diagonals beside the main one times a vector: y <- alpha A x + beta y. Returns y.
 *
 * `ssbmv(order, uplo, N, K, alpha, A, LDA, x, strideX, beta, y, strideY)`, with or without the order. Row i of the triangle takes
 * K + 1 elements from index i LDA on: the upper one's start with the diagonal, the lower one's end with it. In column-major order
 * columns lie so: those of the upper triangle end with the diagonal.
 *
 * @example
 * const A = new Float32Array([1, 2, 3, NaN]); // [[1, 2], [2, 3]]
 * ssbmv('row-major', 'upper', 2, 1, 1, A, 2, new Float32Array([1, 1]), 1, 0, new Float32Array(2), 1); // [3, 5]
 */
export const ssbmv = sbmvRoutine('ssbmv', single);
/** As `ssbmv`, in float64. */
export const dsbmv = sbmvRoutine('dsbmv', twice);

function triangularBand<A extends FloatArray>(call: string, kind: Kind<A>, kernel: number) {
  return mainForm(
    10,
    (
      order: Order,
      uplo: Uplo,
      trans: Transpose,
      diag: Diag,
      N: number,
      K: number,
      A: A,
      LDA: number,
      x: A,
      strideX: number,
    ): A => {
      const columns = isColumnMajor(call, order);
      const [lower, flip] = [isLower(call, uplo) !== columns, isTransposed(call, trans) !== columns];
      const unit = isUnit(call, diag);
      const [n, k] = [checkCount(call, 'N', N), checkCount(call, 'K', K)];
      const a = band(call, kind, n, k + 1, A, LDA);
      const to = outputVector(call, 'x', kind, n, x, strideX);
      checkApart(call, 'x', to, 'A', a);
      run(call, kernel, [to, a], [Number(lower), Number(flip), Number(unit), Number(to.backwards)]);
      return to.array as A;
    },
  );
}

/**
 * A triangular band matrix times a vector, in place: x <- op(A) x. Returns x. The band lies as in `ssbmv`.
 *
 * `stbmv(order, uplo, trans, diag, N, K, A, LDA, x, strideX)`, with or without the order.
 *
 * @example
 * const A = new Float32Array([1, 2, 3, NaN]); // [[1, 2], [0, 3]]
 * stbmv('row-major', 'upper', 'no-transpose', 'non-unit', 2, 1, A, 2, new Float32Array([1, 1]), 1); // [3, 3]
 */
export const stbmv = triangularBand('stbmv', single, kernelId('blas_tbmv'));
/** As `stbmv`, in float64. */
export const dtbmv = triangularBand('dtbmv', twice, kernelId('blas_tbmv'));
/**
 * Solves a triangular band system in place: x <- op(A)^-1 x. Returns x. Arguments as in `stbmv`.
 *
 * @example
 * const A = new Float32Array([1, 2, 4, NaN]); // [[1, 2], [0, 4]]
 * stbsv('row-major', 'upper', 'no-transpose', 'non-unit', 2, 1, A, 2, new Float32Array([5, 8]), 1); // [1, 2]
 */
export const stbsv = triangularBand('stbsv', single, kernelId('blas_tbsv'));
/** As `stbsv`, in float64. */
export const dtbsv = triangularBand('dtbsv', twice, kernelId('blas_tbsv'));

function spmvRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    order: unknown,
    uplo: unknown,
    N: unknown,
    alpha: unknown,
    AP: unknown,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    beta: unknown,
    y: unknown,
    strideY: unknown,
    offsetY: unknown,
  ): A => {
    const lower = isColumnMajor(call, order) !== isLower(call, uplo);
    const n = checkCount(call, 'N', N);
    const factors = [checkScalar(call, 'alpha', alpha, kind), checkScalar(call, 'beta', beta, kind)];
    const ap = packed(call, kind, n, AP, 1, 0);
    const from = vector(call, 'x', kind, n, x, strideX, offsetX);
    const to = outputVector(call, 'y', kind, n, y, strideY, offsetY);
    checkApart(call, 'y', to, 'AP', ap);
    checkApart(call, 'y', to, 'x', from);
    run(call, spmvKernel, [to, ap, from], [...factors, Number(lower), Number(from.backwards), Number(to.backwards)]);
    return to.array as A;
  };
  return withOrder(
    10,
    (
      order: Order,
      uplo: Uplo,
      N: number,
      alpha: number,
      AP: A,
      x: A,
      strideX: number,
      beta: number,
      y: A,
      strideY: number,
    ): A => compute(order, uplo, N, alpha, AP, x, strideX, undefined, beta, y, strideY, undefined),
    (
      order: Order,
      uplo: Uplo,
      N: number,
      alpha: number,
      AP: A,
      x: A,
      strideX: number,
      offsetX: number,
      beta: number,
      y: A,
      strideY: number,
      offsetY: number,
    ): A => compute(order, uplo, N, alpha, AP, x, strideX, offsetX, beta, y, strideY, offsetY),
  );
}

/**
 * A symmetric matrix of which one triangle is stored without gaps, N (N + 1) / 2 elements row by row (column by column in
 * column-major order), times a vector: y <- alpha A x + beta y. Returns y.
 *
 * `sspmv(order, uplo, N, alpha, AP, x, strideX, beta, y, strideY)`, with or without the order;
 * `sspmv.ndarray(order, uplo, N, alpha, AP, x, strideX, offsetX, beta, y, strideY, offsetY)`.
 *
 * @example
 * const AP = new Float32Array([1, 2, 3]); // [[1, 2], [2, 3]]
 * sspmv('row-major', 'upper', 2, 1, AP, new Float32Array([1, 1]), 1, 0, new Float32Array(2), 1); // [3, 5]
 */
export const sspmv = spmvRoutine('sspmv', single);
/** As `sspmv`, in float64. */
export const dspmv = spmvRoutine('dspmv', twice);

function sprRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  const compute = (
    order: unknown,
    uplo: unknown,
    N: unknown,
    factor: unknown,
    x: unknown,
    strideX: unknown,
    offsetX: unknown,
    AP: unknown,
    strideAP: unknown,
    offsetAP: unknown,
  ): A => {
    const lower = isColumnMajor(call, order) !== isLower(call, uplo);
    const n = checkCount(call, 'N', N);
    const alpha = checkScalar(call, 'alpha', factor, kind);
    const u = vector(call, 'x', kind, n, x, strideX, offsetX);
    return writePacked(call, kind, n, AP, strideAP, offsetAP, (ap) => {
      checkApart(call, 'AP', ap, 'x', u);
      if (alpha !== 0) run(call, sprKernel, [ap, u], [alpha, Number(lower), Number(u.backwards)]);
    });
  };
  return withOrder(
    7,
    (order: Order, uplo: Uplo, N: number, alpha: number, x: A, strideX: number, AP: A): A =>
      compute(order, uplo, N, alpha, x, strideX, undefined, AP, 1, 0),
    compute as (
      order: Order,
      uplo: Uplo,
      N: number,
      alpha: number,
      x: A,
      strideX: number,
      offsetX: number,
      AP: A,
      strideAP: number,
      offsetAP: number,
    ) => A,
  );
}

/**
 * Adds a symmetric product of a vector to a packed triangle: A <- alpha x x' + A. Returns AP.
 *
 * `sspr(order, uplo, N, alpha, x, strideX, AP)`, with or without the order;
 * `sspr.ndarray(order, uplo, N, alpha, x, strideX, offsetX, AP, strideAP, offsetAP)`.
 *
 * @example
 * sspr('row-major', 'upper', 2, 1, new Float32Array([1, 2]), 1, new Float32Array(3)); // [1, 2, 4]
 */
export const sspr = sprRoutine('sspr', single);
/** As `sspr`, in float64. */
export const dspr = sprRoutine('dspr', twice);

function spr2Routine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(
    9,
    (order: Order, uplo: Uplo, N: number, alpha: number, x: A, strideX: number, y: A, strideY: number, AP: A): A => {
      const lower = isColumnMajor(call, order) !== isLower(call, uplo);
      const n = checkCount(call, 'N', N);
      const factor = checkScalar(call, 'alpha', alpha, kind);
      const [u, v] = [vector(call, 'x', kind, n, x, strideX), vector(call, 'y', kind, n, y, strideY)];
      return writePacked(call, kind, n, AP, 1, 0, (ap) => {
        checkApart(call, 'AP', ap, 'x', u);
        checkApart(call, 'AP', ap, 'y', v);
        const params = [factor, Number(lower), Number(u.backwards), Number(v.backwards)];
        if (factor !== 0) run(call, spr2Kernel, [ap, u, v], params);
      });
    },
  );
}

/**
 * Adds a symmetric product of two vectors to a packed triangle: A <- alpha x y' + alpha y x' + A. Returns AP.
 *
 * `sspr2(order, uplo, N, alpha, x, strideX, y, strideY, AP)`, with or without the order.
 *
 * @example
 * sspr2('row-major', 'upper', 2, 1, new Float32Array([1, 2]), 1, new Float32Array([3, 4]), 1, new Float32Array(3)); // [6, 10, 16]
 */
export const sspr2 = spr2Routine('sspr2', single);
/** As `sspr2`, in float64. */
export const dspr2 = spr2Routine('dspr2', twice);

function triangularPacked<A extends FloatArray>(call: string, kind: Kind<A>, kernel: number) {
  return mainForm(
    8,
    (order: Order, uplo: Uplo, trans: Transpose, diag: Diag, N: number, AP: A, x: A, strideX: number): A => {
      const columns = isColumnMajor(call, order);
      const [lower, flip] = [isLower(call, uplo) !== columns, isTransposed(call, trans) !== columns];
      const unit = isUnit(call, diag);
      const n = checkCount(call, 'N', N);
      const ap = packed(call, kind, n, AP, 1, 0);
      const to = outputVector(call, 'x', kind, n, x, strideX);
      checkApart(call, 'x', to, 'AP', ap);
      run(call, kernel, [to, ap], [Number(lower), Number(flip), Number(unit), Number(to.backwards)]);
      return to.array as A;
    },
  );
}

/**
 * A packed triangular matrix times a vector, in place: x <- op(A) x. Returns x.
 *
 * `stpmv(order, uplo, trans, diag, N, AP, x, strideX)`, with or without the order.
 *
 * @example
 * const AP = new Float32Array([1, 2, 3]); // [[1, 2], [0, 3]]
 * stpmv('row-major', 'upper', 'no-transpose', 'non-unit', 2, AP, new Float32Array([1, 1]), 1); // [3, 3]
 */
export const stpmv = triangularPacked('stpmv', single, kernelId('blas_tpmv'));
/** As `stpmv`, in float64. */
export const dtpmv = triangularPacked('dtpmv', twice, kernelId('blas_tpmv'));
/**
 * Solves a packed triangular system in place: x <- op(A)^-1 x. Returns x. Arguments as in `stpmv`.
 *
 * @example
 * const AP = new Float32Array([1, 2, 4]); // [[1, 2], [0, 4]]
 * stpsv('row-major', 'upper', 'no-transpose', 'non-unit', 2, AP, new Float32Array([5, 8]), 1); // [1, 2]
 */
export const stpsv = triangularPacked('stpsv', single, kernelId('blas_tpsv'));
/** As `stpsv`, in float64. */
export const dtpsv = triangularPacked('dtpsv', twice, kernelId('blas_tpsv'));
