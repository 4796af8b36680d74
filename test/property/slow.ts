// Tensors as slow as they are plain, which the properties compare the real ones with: an element is an object, a view an
// array of indices' arithmetic, a gradient a walk over elements. Nothing here comes from lib/ but names of types.
import type { DType } from '../../lib/dtype.js';

export type Value = number | bigint;

let made = 0;

/** One element: its value, and how it depends on other elements. A change in place puts another cell in its place. */
export class Cell {
  readonly order = made++;
  value: Value;
  readonly inputs: readonly (readonly [input: Cell, slope: number])[];

  constructor(value: Value, inputs: Cell['inputs'] = []) {
    this.value = value;
    this.inputs = inputs;
  }
}

/** What a tensor and the views made of it share, but for those made by detach(). */
export interface Family {
  /** Whether gradients are followed. */
  tracked: boolean;
  /** Whether it is a leaf that requires a gradient. */
  readonly leaf: boolean;
  /** A leaf's elements as they were made. */
  readonly origin: readonly Cell[];
}

export interface Slow {
  readonly storage: Cell[];
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly family: Family;
}

/** What the reference refuses, and the real thing has to as well. */
export class Refused extends Error {}

export const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, d) => count(shape.slice(d + 1).map((size) => Math.max(size, 1))));
}

/** Indices into the storage, in row-major order. */
export function places({ shape, strides, offset }: Pick<Slow, 'shape' | 'strides' | 'offset'>): number[] {
  let all = [offset];
  shape.forEach((size, d) => {
    all = all.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * strides[d]!));
  });
  return all;
}

export const cells = (t: Slow) => places(t).map((at) => t.storage[at]!);
export const values = (t: Slow) => cells(t).map((cell) => cell.value);

/** Cells to read an operand from: constants where its gradients are not followed. */
export function operand(t: Slow): Cell[] {
  return t.family.tracked ? cells(t) : cells(t).map(({ value }) => new Cell(value));
}

/** A fresh contiguous tensor of cells in row-major order. */
export function fresh(dtype: DType, shape: readonly number[], storage: Cell[], tracked: boolean, leaf = false): Slow {
  const family = { tracked, leaf, origin: leaf ? [...storage] : [] };
  return { storage, dtype, shape, strides: rowMajor(shape), offset: 0, family };
}

/** The same elements under other sizes and strides. */
export function view(t: Slow, shape: readonly number[], strides: readonly number[], offset = t.offset): Slow {
  return { ...t, shape, strides, offset };
}

export function detach(t: Slow): Slow {
  return { ...t, family: { tracked: false, leaf: false, origin: [] } };
}

export const isContiguous = ({ shape, strides }: Slow) =>
  shape.includes(0) || rowMajor(shape).every((stride, d) => shape[d] === 1 || stride === strides[d]);

// Dtypes.

export const floats = ['float32', 'float64', 'float16', 'bfloat16'];
export const isFloat = (dtype: DType) => floats.includes(dtype);
const formats = { float16: [10, -14, 65504], bfloat16: [7, -126, 3.3895313892515355e38] } as const;

/** The nearest number with so many digits; ties go to even ones. */
function roundHalf(x: number, [digits, least, max]: readonly [number, number, number]): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  const unit = 2 ** (exponent - digits);
  const scaled = x / unit;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const rounded = (rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below) * unit;
  if (Math.abs(rounded) > max) return Math.sign(x) * Infinity;
  return rounded === 0 ? x * 0 : rounded;
}

/** A number of any size as an element of a dtype, as arithmetic in it leaves it. */
export function round(x: Value, dtype: DType): Value {
  if (dtype === 'float64') return Number(x);
  if (dtype === 'float32') return Math.fround(Number(x));
  if (dtype === 'float16' || dtype === 'bfloat16') return roundHalf(Math.fround(Number(x)), formats[dtype]);
  if (dtype === 'bool') return Number(x) !== 0 ? 1 : 0;
  const whole = typeof x === 'bigint' ? x : BigInt(Math.trunc(x));
  if (dtype === 'int64') return BigInt.asIntN(64, whole);
  return Number(dtype === 'int32' ? BigInt.asIntN(32, whole) : BigInt.asUintN(8, whole));
}

const bounds: Readonly<Record<string, readonly [number, number]>> = {
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
};

/** Whether an element can be converted: what becomes of floats that integers have no room for is not defined. */
export function isConvertible(x: Value, to: DType): boolean {
  const range = bounds[to];
  return typeof x === 'bigint' || range === undefined || (Math.trunc(x) >= range[0] && Math.trunc(x) <= range[1]);
}

const kindOf = (dtype: DType) => (dtype === 'bool' ? 0 : isFloat(dtype) ? 2 : 1);
const ranks: DType[] = ['bool', 'uint8', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'];

/** The dtype of two operands together. */
export function together(a: Pick<Slow, 'dtype' | 'shape'>, b: Pick<Slow, 'dtype' | 'shape'>): DType {
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

export function broadcast(...shapes: (readonly number[])[]): number[] {
  const ndim = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: ndim }, (_, d) => {
    const sizes = shapes.map((shape) => shape[d - ndim + shape.length] ?? 1);
    const size = sizes.find((other) => other !== 1) ?? 1;
    if (sizes.some((other) => other !== 1 && other !== size)) throw new Refused('sizes differ');
    return size;
  });
}

/** The tensor repeated to a shape that it broadcasts to. */
export function repeated(t: Slow, shape: readonly number[]): Slow {
  const lead = shape.length - t.shape.length;
  const strides = shape.map((_, d) => (d < lead || t.shape[d - lead] === 1 ? 0 : t.strides[d - lead]!));
  return view(t, shape, strides);
}

// Gradients.

/** A derivative, and the sum of the magnitudes that it is the sum of: what rounding errors are measured by. */
export interface Slope {
  value: number;
  magnitude: number;
}

/** The derivatives of a sum of cells, each times its weight, with respect to all cells below them. */
export function slopes(outputs: readonly Cell[], weights: readonly number[]): Map<Cell, Slope> {
  const found = new Map<Cell, Slope>();
  const reach = new Set<Cell>();
  const stack = [...outputs];
  for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
    if (reach.has(cell)) continue;
    reach.add(cell);
    stack.push(...cell.inputs.map(([input]) => input));
  }
  const add = (cell: Cell, value: number, magnitude: number) => {
    const slope = found.get(cell) ?? { value: 0, magnitude: 0 };
    found.set(cell, { value: slope.value + value, magnitude: slope.magnitude + magnitude });
  };
  outputs.forEach((cell, i) => {
    add(cell, weights[i]!, Math.abs(weights[i]!));
  });
  // Inputs were made before what depends on them.
  for (const cell of [...reach].sort((a, b) => b.order - a.order)) {
    const slope = found.get(cell);
    if (slope === undefined) continue;
    for (const [input, by] of cell.inputs) add(input, slope.value * by, slope.magnitude * Math.abs(by));
  }
  return found;
}
