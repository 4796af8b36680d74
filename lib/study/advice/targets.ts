// What each layer's weights and biases should be drawn by.
import type { InitSpec } from '../../init/index.js';
import type { StudyActivation } from '../cell/cell.js';
import { criticalInit, MeanField } from '../theory/meanfield.js';
import type { Observation, ObservedLayer } from './observe.js';

/** Standard deviations of weights (times the square root of the fan-in) and biases. */
export interface Target {
  readonly sigmaW: number;
  readonly sigmaB: number;
}

/** sigma_b of stable critical points, for activations that have none without biases. */
const biases: Partial<Readonly<Record<StudyActivation, number>>> = {
  elu: 0.2,
  gelu: Math.sqrt(0.2),
  silu: Math.sqrt(0.6),
};

/** Activations whose networks no initialisation brings to the edge of chaos, and what should stand in their place. */
export const replacements: Partial<Readonly<Record<StudyActivation, StudyActivation>>> = {
  sigmoid: 'tanh',
  softplus: 'relu',
};

const known = new Map<string, Target | null>();

/**
 * Where signals and gradients keep their size below an activation: on the edge of chaos, or, for SELU, at the point that it is made
 * for (Klambauer et al. 2017). Without biases, GELU, SiLU and ELU get the gain that keeps a mean square of 1. Null for activations
 * of `replacements`.
 */
export function targetOf(activation: StudyActivation, hasBias: boolean): Target | null {
  const key = `${activation} ${hasBias}`;
  if (!known.has(key)) known.set(key, findTarget(activation, hasBias));
  return known.get(key)!;
}

function findTarget(activation: StudyActivation, hasBias: boolean): Target | null {
  if (replacements[activation] !== undefined) return null;
  if (activation === 'selu') return { sigmaW: 1, sigmaB: 0 };
  const sigmaB = biases[activation];
  if (sigmaB === undefined) return { sigmaW: criticalInit(activation).sigmaW, sigmaB: 0 };
  if (hasBias) return { sigmaW: criticalInit(activation, { sigmaB }).sigmaW, sigmaB };
  return { sigmaW: 1 / Math.sqrt(new MeanField({ activation, sigmaW: 1 }).nextQ(1)), sigmaB: 0 };
}

/** The target of a layer; null where there is none. A residual branch of L is to add 1/L of a mean square. */
export function layerTarget(layer: ObservedLayer, { residualSums }: Pick<Observation, 'residualSums'>): Target | null {
  const target = targetOf(layer.activation ?? 'linear', layer.hasBias);
  if (target === null || !layer.endsBranch) return target;
  return { sigmaW: target.sigmaW / Math.sqrt(residualSums.length), sigmaB: 0 };
}

const round = (x: number) => Number(x.toPrecision(6));

/** The initialiser that gives a layer's weight its target. */
export function weightSpec(layer: ObservedLayer, { sigmaW }: Target): InitSpec {
  const fan = layer.fan ?? {};
  if (layer.activation === 'relu' && sigmaW === Math.SQRT2) {
    return { initialiser: 'kaimingNormal', nonlinearity: 'relu', ...fan };
  }
  const scale = round(sigmaW ** 2);
  return { initialiser: 'varianceScaling', scale, mode: 'fan_in', distribution: 'untruncated_normal', ...fan };
}

/** The initialiser of its bias. */
export const biasSpec = ({ sigmaB }: Target): InitSpec =>
  sigmaB === 0 ? { initialiser: 'zeros' } : { initialiser: 'normal', std: round(sigmaB) };

/** By what factor a layer's weights are too large; NaN where there is nothing to compare with. */
export function excess(layer: ObservedLayer, observation: Observation): number {
  const target = layerTarget(layer, observation);
  return target === null ? NaN : layer.sigmaW / target.sigmaW;
}

const spreads = new Map<StudyActivation, number>();

/**
 * The variance, times the width, that one layer adds to the logarithm of the next mean square: Var phi^2 / (E phi^2)^2, 5 for ReLU
 * and 2 for linear layers, at q = 1.
 */
export function spreadOf(activation: StudyActivation): number {
  const before = spreads.get(activation);
  if (before !== undefined) return before;
  const net = new MeanField({ activation, sigmaW: 1 });
  const spread = net.layerVariance(1) / net.nextQ(1) ** 2;
  spreads.set(activation, spread);
  return spread;
}
