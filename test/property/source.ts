// Where random arguments come from: tensors of a program, or fresh ones in all layouts, real and slow side by side.
import fc from 'fast-check';
import type { DType } from '../../lib/dtype.js';
import { Tensor } from '../../lib/tensor/index.js';
import { allocateView } from '../../lib/view.js';
import { allDTypes, floats, isFloat, round, stored, type Value } from './numbers.js';
import { count, leaf, type Slow, view } from './slow.js';

/** A tensor and its reference. */
export interface Pair {
  readonly name: string;
  readonly real: Tensor;
  readonly slow: Slow;
}

/** One call, real and slow. What is no tensor is compared as it is. */
export interface Call {
  /** As in a program that repeats it. */
  readonly text: string;
  real(): unknown;
  /** Throws Refused where the real call has to throw, before anything is written. */
  slow(): unknown;
}

/** An operation: how a random call of it is made. */
export interface Row {
  /** Methods of Tensor and functions that it calls. */
  readonly covers: readonly string[];
  make(source: Source): Call;
}

const whole = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

/** Numbers that all floating-point dtypes hold. */
const tame = [1, 2, -1, 0.5, -0.5, 0, 3, -2, 1.25, -0.25, 0.75, -1.5, 2.5, -3, 0.25, 1.75];
const wild = [NaN, Infinity, -Infinity, -0, 60000, -40000, 2 ** -20, 2 ** -14, 3 * 2 ** -24, 89, -104, 12, 255, 1000];
const large = {
  float32: [3e38, 1e-40, 1e20],
  float64: [1e60, -1e-60, 1e-310],
  bfloat16: [3e38, 1e-39],
  float16: [65504],
};
const wholes = [1, 2, 3, 0, -1, 5, -2, 7, 10, -7, 100, 127, 200, 255];
const largeWholes = [2n ** 31n - 1n, -(2n ** 31n), 2n ** 40n + 1n, 2n ** 62n + 1n, -(2n ** 63n), 2n ** 53n + 1n];

/** Numbers that come after another in no order. */
function shuffled(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 12345) % 2 ** 32;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Wanted {
  readonly shape?: readonly number[] | undefined;
  readonly dtype?: DType | undefined;
}

interface Made extends Wanted {
  /** Elements, where not any will do. */
  readonly values?: () => number;
  /** Without a gradient. */
  readonly plain?: boolean;
}

export class Source {
  readonly pool: Pair[] = [];
  /** The program so far. */
  readonly lines: string[] = [];
  /** Leaves that require a gradient. */
  readonly leaves: Pair[] = [];
  readonly #next: fc.GeneratorValue;
  /** Whether numbers are such that gradients can be compared: neither NaN nor near any bound. */
  readonly calm: boolean;
  #names = 0;

  constructor(next: fc.GeneratorValue) {
    this.#next = next;
    this.calm = this.chance(60);
  }

  int(min: number, max: number): number {
    return min >= max ? min : this.#next(whole, min, max);
  }
  /** Rarer the longer a failure is shrunk. */
  chance(percent: number): boolean {
    return this.int(0, 99) >= 100 - percent;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }
  name(): string {
    return `t${this.#names++}`;
  }

  dtype(): DType {
    return this.chance(this.calm ? 80 : 50) ? this.pick(floats) : this.pick(allDTypes);
  }
  size(): number {
    return this.chance(4) ? 0 : this.int(1, 5);
  }
  shape(least = 0, most = 4): number[] {
    const shape = Array.from({ length: this.int(least, most) }, () => this.size());
    if (shape.length > 0 && this.chance(8)) shape[this.int(0, shape.length - 1)] = this.int(6, 70);
    // Not so many elements that the reference takes long.
    for (let d = 0; count(shape) > 400; d++) shape[d] = Math.min(shape[d]!, 2);
    return shape;
  }
  /** A number that fits beside a tensor of the dtype. */
  number(dtype: DType): number {
    if (isFloat(dtype)) return this.pick(this.calm ? tame : [...tame, ...wild.slice(0, 4)]);
    if (this.chance(25)) return this.pick([0.5, -1.5, 2.5]);
    return this.pick(this.calm ? wholes.slice(0, 8) : [...wholes.slice(0, 8), 300, 2 ** 40]);
  }
  /** A dimension, sometimes one that there is not. */
  dim(ndim: number): number {
    if (this.chance(3)) return this.pick([ndim + 1, -ndim - 2]);
    return this.int(-Math.max(ndim, 1), Math.max(ndim, 1) - 1);
  }

