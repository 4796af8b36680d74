// Windows on images, rows of tables, padding.
import { avgPool2d, embedding, maxPool2d, pad } from '../../lib/nn/functional/index.js';
import { floatsOnly } from './norms.js';
import { computeOf, epsilonOf, isFloat, type Value } from './numbers.js';
import { type Dependence, type Element, fresh, indices, numberOf, numbers, refuse, type Slow, values } from './slow.js';
import type { Pair, Row, Source } from './source.js';

const inRange = (i: number, size: number) => i >= 0 && i < size;

// Windows.

interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

function pooled(
  x: Slow,
  { kernel, stride, padding, dilation, ceilMode }: Windows,
  make: (places: number[], window: number) => Element,
): Slow {
  floatsOnly(x);
  // There may be no images, but not empty ones.
  if (![3, 4].includes(x.shape.length) || x.shape.slice(-3).includes(0)) refuse('no images');
  const [lead, lengths] = [x.shape.slice(0, -2), x.shape.slice(-2)];
  const spans = kernel.map((k, d) => dilation[d]! * (k - 1) + 1);
  if (padding.some((p, d) => 2 * p > spans[d]!)) refuse('more padding than half a window');
  const size = lengths.map((length, d) => {
    const room = length + 2 * padding[d]! - spans[d]!;
    const steps = room / stride[d]!;
    if (!ceilMode) return Math.floor(steps) + 1;
    // No window starts beyond the image.
    const all = Math.ceil(steps) + 1;
    return (all - 1) * stride[d]! >= length + padding[d]! ? all - 1 : all;
  });
  if (size.some((length) => length < 1)) refuse('no window fits');
  const elements = indices([...lead, ...size]).map((index): Element => {
    const starts = [0, 1].map((d) => index[lead.length + d]! * stride[d]! - padding[d]!);
    // Of the window, what lies on the padded image counts.
    const window = [0, 1].map((d) => Math.min(starts[d]! + spans[d]!, lengths[d]! + padding[d]!) - starts[d]!);
    const places: number[] = [];
    for (const [i, j] of indices(kernel) as [number, number][]) {
      const [row, column] = [starts[0]! + i * dilation[0]!, starts[1]! + j * dilation[1]!];
      if (!inRange(row, lengths[0]!) || !inRange(column, lengths[1]!)) continue;
      places.push(numberOf([...index.slice(0, -2), row, column], x.shape));
    }
    return make(places, window[0]! * window[1]!);
  });
  return fresh(x.dtype, [...lead, ...size], elements, [x]);
}

function greatest(x: Slow, windows: Windows): Slow {
  const all = numbers(x);
  return pooled(x, windows, (places) => {
    let best = places[0] ?? -1;
    for (const at of places)
      if (all[at]! > all[best]! || (Number.isNaN(all[at]) && !Number.isNaN(all[best]))) best = at;
    // A window may lie between the elements: nothing is greater than nothing.
    if (best < 0) return { value: -Infinity };
    return { value: all[best]!, error: 0, from: [[0, best, 1]] };
  });
}

function averaged(x: Slow, windows: Windows, countsPadding: boolean, divisor: number | null): Slow {
  const all = numbers(x);
  return pooled(x, windows, (places, window) => {
    const by = divisor ?? (countsPadding ? window : places.length);
    const total = places.reduce((sum, at) => sum + all[at]!, 0);
    const size = places.reduce((sum, at) => sum + Math.abs(all[at]!), 0);
    const error = size > 1e38 ? Infinity : ((places.length + 4) * epsilonOf(computeOf(x.dtype)) * size) / by;
    return { value: total / by, error, from: places.map((at): Dependence => [0, at, 1 / by]) };
  });
}

/** An image that windows fit in; now and then anything. */
function image(source: Source): Pair {
  if (source.chance(4)) return source.tensor();
  const shape = [source.int(1, 2), source.int(1, 7), source.int(1, 7)];
  return source.float(source.chance(60) ? [source.pick([1, 2]), ...shape] : shape);
}

function poolRow(name: string, call: typeof maxPool2d): Row {
  return {
    covers: [`functional.${name}`],
    make: (source) => {
      const x = image(source);
      const pair = (least: number, most: number) =>
        [source.int(least, most), source.int(least, most)] as [number, number];
      const max = name === 'maxPool2d';
      const kernel = pair(1, 3);
      const windows = {
        stride: source.chance(60) ? pair(1, 3) : kernel,
        padding: pair(0, source.chance(30) ? 1 : 0),
        ceilMode: source.chance(30),
        ...(max ? { dilation: source.chance(30) ? pair(1, 2) : pair(1, 1) } : {}),
      };
      const [countIncludePad, divisorOverride] = [source.chance(50), source.chance(20) ? source.int(1, 5) : null];
      const more = max ? {} : { countIncludePad, divisorOverride };
      return {
        text: `${name}(${x.name}, [${kernel}], ${JSON.stringify({ ...windows, ...more })})`,
        real: () => call(x.real, kernel, { ...windows, ...more }),
        slow: () => {
          const geometry = { kernel, dilation: [1, 1], ...windows };
          return max ? greatest(x.slow, geometry) : averaged(x.slow, geometry, countIncludePad, divisorOverride);
        },
      };
    },
  };
}

