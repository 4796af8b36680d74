// Convolutions, transposed ones among them.
import { conv1d, conv2d, convTranspose2d } from '../../lib/nn/functional/index.js';
import { floats, isFloat } from './numbers.js';
import { checkSame, fitting, type Pairs, sumsOfProducts } from './products.js';
import { count, indices, numberOf, refuse, type Slow, sameSizes } from './slow.js';
import type { Row } from './source.js';
import { squeezed, unsqueezed } from './views.js';

interface Geometry {
  readonly stride: readonly number[];
  /** Before the first element. */
  readonly before: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly size: readonly number[];
}

/** Terms of a cross-correlation: x [N, C, H, W] with w [O, C / groups, kh, kw]. */
function correlated(
  x: readonly number[],
  w: readonly number[],
  { stride, before, dilation, groups, size }: Geometry,
): Pairs[] {
  const [, channels, height, width] = x as [number, number, number, number];
  const [outs, perGroup, kh, kw] = w as [number, number, number, number];
  return indices([x[0]!, outs, ...size]).map((index) => {
    const [n, o, y, z] = index as [number, number, number, number];
    const pairs: [number, number][] = [];
    const first = Math.floor(o / (outs / groups)) * perGroup;
    for (const [c, i, j] of indices([perGroup, kh, kw]) as [number, number, number][]) {
      const row = y * stride[0]! - before[0]! + i * dilation[0]!;
      const column = z * stride[1]! - before[1]! + j * dilation[1]!;
      const inside = row >= 0 && column >= 0 && row < height && column < width;
      const from = inside ? numberOf([n, first + c, row, column], [0, channels, height, width]) : -1;
      pairs.push([from, numberOf([o, c, i, j], w)]);
    }
    return pairs;
  });
}

/** The same of the transposed convolution: w [C, O / groups, kh, kw], every element of x spread over a window. */
function spread(
  x: readonly number[],
  w: readonly number[],
  { stride, before, dilation, groups, size }: Geometry,
): Pairs[] {
  const outs = w[1]! * groups;
  const shape = [x[0]!, outs, ...size];
  const sums: [number, number][][] = Array.from({ length: count(shape) }, () => []);
  for (const [n, c, y, z] of indices(x) as [number, number, number, number][]) {
    for (const [o, i, j] of indices(w.slice(1)) as [number, number, number][]) {
      const row = y * stride[0]! - before[0]! + i * dilation[0]!;
      const column = z * stride[1]! - before[1]! + j * dilation[1]!;
      if (row < 0 || column < 0 || row >= size[0]! || column >= size[1]!) continue;
      const out = Math.floor(c / (x[1]! / groups)) * w[1]! + o;
      sums[numberOf([n, out, row, column], shape)]!.push([numberOf([n, c, y, z], x), numberOf([c, o, i, j], w)]);
    }
  }
  return sums;
}

interface Given {
  readonly stride: number[];
  readonly padding: number[] | 'same' | 'valid';
  readonly dilation: number[];
  readonly groups: number;
  readonly outputPadding?: number[];
}

