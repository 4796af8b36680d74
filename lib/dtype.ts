// Element types: their names, the codes native/dtype.h knows them by, their typed arrays, and what a stored element means.
import { argumentError, describe, dtypeError, rangeError } from './errors.js';

/** Element type of a tensor. */
export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool';

/** Element types a view may have: those of tensors, and the raw words that generators fill. */
export type StorageDType = DType | 'uint32';

/** Typed arrays that can back a tensor of float32 or float64. */
export type FloatArray = Float32Array | Float64Array;

/** Typed arrays that can back a tensor: bits of half-precision floats, and booleans as 0 and 1, among them. */
export type TensorArray = FloatArray | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

/** Typed arrays that can back a view. */
export type StorageArray = TensorArray | Uint32Array;

/** What an element is in JavaScript: int64 beyond 2^53 is a bigint. */
export type Scalar = number | bigint | boolean;

interface DTypeRow {
  /** The number in native/dtype.h. */
  readonly code: number;
  readonly Array:
    | Float32ArrayConstructor
    | Float64ArrayConstructor
    | Uint32ArrayConstructor
    | Uint16ArrayConstructor
    | BigInt64ArrayConstructor
    | Int32ArrayConstructor
    | Uint8ArrayConstructor;
  /** As torch ranks them for promotion: an operation takes the highest kind of its operands. */
  readonly kind: 'bool' | 'integer' | 'float';
  /** The dtype in which arithmetic is done, undefined where there is none yet. */
  readonly compute?: 'float32' | 'float64';
  /** Smallest and largest finite value. */
  readonly min: number;
  readonly max: number;
}

function float(code: number, array: DTypeRow['Array'], max: number, compute: 'float32' | 'float64'): DTypeRow {
  return { code, Array: array, kind: 'float', compute, min: -max, max };
}

export const dtypes: Readonly<Record<StorageDType, DTypeRow>> = {
  float32: float(0, Float32Array, 3.4028234663852886e38, 'float32'),
  float64: float(1, Float64Array, Number.MAX_VALUE, 'float64'),
  uint32: { code: 2, Array: Uint32Array, kind: 'integer', min: 0, max: 2 ** 32 - 1 },
  float16: float(3, Uint16Array, 65504, 'float32'),
  bfloat16: float(4, Uint16Array, 3.3895313892515355e38, 'float32'),
  int64: { code: 5, Array: BigInt64Array, kind: 'integer', min: -(2 ** 63), max: 2 ** 63 },
  int32: { code: 6, Array: Int32Array, kind: 'integer', min: -(2 ** 31), max: 2 ** 31 - 1 },
  uint8: { code: 7, Array: Uint8Array, kind: 'integer', min: 0, max: 255 },
  bool: { code: 8, Array: Uint8Array, kind: 'bool', min: 0, max: 1 },
};

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;

/**
 * Whether a value is a typed array of this class, or of the class of that name of another realm: Jest runs each test file in a
 * context whose Float32Array is not ours. For other classes node:util's `types` has the like.
 */
export function isArrayOf<A extends StorageArray>(Storage: new (length: number) => A, value: unknown): value is A {
  return value instanceof Storage || tagOf.call(value) === Storage.name;
}

export const defaultDType: DType = 'float32';

const tensorDTypes = Object.keys(dtypes).filter((name) => name !== 'uint32');

/** Checks a dtype given by a user. */
export function checkDType(call: string, dtype: unknown): DType {
  if (typeof dtype === 'string' && tensorDTypes.includes(dtype)) return dtype as DType;
  throw dtypeError(call, `unknown dtype ${describe(dtype)}; expected one of ${tensorDTypes.join(', ')}`);
}

/** Refuses dtypes that are not floating-point, for the call. */
export function checkFloat(call: string, dtype: DType): DType {
  if (dtypes[dtype].kind === 'float') return dtype;
  throw dtypeError(call, `expected a floating-point dtype, got ${dtype}`);
}

