// Tensor: a shape and strides on a typed array, with torch's methods and its place in the graph of gradients. The work is done
// in ops/, autograd.ts, random.ts and format.ts; methods that are rows of a table come from there.
import { checkOptions, shapeArguments } from '../arguments.js';
import * as autograd from '../autograd.js';
import { checkDType, type DType, decode, dtypes, type Scalar, type TensorArray } from '../dtype.js';
import { argumentError, describe, dtypeError, rangeError, shapeError, stateError } from '../errors.js';
import { fillBernoulli, fillExponential, fillNormal, fillRandom, fillUniform, type RandomOptions } from '../fill.js';
import { formatTensor } from '../format.js';
import { keepArray } from '../memory.js';
import * as ops from '../ops/index.js';
import { checkDim, formatShape, numElements, type Shape, sameShape } from '../shape.js';
import type { TensorView } from '../view.js';
import * as views from '../view.js';

/** Elements nested as deep as a tensor has dimensions. */
export type NestedArray = Scalar | NestedArray[];

/** An array of sizes, or the sizes one by one. */
export type ShapeArguments = [shape: Shape] | number[];

/** The tensor as an argument that must be one. */
export function checkTensor(call: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw argumentError(call, `expected a Tensor, got ${describe(value)}`);
}

/**
 * A strided view of a typed array of float32 or float64 elements. Views share memory, as in torch; so do tensors made by
 * `fromTypedArray` and their arrays.
 *
 * @example
 * const x = randn([2, 3]);
 * console.log(x.t().matmul(x).shape); // [ 3, 3 ]
 */
export class Tensor {
  /** @internal */
  readonly elements: TensorView;
  /** @internal */
  readonly viewOf: autograd.ViewOf | undefined;
  /** @internal */
  history: autograd.History | undefined = undefined;
  /** The gradient, once `backward` has reached this tensor; null before. */
  grad: Tensor | null = null;

