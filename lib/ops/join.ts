// Tensors joined along a dimension.
import { promote } from '../dtype.js';
import { shapeError } from '../errors.js';
import { checkDim, checkShape, formatShape, type Shape, sameShape } from '../shape.js';
import { allocateView, narrowView, outputView, type TensorView } from '../view.js';
import type { Gradient, Op } from './op.js';
import { copy } from './storage.js';

/** As torch: an empty vector joins with anything, and takes no part. */
const takesPart = (shape: Shape) => !sameShape(shape, [0]);

/** Where each input's slices start in the output. */
function starts(dim: number, shapes: readonly Shape[]): number[] {
  let next = 0;
  return shapes.map((shape) => {
    const start = next;
    if (takesPart(shape)) next += shape[dim]!;
    return start;
  });
}

/** What the gradient needs to know of all inputs. */
export interface Joined {
  readonly dim: number;
  readonly shapes: readonly Shape[];
}

/** Joined along an existing dimension; the widest dtype wins. */
export const catOp: Op<Joined> = {
  node: 'CatBackward0',
  forward: (call, inputs, { dim, shapes }) => {
    if (shapes.some((shape) => shape.length === 0)) throw shapeError(call, 'scalars cannot be joined; use stack()');
    const shape = shapes.find(takesPart) ?? shapes[0]!;
    const dtype = inputs.map((view) => view.dtype).reduce((a, b) => promote(a, 1, b, 1));
    const d = checkDim(call, dim, shape.length);
    let total = 0;
    for (const other of shapes) {
      if (!takesPart(other)) continue;
      if (other.length !== shape.length || !sameShape(other.with(d, 0), shape.with(d, 0))) {
        throw shapeError(call, `shapes ${formatShape(shape)} and ${formatShape(other)} differ beside dimension ${d}`);
      }
      total += other[d]!;
    }
    const out = outputView(call, checkShape(call, shape.with(d, total)), dtype);
    const from = starts(d, shapes);
    for (const [i, view] of inputs.entries()) {
      if (takesPart(view.shape)) copy(call, view, narrowView(call, out, d, from[i]!, view.shape[d]!));
    }
    return out;
  },
  gradients: partOf,
};

/** The same for slices of a new dimension, in which each has size 1. */
export const stackOp: Op<Joined> = { ...catOp, node: 'StackBackward0' };

function partOf(input: number): Gradient<Joined> {
  return {
    uses: [],
    formula: (grad, _, { dim, shapes }, { shape }): TensorView => {
      if (!takesPart(shape)) return allocateView('backward', shape, grad.dtype);
      const d = dim < 0 ? dim + shape.length : dim;
      return narrowView('backward', grad, d, starts(d, shapes)[input]!, shape[d]!);
    },
  };
}
