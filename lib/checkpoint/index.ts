// The public names of `evenkeel/checkpoint`: checkpoints of models, and arrays for exchange with NumPy.

export type { SafetensorsDType } from './safetensors/dtypes.js';
export type { TensorInfo } from './safetensors/header.js';
