// Singular values of a network's input-output Jacobian at one input.
import { empty } from '../../creation.js';
import { eye_ } from '../../init/index.js';
import { operatorNorm } from '../../linalg.js';
import * as nn from '../../nn/index.js';
import { Generator } from '../../random.js';
import type { Tensor } from '../../tensor/index.js';
import type { Cell, SpectrumResult } from './cell.js';
import type { StudyNetwork } from './network.js';
import { sampleOf } from './sample.js';

/** Singular values of one network. */
export interface Spectrum {
  readonly largest: number;
  /** From the largest; null where only that is known. */
  readonly values: readonly number[] | null;
}

/** Up to here the whole Jacobian is made where its extremes are asked for: the smallest value comes with it. */
const wholeUnits = 512;

/** Relative error of the largest singular value where it is found by Lanczos' algorithm, and the most products it may take. */
const [tolerance, mostProducts] = [1e-4, 1000];

const call = 'study';

/**
 * The singular values at one input [1, ...]. The whole Jacobian, in float64 where layers have their weights in memory, up to
 * `wholeUnits` units or where all values are asked for; else the largest, by Lanczos' algorithm on products with the Jacobian
 * (forward) and its transpose (backward).
 */
export function spectrumOf(network: StudyNetwork, input: Tensor, { spectrum }: Cell): Spectrum {
  const units = input.numel();
  const before: Tensor[] = [];
  const start = input.detach().requiresGrad_();
  const observer = {
    before: (_: number, h: Tensor) => {
      before.push(h);
    },
    after: () => {},
    weightGradient: () => {},
  };
  const output = network.forward(start, observer);
  if (spectrum === 'all' || units <= wholeUnits) {
    const dtype = network.layers.every(({ linear }) => linear instanceof nn.Linear) ? 'float64' : 'float32';
    const basis = eye_(empty([units, units], { dtype })).reshape(units, ...input.shape.slice(1));
    const jacobian = network.tangents(before, basis).reshape(units, -1);
    const finite = jacobian.isfinite().all().item();
    const values = finite ? [...jacobian.svdvals().to('float64').array].map(Number) : [Number.NaN];
    return { largest: values[0]!, values };
  }
  const largest = operatorNorm(
    call,
    {
      columns: units,
      dtype: 'float32',
      apply: (v) => network.tangents(before, v.reshape(input.shape)).reshape(-1),
      applyTransposed: (u) => {
        start.grad = null;
        output.backward(u.reshape(output.shape), { retainGraph: true });
        return start.grad!.reshape(-1).clone();
      },
    },
    tolerance,
    mostProducts,
    new Generator(0),
  );
  return { largest, values: null };
}

/** exp of the entropy of the squares' shares (Roy and Vetterli 2007): n for n equal values. */
export function effectiveRank(values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value * value, 0);
  let entropy = 0;
  for (const value of values) {
    const share = (value * value) / total;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return total > 0 ? Math.exp(entropy) : Number.NaN;
}

/** Of all networks of a cell. */
export function summariseSpectra(spectra: readonly Spectrum[]): SpectrumResult {
  const all = spectra.flatMap(({ values }) => (values === null ? [] : [values]));
  const whole = all.length === spectra.length;
  return {
    largest: sampleOf(spectra.map(({ largest }) => largest)),
    smallest: whole ? sampleOf(all.map((values) => values.at(-1)!)) : null,
    effectiveRank: whole ? sampleOf(all.map(effectiveRank)) : null,
    values: all[0] ?? null,
  };
}