  /** @internal Use the creation functions: `tensor`, `zeros`, `randn`, `fromTypedArray`. */
  constructor(elements: TensorView, requiresGrad = false, viewOf?: autograd.ViewOf) {
    if (elements?.strides === undefined) {
      throw argumentError('Tensor', 'tensors are made by tensor(), zeros(), fromTypedArray() and so on');
    }
    this.elements = elements;
    this.viewOf = viewOf;
    if (requiresGrad) this.requiresGrad = true;
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
    return new Tensor(views.withoutHistory(this.elements));
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
    keepArray(storage);
    // An empty tensor may lie anywhere, also in memory that is gone, of which no part can be taken.
    return length === storage.length ? storage : storage.subarray(offset, offset + length);
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
    return this.#at('at', indices);
  }
  #at(call: string, indices: readonly number[]): Tensor {
    if (!Array.isArray(indices)) throw argumentError(call, `indices must be an array, got ${describe(indices)}`);
    if (indices.length > this.dim()) {
      throw shapeError(call, `got ${indices.length} indices for shape ${formatShape(this.shape)}`);
    }
    let out = indices.length === 0 ? applyView(call, ops.aliasOp, this, undefined) : this;
    for (const index of indices) out = applyView(call, ops.viewOps.select, out, { dim: 0, index });
    return out;
  }

  /** Writes a number, or a tensor that broadcasts, at the given indices. */
  set_(indices: readonly number[], value: number | Tensor): this {
    const target = Array.isArray(indices) && indices.length === 0 ? this : this.#at('set_', indices);
    if (value instanceof Tensor) copyInto('set_', target, value);
    else applyInPlace('set_', ops.fillOp, [target], value);
    return this;
  }

  // Copies and conversions.

  /** A contiguous copy. */
  clone(): Tensor {
    return apply('clone', ops.cloneOp, [this], undefined);
  }
  /** This tensor if it is contiguous, else a copy. */
  contiguous(): Tensor {
    return this.isContiguous() ? this : apply('contiguous', ops.cloneOp, [this], undefined);
  }
  /** The elements in another dtype; this tensor if it has it already. */
  to(dtype: DType): Tensor {
    const target = checkDType('to', dtype);
    return target === this.dtype ? this : apply('to', ops.castOp, [this], target);
  }
  /** Copies the elements of a tensor that broadcasts to this one, converting their dtype. */
  copy_(source: Tensor): this {
    return copyInto('copy_', this, checkTensor('copy_', source));
  }
  /** Sets every element. */
  fill_(value: number): this {
    return applyInPlace('fill_', ops.fillOp, [this], value);
  }
  /** Sets every element to 0. */
  zero_(): this {
    return applyInPlace('zero_', ops.zeroOp, [this], undefined);
  }

  // Gradients.

  /** Whether gradients are recorded for this tensor; may be set for leaves. */
  get requiresGrad(): boolean {
    return autograd.needsGrad(this);
  }
  set requiresGrad(requiresGrad: boolean) {
    this.requiresGrad_(requiresGrad);
  }
  /**
   * Whether gradients are to be recorded for this tensor.
   *
   * @throws TypeError (ERR_DTYPE) for dtypes without fractions; RangeError (ERR_STATE) where it is no leaf
   */
  requiresGrad_(requiresGrad = true): this {
    if (typeof requiresGrad !== 'boolean') {
      throw argumentError('requiresGrad_', `expected true or false, got ${describe(requiresGrad)}`);
    }
    if (requiresGrad && dtypes[this.dtype].kind !== 'float') {
      throw dtypeError('requiresGrad_', `only floating-point tensors have gradients, got ${this.dtype}`);
    }
    if (!requiresGrad && !this.isLeaf) {
      throw stateError('requiresGrad_', 'this is the result of an operation; detach() it first');
    }
    if (requiresGrad || this.history !== undefined) autograd.historyOf(this).requiresGrad = requiresGrad;
    return this;
  }
  /** The recorded operation that made this tensor; null for leaves. Prints as `<AddmmBackward0>`. */
  get gradFn(): autograd.Node | null {
    return autograd.gradFnOf(this) ?? null;
  }
  /** Whether the tensor is not the result of a recorded operation. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }
  /** The same storage without gradient history. */
  detach(): Tensor {
    return new Tensor(this.elements);
  }
  /**
   * Adds the gradients of this tensor with respect to all leaves that it was computed from to their `grad`.
   *
   * @param gradient of what comes after, of this tensor's shape; 1 by default for a tensor of one element
   * @param options `retainGraph`: keep what another walk through the graph needs; false by default
   * @throws RangeError (ERR_STATE) where nothing was recorded, where a value needed was changed in place since, or at a
   * second walk; RangeError (ERR_SHAPE) for a gradient of another shape
   * @example
   * const x = tensor([1, 2, 3], { requiresGrad: true });
   * x.mul(x).sum().backward();
   * console.log(x.grad); // tensor([2., 4., 6.])
   */
  backward(gradient?: Tensor, options?: { retainGraph?: boolean }): void {
    const call = 'backward';
    const { retainGraph = false } = checkOptions(call, options);
    const root = autograd.hookedNode(this);
    if (root === undefined) throw stateError(call, 'nothing that requires a gradient led to this tensor');
    let start: TensorView;
    if (gradient !== undefined && gradient !== null) {
      const { elements } = checkTensor(call, gradient);
      if (!sameShape(elements.shape, this.shape)) {
        const [got, wanted] = [formatShape(elements.shape), formatShape(this.shape)];
        throw shapeError(call, `expected a gradient of shape ${wanted}, got ${got}`);
      }
      start = ops.cast(call, elements, this.dtype);
    } else {
      if (this.numel() !== 1) {
        throw shapeError(call, `a gradient must be given for shape ${formatShape(this.shape)}: only scalars imply one`);
      }
      start = views.outputView(call, this.shape, this.dtype);
      ops.fill(call, start, 1);
    }
    autograd.runBackward(root, start, retainGraph);
  }
  /** Keeps the gradient of a tensor that is no leaf in `grad`, at the next `backward`. */
  retainGrad(): this {
    if (!this.requiresGrad) throw stateError('retainGrad', 'the tensor requires no gradient');
    // Nothing reaches a view made under noGrad().
    const node = this.viewOf?.unrecorded ? null : this.gradFn;
    if (node !== null) node.retaining = this;
    return this;
  }
  /**
   * Calls `hook` with this tensor's gradient whenever it is computed; what it returns, if anything, takes its place.
   * Returns a function that removes the hook.
   */
  registerHook(hook: (grad: Tensor) => Tensor | undefined): () => void {
    if (typeof hook !== 'function') throw argumentError('registerHook', `expected a function, got ${describe(hook)}`);
    if (!this.requiresGrad) throw stateError('registerHook', 'the tensor requires no gradient');
    const node = autograd.hookedNode(this);
    // Nothing reaches a view made under noGrad().
    if (node === undefined) return () => {};
    const onViews = (grad: TensorView) => {
      const result = hook(new Tensor(grad));
      return result === undefined || result === null ? undefined : checkTensor('registerHook', result).elements;
    };
    node.hooks.push(onViews);
    return () => {
      const at = node.hooks.indexOf(onViews);
      if (at >= 0) node.hooks.splice(at, 1);
    };
  }
  /** @internal */
  accumulate(grad: TensorView, shared: Set<unknown>): void {
    if (this.grad !== null) {
      autograd.noGrad(() => this.grad!.add_(new Tensor(grad)));
      return;
    }
    const owned =
      views.isViewContiguous(grad) && numElements(grad.shape) === grad.array.length && !shared.has(grad.array);
    const kept = owned ? grad : ops.contiguousCopy('backward', grad);
    shared.add(kept.array);
    keepArray(kept.array);
    this.grad = new Tensor(views.withoutHistory(kept));
  }

  // Views: none of these copies, but reshape and flatten where they must.

  /** The same elements under another shape; one size may be -1. */
  view(...shape: ShapeArguments): Tensor {
    return applyView('view', ops.viewOps.view, this, { shape: shapeArguments(shape) });
  }
  /** The same elements under another shape: a view where that is possible, else a copy. */
  reshape(...shape: ShapeArguments): Tensor {
    return this.#reshape('reshape', shapeArguments(shape));
  }
  #reshape(call: string, shape: unknown): Tensor {
    const args = { shape };
    if (views.reshapeView(call, this.elements, shape) !== undefined)
      return applyView(call, ops.viewOps.view, this, args);
    return apply(call, ops.reshapeCopyOp, [this], args);
  }
  /** Merges dimensions `startDim` to `endDim` into one. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return this.#reshape('flatten', views.flattenedShape('flatten', this.elements, startDim, endDim));
  }
  /** The dimensions in another order. */
  permute(...dims: ShapeArguments): Tensor {
    return applyView('permute', ops.viewOps.permute, this, { dims: shapeArguments(dims) });
  }
  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    return applyView('transpose', ops.viewOps.transpose, this, { dim0, dim1 });
  }
  /** The transpose of a tensor of at most two dimensions. */
  t(): Tensor {
    return applyView('t', ops.viewOps.t, this, undefined);
  }
  /** Without dimensions of size 1, or without the given ones where their size is 1. */
  squeeze(dim?: number | readonly number[]): Tensor {
    return applyView('squeeze', ops.viewOps.squeeze, this, { dim });
  }
  /** With a dimension of size 1 inserted. */
  unsqueeze(dim: number): Tensor {
    return applyView('unsqueeze', ops.viewOps.unsqueeze, this, { dim });
  }
  /** Dimensions of size 1 repeated without a copy; -1 keeps a size. */
  expand(...shape: ShapeArguments): Tensor {
    return applyView('expand', ops.viewOps.expand, this, { shape: shapeArguments(shape) });
  }
  /** One slice of a dimension, without that dimension. */
  select(dim: number, index: number): Tensor {
    return applyView('select', ops.viewOps.select, this, { dim, index });
  }
  /** `length` slices of a dimension from `start` on. */
  narrow(dim: number, start: number, length: number): Tensor {
    return applyView('narrow', ops.viewOps.narrow, this, { dim, start, length });
  }
  /** The slices `start` to `end` (exclusive) of a dimension, every `step`-th, clipped as Python's slicing clips them. */
  slice(dim = 0, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
    return applyView('slice', ops.viewOps.slice, this, { dim, start, end, step });
  }

  // Random fills, in place.

  /** Fills with uniform numbers from [from, to). */
  uniform_(from = 0, to = 1, options?: RandomOptions): this {
    return overwrite('uniform_', this, (view) => fillUniform('uniform_', view, from, to, options));
  }
  /** Fills with normal numbers. */
  normal_(mean = 0, std = 1, options?: RandomOptions): this {
    return overwrite('normal_', this, (view) => fillNormal('normal_', view, mean, std, options));
  }

  /** Fills with exponentially distributed numbers of a rate: density lambda exp(-lambda x), x > 0. */
  exponential_(lambda = 1, options?: RandomOptions): this {
    return overwrite('exponential_', this, (view) => fillExponential('exponential_', view, lambda, options));
  }
  /** Fills with ones, each with probability p, and zeros. */
  bernoulli_(p = 0.5, options?: RandomOptions): this {
    return overwrite('bernoulli_', this, (view) => fillBernoulli('bernoulli_', view, p, options), 2);
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
    // torch's names tell how many bounds were given.
    const bounds = args.filter((arg) => typeof arg === 'number' || typeof arg === 'bigint').length;
    return overwrite('random_', this, (view) => fillRandom('random_', view, args), 2 - bounds);
  }

  // What people see.

  /** What torch prints for this tensor. */
  toString(): string {
    return formatTensor(this.elements, { requiresGrad: this.requiresGrad, gradFn: this.gradFn?.name });
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The view of an argument that must be a tensor. */
export function operand(call: string, value: unknown): TensorView {
  return checkTensor(call, value).elements;
}

/** The result of an operation, recorded where gradients are needed. */
export function apply<Args>(call: string, op: ops.Op<Args>, inputs: readonly Tensor[], args: Args): Tensor {
  const out = new Tensor(op.forward(call, inputs.map(elementsOf), args));
  if (autograd.isGradEnabled() && inputs.some(autograd.needsGrad)) autograd.record(op, inputs, args, out);
  return out;
}

/** A view of a tensor. */
function applyView<Args>(call: string, op: ops.Op<Args>, x: Tensor, args: Args): Tensor {
  const out = new Tensor(op.forward(call, [x.elements], args), false, autograd.viewOf(x));
  if (autograd.isGradEnabled() && autograd.needsGrad(x)) autograd.record(op, [x], args, out);
  return out;
}

/** An operation that writes to its first input. */
export function applyInPlace<T extends Tensor, Args>(
  call: string,
  op: ops.Op<Args>,
  inputs: readonly [T, ...Tensor[]],
  args: Args,
): T {
  const [self] = inputs;
  if (autograd.isGradEnabled() && inputs.some(autograd.needsGrad)) autograd.recordInPlace(call, op, inputs, args);
  else op.forward(call, inputs.map(elementsOf), args, self.elements);
  return self;
}

/** Overwrites with a tensor that broadcasts. */
function copyInto<T extends Tensor>(call: string, self: T, source: Tensor): T {
  // To itself it may be copied however it lies, to another of the same elements not; nor where there is a gradient, which
  // would count repeated elements repeatedly.
  if (source === self ? self.requiresGrad : source.elements === self.elements) {
    views.checkWritable(call, self.elements);
  }
  return applyInPlace(call, ops.copyOp, [self, source], undefined);
}

/** Fills in place with what does not depend on the elements. */
function overwrite<T extends Tensor>(call: string, self: T, fill: (view: TensorView) => void, overload = 0): T {
  return applyInPlace(call, ops.overwriteOp, [self], { fill, node: ops.nodeName(call.replace(/_$/, ''), overload) });
}

const elementsOf = (tensor: Tensor) => tensor.elements;
