// Copies, conversions and joins: elements as they are, somewhere else.
import { cat, stack } from '../../lib/combine.js';
import type { DType } from '../../lib/dtype.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { allDTypes, isConvertible, isFloat, together, type Value } from './numbers.js';
import {
  broadcast,
  checkWrite,
  dimOf,
  type Element,
  fresh,
  isContiguous,
  places,
  refuse,
  repeated,
  rowMajor,
  type Slow,
  sameSizes,
  values,
  view,
  write,
} from './slow.js';
import type { Row } from './source.js';
import { copied, same, selected, simple, unsqueezed } from './views.js';

// Copies.

/** What an element becomes in another dtype; anything where that has no room. */
const converted = (value: Value, to: DType) => ({ value, error: isConvertible(value, to) ? undefined : Infinity });

function cast(t: Slow, dtype: DType): Slow {
  if (dtype === t.dtype) return t;
  const elements = values(t).map((value, i): Element => ({ ...converted(value, dtype), from: [[0, i, 1]] }));
  return fresh(dtype, t.shape, elements, [t]);
}

/** Overwrites with a tensor that broadcasts. */
function overwritten(to: Slow, source: Slow): Slow {
  const from = repeated(
    source,
    sameSizes(broadcast(to.shape, source.shape), to.shape) ? to.shape : refuse('too large'),
  );
  // Itself it may be copied to however it lies.
  checkWrite(to, source === to && !to.family.tracked);
  const elements = values(from).map((value, i): Element => ({ ...converted(value, to.dtype), from: [[1, i, 1]] }));
  return write(to, elements, [to, from]);
}

const limits: Readonly<Record<string, readonly [least: number, most: number]>> = {
  uint8: [-255, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  float16: [-65504, 65504],
};

function filled(to: Slow, number: number): Slow {
  const [least, most] = limits[to.dtype] ?? [-Infinity, Infinity];
  const infinite = isFloat(to.dtype) && !Number.isFinite(number);
  if (!infinite && !(number >= least && number <= most) && !(isFloat(to.dtype) && Number.isNaN(number)))
    refuse('no room');
  if (to.dtype === 'uint8' && number < 0 && !Number.isInteger(number) && number <= -1) refuse('no room');
  checkWrite(to, true);
  const value = isFloat(to.dtype) || to.dtype === 'bool' ? number : BigInt(Math.trunc(number));
  return write(
    to,
    places(to).map(() => ({ value })),
    [to],
  );
}

const setRow: Row = {
  covers: ['set_'],
  make: (source) => {
    const x = source.tensor();
    const at = x.slow.shape.slice(0, source.int(0, x.slow.shape.length)).map((size) => source.int(-size, size - 1));
    const part = x.slow.shape.slice(at.length);
    const value = source.chance(50) ? source.number(x.slow.dtype) : source.tensor({ shape: part });
    return {
      text: `${x.name}.set_([${at}], ${typeof value === 'number' ? value : value.name})`,
      real: () => x.real.set_(at, typeof value === 'number' ? value : value.real),
      slow: () => {
        const target = at.reduce((out, i) => selected(out, 0, i), x.slow);
        if (typeof value === 'number') filled(target, value);
        else overwritten(target, value.slow);
        return x.slow;
      },
    };
  },
};

const copyRow: Row = {
  covers: ['copy_'],
  make: (source) => {
    const x = source.tensor();
    const shape = x.slow.shape.map((size) => (source.chance(15) ? 1 : size));
    const other = source.chance(10) ? source.tensor() : source.tensor({ shape });
    return {
      text: `${x.name}.copy_(${other.name})`,
      real: () => x.real.copy_(other.real),
      slow: () => overwritten(x.slow, other.slow),
    };
  },
};

const copyRows: Row[] = [
  simple(
    'clone',
    () => [],
    (t) => copied(t),
  ),
  simple(
    'contiguous',
    () => [],
    (t) => (isContiguous(t) ? t : copied(t)),
  ),
  simple('to', (s) => [s.pick(allDTypes)], cast),
  simple('fill_', (s, x) => [s.number(x.slow.dtype)], filled),
  simple(
    'zero_',
    () => [],
    (t) => filled(t, 0),
  ),
  setRow,
  copyRow,
];

// Joins.

const takesPart = ({ shape }: Slow) => !sameSizes(shape, [0]);

function joined(tensors: readonly Slow[], dim: number): Slow {
  if (tensors.some(({ shape }) => shape.length === 0)) refuse('scalars');
  // Beside an empty vector anything goes, but for its dtype.
  const parts = tensors.filter(takesPart);
  const shape = (parts[0] ?? tensors[0]!).shape;
  const vectors = tensors.map(({ dtype }) => ({ dtype, shape: [1] }));
  const dtype = vectors.reduce((a, b) => ({ dtype: together(a, b), shape: [1] })).dtype;
  const d = dimOf(dim, shape.length);
  if (parts.some((t) => t.shape.length !== shape.length || !sameSizes(t.shape.with(d, 0), shape.with(d, 0)))) {
    refuse('sizes differ');
  }
  const out = shape.with(
    d,
    parts.reduce((total, t) => total + t.shape[d]!, 0),
  );
  const target = view(fresh(dtype, out, [], []), out, rowMajor(out));
  const elements: Element[] = [];
  let start = 0;
  for (const [k, t] of tensors.entries()) {
    if (!takesPart(t)) continue;
    const at = places(view(target, t.shape, target.strides, start * target.strides[d]!));
    for (const [i, element] of same(t, k).entries()) elements[at[i]!] = element;
    start += t.shape[d]!;
  }
  return fresh(dtype, out, elements, tensors);
}

function joinRow(name: 'cat' | 'stack', real: (tensors: Tensor[], dim: number) => Tensor): Row {
  return {
    covers: [name],
    make: (source) => {
      const first = source.tensor();
      const { shape } = first.slow;
      const d = name === 'cat' ? source.dim(shape.length) : source.int(-shape.length - 1, shape.length);
      const all = [first];
      for (let k = source.int(0, 3); k > 0; k--) {
        const at = d < 0 ? d + shape.length : d;
        const wanted = name === 'cat' ? shape.map((size, i) => (i === at ? source.size() : size)) : shape;
        all.push(source.chance(5) ? source.tensor() : source.tensor({ shape: source.chance(4) ? [0] : wanted }));
      }
      return {
        text: `${name}([${all.map((t) => t.name)}], ${d})`,
        real: () =>
          real(
            all.map((t) => t.real),
            d,
          ),
        slow: () => {
          const tensors = all.map((t) => t.slow);
          if (name === 'cat') return joined(tensors, d);
          if (tensors.some((t) => !sameSizes(t.shape, shape))) refuse('shapes differ');
          const at = dimOf(d, shape.length + 1);
          return joined(
            tensors.map((t) => unsqueezed(t, at)),
            at,
          );
        },
      };
    },
  };
}

export const copiesRows: readonly Row[] = [...copyRows, joinRow('cat', cat), joinRow('stack', stack)];
