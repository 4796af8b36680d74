// The public names of `nn.functional`, under torch's spelling as well.

export type { PadMode, Reduction } from '../../ops/index.js';
export {
  elu,
  gelu,
  type InplaceOptions,
  leakyRelu,
  leakyRelu as leaky_relu,
  logSoftmax,
  logSoftmax as log_softmax,
  relu,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './activation.js';
export { conv2dAsync } from './async.js';
export { type Conv1dOptions, type Conv2dOptions, type ConvFunctionOptions, conv1d, conv2d } from './conv.js';
export {
  type ConvTranspose2dOptions,
  convTranspose2d,
  convTranspose2d as conv_transpose2d,
} from './convtranspose.js';
export { type DropoutOptions, dropout } from './dropout.js';
export { type EmbeddingFunctionOptions, embedding } from './embedding.js';
export type { Padding, Pair, Single } from './geometry.js';
export { type LinearOptions, linear } from './linear.js';
export {
  binaryCrossEntropyWithLogits,
  binaryCrossEntropyWithLogits as binary_cross_entropy_with_logits,
  type ClassLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropy as cross_entropy,
  type LogitLossOptions,
  type LossOptions,
  l1Loss,
  l1Loss as l1_loss,
  mseLoss,
  mseLoss as mse_loss,
  nllLoss,
  nllLoss as nll_loss,
} from './loss.js';
export {
  type BatchNormOptions,
  batchNorm,
  batchNorm as batch_norm,
  layerNorm,
  layerNorm as layer_norm,
} from './normalise.js';
export { pad } from './pad.js';
export {
  type AvgPoolOptions,
  avgPool2d,
  avgPool2d as avg_pool2d,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2d as max_pool2d,
} from './pool.js';
