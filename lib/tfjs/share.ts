// Tensors of TensorFlow.js and of evenkeel on the same memory.
import { fromTypedArray } from '../creation.js';
import { argumentError, describe, dtypeError, stateError } from '../errors.js';
import { Tensor } from '../tensor/index.js';
import { recycler } from './backend.js';
import { arrays, core, type Entry, type PlainArray, type PlainDType } from './core.js';
import { arrayOf } from './kernel.js';

type TfTensor = InstanceType<typeof core.Tensor>;

/** Backends that keep typed arrays, and take them as they are. */
const sharing = ['evenkeel', 'cpu'];

const dtypeNames = Object.keys(arrays).join(', ');

/**
 * A tensor of evenkeel's on the memory of one of TensorFlow.js's, of float32, int32 or bool: changes are seen both ways, and by
 * whatever else shares the memory (slices, reshaped tensors, clones). TensorFlow.js's may be disposed of; the memory stays.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything but a tensor; TypeError (ERR_DTYPE) for other dtypes; RangeError (ERR_STATE) for a
 * tensor that was disposed of, or that is on a backend other than 'evenkeel' and 'cpu'
 * @example
 * import tf from '@tensorflow/tfjs';
 * import { toTensor } from 'evenkeel/tfjs';
 *
 * const weights = tf.zeros([2, 3]);
 * toTensor(weights).normal_();
 */
export function toTensor(tensor: object): Tensor {
  const call = 'toTensor';
  const given = tensor as TfTensor;
  if (typeof tensor !== 'object' || !(tensor instanceof core.Tensor)) {
    throw argumentError(call, `expected a tensor of TensorFlow.js, got ${describe(tensor)}`);
  }
  if (given.isDisposed) throw stateError(call, 'the tensor was disposed of');
  if (!Object.hasOwn(arrays, given.dtype)) throw dtypeError(call, `expected one of ${dtypeNames}, got ${given.dtype}`);
  const dtype = given.dtype as PlainDType;
  const backend = core.engine().state.tensorInfo.get(given.dataId)?.backend;
  if (!sharing.some((name) => core.findBackend(name) === backend)) {
    throw stateError(call, `the tensor is on a backend that copies; expected one of ${sharing.join(', ')}`);
  }
  const entry = (backend as unknown as { data: { get(id: object): Entry } }).data.get(given.dataId);
  // The cpu backend's kernels leave whole numbers in other arrays now and then.
  if (arrayOf(backend as never, given) === undefined) entry.values = arrays[dtype].from(entry.values as Int32Array);
  recycler.hold(entry.values);
  return fromTypedArray(entry.values as PlainArray, given.shape, { dtype });
}

/**
 * A tensor of TensorFlow.js's on the memory of one of evenkeel's, of float32, int32 or bool: changes are seen both ways. It has no
 * part in the other's gradients.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything but a tensor; TypeError (ERR_DTYPE) for other dtypes; RangeError (ERR_STATE) for a
 * tensor that is not contiguous, or where the active backend is neither 'evenkeel' nor 'cpu'
 * @example
 * import tf from '@tensorflow/tfjs';
 * import { randn } from 'evenkeel';
 * import { fromTensor } from 'evenkeel/tfjs';
 *
 * tf.matMul(fromTensor(randn(8, 4)), tf.ones([4, 2])).shape; // [8, 2]
 */
export function fromTensor(tensor: Tensor): TfTensor {
  const call = 'fromTensor';
  if (!(tensor instanceof Tensor)) throw argumentError(call, `expected a Tensor, got ${describe(tensor)}`);
  if (!Object.hasOwn(arrays, tensor.dtype))
    throw dtypeError(call, `expected one of ${dtypeNames}, got ${tensor.dtype}`);
  if (!tensor.isContiguous()) throw stateError(call, 'the tensor is not contiguous; call contiguous() first');
  core.backend();
  const active = core.getBackend();
  if (!sharing.includes(active)) {
    throw stateError(call, `the active backend is '${active}', which copies; expected one of ${sharing.join(', ')}`);
  }
  return core.tensor(tensor.array as PlainArray, tensor.shape as number[], tensor.dtype as PlainDType);
}
