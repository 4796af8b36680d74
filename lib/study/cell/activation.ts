// Activations as modules, and where they saturate.
import * as nn from '../../nn/index.js';
import type { StudyActivation } from './cell.js';

interface Row {
  readonly make: () => nn.Module;
  /** Outputs up to the first number and from the second on: there the slope is below a hundredth of the largest. */
  readonly saturation?: readonly [number, number];
}

// 1 - y^2 = 1/100.
const tanhEdge = Math.sqrt(0.99);
// y (1 - y) = 1/400.
const sigmoidEdge = (1 + Math.sqrt(0.99)) / 2;

/** The activations that studies measure, with torch's default arguments. */
export const activations: Readonly<Record<StudyActivation, Row>> = {
  linear: { make: () => new nn.Identity() },
  relu: { make: () => new nn.ReLU() },
  leakyRelu: { make: () => new nn.LeakyReLU() },
  tanh: { make: () => new nn.Tanh(), saturation: [-tanhEdge, tanhEdge] },
  sigmoid: { make: () => new nn.Sigmoid(), saturation: [1 - sigmoidEdge, sigmoidEdge] },
  gelu: { make: () => new nn.GELU() },
  silu: { make: () => new nn.SiLU() },
  elu: { make: () => new nn.ELU() },
  selu: { make: () => new nn.SELU() },
  softplus: { make: () => new nn.Softplus() },
};

/** Names of `StudyActivation`. */
export const studyActivations = Object.keys(activations) as StudyActivation[];

/** The limits of saturation of a module's outputs; undefined where it has none. */
export function saturationOf(module: nn.Module): readonly [number, number] | undefined {
  if (module instanceof nn.Tanh) return activations.tanh.saturation;
  if (module instanceof nn.Sigmoid) return activations.sigmoid.saturation;
  return undefined;
}
