// Element by element: from operands of several shapes and dtypes to one kernel call.
import { type DType, dtypes, isHigher, promote } from '../dtype.js';
import { argumentError, describe, dtypeError, shapeError } from '../errors.js';
import { run } from '../run.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import { broadcastTo, outputView, type TensorView } from '../view.js';
import { cast, contiguousCopy, copy, overlaps } from './storage.js';

const noParams: readonly number[] = [];

/**
 * On what an operation computes: anything, all but booleans, fractions (whole numbers become float32, as in torch), or
 * nothing but floating-point tensors.
 */
export type Domain = 'any' | 'number' | 'float' | 'floats only';

/** The dtype in which an operation computes on operands that promote to `dtype`. */
export function domainDType(call: string, domain: Domain, dtype: DType): DType {
  const { kind } = dtypes[dtype];
  if (kind === 'float' || domain === 'any' || (domain === 'number' && kind === 'integer')) return dtype;
  if (domain === 'float') return 'float32';
  throw dtypeError(call, `there is no such operation on ${dtype}; convert with to() first`);
}

/**
 * Runs an element-by-element kernel on inputs that it has in one shape and dtype, into `target` or a fresh view.
 */
function map(
  call: string,
  kernel: number,
  inputs: TensorView[],
  params: readonly number[],
  dtype: DType,
  target: TensorView | undefined,
): TensorView {
  for (let i = 0; i < inputs.length; i++) inputs[i] = cast(call, inputs[i]!, dtype);
  if (target !== undefined) {
    if (isHigher(dtype, target.dtype)) {
      throw dtypeError(call, `the result is ${dtype}, which a tensor of ${target.dtype} cannot hold in place`);
    }
    if (target.dtype !== dtype) {
      copy(call, map(call, kernel, inputs, params, dtype, undefined), target);
      return target;
    }
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]!;
      if (input !== target && overlaps(input, target)) inputs[i] = contiguousCopy(call, input);
    }
  }
  const out = target ?? outputView(call, inputs[0]!.shape, dtype);
  inputs.unshift(out);
  run(call, kernel, inputs, params);
  return out;
}

/** One input, and numbers in the form that `dtype` takes them. */
export function mapUnary(
  call: string,
  kernel: number,
  x: TensorView,
  params: readonly number[] = noParams,
  target?: TensorView,
  dtype: DType = x.dtype,
): TensorView {
  return map(call, kernel, [x], params, dtype, target);
}

/** Two inputs that broadcast. */
export function mapBinary(
  call: string,
  kernel: number,
  a: TensorView,
  b: TensorView,
  params: readonly number[],
  target: TensorView | undefined,
  dtype: DType,
): TensorView {
  return map(call, kernel, broadcastInputs(call, a, b, target, dtype), params, dtype, target);
}

/** Two inputs in one shape and dtype. */
export function broadcastInputs(
  call: string,
  a: TensorView,
  b: TensorView,
  target: TensorView | undefined,
  dtype: DType,
): TensorView[] {
  if (sameShape(a.shape, b.shape)) return [a, b];
  const shape = broadcastShapes(call, a.shape, b.shape);
  if (target !== undefined && !sameShape(shape, target.shape)) {
    throw shapeError(
      call,
      `shape ${formatShape(b.shape)} does not broadcast to ${formatShape(target.shape)}, which an in-place call keeps`,
    );
  }
  // Converted before they are repeated.
  return [broadcastTo(cast(call, a, dtype), shape), broadcastTo(cast(call, b, dtype), shape)];
}

/** The dtype of two operands together, as torch promotes. */
export function promoted(a: TensorView, b: TensorView): DType {
  return promote(a.dtype, a.shape.length, b.dtype, b.shape.length);
}

/**
 * The dtype of a tensor and a number together, as torch promotes: a fraction beside whole numbers makes float32, a whole
 * number beside booleans int64; else the tensor's own.
 */
export function dtypeWithNumber(call: string, { dtype }: TensorView, number: unknown): DType {
  if (typeof number !== 'number' && typeof number !== 'bigint') {
    throw argumentError(call, `expected a Tensor or a number, got ${describe(number)}`);
  }
  const { kind } = dtypes[dtype];
  if (kind === 'float') return dtype;
  if (typeof number === 'number' && !Number.isInteger(number)) return 'float32';
  return kind === 'bool' ? 'int64' : dtype;
}

/**
 * Numbers as parameters of a kernel that computes in `dtype`: whole ones as two words each, which all have room. As in
 * torch, those that the dtype has no room for become infinite or wrap around.
 */
export function scalarParams(dtype: DType, ...numbers: (number | bigint)[]): number[] {
  if (dtypes[dtype].kind === 'float') {
    return numbers.map(Number);
  }
  return numbers.flatMap((number) => {
    const bits = wrapped(dtype, BigInt(number));
    return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
  });
}

/** A whole number as the 64 bits of the value that it has in a dtype. */
function wrapped(dtype: DType, number: bigint): bigint {
  if (dtype === 'uint8') return BigInt.asUintN(8, number);
  return BigInt.asUintN(64, dtype === 'int32' ? BigInt.asIntN(32, number) : number);
}
