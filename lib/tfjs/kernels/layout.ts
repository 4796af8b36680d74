// Kernels that put elements elsewhere, of float32, whole numbers and booleans.
import { kernelId, run } from '../../run.js';
import { contiguousStrides, numElements, sameShape } from '../../shape.js';
import type { TensorView } from '../../view.js';
import type { EvenkeelBackend } from '../backend.js';
import { core, type PlainArray, type PlainDType, type TensorInfo } from '../core.js';
import { arrayOf, caller, copy, finish, type KernelCall, type KernelFamily, permuted, shaped } from '../kernel.js';

const fillKernel = kernelId('fill');

/** A part of a tensor: on the same memory where its elements lie side by side, as the cpu backend has it. */
function part(
  backend: EvenkeelBackend,
  x: TensorInfo,
  array: PlainArray,
  begin: readonly number[],
  size: readonly number[],
  shape: readonly number[] = size,
): TensorInfo {
  const dtype = x.dtype as PlainDType;
  const strides = contiguousStrides(x.shape);
  const offset = begin.reduce((sum, at, d) => sum + at * strides[d]!, 0);
  const length = numElements(size);
  if (core.slice_util.isSliceContinous(x.shape, begin as number[], size as number[]))
    return finish(backend, shape, dtype, array.subarray(offset, offset + length));
  const out = backend.take(dtype, length);
  if (length > 0) copy({ ...shaped(array, size), strides, offset }, shaped(out, size));
  return finish(backend, shape, dtype, out);
}

function slice({ inputs, backend, attrs }: KernelCall<{ begin: number[]; size: number[] }>): TensorInfo | undefined {
  const x = inputs.x!;
  const array = arrayOf(backend, x);
  if (array === undefined) return undefined;
  const { parseSliceParams, assertParamsValid } = core.slice_util;
  const [begin, size] = parseSliceParams(x as never, attrs.begin, attrs.size) as [number[], number[]];
  assertParamsValid(x as never, begin, size);
  return part(backend, x, array, begin, size);
}

interface Split {
  readonly numOrSizeSplits: number[] | number;
  readonly axis: number;
}

function splitV({ inputs, backend, attrs }: KernelCall<Split>): TensorInfo[] | undefined {
  const x = inputs.x!;
  const array = arrayOf(backend, x);
  if (array === undefined) return undefined;
  const axis = core.util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const sizes = core.backend_util.prepareSplitSize(x as never, attrs.numOrSizeSplits, axis);
  let at = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, d) => (d === axis ? at : 0));
    at += size;
    return part(backend, x, array, begin, x.shape.with(axis, size));
  });
}

function unpack({ inputs, backend, attrs }: KernelCall<{ axis: number }>): TensorInfo[] | undefined {
  const x = inputs.value!;
  const array = arrayOf(backend, x);
  if (array === undefined || array.length === 0) return undefined;
  const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
  const size = x.shape.with(axis, 1);
  const shape = x.shape.toSpliced(axis, 1);
  return Array.from({ length: x.shape[axis]! }, (_, i) => {
    const begin = x.shape.map((_, d) => (d === axis ? i : 0));
    return part(backend, x, array, begin, size, shape);
  });
}

/** Copies arrays side by side: rows of each, one after the other. */
function interleave(out: PlainArray, parts: readonly PlainArray[], rows: number): void {
  const width = out.length / rows;
  let at = 0;
  for (const array of parts) {
    const columns = array.length / rows;
    const target: TensorView = { ...shaped(out, [rows, columns]), strides: [width, 1], offset: at };
    copy(shaped(array, [rows, columns]), target);
    at += columns;
  }
}

function arraysOf(backend: EvenkeelBackend, list: readonly TensorInfo[]): PlainArray[] | undefined {
  const all = list.map((info) => (info.dtype === list[0]!.dtype ? arrayOf(backend, info) : undefined));
  return all.every((array) => array !== undefined && array.length > 0) ? (all as PlainArray[]) : undefined;
}

function concat({ inputs, backend, attrs }: KernelCall<{ axis: number }>): TensorInfo | undefined {
  const all = inputs as unknown as readonly TensorInfo[];
  const list = all.filter(({ shape }) => numElements(shape) > 0);
  if (list.length < 2) return undefined;
  const axis = core.util.parseAxisParam(attrs.axis, all[0]!.shape)[0]!;
  core.backend_util.assertParamsConsistent(
    all.map(({ shape }) => shape),
    axis,
  );
  const parts = arraysOf(backend, list);
  if (parts === undefined || all[0]!.dtype !== list[0]!.dtype) return undefined;
  const shape = core.backend_util.computeOutShape(
    list.map((info) => info.shape),
    axis,
  );
  const dtype = list[0]!.dtype as PlainDType;
  const out = backend.take(dtype, numElements(shape));
  interleave(out, parts, numElements(shape.slice(0, axis)));
  return finish(backend, shape, dtype, out);
}

