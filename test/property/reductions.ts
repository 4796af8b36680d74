// Reductions, softmax, and what tells of whole tensors.
import type { DType } from '../../lib/dtype.js';
import type { CloseOptions } from '../../lib/tensor/index.js';
import { partner } from './elementwise.js';
import { computeOf, epsilonOf, isFloat, type Value } from './numbers.js';
import {
  broadcast,
  count,
  type Dependence,
  dimOf,
  type Element,
  fresh,
  indices,
  numberOf,
  numbers,
  refuse,
  repeated,
  type Slow,
  values,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';
import { simple } from './views.js';

type Dims = number | readonly number[] | undefined;

function dimsOf(dims: Dims, ndim: number): number[] {
  const all = Array.from({ length: ndim }, (_, d) => d);
  if (dims === undefined) return all;
  const list = [dims].flat().map((d) => dimOf(d, ndim));
  if (new Set(list).size !== list.length) refuse('a dimension twice');
  return list.length === 0 || ndim === 0 ? all : list;
}

/** The elements that each element of a reduction's output comes from, and the output's shape. */
export function grouped(shape: readonly number[], dims: Dims, keepdim: boolean) {
  const reduced = dimsOf(dims, shape.length);
  const kept = shape.map((size, d) => (reduced.includes(d) ? 1 : size));
  const groups = Array.from({ length: count(kept) }, (): number[] => []);
  indices(shape).forEach((index, i) => {
    groups[
      numberOf(
        index.map((at, d) => (reduced.includes(d) ? 0 : at)),
        kept,
      )
    ]!.push(i);
  });
  return { groups, reduced, shape: keepdim ? kept : shape.filter((_, d) => !reduced.includes(d)) };
}

/** What a reduction makes of its elements; slopes by element, in magnitude as well. */
interface Reduced {
  readonly value: Value;
  readonly error?: number | undefined;
  readonly slopes?: readonly (readonly [slope: number, magnitude: number])[];
}

interface Reduction {
  readonly out: (dtype: DType) => DType;
  readonly extreme?: (p: number) => boolean;
  floats(x: readonly number[], p: number, dtype: DType): Reduced;
  wholes?(x: readonly bigint[]): Value;
}

const plain = (slope: number) => [slope, Math.abs(slope)] as const;
const add = (x: readonly number[]) => x.reduce((total, value) => total + value, 0);
const size = (x: readonly number[]) => add(x.map(Math.abs));
/** Sums are accumulated in doubles, in any order: beyond their range there may be infinities on the way. */
const roundoff = (n: number, magnitude: number) => (magnitude > 1e300 ? Infinity : (n + 2) * 2 ** -51 * magnitude);
const slopesOf = (x: readonly number[], slope: (value: number) => number) => x.map((value) => plain(slope(value)));

const floatsOnly = (dtype: DType) => (isFloat(dtype) ? dtype : refuse('floats only'));
const summed = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'int64');
const anyNan = (x: readonly number[]) => x.some(Number.isNaN);
const someInfinite = (x: readonly number[]) => x.some((value) => !Number.isFinite(value));

function mean(x: readonly number[]): Reduced {
  const total = add(x);
  const error = someInfinite(x) ? 0 : roundoff(x.length, size(x)) / x.length;
  return { value: total / x.length, error: x.length === 0 ? 0 : error, slopes: slopesOf(x, () => 1 / x.length) };
}

function prod(x: readonly number[]): Reduced {
  const value = x.reduce((product, other) => product * other, 1);
  const [up, down] = [Math.max, Math.min].map((bound) =>
    x.reduce((product, other) => product * bound(1, Math.abs(other) || 1), 1),
  );
  const error = up! > 1e300 || down! < 1e-290 ? Infinity : (x.length + 1) * 2 ** -51 * Math.abs(value);
  const others = (i: number) => x.reduce((product, other, j) => (i === j ? product : product * other), 1);
  return {
    value,
    error: someInfinite(x) && !anyNan(x) && Number.isFinite(up!) ? 0 : error,
    // What is infinite or NaN cannot be divided out again.
    slopes: x.map((_, i) => [others(i), someInfinite(x) ? Infinity : Math.abs(others(i))]),
  };
}

