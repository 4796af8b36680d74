// Products of two matrices, and of batches of them.
import { checkUnclaimed, claims } from '../claims.js';
import type { FloatArray } from '../dtype.js';
import { argumentError } from '../errors.js';
import { addMatrix, addParameter, beginPlan, isFastLaneOpen, kernelId, run, runPlan } from '../run.js';
import type { View } from '../view.js';
import { isColumnMajor, isTransposed, type Order, type Transpose } from './choices.js';
import { isStored, mainForm, transposition, withOrder } from './main_form.js';
import { type Layout, leading, type MatrixView, matrix, transposed, writeMatrix } from './matrix.js';
import { checkApart, checkCount, checkReach, checkScalar, type Kind, single, twice } from './operand.js';

const gemmKernel = kernelId('gemm');
const batchedKernel = kernelId('blas_gemm_batched');

/** A checked product: op(A) and op(B), and the factors. */
export interface Product {
  readonly a: MatrixView;
  readonly b: MatrixView;
  readonly alpha: number;
  readonly beta: number;
}

/** c <- alpha a b + beta c, as recorded or made at once. */
export function multiply(call: string, c: MatrixView, { a, b, alpha, beta }: Product): void {
  // The product is stored by rows: the transpose of a b is b' a'.
  const views = c.byColumns ? [transposed(c), transposed(b), transposed(a)] : [c, a, b];
  run(call, gemmKernel, views, [alpha, beta]);
}

/** Checks the operands of a product [m, n] over k. */
export function product(
  call: string,
  kind: Kind,
  transA: unknown,
  transB: unknown,
  m: number,
  n: number,
  k: number,
  alpha: unknown,
  A: unknown,
  layoutA: (rows: number, columns: number) => Layout,
  B: unknown,
  layoutB: (rows: number, columns: number) => Layout,
  beta: unknown,
): Product {
  const [flipA, flipB] = [isTransposed(call, transA, 'transA'), isTransposed(call, transB, 'transB')];
  const [rowsA, columnsA] = flipA ? [k, m] : [m, k];
  const [rowsB, columnsB] = flipB ? [n, k] : [k, n];
  const a = matrix(call, 'A', kind, rowsA, columnsA, A, layoutA(rowsA, columnsA));
  const b = matrix(call, 'B', kind, rowsB, columnsB, B, layoutB(rowsB, columnsB));
  return {
    a: flipA ? transposed(a) : a,
    b: flipB ? transposed(b) : b,
    alpha: checkScalar(call, 'alpha', alpha, kind),
    beta: checkScalar(call, 'beta', beta, kind),
  };
}

/** Writes to C, once it is checked too. */
function multiplyInto<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  m: number,
  n: number,
  operands: Product,
  C: unknown,
  layout: Layout,
): A {
  return writeMatrix(call, 'C', kind, m, n, C, layout, (c, where) => {
    if (where) checkApart(call, 'C', where, 'A', operands.a);
    if (where) checkApart(call, 'C', where, 'B', operands.b);
    if (m > 0 && n > 0) multiply(call, c, operands);
  });
}

/** The arguments of gemm, but for the order. */
export type GemmArguments<A> = [
  transA: Transpose,
  transB: Transpose,
  M: number,
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
];

/** Checks the arguments of gemm. */
export function gemmArguments<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  order: unknown,
  [transA, transB, M, N, K, alpha, A, LDA, B, LDB, beta, , LDC]: GemmArguments<A>,
) {
  const columnMajor = isColumnMajor(call, order);
  const [m, n, k] = [checkCount(call, 'M', M), checkCount(call, 'N', N), checkCount(call, 'K', K)];
  const at = (name: string, ld: unknown) => (rows: number, columns: number) =>
    leading(call, name, columnMajor, rows, columns, ld);
  const operands = product(call, kind, transA, transB, m, n, k, alpha, A, at('A', LDA), B, at('B', LDB), beta);
  return { m, n, operands, layout: at('C', LDC)(m, n) };
}

function gemmRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  /** Makes the call if all is as it mostly is: rows first, arrays that are long enough and apart. */
  const multiplied = (
    transA: unknown,
    transB: unknown,
    m: number,
    n: number,
    k: number,
    alpha: unknown,
    A: A,
    lda: number,
    B: A,
    ldb: number,
    beta: unknown,
    C: A,
    ldc: number,
  ): boolean => {
    const flipA = transposition(transA);
    const flipB = transposition(transB);
    if (flipA === undefined || flipB === undefined || typeof alpha !== 'number' || typeof beta !== 'number')
      return false;
    if (!isStored(kind, m, n, C, ldc) || !isFastLaneOpen()) return false;
    if (!(flipA ? isStored(kind, k, m, A, lda) : isStored(kind, m, k, A, lda))) return false;
    if (!(flipB ? isStored(kind, n, k, B, ldb) : isStored(kind, k, n, B, ldb))) return false;
    const { buffer } = C;
    if (buffer === A.buffer || buffer === B.buffer) return false;
    let at = addMatrix(beginPlan(gemmKernel), kind.code, m, n, ldc, 1);
    at = flipA ? addMatrix(at, kind.code, m, k, 1, lda) : addMatrix(at, kind.code, m, k, lda, 1);
    at = flipB ? addMatrix(at, kind.code, k, n, 1, ldb) : addMatrix(at, kind.code, k, n, ldb, 1);
    runPlan(call, addParameter(addParameter(at, kind.round(alpha)), kind.round(beta)), C, A, B);
    return true;
  };
  const routine = withOrder(
    14,
    (order: Order, ...args: GemmArguments<A>): A => {
      const { m, n, operands, layout } = gemmArguments(call, kind, order, args);
      return multiplyInto(call, kind, m, n, operands, args[11], layout);
    },
    (
      transA: Transpose,
      transB: Transpose,
      M: number,
      N: number,
      K: number,
      alpha: number,
      A: A,
      strideA1: number,
      strideA2: number,
      offsetA: number,
      B: A,
      strideB1: number,
      strideB2: number,
      offsetB: number,
      beta: number,
      C: A,
      strideC1: number,
      strideC2: number,
      offsetC: number,
    ): A => {
      const [m, n, k] = [checkCount(call, 'M', M), checkCount(call, 'N', N), checkCount(call, 'K', K)];
      const [layoutA, layoutB, layout] = [
        { down: strideA1, along: strideA2, offset: offsetA },
        { down: strideB1, along: strideB2, offset: offsetB },
        { down: strideC1, along: strideC2, offset: offsetC },
      ];
      const operands = product(
        call,
        kind,
        transA,
        transB,
        m,
        n,
        k,
        alpha,
        A,
        () => layoutA,
        B,
        () => layoutB,
        beta,
      );
      return multiplyInto(call, kind, m, n, operands, C, layout);
    },
  );
  // Arguments by name: collecting and spreading them takes as long as a small product.
  const called = routine as (...args: unknown[]) => A;
  const main = function (
    this: void,
    a0: unknown,
    a1: unknown,
    a2: unknown,
    a3: unknown,
    a4: unknown,
    a5: unknown,
    a6: unknown,
    a7: unknown,
    a8: unknown,
    a9: unknown,
    a10: unknown,
    a11: unknown,
    a12: unknown,
    a13: unknown,
  ): A {
    const fast = multiplied as (...args: unknown[]) => boolean;
    if (a0 === 'row-major' || a0 === 101) {
      if (fast(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13)) return a12 as A;
    } else if (a13 === undefined && fast(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12)) return a11 as A;
    // biome-ignore lint/complexity/noArguments: how many there are says whether there is an order
    return called(...arguments);
  };
  return Object.assign(main, { ndarray: routine.ndarray }) as unknown as typeof routine;
}

/**
 * A product of matrices: C <- alpha op(A) op(B) + beta C, with op(A) M by K, op(B) K by N and C M by N. Returns C. With beta = 0, C is
 * not read: it may hold NaN.
 *
 * `sgemm(order, transA, transB, M, N, K, alpha, A, LDA, B, LDB, beta, C, LDC)`, with or without the order;
 * `sgemm.ndarray(transA, transB, M, N, K, alpha, A, strideA1, strideA2, offsetA, B, strideB1, strideB2, offsetB, beta, C, strideC1,
 * strideC2, offsetC)`.
 *
 * @throws RangeError (ERR_RANGE), TypeError (ERR_ARGUMENT, ERR_DTYPE, ERR_DETACHED) as in `sgemv`
 * @example
 * const [A, B] = [new Float32Array([1, 2, 3, 4]), new Float32Array([1, 0, 0, 2])];
 * sgemm('row-major', 'no-transpose', 'no-transpose', 2, 2, 2, 1, A, 2, B, 2, 0, new Float32Array(4), 2); // [1, 4, 3, 8]
 */
export const sgemm = gemmRoutine('sgemm', single);
/** As `sgemm`, in float64. */
export const dgemm = gemmRoutine('dgemm', twice);

/** The arguments of gemmBatched, but for the order. */
export type BatchedArguments<A> = [
  transA: Transpose,
  transB: Transpose,
  M: number,
  N: number,
  K: number,
  alpha: number,
  A: A,
  LDA: number,
  strideA: number,
  B: A,
  LDB: number,
  strideB: number,
  beta: number,
  C: A,
  LDC: number,
  strideC: number,
  count: number,
];

