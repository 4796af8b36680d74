// The public names of `evenkeel/checkpoint`: checkpoints of models, and arrays for exchange with NumPy.

export {
  type CheckpointProgress,
  type CheckpointReport,
  type CheckpointVerification,
  type Estimate,
  type InitializeCheckpointOptions,
  initializeCheckpoint,
  type ShardRange,
  type ShardReport,
  type TensorProblem,
} from './initialize/index.js';
export { type CheckpointHeader, describeCheckpoint } from './model/checkpoint.js';
export type { DescribedTensor, ModelDescription } from './model/description.js';
export { type ConfigOptions, describeConfig } from './model/huggingface/config.js';
export { describeModule } from './model/module.js';
export { type PlannedRow, planDescription } from './model/plan.js';
export { presetRules } from './model/presets.js';
export { type DescribeOptions, describeModel, type ModelSource } from './model/source.js';
export { describeSpec, type Spec, type SpecTensor } from './model/spec.js';
export { loadNpy, saveNpy, serializeNpy } from './npy/npy.js';
export { loadNpz, type NpzOptions, saveNpz } from './npy/npz.js';
export type { SafetensorsDType } from './safetensors/dtypes.js';
export { type Checkpoint, loadSafetensors, loadState, openCheckpoint, type Shard } from './safetensors/file.js';
export type { Header, TensorInfo } from './safetensors/header.js';
export type { SliceRange } from './safetensors/slices.js';
export {
  type NamedTensors,
  type SaveOptions,
  type SerializeOptions,
  saveCheckpoint,
  serializeSafetensors,
} from './safetensors/write.js';