function variance(x: readonly number[], correction: number, dtype: DType): Reduced & { readonly value: number } {
  const centre = add(x) / x.length;
  const freedom = Math.max(0, x.length - correction);
  const value = add(x.map((v) => (v - centre) ** 2)) / freedom;
  const largest = x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const off = x.length * 2 ** -50 * largest;
  const error =
    largest > 1e150
      ? Infinity
      : (x.length * 2 ** -50 * value + 2 * off * Math.sqrt(value) + off ** 2) * (x.length / freedom || 1);
  // float64 adds up in float64.
  const many = dtype === 'float64' ? 1 + x.length / 8 : 1;
  const slopes = x.map(
    (v) => [(2 / freedom) * (v - centre), many * (2 / freedom) * (Math.abs(v) + size(x) / x.length)] as const,
  );
  return { value, error: Number.isFinite(value) ? error : 0, slopes };
}

function deviation(x: readonly number[], correction: number, dtype: DType): Reduced {
  const { value, error, slopes } = variance(x, correction, dtype);
  const root = Math.sqrt(value);
  const off = Number.isFinite(value)
    ? Math.sqrt(value + error!) - Math.sqrt(Math.max(0, value - error!)) + 2 ** -50 * root
    : 0;
  const half = root === 0 ? 0 : 0.5 / root;
  // A root of what is nothing but rounding has a slope of nothing but rounding.
  const certain = root === 0 || off < 1e-3 * root;
  return {
    value: root,
    error: off,
    slopes: slopes!.map(([slope, by]) => [slope * half, certain ? by * half : Infinity]),
  };
}

const extreme =
  (pick: (...x: number[]) => number) =>
  (x: readonly number[]): Reduced => {
    const value = anyNan(x) ? NaN : pick(...x);
    const hits = x.filter((other) => other === value).length;
    return {
      value,
      error: 0,
      slopes: x.map((other) => plain(other === value ? 1 / hits : Number.isNaN(value) ? NaN : 0)),
    };
  };

function norm(x: readonly number[], p: number): Reduced {
  const sizes = x.map(Math.abs);
  // A count has no gradient at all.
  if (p === 0) return { value: sizes.filter((v) => v !== 0).length };
  if (Math.abs(p) === Infinity) {
    const { slopes, ...rest } = extreme(p > 0 ? Math.max : Math.min)(sizes);
    return { ...rest, slopes: slopes!.map(([slope], i) => plain(slope * Math.sign(x[i]!))) };
  }
  const value = add(sizes.map((v) => v ** p)) ** (1 / p);
  const odd = sizes.some((v) => v !== 0 && !(v ** p > 1e-290 && v ** p < 1e290));
  const slope = (v: number) =>
    value === 0 || (v === 0 && p < 2) ? 0 : Math.sign(v) * (Math.abs(v) / value) ** (p - 1);
  return {
    value,
    // With a negative order infinities are zeros, and the norm may well be finite.
    error: someInfinite(x) && !Number.isFinite(value) ? 0 : odd ? Infinity : (x.length + 4) * 2 ** -50 * value,
    slopes: slopesOf(x, slope),
  };
}

const whole = (pick: (a: bigint, b: bigint) => bigint) => (x: readonly bigint[]) => x.reduce(pick);

/** Where the first of the greatest is; NaN is greater than anything, or less. */
const placed = (wins: (a: number | bigint, b: number | bigint) => boolean) => (x: readonly (number | bigint)[]) =>
  BigInt(
    x.reduce<number>((best, v, i) => (!Number.isNaN(x[best]) && (Number.isNaN(v) || wins(v, x[best]!)) ? i : best), 0),
  );

