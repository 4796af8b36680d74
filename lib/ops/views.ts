// Views as operations: the same elements under another shape, and where their gradients go.
import { describe, shapeError } from '../errors.js';
import { contiguousStrides, formatShape, type Shape } from '../shape.js';
import {
  allocateView,
  expandView,
  narrowView,
  permuteView,
  pickDims,
  reshapeView,
  restride,
  selectView,
  sliceView,
  squeezeView,
  type TensorView,
  transposeView,
  unsqueezeView,
} from '../view.js';
import { linear, type Op } from './op.js';
import { contiguous, copy } from './storage.js';

/** A view whose gradient is a view of the output's gradient. */
function moved<Args>(
  node: Op<Args>['node'],
  apply: (call: string, x: TensorView, args: Args) => TensorView,
  back: (grad: TensorView, shape: Shape, args: Args) => TensorView,
): Op<Args> {
  return {
    node,
    forward: (call, [x], args) => apply(call, x!, args),
    gradients: [linear((grad, args, { shape }) => back(grad, shape, args))],
  };
}

/** A view of some of the elements: the others' gradient is 0. */
function part<Args>(node: Op<Args>['node'], apply: (call: string, x: TensorView, args: Args) => TensorView): Op<Args> {
  return moved(node, apply, (grad, shape, args) => {
    const out = allocateView('backward', shape, grad.dtype);
    copy('backward', grad, apply('backward', out, args));
    return out;
  });
}

/** The elements in row-major order under another shape of as many. */
export function reshaped(call: string, view: TensorView, shape: Shape): TensorView {
  return reshapeView(call, view, shape) ?? restride(contiguous(call, view), shape, contiguousStrides(shape), 0);
}

const back = (grad: TensorView, shape: Shape) => reshaped('backward', grad, shape);

/** The order of dimensions that undoes a permutation. */
function inverse(dims: readonly number[]): number[] {
  const order: number[] = [];
  for (const [to, d] of dims.entries()) order[d < 0 ? d + dims.length : d] = to;
  return order;
}

/** Views of one tensor, by the method that makes them. */
export const viewOps = {
  view: moved<{ shape: unknown }>(
    'ViewBackward0',
    (call, x, { shape }) => {
      const view = reshapeView(call, x, shape);
      if (view !== undefined) return view;
      const [sizes, strides] = [formatShape(x.shape), formatShape(x.strides)];
      throw shapeError(
        call,
        `shape ${describe(shape)} is not a view of shape ${sizes} with strides ${strides}; use reshape()`,
      );
    },
    back,
  ),
  permute: moved<{ dims: unknown }>(
    'PermuteBackward0',
    (call, x, { dims }) => permuteView(call, x, dims),
    (grad, _, { dims }) => pickDims(grad, inverse(dims as number[])),
  ),
  transpose: moved<{ dim0: number; dim1: number }>(
    'TransposeBackward0',
    (call, x, { dim0, dim1 }) => transposeView(call, x, dim0, dim1),
    (grad, _, { dim0, dim1 }) => transposeView('backward', grad, dim0, dim1),
  ),
  t: moved<undefined>(
    'TBackward0',
    (call, x) => {
      if (x.shape.length > 2)
        throw shapeError(call, `expected at most 2 dimensions, got shape ${formatShape(x.shape)}`);
      return x.shape.length === 2 ? transposeView(call, x, 0, 1) : x;
    },
    (grad) => (grad.shape.length === 2 ? transposeView('backward', grad, 0, 1) : grad),
  ),
  squeeze: moved<{ dim: number | readonly number[] | undefined }>(
    ({ dim }) => `SqueezeBackward${dim === undefined ? 0 : typeof dim === 'number' ? 1 : 2}`,
    (call, x, { dim }) => squeezeView(call, x, dim),
    back,
  ),
  unsqueeze: moved<{ dim: number }>('UnsqueezeBackward0', (call, x, { dim }) => unsqueezeView(call, x, dim), back),
  // Its gradient has the output's shape: what an operation repeats is summed up for all of them.
  expand: moved<{ shape: unknown }>(
    'ExpandBackward0',
    (call, x, { shape }) => expandView(call, x, shape),
    (grad) => grad,
  ),
  select: part<{ dim: number; index: number }>('SelectBackward0', (call, x, { dim, index }) =>
    selectView(call, x, dim, index),
  ),
  narrow: part<{ dim: number; start: number; length: number }>('SliceBackward0', (call, x, { dim, start, length }) =>
    narrowView(call, x, dim, start, length),
  ),
  slice: part<{ dim: number; start: number; end: number; step: number }>(
    'SliceBackward0',
    (call, x, { dim, start, end, step }) => sliceView(call, x, dim, start, end, step),
  ),
};

/** `squeeze` of a result that nobody has seen, which torch squeezes in place. */
export const squeezedOp = { ...viewOps.squeeze, node: 'SqueezeBackward4' };

/** A contiguous copy of another shape, where no view has it; or another shape of a result that nobody has seen. */
export const reshapeCopyOp: Op<{ shape: unknown }> = {
  node: 'UnsafeViewBackward0',
  forward: (call, [x], { shape }) => reshapeView(call, contiguous(call, x!), shape)!,
  gradients: [linear((grad, _, { shape }) => back(grad, shape))],
};

/** The tensor itself, as a view. */
export const aliasOp: Op = {
  node: 'AliasBackward0',
  forward: (_, [x]) => x!,
  gradients: [linear((grad) => grad)],
};
