// Sums of products: of matrices, in linear layers and in convolutions.
import { matmul, multiDot, outer } from '../../lib/combine.js';
import { linear } from '../../lib/nn/functional/index.js';
import { multiplied } from './elementwise.js';
import { computeOf, epsilonOf, floats, isFloat, round, ulp } from './numbers.js';
import {
  broadcast,
  count,
  type Dependence,
  type Element,
  fresh,
  indices,
  numberOf,
  numbers,
  record,
  refuse,
  repeated,
  type Slow,
  sameSizes,
  values,
  view,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';
import { unsqueezed } from './views.js';

/** Pairs of elements of the first two operands, by number; -1 for a zero beyond the edge, which may be left out. */
export type Pairs = readonly (readonly [a: number, b: number])[];

interface Options {
  /** For each output: the element of the third operand that is added. */
  readonly plus?: readonly number[];
  readonly alpha?: number;
  readonly beta?: number;
  readonly relu?: boolean;
  /** Whether numbers of the second operand may meet zeros anywhere, which shows where they are infinite or NaN. */
  readonly spills?: boolean;
}

export function checkSame(...tensors: readonly Slow[]): void {
  if (tensors.some(({ dtype }) => dtype !== tensors[0]!.dtype)) refuse('two dtypes');
}

/** Whole numbers wrap around; there is no arithmetic on booleans. */
function wholeSums(
  inputs: readonly Slow[],
  sums: readonly Pairs[],
  { plus, alpha = 1, beta = 1, relu }: Options,
): Element[] {
  if (inputs[0]!.dtype === 'bool') refuse('no products of booleans');
  if (!Number.isInteger(alpha) || !Number.isInteger(beta)) refuse('whole factors only');
  const [a, b, c] = inputs.map((t) => values(t).map(BigInt)) as [bigint[], bigint[], bigint[] | undefined];
  return sums.map((pairs, i) => {
    const product = pairs.reduce((sum, [p, q]) => sum + a[p]! * b[q]!, 0n) * BigInt(alpha);
    const value = product + (plus ? c![plus[i]!]! * BigInt(beta) : 0n);
    const wrapped = BigInt(round(value, inputs[0]!.dtype));
    return { value: relu && wrapped < 0n ? 0n : wrapped };
  });
}

/** beta c + alpha a b for each output, with the error of as many roundings as there are terms, in any order. */
export function sumsOfProducts(
  shape: readonly number[],
  inputs: readonly Slow[],
  sums: readonly Pairs[],
  options: Options = {},
): Slow {
  const { dtype } = inputs[0]!;
  checkSame(...inputs);
  if (!isFloat(dtype)) return fresh(dtype, shape, wholeSums(inputs, sums, options), inputs);
  const { plus, alpha = 1, beta = 1, relu = false, spills = false } = options;
  const [a, b, c] = inputs.map(numbers) as [number[], number[], number[] | undefined];
  const compute = computeOf(dtype);
  const isOdd = b.map((x) => !Number.isFinite(x));
  const spilt = spills && isOdd.includes(true);
  const most = compute === 'float64' ? 1e300 : 1e38;
  const elements = sums.map((pairs, i): Element => {
    let [sum, magnitude] = [0, 0];
    const from: [number, number, number][] = [];
    for (const [p, q] of pairs) {
      // Nothing, unless a gradient is infinite.
      if (p < 0) from.push([1, q, 0]);
      if (p < 0) continue;
      const term = a[p]! * b[q]!;
      sum += term;
      magnitude += Math.abs(term * alpha);
      from.push([0, p, b[q]! * alpha], [1, q, a[p]! * alpha]);
    }
    let value = sum * alpha;
    if (plus && beta !== 0) {
      const added = c![plus[i]!]! * beta;
      value += added;
      magnitude += Math.abs(added);
    }
    if (plus) from.push([2, plus[i]!, beta]);
    // The factor may be taken to either operand first.
    const overflows = pairs.some(([p, q]) =>
      [a[p], b[q]].some((x) => Number.isFinite(x) && Math.abs(x! * alpha) > most),
    );
    const uncertain = spilt || overflows || pairs.some(([p, q]) => p < 0 && isOdd[q]);
    const error =
      uncertain || (Number.isFinite(magnitude) && magnitude > most)
        ? Infinity
        : (pairs.length + 4) * (epsilonOf(compute) * magnitude + ulp(0, compute));
    if (!relu) return { value, error, from };
    // Where rounding decides on which side of 0 it is, the slope is either.
    const sure = Math.abs(value) > error || magnitude === 0;
    const slopes = from.map(
      ([k, at, slope]): Dependence => [k, at, value > 0 ? slope : 0, sure ? Math.abs(slope) : Infinity],
    );
    return { value: value < 0 ? 0 : value, error, from: slopes };
  });
  return fresh(dtype, shape, elements, inputs);
}

/** The product of matrices as the last two dimensions; the others broadcast. */
function product(a: Slow, b: Slow): Slow {
  const [[m, k], [k2, n]] = [a.shape.slice(-2), b.shape.slice(-2)] as [[number, number], [number, number]];
  if (k !== k2) refuse('inner sizes differ');
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [x, y] = [repeated(a, [...batch, m, k]), repeated(b, [...batch, k, n])];
  const sums = indices([...batch, m, n]).map((index): Pairs => {
    const [lead, i, j] = [numberOf(index.slice(0, -2), batch), index.at(-2)!, index.at(-1)!];
    return Array.from({ length: k }, (_, l) => [(lead * m + i) * k + l, (lead * k + l) * n + j]);
  });
  return sumsOfProducts([...batch, m, n], [x, y], sums);
}

/** As torch.matmul: a vector is a row on the left and a column on the right. */
function multiply(a: Slow, b: Slow): Slow {
  if (a.shape.length === 0 || b.shape.length === 0) refuse('scalars');
  const [left, right] = [a.shape.length === 1 ? unsqueezed(a, 0) : a, b.shape.length === 1 ? unsqueezed(b, 1) : b];
  let out = product(left, right);
  if (b.shape.length === 1) out = view(out, out.shape.slice(0, -1), out.strides.slice(0, -1));
  if (a.shape.length === 1) {
    const d = out.shape.length - (b.shape.length === 1 ? 1 : 2);
    out = view(out, out.shape.toSpliced(d, 1), out.strides.toSpliced(d, 1));
  }
  return out;
}

const checkDims = (tensors: readonly Slow[], dims: readonly number[]) => {
  if (tensors.some(({ shape }, i) => shape.length !== dims[i])) refuse('other dimensions');
};

function addmm(c: Slow, a: Slow, b: Slow, beta: number, alpha: number): Slow {
  checkDims([a, b], [2, 2]);
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  if (k !== b.shape[0]) refuse('inner sizes differ');
  const shape = [m, n];
  const sums = indices(shape).map(([i, j]): Pairs => Array.from({ length: k }, (_, l) => [i! * k + l, l * n + j!]));
  return sumsOfProducts(shape, [a, b, repeated(c, shape)], sums, { plus: sums.map((_, i) => i), alpha, beta });
}

/** From left to right; another order rounds otherwise. */
function chained(chain: readonly Slow[]): Slow {
  const last = chain.length - 1;
  if (chain.some(({ shape }, i) => shape.length !== 2 && !(shape.length === 1 && (i === 0 || i === last))))
    refuse('no matrices');
  const whole = chain.map((t, i) => (t.shape.length === 2 ? t : unsqueezed(t, i === 0 ? 0 : 1)));
  checkSame(...chain);
  // Any two of them may meet first.
  if (chain.some(({ family }) => family.tracked)) record.current.keep(...chain);
  let out = whole[0]!;
  let sizes = numbers(out).map(Math.abs);
  let terms = 0;
  // Of no product in any order is an element greater.
  const most = whole.reduce(
    (bound, t) => bound * Math.max(1, ...numbers(t).map(Math.abs)) * Math.max(1, t.shape[1]!),
    1,
  );
  for (const factor of whole.slice(1)) {
    const [m, k, n] = [out.shape[0]!, out.shape[1]!, factor.shape[1]!];
    out = product(out, factor);
    const next = numbers(factor).map(Math.abs);
    sizes = indices([m, n]).map(([i, j]) =>
      Array.from({ length: k }, (_, l) => sizes[i! * k + l]! * next[l * n + j!]!).reduce((sum, x) => sum + x, 0),
    );
    terms += k + 4;
  }
  const range = { float16: 6e4, float64: 1e300 }[out.dtype as string] ?? 1e38;
  if (isFloat(out.dtype)) {
    for (const [at, { value }] of out.memory.open) {
      const error = !(most <= range)
        ? Infinity
        : // Products between are rounded among the smallest numbers, and multiplied by what follows.
          terms * (epsilonOf(out.dtype) * sizes[at]! + ulp(0, out.dtype) * most);
      out.memory.open.set(at, { value, error });
    }
  }
  if (chain[0]!.shape.length === 1) out = squeezedAt(out, 0);
  return chain[last]!.shape.length === 1 ? squeezedAt(out, out.shape.length - 1) : out;
}

const squeezedAt = (t: Slow, d: number) => view(t, t.shape.toSpliced(d, 1), t.strides.toSpliced(d, 1));

// Calls.

/** A dtype that all operands of a product have. */
const oneDType = (source: Source) => (source.chance(85) ? source.pick(floats) : source.dtype());
/** An operand of a given shape; now and then any. */
export const fitting = (source: Source, shape: readonly number[], dtype: ReturnType<typeof oneDType>) =>
  source.chance(3) ? source.tensor() : source.tensor({ shape, dtype });

function methodRow(
  name: 'mm' | 'mv' | 'dot' | 'bmm',
  shapes: (source: Source) => readonly [number[], number[]],
  dims: readonly number[],
): Row {
  return {
    covers: [name],
    make: (source) => {
      const dtype = oneDType(source);
      const [a, b] = shapes(source).map((shape) => fitting(source, shape, dtype)) as [Pair, Pair];
      return {
        text: `${a.name}.${name}(${b.name})`,
        real: () => a.real[name](b.real),
        slow: () => {
          checkDims([a.slow, b.slow], dims);
          if (name === 'bmm' && a.slow.shape[0] !== b.slow.shape[0]) refuse('other numbers of matrices');
          return multiply(a.slow, b.slow);
        },
      };
    },
  };
}

const methodRows = [
  methodRow(
    'mm',
    (s) =>
      ((k) => [
        [s.size(), k],
        [k, s.size()],
      ])(s.size()),
    [2, 2],
  ),
  methodRow('mv', (s) => ((k) => [[s.size(), k], [k]])(s.size()), [2, 1]),
  methodRow('dot', (s) => ((k) => [[k], [k]])(s.chance(20) ? s.int(6, 70) : s.size()), [1, 1]),
  methodRow(
    'bmm',
    (s) =>
      ((b, k) => [
        [b, s.size(), k],
        [b, k, s.size()],
      ])(s.size(), s.size()),
    [3, 3],
  ),
];

/** Two operands of matmul: vectors, matrices or batches of them that broadcast. */
function factors(source: Source): [Pair, Pair] {
  const dtype = oneDType(source);
  const k = source.chance(10) ? source.int(6, 40) : source.size();
  const batch = source.shape(0, 2);
  const lead = () => batch.slice(source.int(0, batch.length)).map((size) => (source.chance(30) ? 1 : size));
  const a = source.chance(25) ? [k] : [...lead(), source.size(), k];
  const b = source.chance(25) ? [k] : [...lead(), k, source.size()];
  return [fitting(source, a, dtype), fitting(source, b, dtype)];
}

const matmulRow: Row = {
  covers: ['matmul'],
  make: (source) => {
    const [a, b] = factors(source);
    const method = source.chance(50);
    return {
      text: method ? `${a.name}.matmul(${b.name})` : `matmul(${a.name}, ${b.name})`,
      real: () => (method ? a.real.matmul(b.real) : matmul(a.real, b.real)),
      slow: () => multiply(a.slow, b.slow),
    };
  },
};

const addmmRow: Row = {
  covers: ['addmm'],
  make: (source) => {
    const dtype = oneDType(source);
    const [m, k, n] = [source.size(), source.size(), source.size()];
    const [a, b] = [fitting(source, [m, k], dtype), fitting(source, [k, n], dtype)];
    const c = fitting(source, source.pick([[m, n], [n], [m, 1], []]), dtype);
    const [beta, alpha] = [source.pick([1, 0, 2, 0.5]), source.pick([1, -1, 0.5, 2])];
    return {
      text: `${c.name}.addmm(${a.name}, ${b.name}, { beta: ${beta}, alpha: ${alpha} })`,
      real: () => c.real.addmm(a.real, b.real, { beta, alpha }),
      slow: () => addmm(c.slow, a.slow, b.slow, beta, alpha),
    };
  },
};

const outerRow: Row = {
  covers: ['outer'],
  make: (source) => {
    const [a, b] = [0, 1].map(() =>
      source.chance(4) ? source.tensor() : source.tensor({ shape: [source.size()] }),
    ) as [Pair, Pair];
    return {
      text: `outer(${a.name}, ${b.name})`,
      real: () => outer(a.real, b.real),
      slow: () => {
        checkDims([a.slow, b.slow], [1, 1]);
        return multiplied(unsqueezed(a.slow, 1), b.slow);
      },
    };
  },
};

const chainRow: Row = {
  covers: ['multiDot'],
  make: (source) => {
    const dtype = oneDType(source);
    const sizes = Array.from({ length: source.int(3, 5) }, () => source.size());
    const chain = sizes.slice(1).map((size, i) => {
      const vector = source.chance(20);
      const shape = [sizes[i]!, size];
      if (vector && i === 0) return fitting(source, [size], dtype);
      return fitting(source, vector && i === sizes.length - 2 ? [sizes[i]!] : shape, dtype);
    });
    return {
      text: `multiDot([${chain.map((t) => t.name)}])`,
      real: () => multiDot(chain.map((t) => t.real)),
      slow: () => chained(chain.map((t) => t.slow)),
    };
  },
};

// Layers.

function linearSlow(x: Slow, w: Slow, bias: Slow | undefined, relu: boolean): Slow {
  checkDims([w], [2]);
  const [n, k] = w.shape as [number, number];
  if (x.shape.at(-1) !== k) refuse('other features');
  if (bias && !sameSizes(bias.shape, [n])) refuse('another bias');
  const shape = [...x.shape.slice(0, -1), n];
  const sums = indices([count(x.shape.slice(0, -1)), n]).map(
    ([i, j]): Pairs => Array.from({ length: k }, (_, l) => [i! * k + l, j! * k + l]),
  );
  const inputs = bias ? [x, w, bias] : [x, w];
  return sumsOfProducts(shape, inputs, sums, bias ? { relu, plus: sums.map((_, i) => i % n) } : { relu });
}

const linearRow: Row = {
  covers: ['functional.linear'],
  make: (source) => {
    const dtype = oneDType(source);
    const [k, n] = [source.size(), source.size()];
    const x = fitting(source, [...source.shape(0, 2), k], dtype);
    const w = fitting(source, [n, k], dtype);
    const bias = source.chance(60) ? fitting(source, [n], dtype) : undefined;
    const relu = source.chance(30);
    return {
      text: `linear(${x.name}, ${w.name}, ${bias?.name ?? null}${relu ? ", { activation: 'relu' }" : ''})`,
      real: () => linear(x.real, w.real, bias?.real ?? null, relu ? { activation: 'relu' } : {}),
      slow: () => linearSlow(x.slow, w.slow, bias?.slow, relu),
    };
  },
};

export const productRows: readonly Row[] = [...methodRows, matmulRow, addmmRow, outerRow, chainRow, linearRow];
