// Methods that multiply matrices.
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { broadcastShapes, formatShape, numElements } from '../shape.js';
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
  if (left === 1) return matmul(call, a.unsqueeze(0), b).squeeze(-2);
  if (right === 1) return matmul(call, a, b.unsqueeze(1)).squeeze(-1);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.size(-1);
  if (right === 2) {
    const rows = a.reshape(numElements(a.shape.slice(0, -1)), k);
    return apply(call, mm, [rows, b], undefined).view([...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes(call, a.shape.slice(0, -2), b.shape.slice(0, -2));
  const count = numElements(batch);
  const all = (x: Tensor, rows: number, columns: number) =>
    x.expand([...batch, rows, columns]).reshape(count, rows, columns);
  return apply(call, bmm, [all(a, m, k), all(b, k, n)], undefined).view([...batch, m, n]);
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
} satisfies ProductMethods & ThisType<Tensor>);