/** The dtype in which arithmetic on `dtype` is done. */
export function computeDType(call: string, dtype: DType): 'float32' | 'float64' {
  const { compute } = dtypes[dtype];
  if (compute !== undefined) return compute;
  throw dtypeError(call, `there is no arithmetic on ${dtype}; convert with to('float32') first`);
}

/**
 * The dtype of a typed array's elements, or undefined where there is none. A Uint16Array holds the bits of whichever
 * half-precision format the user names, a Uint8Array numbers unless they name bool.
 */
export function dtypeOf(array: unknown, named?: DType): DType | undefined {
  if (named !== undefined && isArrayOf<StorageArray>(dtypes[named].Array, array)) return named;
  const fits = (name: DType) => isArrayOf<StorageArray>(dtypes[name].Array, array);
  return (['float32', 'float64', 'int64', 'int32', 'uint8'] as const).find(fits);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The number whose IEEE binary16 bits these are. */
function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function fromBFloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** What a stored element means. */
export function decode(dtype: StorageDType, stored: number | bigint): Scalar {
  if (dtype === 'bool') return stored !== 0;
  if (dtype === 'float16') return fromFloat16(stored as number);
  if (dtype === 'bfloat16') return fromBFloat16(stored as number);
  if (typeof stored === 'number') return stored;
  const safe = stored >= BigInt(Number.MIN_SAFE_INTEGER) && stored <= BigInt(Number.MAX_SAFE_INTEGER);
  return safe ? Number(stored) : stored;
}

/** The number 1 as it is stored. */
export function storedOne(dtype: DType): number | bigint {
  if (dtype === 'float16') return 0x3c00;
  if (dtype === 'bfloat16') return 0x3f80;
  return dtype === 'int64' ? 1n : 1;
}

/**
 * Checks that a value can be an element of a dtype that is not a half, and returns it as it is stored: integers drop
 * fractions, as torch does. `fill` refuses finite floats that are out of range, others become infinite.
 */
export function encode(call: string, dtype: DType, value: unknown): number | bigint {
  const { kind, min, max } = dtypes[dtype];
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') {
    throw argumentError(call, `expected numbers, got ${describe(value)}`);
  }
  if (kind === 'bool') return Number(value) !== 0 ? 1 : 0;
  if (kind === 'float') return Number(value);
  const whole = typeof value === 'number' ? Math.trunc(value) : BigInt(value);
  // As torch: the negative of what fits fits too, and wraps around.
  if (dtype === 'uint8' && whole < 0 && whole >= -255 && (typeof value !== 'number' || whole === value)) {
    return Number(whole) + 256;
  }
  if (!(whole >= min && whole <= max) || (dtype === 'int64' && whole >= 2n ** 63n)) {
    throw rangeError(call, `${describe(value)} does not fit ${dtype}`);
  }
  return dtype === 'int64' ? BigInt(whole) : Number(whole);
}

const kindRank = { bool: 0, integer: 1, float: 2 } as const;

/**
 * The dtype of an operation on two operands, as torch promotes: the higher kind (bool, integer, float), and within a kind
 * the wider one; but an operand without dimensions gives way to one that has some, unless its kind is higher.
 */
export function promote(a: DType, aDims: number, b: DType, bDims: number): DType {
  if (a === b) return a;
  const rank = (dtype: DType) => kindRank[dtypes[dtype].kind];
  if (rank(a) !== rank(b)) return rank(a) > rank(b) ? a : b;
  if (aDims === 0 && bDims > 0) return b;
  if (bDims === 0 && aDims > 0) return a;
  // Two halves of different formats only fit float32.
  const order: DType[] = ['uint8', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'];
  const [low, high] = [a, b].sort((x, y) => order.indexOf(x) - order.indexOf(y)) as [DType, DType];
  return low === 'float16' && high === 'bfloat16' ? 'float32' : high;
}

/** Whether a dtype is of a higher kind than another: a result of it does not fit there. */
export function isHigher(dtype: DType, than: DType): boolean {
  return kindRank[dtypes[dtype].kind] > kindRank[dtypes[than].kind];
}
