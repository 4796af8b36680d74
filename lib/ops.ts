// The table of operations on views, and the few shapes they come in. Add an operation: docs/add-an-op.md.
import { checkNumber } from './arguments.js';
import { checkFloat, computeDType, type DType, dtypes, encode, promote } from './dtype.js';
import { dtypeError, rangeError, shapeError } from './errors.js';
import { kernelId, run } from './run.js';
import { broadcastShapes, checkDims, formatShape, numElements, sameShape } from './shape.js';
import {
  allocateView,
  broadcastTo,
  isViewContiguous,
  outputView,
  pickDims,
  restride,
  type TensorView,
} from './view.js';

/** One row: the kernel that computes it. */
interface OpRow {
  readonly kernel: number;
}
interface BinaryRow extends OpRow {
  /** The kernel that takes a number in place of the second operand. */
  readonly scalarKernel: number;
}

function unary(name: string): OpRow {
  return { kernel: kernelId(name) };
}

function binary(name: string): BinaryRow {
  return { kernel: kernelId(name), scalarKernel: kernelId(`${name}_scalar`) };
}

/**
 * Operations on one tensor, element by element. Each row becomes a method of Tensor and its in-place twin: `neg` and
 * `neg_`.
 */
export const unaryOps = {
  /** The negative of each element. */
  neg: unary('neg'),
  /** The square root of each element; NaN below 0. */
  sqrt: unary('sqrt'),
  /** One over the square root of each element; infinity at 0, NaN below. */
  rsqrt: unary('rsqrt'),
  /** e to the power of each element. */
  exp: unary('exp'),
  /** The hyperbolic tangent of each element. */
  tanh: unary('tanh'),
  /** max(x, 0) for each element. */
  relu: unary('relu'),
};

/** Operations on two tensors that broadcast, or on a tensor and a number. */
export const binaryOps = {
  /** The sum of each pair of elements. */
  add: binary('add'),
  /** The difference of each pair of elements. */
  sub: binary('sub'),
  /** The product of each pair of elements. */
  mul: binary('mul'),
  /** The quotient of each pair of elements. */
  div: binary('div'),
};

/** Reductions over all or some dimensions. */
export const reductionOps = {
  sum: unary('sum'),
  mean: unary('mean'),
  std: unary('std'),
  var: unary('var'),
  min: unary('min'),
  max: unary('max'),
  norm: unary('norm'),
};

const kernels = {
  fill: kernelId('fill'),
  copy: kernelId('copy'),
  clamp: kernelId('clamp'),
  gemm: kernelId('gemm'),
  conv2d: kernelId('conv2d'),
  qr: kernelId('qr'),
};

/** Refuses a finite number that would become infinite, as torch does where a number is stored or compared with. */
function checkFits(call: string, number: number, dtype: DType): void {
  if (Number.isFinite(number) && Math.abs(number) > dtypes[dtype].max) {
    throw rangeError(call, `${number} does not fit ${dtype}`);
  }
}

