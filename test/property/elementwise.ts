// Operations element by element: values and slopes from their definitions.

import { where } from '../../lib/combine.js';
import type { DType } from '../../lib/dtype.js';
import { binaryCases, clampReference, unaryCases } from '../cases/ops.js';
import { computeOf, isFloat, round, takes, together, ulp, type Value, withNumber } from './numbers.js';
import {
  broadcast,
  checkWrite,
  type Element,
  fresh,
  refuse,
  repeated,
  type Slow,
  sameSizes,
  values,
  write,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';

/** A value, how far rounding may take it, and the slope for each operand, with its magnitude where it is a difference. */
export interface Point {
  readonly value: Value;
  readonly error?: number | undefined;
  readonly slopes?: readonly (number | readonly [slope: number, magnitude: number])[];
}

export type Domain = 'any' | 'number' | 'float' | 'floats only';

/** The dtype in which operands that promote to `dtype` are computed on. */
export function domainOf(domain: Domain, dtype: DType): DType {
  if (isFloat(dtype) || domain === 'any' || (domain === 'number' && dtype !== 'bool')) return dtype;
  return domain === 'float' ? 'float32' : refuse(`no such operation on ${dtype}`);
}

/** Elements of operands that broadcast, one after the other, in one dtype. */
export function mapped(inputs: readonly Slow[], dtype: DType, f: (...x: Value[]) => Point): Element[] {
  const shape = broadcast(...inputs.map((input) => input.shape));
  const operands = inputs.map((input) => values(repeated(input, shape)).map((x) => round(x, dtype)));
  return operands[0]!.map((_, i) => {
    const { value, error, slopes = [] } = f(...operands.map((operand) => operand[i]!));
    const from = slopes.map((slope, k) =>
      typeof slope === 'number' ? ([k, i, slope] as const) : ([k, i, slope[0], slope[1]] as const),
    );
    return { value, error, from };
  });
}

/** A fresh result, or one in place of the first input. */
export function result(
  inputs: readonly Slow[],
  dtype: DType,
  inPlace: boolean,
  f: (...x: Value[]) => Point,
  out: DType = dtype,
): Slow {
  const shape = broadcast(...inputs.map((input) => input.shape));
  const operands = inputs.map((input) => repeated(input, shape));
  if (!inPlace) return fresh(out, shape, mapped(inputs, dtype, f), operands);
  const self = inputs[0]!;
  if (!sameSizes(shape, self.shape)) refuse('does not broadcast to what is written to');
  if (!takes(self.dtype, dtype)) refuse(`${self.dtype} cannot hold ${dtype}`);
  checkWrite(self);
  // Rounded to the dtype of the computation before it is to the target's.
  const elements = mapped(inputs, dtype, f).map((element) =>
    self.dtype === dtype || (element.error ?? 0) > 0 ? element : { ...element, value: round(element.value, dtype) },
  );
  return write(self, elements, operands);
}

export const near = (value: number, k: number, dtype: DType, slopes: Point['slopes']): Point => ({
  value,
  error: k * ulp(value, computeOf(dtype)),
  ...(slopes && { slopes }),
});

// On one tensor.

interface Unary {
  readonly domain: Domain;
  slope(x: number): number | readonly [number, number];
  whole?(x: bigint): bigint;
}

export const sigmoid = (x: number) => unaryCases.sigmoid.reference(x);
export const erf = (x: number) => unaryCases.erf.reference(x);

export const unary: Readonly<Record<keyof typeof unaryCases, Unary>> = {
  neg: { domain: 'number', slope: () => -1, whole: (x) => -x },
  // As torch's sign: 0 for NaN.
  abs: { domain: 'number', slope: (x) => Math.sign(x) || 0, whole: (x) => (x < 0n ? -x : x) },
  sign: { domain: 'any', slope: () => 0, whole: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) },
  sqrt: { domain: 'float', slope: (x) => 0.5 / Math.sqrt(x) },
  rsqrt: { domain: 'float', slope: (x) => -0.5 * x ** -1.5 },
  exp: { domain: 'float', slope: Math.exp },
  log: { domain: 'float', slope: (x) => 1 / x },
  erf: { domain: 'float', slope: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) },
  tanh: { domain: 'float', slope: (x) => [1 - Math.tanh(x) ** 2, 1 + Math.tanh(x) ** 2] },
  sigmoid: { domain: 'float', slope: (x) => [sigmoid(x) * sigmoid(-x), sigmoid(x)] },
  silu: {
    domain: 'floats only',
    slope: (x) => [sigmoid(x) * (1 + x * sigmoid(-x)), sigmoid(x) * (1 + 2 * Math.abs(x))],
  },
};

