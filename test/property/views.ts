// Views: the same elements under other sizes and strides.

import {
  count,
  detach,
  dimOf,
  type Element,
  fresh,
  places,
  refuse,
  repeated,
  rowMajor,
  type Slow,
  sameSizes,
  values,
  view,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';

/** A method whose arguments are numbers or lists of them. */
export function simple(
  covers: string,
  args: (source: Source, x: Pair) => readonly unknown[],
  // biome-ignore lint/suspicious/noExplicitAny: each row knows the arguments that it makes
  slow: (x: Slow, ...args: any[]) => unknown,
  operand: (source: Source) => Pair = (source) => source.tensor(),
): Row {
  return {
    covers: [covers],
    make: (source) => {
      const x = operand(source);
      const given = args(source, x);
      const method = (x.real as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[covers]!;
      return {
        text: `${x.name}.${covers}(${given.map((arg) => JSON.stringify(arg)).join(', ')})`,
        real: () => method.call(x.real, ...given),
        slow: () => slow(x.slow, ...given),
      };
    },
  };
}

/** The same elements in row-major order under another shape, if their places allow it. */
function viewed(t: Slow, shape: readonly number[]): Slow | undefined {
  const all = places(t);
  if (all.length === 0) return view(t, shape, rowMajor(shape));
  const steps = rowMajor(shape);
  const strides = shape.map((size, d) => (size > 1 ? all[steps[d]!]! - all[0]! : 0));
  const out = view(t, shape, strides, all[0]!);
  return sameSizes(places(out), all) ? out : undefined;
}

/** The sizes with -1 filled in. */
function inferred(t: Slow, shape: readonly number[]): number[] {
  const total = count(t.shape);
  const known = count(shape.filter((size) => size !== -1));
  if (shape.filter((size) => size === -1).length > 1) refuse('two sizes are open');
  if (!shape.includes(-1)) return known === total ? [...shape] : refuse('another number of elements');
  if (known === 0 || total % known !== 0) refuse('no size fits');
  return shape.map((size) => (size === -1 ? total / known : size));
}

/** Elements as they are, with a slope of 1. */
export const same = (t: Slow, input = 0): Element[] => values(t).map((value, i) => ({ value, from: [[input, i, 1]] }));
export const copied = (t: Slow, shape: readonly number[] = t.shape) => fresh(t.dtype, shape, same(t), [t]);
const reshaped = (t: Slow, shape: readonly number[]) => viewed(t, shape) ?? copied(t, shape);

/** Another shape of as many elements: neighbours merged, sizes split, ones put in; sometimes one that does not fit. */
function otherShape(source: Source, { slow: { shape } }: Pair): number[] {
  const out = [...shape];
  if (out.length > 1 && source.chance(50)) {
    const d = source.int(0, out.length - 2);
    out.splice(d, 2, out[d]! * out[d + 1]!);
  }
  const even = out.findIndex((size) => size > 2 && size % 2 === 0);
  if (even >= 0 && source.chance(40)) out.splice(even, 1, 2, out[even]! / 2);
  if (source.chance(20)) out.splice(source.int(0, out.length), 0, 1);
  if (out.length > 1 && source.chance(15)) out.reverse();
  if (out.length > 0 && source.chance(25)) out[source.int(0, out.length - 1)] = -1;
  if (out.length > 0 && source.chance(4)) out[source.int(0, out.length - 1)]! += 1;
  return out.slice(0, 6);
}

const pickDims = (t: Slow, dims: readonly number[]) =>
  view(
    t,
    dims.map((d) => t.shape[d]!),
    dims.map((d) => t.strides[d]!),
  );

const dimsOf = (t: Slow) => t.shape.map((_, d) => d);

function transpose(t: Slow, dim0: number, dim1: number): Slow {
  const [a, b] = [dimOf(dim0, t.shape.length), dimOf(dim1, t.shape.length)];
  return pickDims(
    t,
    dimsOf(t).map((d) => (d === a ? b : d === b ? a : d)),
  );
}

export function squeezed(t: Slow, dim?: number | readonly number[]): Slow {
  const chosen = dim === undefined ? dimsOf(t) : [dim].flat().map((d) => dimOf(d, t.shape.length));
  if (new Set(chosen).size !== chosen.length) refuse('a dimension twice');
  return pickDims(
    t,
    dimsOf(t).filter((d) => t.shape[d] !== 1 || !chosen.includes(d)),
  );
}

export function unsqueezed(t: Slow, dim: number): Slow {
  const d = dimOf(dim, t.shape.length + 1);
  return view(t, t.shape.toSpliced(d, 0, 1), t.strides.toSpliced(d, 0, 1));
}

export function selected(t: Slow, dim: number, index: number): Slow {
  if (t.shape.length === 0) refuse('a scalar');
  const d = dimOf(dim, t.shape.length);
  const size = t.shape[d]!;
  if (index < -size || index >= size) refuse('no such slice');
  const offset = t.offset + (index < 0 ? index + size : index) * t.strides[d]!;
  return view(t, t.shape.toSpliced(d, 1), t.strides.toSpliced(d, 1), offset);
}

function narrowed(t: Slow, dim: number, start: number, length: number): Slow {
  if (t.shape.length === 0) refuse('a scalar');
  const d = dimOf(dim, t.shape.length);
  const first = start < 0 ? start + t.shape[d]! : start;
  if (first < 0 || first + length > t.shape[d]!) refuse('too long');
  return view(t, t.shape.with(d, length), t.strides, t.offset + first * t.strides[d]!);
}

function sliced(t: Slow, dim: number, start: number, end: number, step: number): Slow {
  if (t.shape.length === 0) refuse('a scalar');
  const d = dimOf(dim, t.shape.length);
  if (step < 1) refuse('no step');
  const size = t.shape[d]!;
  const [first, last] = [start, end].map((i) => Math.min(Math.max(i < 0 ? i + size : i, 0), size)) as [number, number];
  const chosen = Array.from({ length: size }, (_, i) => i).filter(
    (i) => i >= first && i < last && (i - first) % step === 0,
  );
  const strides = t.strides.with(d, t.strides[d]! * step);
  return view(t, t.shape.with(d, chosen.length), strides, t.offset + first * t.strides[d]!);
}

function expanded(t: Slow, sizes: readonly number[]): Slow {
  const lead = sizes.length - t.shape.length;
  const shape = sizes.map((size, d) => (size === -1 ? (t.shape[d - lead] ?? refuse('no size to keep')) : size));
  return repeated(t, shape);
}

const dim = (source: Source, x: Pair) => source.dim(x.slow.shape.length);
const index = (source: Source, x: Pair, d: number) => {
  const size = x.slow.shape.at(d) ?? 1;
  return source.int(-size, size - (source.chance(5) ? 0 : 1));
};

export const viewRows: readonly Row[] = [
  simple(
    'view',
    (s, x) => [otherShape(s, x)],
    (t, shape) => viewed(t, inferred(t, shape)) ?? refuse('takes a copy'),
  ),
  simple(
    'reshape',
    (s, x) => [otherShape(s, x)],
    (t, shape) => reshaped(t, inferred(t, shape)),
  ),
  simple(
    'flatten',
    (s, x) => [dim(s, x), dim(s, x)],
    (t, startDim: number, endDim: number) => {
      const [start, end] = [dimOf(startDim, t.shape.length), dimOf(endDim, t.shape.length)];
      if (start > end) refuse('the wrong way round');
      return reshaped(t, [...t.shape.slice(0, start), count(t.shape.slice(start, end + 1)), ...t.shape.slice(end + 1)]);
    },
  ),
  simple(
    'permute',
    (s, { slow: { shape } }) => {
      const order: number[] = [];
      for (const d of shape.keys()) order.splice(s.int(0, d), 0, s.chance(20) ? d - shape.length : d);
      if (order.length > 0 && s.chance(4)) order[0] = order.at(-1)!;
      return [order];
    },
    (t, order: number[]) => {
      const dims = order.map((d) => dimOf(d, t.shape.length));
      if (new Set(dims).size !== t.shape.length) refuse('a dimension twice');
      return pickDims(t, dims);
    },
  ),
  simple('transpose', (s, x) => [dim(s, x), dim(s, x)], transpose),
  simple(
    't',
    () => [],
    (t) => (t.shape.length > 2 ? refuse('no matrix') : pickDims(t, dimsOf(t).reverse())),
  ),
  simple('squeeze', (s, x) => (s.chance(30) ? [] : [s.chance(30) ? [dim(s, x), dim(s, x)] : dim(s, x)]), squeezed),
  simple(
    'unsqueeze',
    (s, x) => [s.int(-x.slow.shape.length - 1, x.slow.shape.length)],
    unsqueezed,
    (s) => s.tensor({ shape: s.pool.findLast(({ slow }) => slow.shape.length < 6)?.slow.shape }),
  ),
  simple(
    'expand',
    (s, { slow: { shape } }) => {
      const sizes = shape.map((size) => (size === 1 ? s.int(1, 3) : s.chance(30) ? -1 : size));
      if (s.chance(25) && shape.length < 5) sizes.unshift(s.int(1, 3));
      if (sizes.length > 0 && s.chance(4)) sizes[0]! += 2;
      return [sizes];
    },
    expanded,
  ),
  simple(
    'select',
    (s, x) => {
      const d = dim(s, x);
      return [d, index(s, x, d)];
    },
    selected,
  ),
  simple(
    'at',
    (s, { slow: { shape } }) => shape.slice(0, s.int(0, shape.length)).map((size) => s.int(-size, size - 1)),
    (t, ...all) => all.reduce((out: Slow, i: number) => selected(out, 0, i), { ...t }),
  ),
  simple(
    'narrow',
    (s, x) => {
      const d = dim(s, x);
      const size = x.slow.shape.at(d) ?? 1;
      const start = s.int(0, size);
      return [d, s.chance(20) ? start - size : start, s.int(0, size - start + (s.chance(4) ? 1 : 0))];
    },
    narrowed,
  ),
  simple('slice', (s, x) => [dim(s, x), s.int(-6, 6), s.int(-6, 8), s.int(s.chance(3) ? 0 : 1, 3)], sliced),
  simple('detach', () => [], detach),
];