/** Sets every element to a number that a user gave. */
export function fill(call: string, view: TensorView, value: unknown): void {
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
function overlaps(input: TensorView, out: TensorView): boolean {
  if (input.array.buffer !== out.array.buffer) return false;
  const same =
    input.array.byteOffset === out.array.byteOffset &&
    input.dtype === out.dtype &&
    input.offset === out.offset &&
    input.strides.every((stride, d) => stride === out.strides[d] || input.shape[d] === 1);
  return !same;
}

function safeInput(call: string, input: TensorView, out: TensorView): TensorView {
  return input !== out && overlaps(input, out) ? contiguousCopy(call, input) : input;
}

/**
 * Runs an element-by-element kernel on inputs of one shape, into `target` or a fresh view. `dtype` is the result's; the
 * kernel computes in the dtype that has arithmetic.
 */
function map(
  call: string,
  kernel: number,
  inputs: TensorView[],
  params: readonly number[],
  dtype: DType,
  target: TensorView | undefined,
): TensorView {
  const compute = computeDType(call, dtype);
  for (let i = 0; i < inputs.length; i++) inputs[i] = cast(call, inputs[i]!, compute);
  const out = target ?? outputView(call, inputs[0]!.shape, dtype);
  if (out.dtype !== compute) {
    const result = outputView(call, out.shape, compute);
    run(call, kernel, [result, ...inputs], params);
    copy(call, result, out);
    return out;
  }
  if (target !== undefined) for (let i = 0; i < inputs.length; i++) inputs[i] = safeInput(call, inputs[i]!, out);
  inputs.unshift(out);
  run(call, kernel, inputs, params);
  return out;
}

export function applyUnary(call: string, op: OpRow, x: TensorView, inPlace: boolean): TensorView {
  return map(call, op.kernel, [x], [], x.dtype, inPlace ? x : undefined);
}

export function applyBinary(
  call: string,
  op: BinaryRow,
  a: TensorView,
  b: TensorView | number,
  inPlace: boolean,
): TensorView {
  if (typeof b === 'number') return map(call, op.scalarKernel, [a], [b], a.dtype, inPlace ? a : undefined);
  const shape = broadcastShapes(call, a.shape, b.shape);
  if (inPlace && !sameShape(shape, a.shape)) {
    throw shapeError(
      call,
      `shape ${formatShape(b.shape)} does not broadcast to ${formatShape(a.shape)}, which an in-place call keeps`,
    );
  }
  const dtype = promote(a.dtype, a.shape.length, b.dtype, b.shape.length);
  const compute = computeDType(call, dtype);
  const inputs = [a, b].map((input) => broadcastTo(cast(call, input, compute), shape));
  return map(call, op.kernel, inputs, [], dtype, inPlace ? a : undefined);
}

export function clamp(call: string, x: TensorView, low: number, high: number, inPlace: boolean): TensorView {
  for (const bound of [low, high]) checkFits(call, bound, x.dtype);
  // As torch: a bound that is NaN makes everything NaN.
  const bounds = Number.isNaN(low) || Number.isNaN(high) ? [NaN, NaN] : [low, high];
  if (!Number.isNaN(bounds[0])) return map(call, kernels.clamp, [x], bounds, x.dtype, inPlace ? x : undefined);
  const out = inPlace ? x : allocateView(call, x.shape, checkFloat(call, x.dtype));
  fill(call, out, NaN);
  return out;
}

/** Reduces the given dimensions (all of them by default). */
export function reduce(
  call: string,
  op: OpRow,
  x: TensorView,
  dims: number | readonly number[] | undefined,
  keepdim: boolean,
  params: readonly number[] = [],
): TensorView {
  const reduced = new Set(checkDims(call, dims, x.shape.length));
  const kept = x.shape.map((size, d) => (reduced.has(d) ? 1 : size));
  // Norms of negative or infinite order are extremes too.
  const extreme =
    op === reductionOps.min ||
    op === reductionOps.max ||
    (op === reductionOps.norm && (params[0]! < 0 || params[0] === Infinity));
  if (extreme && x.shape.some((size, d) => size === 0 && reduced.has(d))) {
    throw shapeError(call, `no elements to reduce in shape ${formatShape(x.shape)}`);
  }
  const compute = computeDType(call, x.dtype);
  const result = outputView(call, kept, compute);
  run(call, op.kernel, [result, cast(call, x, compute)], params);
  const out = cast(call, result, x.dtype);
  if (keepdim) return out;
  return pickDims(
    out,
    kept.map((_, d) => d).filter((d) => !reduced.has(d)),
  );
}

/** Whether BLAS can address a matrix: unit stride one way, no overlap the other. */
function isMatrix(view: TensorView): boolean {
  const [rows, columns] = view.shape as [number, number];
  const [rowStride, columnStride] = view.strides as [number, number];
  return (
    ((columns === 1 || columnStride === 1) && (rows === 1 || rowStride >= columns)) ||
    ((rows === 1 || rowStride === 1) && (columns === 1 || columnStride >= rows))
  );
}

function addressable(call: string, view: TensorView): TensorView {
  return isMatrix(view) ? view : contiguousCopy(call, view);
}

/** out [m, n] = a [m, k] b [k, n] + beta * out; `out` has contiguous rows. */
export function gemmInto(call: string, a: TensorView, b: TensorView, out: TensorView, beta: number): void {
  inCompute(call, out, [addressable(call, a), addressable(call, b)], (target, inputs) =>
    run(call, kernels.gemm, [target, ...inputs], [1, beta]),
  );
}

/** Calls `compute` with the views in the dtype in which arithmetic is done, and rounds its output back. */
function inCompute(
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

/** The matrix product of two operands of one or two dimensions, as torch.matmul: vectors are rows or columns as fits. */
export function matmul(call: string, a: TensorView, b: TensorView): TensorView {
  const { shape: sa, strides: ta } = a;
  const { shape: sb, strides: tb } = b;
  if (sa.length < 1 || sa.length > 2 || sb.length < 1 || sb.length > 2) {
    throw shapeError(
      call,
      `expected operands of 1 or 2 dimensions, got shapes ${formatShape(sa)} and ${formatShape(sb)}`,
    );
  }
  const inner = sa[sa.length - 1]!;
  if (inner !== sb[0]) {
    throw shapeError(
      call,
      `shapes ${formatShape(sa)} and ${formatShape(sb)} cannot be multiplied: ` +
        `the last dimension of the first is ${inner}, the first of the second is ${sb[0]}`,
    );
  }
  checkSameDType(call, a, b);
  const left = sa.length === 2 ? a : restride(a, [1, inner], [inner, ta[0]!]);
  const right = sb.length === 2 ? b : restride(b, [inner, 1], [tb[0]!, 1]);
  const out = outputView(call, [left.shape[0]!, right.shape[1]!], a.dtype);
  gemmInto(call, left, right, out, 0);
  const shape = [...sa.slice(0, -1), ...sb.slice(1)];
  return shape.length === 2 ? out : restride(out, shape, shape.length === 1 ? [1] : []);
}

/** A row of conv2d's geometry: stride, padding before the first element, dilation, for height and width. */
export interface Conv2dGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/**
 * out [N, Co, Ho, Wo] = convolution of x [N, Ci, H, W] with w [Co, Ci / groups, kh, kw], plus `out` where `accumulate`.
 * `out` must be contiguous, and fresh where not `accumulate`; its size decides how far past the image's end the kernel goes.
 */
export function conv2dInto(
  call: string,
  x: TensorView,
  w: TensorView,
  out: TensorView,
  { stride, padding, dilation, groups }: Conv2dGeometry,
  accumulate: boolean,
): void {
  // Nothing to add up; the output holds zeros or the bias already.
  if ([x, w, out].some((view) => numElements(view.shape) === 0)) return;
  inCompute(call, out, [contiguous(call, x), contiguous(call, w)], (target, inputs) =>
    run(call, kernels.conv2d, [target, ...inputs], [...stride, ...padding, ...dilation, groups, accumulate ? 1 : 0]),
  );
}

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

/** Refuses operands of two dtypes, for the calls in which torch does not promote. */
export function checkSameDType(call: string, a: TensorView, b: TensorView): void {
  if (a.dtype !== b.dtype) throw dtypeError(call, `operands must have one dtype, got ${a.dtype} and ${b.dtype}`);
}
