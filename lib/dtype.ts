// Element types: their names, the codes native/dtype.h knows them by, and their typed arrays.
import { describe, dtypeError } from './errors.js';

/** Element type of a tensor. */
export type DType = 'float32' | 'float64';

/** Element types a view may have: those of tensors, and the raw words that generators fill. */
export type StorageDType = DType | 'uint32';

/** Typed arrays that can back a tensor. */
export type FloatArray = Float32Array | Float64Array;

/** Typed arrays that can back a view. */
export type StorageArray = FloatArray | Uint32Array;

interface DTypeRow {
  /** The number in native/dtype.h. */
  readonly code: number;
  readonly bytes: number;
  readonly Array: Float32ArrayConstructor | Float64ArrayConstructor | Uint32ArrayConstructor;
  /** Largest finite value; a scalar beyond it cannot be stored. */
  readonly max: number;
}

export const dtypes: Readonly<Record<StorageDType, DTypeRow>> = {
  float32: { code: 0, bytes: 4, Array: Float32Array, max: 3.4028234663852886e38 },
  float64: { code: 1, bytes: 8, Array: Float64Array, max: Number.MAX_VALUE },
  uint32: { code: 2, bytes: 4, Array: Uint32Array, max: 0xffffffff },
};

export const defaultDType: DType = 'float32';

/** Checks a dtype given by a user. */
export function checkDType(call: string, dtype: unknown): DType {
  if (dtype === 'float32' || dtype === 'float64') return dtype;
  throw dtypeError(call, `unknown dtype ${describe(dtype)}; expected 'float32' or 'float64'`);
}

/** The dtype whose elements a typed array holds, or undefined where there is none. */
export function dtypeOf(array: unknown): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return undefined;
}

/** Fresh zero-filled storage. */
export function allocate(dtype: DType, length: number): FloatArray {
  return dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
}

/**
 * The dtype of an operation on two operands, as torch promotes: the wider one, but an operand without dimensions gives
 * way to one that has some.
 */
export function promote(a: DType, aDims: number, b: DType, bDims: number): DType {
  if (a === b) return a;
  if (aDims === 0 && bDims > 0) return b;
  if (bDims === 0 && aDims > 0) return a;
  return 'float64';
}
