// Elements as they are: set, copied, converted.
import { checkNumber } from '../arguments.js';
import { computeDType, type DType, dtypes, encode } from '../dtype.js';
import { dtypeError, rangeError, shapeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import { allocateView, broadcastTo, isViewContiguous, outputView, type TensorView, withoutRepeats } from '../view.js';
import { linear, type Op, type Operand } from './op.js';

const kernels = { fill: kernelId('fill'), copy: kernelId('copy') };

/** Refuses a finite number that would become infinite, as torch does where a number is stored or compared with. */
export function checkFits(call: string, number: number, dtype: DType): void {
  if (Number.isFinite(number) && Math.abs(number) > dtypes[dtype].max) {
    throw rangeError(call, `${number} does not fit ${dtype}`);
  }
}

/** Sets every element to a number that a user gave. As in torch, elements may share memory. */
export function fill(call: string, target: TensorView, value: unknown): void {
  const view = withoutRepeats(target);
  const { kind, compute } = dtypes[view.dtype];
  const number = kind === 'float' ? checkNumber(call, 'value', value) : Number(encode(call, view.dtype, value));
  checkFits(call, number, view.dtype);
  if (compute === view.dtype) {
    run(call, kernels.fill, [view], [number]);
    return;
  }
  // One element of a dtype that holds the number exactly, copied to all.
  const one = allocateView(call, [], view.dtype === 'int64' ? 'int64' : (compute ?? 'float64'));
  one.array[0] = view.dtype === 'int64' ? encode(call, 'int64', value) : number;
  copy(call, one, view);
}

/** Copies `from`, which must broadcast to `to`, converting its elements. */
export function copy(call: string, from: TensorView, to: TensorView): void {
  const source = broadcastTo(from, to.shape);
  run(call, kernels.copy, [to, overlaps(source, to) ? contiguousCopy(call, source) : source]);
}

export function contiguousCopy(call: string, view: TensorView, dtype: DType = view.dtype): TensorView {
  const out = outputView(call, view.shape, dtype);
  run(call, kernels.copy, [out, view]);
  return out;
}

/** The view itself where its elements lie in row-major order, else a copy in which they do. */
export function contiguous(call: string, view: TensorView): TensorView {
  return isViewContiguous(view) ? view : contiguousCopy(call, view);
}

export function cast(call: string, view: TensorView, dtype: DType): TensorView {
  return view.dtype === dtype ? view : contiguousCopy(call, view, dtype);
}

/** Whether writing `out` element by element could change elements of `input` that are still to be read. */
export function overlaps(input: TensorView, out: TensorView): boolean {
  if (input.array.buffer !== out.array.buffer) return false;
  const same =
    input.array.byteOffset === out.array.byteOffset &&
    input.dtype === out.dtype &&
    input.offset === out.offset &&
    input.strides.every((stride, d) => stride === out.strides[d] || input.shape[d] === 1);
  return !same;
}

/** Calls `compute` with the views in the dtype in which arithmetic is done, and rounds its output back. */
export function inCompute(
  call: string,
  out: TensorView,
  inputs: TensorView[],
  compute: (out: TensorView, inputs: TensorView[]) => void,
): void {
  const dtype = computeDType(call, out.dtype);
  const target = cast(call, out, dtype);
  compute(
    target,
    inputs.map((input) => cast(call, input, dtype)),
  );
  if (target !== out) copy(call, target, out);
}

/** Refuses operands of two dtypes, for the calls in which torch does not promote. */
export function checkSameDType(call: string, a: TensorView, b: TensorView): void {
  if (a.dtype !== b.dtype) throw dtypeError(call, `operands must have one dtype, got ${a.dtype} and ${b.dtype}`);
}

/** A contiguous copy. */
export const cloneOp: Op = {
  node: 'CloneBackward0',
  forward: (call, [x]) => contiguousCopy(call, x!),
  gradients: [linear((grad) => grad)],
};

/** A copy of another dtype. */
export const castOp: Op<DType> = {
  node: 'ToCopyBackward0',
  forward: (call, [x], dtype) => cast(call, x!, dtype),
  gradients: [linear((grad) => grad)],
};

/** What was overwritten has a gradient of 0. */
const nothing = {
  uses: [],
  formula: (grad: TensorView, _: unknown, __: unknown, { shape }: Operand) =>
    allocateView('backward', shape, grad.dtype),
};

/** Overwrites the first input with the second, which broadcasts to it. */
export const copyOp: Op = {
  node: 'CopyBackwards',
  forward: (call, [to, source]) => {
    if (!sameShape(broadcastShapes(call, to!.shape, source!.shape), to!.shape)) {
      const [from, target] = [formatShape(source!.shape), formatShape(to!.shape)];
      throw shapeError(call, `shape ${from} does not broadcast to ${target}`);
    }
    if (source !== to) copy(call, source!, to!);
    else if (to!.version !== undefined) to!.version.count++;
    return to!;
  },
  // Converted before the sum over what was repeated, as in torch.
  gradients: [nothing, linear((grad, _, { dtype }) => cast('backward', grad, dtype))],
};

/** Overwrites with what does not depend on the elements. */
export const overwriteOp: Op<{ fill: (view: TensorView) => void; node: string }> = {
  node: ({ node }) => node,
  forward: (_, [to], { fill }) => {
    fill(to!);
    return to!;
  },
  gradients: [nothing],
};

/** Sets every element to a number. */
export const fillOp: Op<number> = {
  node: 'FillBackward2',
  forward: (call, [to], value) => {
    fill(call, to!, value);
    return to!;
  },
  gradients: [nothing],
};

/** Sets every element to 0. */
export const zeroOp: Op = {
  node: 'ZeroBackward0',
  forward: (call, [to]) => {
    fill(call, to!, 0);
    return to!;
  },
  gradients: [nothing],
};
