// Tensor: a shape and strides on a typed array, with torch's methods. The work is done in ops.ts, shape.ts, random.ts and
// format.ts; the element-by-element methods come from the tables of ops.ts.
import { checkNumber, checkOptions, shapeArguments } from './arguments.js';
import { checkDType, type DType, decode, type Scalar, type TensorArray } from './dtype.js';
import { argumentError, describe, rangeError, shapeError, stateError } from './errors.js';
import { fillBernoulli, fillExponential, fillNormal, fillRandom, fillUniform, type RandomOptions } from './fill.js';
import { formatTensor } from './format.js';
import * as ops from './ops.js';
import { broadcastShapes, checkDim, formatShape, numElements, type Shape, sameShape } from './shape.js';
import type { TensorView } from './view.js';
import * as views from './view.js';

/** Options of reductions. */
export interface ReduceOptions {
  /** Keep reduced dimensions, with size 1; false by default. */
  keepdim?: boolean;
}

/** Options of `std` and `var`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the number of elements before dividing; 1 by default. */
  correction?: number;
}

/** Elements nested as deep as a tensor has dimensions. */
export type NestedArray = Scalar | NestedArray[];

/** An array of sizes, or the sizes one by one. */
export type ShapeArguments = [shape: Shape] | number[];

type UnaryMethods = {
  [Name in keyof typeof ops.unaryOps]: () => Tensor;
};
type InPlaceUnaryMethods = {
  [Name in keyof typeof ops.unaryOps as `${Name}_`]: () => Tensor;
};
type BinaryMethods = {
  [Name in keyof typeof ops.binaryOps]: (other: Tensor | number) => Tensor;
};
type InPlaceBinaryMethods = {
  [Name in keyof typeof ops.binaryOps as `${Name}_`]: (other: Tensor | number) => Tensor;
};

export interface Tensor extends UnaryMethods, InPlaceUnaryMethods, BinaryMethods, InPlaceBinaryMethods {}

