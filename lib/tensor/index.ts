// Tensor with all its methods.
import './elementwise.js';
import './products.js';
import './reductions.js';

export type { ReduceOptions, VarianceOptions } from './reductions.js';
export * from './tensor.js';
