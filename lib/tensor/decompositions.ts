// Methods that take matrices apart.
import { isGradEnabled } from '../autograd.js';
import * as ops from '../ops/index.js';
import { install } from './install.js';
import { apply, Tensor } from './tensor.js';

interface DecompositionMethods {
  /**
   * The reduced QR decomposition, as torch.linalg.qr: this matrix [..., m, n] is q [..., m, k] times r [..., k, n], with
   * k = min(m, n), the columns of q orthonormal and r upper triangular. The diagonal of r may have any signs. Dimensions
   * before the last two are batches.
   *
   * The gradient is infinite or NaN where the first k columns are linearly dependent.
   *
   * @throws RangeError (ERR_SHAPE) for fewer than two dimensions; TypeError (ERR_DTYPE) for dtypes other than float32 and
   * float64
   * @example
   * const a = randn(4, 2);
   * const { q, r } = a.qr();
   * console.log(q.shape, r.shape, q.matmul(r).allclose(a, { atol: 1e-5 })); // [ 4, 2 ] [ 2, 2 ] true
   */
  qr(): { q: Tensor; r: Tensor };
  /**
   * The singular values of a matrix [..., m, n], as torch.linalg.svdvals: [..., min(m, n)], from the largest to the smallest.
   * Dimensions before the last two are batches.
   *
   * @throws RangeError (ERR_SHAPE) for fewer than two dimensions, (ERR_RANGE) for elements that are not finite; TypeError
   * (ERR_DTYPE) for dtypes other than float32 and float64
   * @example
   * console.log(tensor([[3, 0], [0, -4]]).svdvals()); // tensor([4., 3.])
   */
  svdvals(): Tensor;
}

declare module './tensor.js' {
  interface Tensor extends DecompositionMethods {}
}

const { q: qOp, r: rOp, svdvals: svdvalsOp } = ops.decompositionOps;

install({
  qr() {
    const call = 'qr';
    const { q, r } = ops.qrFactors(call, this.elements);
    return {
      q: apply(call, qOp, [this, new Tensor(r)], q),
      r: apply(call, rOp, [this, new Tensor(q)], r),
    };
  },
  svdvals() {
    const call = 'svdvals';
    // The vectors take several times as long as the values.
    if (!this.requiresGrad || !isGradEnabled()) return new Tensor(ops.singularValues(call, this.elements));
    const { u, s, vt } = ops.svd(call, this.elements);
    return apply(call, svdvalsOp, [this, new Tensor(u), new Tensor(vt)], s);
  },
} satisfies DecompositionMethods & ThisType<Tensor>);
