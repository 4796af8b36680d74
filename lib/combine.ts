// Functions of several tensors.
import { argumentError, describe, renamed, shapeError } from './errors.js';
import * as ops from './ops/index.js';
import { checkDim, formatShape, sameShape } from './shape.js';
import { apply, operand, Tensor } from './tensor/index.js';

function checkTensors(call: string, tensors: readonly Tensor[]): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw argumentError(call, `expected an array of tensors, got ${describe(tensors)}`);
  }
  for (const t of tensors) operand(call, t);
  return tensors;
}

/**
 * Tensors joined along a dimension; their other sizes must agree, and the widest dtype wins.
 *
 * @throws RangeError (ERR_SHAPE) where sizes differ
 * @example
 * cat([zeros(2, 3), ones(1, 3)]).shape; // [3, 3]
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  return join('cat', ops.catOp, checkTensors('cat', tensors), dim);
}

function join(call: string, op: typeof ops.catOp, tensors: readonly Tensor[], dim: number): Tensor {
  return apply(call, op, tensors, { dim, shapes: tensors.map(({ shape }) => shape) });
}

/**
 * Tensors of one shape as the slices of a new dimension.
 *
 * @throws RangeError (ERR_SHAPE) where shapes differ
 * @example
 * stack([zeros(3), ones(3)]).shape; // [2, 3]
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const call = 'stack';
  const all = checkTensors(call, tensors);
  const { shape } = all[0]!;
  for (const other of all) {
    if (!sameShape(other.shape, shape)) {
      throw shapeError(call, `shapes ${formatShape(shape)} and ${formatShape(other.shape)} differ`);
    }
  }
  const d = checkDim(call, dim, shape.length + 1);
  return join(
    call,
    ops.stackOp,
    all.map((t) => t.unsqueeze(d)),
    d,
  );
}

/**
 * The matrix product of two tensors, as torch.matmul.
 *
 * @throws RangeError (ERR_SHAPE) where inner sizes differ
 * @example
 * matmul(randn(2, 3), randn(3)).shape; // [2]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  operand('matmul', a);
  return a.matmul(b);
}

/**
 * The products of all pairs of elements of two vectors: [n] and [m] give [n, m].
 *
 * @throws RangeError (ERR_SHAPE) for tensors that are no vectors
 * @example
 * outer(tensor([1, 2]), tensor([3, 4])); // [[3, 4], [6, 8]]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  for (const t of [a, b]) {
    const { shape } = operand('outer', t);
    if (shape.length !== 1) throw shapeError('outer', `expected vectors, got shape ${formatShape(shape)}`);
  }
  try {
    return a.unsqueeze(1).mul(b);
  } catch (error) {
    throw renamed('outer', error);
  }
}

/**
 * The product of a chain of matrices, in the order that takes the fewest multiplications (by dynamic programming; Cormen et
 * al., Introduction to Algorithms, section "Matrix-chain multiplication"). The first and the last may be vectors.
 *
 * @throws RangeError (ERR_SHAPE) where inner sizes differ
 * @example
 * multiDot([randn(10, 1000), randn(1000, 5), randn(5, 500)]).shape; // [10, 500], through [10, 5]
 */
export function multiDot(matrices: readonly Tensor[]): Tensor {
  const call = 'multiDot';
  const chain = [...checkTensors(call, matrices)];
  if (chain.length < 2) throw argumentError(call, `expected two matrices or more, got ${chain.length}`);
  for (const [i, { shape }] of chain.entries()) {
    const mayBeVector = i === 0 || i === chain.length - 1;
    if (shape.length !== 2 && !(shape.length === 1 && mayBeVector)) {
      throw shapeError(call, `expected matrices, got shape ${formatShape(shape)} at ${i}`);
    }
  }
  const [row, column] = [chain[0]!.dim() === 1, chain.at(-1)!.dim() === 1];
  if (row) chain[0] = chain[0]!.unsqueeze(0);
  if (column) chain[chain.length - 1] = chain.at(-1)!.unsqueeze(1);
  for (let i = 1; i < chain.length; i++) ops.checkInner(call, chain[i - 1]!.elements, chain[i]!.elements);
  const sizes = [chain[0]!.size(0), ...chain.map((t) => t.size(1))];
  const product = inOrder(chain, splits(sizes), 0, chain.length - 1);
  return product.reshape([...(row ? [] : [sizes[0]!]), ...(column ? [] : [sizes.at(-1)!])]);
}

/** splits[i][j]: after which matrix the product of matrices i to j is cheapest to split. */
function splits(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const table = () => Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const [cost, split] = [table(), table()];
  for (let length = 2; length <= count; length++) {
    for (let i = 0; i + length <= count; i++) {
      const j = i + length - 1;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (total < cost[i]![j]!) {
          cost[i]![j] = total;
          split[i]![j] = k;
        }
      }
    }
  }
  return split;
}

function inOrder(chain: readonly Tensor[], split: readonly number[][], i: number, j: number): Tensor {
  if (i === j) return chain[i]!;
  const k = split[i]![j]!;
  return inOrder(chain, split, i, k).mm(inOrder(chain, split, k + 1, j));
}

/**
 * Elements of `a` where the condition holds, else of `b`; all three broadcast, and numbers stand for scalars.
 *
 * @param condition a tensor of dtype bool
 * @throws TypeError (ERR_DTYPE) for another condition; RangeError (ERR_SHAPE) where shapes do not broadcast
 * @example
 * const x = randn(5);
 * where(x.gt(0), x, 0);
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const call = 'where';
  operand(call, condition);
  const other = a instanceof Tensor ? a : b;
  const like = other instanceof Tensor ? other : undefined;
  return apply(call, ops.whereOp, [condition, besides(call, a, like), besides(call, b, like)], undefined);
}

/** A tensor, or a number as a scalar beside another tensor. */
function besides(call: string, value: Tensor | number, like: Tensor | undefined): Tensor {
  if (value instanceof Tensor) return value;
  return new Tensor(ops.numberBeside(call, value, like?.elements));
}
