// What test/golden/suite holds, and how its calls are made here: torch's names and arguments in our spelling.
import { type DType, decode, dtypes, type Scalar, type TensorArray } from '../../lib/dtype.js';
import * as evenkeel from '../../lib/index.js';
import { Generator } from '../../lib/random.js';
import { numElements } from '../../lib/shape.js';
import { Tensor } from '../../lib/tensor/index.js';
import { allocateView } from '../../lib/view.js';
import { type JsonNumber, readGolden } from './data.js';

type Json = JsonNumber | boolean | null | string | Json[] | { [key: string]: Json };

/** dtype, shape, kind of data, seed, and steps from the tensor to a view. */
export type Spec = [
  dtype: DType,
  shape: number[],
  kind: string,
  seed: number,
  steps?: [name: string, ...args: Json[]][],
];

/** dtype, shape and the elements' bytes. */
export type Elements = [dtype: DType, shape: number[], base64: string];

export type Result = Elements | { list: Elements[] } | { value: Json };

export interface Case {
  op: string;
  in: Spec[];
  args?: Json[];
  kw?: Record<string, Json>;
  out?: Result;
  error?: true;
  ulps?: number;
  of?: number;
  zero?: true;
}

export interface GradientCase extends Omit<Case, 'out' | 'error'> {
  /** The kind of data of the output's gradient. */
  g: string;
  /** What made the output. */
  node: string;
  grads: (Elements | null)[];
}

export const readSuite = <T extends Case | GradientCase>(name: string) =>
  readGolden<{ torch: string; cases: T[] }>(`suite/${name}`).cases;

/** One line that says which case it was. */
export function label({ op, in: inputs, args = [], kw }: Case | GradientCase): string {
  return JSON.stringify([op, ...inputs, ...args, ...(kw ? [kw] : [])]);
}

// Data: as common.py makes them.

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  sym: [-4, 4],
  pos: [0.25, 6],
  unit: [-0.9, 0.9],
  wide: [-40, 40],
  few: [-2, 3],
};
const specialFloats = [
  ...[NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -2.5, 3, 1e-3, -1e-6, 20.5, -20.5, 88.75],
  ...[-104, 6e4, -7.5e4, 3e38, -3e38, 1e-40, 2, -3],
];
const specialIntegers: Readonly<Record<string, readonly (number | bigint)[]>> = {
  int64: [0, 1, -1, 2, 7, -8, 100, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -(2 ** 31), 2 ** 31, 3, -3],
  int32: [0, 1, -1, 2, 7, -8, 100, -(2 ** 31), 2 ** 31 - 1, 65537, -65537, 3, -3],
  uint8: [0, 1, 2, 7, 8, 100, 127, 128, 200, 254, 255, 3],
  bool: [0, 1],
};

function element(kind: string, seed: number, dtype: DType, i: number): number | bigint {
  const isFloat = dtypes[dtype].kind === 'float';
  if (kind === 'special') {
    const table = isFloat ? specialFloats : specialIntegers[dtype]!;
    return table[(i + seed) % table.length]!;
  }
  const [low, high] = ranges[kind]!;
  const u = (((i + 1) * 2654435761 + seed * 1597334677) % 2 ** 32) / 2 ** 32;
  if (dtype === 'bool') return u >= 0.5 ? 1 : 0;
  let x = low + (high - low) * u;
  if (kind === 'few') x = Math.floor(2 * x) / 2;
  if (isFloat) return x;
  return dtype === 'uint8' ? Math.abs(Math.floor(x)) : Math.floor(x);
}

/** The contiguous tensor that a specification starts from. */
export function base([dtype, shape, kind, seed]: Spec): Tensor {
  const storage = dtypes[dtype].compute ?? dtype;
  const view = allocateView('base', shape, storage);
  for (let i = 0; i < view.array.length; i++) {
    const x = element(kind, seed, dtype, i);
    view.array[i] = dtype === 'int64' ? BigInt(x) : Number(x);
  }
  return new Tensor(view).to(dtype);
}

/** The view that a specification's steps lead to. */
export function walk(t: Tensor, [, , , , steps = []]: Spec): Tensor {
  return steps.reduce((x, [name, ...args]) => method(x, name)(...args), t);
}

// Calls.

type Call = (...args: unknown[]) => unknown;

const camel = (name: string) => name.replace(/(?<=.)_(\w)/g, (_, letter: string) => letter.toUpperCase());

function bind(target: object, name: string): Call {
  const found = (target as Record<string, unknown>)[camel(name)];
  if (typeof found !== 'function') throw new Error(`there is no ${camel(name)}`);
  return (found as Call).bind(target);
}

const method = (t: Tensor, name: string) => bind(t, name) as (...args: unknown[]) => Tensor;
const exported = (name: string) => bind(evenkeel, name);