function pack({ inputs, backend, attrs }: KernelCall<{ axis: number }>): TensorInfo | undefined {
  const list = inputs as unknown as readonly TensorInfo[];
  const { shape, dtype } = list[0]!;
  const parts = arraysOf(backend, list);
  if (parts === undefined || list.length < 2 || !list.every((info) => sameShape(info.shape, shape))) return undefined;
  const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis;
  const packed = shape.toSpliced(axis, 0, list.length);
  const out = backend.take(dtype as PlainDType, numElements(packed));
  interleave(out, parts, numElements(shape.slice(0, axis)));
  return finish(backend, packed, dtype as PlainDType, out);
}

function transpose({ inputs, backend, attrs }: KernelCall<{ perm: number[] }>): TensorInfo | undefined {
  const x = inputs.x!;
  const array = arrayOf(backend, x);
  if (array === undefined || array.length === 0) return undefined;
  const view = permuted(shaped(array, x.shape), attrs.perm);
  const out = backend.take(x.dtype as PlainDType, array.length);
  copy(view, shaped(out, view.shape));
  return finish(backend, view.shape, x.dtype as PlainDType, out);
}

interface Pad {
  readonly paddings: readonly (readonly [number, number])[];
  readonly constantValue: number;
}

function padV2({ inputs, backend, attrs }: KernelCall<Pad>): TensorInfo | undefined {
  const x = inputs.x!;
  const { paddings, constantValue } = attrs;
  const array = arrayOf(backend, x);
  if (array === undefined || array.length === 0) return undefined;
  if (constantValue !== 0 && x.dtype !== 'float32') return undefined;
  const shape = x.shape.map((size, d) => paddings[d]![0] + size + paddings[d]![1]);
  const out = backend.take(x.dtype as PlainDType, numElements(shape));
  const target = shaped(out, shape);
  // Whole numbers take two words.
  run(caller, fillKernel, [target], x.dtype === 'float32' ? [Math.fround(constantValue)] : [0, 0]);
  const offset = paddings.reduce((sum, [before], d) => sum + before * target.strides[d]!, 0);
  copy(shaped(array, x.shape), { ...target, shape: x.shape, offset });
  return finish(backend, shape, x.dtype as PlainDType, out);
}

function tile({ inputs, backend, attrs }: KernelCall<{ reps: number[] }>): TensorInfo | undefined {
  const x = inputs.x!;
  const { reps } = attrs;
  const array = arrayOf(backend, x);
  const shape = x.shape.map((size, d) => size * reps[d]!);
  if (array === undefined || numElements(shape) === 0 || !reps.every((count) => Number.isInteger(count) && count > 0))
    return undefined;
  // Each dimension after its repetitions, which are strides of 0.
  const strides = contiguousStrides(x.shape);
  const dims = x.shape.flatMap((size, d) =>
    reps[d] === 1
      ? [[size, strides[d]!]]
      : [
          [reps[d]!, 0],
          [size, strides[d]!],
        ],
  );
  if (dims.length > 8) return undefined;
  const sizes = dims.map(([size]) => size!);
  const out = backend.take(x.dtype as PlainDType, numElements(shape));
  copy({ ...shaped(array, sizes), strides: dims.map(([, stride]) => stride!) }, shaped(out, sizes));
  return finish(backend, shape, x.dtype as PlainDType, out);
}

/**
 * Whole numbers and booleans as float32. The cpu backend calls the same array float32, which no native kernel could read.
 */
function cast({ inputs, backend, attrs }: KernelCall<{ dtype: string }>): TensorInfo | undefined {
  const x = inputs.x!;
  if (attrs.dtype !== 'float32' || (x.dtype !== 'int32' && x.dtype !== 'bool')) return undefined;
  const array = arrayOf(backend, x);
  if (array === undefined || array.length === 0) return undefined;
  const out = backend.take('float32', array.length);
  copy(shaped(array, [array.length]), shaped(out, [array.length]));
  return finish(backend, x.shape, 'float32', out);
}

export const layout: KernelFamily = {
  Slice: slice,
  SplitV: splitV,
  Unpack: unpack,
  Concat: concat,
  Pack: pack,
  Transpose: transpose,
  PadV2: padV2,
  Tile: tile,
  Cast: cast,
};
