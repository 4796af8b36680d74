// What a checkpoint is to hold that is like another one: from that one's header alone.

import { checkOptions } from '../../arguments.js';
import type { DType } from '../../dtype.js';
import { argumentError, describe, dtypeError } from '../../errors.js';
import { checkDescribedShape, type Shape } from '../../shape.js';
import { isFloating } from '../dtype_names.js';
import { type SafetensorsDType, tensorDType } from '../safetensors/dtypes.js';
import type { DescribedTensor, ModelDescription } from './description.js';

/** What is asked of a checkpoint: an opened one has it, and so has a parsed header. */
export interface CheckpointHeader {
  readonly tensors: ReadonlyMap<string, { readonly dtype: SafetensorsDType; readonly shape: Shape }>;
}

/** How running statistics start, which are the only buffers with fractions that are stored as a rule. */
const buffers: readonly (readonly [RegExp, DescribedTensor['init']])[] = [
  [/(^|\.)running_mean$/, { initialiser: 'zeros' }],
  [/(^|\.)running_var$/, { initialiser: 'ones' }],
  [/(^|\.)num_batches_tracked$/, { initialiser: 'zeros' }],
];

/** The dtype of most elements, among those that can be drawn. */
export function mainDType(tensors: Iterable<{ dtype: DType; shape: Shape }>): DType | undefined {
  const counts = new Map<DType, number>();
  for (const { dtype, shape } of tensors) {
    const size = shape.reduce((product, n) => product * n, 1);
    if (isFloating(dtype)) counts.set(dtype, (counts.get(dtype) ?? 0) + size);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/**
 * The tensors of an existing checkpoint: the same names, shapes and dtypes, no elements. The checkpoint's dtype is that of most
 * elements, and tensors of another keep theirs. A header does not say what a tensor is for, so nothing has a scheme but running
 * statistics of batch normalisation; give rules or a preset for the rest. Tensors without fractions count as buffers.
 *
 * @throws TypeError (ERR_DTYPE) for a tensor of a dtype that tensors here do not have; TypeError (ERR_ARGUMENT) for anything
 * but a checkpoint
 * @example
 * import { randn } from 'evenkeel';
 * import { describeCheckpoint, openCheckpoint, serializeSafetensors } from 'evenkeel/checkpoint';
 *
 * const checkpoint = await openCheckpoint(serializeSafetensors({ weight: randn(4, 2) }));
 * console.log(describeCheckpoint(checkpoint).tensors[0].shape); // [ 4, 2 ]
 */
export function describeCheckpoint(checkpoint: CheckpointHeader, options: { source?: string } = {}): ModelDescription {
  const call = 'describeCheckpoint';
  if (!(checkpoint?.tensors instanceof Map)) {
    throw argumentError(call, `expected an opened checkpoint, got ${describe(checkpoint)}`);
  }
  const { source = 'checkpoint' } = checkOptions(call, options);
  const known = [...checkpoint.tensors].map(([name, info]) => {
    if (typeof name !== 'string' || typeof info?.dtype !== 'string') {
      throw argumentError(call, `expected tensors by name, got ${describe(name)}: ${describe(info)}`);
    }
    const { dtype } = info;
    const shape = checkDescribedShape(call, info.shape);
    const ours = tensorDType(dtype);
    if (ours === undefined) throw dtypeError(call, `${source}: ${name} is of ${dtype}, which cannot be made here`);
    return { name, dtype: ours, shape };
  });
  const main = mainDType(known);
  const tensors = known.map(({ name, dtype, shape }): DescribedTensor => {
    const found = buffers.find(([pattern]) => pattern.test(name));
    return {
      name,
      shape,
      layer: '',
      buffer: found !== undefined || !isFloating(dtype),
      ...(dtype === main ? {} : { dtype }),
      ...(found?.[1] === undefined ? {} : { init: found[1] }),
    };
  });
  return { source, tensors, tied: new Map(), ...(main === undefined ? {} : { dtype: main }) };
}
