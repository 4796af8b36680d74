// Tensor: a shape and strides on a typed array, with torch's methods. The work is done in ops.ts, shape.ts, random.ts and
// format.ts; the element-by-element methods come from the tables of ops.ts.
import { checkDType, type DType, dtypes, type FloatArray } from './dtype.js';
import { argumentError, describe, rangeError, shapeError } from './errors.js';
import { formatTensor } from './format.js';
import * as ops from './ops.js';
import { checkGenerator, type Generator } from './random.js';
import {
  broadcastShapes,
  checkDim,
  checkDims,
  checkShape,
  checkSize,
  formatShape,
  inferShape,
  numElements,
  type Shape,
  viewStrides,
} from './shape.js';
import { expandView, type FloatView, isViewContiguous, restride } from './view.js';

/** Options of random fills. */
export interface RandomOptions {
  /** Where the numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

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

/** Numbers nested as deep as a tensor has dimensions. */
export type NestedArray = number | NestedArray[];

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
  readonly elements: FloatView;
  requiresGrad: boolean;
  grad: Tensor | null = null;

  /** Use the creation functions: `tensor`, `zeros`, `randn`, `fromTypedArray`. */
  constructor(elements: FloatView, requiresGrad = false) {
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
  get array(): FloatArray {
    if (!this.isContiguous()) {
      throw argumentError('array', 'the tensor is not contiguous; call contiguous() first');
    }
    const { array, offset } = this.elements;
    const length = this.numel();
    const storage = array as FloatArray;
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
    return isViewContiguous(this.elements);
  }

  // Elements.

  /** The value of a tensor of one element. */
  item(): number {
    if (this.numel() !== 1) {
      throw shapeError('item', `expected a tensor of one element, got shape ${formatShape(this.shape)}`);
    }
    return this.elements.array[this.elements.offset]!;
  }

  /** The elements as nested arrays; a number for a scalar. */
  tolist(): NestedArray {
    const { array, shape, strides } = this.elements;
    const list = (dim: number, index: number): NestedArray =>
      dim === shape.length
        ? array[index]!
        : Array.from({ length: shape[dim]! }, (_, i) => list(dim + 1, index + i * strides[dim]!));
    return list(0, this.elements.offset);
  }

  /** The element or sub-tensor at the given indices, as a view; negative indices count from the end. */
  at(...indices: number[]): Tensor {
    if (indices.length > this.dim()) {
      throw shapeError('at', `got ${indices.length} indices for shape ${formatShape(this.shape)}`);
    }
    return indices.reduce<Tensor>((t, index) => t.#select('at', 0, index), this);
  }

  /** Writes a number, or a tensor that broadcasts, at the given indices. */
  set_(indices: readonly number[], value: number | Tensor): this {
    const target = this.at(...indices);
    if (value instanceof Tensor) target.copy_(value);
    else target.fill_(value);
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
    const from = operand('copy_', source);
    const shape = broadcastShapes('copy_', this.shape, from.shape);
    if (shape.some((size, d) => size !== this.shape[d]) || shape.length !== this.dim()) {
      throw shapeError('copy_', `shape ${formatShape(from.shape)} does not broadcast to ${formatShape(this.shape)}`);
    }
    ops.copy('copy_', from, this.elements);
    return this;
  }
  /** Sets every element. */
  fill_(value: number): this {
    const number = checkNumber('fill_', 'value', value);
    if (Number.isFinite(number) && Math.abs(number) > dtypes[this.dtype].max) {
      throw rangeError('fill_', `${number} does not fit ${this.dtype}`);
    }
    ops.fill('fill_', this.elements, number);
    return this;
  }
  /** Sets every element to 0. */
  zero_(): this {
    return this.fill_(0);
  }

  // Views: none of these copies, but reshape and flatten where they must.

  #restride(shape: Shape, strides: Shape, offset = this.storageOffset): Tensor {
    return new Tensor(restride(this.elements, shape, strides, offset), this.requiresGrad);
  }

  /** The same elements under another shape; one size may be -1. */
  view(...shape: ShapeArguments): Tensor {
    const view = this.#viewOrUndefined('view', shapeArguments(shape));
    if (view === undefined) {
      throw shapeError(
        'view',
        `shape ${describe(shapeArguments(shape))} is not a view of shape ${formatShape(this.shape)} with strides ` +
          `${formatShape(this.strides)}; use reshape()`,
      );
    }
    return view;
  }

  #viewOrUndefined(call: string, requested: unknown): Tensor | undefined {
    const shape = inferShape(call, requested, this.numel());
    const strides = viewStrides(this.shape, this.strides, shape);
    return strides && this.#restride(shape, strides);
  }