  values(n: number, dtype: DType): Value[] {
    const next = shuffled(this.int(0, 2 ** 20));
    if (dtype === 'bool') return Array.from({ length: n }, () => next(2));
    const common: readonly Value[] = isFloat(dtype) ? tame : wholes;
    const rare: readonly Value[] = isFloat(dtype) ? [...wild, ...large[dtype as keyof typeof large]] : largeWholes;
    const odd = this.calm ? 0 : this.pick([0, 10, 40]);
    return Array.from({ length: n }, () => {
      const list = next(100) < odd ? rare : common;
      const value = list[next(list.length)]!;
      return round(isFloat(dtype) ? value : BigInt(value), dtype);
    });
  }

  /** A tensor of the pool that is as wanted, or a fresh one. */
  tensor(wanted: Wanted = {}): Pair {
    const fits = this.pool.filter(
      ({ slow }) =>
        (wanted.shape === undefined || wanted.shape.join() === slow.shape.join()) &&
        (wanted.dtype === undefined || wanted.dtype === slow.dtype),
    );
    if (fits.length > 0 && this.chance(75)) return this.pick(fits);
    return this.fresh(wanted);
  }
  /** A tensor of floats. */
  float(shape?: readonly number[]): Pair {
    const pair = this.tensor({ shape });
    return isFloat(pair.slow.dtype) || this.chance(5) ? pair : this.fresh({ shape, dtype: this.pick(floats) });
  }

  /** A fresh tensor in one of all layouts: a window on larger memory, dimensions in any order, elements repeated. */
  fresh({ shape = this.shape(), dtype = this.dtype(), values, plain }: Made = {}): Pair {
    const name = this.name();
    const layout = this.chance(60) ? this.int(1, 3) : 0;
    const order = shape.map((_, d) => d);
    if (layout > 0 && this.chance(50)) order.reverse();
    // Of few elements only: the reference looks at all of the memory.
    const stepped = layout === 2 && count(shape) <= 60;
    const steps = shape.map(() => (stepped ? this.int(1, 3) : 1));
    const starts = shape.map(() => (layout === 2 ? this.int(0, 2) : 0));
    const repeat = shape.map((size) => layout === 3 && size > 0 && this.chance(40));
    const sizes = shape.map((size, d) => (repeat[d] ? 1 : starts[d]! + size * steps[d]!));
    const base = order.map((d) => sizes[d]!);
    const given =
      values === undefined
        ? this.values(count(base), dtype)
        : Array.from({ length: count(base) }, () => round(isFloat(dtype) ? values() : BigInt(values()), dtype));
    const tracked = this.calm && !plain && isFloat(dtype) && this.chance(60);
    const elements = allocateView('property', base, dtype);
    given.forEach((value, i) => {
      elements.array[i] = stored(value, dtype);
    });
    let real = new Tensor(elements, tracked);
    let slow = leaf(dtype, base, given, tracked);
    slow.memory.array = elements.array;
    const whole = { name: layout === 0 ? name : `${name}base`, real, slow };
    this.pool.push(whole);
    if (tracked) this.leaves.push(whole);
    let text = `${name} = ${dtype}[${base}]${tracked ? ' requiring a gradient' : ''} of ${given.slice(0, 12).join(' ')}`;
    if (layout > 0) {
      const inverse = shape.map((_, d) => order.indexOf(d));
      real = real.permute(inverse);
      slow = view(
        slow,
        inverse.map((d) => slow.shape[d]!),
        inverse.map((d) => slow.strides[d]!),
      );
      shape.forEach((size, d) => {
        if (repeat[d]) return;
        real = real.slice(d, starts[d]!, sizes[d]!, steps[d]!);
        const strides = slow.strides.with(d, slow.strides[d]! * steps[d]!);
        slow = view(slow, slow.shape.with(d, size), strides, slow.offset + starts[d]! * slow.strides[d]!);
      });
      if (repeat.includes(true)) {
        real = real.expand(shape);
        slow = view(
          slow,
          shape,
          slow.strides.map((stride, d) => (repeat[d] && shape[d] !== 1 ? 0 : stride)),
        );
      }
      text += `, in order [${inverse}], from [${starts}] in steps of [${steps}], expanded to [${shape}]`;
      this.pool.push({ name, real, slow });
    }
    this.lines.push(text);
    return { name, real, slow };
  }
}