interface Arguments {
  readonly inputs: readonly Tensor[];
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Functions of a shape or of numbers, and of options. */
const maker =
  (name: string, positions?: number) =>
  ({ args, options: { seed, ...rest } }: Arguments) => {
    const generator = typeof seed === 'number' ? { generator: new Generator(seed, { algorithm: 'mt19937' }) } : {};
    const padded = positions === undefined || args.length === 1 ? args : [...args, ...Array(positions - args.length)];
    return exported(name)(...padded, { ...rest, ...generator });
  };

const filler =
  (name: string) =>
  ({ inputs: [x], args, options }: Arguments) =>
    method(x!, name)(...args, { generator: new Generator(options.seed as number, { algorithm: 'mt19937' }) });

/** Calls that are no methods of their first tensor, or take their arguments in another order. */
const calls: Readonly<Record<string, (given: Arguments) => unknown>> = {
  ...Object.fromEntries(['tensor', 'zeros', 'ones', 'full', 'linspace'].map((name) => [name, maker(name)])),
  ...Object.fromEntries(['rand', 'randn', 'randint', 'randperm'].map((name) => [name, maker(name)])),
  ...Object.fromEntries(
    ['uniform_', 'normal_', 'bernoulli_', 'exponential_', 'random_'].map((name) => [name, filler(name)]),
  ),
  eye: maker('eye', 2),
  arange: maker('arange', 3),
  zeros_like: ({ inputs: [x], options }) => evenkeel.zerosLike(x!, options),
  ones_like: ({ inputs: [x], options }) => evenkeel.onesLike(x!, options),
  cat: ({ inputs, options }) => evenkeel.cat(inputs, options.dim as number),
  stack: ({ inputs, options }) => evenkeel.stack(inputs, options.dim as number),
  where: ({ inputs, args }) => exported('where')(...inputs, ...args),
  outer: ({ inputs }) => exported('outer')(...inputs),
  multi_dot: ({ inputs }) => exported('multiDot')(inputs),
  set_: ({ inputs: [x, value], args }) => method(x!, 'set_')(args[0], value ?? args[1]),
  gelu: ({ inputs: [x], args: [approximate] }) => method(x!, 'gelu')(...(approximate ? [{ approximate }] : [])),
};

const fromJson = (value: unknown): unknown => {
  if (value === null) return undefined;
  return { nan: NaN, inf: Infinity, '-inf': -Infinity }[value as string] ?? value;
};

/** Makes a case's call on tensors. */
export function invoke({ op, args = [], kw = {} }: Case | GradientCase, inputs: readonly Tensor[]): unknown {
  const options = Object.fromEntries(Object.entries(kw).map(([name, value]) => [camel(name), fromJson(value)]));
  const given = { inputs, args: args.map(fromJson), options };
  if (calls[op] !== undefined) return calls[op](given);
  const rest: unknown[] = [...inputs.slice(1), ...given.args];
  if (Object.keys(options).length > 0) {
    // Options come after the arguments that may be left out.
    if (reducing[op] !== undefined) rest.length = reducing[op];
    rest.push(options);
  }
  return method(inputs[0]!, op)(...rest);
}

/** How many arguments these methods have before their options. */
const reducing: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['sum', 'mean', 'std', 'var', 'min', 'max', 'argmax', 'prod', 'any', 'all'].map((name) => [name, 1]),
  ),
  norm: 2,
};

// Results.

const digits: Readonly<Record<string, readonly [bits: number, least: number]>> = {
  float32: [23, -126],
  float64: [52, -1022],
  float16: [10, -14],
  bfloat16: [7, -126],
};

/** The distance of two numbers in units in the last place of the larger of the wanted one and `of`. */
function distance(got: number, wanted: number, dtype: DType, of: number): number {
  if (got === wanted || (Number.isNaN(got) && Number.isNaN(wanted))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(wanted)) return Infinity;
  const [bits, least] = digits[dtype]!;
  const size = Math.max(Math.abs(wanted), of);
  return Math.abs(got - wanted) / 2 ** (Math.max(size === 0 ? least : Math.floor(Math.log2(size)), least) - bits);
}

/** Stored elements in row-major order. */
function stored(t: Tensor): TensorArray {
  const { array, offset } = t.detach().contiguous().elements;
  return (array as TensorArray).subarray(offset, offset + t.numel());
}

/** What is wrong with a tensor, or undefined. */
export function compare(
  got: unknown,
  [dtype, shape, base64]: Elements,
  { ulps = 0, of = 0, zero }: Pick<Case, 'ulps' | 'of' | 'zero'> = {},
): string | undefined {
  if (!(got instanceof Tensor)) return `${String(got)} is no tensor`;
  if (got.dtype !== dtype || String(got.shape) !== String(shape)) {
    return `is ${got.dtype} [${got.shape}], expected ${dtype} [${shape}]`;
  }
  const { Array: Storage } = dtypes[dtype];
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  const wanted = new Storage(bytes.buffer, 0, numElements(shape));
  const values = stored(got);
  let worst: string | undefined;
  let most = ulps;
  for (let i = 0; i < wanted.length; i++) {
    if (values[i] === wanted[i] && (wanted[i] !== 0 || Object.is(values[i], wanted[i]))) continue;
    const [a, b] = [decode(dtype, values[i]!), decode(dtype, wanted[i]!)];
    const isFloat = typeof a === 'number' && typeof b === 'number' && digits[dtype] !== undefined;
    const sameZero = a !== 0 || b !== 0 || ulps > 0 || zero;
    const apart = isFloat && sameZero ? distance(a, b, dtype, of) : Infinity;
    if (apart <= most) continue;
    most = apart;
    const text = (x: Scalar) => (Object.is(x, -0) ? '-0' : String(x));
    worst = `element ${i} is ${text(a)}, expected ${text(b)}: ${apart} ulps, not ${ulps}`;
  }
  return worst;
}
