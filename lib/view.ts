// A view: a strided window on a typed array, all that the gate and the table of operations see of a tensor. And torch's
// ways to look at the same elements under other shapes, none of which copies.
import { type DType, type StorageArray, type StorageDType, storedOne, type TensorArray } from './dtype.js';
import { argumentError, describe, detachedError, rangeError, shapeError } from './errors.js';
import { allocate, allocateOutput, observe } from './memory.js';
import {
  checkDim,
  checkDims,
  checkShape,
  checkSize,
  contiguousStrides,
  formatShape,
  inferShape,
  isContiguous,
  numElements,
  type Shape,
  sameShape,
  viewStrides,
} from './shape.js';

/** How often elements of a storage were written: what a gradient saved of them may be out of date. */
export interface Version {
  count: number;
}

export interface View {
  readonly array: StorageArray;
  readonly dtype: StorageDType;
  readonly shape: Shape;
  /** In elements, never negative. */
  readonly strides: Shape;
  /** Index of the first element in `array`. */
  readonly offset: number;
  /** Shared by all views of a tensor's storage. */
  readonly version?: Version;
}

/** A view whose elements are those of a tensor. */
export type TensorView = View & { readonly dtype: DType };

/** A fresh contiguous view of zeros, for the named call, which an error says there is no memory for. */
export function allocateView(call: string, shape: Shape, dtype: DType): TensorView {
  return freshView(call, shape, dtype, allocate);
}

/** A fresh contiguous view with arbitrary elements: for outputs of which a kernel writes every one. */
export function outputView(call: string, shape: Shape, dtype: DType): TensorView {
  return freshView(call, shape, dtype, allocateOutput);
}

/** Storage that is allocated when it is first looked at: its elements are all `start` until something is written. */
class LazyStorage {
  #array: TensorArray | undefined;

  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    readonly start: 0 | 1,
  ) {}

  get allocated(): boolean {
    return this.#array !== undefined;
  }

  /** For the named call, which an error says there is no memory for. */
  array(call: string): TensorArray {
    this.#array ??= orNoMemory(call, this.shape, this.dtype, () => {
      // Not the memory of whatever scope or recording is the first to look: it belongs to the tensor.
      const array = observe(undefined, () => allocate(this.dtype, numElements(this.shape)));
      return this.start === 0 ? array : (array.fill(storedOne(this.dtype) as never) as TensorArray);
    });
    return this.#array;
  }
}

/**
 * A view whose elements are allocated when `array` is first read, by it or by another view of the same storage. From then on
 * `array` is a field as in any other view.
 */
class LazyView implements View {
  declare readonly array: TensorArray;
  readonly #storage: LazyStorage;

  constructor(
    storage: LazyStorage,
    readonly dtype: DType,
    readonly shape: Shape,
    readonly strides: Shape,
    readonly offset: number,
    readonly version: Version,
  ) {
    this.#storage = storage;
  }

  get allocated(): boolean {
    return this.#storage.allocated;
  }
  get start(): 0 | 1 {
    return this.#storage.start;
  }

  allocate(call: string): TensorArray {
    const value = this.#storage.array(call);
    // A field of its own, so that reading it again costs nothing.
    Object.defineProperty(this, 'array', { value, enumerable: true, writable: true, configurable: true });
    return value;
  }

  with(shape: Shape, strides: Shape, offset: number, version: Version): LazyView {
    return new LazyView(this.#storage, this.dtype, shape, strides, offset, version);
  }
}

Object.defineProperty(LazyView.prototype, 'array', {
  get(this: LazyView) {
    return this.allocate('array');
  },
  configurable: true,
});

/** A contiguous view whose elements, all 0 or all 1, are allocated when they are first read or written. */
export function lazyView(shape: Shape, dtype: DType, start: 0 | 1): TensorView {
  const storage = new LazyStorage(shape, dtype, start);
  return new LazyView(storage, dtype, shape, contiguousStrides(shape), 0, { count: 0 });
}

/** What the elements of a view are that has no memory yet; undefined where it has. */
export function unallocatedStart(view: View): 0 | 1 | undefined {
  return view instanceof LazyView && !view.allocated ? view.start : undefined;
}

function freshView(call: string, shape: Shape, dtype: DType, make: typeof allocate): TensorView {
  const array = orNoMemory(call, shape, dtype, () => make(dtype, numElements(shape)));
  return { array, dtype, shape, strides: contiguousStrides(shape), offset: 0, version: { count: 0 } };
}

/** What `make` returns; throws what the call is to say where there is no memory. */
function orNoMemory<T>(call: string, shape: Shape, dtype: DType, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw Object.assign(rangeError(call, `no memory for shape ${formatShape(shape)} of ${dtype}`), { cause });
  }
}

