// Tensors and their bytes.
import { type DType, dtypes, type TensorArray } from '../../dtype.js';
import { describe, dtypeError, formatError } from '../../errors.js';
import { observe } from '../../memory.js';
import { contiguous } from '../../ops/index.js';
import { checkShape, contiguousStrides, numElements, type Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { checkMemory, outputView, type TensorView } from '../../view.js';
import { tensorDType } from './dtypes.js';
import type { TensorInfo } from './header.js';

/** The dtype and shape of a tensor as one of ours, which a file need not care about. */
export function checkOurs(call: string, { name, dtype, shape }: TensorInfo): { dtype: DType; shape: Shape } {
  const ours = tensorDType(dtype);
  if (ours !== undefined) return { dtype: ours, shape: checkShape(call, shape) };
  throw dtypeError(
    call,
    `${describe(name)} is of ${dtype}, which no dtype of tensors is; openCheckpoint() gives its bytes with bytes()`,
  );
}

/** Uncleared memory for a tensor that is about to be read, and its bytes. */
export function emptyTensor(call: string, shape: Shape, dtype: DType): { view: TensorView; bytes: Uint8Array } {
  // Not in the pool of a scope() around the call: reading goes on after the scope's end.
  const view = observe(undefined, () => outputView(call, shape, dtype));
  return { view, bytes: bytesOf(view) };
}

/** Uncleared bytes. */
export function emptyBytes(call: string, length: number): Uint8Array {
  return observe(undefined, () => outputView(call, [length], 'uint8').array as Uint8Array);
}

/** The bytes of a contiguous view. */
export function bytesOf({ array, shape, offset }: TensorView): Uint8Array {
  const [count, size] = [numElements(shape), array.BYTES_PER_ELEMENT];
  // A part without elements may begin behind the end of its array.
  if (count === 0) return new Uint8Array(0);
  return new Uint8Array(array.buffer, array.byteOffset + offset * size, count * size);
}

/** The bytes of a tensor in row-major order: its own memory where they lie in it so. */
export function rowMajorBytes(call: string, view: TensorView): Uint8Array {
  checkMemory(call, view);
  return bytesOf(observe(undefined, () => contiguous(call, view) as TensorView));
}

/** Checks that the bytes of a bool tensor are truth values: kernels count on it. */
export function checkTruth(call: string, source: string, dtype: DType, bytes: Uint8Array): void {
  if (dtype !== 'bool') return;
  const wrong = bytes.findIndex((byte) => byte > 1);
  if (wrong < 0) return;
  throw formatError(call, `${source} is of bool and has the byte ${bytes[wrong]}; only 0 and 1 are truth values`);
}

/** A tensor on bytes that are there: in their place where that is aligned, else on a copy. */
export function tensorOnBytes(shape: Shape, dtype: DType, bytes: Uint8Array): Tensor {
  const { Array: Storage } = dtypes[dtype];
  const size = Storage.BYTES_PER_ELEMENT;
  const count = numElements(shape);
  // A new array, for the slice of a Buffer is a view.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const array = new Storage(aligned.buffer as ArrayBuffer, aligned.byteOffset, count) as TensorArray;
  return new Tensor({ array, dtype, shape, strides: contiguousStrides(shape), offset: 0, version: { count: 0 } });
}
