// Functions that make tensors.

import { types } from 'node:util';
import { checkNumber, checkOptions } from './arguments.js';
import { checkDType, type DType, defaultDType, dtypeOf, dtypes, encode, type TensorArray } from './dtype.js';
import { argumentError, describe, detachedError, rangeError, shapeError } from './errors.js';
import { fillIntegers, fillNormal, fillPermutation, fillUniform, type RandomOptions } from './fill.js';
import * as ops from './ops/index.js';
import { checkShape, checkSize, contiguousStrides, formatShape, maxDims, numElements, type Shape } from './shape.js';
import { type NestedArray, operand, Tensor } from './tensor/index.js';
import { allocateView, outputView, type TensorView } from './view.js';

/** Options of the functions that make tensors. */
export interface TensorOptions extends RandomOptions {
  /** Element type; float32 by default. */
  dtype?: DType;
  /** Whether gradients are to be recorded; false by default. */
  requiresGrad?: boolean;
}

/** A shape as an array, or size by size, then options. */
export type CreationArguments =
  | [shape: Shape, options?: TensorOptions]
  | [...sizes: number[]]
  | [...sizes: (number | TensorOptions)[]];

/** The shape and options of a call like randn([2, 3], options) or randn(2, 3, options). */
function creationArguments(call: string, args: readonly unknown[]): [shape: number[], options: TensorOptions] {
  if (Array.isArray(args[0])) {
    if (args.length > 2) throw argumentError(call, `expected a shape and options, got ${args.length} arguments`);
    return [checkShape(call, args[0]), checkOptions(call, args[1] as TensorOptions | undefined)];
  }
  const last = args.at(-1);
  const hasOptions = last !== undefined && typeof last !== 'number';
  const sizes = hasOptions ? args.slice(0, -1) : args;
  return [checkShape(call, sizes), hasOptions ? checkOptions(call, last as TensorOptions) : {}];
}

function make(call: string, shape: Shape, options: TensorOptions, allocator = allocateView): Tensor {
  const dtype = checkDType(call, options.dtype ?? defaultDType);
  return new Tensor(allocator(call, shape, dtype), options.requiresGrad ?? false);
}

/** The dtype in which JavaScript can write elements of `dtype` one by one: halves as float32. */
function writable(dtype: DType): DType {
  return dtypes[dtype].compute ?? dtype;
}

/** A tensor of one dimension whose elements are the values of a function of the index. */
function fromFunction(call: string, count: number, options: TensorOptions, value: (i: number) => number): Tensor {
  const dtype = checkDType(call, options.dtype ?? defaultDType);
  const view = allocateView(call, checkShape(call, [count]), writable(dtype));
  for (let i = 0; i < count; i++) view.array[i] = encode(call, view.dtype, value(i));
  return new Tensor(ops.cast(call, view, dtype), options.requiresGrad ?? false);
}

/**
 * A tensor of zeros: memory from JavaScript is always cleared.
 *
 * @example
 * const t = empty([2, 3]);
 */
export function empty(...args: CreationArguments): Tensor {
  return make('empty', ...creationArguments('empty', args));
}

/**
 * A tensor of zeros.
 *
 * @example
 * zeros(2, 3);
 */
export function zeros(...args: CreationArguments): Tensor {
  return make('zeros', ...creationArguments('zeros', args));
}

/**
 * A tensor of ones.
 *
 * @example
 * ones([2, 3], { dtype: 'float64' });
 */
export function ones(...args: CreationArguments): Tensor {
  const out = make('ones', ...creationArguments('ones', args), outputView);
  ops.fill('ones', out.elements, 1);
  return out;
}

/**
 * A tensor whose elements are all `value`.
 *
 * @example
 * full([2, 2], 0.5);
 */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  const out = make('full', checkShape('full', shape), checkOptions('full', options));
  ops.fill('full', out.elements, value);
  return out;
}

/**
 * The identity matrix, n x m (n x n by default).
 *
 * @example
 * eye(3);
 */
export function eye(n: number, m: number | TensorOptions = n, options?: TensorOptions): Tensor {
  const rows = checkSize('eye', n, 'n');
  const columns = typeof m === 'object' ? rows : checkSize('eye', m, 'm');
  const out = make('eye', checkShape('eye', [rows, columns]), checkOptions('eye', typeof m === 'object' ? m : options));
  const diagonal = { ...out.elements, shape: [Math.min(rows, columns)], strides: [columns + 1] };
  ops.fill('eye', diagonal, 1);
  return out;
}

