// Tensors of ONNX Runtime and of evenkeel on the same memory, both ways. onnxruntime-node and onnxruntime-web export the Tensor of
// onnxruntime-common, which is what this program needs of them.
import { fromTypedArray, init, manual_seed, nn, tensor } from 'evenkeel';
import { Tensor } from 'onnxruntime-common';

manual_seed(9);

/** The evenkeel tensor on an ONNX tensor's memory. A half-precision one needs its dtype named: both are 16-bit words. */
const fromOnnx = (onnx) => fromTypedArray(onnx.data, onnx.dims, onnx.type === 'float16' ? { dtype: 'float16' } : {});

/** The ONNX tensor on the memory of a contiguous tensor. */
function toOnnx(t) {
  const whole = t.contiguous();
  const types = {
    float32: 'float32',
    float64: 'float64',
    float16: 'float16',
    int64: 'int64',
    int32: 'int32',
    uint8: 'uint8',
  };
  return new Tensor(types[whole.dtype], whole.array.subarray(0, whole.numel()), whole.shape);
}

// What a session would be fed: an evenkeel tensor, without a copy.
const batch = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const input = toOnnx(batch);
console.log('input', input.type, input.dims, 'same memory:', input.data.buffer === batch.array.buffer);
batch.mul_(10);
console.log('after batch.mul_(10)', Array.from(input.data).join(' '));

// What a session would return, used as a tensor.
const output = new Tensor('float32', new Float32Array([1, -1, 0, 2, 0.5, 3]), [2, 3]);
const logits = fromOnnx(output);
console.log('classes', logits.argmax(1).tolist());
init.zeros_(logits);
console.log('output, zeroed through evenkeel', Array.from(output.data).join(' '));

const labels = fromOnnx(new Tensor('int64', new BigInt64Array([2n, 0n]), [2]));
console.log(
  'labels',
  labels.dtype,
  labels.tolist(),
  'loss',
  nn.functional.crossEntropy(logits, labels).item().toFixed(4),
);