// Rows of tables.

const embeddingRow: Row = {
  covers: ['functional.embedding'],
  make: (source) => {
    const rowsOfTable = source.int(1, 6);
    const weight = source.chance(4)
      ? source.tensor()
      : source.tensor({ shape: [rowsOfTable, source.size()], dtype: source.dtype() });
    const dtype = source.chance(4) ? source.dtype() : source.pick(['int64', 'int32', 'uint8'] as const);
    const most = Math.max(0, rowsOfTable - 1 + (source.chance(4) ? 1 : 0));
    const index = source.fresh({ shape: source.shape(0, 2), dtype, values: () => source.int(0, most) });
    const paddingIdx = source.chance(30) ? source.int(-rowsOfTable, rowsOfTable - 1) : null;
    return {
      text: `embedding(${index.name}, ${weight.name}, { paddingIdx: ${paddingIdx} })`,
      real: () => embedding(index.real, weight.real, { paddingIdx }),
      slow: () => {
        if (isFloat(dtype) || dtype === 'bool') refuse('no indices');
        if (weight.slow.shape.length !== 2) refuse('no table');
        const [n, columns] = weight.slow.shape as [number, number];
        if (paddingIdx !== null && (paddingIdx < -n || paddingIdx >= n)) refuse('no such row');
        const table = values(weight.slow);
        const padding = paddingIdx === null ? -1 : (paddingIdx + n) % n;
        const elements = values(index.slow).flatMap((i): Element[] => {
          const row = Number(i);
          if (!inRange(row, n)) refuse('no such row');
          return Array.from({ length: columns }, (_, j) => {
            const at = row * columns + j;
            return { value: table[at]!, from: [[0, at, row === padding ? 0 : 1]] };
          });
        });
        return fresh(weight.slow.dtype, [...index.slow.shape, columns], elements, [weight.slow]);
      },
    };
  },
};

// Padding.

const modes = ['constant', 'reflect', 'replicate', 'circular'] as const;

/** Which element each one of a padded dimension repeats; -1 for none. */
function sources(mode: (typeof modes)[number], size: number, before: number, after: number): number[] {
  if (mode === 'constant') {
    if (size + Math.min(before, 0) + Math.min(after, 0) < 0) refuse('too much is cut off');
  } else {
    if (before < 0 || after < 0) refuse('nothing can be cut off');
    const most = { reflect: size - 1, replicate: size === 0 ? 0 : Infinity, circular: size }[mode];
    if (Math.max(before, after) > most) refuse('more than there is');
  }
  return Array.from({ length: size + before + after }, (_, i) => {
    const at = i - before;
    if (inRange(at, size)) return at;
    if (mode === 'constant') return -1;
    if (mode === 'replicate') return at < 0 ? 0 : size - 1;
    if (mode === 'circular') return at < 0 ? at + size : at - size;
    return at < 0 ? -at : 2 * (size - 1) - at;
  });
}

const padRow: Row = {
  covers: ['functional.pad'],
  make: (source) => {
    const x = source.tensor();
    const { shape, dtype } = x.slow;
    const mode = source.pick(modes);
    const amount = () => (mode === 'constant' && source.chance(25) ? source.int(-2, 2) : source.int(0, 2));
    const padding = Array.from({ length: 2 * source.int(0, shape.length + (source.chance(4) ? 1 : 0)) }, amount);
    const value = source.pick([0, 1, 3]);
    return {
      text: `pad(${x.name}, [${padding}], '${mode}', ${value})`,
      real: () => pad(x.real, padding, mode, value),
      slow: () => {
        if (padding.length > 2 * shape.length) refuse('too many dimensions');
        const maps = shape.map((size, d) => {
          const at = 2 * (shape.length - 1 - d);
          return at < padding.length
            ? sources(mode, size, padding[at]!, padding[at + 1]!)
            : sources('constant', size, 0, 0);
        });
        const out = maps.map((map) => map.length);
        const all = values(x.slow);
        const fill: Value = isFloat(dtype) || dtype === 'bool' ? value : BigInt(value);
        const elements = indices(out).map((index): Element => {
          const from = index.map((i, d) => maps[d]![i]!);
          if (from.includes(-1)) return { value: fill };
          const at = numberOf(from, shape);
          return { value: all[at]!, from: [[0, at, 1]] };
        });
        return fresh(dtype, out, elements, [x.slow]);
      },
    };
  },
};

export const windowRows: readonly Row[] = [
  poolRow('maxPool2d', maxPool2d),
  poolRow('avgPool2d', avgPool2d),
  embeddingRow,
  padRow,
];
