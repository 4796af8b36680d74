// Tensor with all its methods.
import './activations.js';
import './comparisons.js';
import './decompositions.js';
import './elementwise.js';
import './products.js';
import './reductions.js';

export type { CloseOptions } from './comparisons.js';
export { clearGradients, type ZeroGradOptions } from './gradients.js';
export type { Dims, ReduceOptions, VarianceOptions } from './reductions.js';
export * from './tensor.js';
