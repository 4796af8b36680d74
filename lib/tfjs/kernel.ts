// What native kernels of TensorFlow.js have in common: arguments, views on tensors' data, outputs.
import { isArrayOf } from '../dtype.js';
import { kernelId, run } from '../run.js';
import { contiguousStrides, numElements, type Shape } from '../shape.js';
import { restride, type TensorView } from '../view.js';
import { type EvenkeelBackend, recycler } from './backend.js';
import { arrays, type Entry, type PlainArray, type PlainDType, type TensorInfo } from './core.js';

/** What TensorFlow.js calls a kernel with. Inputs that an operation may leave out are undefined or null. */
export interface KernelCall<Attributes = Record<string, unknown>> {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly backend: EvenkeelBackend;
  readonly attrs: Attributes;
}

/**
 * A kernel in the native core; undefined where it does not apply (another dtype, an unusual array, no elements), and the cpu
 * backend's kernel is to be called. It has not allocated anything then.
 */
export type NativeKernel = (call: KernelCall<never>) => TensorInfo | TensorInfo[] | undefined;

/** Kernels of one family by TensorFlow.js's names. */
export type KernelFamily = Readonly<Record<string, NativeKernel>>;

/** The name under which the gate reports errors. */
export const caller = 'evenkeel/tfjs';

/**
 * The array of a tensor, if it is the one that belongs to its dtype and has as many elements as its shape says: kernels of the
 * cpu backend leave whole numbers in a Float32Array now and then, and arrays may be given that are too long.
 */
export function arrayOf(backend: EvenkeelBackend, { dataId, dtype, shape }: TensorInfo): PlainArray | undefined {
  const { values } = backend.data.get(dataId) as Entry;
  const expected = arrays[dtype as PlainDType];
  if (expected === undefined || !(values instanceof expected)) return undefined;
  return values.length === numElements(shape) ? values : undefined;
}

/** The elements of a tensor of float32, or undefined where there is no usable array of them. */
export function floats(backend: EvenkeelBackend, info: TensorInfo | null | undefined): Float32Array | undefined {
  if (info?.dtype !== 'float32') return undefined;
  return arrayOf(backend, info) as Float32Array | undefined;
}

/** All elements of an array, in one dimension. */
export function flat(array: Float32Array): TensorView {
  return { array, dtype: 'float32', shape: [array.length], strides: [1], offset: 0 };
}

/** An array as row-major elements of a shape. Bytes are seen as numbers, so that booleans of any value stay as they are. */
export function shaped(array: PlainArray, shape: Shape): TensorView {
  const dtype = isArrayOf(Float32Array, array) ? 'float32' : isArrayOf(Int32Array, array) ? 'int32' : 'uint8';
  return { array, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** The dimensions of a view in another order. */
export function permuted(view: TensorView, order: readonly number[]): TensorView {
  return restride(
    view,
    order.map((d) => view.shape[d]!),
    order.map((d) => view.strides[d]!),
  );
}

/** A tensor of an array from `take` that a kernel has filled. */
export function finish(
  backend: EvenkeelBackend,
  shape: readonly number[],
  dtype: PlainDType,
  array: PlainArray,
): TensorInfo {
  return backend.makeTensorInfo(shape as number[], dtype, array);
}

/** Calls `work` with an array that is free for other uses afterwards. */
export function withScratch<T>(length: number, work: (array: Float32Array) => T): T {
  const array = recycler.take('float32', length);
  try {
    return work(array);
  } finally {
    recycler.giveBack(array);
  }
}

const copyKernel = kernelId('copy');
const fillKernel = kernelId('fill');

/** Copies elements between views of one shape, converting them where dtypes differ. */
export function copy(from: TensorView, to: TensorView): void {
  run(caller, copyKernel, [to, from]);
}

/** Sets every element of a view of float32. */
export function fill(to: TensorView, value: number): void {
  run(caller, fillKernel, [to], [value]);
}
