// Normalisation of batches and layers.
import * as functional from '../../lib/nn/functional/index.js';
import { computeOf, epsilonOf, isFloat, round, ulp } from './numbers.js';
import { grouped } from './reductions.js';
import {
  checkWrite,
  count,
  type Dependence,
  type Element,
  fresh,
  numbers,
  refuse,
  type Slow,
  sameSizes,
  write,
} from './slow.js';
import type { Pair, Row, Source } from './source.js';

export const floatsOnly = (...tensors: readonly (Slow | undefined)[]) => {
  if (tensors.some((t) => t && !isFloat(t.dtype))) refuse('floats only');
};

// Normalisation.

interface Statistics {
  readonly mean: number;
  readonly variance: number;
}

/** What each element of a group is normalised by; `own` where that depends on the group. */
interface Norm {
  readonly groups: readonly (readonly number[])[];
  readonly given?: readonly Statistics[] | undefined;
  readonly eps: number;
  /** Which weight and bias an element has. */
  affine(i: number): number;
}

function statisticsOf(x: readonly number[]): Statistics {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  return { mean, variance: x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length };
}

function normalised(
  x: Slow,
  weight: Slow | undefined,
  bias: Slow | undefined,
  { groups, given, eps, affine }: Norm,
): Slow {
  const all = numbers(x);
  const compute = computeOf(x.dtype);
  const rounded = (value: number) => Number(round(value, compute));
  const [w, b] = [weight && numbers(weight).map(rounded), bias && numbers(bias).map(rounded)];
  const elements: Element[] = [];
  groups.forEach((members, g) => {
    const group = members.map((i) => all[i]!);
    const found = given?.[g] ?? statisticsOf(group);
    const [mean, variance] = [rounded(found.mean), rounded(found.variance)];
    const scale = 1 / Math.sqrt(rounded(variance + rounded(eps)));
    const h = group.map((v) => (v - mean) * scale);
    const sizes = group.map((v) => (Math.abs(v) + Math.abs(mean)) * scale);
    // The mean's own sum may be taken in another order, and cancels.
    const adding = given ? 0 : group.reduce((sum, v) => sum + Math.abs(v), 0) * 2 ** -50;
    const huge = group.some((v) => Math.abs(v) > 1e15) || scale > 1e6;
    members.forEach((i, k) => {
      const [factor, shift] = [w?.[affine(i)] ?? 1, b?.[affine(i)] ?? 0];
      const value = h[k]! * factor + shift;
      const certain = !huge && Math.abs(factor * scale) < 1e37;
      const error =
        epsilonOf(compute) * (16 * sizes[k]! * Math.abs(factor) + 4 * Math.abs(shift)) +
        adding * scale * Math.abs(factor) +
        4 * (1 + sizes[k]! + Math.abs(group[k]!) + Math.abs(mean)) * (1 + scale) * ulp(0, compute);
      const from: Dependence[] = [];
      if (given) from.push([0, i, factor * scale]);
      else {
        members.forEach((j, l) => {
          const own = j === i ? 1 : 0;
          const slope = own - (1 + h[k]! * h[l]!) / members.length;
          const magnitude = own + (1 + sizes[k]! * sizes[l]!) / members.length;
          from.push([0, j, factor * scale * slope, Math.abs(factor * scale) * magnitude]);
        });
      }
      if (weight) from.push([1, affine(i), h[k]!, sizes[k]!]);
      if (bias) from.push([weight ? 2 : 1, affine(i), 1]);
      elements[i] = { value, error: certain ? error : Infinity, from };
    });
  });
  const inputs = [x, weight, bias].filter((t) => t !== undefined);
  return fresh(x.dtype, x.shape, elements, inputs);
}

const checkShapes = (shape: readonly number[], ...tensors: readonly (Slow | undefined)[]) => {
  if (tensors.some((t) => t && !sameSizes(t.shape, shape))) refuse('another shape');
};

/** A weight or a bias, or none. */
function optional(source: Source, shape: readonly number[], dtype: Slow['dtype']): Pair | undefined {
  if (source.chance(40)) return undefined;
  return source.tensor({ shape: source.chance(3) ? [...shape, 2] : shape, dtype });
}

