// Rows of a table picked by index.
import { computeDType } from '../dtype.js';
import { kernelId, run } from '../run.js';
import { numElements, type Shape } from '../shape.js';
import { allocateView, outputView, restride, selectView, type TensorView } from '../view.js';
import { transposed } from './matrix.js';
import { linear, type Op } from './op.js';
import { cast, contiguous, fill } from './storage.js';

const kernels = { gather: kernelId('gather'), scatterAdd: kernelId('scatter_add') };

/** Which rows are picked, and how the result is shaped: [...shape, columns]. */
export interface RowsArgs {
  /** int64 [n]; nobody else writes to it. */
  readonly rows: TensorView;
  readonly shape: Shape;
  /** A row that has no gradient. */
  readonly padding: number | undefined;
}

/** The kernels' indices, of the last dimension: [columns, n], the same for every column. */
const forColumns = ({ rows }: RowsArgs, columns: number) => restride(rows, [columns, rows.shape[0]!], [0, 1]);

/** Contiguous rows as a matrix [n, columns]. */
const asMatrix = (view: TensorView, n: number, columns: number) => restride(view, [n, columns], [columns, 1]);

function pick(call: string, table: TensorView, args: RowsArgs): TensorView {
  const columns = table.shape[1]!;
  const out = outputView(call, [...args.shape, columns], table.dtype);
  const matrix = asMatrix(out, numElements(args.shape), columns);
  run(call, kernels.gather, [transposed(matrix), forColumns(args, columns), transposed(table)]);
  return out;
}

/** Rows of a matrix. An index of no row is the kernel's error, before anything is written. */
export const rowsOp: Op<RowsArgs> = {
  node: 'EmbeddingBackward0',
  forward: (call, [table], args) => {
    const [rows, columns] = table!.shape as [number, number];
    // Without columns the kernel would look at no index.
    if (columns === 0) pick(call, allocateView(call, [rows, 1], table!.dtype), args);
    return pick(call, table!, args);
  },
  gradients: [
    linear((grad, args, { shape }) => {
      const call = 'backward';
      const columns = shape[1]!;
      const dtype = computeDType(call, grad.dtype);
      const out = allocateView(call, shape, dtype);
      const terms = asMatrix(contiguous(call, cast(call, grad, dtype)), numElements(args.shape), columns);
      run(call, kernels.scatterAdd, [transposed(out), forColumns(args, columns), transposed(terms)]);
      if (args.padding !== undefined) fill(call, selectView(call, out, 0, args.padding), 0);
      return out;
    }),
  ],
};