/** Throws where the view's memory is gone: its buffer was detached (transferred) or shrunk. */
export function checkMemory(call: string, view: View): void {
  const { shape, strides, offset } = view;
  const array = unallocatedStart(view) === undefined ? view.array : (view as LazyView).allocate(call);
  const last = shape.reduce((index, size, d) => index + (size - 1) * strides[d]!, offset);
  if (last < array.length || shape.includes(0)) return;
  throw detachedError(
    call,
    `the memory of a tensor of shape ${formatShape(shape)} is gone: its ArrayBuffer was detached or shrunk, or its scope() has ended`,
  );
}

/** Throws where elements of the view share memory, so that it cannot be written to. */
export function checkWritable(call: string, { shape, strides }: View): void {
  if (!strides.some((stride, d) => stride === 0 && shape[d]! > 1) || shape.includes(0)) return;
  throw argumentError(
    call,
    `cannot write to a tensor of shape ${formatShape(shape)} whose elements share memory; clone() it first`,
  );
}

export function isViewContiguous(view: View): boolean {
  return isContiguous(view.shape, view.strides);
}

/** The view with other sizes and strides on the same elements. */
export function restride<V extends View>(view: V, shape: Shape, strides: Shape, offset = view.offset): V {
  if (view instanceof LazyView) return view.with(shape, strides, offset, view.version) as View as V;
  return { ...view, shape, strides, offset };
}

/** The view with a count of its own of how often its elements were written. */
export function withoutHistory(view: TensorView): TensorView {
  const version = { count: 0 };
  if (view instanceof LazyView) return view.with(view.shape, view.strides, view.offset, version);
  return { ...view, version };
}

/** The view with every element once, where strides of 0 repeat some: those dimensions have size 1. */
export function withoutRepeats<V extends View>(view: V): V {
  const { shape, strides } = view;
  if (!strides.some((stride, d) => stride === 0 && shape[d]! > 1)) return view;
  return restride(
    view,
    shape.map((size, d) => (strides[d] === 0 ? Math.min(size, 1) : size)),
    strides,
  );
}

/** The view with only the given dimensions, in this order. */
export function pickDims<V extends View>(view: V, dims: readonly number[]): V {
  return restride(
    view,
    dims.map((d) => view.shape[d]!),
    dims.map((d) => view.strides[d]!),
  );
}

/** The view broadcast to `shape`, which it must fit: strides of 0 repeat elements without copying them. */
export function broadcastTo<V extends View>(view: V, shape: Shape): V {
  if (sameShape(shape, view.shape)) return view;
  const lead = shape.length - view.shape.length;
  const strides = new Array<number>(shape.length).fill(0);
  for (let d = shape.length - 1; d >= 0 && view.shape.length > 0; d--) {
    if (d >= lead && shape[d] === view.shape[d - lead]) strides[d] = view.strides[d - lead]!;
    // A new dimension of size 1: any stride would do, this is torch's.
    else if (d < lead && shape[d] === 1) strides[d] = shape[d + 1]! * strides[d + 1]!;
  }
  return restride(view, shape, strides);
}

/** Another shape, one size of which may be -1; undefined where that takes a copy. */
export function reshapeView<V extends View>(call: string, view: V, requested: unknown): V | undefined {
  const shape = inferShape(call, requested, numElements(view.shape));
  const strides = viewStrides(view.shape, view.strides, shape);
  return strides && restride(view, shape, strides);
}

/** The shape with dimensions `startDim` to `endDim` merged into one. */
export function flattenedShape(call: string, { shape }: View, startDim: number, endDim: number): number[] {
  const start = checkDim(call, startDim, shape.length);
  const end = checkDim(call, endDim, shape.length);
  if (start > end) throw rangeError(call, `startDim ${startDim} comes after endDim ${endDim}`);
  return [...shape.slice(0, start), numElements(shape.slice(start, end + 1)), ...shape.slice(end + 1)];
}

