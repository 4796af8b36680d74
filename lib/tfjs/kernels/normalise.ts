// Softmax and batch normalisation.
import { kernelId, run } from '../../run.js';
import { broadcastTo } from '../../view.js';
import type { TensorInfo } from '../core.js';
import { caller, finish, flat, floats, type KernelCall, type KernelFamily, shaped, withScratch } from '../kernel.js';

const kernels = {
  softmax: kernelId('softmax'),
  addScalar: kernelId('add_scalar'),
  sqrt: kernelId('sqrt'),
  div: kernelId('div'),
  reciprocal: kernelId('rdiv_scalar'),
  sub: kernelId('sub'),
  mul: kernelId('mul'),
  addcmul: kernelId('addcmul'),
};

function softmax({ inputs, backend, attrs }: KernelCall<{ dim: number }>): TensorInfo | undefined {
  const logits = inputs.logits!;
  const values = floats(backend, logits);
  const last = logits.shape.length - 1;
  if (values === undefined || values.length === 0 || last < 0) return undefined;
  if (attrs.dim !== -1 && attrs.dim !== last) return undefined;
  const columns = logits.shape[last]!;
  const shape = [values.length / columns, columns];
  const out = backend.take('float32', values.length);
  run(caller, kernels.softmax, [shaped(out, shape), shaped(values, shape)]);
  return finish(backend, logits.shape, 'float32', out);
}

function fusedBatchNorm({ inputs, backend, attrs }: KernelCall<{ varianceEpsilon?: number }>): TensorInfo | undefined {
  const { x, mean, variance } = inputs as Record<string, TensorInfo>;
  const { scale, offset } = inputs as Record<string, TensorInfo | null | undefined>;
  const values = floats(backend, x);
  const [means, variances] = [floats(backend, mean), floats(backend, variance)];
  if (values === undefined || values.length === 0 || means === undefined || variances === undefined) return undefined;
  const factors = scale ? floats(backend, scale) : undefined;
  const shifts = offset ? floats(backend, offset) : undefined;
  if ((scale && factors === undefined) || (offset && shifts === undefined)) return undefined;
  // One number of each for every channel, the last dimension or the last ones.
  const channels = means.length;
  const lengths = [variances, factors, shifts].map((array) => array?.length ?? channels);
  const ranks = [variance, scale, offset].map((info) => info?.shape.length ?? mean!.shape.length);
  if (channels === 0 || values.length % channels !== 0 || !lengths.every((length) => length === channels))
    return undefined;
  if (!ranks.every((rank) => rank === mean!.shape.length)) return undefined;
  const shape = [values.length / channels, channels];
  const rows = (array: Float32Array) => broadcastTo(flat(array), shape);
  const out = backend.take('float32', values.length);
  const target = shaped(out, shape);
  withScratch(channels, (factor) => {
    const spread = flat(factor);
    run(caller, kernels.addScalar, [spread, flat(variances)], [attrs.varianceEpsilon ?? 0.001]);
    run(caller, kernels.sqrt, [spread, spread]);
    if (factors === undefined) run(caller, kernels.reciprocal, [spread, spread], [1]);
    else run(caller, kernels.div, [spread, flat(factors), spread]);
    run(caller, kernels.sub, [target, shaped(values, shape), rows(means)]);
    if (shifts === undefined) run(caller, kernels.mul, [target, target, rows(factor)]);
    else run(caller, kernels.addcmul, [target, rows(shifts), target, rows(factor)], [1]);
  });
  return finish(backend, x!.shape, 'float32', out);
}

export const normalise: KernelFamily = { Softmax: softmax, FusedBatchNorm: fusedBatchNorm };