/**
 * A strided view of a typed array of float32 or float64 elements. Views share memory, as in torch; so do tensors made by
 * `fromTypedArray` and their arrays.
 *
 * @example
 * const x = randn([2, 3]);
 * console.log(x.t().matmul(x).shape); // [ 3, 3 ]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are installed from the tables below
export class Tensor {
  /** @internal */
  readonly elements: TensorView;
  requiresGrad: boolean;
  grad: Tensor | null = null;

  /** Use the creation functions: `tensor`, `zeros`, `randn`, `fromTypedArray`. */
  constructor(elements: TensorView, requiresGrad = false) {
    this.elements = elements;
    this.requiresGrad = requiresGrad;
  }

  /** Sizes of the dimensions. */
  get shape(): Shape {
    return this.elements.shape;
  }
  /** Steps between neighbours in each dimension, in elements. */
  get strides(): Shape {
    return this.elements.strides;
  }
  /** Index of the first element in the storage. */
  get storageOffset(): number {
    return this.elements.offset;
  }
  get dtype(): DType {
    return this.elements.dtype;
  }
  /** The same storage without gradient history, as in torch. */
  get data(): Tensor {
    return new Tensor(this.elements);
  }

  /**
   * The elements themselves, without a copy: the storage, or the part of it that a contiguous tensor covers.
   *
   * @throws RangeError (ERR_STATE) for a tensor that is not contiguous
   */
  get array(): TensorArray {
    if (!this.isContiguous()) throw stateError('array', 'the tensor is not contiguous; call contiguous() first');
    views.checkMemory('array', this.elements);
    const { array, offset } = this.elements;
    const length = this.numel();
    const storage = array as TensorArray;
    return offset === 0 && length === storage.length ? storage : storage.subarray(offset, offset + length);
  }

  /** The number of elements. */
  numel(): number {
    return numElements(this.shape);
  }
  /** The number of dimensions. */
  dim(): number {
    return this.shape.length;
  }
  /** The shape, or the size of one dimension. */
  size(): Shape;
  size(dim: number): number;
  size(dim?: number): Shape | number {
    if (dim === undefined) return this.shape;
    if (this.dim() === 0) throw rangeError('size', 'a scalar has no dimensions');
    return this.shape[checkDim('size', dim, this.dim())]!;
  }
  isContiguous(): boolean {
    return views.isViewContiguous(this.elements);
  }

  // Elements.

  /** The value of a tensor of one element: a number, a boolean, or a bigint for int64 beyond 2^53. */
  item<T extends Scalar = number>(): T {
    if (this.numel() !== 1) {
      throw shapeError('item', `expected a tensor of one element, got shape ${formatShape(this.shape)}`);
    }
    views.checkMemory('item', this.elements);
    return decode(this.dtype, this.elements.array[this.elements.offset]!) as T;
  }

  /** The elements as nested arrays; a number for a scalar. */
  tolist(): NestedArray {
    views.checkMemory('tolist', this.elements);
    const { array, dtype, shape, strides } = this.elements;
    const list = (dim: number, index: number): NestedArray =>
      dim === shape.length
        ? decode(dtype, array[index]!)
        : Array.from({ length: shape[dim]! }, (_, i) => list(dim + 1, index + i * strides[dim]!));
    return list(0, this.elements.offset);
  }

  /** The element or sub-tensor at the given indices, as a view; negative indices count from the end. */
  at(...indices: number[]): Tensor {
    return this.#view(this.#at('at', indices));
  }
  #at(call: string, indices: readonly number[]): TensorView {
    if (!Array.isArray(indices)) throw argumentError(call, `indices must be an array, got ${describe(indices)}`);
    if (indices.length > this.dim()) {
      throw shapeError(call, `got ${indices.length} indices for shape ${formatShape(this.shape)}`);
    }
    return indices.reduce((view, index) => views.selectView(call, view, 0, index), this.elements);
  }

  /** Writes a number, or a tensor that broadcasts, at the given indices. */
  set_(indices: readonly number[], value: number | Tensor): this {
    const target = this.#at('set_', indices);
    if (value instanceof Tensor) copyInto('set_', value.elements, target);
    else ops.fill('set_', target, value);
    return this;
  }

  // Copies and conversions.

  /** A contiguous copy. */
  clone(): Tensor {
    return new Tensor(ops.contiguousCopy('clone', this.elements));
  }
  /** This tensor if it is contiguous, else a copy. */
  contiguous(): Tensor {
    return this.isContiguous() ? this : this.clone();
  }
  /** The elements in another dtype; this tensor if it has it already. */
  to(dtype: DType): Tensor {
    const target = checkDType('to', dtype);
    return target === this.dtype ? this : new Tensor(ops.cast('to', this.elements, target));
  }
  /** The same storage without gradient history. */
  detach(): Tensor {
    return new Tensor(this.elements);
  }
  /** Whether gradients are to be recorded for this tensor. */
  requiresGrad_(requiresGrad = true): this {
    this.requiresGrad = requiresGrad;
    return this;
  }

  /** Copies the elements of a tensor that broadcasts to this one, converting their dtype. */
  copy_(source: Tensor): this {
    copyInto('copy_', operand('copy_', source), this.elements);
    return this;
  }
  /** Sets every element. */
  fill_(value: number): this {
    ops.fill('fill_', this.elements, value);
    return this;
  }
  /** Sets every element to 0. */
  zero_(): this {
    ops.fill('zero_', this.elements, 0);
    return this;
  }

  // Views: none of these copies, but reshape and flatten where they must.

  #view(elements: TensorView): Tensor {
    return new Tensor(elements, this.requiresGrad);
  }

  /** The same elements under another shape; one size may be -1. */
  view(...shape: ShapeArguments): Tensor {
    const requested = shapeArguments(shape);
    const view = views.reshapeView('view', this.elements, requested);
    if (view !== undefined) return this.#view(view);
    const [sizes, strides] = [formatShape(this.shape), formatShape(this.strides)];
    throw shapeError(
      'view',
      `shape ${describe(requested)} is not a view of shape ${sizes} with strides ${strides}; use reshape()`,
    );
  }
  /** The same elements under another shape: a view where that is possible, else a copy. */
  reshape(...shape: ShapeArguments): Tensor {
    return this.#reshape('reshape', shapeArguments(shape));
  }
  #reshape(call: string, shape: unknown): Tensor {
    const view = views.reshapeView(call, this.elements, shape);
    if (view !== undefined) return this.#view(view);
    return this.#view(views.reshapeView(call, ops.contiguousCopy(call, this.elements), shape)!);
  }
  /** Merges dimensions `startDim` to `endDim` into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return this.#reshape('flatten', views.flattenedShape('flatten', this.elements, startDim, endDim));
  }
  /** The dimensions in another order. */
  permute(...dims: ShapeArguments): Tensor {
    return this.#view(views.permuteView('permute', this.elements, shapeArguments(dims)));
  }
  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    return this.#view(views.transposeView('transpose', this.elements, dim0, dim1));
  }
  /** The transpose of a tensor of at most two dimensions. */
  t(): Tensor {
    if (this.dim() > 2) throw shapeError('t', `expected at most 2 dimensions, got shape ${formatShape(this.shape)}`);
    return this.dim() === 2 ? this.transpose(0, 1) : this.#view(this.elements);
  }
  /** Without dimensions of size 1, or without the given ones where their size is 1. */
  squeeze(dim?: number | readonly number[]): Tensor {
    return this.#view(views.squeezeView('squeeze', this.elements, dim));
  }
  /** With a dimension of size 1 inserted. */
  unsqueeze(dim: number): Tensor {
    return this.#view(views.unsqueezeView('unsqueeze', this.elements, dim));
  }
  /** Dimensions of size 1 repeated without a copy; -1 keeps a size. */
  expand(...shape: ShapeArguments): Tensor {
    return this.#view(views.expandView('expand', this.elements, shapeArguments(shape)));
  }
  /** One slice of a dimension, without that dimension. */
  select(dim: number, index: number): Tensor {
    return this.#view(views.selectView('select', this.elements, dim, index));
  }
  /** `length` slices of a dimension from `start` on. */
  narrow(dim: number, start: number, length: number): Tensor {
    return this.#view(views.narrowView('narrow', this.elements, dim, start, length));
  }
  /** The slices `start` to `end` (exclusive) of a dimension, every `step`-th, clipped as Python's slicing clips them. */
  slice(dim = 0, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
    return this.#view(views.sliceView('slice', this.elements, dim, start, end, step));
  }

  // Arithmetic beyond the tables.

  #clamp(call: string, min: number | undefined, max: number | undefined, inPlace: boolean): Tensor {
    if (min === undefined && max === undefined) throw argumentError(call, 'min or max must be given');
    const low = min === undefined ? -Infinity : checkNumber(call, 'min', min);
    const high = max === undefined ? Infinity : checkNumber(call, 'max', max);
    const out = ops.clamp(call, this.elements, low, high, inPlace);
    return inPlace ? this : new Tensor(out);
  }
  /** Each element raised to at least `min` and lowered to at most `max`. */
  clamp(min?: number, max?: number): Tensor {
    return this.#clamp('clamp', min, max, false);
  }
  /** `clamp` in place. */
  clamp_(min?: number, max?: number): Tensor {
    return this.#clamp('clamp_', min, max, true);
  }

  /** The matrix product with a tensor of one or two dimensions, as torch.matmul. */
  matmul(other: Tensor): Tensor {
    return new Tensor(ops.matmul('matmul', this.elements, operand('matmul', other)));
  }
  /** The product of two matrices. */
  mm(other: Tensor): Tensor {
    return this.#product('mm', other, 2, 2);
  }
  /** The product of a matrix and a vector. */
  mv(vector: Tensor): Tensor {
    return this.#product('mv', vector, 2, 1);
  }
  /** The scalar product of two vectors. */
  dot(other: Tensor): Tensor {
    return this.#product('dot', other, 1, 1);
  }
  #product(call: string, other: Tensor, dims: number, otherDims: number): Tensor {
    const right = operand(call, other);
    if (this.dim() !== dims || right.shape.length !== otherDims) {
      throw shapeError(
        call,
        `expected ${dims} and ${otherDims} dimensions, got shapes ${formatShape(this.shape)} and ` +
          formatShape(right.shape),
      );
    }
    return new Tensor(ops.matmul(call, this.elements, right));
  }

  // Reductions over all dimensions, or over those given.

  #reduce(
    call: keyof typeof ops.reductionOps,
    dim: Dims,
    options: ReduceOptions | undefined,
    params?: number[],
  ): Tensor {
    const keepdim = checkOptions(call, options).keepdim ?? false;
    return new Tensor(ops.reduce(call, ops.reductionOps[call], this.elements, dim, keepdim, params));
  }
  /** The sum, accumulated in double precision. */
  sum(dim?: Dims, options?: ReduceOptions): Tensor {
    return this.#reduce('sum', dim, options);
  }
  /** The mean. */
  mean(dim?: Dims, options?: ReduceOptions): Tensor {
    return this.#reduce('mean', dim, options);
  }
  /** The standard deviation. */
  std(dim?: Dims, options?: VarianceOptions): Tensor {
    return this.#reduce('std', dim, options, [checkNumber('std', 'correction', options?.correction ?? 1)]);
  }
  /** The variance. */
  var(dim?: Dims, options?: VarianceOptions): Tensor {
    return this.#reduce('var', dim, options, [checkNumber('var', 'correction', options?.correction ?? 1)]);
  }
  /** The least element; NaN if there is one. */
  min(dim?: Dims, options?: ReduceOptions): Tensor {
    return this.#reduce('min', dim, options);
  }
  /** The greatest element; NaN if there is one. */
  max(dim?: Dims, options?: ReduceOptions): Tensor {
    return this.#reduce('max', dim, options);
  }
  /** The p-norm of the elements: (sum |x|^p)^(1/p); p may be Infinity. */
  norm(p = 2, dim?: Dims, options?: ReduceOptions): Tensor {
    return this.#reduce('norm', dim, options, [checkNumber('norm', 'p', p)]);
  }

  // Random fills, in place.

  /** Fills with uniform numbers from [from, to). */
  uniform_(from = 0, to = 1, options?: RandomOptions): this {
    fillUniform('uniform_', this.elements, from, to, options);
    return this;
  }
  /** Fills with normal numbers. */
  normal_(mean = 0, std = 1, options?: RandomOptions): this {
    fillNormal('normal_', this.elements, mean, std, options);
    return this;
  }

  /** Fills with exponentially distributed numbers of a rate: density lambda exp(-lambda x), x > 0. */
  exponential_(lambda = 1, options?: RandomOptions): this {
    fillExponential('exponential_', this.elements, lambda, options);
    return this;
  }
  /** Fills with ones, each with probability p, and zeros. */
  bernoulli_(p = 0.5, options?: RandomOptions): this {
    fillBernoulli('bernoulli_', this.elements, p, options);
    return this;
  }
  /**
   * Fills with whole numbers from [low, high), or from 0 to the largest up to which the dtype has all.
   *
   * @throws RangeError (ERR_RANGE) for bounds out of order, or that reach beyond the dtype's whole numbers
   */
  random_(options?: RandomOptions): this;
  random_(high: number | bigint, options?: RandomOptions): this;
  random_(low: number | bigint, high: number | bigint, options?: RandomOptions): this;
  random_(...args: unknown[]): this {
    fillRandom('random_', this.elements, args);
    return this;
  }

  // What people see.

  /** What torch prints for this tensor. */
  toString(): string {
    return formatTensor(this.elements, { requiresGrad: this.requiresGrad });
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function copyInto(call: string, from: TensorView, to: TensorView): void {
  if (!sameShape(broadcastShapes(call, to.shape, from.shape), to.shape)) {
    throw shapeError(call, `shape ${formatShape(from.shape)} does not broadcast to ${formatShape(to.shape)}`);
  }
  ops.copy(call, from, to);
}

type Dims = number | readonly number[] | undefined;

for (const name of Object.keys(ops.unaryOps) as (keyof typeof ops.unaryOps)[]) {
  const define = (call: string, inPlace: boolean) =>
    defineMethod(call, function (this: Tensor) {
      const out = ops.applyUnary(call, ops.unaryOps[name], this.elements, inPlace);
      return inPlace ? this : new Tensor(out);
    });
  define(name, false);
  define(`${name}_`, true);
}

for (const name of Object.keys(ops.binaryOps) as (keyof typeof ops.binaryOps)[]) {
  const define = (call: string, inPlace: boolean) =>
    defineMethod(call, function (this: Tensor, other: Tensor | number) {
      const right = typeof other === 'number' ? other : operand(call, other);
      const out = ops.applyBinary(call, ops.binaryOps[name], this.elements, right, inPlace);
      return inPlace ? this : new Tensor(out);
    });
  define(name, false);
  define(`${name}_`, true);
}

/** Not enumerable, as methods written in the class. */
function defineMethod(name: string, method: (this: Tensor, other: Tensor | number) => Tensor): void {
  Object.defineProperty(method, 'name', { value: name });
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

/** The view of an argument that must be a tensor. */
export function operand(call: string, value: unknown): TensorView {
  if (value instanceof Tensor) return value.elements;
  throw argumentError(call, `expected a Tensor, got ${describe(value)}`);
}
