// What numbers become in each dtype, written down from the formats.
import type { DType } from '../../lib/dtype.js';

export type Value = number | bigint;

export const floats: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
export const allDTypes: readonly DType[] = [...floats, 'int64', 'int32', 'uint8', 'bool'];
export const isFloat = (dtype: DType) => floats.includes(dtype);

/** Bits after the leading one, least exponent of a normal number, greatest number. */
const formats: Readonly<Partial<Record<DType, readonly [digits: number, least: number, max: number]>>> = {
  float16: [10, -14, 65504],
  bfloat16: [7, -126, 3.3895313892515355e38],
  float32: [23, -126, 3.4028234663852886e38],
  float64: [52, -1022, Number.MAX_VALUE],
};

export const epsilonOf = (dtype: DType) => 2 ** -formats[dtype]![0];

/** The dtype in which arithmetic on floats is done. */
export const computeOf = (dtype: DType): DType => (dtype === 'float64' ? dtype : 'float32');

/** The distance of neighbours at a number. */
export function ulp(x: number, dtype: DType): number {
  const [digits, least] = formats[dtype]!;
  const exponent = x === 0 || !Number.isFinite(x) ? least : Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  return 2 ** (exponent - digits);
}

/** The nearest number with so many digits; ties go to even ones. */
function roundHalf(x: number, dtype: DType): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const unit = ulp(x, dtype);
  const scaled = x / unit;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const rounded = (rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below) * unit;
  if (Math.abs(rounded) > formats[dtype]![2]) return Math.sign(x) * Infinity;
  return rounded === 0 ? x * 0 : rounded;
}

/** A whole number as float32, rounded once: through a double it would be twice. */
function wholeToFloat32(x: bigint): number {
  const size = x < 0n ? -x : x;
  const extra = size.toString(2).length - 53;
  if (extra <= 0) return Math.fround(Number(x));
  // What is cut off still tells ties from what lies above them.
  const cut = (size >> BigInt(extra)) | (size & ((1n << BigInt(extra)) - 1n) ? 1n : 0n);
  return Math.fround(Number(cut)) * 2 ** extra * (x < 0n ? -1 : 1);
}

/** A number of any size as an element of a dtype, as arithmetic in it leaves it. */
export function round(x: Value, dtype: DType): Value {
  if (dtype === 'float64') return Number(x);
  const single = () => (typeof x === 'bigint' ? wholeToFloat32(x) : Math.fround(x));
  if (dtype === 'float32') return single();
  if (dtype === 'float16' || dtype === 'bfloat16') return roundHalf(single(), dtype);
  if (dtype === 'bool') return Number(x) !== 0 ? 1 : 0;
  if (typeof x === 'number' && !Number.isFinite(x)) return dtype === 'int64' ? 0n : 0;
  const whole = typeof x === 'bigint' ? x : BigInt(Math.trunc(x));
  if (dtype === 'int64') return BigInt.asIntN(64, whole);
  return Number(dtype === 'int32' ? BigInt.asIntN(32, whole) : BigInt.asUintN(8, whole));
}

const bounds: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
};

/** Whether an element can be converted: what becomes of floats that integers have no room for is not defined. */
export function isConvertible(x: Value, to: DType): boolean {
  const range = bounds[to];
  return typeof x === 'bigint' || range === undefined || (Math.trunc(x) >= range[0] && Math.trunc(x) <= range[1]);
}

const scratch = new DataView(new ArrayBuffer(4));

/** How a number that a dtype has is stored. */
export function stored(x: Value, dtype: DType): Value {
  if (dtype === 'int64') return BigInt(x);
  const number = Number(x);
  if (dtype === 'bfloat16') {
    scratch.setFloat32(0, number);
    return Number.isNaN(number) ? 0x7fc0 : scratch.getUint16(0);
  }
  if (dtype !== 'float16') return number;
  if (Number.isNaN(number)) return 0x7e00;
  const [sign, size] = [number < 0 || Object.is(number, -0) ? 0x8000 : 0, Math.abs(number)];
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024);
}

/** The number that is stored. */
export function loaded(x: Value, dtype: DType): Value {
  if (dtype === 'bfloat16') {
    scratch.setUint32(0, Number(x) * 2 ** 16);
    return scratch.getFloat32(0);
  }
  if (dtype !== 'float16') return x;
  const bits = Number(x);
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const kindOf = (dtype: DType) => (dtype === 'bool' ? 0 : isFloat(dtype) ? 2 : 1);
const ranks: readonly DType[] = ['bool', 'uint8', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'];

interface Typed {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The dtype of two operands together. */
export function together(a: Typed, b: Typed): DType {
  if (a.dtype === b.dtype) return a.dtype;
  if (kindOf(a.dtype) !== kindOf(b.dtype)) return kindOf(a.dtype) > kindOf(b.dtype) ? a.dtype : b.dtype;
  // Of one kind: what has dimensions decides.
  if ((a.shape.length === 0) !== (b.shape.length === 0)) return a.shape.length === 0 ? b.dtype : a.dtype;
  const [low, high] = ranks.indexOf(a.dtype) < ranks.indexOf(b.dtype) ? [a.dtype, b.dtype] : [b.dtype, a.dtype];
  return low === 'float16' && high === 'bfloat16' ? 'float32' : high;
}

/** The dtype of a tensor and a number together. */
export function withNumber(dtype: DType, number: number): DType {
  if (isFloat(dtype)) return dtype;
  if (!Number.isInteger(number)) return 'float32';
  return dtype === 'bool' ? 'int64' : dtype;
}

/** Whether a tensor can take results of another dtype in place. */
export const takes = (own: DType, result: DType) => kindOf(own) >= kindOf(result);

/** Whether a real element is what the reference allows: within an error of a value before it was rounded. */
export function isAllowed(got: Value, value: Value, error: number | undefined, dtype: DType): boolean {
  if (error === Infinity) return true;
  const wanted = round(value, dtype);
  if (Object.is(got, wanted)) return true;
  if (error === undefined || typeof got === 'bigint' || typeof value === 'bigint') return false;
  if (Number.isNaN(got) || Number.isNaN(value)) return false;
  if (!Number.isFinite(value)) return got === wanted;
  return got >= Number(round(value - error, dtype)) && got <= Number(round(value + error, dtype));
}

/** A number as people read it, the sign of zero included. */
export const shownNumber = (x: Value) => (Object.is(x, -0) ? '-0' : String(x));