const layerNormRow: Row = {
  covers: ['functional.layerNorm'],
  make: (source) => {
    const x = source.float(source.chance(95) ? source.shape(1, 3) : undefined);
    const { shape, dtype } = x.slow;
    const last = shape.slice(-source.int(1, Math.max(shape.length, 1)));
    const wanted = source.chance(3) ? [...last, 2] : last;
    const [weight, bias] = [optional(source, wanted, dtype), optional(source, wanted, dtype)];
    return {
      text: `layerNorm(${x.name}, [${wanted}], ${weight?.name ?? null}, ${bias?.name ?? null})`,
      real: () => functional.layerNorm(x.real, wanted, weight?.real ?? null, bias?.real ?? null),
      slow: () => {
        floatsOnly(x.slow);
        const lead = shape.length - wanted.length;
        if (wanted.length === 0 || lead < 0 || !sameSizes(shape.slice(lead), wanted)) refuse('another shape');
        checkShapes(wanted, weight?.slow, bias?.slow);
        const { groups } = grouped(
          shape,
          wanted.map((_, d) => lead + d),
          true,
        );
        const size = count(wanted);
        return normalised(x.slow, weight?.slow, bias?.slow, { groups, eps: 1e-5, affine: (i) => i % size });
      },
    };
  },
};

/** running <- (1 - momentum) running + momentum value, each product and the sum rounded. */
function move(running: Slow, found: readonly number[], momentum: number, compute: Slow['dtype']): void {
  const eps = 4 * Math.max(epsilonOf(running.dtype), epsilonOf(compute));
  const elements = numbers(running).map((value, i): Element => {
    const [old, step] = [value * (1 - momentum), momentum * found[i]!];
    return {
      value: old + step,
      error: Math.abs(found[i]!) > 1e30 ? Infinity : eps * (Math.abs(old) + Math.abs(step)) + 2 ** -24,
    };
  });
  write(running, elements, [running]);
}

const batchNormRow: Row = {
  covers: ['functional.batchNorm'],
  make: (source) => {
    const x = source.float(source.chance(97) ? source.shape(2, 4) : undefined);
    const { shape, dtype } = x.slow;
    const channels = [shape[1] ?? 1];
    const [weight, bias] = [optional(source, channels, dtype), optional(source, channels, dtype)];
    // Of their own, since they change before the others are looked at.
    const running = source.chance(60)
      ? [0, 1].map(() => source.fresh({ shape: channels, dtype, plain: true }))
      : undefined;
    const [training, momentum] = [source.chance(50), source.pick([0.5, 0.25])];
    return {
      text: `batchNorm(${x.name}, ${running?.map((t) => t.name) ?? 'null, null'}, ${weight?.name ?? null}, ${bias?.name ?? null}, { training: ${training}, momentum: ${momentum} })`,
      real: () => {
        const [mean, variance] = running?.map((t) => t.real) ?? [null, null];
        return functional.batchNorm(x.real, mean!, variance!, weight?.real ?? null, bias?.real ?? null, {
          training,
          momentum,
        });
      },
      slow: () => {
        floatsOnly(x.slow);
        if (shape.length < 2) refuse('no batch');
        checkShapes(channels, weight?.slow, bias?.slow);
        const each = count(shape.toSpliced(1, 1));
        if (training && each <= 1) refuse('too few values');
        if (training) for (const t of running ?? []) checkWrite(t.slow);
        const dims = shape.map((_, d) => d).filter((d) => d !== 1);
        const { groups } = grouped(shape, dims, true);
        const all = numbers(x.slow);
        const [means, variances] = running?.map((t) => numbers(t.slow)) ?? [];
        const given = training ? undefined : means?.map((mean, c) => ({ mean, variance: variances![c]! }));
        const affine = (i: number) => Math.floor(i / count(shape.slice(2))) % channels[0]!;
        const norm = { groups, given, eps: 1e-5, affine };
        const out = normalised(x.slow, weight?.slow, bias?.slow, norm);
        if (training && running) {
          const found = groups.map((members) => statisticsOf(members.map((i) => all[i]!)));
          const compute = computeOf(dtype);
          move(
            running[0]!.slow,
            found.map(({ mean }) => mean),
            momentum,
            compute,
          );
          move(
            running[1]!.slow,
            found.map(({ variance }) => (variance * each) / (each - 1)),
            momentum,
            compute,
          );
        }
        return out;
      },
    };
  },
};

export const normRows: readonly Row[] = [layerNormRow, batchNormRow];