function unaryPoint(name: keyof typeof unary, dtype: DType): (x: Value) => Point {
  const { slope, whole } = unary[name];
  const { reference, ulps, anyZero, mayUnderflow } = unaryCases[name];
  const k = typeof ulps === 'number' ? ulps : ulps[computeOf(dtype) as keyof typeof ulps];
  return (x) => {
    if (!isFloat(dtype)) return { value: whole!(BigInt(x)) };
    const value = reference(Number(x));
    const point = near(value, k, dtype, [slope(Number(x))]);
    const least = mayUnderflow && dtype !== 'float64' ? 2 ** -126 : 0;
    return k === 0 && !anyZero ? { ...point, error: undefined } : { ...point, error: point.error! + least };
  };
}

function oneTensor(name: string, call: (x: Slow, inPlace: boolean) => Slow, inPlaceToo = true, args = ''): Row[] {
  const row = (method: string, inPlace: boolean): Row => ({
    covers: [method],
    make: (source) => {
      const x = source.tensor();
      return {
        text: `${x.name}.${method}(${args})`,
        real: () => (x.real as unknown as Record<string, () => unknown>)[method]!(),
        slow: () => call(x.slow, inPlace),
      };
    },
  });
  return inPlaceToo ? [row(name, false), row(`${name}_`, true)] : [row(name, false)];
}

export function unaryInto(name: keyof typeof unary, x: Slow, inPlace: boolean): Slow {
  const dtype = domainOf(unary[name].domain, x.dtype);
  return result([x], dtype, inPlace, unaryPoint(name, dtype));
}

const unaryRows = (Object.keys(unary) as (keyof typeof unary)[]).flatMap((name) =>
  oneTensor(name, (x, inPlace) => unaryInto(name, x, inPlace)),
);

export const relu = (x: Slow, inPlace: boolean) =>
  result([x], domainOf('number', x.dtype), inPlace, (v) => {
    if (typeof v === 'bigint') return { value: v > 0n ? v : 0n };
    return { value: v < 0 ? 0 : v, error: 0, slopes: [v <= 0 ? 0 : 1] };
  });

const tests = Object.entries({
  isnan: Number.isNaN,
  isfinite: Number.isFinite,
  isinf: (x: number) => Math.abs(x) === Infinity,
});
const testRows = tests.flatMap(([name, test]) =>
  oneTensor(name, (x) => result([x], x.dtype, false, (v) => ({ value: test(Number(v)) ? 1 : 0 }), 'bool'), false),
);

// On two tensors, or a tensor and a number.

interface Binary {
  readonly domain: Domain;
  slopes(a: number, b: number): NonNullable<Point['slopes']>;
  whole?(a: bigint, b: bigint): bigint;
  readonly check?: (a: DType, b: DType | number) => void;
}

/** Wrapping around in 64 bits; below 0 only 1 and -1 have powers. */
function wholePower(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let [power, factor] = [1n, a];
  for (let rest = b; rest > 0n; rest /= 2n) {
    if (rest % 2n === 1n) power = BigInt.asIntN(64, power * factor);
    factor = BigInt.asIntN(64, factor * factor);
  }
  return power;
}

const powerSlopeOfA = (a: number, b: number) => (b === 0 ? 0 : b * a ** (b - 1));

const binary: Readonly<Record<keyof typeof binaryCases, Binary>> = {
  add: { domain: 'any', slopes: () => [1, 1], whole: (a, b) => a + b },
  sub: {
    domain: 'number',
    slopes: () => [1, -1],
    whole: (a, b) => a - b,
    check: (a, b) => (a === 'bool' || b === 'bool') && refuse('no difference of booleans'),
  },
  mul: { domain: 'any', slopes: (a, b) => [b, a], whole: (a, b) => a * b },
  div: { domain: 'float', slopes: (a, b) => [1 / b, -a / b / b] },
  pow: {
    domain: 'number',
    slopes: (a, b) => [powerSlopeOfA(a, b), a === 0 && b >= 0 ? 0 : a ** b * Math.log(a)],
    whole: wholePower,
    check: (a, b) => {
      if (typeof b !== 'number' || isFloat(a) || !Number.isInteger(b)) return;
      if (b < 0 || b > { int64: 2 ** 63, int32: 2 ** 31 - 1, uint8: 255, bool: 2 ** 63 }[a as 'int64'])
        refuse('no such power');
    },
  },
};

