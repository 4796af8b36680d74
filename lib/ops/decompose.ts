// Decompositions of matrices, QR and singular values, with their gradients. Dimensions before the last two are batches.
import { dtypeError, rangeError, shapeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { formatShape, numElements, type Shape } from '../shape.js';
import { allocateView, narrowView, outputView, restride, selectView, type TensorView } from '../view.js';
import { add, choose, greaterEqual, mul, sub } from './arithmetic.js';
import { gemmInto, transposed } from './matrix.js';
import { from, type Gradient, type Op } from './op.js';
import { contiguous, contiguousCopy, copy } from './storage.js';
import { reshaped } from './views.js';

const kernels = {
  qr: kernelId('qr'),
  svdvals: kernelId('svdvals'),
  svd: kernelId('svd'),
  solveUpper: kernelId('solve_upper'),
};

/** Sizes of matrices [...batch, m, n]; k is the smaller of m and n. */
interface Sizes {
  readonly batch: Shape;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Refuses what is no matrix or batch of them, and dtypes that LAPACK has not. */
function checkMatrices(call: string, { shape, dtype }: TensorView): Sizes {
  if (shape.length < 2) {
    throw shapeError(call, `expected a matrix or a batch of them, got shape ${formatShape(shape)}`);
  }
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw dtypeError(call, `expected float32 or float64, got ${dtype}; convert with to()`);
  }
  const [m, n] = shape.slice(-2) as [number, number];
  return { batch: shape.slice(0, -2), m, n, k: Math.min(m, n) };
}

/** Calls `fn` with what each place of the batch has in each of the views. Those that are written to are contiguous. */
function forEachMatrix(
  call: string,
  batch: Shape,
  views: readonly TensorView[],
  fn: (...parts: TensorView[]) => void,
): void {
  const count = numElements(batch);
  const lists = views.map((view) => reshaped(call, view, [count, ...view.shape.slice(batch.length)]));
  for (let i = 0; i < count; i++) fn(...lists.map((list) => selectView(call, list, 0, i)));
}

const columns = (call: string, matrix: TensorView, start: number, end: number) =>
  narrowView(call, matrix, 1, start, end - start);

/**
 * The reduced QR decomposition of a matrix with no more columns than rows (Householder; LAPACK's geqrf and orgqr):
 * q [m, n] has orthonormal columns, r [n, n] is upper triangular.
 */
export function qr(call: string, matrix: TensorView): { q: TensorView; r: TensorView } {
  const [m, n] = matrix.shape as [number, number];
  if (m < n)
    throw rangeError(call, `expected at least as many rows as columns, got shape ${formatShape(matrix.shape)}`);
  // LAPACK works in place on columns.
  const q = restride(outputView(call, [n, m], matrix.dtype), [m, n], [1, Math.max(m, 1)]);
  const r = allocateView(call, [n, n], matrix.dtype);
  copy(call, matrix, q);
  run(call, kernels.qr, [q, r]);
  return { q, r };
}

/** The reduced QR decompositions of matrices [..., m, n]: q [..., m, k] and r [..., k, n], both contiguous. */
export function qrFactors(call: string, matrices: TensorView): { q: TensorView; r: TensorView } {
  const { batch, m, n, k } = checkMatrices(call, matrices);
  const q = outputView(call, [...batch, m, k], matrices.dtype);
  const r = outputView(call, [...batch, k, n], matrices.dtype);
  forEachMatrix(call, batch, [matrices, q, r], (matrix, toQ, toR) => {
    const factors = qr(call, columns(call, matrix!, 0, k));
    copy(call, factors.q, toQ!);
    copy(call, factors.r, columns(call, toR!, 0, k));
    // The first m columns of a wide matrix decide on Q.
    if (n > k) gemmInto(call, transposed(factors.q), columns(call, matrix!, k, n), columns(call, toR!, k, n), 0);
  });
  return { q, r };
}

/** The singular values of matrices [..., m, n], [..., k], from the largest to the smallest (LAPACK's gesdd). */
export function singularValues(call: string, matrices: TensorView): TensorView {
  const { batch, k } = checkMatrices(call, matrices);
  const s = outputView(call, [...batch, k], matrices.dtype);
  // The kernel overwrites the matrix.
  forEachMatrix(call, batch, [s, contiguousCopy(call, matrices)], (...views) => run(call, kernels.svdvals, views));
  return s;
}

/** The reduced singular value decompositions of matrices [..., m, n]: u [..., m, k], s [..., k] and vt [..., k, n]. */
export function svd(call: string, matrices: TensorView): { u: TensorView; s: TensorView; vt: TensorView } {
  const { batch, m, n, k } = checkMatrices(call, matrices);
  const u = outputView(call, [...batch, m, k], matrices.dtype);
  const s = outputView(call, [...batch, k], matrices.dtype);
  const vt = outputView(call, [...batch, k, n], matrices.dtype);
  const overwritten = contiguousCopy(call, matrices);
  forEachMatrix(call, batch, [s, overwritten, u, vt], (...views) => run(call, kernels.svd, views));
  return { u, s, vt };
}

const call = 'backward';

/** Where a matrix [k, k] is on its diagonal or above, as booleans. */
function upperPart(k: number): TensorView {
  const indices = allocateView(call, [k], 'float64');
  for (let i = 0; i < k; i++) indices.array[i] = i;
  return greaterEqual(restride(indices, [1, k], [k, 1]), restride(indices, [k, 1], [1, 1]));
}

/**
 * The gradient of the matrices from that of one factor; the other's is 0. With W = gR R' - Q' gQ, which is square:
 *
 * tall matrices: (gQ + Q sym(W)) R^-T, where sym takes the part above the diagonal for the one below it (Walter, Lehmann and
 * Lamour 2012, "On evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank");
 * wide ones, whose Q depends on the first columns alone, R = [R1, R2]: Q gR + [Q low(W' - W) R1^-T, 0], where low takes
 * what is below the diagonal (Roberts and Roberts 2020, "QR and LQ decomposition matrix backpropagation algorithms for square,
 * wide, and deep matrices").
 */
function qrGradient(factor: 'q' | 'r', grad: TensorView, q: TensorView, r: TensorView): TensorView {
  const batch = q.shape.slice(0, -2);
  const [m, k] = q.shape.slice(-2) as [number, number];
  const n = r.shape.at(-1)!;
  const { dtype } = q;
  const out = allocateView(call, [...batch, m, n], dtype);
  const upper = upperPart(k);
  const zero = allocateView(call, [], dtype);
  forEachMatrix(call, batch, [out, grad, q, r], (to, g, q, r) => {
    const w = outputView(call, [k, k], dtype);
    if (factor === 'q') gemmInto(call, transposed(q!), g!, w, 0, -1);
    else gemmInto(call, g!, transposed(r!), w, 0);
    const isTall = m >= n;
    const inner = isTall ? choose(call, upper, w, transposed(w)) : choose(call, upper, zero, sub(transposed(w), w));
    const first = isTall ? to! : outputView(call, [m, k], dtype);
    const plusGrad = isTall && factor === 'q';
    if (plusGrad) copy(call, g!, first);
    gemmInto(call, q!, inner, first, plusGrad ? 1 : 0);
    run(call, kernels.solveUpper, [transposed(first), contiguous(call, columns(call, r!, 0, k))]);
    if (isTall) return;
    if (factor === 'r') gemmInto(call, q!, g!, to!, 0);
    const place = columns(call, to!, 0, k);
    copy(call, add(place, first), place);
  });
  return out;
}

/** U diag(g) V': a singular value changes with the matrix as u' dA v. */
function svdvalsGradient(grad: TensorView, u: TensorView, vt: TensorView): TensorView {
  const batch = grad.shape.slice(0, -1);
  const out = outputView(call, [...batch, u.shape.at(-2)!, vt.shape.at(-1)!], u.dtype);
  forEachMatrix(call, batch, [out, grad, u, vt], (to, g, u, vt) => gemmInto(call, mul(u!, g!), vt!, to!, 0));
  return out;
}

/**
 * A factor that was computed before it is recorded, together with others: they come after the matrices as inputs, so that
 * changes of them in place are noticed.
 */
function factor(node: string, gradient: Gradient<TensorView>): Op<TensorView> {
  return { node, forward: (_, __, result) => result, gradients: [gradient] };
}

/** Factors of matrices, as operations on the matrices and the other factors that their gradients use. */
export const decompositionOps = {
  /** Q, from the matrices and R. */
  q: factor(
    'LinalgQrBackward0',
    from(['output', 1], (g, [q, r]) => qrGradient('q', g, q!, r!)),
  ),
  /** R, from the matrices and Q. */
  r: factor(
    'LinalgQrBackward0',
    from([1, 'output'], (g, [q, r]) => qrGradient('r', g, q!, r!)),
  ),
  /** The singular values, from the matrices, U and V'. */
  svdvals: factor(
    'LinalgSvdBackward0',
    from([1, 2], (g, [u, vt]) => svdvalsGradient(g, u!, vt!)),
  ),
};
