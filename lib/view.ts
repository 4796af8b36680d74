// A view: a strided window on a typed array. All that the gate and the table of operations see of a tensor.
import { allocate, type DType, type StorageArray, type StorageDType } from './dtype.js';
import { contiguousStrides, isContiguous, numElements, type Shape } from './shape.js';

export interface View {
  readonly array: StorageArray;
  readonly dtype: StorageDType;
  readonly shape: Shape;
  /** In elements, never negative. */
  readonly strides: Shape;
  /** Index of the first element in `array`. */
  readonly offset: number;
}

/** A view whose elements are those of a tensor. */
export type FloatView = View & { readonly dtype: DType };

/** A fresh contiguous view; its elements are 0. */
export function emptyView(shape: Shape, dtype: DType): FloatView {
  return { array: allocate(dtype, numElements(shape)), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

export function isViewContiguous(view: View): boolean {
  return isContiguous(view.shape, view.strides);
}

/** The view with other sizes and strides on the same elements. */
export function restride<V extends View>(view: V, shape: Shape, strides: Shape, offset = view.offset): V {
  return { ...view, shape, strides, offset };
}

/** The view broadcast to `shape`, which it must fit: strides of 0 repeat elements without copying them. */
export function expandView<V extends View>(view: V, shape: Shape): V {
  const lead = shape.length - view.shape.length;
  if (lead === 0 && shape.every((size, d) => size === view.shape[d])) return view;
  const strides = shape.map((_, d) => (d < lead || view.shape[d - lead] === 1 ? 0 : view.strides[d - lead]!));
  return restride(view, shape, strides);
}

/** Calls `visit` with the storage index of every element, in row-major order. */
export function forEachIndex(view: View, visit: (index: number) => void): void {
  const walk = (dim: number, index: number): void => {
    if (dim === view.shape.length) return visit(index);
    for (let i = 0; i < view.shape[dim]!; i++) walk(dim + 1, index + i * view.strides[dim]!);
  };
  walk(0, view.offset);
}