function binaryPoint(name: keyof typeof binary, dtype: DType, number: boolean): (a: Value, b: Value) => Point {
  const { slopes, whole } = binary[name];
  const { reference, withNumber: scalar = reference, ulps } = binaryCases[name];
  return (a, b) => {
    if (!isFloat(dtype)) return { value: whole!(BigInt(a), BigInt(b)) };
    const [x, y] = [Number(a), Number(b)];
    // A power of -2 is one over the square, which has less room.
    const value =
      name === 'pow' && number && y === -2
        ? 1 / Number(round(x * x, computeOf(dtype)))
        : (number ? scalar : reference)(x, y);
    if (ulps === 0) return { value, slopes: slopes(x, y) };
    return near(value, ulps as number, dtype, slopes(x, y));
  };
}

/** The call with a tensor that may broadcast, or with a number. */
function twoOperands(method: string, source: Source, inPlace: boolean, slow: (a: Slow, b: Slow | number) => Slow) {
  const x = source.tensor();
  const other = source.chance(70) ? partner(source, x) : source.number(x.slow.dtype);
  const real = (x.real as unknown as Record<string, (other: unknown) => unknown>)[method]!;
  const isNumber = typeof other === 'number';
  return {
    text: `${x.name}.${method}(${isNumber ? other : other.name})`,
    real: () => real.call(x.real, isNumber ? other : other.real),
    slow: () => slow(x.slow, isNumber ? other : other.slow),
    inPlace,
  };
}

/** A tensor that mostly broadcasts to another. */
export function partner(source: Source, x: Pair): Pair {
  if (source.chance(15)) return source.tensor();
  const drop = source.chance(30) ? source.int(0, x.slow.shape.length) : 0;
  const shape = x.slow.shape.slice(drop).map((size) => (source.chance(20) ? 1 : size));
  if (drop === 0 && source.chance(10)) shape.unshift(source.int(1, 3));
  return source.tensor({ shape: shape.slice(-5), dtype: source.chance(70) ? x.slow.dtype : undefined });
}

/** A number as an operand of a dtype. */
function constant(number: number, dtype: DType): (a: Value) => Value {
  const value = round(isFloat(dtype) ? number : BigInt(number), dtype);
  return () => value;
}

function computed(a: Slow, b: Slow | number, domain: Domain): DType {
  return domainOf(domain, typeof b === 'number' ? withNumber(a.dtype, b) : together(a, b));
}

const binaryRows = (Object.keys(binary) as (keyof typeof binary)[]).flatMap((name) =>
  [false, true].map((inPlace): Row => {
    const method = inPlace ? `${name}_` : name;
    const slow = (a: Slow, b: Slow | number) => {
      const { domain, check } = binary[name];
      check?.(a.dtype, typeof b === 'number' ? b : b.dtype);
      const dtype = computed(a, b, domain);
      const point = binaryPoint(name, dtype, typeof b === 'number');
      if (typeof b !== 'number') return result([a, b], dtype, inPlace, point);
      const second = constant(b, dtype);
      return result([a], dtype, inPlace, (x) => {
        const { slopes = [], ...rest } = point(x, second(x));
        return { ...rest, slopes: slopes.slice(0, 1) };
      });
    };
    return { covers: [method], make: (source) => twoOperands(method, source, inPlace, slow) };
  }),
);

const comparisons: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

const comparisonRows = Object.entries(comparisons).map(([method, compare]): Row => {
  const slow = (a: Slow, b: Slow | number) => {
    const dtype = computed(a, b, 'any');
    if (typeof b !== 'number')
      return result([a, b], dtype, false, (x, y) => ({ value: compare(x, y) ? 1 : 0 }), 'bool');
    const second = constant(b, dtype);
    return result([a], dtype, false, (x) => ({ value: compare(x, second(x)) ? 1 : 0 }), 'bool');
  };
  return { covers: [method], make: (source) => twoOperands(method, source, false, slow) };
});

const choices = { maximum: (a: Value, b: Value) => a > b, minimum: (a: Value, b: Value) => a < b };