/** A batch of matrices, given the first: `stride` elements lie between one and the next. */
function batch(call: string, name: string, view: MatrixView, count: number, given: unknown): MatrixView {
  const stride = checkCount(call, `the batch stride of ${name}`, given);
  const [rows, columns] = view.shape as [number, number];
  const [down, along] = view.strides as [number, number];
  if (rows > 0 && columns > 0 && count > 0) {
    const last = view.offset + (count - 1) * stride + (rows - 1) * down + (columns - 1) * along;
    checkReach(call, name, view.array, view.offset, last);
  }
  return { ...view, shape: [count, rows, columns], strides: [stride, down, along] };
}

/** Throws where matrices of a batch that is written to share elements: they lie one after the other, or side by side. */
function checkBatch(call: string, { shape, strides, byColumns }: MatrixView): void {
  const [count, m, n] = shape as [number, number, number];
  const [stride, down, along] = strides as [number, number, number];
  if (count <= 1 || m === 0 || n === 0) return;
  const [length, ld] = byColumns ? [m, along] : [n, down];
  const after = stride > (m - 1) * down + (n - 1) * along;
  const beside = stride >= length && (count - 1) * stride + length <= ld;
  if (!after && !beside) throw argumentError(call, `with a batch stride of ${stride} matrices of C share memory`);
}

/** From the first element of a batch to its last. */
const hull = (view: MatrixView): View => {
  const span = view.shape.reduce((at, size, d) => at + (size - 1) * view.strides[d]!, 1);
  return {
    array: view.array,
    dtype: view.dtype,
    shape: [view.shape.includes(0) ? 0 : span],
    strides: [1],
    offset: view.offset,
  };
};

/** Checks the arguments of gemmBatched. */
export function batchedArguments<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  order: unknown,
  [transA, transB, M, N, K, alpha, A, LDA, strideA, B, LDB, strideB, beta, C, LDC, strideC, items]: BatchedArguments<A>,
): { c: MatrixView; operands: Product } {
  const count = checkCount(call, 'count', items);
  const args: GemmArguments<A> = [transA, transB, M, N, K, alpha, A, LDA, B, LDB, beta, C, LDC];
  const { m, n, operands, layout } = gemmArguments(call, kind, order, args);
  const c = batch(call, 'C', matrix(call, 'C', kind, m, n, C, layout), count, strideC);
  const a = batch(call, 'A', operands.a, count, strideA);
  const b = batch(call, 'B', operands.b, count, strideB);
  checkBatch(call, c);
  if (claims.size > 0) checkUnclaimed(call, hull(c));
  checkApart(call, 'C', hull(c), 'A', hull(a));
  checkApart(call, 'C', hull(c), 'B', hull(b));
  return { c, operands: { ...operands, a, b } };
}

/** c <- alpha a b + beta c, each a batch. */
export function multiplyBatch(call: string, c: MatrixView, { a, b, alpha, beta }: Product): void {
  const flip = (view: MatrixView): MatrixView => ({
    ...view,
    shape: [view.shape[0]!, view.shape[2]!, view.shape[1]!],
    strides: [view.strides[0]!, view.strides[2]!, view.strides[1]!],
  });
  run(call, batchedKernel, c.byColumns ? [flip(c), flip(b), flip(a)] : [c, a, b], [alpha, beta]);
}

function batchedRoutine<A extends FloatArray>(call: string, kind: Kind<A>) {
  return mainForm(18, (order: Order, ...args: BatchedArguments<A>): A => {
    const { c, operands } = batchedArguments(call, kind, order, args);
    if (!c.shape.includes(0)) multiplyBatch(call, c, operands);
    return c.array as A;
  });
}

/**
 * Products of `count` pairs of matrices: C_i <- alpha op(A_i) op(B_i) + beta C_i. A_i begins at index i strideA of A, and so on; with a
 * stride of 0 all products use one matrix. Returns C.
 *
 * `sgemmBatched(order, transA, transB, M, N, K, alpha, A, LDA, strideA, B, LDB, strideB, beta, C, LDC, strideC, count)`, with or
 * without the order.
 *
 * @throws TypeError (ERR_ARGUMENT) where matrices of C share elements, or the part of an array from the first to the last of C
 * has A or B in it
 * @example
 * const [A, B] = [new Float32Array([1, 2, 3, 4]), new Float32Array([1, 1])];
 * // Two products of 1 x 2 with 2 x 1, all with the same B.
 * sgemmBatched('row-major', 'no-transpose', 'no-transpose', 1, 1, 2, 1, A, 2, 2, B, 1, 0, 0, new Float32Array(2), 1, 1, 2); // [3, 7]
 */
export const sgemmBatched = batchedRoutine('sgemmBatched', single);
/** As `sgemmBatched`, in float64. */
export const dgemmBatched = batchedRoutine('dgemmBatched', twice);
