// What the tests of the TensorFlow.js backend share.
import tf, { type DataType } from '@tensorflow/tfjs-core';
// With gradients and methods of tensors, which tfjs-core alone does not register.
import '@tensorflow/tfjs';
import '../../lib/tfjs/index.js';
import { Generator } from '../../lib/random.js';
import { numElements } from '../../lib/shape.js';

export { tf };

/** A tensor to be made on whichever backend is active. */
export interface Spec {
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** From a number of [0, 1). */
  readonly of?: (u: number) => number;
}

export type Values = Float32Array | Int32Array | Uint8Array;

/** The elements of a spec: the same for the same seed. */
export function valuesOf({ shape, dtype = 'float32', of }: Spec, seed: number): Values {
  const generator = new Generator(seed);
  const draw = of ?? ((u: number) => (dtype === 'float32' ? 4 * u - 2 : Math.floor(u * (dtype === 'bool' ? 2 : 7))));
  const kinds = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  return kinds[dtype].from(Array.from({ length: numElements(shape) }, () => draw(generator.random() / 2 ** 32)));
}

export const make = (spec: Spec, seed: number, values: Values = valuesOf(spec, seed)) =>
  tf.tensor(values, spec.shape as number[], spec.dtype ?? 'float32');

/** What a kernel gave: shapes, dtypes and elements. */
export interface Result {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly values: number[];
}

export type Inputs = Readonly<Record<string, Spec | null>> | readonly Spec[];

/** Calls a kernel on a backend with tensors of the specs. */
export async function runKernel(backend: string, kernel: string, inputs: Inputs, attrs: object): Promise<Result[]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const entries = Object.entries(inputs).map(([name, spec], i) => [name, spec && make(spec as Spec, i + 1)] as const);
    const given = Array.isArray(inputs) ? entries.map(([, tensor]) => tensor) : Object.fromEntries(entries);
    const out = tf.engine().runKernel(kernel, given as never, attrs as never);
    return [out].flat().map((tensor) => {
      const { shape, dtype } = tensor as { shape: number[]; dtype: DataType };
      return { shape, dtype, values: Array.from((tensor as unknown as { dataSync(): Values }).dataSync()) };
    });
  });
}