const choiceRows = Object.entries(choices).flatMap(([name, wins]) =>
  [false, true].map(
    (inPlace): Row => ({
      covers: [inPlace ? `${name}_` : name],
      make: (source) => {
        const x = source.tensor();
        const y = partner(source, x);
        const method = inPlace ? `${name}_` : name;
        return {
          text: `${x.name}.${method}(${y.name})`,
          real: () => (x.real as unknown as Record<string, (other: unknown) => unknown>)[method]!(y.real),
          slow: () =>
            result([x.slow, y.slow], together(x.slow, y.slow), inPlace, (a, b) => {
              // NaN wins.
              if (Number.isNaN(a) || Number.isNaN(b)) return { value: NaN, slopes: [NaN, NaN] };
              const share = a === b ? 0.5 : wins(a, b) ? 1 : 0;
              return { value: wins(b, a) ? b : a, error: 0, slopes: [share, 1 - share] };
            }),
        };
      },
    }),
  ),
);

// Bounds and choices.

const most: Readonly<Record<string, [bigint, bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint8: [0n, 255n],
};

function clamped(x: Slow, min: number | undefined, max: number | undefined, inPlace: boolean): Slow {
  if (min === undefined && max === undefined) refuse('no bounds');
  let dtype = x.dtype;
  for (const bound of [min, max]) if (bound !== undefined) dtype = withNumber(dtype, bound);
  if (isFloat(dtype)) {
    return result([x], dtype, inPlace, (v) => {
      const number = Number(v);
      if (Number.isNaN(min) || Number.isNaN(max)) return { value: NaN, slopes: [NaN] };
      const inside = (min === undefined || number > min) && (max === undefined || number < max);
      return { value: clampReference(number, min, max), error: 0, slopes: [inside ? 1 : 0] };
    });
  }
  const [low, high] = most[dtype]!;
  if (min !== undefined && BigInt(min) > high) refuse('the least is too great');
  if (max !== undefined && BigInt(max) < low) refuse('the greatest is too small');
  return result([x], dtype, inPlace, (v) => {
    const raised = min !== undefined && BigInt(v) < BigInt(min) ? BigInt(min) : BigInt(v);
    return { value: max !== undefined && raised > BigInt(max) ? BigInt(max) : raised };
  });
}

const clampRows = [false, true].map((inPlace): Row => {
  const method = inPlace ? 'clamp_' : 'clamp';
  return {
    covers: [method],
    make: (source) => {
      const x = source.tensor();
      const [min, max] = [0, 1].map(() => (source.chance(25) ? undefined : source.number(x.slow.dtype)));
      return {
        text: `${x.name}.${method}(${min}, ${max})`,
        real: () => x.real[method](min, max),
        slow: () => clamped(x.slow, min, max, inPlace),
      };
    },
  };
});

const whereRow: Row = {
  covers: ['where'],
  make: (source) => {
    const x = source.tensor();
    const condition = source.chance(5)
      ? source.tensor()
      : source.fresh({ shape: partner(source, x).slow.shape, dtype: 'bool' });
    const y = source.chance(20) ? source.number(x.slow.dtype) : partner(source, x);
    const [a, b] = source.chance(50) ? [x, y] : [y, x];
    const beside = (value: Pair | number, other: Pair | number): Slow => {
      if (typeof value !== 'number') return value.slow;
      const dtype = withNumber((other as Pair).slow.dtype, value);
      const limit = { uint8: [-255, 255], int32: [-(2 ** 31), 2 ** 31 - 1] }[dtype as string];
      if (limit && (value < limit[0]! || value > limit[1]!)) refuse(`${value} does not fit ${dtype}`);
      return fresh(dtype, [], [{ value: isFloat(dtype) ? value : BigInt(value) }], []);
    };
    const show = (value: Pair | number) => (typeof value === 'number' ? value : value.name);
    const real = (value: Pair | number) => (typeof value === 'number' ? value : value.real);
    return {
      text: `where(${condition.name}, ${show(a)}, ${show(b)})`,
      real: () => where(condition.real, real(a), real(b)),
      slow: () => {
        if (condition.slow.dtype !== 'bool') refuse('no condition');
        const [p, q] = [beside(a, b), beside(b, a)];
        const inputs = [p, q, condition.slow];
        return result(inputs, together(p, q), false, (one, other, holds) => ({
          value: Number(holds) ? one : other,
          slopes: Number(holds) ? [1, 0] : [0, 1],
        }));
      },
    };
  },
};

export const elementwiseRows: readonly Row[] = [
  ...unaryRows,
  ...oneTensor('relu', relu),
  ...testRows,
  ...binaryRows,
  ...comparisonRows,
  ...choiceRows,
  ...clampRows,
  whereRow,
];

/** The product of each pair of elements. */
export function multiplied(a: Slow, b: Slow, inPlace = false): Slow {
  const dtype = together(a, b);
  return result([a, b], dtype, inPlace, binaryPoint('mul', dtype, false));
}
