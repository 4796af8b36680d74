// The public names of `nn.functional`, under torch's spelling as well.
export * from './activation.js';
export { type Conv2dOptions, conv2d } from './conv.js';
export { type DropoutOptions, dropout } from './dropout.js';
export type { Padding, Pair } from './geometry.js';
export { linear } from './linear.js';
export {
  type BatchNormOptions,
  batchNorm,
  batchNorm as batch_norm,
  layerNorm,
  layerNorm as layer_norm,
} from './normalise.js';
export { pad } from './pad.js';