  /** The same elements under another shape: a view where that is possible, else a copy. */
  reshape(...shape: ShapeArguments): Tensor {
    const requested = shapeArguments(shape);
    return this.#viewOrUndefined('reshape', requested) ?? this.clone().view(requested as Shape);
  }

  /** Merges dimensions `startDim` to `endDim` into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    const start = checkDim('flatten', startDim, this.dim());
    const end = checkDim('flatten', endDim, this.dim());
    if (start > end) throw rangeError('flatten', `startDim ${startDim} comes after endDim ${endDim}`);
    const merged = numElements(this.shape.slice(start, end + 1));
    return this.reshape([...this.shape.slice(0, start), merged, ...this.shape.slice(end + 1)]);
  }

  /** The dimensions in another order. */
  permute(...dims: ShapeArguments): Tensor {
    const order = checkDims('permute', shapeArguments(dims) as number[], this.dim());
    if (order.length !== this.dim()) {
      throw shapeError('permute', `expected ${this.dim()} dimensions, got ${describe(shapeArguments(dims))}`);
    }
    return this.#restride(
      order.map((d) => this.shape[d]!),
      order.map((d) => this.strides[d]!),
    );
  }

  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    const a = checkDim('transpose', dim0, this.dim());
    const b = checkDim('transpose', dim1, this.dim());
    const swap = (list: Shape) => list.map((value, d) => (d === a ? list[b]! : d === b ? list[a]! : value));
    return this.#restride(swap(this.shape), swap(this.strides));
  }

  /** The transpose of a tensor of at most two dimensions. */
  t(): Tensor {
    if (this.dim() > 2) throw shapeError('t', `expected at most 2 dimensions, got shape ${formatShape(this.shape)}`);
    return this.dim() === 2 ? this.transpose(0, 1) : this.#restride(this.shape, this.strides);
  }

  /** Without dimensions of size 1, or without the given ones where their size is 1. */
  squeeze(dim?: number | readonly number[]): Tensor {
    const chosen = new Set(checkDims('squeeze', dim, this.dim()));
    const kept = this.shape.map((_, d) => d).filter((d) => !(chosen.has(d) && this.shape[d] === 1));
    return this.#restride(
      kept.map((d) => this.shape[d]!),
      kept.map((d) => this.strides[d]!),
    );
  }

  /** With a dimension of size 1 inserted. */
  unsqueeze(dim: number): Tensor {
    const at = checkDim('unsqueeze', dim, this.dim() + 1);
    const stride = at < this.dim() ? this.shape[at]! * this.strides[at]! : 1;
    return this.#restride(this.shape.toSpliced(at, 0, 1), this.strides.toSpliced(at, 0, stride));
  }

  /** Dimensions of size 1 repeated without a copy; -1 keeps a size. */
  expand(...shape: ShapeArguments): Tensor {
    const requested = shapeArguments(shape);
    if (!Array.isArray(requested)) throw argumentError('expand', `expected sizes, got ${describe(requested)}`);
    const lead = requested.length - this.dim();
    const target = checkShape(
      'expand',
      requested.map((size, d) => (size === -1 && d >= lead ? this.shape[d - lead]! : size)),
    );
    const fits = lead >= 0 && this.shape.every((size, d) => size === 1 || size === target[d + lead]);
    if (!fits) {
      throw shapeError('expand', `shape ${formatShape(this.shape)} does not expand to ${formatShape(target)}`);
    }
    return new Tensor(expandView(this.elements, target), this.requiresGrad);
  }

  #select(call: string, dim: number, index: number): Tensor {
    const size = this.shape[dim]!;
    if (!Number.isInteger(index) || index < -size || index >= size) {
      throw rangeError(call, `index ${describe(index)} is out of range for dimension ${dim} of size ${size}`);
    }
    const at = index < 0 ? index + size : index;
    return this.#restride(
      this.shape.toSpliced(dim, 1),
      this.strides.toSpliced(dim, 1),
      this.storageOffset + at * this.strides[dim]!,
    );
  }

  /** One slice of a dimension, without that dimension. */
  select(dim: number, index: number): Tensor {
    if (this.dim() === 0) throw rangeError('select', 'a scalar has no dimensions');
    return this.#select('select', checkDim('select', dim, this.dim()), index);
  }

  /** `length` slices of a dimension from `start` on. */
  narrow(dim: number, start: number, length: number): Tensor {
    if (this.dim() === 0) throw rangeError('narrow', 'a scalar has no dimensions');
    const d = checkDim('narrow', dim, this.dim());
    const size = this.shape[d]!;
    const count = checkSize('narrow', length, 'length');
    const first = Number.isInteger(start) && start < 0 ? start + size : start;
    if (!Number.isInteger(first) || first < 0 || first + count > size) {
      throw rangeError('narrow', `start ${describe(start)}, length ${count} do not fit dimension ${d} of size ${size}`);
    }
    return this.#restride(this.shape.with(d, count), this.strides, this.storageOffset + first * this.strides[d]!);
  }

  /** The slices `start` to `end` (exclusive) of a dimension, every `step`-th, as Python's slicing clips them. */
  slice(dim = 0, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
    if (this.dim() === 0) throw rangeError('slice', 'a scalar has no dimensions');
    const d = checkDim('slice', dim, this.dim());
    if (!Number.isInteger(start) || !Number.isInteger(end) || !Number.isInteger(step) || step < 1) {
      throw rangeError('slice', `start, end and step must be whole and step 1 or more, got ${start}, ${end}, ${step}`);
    }
    const size = this.shape[d]!;
    const clip = (index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size);
    const first = clip(start);
    const count = Math.ceil(Math.max(clip(end) - first, 0) / step);
    const offset = this.storageOffset + (count === 0 ? 0 : first * this.strides[d]!);
    return this.#restride(this.shape.with(d, count), this.strides.with(d, this.strides[d]! * step), offset);
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
    fillUniform('uniform_', this, from, to, options);
    return this;
  }
  /** Fills with normal numbers. */
  normal_(mean = 0, std = 1, options?: RandomOptions): this {
    fillNormal('normal_', this, mean, std, options);
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
export function operand(call: string, value: unknown): FloatView {
  if (value instanceof Tensor) return value.elements;
  throw argumentError(call, `expected a Tensor, got ${describe(value)}`);
}

/** Checks a number given by a user; NaN and infinities are numbers. */
export function checkNumber(call: string, name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
}

function checkFinite(call: string, name: string, value: unknown): number {
  const number = checkNumber(call, name, value);
  if (!Number.isFinite(number)) throw rangeError(call, `${name} must be finite, got ${number}`);
  return number;
}

/** Checks an options argument given by a user. */
export function checkOptions<T extends object>(call: string, options: T | undefined): Partial<T> {
  if (options === undefined || (typeof options === 'object' && options !== null)) return options ?? {};
  throw argumentError(call, `options must be an object, got ${describe(options)}`);
}

/** A shape given as an array or as plain numbers. */
export function shapeArguments(args: readonly unknown[]): unknown {
  return args.length === 1 && typeof args[0] !== 'number' ? args[0] : args;
}

/** Checks and runs a uniform fill for the public call `call`. */
export function fillUniform(call: string, tensor: Tensor, from: number, to: number, options?: RandomOptions): void {
  const view = operand(call, tensor);
  const low = checkFinite(call, 'the lower bound', from);
  const high = checkFinite(call, 'the upper bound', to);
  if (low > high) throw rangeError(call, `expected bounds in order, got from ${low} to ${high}`);
  const { max } = dtypes[view.dtype];
  if (Math.max(Math.abs(low), Math.abs(high), high - low) > max) {
    throw rangeError(call, `bounds ${low} and ${high} are too far apart for ${view.dtype}`);
  }
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'uniform', view, low, high);
}

/** Checks and runs a normal fill for the public call `call`. */
export function fillNormal(call: string, tensor: Tensor, mean: number, std: number, options?: RandomOptions): void {
  const view = operand(call, tensor);
  const location = checkFinite(call, 'mean', mean);
  const scale = checkFinite(call, 'std', std);
  if (scale < 0) throw rangeError(call, `std must be 0 or more, got ${scale}`);
  checkGenerator(call, checkOptions(call, options).generator).fill(call, 'normal', view, location, scale);
}
