// Activations, as methods and as functions.

import type { DType } from '../../lib/dtype.js';
import * as functional from '../../lib/nn/functional/index.js';
import type { Tensor } from '../../lib/tensor/index.js';
import { domainOf, erf, multiplied, near, type Point, relu, result, sigmoid, unaryInto } from './elementwise.js';
import { floatsOnly } from './norms.js';
import { computeOf, ulp } from './numbers.js';
import { softmax } from './reductions.js';
import { count, leaf, type Slow } from './slow.js';
import type { Row, Source } from './source.js';

// Activations with options. Reference: the formulas in the documentation of each.

const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const [seluAlpha, seluScale] = [1.6732632423543772, 1.0507009873554805];

const exponential = (x: number, scale: number, alpha: number, dtype: DType): Point =>
  near(x > 0 ? scale * x : scale * alpha * Math.expm1(x), 6, dtype, [x > 0 ? scale : scale * alpha * Math.exp(x)]);

export interface Activation {
  readonly name: string;
  readonly args: readonly unknown[];
  point(x: number, dtype: DType): Point;
}

export function activation(source: Source): Activation {
  const kind = source.int(0, 5);
  if (kind === 0) {
    const slope = source.pick([0.01, 0.25, 0, -1]);
    return {
      name: 'leakyRelu',
      args: [slope],
      point: (x, dtype) => near(x > 0 ? x : slope * x, 2, dtype, [x > 0 ? 1 : slope]),
    };
  }
  if (kind === 1) {
    const alpha = source.pick([1, 0.5, 2]);
    return { name: 'elu', args: [alpha], point: (x, dtype) => exponential(x, 1, alpha, dtype) };
  }
  if (kind === 2) {
    return { name: 'selu', args: [], point: (x, dtype) => exponential(x, seluScale, seluAlpha, dtype) };
  }
  if (kind === 3) {
    const [beta, threshold] = [source.pick([1, 2, 0.5]), source.pick([20, 1])];
    const point = (x: number, dtype: DType): Point => {
      const [scaled, slope] = [beta * x, sigmoid(beta * x)];
      if (scaled > threshold) return { value: x, slopes: [1] };
      return near(Math.log1p(Math.exp(scaled)) / beta, 8, dtype, [slope]);
    };
    return { name: 'softplus', args: [beta, threshold], point };
  }
  const eps = (dtype: DType) => ulp(1, computeOf(dtype));
  if (kind === 4) {
    const point = (x: number, dtype: DType): Point => {
      const share = 0.5 * (1 + erf(x / Math.SQRT2));
      const slope = share + x * density(x);
      return { value: x * share, error: 8 * eps(dtype) * Math.abs(x), slopes: [[slope, 1 + Math.abs(x)]] };
    };
    return { name: 'gelu', args: [], point };
  }
  const point = (x: number, dtype: DType): Point => {
    const k = Math.sqrt(2 / Math.PI);
    const t = Math.tanh(k * (x + 0.044715 * x ** 3));
    const steep = 0.5 * x * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x);
    const slopes = [[0.5 * (1 + t) + steep, 1 + Math.abs(x) * (1 + x * x)] as const];
    return { value: 0.5 * x * (1 + t), error: 8 * eps(dtype) * Math.abs(x), slopes };
  };
  return { name: 'gelu', args: [{ approximate: 'tanh' }], point };
}

export const activated = (x: Slow, { point }: Activation, inPlace: boolean) =>
  result([x], domainOf('floats only', x.dtype), inPlace, (v) => point(Number(v), x.dtype));

const activationRow: Row = {
  covers: ['leakyRelu', 'elu', 'selu', 'softplus', 'gelu'],
  make: (source) => {
    const x = source.float();
    const given = activation(source);
    const method = (x.real as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[given.name]!;
    return {
      text: `${x.name}.${given.name}(${JSON.stringify(given.args).slice(1, -1)})`,
      real: () => method.call(x.real, ...given.args),
      slow: () => activated(x.slow, given, false),
    };
  },
};

// Activations as functions.

const { leakyRelu, elu, selu, silu, gelu, softplus, tanh } = functional;
const activations = {
  ...{ leakyRelu, elu, selu, silu, gelu, softplus, tanh },
  ...{ relu: functional.relu, sigmoid: functional.sigmoid },
};

const inplaceRow: Row = {
  covers: Object.keys(activations).map((name) => `functional.${name}`),
  make: (source) => {
    const x = source.float();
    const inplace = source.chance(50);
    const plain = source.pick(['relu', 'silu', 'sigmoid', 'tanh', undefined] as const);
    const given = plain === undefined ? activation(source) : undefined;
    const name = plain ?? given!.name;
    const changes = inplace && ['relu', 'silu', 'leakyRelu', 'elu', 'selu'].includes(name);
    const args = [...(given?.args ?? []), ...(changes ? [{ inplace }] : [])];
    const call = activations[name as 'relu'] as (x: Tensor, ...args: readonly unknown[]) => Tensor;
    return {
      text: `functional.${name}(${[x.name, ...args.map((arg) => JSON.stringify(arg))].join(', ')})`,
      real: () => call(x.real, ...args),
      slow: () => {
        if (given) return activated(x.slow, given, changes);
        return plain === 'relu' ? relu(x.slow, changes) : unaryInto(plain!, x.slow, changes);
      },
    };
  },
};

const softmaxRow: Row = {
  covers: ['functional.softmax', 'functional.logSoftmax'],
  make: (source) => {
    const x = source.float();
    const log = source.chance(50);
    const name = log ? 'logSoftmax' : 'softmax';
    const ndim = x.slow.shape.length;
    const dim = source.chance(50) ? null : source.dim(ndim);
    return {
      text: `functional.${name}(${x.name}, ${dim})`,
      real: () => (log ? functional.logSoftmax : functional.softmax)(x.real, dim),
      slow: () => softmax(x.slow, dim ?? ([0, 1, 3].includes(ndim) ? 0 : 1), log),
    };
  },
};

/** With probabilities that leave nothing to chance. */
const dropoutRow: Row = {
  covers: ['functional.dropout'],
  make: (source) => {
    const x = source.float();
    const [p, training, inplace] = [source.pick([1, 0, 0.5]), source.chance(60), source.chance(40)];
    const options = { training: training && p !== 0.5, inplace };
    return {
      text: `dropout(${x.name}, ${p}, ${JSON.stringify(options)})`,
      real: () => functional.dropout(x.real, p, options),
      slow: () => {
        floatsOnly(x.slow);
        if (!options.training || p === 0 || count(x.slow.shape) === 0) return x.slow;
        return multiplied(x.slow, leaf(x.slow.dtype, [], [0], false), inplace);
      },
    };
  },
};

export const activationRows: readonly Row[] = [activationRow, inplaceRow, softmaxRow, dropoutRow];