const place = (dtype: DType): DType => (dtype === 'bool' ? refuse('no order') : 'int64');
const truth = (dtype: DType): DType => (dtype === 'uint8' ? 'uint8' : 'bool');
const greater = placed((a, b) => a > b);
const less = placed((a, b) => a < b);
const some = (x: readonly (number | bigint)[]) => (x.some((v) => v !== 0 && v !== 0n) ? 1 : 0);
const every = (x: readonly (number | bigint)[]) => (x.every((v) => v !== 0 && v !== 0n) ? 1 : 0);

const reductions: Readonly<Record<string, Reduction>> = {
  sum: {
    out: summed,
    floats: (x) => ({
      value: add(x),
      error: someInfinite(x) ? 0 : roundoff(x.length, size(x)),
      slopes: slopesOf(x, () => 1),
    }),
    wholes: (x) => x.reduce((a, b) => a + b, 0n),
  },
  mean: { out: floatsOnly, floats: mean },
  prod: { out: summed, floats: prod, wholes: (x) => x.reduce((a, b) => BigInt.asIntN(64, a * b), 1n) },
  var: { out: floatsOnly, floats: variance },
  std: { out: floatsOnly, floats: deviation },
  min: {
    out: (dtype) => dtype,
    extreme: () => true,
    floats: extreme(Math.min),
    wholes: whole((a, b) => (b < a ? b : a)),
  },
  max: {
    out: (dtype) => dtype,
    extreme: () => true,
    floats: extreme(Math.max),
    wholes: whole((a, b) => (b > a ? b : a)),
  },
  norm: { out: floatsOnly, extreme: (p) => p < 0 || p === Infinity, floats: norm },
  any: { out: truth, floats: (x) => ({ value: some(x) }), wholes: some },
  all: { out: truth, floats: (x) => ({ value: every(x) }), wholes: every },
  argmax: { out: place, extreme: () => true, floats: (x) => ({ value: greater(x) }), wholes: greater },
  argmin: { out: place, extreme: () => true, floats: (x) => ({ value: less(x) }), wholes: less },
};

export function reduce(name: string, t: Slow, dims: Dims, keepdim: boolean, p: number): Slow {
  const row = reductions[name]!;
  const { groups, reduced, shape } = grouped(t.shape, dims, keepdim);
  if (row.extreme?.(p) && reduced.some((d) => t.shape[d] === 0)) refuse('nothing to reduce');
  const dtype = row.out(t.dtype);
  const all = values(t);
  const elements = groups.map((members): Element => {
    if (!isFloat(t.dtype)) return { value: row.wholes!(members.map((i) => BigInt(all[i]!))) };
    const {
      value,
      error,
      slopes = [],
    } = row.floats(
      members.map((i) => Number(all[i]!)),
      p,
      t.dtype,
    );
    return {
      value,
      error,
      from: slopes.map(([slope, magnitude], k): Dependence => [0, members[k]!, slope, magnitude]),
    };
  });
  return fresh(dtype, shape, elements, [t]);
}

function someDims(source: Source, { slow: { shape } }: Pair): Dims {
  const ndim = shape.length;
  if (source.chance(35)) return undefined;
  if (source.chance(60)) return source.dim(ndim);
  return shape.map((_, d) => d).filter(() => source.chance(50));
}

const params: Readonly<Record<string, readonly number[]>> = {
  var: [1, 0, 2.5],
  std: [1, 0, 2],
  norm: [2, 1, 3, 0, Infinity, -Infinity, -1],
};

