// The public names of `nn`.
export { ELU, GELU, LeakyReLU, LogSoftmax, ReLU, SELU, Sigmoid, SiLU, Softmax, Softplus, Tanh } from './activations.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormModuleOptions } from './batchnorm.js';
export { ModuleList, Sequential } from './containers.js';
export {
  Conv1d,
  type Conv1dModuleOptions,
  Conv2d,
  type Conv2dModuleOptions,
  type ConvOptions,
  type PaddingMode,
} from './conv.js';
export { ConvTranspose2d, type ConvTranspose2dModuleOptions } from './convtranspose.js';
export { Dropout, type DropoutModuleOptions } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export * as functional from './functional/index.js';
export type { ForwardHook, ForwardPreHook, FullBackwardHook } from './hooks.js';
export { LayerNorm, type LayerNormOptions } from './layernorm.js';
export { Flatten, Identity } from './layers.js';
export { type LayerOptions, Linear } from './linear.js';
export { BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss } from './losses.js';
export { Module, type RecurseOptions } from './module.js';
export { Parameter } from './parameter.js';
export { AvgPool2d, MaxPool2d } from './pooling.js';
export type { LoadResult } from './state.js';
