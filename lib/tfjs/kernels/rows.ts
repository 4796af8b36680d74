// Rows of a table by index: embeddings and their gradient.
import { kernelId, run } from '../../run.js';
import { numElements, sameShape } from '../../shape.js';
import type { TensorView } from '../../view.js';
import { core, type PlainDType, type TensorInfo } from '../core.js';
import {
  arrayOf,
  caller,
  fill,
  finish,
  floats,
  type KernelCall,
  type KernelFamily,
  permuted,
  shaped,
} from '../kernel.js';

const kernels = { gather: kernelId('gather'), scatterAdd: kernelId('scatter_add') };

/** Indices of `rows` rows in the form that the kernels take them, the same for every column; undefined where one is of none. */
function indexView(indices: ArrayLike<number>, rows: number, columns: number): TensorView | undefined {
  const array = new BigInt64Array(indices.length);
  // Little-endian, as all machines are that the addon is built for: the low word comes first, and the other one is 0.
  const words = new Int32Array(array.buffer);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(index >= 0 && index < rows) || !Number.isInteger(index)) return undefined;
    words[2 * i] = index;
  }
  return { array, dtype: 'int64', shape: [columns, indices.length], strides: [0, 1], offset: 0 };
}

const byColumns = (view: TensorView) => permuted(view, [1, 0]);

interface Gather {
  readonly axis: number;
  readonly batchDims?: number;
}

function gatherV2({ inputs, backend, attrs }: KernelCall<Gather>): TensorInfo | undefined {
  const { x, indices } = inputs as { x: TensorInfo; indices: TensorInfo };
  const [table, chosen] = [arrayOf(backend, x), arrayOf(backend, indices)];
  if (table === undefined || chosen === undefined || indices.dtype !== 'int32' || (attrs.batchDims ?? 0) !== 0)
    return undefined;
  const axis = core.util.parseAxisParam(attrs.axis, x.shape)[0]!;
  // Rows alone, and nothing without elements.
  if (numElements(x.shape.slice(0, axis)) !== 1 || table.length === 0 || chosen.length === 0) return undefined;
  const rows = x.shape[axis]!;
  const columns = table.length / rows;
  const index = indexView(chosen, rows, columns);
  if (index === undefined) return undefined;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const out = backend.take(x.dtype as PlainDType, chosen.length * columns);
  run(caller, kernels.gather, [
    byColumns(shaped(out, [chosen.length, columns])),
    index,
    byColumns(shaped(table, [rows, columns])),
  ]);
  return finish(backend, shape, x.dtype as PlainDType, out);
}

function unsortedSegmentSum({ inputs, backend, attrs }: KernelCall<{ numSegments: number }>): TensorInfo | undefined {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const [terms, chosen] = [floats(backend, x), arrayOf(backend, segmentIds)];
  const { numSegments } = attrs;
  if (terms === undefined || chosen === undefined || segmentIds.dtype !== 'int32') return undefined;
  if (terms.length === 0 || !(numSegments > 0) || segmentIds.shape.length !== 1) return undefined;
  if (!sameShape(segmentIds.shape, x.shape.slice(0, 1))) return undefined;
  const columns = terms.length / chosen.length;
  const index = indexView(chosen, numSegments, columns);
  if (index === undefined) return undefined;
  const out = backend.take('float32', numSegments * columns);
  const target = shaped(out, [numSegments, columns]);
  fill(target, 0);
  run(caller, kernels.scatterAdd, [byColumns(target), index, byColumns(shaped(terms, [chosen.length, columns]))]);
  return finish(backend, [numSegments, ...x.shape.slice(1)], 'float32', out);
}

export const rows: KernelFamily = { GatherV2: gatherV2, UnsortedSegmentSum: unsortedSegmentSum };