const reductionRows = Object.keys(reductions).map((name): Row => {
  const single = name.startsWith('arg');
  return {
    covers: [name],
    make: (source) => {
      const x = ['mean', 'var', 'std', 'norm'].includes(name) ? source.float() : source.tensor();
      const dims =
        single && source.chance(70) ? source.dim(x.slow.shape.length) : single ? undefined : someDims(source, x);
      const keepdim = source.chance(30);
      const p = source.pick(params[name] ?? [0]);
      const options = { keepdim, ...(name === 'var' || name === 'std' ? { correction: p } : {}) };
      const args = [...(name === 'norm' ? [p] : []), dims, options];
      const method = (x.real as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[name]!;
      return {
        text: `${x.name}.${name}(${args.map((arg) => (arg === p ? String(arg) : JSON.stringify(arg))).join(', ')})`,
        real: () => method.call(x.real, ...args),
        slow: () => reduce(name, x.slow, dims, keepdim, p),
      };
    },
  };
});

// Softmax.

/** Along one dimension, which keeps its size. */
export function softmax(t: Slow, dim: number, log: boolean): Slow {
  if (!isFloat(t.dtype)) refuse('floats only');
  const x = numbers(t);
  const eps = epsilonOf(computeOf(t.dtype));
  const elements: Element[] = [];
  for (const members of grouped(t.shape, dimOf(dim, t.shape.length), false).groups) {
    const most = anyNan(members.map((i) => x[i]!)) ? NaN : Math.max(...members.map((i) => x[i]!));
    const powers = members.map((i) => Math.exp(x[i]! - most));
    const total = add(powers);
    members.forEach((i, k) => {
      const [share, distance] = [powers[k]! / total, Math.abs(x[i]! - most)];
      const value = log ? x[i]! - most - Math.log(total) : share;
      const error = log ? 8 * eps * (distance + Math.log(total) + 1) : share * eps * (12 + 2 * distance) + 2 ** -126;
      const from = members.map((j, l): Dependence => {
        const [own, other] = [j === i ? 1 : 0, powers[l]! / total];
        return log ? [0, j, own - other, own + other] : [0, j, share * (own - other), share * (own + other)];
      });
      elements[i] = { value, error, from };
    });
  }
  return fresh(t.dtype, t.shape, elements, [t]);
}

const softmaxRow = (name: 'softmax' | 'logSoftmax'): Row =>
  simple(
    name,
    (s, x) => [s.dim(x.slow.shape.length)],
    (t, dim) => softmax(t, dim, name === 'logSoftmax'),
    (s) => s.float(),
  );

// Whole tensors, as numbers of JavaScript.

const shown = (value: Value, dtype: DType) => (dtype === 'bool' ? value === 1 : value);

function nested(t: Slow): unknown {
  const all = values(t).map((value) => {
    const safe = typeof value === 'bigint' && BigInt.asIntN(53, value) === value;
    return shown(
      safe || (typeof value === 'bigint' && Math.abs(Number(value)) < 2 ** 53) ? Number(value) : value,
      t.dtype,
    );
  });
  const list = (d: number, at: number): unknown =>
    d === t.shape.length ? all[at] : Array.from({ length: t.shape[d]! }, (_, i) => list(d + 1, at * t.shape[d]! + i));
  return list(0, 0);
}

const closeRow: Row = {
  covers: ['allclose'],
  make: (source) => {
    const x = source.tensor();
    const y = source.chance(40) ? x : partner(source, x);
    const options = source.pick<CloseOptions | undefined>([
      undefined,
      { equalNan: true },
      { rtol: 0.5, atol: 1 },
      { atol: -1 },
    ]);
    return {
      text: `${x.name}.allclose(${y.name}, ${JSON.stringify(options)})`,
      real: () => x.real.allclose(y.real, options),
      slow: () => {
        const { rtol = 1e-5, atol = 1e-8, equalNan = false } = { ...options };
        if (atol < 0) refuse('a tolerance below 0');
        if (x.slow.dtype !== y.slow.dtype) refuse('two dtypes');
        const shape = broadcast(x.slow.shape, y.slow.shape);
        const b = numbers(repeated(y.slow, shape));
        return numbers(repeated(x.slow, shape)).every((a, i) => {
          const other = b[i]!;
          if (a === other || (equalNan && Number.isNaN(a) && Number.isNaN(other))) return true;
          return Number.isFinite(a - other) && Math.abs(a - other) <= atol + rtol * Math.abs(other);
        });
      },
    };
  },
};

export const reductionsRows: readonly Row[] = [
  ...reductionRows,
  softmaxRow('softmax'),
  softmaxRow('logSoftmax'),
  closeRow,
  simple('tolist', () => [], nested),
  simple(
    'item',
    () => [],
    (t) => (count(t.shape) === 1 ? [nested(t)].flat(8)[0] : refuse('not one element')),
  ),
];
