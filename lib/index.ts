// The public names of the package.

export { type AsyncOptions, matmulAsync } from './async.js';
export { isGradEnabled, isGradEnabled as is_grad_enabled, noGrad, noGrad as no_grad } from './autograd.js';
export { cat, matmul, multiDot, multiDot as multi_dot, outer, stack, where } from './combine.js';
export {
  arange,
  type CreationArguments,
  empty,
  eye,
  fromTypedArray,
  full,
  linspace,
  ones,
  onesLike,
  onesLike as ones_like,
  rand,
  randint,
  randn,
  randnLike,
  randnLike as randn_like,
  randperm,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
  zerosLike as zeros_like,
} from './creation.js';
export type { DType, FloatArray, Scalar, TensorArray } from './dtype.js';
export type { ErrorCode, EvenkeelError } from './errors.js';
export type { RandomOptions } from './fill.js';
export * as init from './init/index.js';
export { fromMessage, share, type TensorMessage, toMessage, transferList } from './message.js';
export {
  getNumThreads,
  getNumThreads as get_num_threads,
  type Info,
  info,
  setNumThreads,
  setNumThreads as set_num_threads,
} from './native.js';
export * as nn from './nn/index.js';
export * as optim from './optim/index.js';
export {
  type Algorithm,
  Generator,
  type GeneratorOptions,
  manualSeed,
  manualSeed as manual_seed,
  setDefaultGenerator,
} from './random.js';
export { scope } from './scope.js';
export type { Shape } from './shape.js';
export {
  type CloseOptions,
  type Dims,
  type NestedArray,
  type ReduceOptions,
  type ShapeArguments,
  Tensor,
  type VarianceOptions,
  type ZeroGradOptions,
} from './tensor/index.js';
