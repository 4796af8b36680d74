// Methods that multiply matrices.
import { checkNumber, checkOptions } from '../arguments.js';
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { broadcastShapes, formatShape, numElements, type Shape } from '../shape.js';
import { install } from './install.js';
import { apply, checkTensor, type Tensor } from './tensor.js';

interface ProductMethods {
  /**
   * The matrix product as torch.matmul: vectors are rows or columns as fits, and dimensions before the last two are
   * batches, which broadcast.
   */
  matmul(other: Tensor): Tensor;
  /** The product of two matrices. */
  mm(other: Tensor): Tensor;
  /** The product of a matrix and a vector. */
  mv(vector: Tensor): Tensor;
  /** The products of two equally long lists of matrices: [b, m, k] times [b, k, n]. */
  bmm(other: Tensor): Tensor;
  /** The scalar product of two vectors. */
  dot(other: Tensor): Tensor;
  /**
   * beta this + alpha a b, where this tensor broadcasts to the product of the matrices a and b; both factors are 1 by default.
   * With beta 0 this tensor's elements are not looked at, NaN included.
   */
  addmm(a: Tensor, b: Tensor, options?: { beta?: number; alpha?: number }): Tensor;
}

declare module './tensor.js' {
  interface Tensor extends ProductMethods {}
}

const { mm, mv, dot, bmm } = ops.productOps;

function matmul(call: string, a: Tensor, b: Tensor): Tensor {
  const [left, right] = [a.dim(), b.dim()];
  if (left === 2 && right === 2) return apply(call, mm, [a, b], undefined);
  if (left === 2 && right === 1) return apply(call, mv, [a, b], undefined);
  if (left === 1 && right === 1) return apply(call, dot, [a, b], undefined);
  if (left === 0 || right === 0) {
    throw shapeError(
      call,
      `expected operands of 1 or more dimensions, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  ops.checkInner(call, a.elements, b.elements);
  // In one product of matrices where torch does so: with its nodes, whose names people see.
  if (left === 1 && right === 2)
    return apply(call, ops.squeezedOp, [apply(call, mm, [a.unsqueeze(0), b], undefined)], { dim: 0 });
  if (left > 2 && right <= 2) return folded(call, a, b);
  if (left <= 2 && a.requiresGrad) {
    const product = folded(call, b.transpose(-2, -1), left === 2 ? a.t() : a);
    return left === 2 ? product.transpose(-2, -1).contiguous() : product;
  }
  if (left === 1) return matmul(call, a.unsqueeze(0), b).squeeze(-2);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.size(-1);
  const batch = broadcastShapes(call, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const count = numElements(batch);
  const all = (x: Tensor, rows: number, columns: number) =>
    x.expand([...batch, rows, columns]).reshape(count, rows, columns);
  return reshaped(call, apply(call, bmm, [all(a, m, k), all(b, k, n)], undefined), [...batch, m, n]);
}

const reshaped = (call: string, x: Tensor, shape: Shape) => apply(call, ops.reshapeCopyOp, [x], { shape });

/** Batches of matrices times one matrix or vector, as one product. */
function folded(call: string, batches: Tensor, b: Tensor): Tensor {
  const lead = batches.shape.slice(0, -1);
  const rows = batches.reshape(numElements(lead), batches.size(-1));
  if (b.dim() === 1) return reshaped(call, apply(call, mv, [rows, b], undefined), lead);
  return reshaped(call, apply(call, mm, [rows, b], undefined), [...lead, b.size(-1)]);
}

function product(call: keyof typeof ops.productOps, a: Tensor, b: unknown, dims: number, otherDims: number): Tensor {
  const right = checkTensor(call, b);
  if (a.dim() !== dims || right.dim() !== otherDims) {
    throw shapeError(
      call,
      `expected ${dims} and ${otherDims} dimensions, got shapes ${formatShape(a.shape)} and ${formatShape(right.shape)}`,
    );
  }
  return apply(call, ops.productOps[call], [a, right], undefined);
}

install({
  matmul(other) {
    return matmul('matmul', this, checkTensor('matmul', other));
  },
  mm(other) {
    return product('mm', this, other, 2, 2);
  },
  mv(vector) {
    return product('mv', this, vector, 2, 1);
  },
  bmm(other) {
    return product('bmm', this, other, 3, 3);
  },
  dot(other) {
    return product('dot', this, other, 1, 1);
  },
  addmm(a, b, options) {
    const call = 'addmm';
    const { beta = 1, alpha = 1 } = checkOptions(call, options);
    for (const factor of [checkTensor(call, a), checkTensor(call, b)]) {
      if (factor.dim() !== 2) {
        throw shapeError(call, `expected matrices, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`);
      }
    }
    const factors = { beta: checkNumber(call, 'beta', beta), alpha: checkNumber(call, 'alpha', alpha) };
    return apply(call, ops.addmmOp, [this, a, b], factors);
  },
} satisfies ProductMethods & ThisType<Tensor>);
