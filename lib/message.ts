// Tensors between threads. Structured cloning drops the class of an object, so a message is a plain one.
import { types } from 'node:util';
import { checkDType, type DType, dtypeOf, type TensorArray } from './dtype.js';
import { argumentError, describe, rangeError } from './errors.js';
import * as ops from './ops/index.js';
import { checkShape, checkSize, contiguousStrides, formatShape, numElements, type Shape } from './shape.js';
import { checkTensor, Tensor } from './tensor/index.js';
import { checkMemory, isViewContiguous, type TensorView } from './view.js';

/** A tensor as a plain object, for `postMessage`, `structuredClone` and `workerData`. */
export interface TensorMessage {
  readonly evenkeel: 'tensor';
  /** The elements, on an ArrayBuffer of their own or on the tensor's SharedArrayBuffer. */
  readonly array: TensorArray;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: Shape;
  readonly offset: number;
  readonly requiresGrad: boolean;
}

const isShared = ({ array }: TensorView) => types.isSharedArrayBuffer(array.buffer);

/**
 * A tensor as a message. One on a SharedArrayBuffer is shared: both sides see each other's changes. Else the message has the
 * tensor's own array where that holds just the tensor's elements in order, and a copy of them otherwise; posting it copies
 * the array, or moves it with `transferList`.
 *
 * Gradients and history stay behind.
 *
 * @example
 * worker.postMessage(toMessage(weights));
 * // in the worker
 * parentPort.on('message', (message) => console.log(fromMessage(message).sum()));
 */
export function toMessage(tensor: Tensor): TensorMessage {
  const { elements, requiresGrad } = checkTensor('toMessage', tensor);
  checkMemory('toMessage', elements);
  const { array } = elements as { array: TensorArray };
  const whole = isViewContiguous(elements) && array.byteLength === array.buffer.byteLength;
  const own = whole && numElements(elements.shape) === array.length;
  const view = own || isShared(elements) ? elements : ops.contiguousCopy('toMessage', elements);
  return {
    evenkeel: 'tensor',
    array: view.array as TensorArray,
    dtype: view.dtype,
    shape: [...view.shape],
    strides: [...view.strides],
    offset: view.offset,
    requiresGrad,
  };
}

/**
 * The transfer list with which messages move instead of being copied: their ArrayBuffers, each once, without the shared ones.
 * A tensor whose own array was moved is gone (ERR_DETACHED), and so are its views.
 *
 * @example
 * const message = toMessage(weights);
 * worker.postMessage(message, transferList(message));
 */
export function transferList(...messages: readonly TensorMessage[]): ArrayBuffer[] {
  const buffers = messages.map((message) => checkMessage('transferList', message).array.buffer);
  return [...new Set(buffers)].filter((buffer) => types.isArrayBuffer(buffer));
}

/**
 * The tensor of a message, on the message's array.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything but a message, RangeError (ERR_SHAPE, ERR_RANGE) for one whose parts do not fit
 * @example
 * parentPort.on('message', (message) => {
 *   const result = toMessage(fromMessage(message).relu());
 *   parentPort.postMessage(result, transferList(result));
 * });
 */
export function fromMessage(message: TensorMessage): Tensor {
  const call = 'fromMessage';
  const { array, dtype, shape, strides, offset, requiresGrad } = checkMessage(call, message);
  const view = {
    array,
    dtype,
    shape: checkShape(call, shape),
    strides: checkShape(call, strides),
    offset: checkSize(call, offset, 'offset'),
    version: { count: 0 },
  };
  const last = view.shape.reduce((index, size, d) => index + (size - 1) * view.strides[d]!, view.offset);
  if (view.strides.length !== view.shape.length || !(last < array.length || view.shape.includes(0))) {
    throw rangeError(
      call,
      `shape ${formatShape(view.shape)} with strides ${formatShape(view.strides)} from element ${view.offset} on does not ` +
        `fit an array of ${array.length}`,
    );
  }
  return new Tensor(view, requiresGrad);
}

function checkMessage(call: string, message: unknown): TensorMessage {
  const given = message as TensorMessage | null | undefined;
  if (typeof given !== 'object' || given?.evenkeel !== 'tensor') {
    throw argumentError(call, `expected a message made by toMessage, got ${describe(message)}`);
  }
  const dtype = checkDType(call, given.dtype);
  if (dtypeOf(given.array, dtype) === dtype) return given;
  throw argumentError(call, `expected an array of ${dtype} elements, got ${describe(given.array)}`);
}

/**
 * The same elements on a SharedArrayBuffer, for other threads: a copy, or the tensor itself where it is shared already.
 * Every operation works on shared tensors. Threads that write to one at the same time must agree who writes where.
 *
 * @example
 * const weights = share(randn(1024, 1024));
 * for (const worker of workers) worker.postMessage(toMessage(weights));
 */
export function share(tensor: Tensor): Tensor {
  const { elements, requiresGrad } = checkTensor('share', tensor);
  if (isShared(elements)) return tensor;
  checkMemory('share', elements);
  const { shape, dtype, array } = elements;
  const count = numElements(shape);
  const Storage = array.constructor as new (buffer: SharedArrayBuffer) => TensorArray;
  let shared: TensorArray;
  try {
    shared = new Storage(new SharedArrayBuffer(count * array.BYTES_PER_ELEMENT));
  } catch (cause) {
    throw Object.assign(rangeError('share', `no memory for shape ${formatShape(shape)} of ${dtype}`), { cause });
  }
  const strides = contiguousStrides(shape);
  const view: TensorView = { array: shared, dtype, shape, strides, offset: 0, version: { count: 0 } };
  ops.copy('share', elements, view);
  return new Tensor(view, requiresGrad);
}
