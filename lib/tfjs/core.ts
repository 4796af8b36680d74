// The copy of TensorFlow.js that this package finds. Its engine and its registries live on `globalThis`, so that backends and
// kernels registered through one copy serve the others of the process as well.
import cpu, { type MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import core, { type DataType, type TensorInfo } from '@tensorflow/tfjs-core';

export type { DataType, MathBackendCPU, TensorInfo };
export { core, cpu };

/** What the cpu backend keeps of a tensor's data. */
export interface Entry {
  values?: ArrayBufferView | readonly unknown[];
  dtype: DataType;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  refCount: number;
}

/** The arrays in which tensors of each dtype normally are. */
export const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Dtypes of tensors whose elements lie in a typed array. */
export type PlainDType = keyof typeof arrays;
export type PlainArray = Float32Array | Int32Array | Uint8Array;
