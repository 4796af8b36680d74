// Reductions over dimensions, on float32.
import { kernelId, run } from '../../run.js';
import { numElements } from '../../shape.js';
import { core } from '../core.js';
import { caller, finish, floats, type KernelCall, type KernelFamily, type NativeKernel, shaped } from '../kernel.js';

interface Attributes {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims?: boolean;
}

function reduction(name: string): NativeKernel {
  const kernel = kernelId(name);
  return ({ inputs, backend, attrs }: KernelCall<Attributes>) => {
    const x = inputs.x!;
    const values = floats(backend, x);
    if (values === undefined || values.length === 0) return undefined;
    const axes = core.util.parseAxisParam((attrs.axis ?? attrs.reductionIndices)!, x.shape);
    if (axes.length === 0) return undefined;
    const kept = x.shape.map((size, d) => (axes.includes(d) ? 1 : size));
    const out = backend.take('float32', numElements(kept));
    run(caller, kernel, [shaped(out, kept), shaped(values, x.shape)]);
    return finish(backend, attrs.keepDims ? kept : x.shape.filter((_, d) => !axes.includes(d)), 'float32', out);
  };
}

export const reduce: KernelFamily = {
  Sum: reduction('sum'),
  Mean: reduction('mean'),
  Max: reduction('max'),
  Min: reduction('min'),
};