/**
 * The numbers from `start` (0 by default) to `end`, exclusive, in steps.
 *
 * @example
 * arange(5); // tensor([0., 1., 2., 3., 4.])
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step?: number, options?: TensorOptions): Tensor;
export function arange(first: number, second?: number | TensorOptions, step = 1, options?: TensorOptions): Tensor {
  const single = typeof second !== 'number';
  const start = single ? 0 : checkNumber('arange', 'start', first);
  const end = checkNumber('arange', 'end', single ? first : second);
  const by = checkNumber('arange', 'step', step);
  const count = Math.ceil((end - start) / by);
  if (!Number.isFinite(count) || (end - start) / by < 0) {
    throw rangeError('arange', `no finite number of steps of ${by} leads from ${start} to ${end}`);
  }
  return fromFunction('arange', count, checkOptions('arange', single ? second : options), (i) => start + i * by);
}

/**
 * `steps` evenly spaced numbers from `start` to `end`, both included.
 *
 * @example
 * linspace(0, 1, 5);
 */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  const first = checkNumber('linspace', 'start', start);
  const last = checkNumber('linspace', 'end', end);
  const count = checkSize('linspace', steps, 'steps');
  const step = count === 1 ? 0 : (last - first) / (count - 1);
  // From both ends, as torch does, so that the last number is exact.
  return fromFunction('linspace', count, checkOptions('linspace', options), (i) =>
    i < count / 2 ? first + i * step : last - (count - 1 - i) * step,
  );
}

/**
 * Uniform random numbers from [0, 1).
 *
 * @example
 * rand(2, 3, { generator: new Generator(0) });
 */
export function rand(...args: CreationArguments): Tensor {
  const [shape, options] = creationArguments('rand', args);
  const out = make('rand', shape, options, outputView);
  fillUniform('rand', out.elements, 0, 1, options);
  return out;
}

/**
 * Standard normal random numbers.
 *
 * @example
 * randn([512, 512], { generator: new Generator(0) });
 */
export function randn(...args: CreationArguments): Tensor {
  const [shape, options] = creationArguments('randn', args);
  const out = make('randn', shape, options, outputView);
  fillNormal('randn', out.elements, 0, 1, options);
  return out;
}

/**
 * Random whole numbers from [low, high), int64 by default; low is 0 unless given.
 *
 * @throws RangeError (ERR_RANGE) for bounds out of order, or that reach beyond the dtype's whole numbers
 * @example
 * randint(6, [10]);
 * randint(1, 7, [10], { generator: new Generator(0) });
 */
export function randint(high: number | bigint, shape: Shape, options?: TensorOptions): Tensor;
export function randint(low: number | bigint, high: number | bigint, shape: Shape, options?: TensorOptions): Tensor;
export function randint(...args: unknown[]): Tensor {
  const call = 'randint';
  const at = args.findIndex((arg) => typeof arg !== 'number' && typeof arg !== 'bigint');
  if (at < 1 || at > 2 || args.length > at + 2) {
    throw argumentError(call, `expected bounds, a shape and options, got ${args.map(describe).join(', ')}`);
  }
  const bounds = args.slice(0, at) as (number | bigint)[];
  const options: TensorOptions = { dtype: 'int64', ...checkOptions(call, args[at + 1] as TensorOptions | undefined) };
  const out = make(call, checkShape(call, args[at]), options);
  fillIntegers(call, out.elements, bounds.length === 1 ? 0 : bounds[0]!, bounds.at(-1)!, options);
  return out;
}

/**
 * The whole numbers from 0 to n - 1 in random order, int64 by default.
 *
 * @example
 * randperm(5, { generator: new Generator(0) });
 */
export function randperm(n: number, options?: TensorOptions): Tensor {
  const call = 'randperm';
  const given: TensorOptions = { dtype: 'int64', ...checkOptions(call, options) };
  const out = make(call, checkShape(call, [checkSize(call, n, 'n')]), given);
  fillPermutation(call, out.elements, given);
  return out;
}

function like(call: string, tensor: Tensor, options: TensorOptions | undefined): Tensor {
  const { shape, dtype } = operand(call, tensor);
  return make(call, shape, { dtype, ...checkOptions(call, options) });
}

/** Zeros of another tensor's shape and dtype. */
export function zerosLike(tensor: Tensor, options?: TensorOptions): Tensor {
  return like('zerosLike', tensor, options);
}

/** Ones of another tensor's shape and dtype. */
export function onesLike(tensor: Tensor, options?: TensorOptions): Tensor {
  const out = like('onesLike', tensor, options);
  ops.fill('onesLike', out.elements, 1);
  return out;
}

/** Standard normal random numbers of another tensor's shape and dtype. */
export function randnLike(tensor: Tensor, options?: TensorOptions): Tensor {
  const out = like('randnLike', tensor, options);
  fillNormal('randnLike', out.elements, 0, 1, options);
  return out;
}

