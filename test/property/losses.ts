// Losses of nn.functional.
import { binaryCrossEntropyWithLogits, crossEntropy, l1Loss, mseLoss, nllLoss } from '../../lib/nn/functional/index.js';
import { epsilonOf, floats, isFloat, round } from './numbers.js';
import { softmax } from './reductions.js';
import {
  broadcast,
  count,
  type Dependence,
  type Element,
  fresh,
  indices,
  numberOf,
  numbers,
  refuse,
  repeated,
  type Slow,
  sameSizes,
  values,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';

const reductions = ['mean', 'sum', 'none'] as const;
type Reduction = (typeof reductions)[number];

/** One loss, the magnitude that its rounding errors are measured by, and its slopes. */
interface Loss {
  readonly value: number;
  readonly magnitude: number;
  readonly from: readonly Dependence[];
}

const mostOf = (dtype: Slow['dtype']) => ({ float16: 3e4, float64: 1e300 })[dtype as string] ?? 1e38;

/** All losses, or one number of them; `total` is what a mean is divided by. */
function reduced(
  losses: readonly Loss[],
  reduction: Reduction,
  dtype: Slow['dtype'],
  shape: readonly number[],
  inputs: readonly Slow[],
  total = losses.length,
): Slow {
  // Losses are rounded one by one, and may be infinite before their mean is taken.
  const most = mostOf(dtype);
  const least = { float16: 2 ** -20, float64: 2 ** -1000 }[dtype as string] ?? 2 ** -120;
  const errorOf = (magnitude: number) =>
    Number.isFinite(magnitude) && magnitude > most
      ? Infinity
      : (16 * epsilonOf(dtype) + losses.length * 2 ** -52) * magnitude + least;
  if (reduction === 'none') {
    const elements = losses.map(({ value, magnitude, from }): Element => ({ value, error: errorOf(magnitude), from }));
    return fresh(dtype, shape, elements, inputs);
  }
  const by = reduction === 'mean' ? total : 1;
  const sum = losses.reduce((all, { value }) => all + value, 0);
  const size = losses.reduce((all, { magnitude }) => all + magnitude, 0);
  const from = losses.flatMap((loss) =>
    loss.from.map(
      ([k, i, slope, magnitude = Math.abs(slope)]): Dependence => [k, i, slope / by, magnitude / Math.abs(by)],
    ),
  );
  const error = errorOf(size) === Infinity ? Infinity : (errorOf(size) + least * losses.length) / (Math.abs(by) || 1);
  return fresh(dtype, [], [{ value: sum / by, error, from }], inputs);
}

function pairOf(x: Slow, target: Slow): [Slow, Slow] {
  if (!isFloat(x.dtype) || !isFloat(target.dtype)) refuse('floats only');
  if (x.dtype !== target.dtype) refuse('two dtypes');
  const shape = broadcast(x.shape, target.shape);
  return [repeated(x, shape), repeated(target, shape)];
}

/** A tensor of floats, and another that mostly has its dtype and broadcasts to it. */
function pair(source: Source, broadcasts: boolean): [Pair, Pair] {
  const x = source.float();
  const shape = x.slow.shape.map((size) => (broadcasts && source.chance(20) ? 1 : size));
  const other = source.chance(4)
    ? source.tensor()
    : source.tensor({ shape, dtype: source.chance(96) ? x.slow.dtype : undefined });
  return [x, other];
}

const distances = {
  mseLoss: (x: number, t: number) => ({
    value: (x - t) ** 2,
    slope: 2 * (x - t),
    magnitude: 2 * (Math.abs(x) + Math.abs(t)),
  }),
  l1Loss: (x: number, t: number) => ({ value: Math.abs(x - t), slope: Math.sign(x - t) || 0, magnitude: 1 }),
};

const distanceRows = Object.entries({ mseLoss, l1Loss }).map(
  ([name, call]): Row => ({
    covers: [`functional.${name}`],
    make: (source) => {
      const [x, target] = pair(source, true);
      const reduction = source.pick(reductions);
      return {
        text: `${name}(${x.name}, ${target.name}, { reduction: '${reduction}' })`,
        real: () => call(x.real, target.real, { reduction }),
        slow: () => {
          const inputs = pairOf(x.slow, target.slow);
          const [a, b] = inputs.map(numbers) as [number[], number[]];
          const losses = a.map((v, i): Loss => {
            const { value, slope, magnitude } = distances[name as keyof typeof distances](v, b[i]!);
            return {
              value,
              magnitude: value,
              from: [
                [0, i, slope, magnitude],
                [1, i, -slope, magnitude],
              ],
            };
          });
          return reduced(losses, reduction, x.slow.dtype, inputs[0].shape, inputs);
        },
      };
    },
  }),
);

/** A factor as it broadcasts to a shape, in the dtype of the input; 1 for none. */
function factorOf(given: Slow | undefined, x: Slow): number[] | undefined {
  if (given === undefined) return undefined;
  if (!isFloat(given.dtype)) refuse('floats only');
  if (!sameSizes(broadcast(given.shape, x.shape), x.shape)) refuse('a factor that does not broadcast');
  return numbers(repeated(given, x.shape)).map((v) => Number(round(v, x.dtype)));
}

const logitRow: Row = {
  covers: ['functional.binaryCrossEntropyWithLogits'],
  make: (source) => {
    const [x, target] = pair(source, false);
    const reduction = source.pick(reductions);
    const optional = () => {
      if (source.chance(60)) return undefined;
      const shape = x.slow.shape.slice(source.int(0, x.slow.shape.length));
      return source.fresh({ shape, dtype: source.pick([x.slow.dtype, 'float32']), plain: true });
    };
    const [weight, posWeight] = [optional(), optional()];
    return {
      text: `binaryCrossEntropyWithLogits(${x.name}, ${target.name}, { reduction: '${reduction}', weight: ${weight?.name}, posWeight: ${posWeight?.name} })`,
      real: () =>
        binaryCrossEntropyWithLogits(x.real, target.real, {
          reduction,
          weight: weight?.real ?? null,
          posWeight: posWeight?.real ?? null,
        }),
      slow: () => {
        if (!sameSizes(x.slow.shape, target.slow.shape)) refuse('shapes differ');
        const inputs = pairOf(x.slow, target.slow);
        const [w, p] = [factorOf(weight?.slow, x.slow), factorOf(posWeight?.slow, x.slow)];
        const [a, b] = inputs.map(numbers) as [number[], number[]];
        const losses = a.map((v, i): Loss => {
          const [t, factor] = [b[i]!, w?.[i] ?? 1];
          const log = Math.log1p(Math.exp(-Math.abs(v))) + Math.max(-v, 0);
          const share = 1 / (1 + Math.exp(v));
          const positive = p ? 1 + (p[i]! - 1) * t : 1;
          const sizeOfPositive = p ? 1 + (Math.abs(p[i]!) + 1) * Math.abs(t) : 1;
          const value = ((1 - t) * v + positive * log) * factor;
          const size = (1 + Math.abs(t)) * Math.abs(v) + sizeOfPositive * log;
          const toTarget = -v + (p ? (p[i]! - 1) * log : 0);
          const sizeToTarget = Math.abs(v) + (p ? (Math.abs(p[i]!) + 1) * log : 0);
          return {
            value,
            magnitude: size > mostOf(x.slow.dtype) ? Infinity : (size + sizeOfPositive) * Math.abs(factor),
            from: [
              [
                0,
                i,
                (1 - t - positive * share) * factor,
                (1 + Math.abs(t) + sizeOfPositive * share) * Math.abs(factor),
              ],
              [1, i, toTarget * factor, sizeToTarget * Math.abs(factor)],
            ],
          };
        });
        return reduced(losses, reduction, x.slow.dtype, x.slow.shape, inputs);
      },
    };
  },
};

// Classes.

interface Classes {
  readonly classes: number;
  /** The shape of targets, and where an element of the input lies for one of them and a class. */
  readonly shape: readonly number[];
  at(target: readonly number[], index: number): number;
}

function classesOf(x: Slow): Classes {
  if (!isFloat(x.dtype)) refuse('floats only');
  if (x.shape.length === 0) refuse('a scalar');
  const dim = x.shape.length === 1 ? 0 : 1;
  const at = (target: readonly number[], index: number) => numberOf(target.toSpliced(dim, 0, index), x.shape);
  return { classes: x.shape[dim]!, shape: x.shape.toSpliced(dim, 1), at };
}

function weightsOf(weight: Slow | undefined, classes: number): number[] | undefined {
  if (weight === undefined) return undefined;
  if (!isFloat(weight.dtype)) refuse('floats only');
  if (!sameSizes(weight.shape, [classes])) refuse('other weights');
  return numbers(weight);
}

function targetsOf(target: Slow, { classes, shape }: Classes, ignored: number): number[] {
  if (isFloat(target.dtype) || target.dtype === 'bool') refuse('no classes');
  if (!sameSizes(target.shape, shape)) refuse('another shape');
  return values(target).map((value) => {
    const index = Number(value);
    if (index === ignored) return -1;
    return index >= 0 && index < classes ? index : refuse('no such class');
  });
}

/** A logarithm's magnitude, and as much more as makes its own error one of rounding. */
const sizeOf = (logs: Slow, at: number, log: number) =>
  2 * Math.abs(log) + (logs.memory.open.get(at)?.error ?? 0) / epsilonOf(logs.dtype);

/** A sum of logarithms, each times a number; they come with errors of their own. */
function weighted(logs: Slow, terms: readonly (readonly [at: number, by: number])[]): Loss {
  const all = numbers(logs);
  let [value, magnitude] = [0, 0];
  for (const [at, by] of terms) {
    value += by * all[at]!;
    // Infinite factors may meet each other, or zeros, on the way.
    magnitude += Number.isFinite(by) ? Math.abs(by) * sizeOf(logs, at, all[at]!) : Infinity;
  }
  return { value, magnitude, from: terms.map(([at, by]) => [0, at, by] as const) };
}

interface ClassOptions {
  readonly reduction: Reduction;
  readonly weight: Slow | undefined;
  readonly ignoreIndex: number;
  readonly smoothing: number;
}

/** Of classes; a part of each is spread evenly over all where there is smoothing. */
function ofClasses(logs: Slow, target: Slow, { reduction, weight, ignoreIndex, smoothing }: ClassOptions): Slow {
  const layout = classesOf(logs);
  const weights = weightsOf(weight, layout.classes);
  const found = targetsOf(target, layout, ignoreIndex);
  const total = found.reduce((sum, index) => sum + (index < 0 ? 0 : (weights?.[index] ?? 1)), 0);
  const even = smoothing === 0 ? 0 : smoothing / layout.classes;
  const losses = indices(layout.shape).map((place, i): Loss => {
    const index = found[i]!;
    if (index < 0) return { value: 0, magnitude: 0, from: [] };
    const terms: [number, number][] = [[layout.at(place, index), -(1 - smoothing) * (weights?.[index] ?? 1)]];
    for (let c = 0; smoothing > 0 && c < layout.classes; c++)
      terms.push([layout.at(place, c), -even * (weights?.[c] ?? 1)]);
    const loss = weighted(logs, terms);
    // All classes are weighted and summed before their part is taken.
    const whole = even === 0 ? 0 : loss.magnitude / even;
    // Of no weight in all, one part may be NaN and the other infinite.
    const open = whole > mostOf(logs.dtype) || (smoothing > 0 && total === 0);
    return open ? { ...loss, magnitude: Infinity } : loss;
  });
  return reduced(losses, reduction, logs.dtype, layout.shape, [logs], total);
}

/** Of probabilities, to which gradients flow as well. */
function ofProbabilities(logs: Slow, target: Slow, { reduction, weight, smoothing }: ClassOptions): Slow {
  const { classes, shape, at } = classesOf(logs);
  if (logs.dtype !== target.dtype) refuse('two dtypes');
  if (!sameSizes(logs.shape, target.shape)) refuse('another shape');
  const weights = weightsOf(weight, classes)?.map((w) => Number(round(w, logs.dtype)));
  const [all, goals] = [numbers(logs), numbers(target)];
  const losses = indices(shape).map((place): Loss => {
    const terms: [number, number][] = [];
    const from: Dependence[] = [];
    for (let c = 0; c < classes; c++) {
      const i = at(place, c);
      const by = -(weights?.[c] ?? 1);
      terms.push([i, by * (goals[i]! * (1 - smoothing) + smoothing / classes)]);
      from.push([1, i, by * all[i]! * (1 - smoothing), Math.abs(by) * sizeOf(logs, i, all[i]!)]);
    }
    const loss = weighted(logs, terms);
    // The factors are rounded, and may be infinite.
    const huge = terms.some(([, by]) => Number.isFinite(by) && Math.abs(by) > mostOf(logs.dtype));
    return { ...loss, magnitude: huge ? Infinity : loss.magnitude, from: [...loss.from, ...from] };
  });
  return reduced(losses, reduction, logs.dtype, shape, [logs, target], count(logs.shape) / classes);
}

function classRow(name: string, call: typeof crossEntropy): Row {
  return {
    covers: [`functional.${name}`],
    make: (source) => {
      const cross = name === 'crossEntropy';
      const x = source.float(source.chance(96) ? source.shape(1, 4) : undefined);
      const { shape, dtype } = x.slow;
      const dim = shape.length === 1 ? 0 : 1;
      const classes = shape[dim] ?? 1;
      const probabilities = cross && source.chance(35);
      const wanted = source.chance(3) ? [...shape] : shape.toSpliced(dim, 1);
      const most = classes - (source.chance(3) ? 0 : 1);
      const kind = source.chance(3) ? source.pick(floats) : source.pick(['int64', 'int32', 'uint8'] as const);
      const target = probabilities
        ? source.tensor({ shape, dtype })
        : source.fresh({ shape: wanted, dtype: kind, plain: true, values: () => source.int(0, Math.max(most, 0)) });
      const weight = source.chance(40) ? source.fresh({ shape: [classes], dtype, plain: true }) : undefined;
      const reduction = source.pick(reductions);
      const ignoreIndex = source.chance(30) ? 0 : -100;
      const labelSmoothing = cross && classes > 0 && source.chance(35) ? 0.25 : 0;
      const options = { reduction, ignoreIndex, ...(cross ? { labelSmoothing } : {}) };
      return {
        text: `${name}(${x.name}, ${target.name}, ${JSON.stringify(options)}, ${weight?.name})`,
        real: () => call(x.real, target.real, { ...options, weight: weight?.real ?? null }),
        slow: () => {
          const given = { reduction, ignoreIndex, weight: weight?.slow, smoothing: labelSmoothing };
          if (!cross) return ofClasses(x.slow, target.slow, given);
          classesOf(x.slow);
          const logs = softmax(x.slow, dim, true);
          return isFloat(target.slow.dtype)
            ? ofProbabilities(logs, target.slow, given)
            : ofClasses(logs, target.slow, given);
        },
      };
    },
  };
}

export const lossRows: readonly Row[] = [
  ...distanceRows,
  logitRow,
  classRow('nllLoss', nllLoss),
  classRow('crossEntropy', crossEntropy),
];