export function permuteView<V extends View>(call: string, view: V, dims: unknown): V {
  const ndim = view.shape.length;
  const order = Array.isArray(dims) && dims.length === 0 ? [] : checkDims(call, dims as number[], ndim);
  if (order.length !== ndim) throw shapeError(call, `expected ${ndim} dimensions, got ${describe(dims)}`);
  return pickDims(view, order);
}

export function transposeView<V extends View>(call: string, view: V, dim0: number, dim1: number): V {
  const a = checkDim(call, dim0, view.shape.length);
  const b = checkDim(call, dim1, view.shape.length);
  if (view.shape.length === 0) return view;
  return pickDims(
    view,
    view.shape.map((_, d) => (d === a ? b : d === b ? a : d)),
  );
}

/** Without dimensions of size 1, or without the given ones where their size is 1. */
export function squeezeView<V extends View>(call: string, view: V, dim: number | readonly number[] | undefined): V {
  const chosen = new Set(Array.isArray(dim) && dim.length === 0 ? [] : checkDims(call, dim, view.shape.length));
  return pickDims(
    view,
    view.shape.map((_, d) => d).filter((d) => !(chosen.has(d) && view.shape[d] === 1)),
  );
}

export function unsqueezeView<V extends View>(call: string, view: V, dim: number): V {
  const { shape, strides } = view;
  const at = checkDim(call, dim, shape.length + 1);
  const stride = at < shape.length ? shape[at]! * strides[at]! : 1;
  return restride(view, checkShape(call, shape.toSpliced(at, 0, 1)), strides.toSpliced(at, 0, stride));
}

/** Dimensions of size 1 repeated; -1 keeps a size. */
export function expandView<V extends View>(call: string, view: V, requested: unknown): V {
  if (!Array.isArray(requested)) throw argumentError(call, `expected sizes, got ${describe(requested)}`);
  const lead = requested.length - view.shape.length;
  const target = checkShape(
    call,
    requested.map((size, d) => (size === -1 && d >= lead ? view.shape[d - lead]! : size)),
  );
  if (lead < 0 || !view.shape.every((size, d) => size === 1 || size === target[d + lead])) {
    throw shapeError(call, `shape ${formatShape(view.shape)} does not expand to ${formatShape(target)}`);
  }
  return broadcastTo(view, target);
}

function checkSliceable(call: string, view: View, dim: number): number {
  if (view.shape.length === 0) throw rangeError(call, 'a scalar has no dimensions');
  return checkDim(call, dim, view.shape.length);
}

/** One slice of a dimension, without that dimension. */
export function selectView<V extends View>(call: string, view: V, dim: number, index: number): V {
  const d = checkSliceable(call, view, dim);
  const size = view.shape[d]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw rangeError(call, `index ${describe(index)} is out of range for dimension ${d} of size ${size}`);
  }
  const at = index < 0 ? index + size : index;
  const offset = view.offset + at * view.strides[d]!;
  return restride(view, view.shape.toSpliced(d, 1), view.strides.toSpliced(d, 1), offset);
}

/** `length` slices of a dimension from `start` on. */
export function narrowView<V extends View>(call: string, view: V, dim: number, start: number, length: number): V {
  const d = checkSliceable(call, view, dim);
  const size = view.shape[d]!;
  const count = checkSize(call, length, 'length');
  const first = Number.isInteger(start) && start < 0 ? start + size : start;
  if (!Number.isInteger(first) || first < 0 || first + count > size) {
    throw rangeError(call, `start ${describe(start)} and length ${count} do not fit dimension ${d} of size ${size}`);
  }
  return restride(view, view.shape.with(d, count), view.strides, view.offset + first * view.strides[d]!);
}

/** The slices `start` to `end` (exclusive) of a dimension, every `step`-th, clipped as Python's slicing clips them. */
export function sliceView<V extends View>(
  call: string,
  view: V,
  dim: number,
  start: number,
  end: number,
  step: number,
): V {
  const d = checkSliceable(call, view, dim);
  if (!Number.isInteger(start) || !Number.isInteger(end) || !Number.isInteger(step) || step < 1) {
    const got = [start, end, step].map(describe).join(', ');
    throw rangeError(call, `start, end and step must be whole numbers and step 1 or more, got ${got}`);
  }
  const size = view.shape[d]!;
  const clip = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
  const first = clip(start);
  const count = Math.ceil(Math.max(clip(end) - first, 0) / step);
  const stride = view.strides[d]!;
  return restride(view, view.shape.with(d, count), view.strides.with(d, stride * step), view.offset + first * stride);
}