/** The shape of nested arrays; each level must be of one length. */
function nestedShape(data: unknown): number[] {
  const shape: number[] = [];
  // One dimension too many ends the loop: an array may contain itself.
  for (let level = data; Array.isArray(level) && shape.length <= maxDims; level = level[0]) shape.push(level.length);
  return checkShape('tensor', shape);
}

/** Writes nested numbers to a contiguous view's elements, from the one at index `at` on; returns the next index. */
function flattenInto(data: unknown, dim: number, view: TensorView, at: number): number {
  const { shape, array, dtype } = view;
  if (dim === shape.length) {
    array[at] = encode('tensor', dtype, data);
    return at + 1;
  }
  if (!Array.isArray(data) || data.length !== shape[dim]) {
    const got = Array.isArray(data) ? `${data.length} elements` : describe(data);
    throw shapeError('tensor', `expected ${shape[dim]} elements in dimension ${dim}, got ${got}`);
  }
  // Holes count as undefined, which is no number.
  let next = at;
  for (const item of data) next = flattenInto(item, dim + 1, view, next);
  return next;
}

/**
 * A tensor with the given numbers: a number, nested arrays, or a typed array, which is copied.
 *
 * @throws RangeError (ERR_SHAPE) for arrays of unequal lengths, TypeError (ERR_ARGUMENT) for anything but numbers
 * @example
 * tensor([[1, 2], [3, 4]]);
 */
export function tensor(data: NestedArray | TensorArray, options?: TensorOptions): Tensor {
  const given = checkOptions('tensor', options);
  const wanted = given.dtype === undefined ? undefined : checkDType('tensor', given.dtype);
  const source = dtypeOf(data, wanted);
  if (source !== undefined) {
    const view = share('tensor', data as TensorArray, undefined, { dtype: source });
    return new Tensor(ops.contiguousCopy('tensor', view.elements, wanted ?? source), given.requiresGrad ?? false);
  }
  const dtype = wanted ?? defaultDType;
  const view = allocateView('tensor', nestedShape(data), writable(dtype));
  flattenInto(data, 0, view, 0);
  return new Tensor(ops.cast('tensor', view, dtype), given.requiresGrad ?? false);
}

/**
 * A tensor on a typed array's own memory: changes are seen both ways. Arrays over a SharedArrayBuffer work too.
 *
 * A Uint16Array holds the bits of half-precision floats: name `dtype: 'float16'` or `'bfloat16'`. A Uint8Array holds
 * numbers, or booleans with `dtype: 'bool'`.
 *
 * @param shape one dimension by default; may cover only the first elements
 * @throws RangeError (ERR_SHAPE) where the array is too short, TypeError (ERR_DETACHED) where its memory is gone
 * @example
 * const weights = new Float32Array(6);
 * init.xavierUniform_(fromTypedArray(weights, [2, 3]));
 */
export function fromTypedArray(array: TensorArray, shape?: Shape, options?: TensorOptions): Tensor {
  return share('fromTypedArray', array, shape, options);
}

function share(call: string, array: TensorArray, shape: Shape | undefined, options: TensorOptions | undefined): Tensor {
  const given = checkOptions(call, options);
  const wanted = given.dtype === undefined ? undefined : checkDType(call, given.dtype);
  const dtype = dtypeOf(array, wanted);
  if (dtype === undefined) {
    const kinds = 'Float32Array, Float64Array, BigInt64Array, Int32Array, Uint8Array, or a Uint16Array with a dtype';
    throw argumentError(call, `expected a ${kinds}, got ${describe(array)}`);
  }
  if (wanted !== undefined && wanted !== dtype) {
    throw argumentError(call, `a ${dtypes[dtype].Array.name} holds ${dtype}, not ${wanted}`);
  }
  if (isDetached(array)) throw detachedError(call, "the array's ArrayBuffer is detached");
  const sizes = shape === undefined ? [array.length] : checkShape(call, shape);
  const count = numElements(sizes);
  if (count > array.length) {
    throw shapeError(call, `shape ${formatShape(sizes)} needs ${count} elements, the array has ${array.length}`);
  }
  const view = { array, dtype, shape: sizes, strides: contiguousStrides(sizes), offset: 0, version: { count: 0 } };
  return new Tensor(view, given.requiresGrad ?? false);
}

function isDetached({ buffer }: TensorArray): boolean {
  if (types.isSharedArrayBuffer(buffer) || buffer.byteLength > 0) return false;
  try {
    // Views cannot be made on a detached buffer.
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