function convolved(x: Slow, w: Slow, bias: Slow | undefined, given: Given, transposed: boolean): Slow {
  const dims = given.stride.length;
  if (w.shape.length !== dims + 2 || ![dims + 1, dims + 2].includes(x.shape.length)) refuse('no images');
  checkSame(x, w, ...(bias ? [bias] : []));
  if (!isFloat(x.dtype)) refuse('floats only');
  const single = x.shape.length === dims + 1;
  const image = (t: Slow) => (dims === 1 ? unsqueezed(t, t.shape.length - 1) : t);
  const [batch, kernel] = [image(single ? unsqueezed(x, 0) : x), image(w)];
  const pair = (list: readonly number[], row: number) => (dims === 1 ? [row, ...list] : [...list]);
  const { groups } = given;
  const [stride, dilation] = [pair(given.stride, 1), pair(given.dilation, 1)];
  if (kernel.shape.slice(2).includes(0)) refuse('no kernel');
  const spans = [0, 1].map((d) => dilation[d]! * (kernel.shape[d + 2]! - 1) + 1);
  const numbersGiven = typeof given.padding === 'string' ? undefined : pair(given.padding, 0);
  if (given.padding === 'same' && stride.some((step) => step !== 1)) refuse('steps');
  const before = numbersGiven ?? spans.map((span) => (given.padding === 'same' ? Math.floor((span - 1) / 2) : 0));
  const total = numbersGiven?.map((size) => 2 * size) ?? spans.map((span) => (given.padding === 'same' ? span - 1 : 0));
  const [channels, outs] = [batch.shape[1]!, transposed ? kernel.shape[1]! * groups : kernel.shape[0]!];
  if (
    transposed
      ? channels !== kernel.shape[0] || channels % groups !== 0
      : channels !== kernel.shape[1]! * groups || outs % groups !== 0
  ) {
    refuse('other channels');
  }
  const lengths = batch.shape.slice(2);
  const size = lengths.map((length, d) => {
    const more = given.outputPadding?.[d] ?? 0;
    if (transposed && more >= Math.max(stride[d]!, dilation[d]!)) refuse('too much more');
    if (transposed) return (length - 1) * stride[d]! - total[d]! + spans[d]! + more;
    return Math.floor((length + total[d]! - spans[d]!) / stride[d]!) + 1;
  });
  if (size.some((length) => length < 1)) refuse('nothing is left');
  if (bias && !sameSizes(bias.shape, [outs])) refuse('another bias');
  const geometry = { stride, before, dilation, groups, size };
  const shape = [batch.shape[0]!, outs, ...size];
  const sums = (transposed ? spread : correlated)(batch.shape, kernel.shape, geometry);
  const plus = indices(shape).map((index) => index[1]!);
  const inputs = bias ? [batch, kernel, bias] : [batch, kernel];
  const out = sumsOfProducts(shape, inputs, sums, bias ? { plus, spills: transposed } : { spills: transposed });
  const flat = dims === 1 ? squeezed(out, 2) : out;
  return single ? squeezed(flat, 0) : flat;
}

function convRow(name: 'conv1d' | 'conv2d' | 'convTranspose2d', real: (...args: never[]) => unknown): Row {
  return {
    covers: [`functional.${name}`],
    make: (source) => {
      const [dims, transposed] = [name === 'conv1d' ? 1 : 2, name === 'convTranspose2d'];
      const dtype = source.chance(97) ? source.pick(floats) : source.dtype();
      const list = (least: number, most: number) => Array.from({ length: dims }, () => source.int(least, most));
      const groups = source.chance(25) ? 2 : 1;
      const [ins, outs] = [groups * source.int(1, 2), groups * source.int(1, 2)];
      const shape = [ins, ...list(1, source.chance(15) ? 9 : 5)];
      const kernel = source.chance(30) ? list(3, 3) : list(1, 3);
      const x = fitting(source, source.chance(70) ? [source.pick([1, 2, 1, 0]), ...shape] : shape, dtype);
      const w = fitting(source, transposed ? [ins, outs / groups, ...kernel] : [outs, ins / groups, ...kernel], dtype);
      const bias = source.chance(50) ? fitting(source, [outs], dtype) : undefined;
      const plainPadding = transposed || source.chance(75);
      const options: Given = {
        stride: source.chance(50) ? list(1, 3) : list(1, 1),
        padding: plainPadding ? list(0, 2) : source.pick(['same', 'valid']),
        dilation: source.chance(25) ? list(1, 2) : list(1, 1),
        groups: source.chance(3) ? 3 : groups,
        ...(transposed && source.chance(30) ? { outputPadding: list(0, 2) } : {}),
      };
      const call = real as (...args: unknown[]) => unknown;
      return {
        text: `${name}(${x.name}, ${w.name}, ${bias?.name ?? null}, ${JSON.stringify(options)})`,
        real: () => call(x.real, w.real, bias?.real ?? null, options),
        slow: () => convolved(x.slow, w.slow, bias?.slow, options, transposed),
      };
    },
  };
}

export const convolutionRows: readonly Row[] = [
  convRow('conv1d', conv1d),
  convRow('conv2d', conv2d),
  convRow('convTranspose2d', convTranspose2d),
];
