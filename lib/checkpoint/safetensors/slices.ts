// Parts of a tensor, read without the rest of it.
import { type DType, dtypes } from '../../dtype.js';
import { argumentError, describe, rangeError } from '../../errors.js';
import { contiguousStrides, formatShape, numElements, type Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import type { Source } from '../files.js';
import { checkTruth, emptyTensor } from './elements.js';

/** Where a part of a dimension begins and ends (exclusive), clipped as in Python; negative numbers count from the end. */
export type SliceRange = readonly [start: number, end: number];

/** Below this many bytes, reading on is cheaper than asking anew for each row. */
const spanBytes = 1 << 20;

interface Place {
  readonly source: Source;
  /** Where the tensor's bytes begin. */
  readonly at: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly name: string;
}

/** The part of a tensor that ranges of its first dimensions pick. */
export async function readRanges(call: string, place: Place, ranges: readonly unknown[]): Promise<Tensor> {
  const { source, at, dtype, shape, name } = place;
  if (ranges.length > shape.length) {
    throw rangeError(
      call,
      `${describe(name)} of shape ${formatShape(shape)} has no ${ranges.length} dimensions to slice`,
    );
  }
  const picked = shape.map((size, d) => clipRange(call, ranges[d] ?? null, size));
  const out = picked.map(([start, end]) => end - start);
  const { view, bytes } = emptyTensor(call, out, dtype);
  const size = dtypes[dtype].Array.BYTES_PER_ELEMENT;
  const strides = contiguousStrides(shape).map((stride) => stride * size);
  if (numElements(out) > 0) await readDim(call, source, { at, bytes, picked, strides, out, size }, 0);
  checkTruth(call, `${source.name}: tensor ${describe(name)}`, dtype, bytes);
  return new Tensor(view);
}

function clipRange(call: string, range: unknown, size: number): [start: number, end: number] {
  if (range === null) return [0, size];
  if (!Array.isArray(range) || range.length !== 2 || !range.every(Number.isInteger)) {
    throw argumentError(call, `expected [start, end] in whole numbers, or null for all, got ${describe(range)}`);
  }
  const [start, end] = range.map((index: number) => Math.min(Math.max(index < 0 ? index + size : index, 0), size));
  return [start!, Math.max(start!, end!)];
}

interface Part {
  /** Where the block that dimensions from `dim` on pick from begins in the file. */
  readonly at: number;
  /** What is to be filled. */
  readonly bytes: Uint8Array;
  readonly picked: readonly (readonly [start: number, end: number])[];
  /** Bytes from one element of a dimension to the next. */
  readonly strides: readonly number[];
  readonly out: Shape;
  /** Bytes of an element. */
  readonly size: number;
}

async function readDim(call: string, source: Source, part: Part, dim: number): Promise<void> {
  const { at, bytes, picked, strides, out, size } = part;
  // From the first element that is wanted to the end of the last one.
  let [first, last] = [0, size];
  for (let d = dim; d < out.length; d++) {
    first += picked[d]![0] * strides[d]!;
    last += (picked[d]![1] - 1) * strides[d]!;
  }
  if (last - first === bytes.length) return source.read(call, at + first, bytes);
  if (last - first <= spanBytes) {
    const span = new Uint8Array(last - first);
    await source.read(call, at + first, span);
    pick(span, 0, bytes, part, dim);
    return;
  }
  const [start, end] = picked[dim]!;
  const share = bytes.length / (end - start);
  for (let i = start; i < end; i++) {
    const own = bytes.subarray((i - start) * share, (i - start + 1) * share);
    await readDim(call, source, { ...part, at: at + i * strides[dim]!, bytes: own }, dim + 1);
  }
}

/** Copies what is wanted out of a span that begins with the first of it. */
function pick(span: Uint8Array, from: number, to: Uint8Array, part: Part, dim: number): void {
  const count = part.out[dim];
  if (count === undefined || count * part.strides[dim]! === to.length) {
    to.set(span.subarray(from, from + to.length));
    return;
  }
  const share = to.length / count;
  for (let i = 0; i < count; i++)
    pick(span, from + i * part.strides[dim]!, to.subarray(i * share, (i + 1) * share), part, dim + 1);
}
