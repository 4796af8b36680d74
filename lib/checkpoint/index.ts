// The public names of `evenkeel/checkpoint`: checkpoints of models, and arrays for exchange with NumPy.

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
