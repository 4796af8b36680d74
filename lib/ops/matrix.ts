// Products of matrices.
import { dtypes } from '../dtype.js';
import { shapeError } from '../errors.js';
import { kernelId, run } from '../run.js';
import { broadcastShapes, formatShape, sameShape } from '../shape.js';
import { outputView, pickDims, restride, selectView, type TensorView } from '../view.js';
import { mul } from './arithmetic.js';
import { from, linear, type Op } from './op.js';
import { checkSameDType, contiguous, contiguousCopy, copy, inCompute } from './storage.js';
import { noProduct, wholeProductInto } from './whole.js';

const kernels = {
  gemm: kernelId('gemm'),
  linear: kernelId('linear'),
  linearBias: kernelId('linear_bias'),
};

/** Whether BLAS can address a matrix: unit stride one way, no overlap the other. */
function isMatrix(view: TensorView): boolean {
  const [rows, columns] = view.shape as [number, number];
  const [rowStride, columnStride] = view.strides as [number, number];
  return (
    ((columns === 1 || columnStride === 1) && (rows === 1 || rowStride >= columns)) ||
    ((rows === 1 || rowStride === 1) && (columns === 1 || columnStride >= rows))
  );
}

function addressable(call: string, view: TensorView): TensorView {
  return isMatrix(view) ? view : contiguousCopy(call, view);
}

/** out [m, n] = alpha a [m, k] b [k, n] + beta out; `out` has contiguous rows. */
export function gemmInto(call: string, a: TensorView, b: TensorView, out: TensorView, beta: number, alpha = 1): void {
  if (dtypes[out.dtype].kind !== 'float') {
    wholeProductInto(call, a, b, out, beta, alpha);
    return;
  }
  inCompute(call, out, [addressable(call, a), addressable(call, b)], (target, inputs) =>
    run(call, kernels.gemm, [target, ...inputs], [alpha, beta]),
  );
}

/** The transpose of the last two dimensions. */
export function transposed(view: TensorView): TensorView {
  const last = view.shape.length - 1;
  return pickDims(
    view,
    view.shape.map((_, d) => (d < last - 1 ? d : 2 * last - 1 - d)),
  );
}

export function checkInner(call: string, a: TensorView, b: TensorView): void {
  const inner = a.shape[a.shape.length - 1]!;
  const other = b.shape[Math.max(0, b.shape.length - 2)];
  if (inner !== other) {
    const which = b.shape.length > 2 ? 'second last' : 'first';
    throw shapeError(
      call,
      `shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} cannot be multiplied: ` +
        `the last dimension of the first is ${inner}, the ${which} of the second is ${other}`,
    );
  }
  checkSameDType(call, a, b);
  // Without elements, too.
  if (a.dtype === 'bool') throw noProduct(call, a.dtype);
}

/** a [m, k] b [k, n]. */
function product(call: string, a: TensorView, b: TensorView): TensorView {
  const out = outputView(call, [a.shape[0]!, b.shape[1]!], a.dtype);
  gemmInto(call, a, b, out, 0);
  return out;
}

/** a [m, k] x [k]. */
function productWithVector(call: string, a: TensorView, x: TensorView): TensorView {
  const out = outputView(call, [a.shape[0]!], a.dtype);
  gemmInto(call, a, asColumn(x), asColumn(out), 0);
  return out;
}

const asColumn = (x: TensorView) => restride(x, [x.shape[0]!, 1], [x.strides[0]!, 1]);
const asRow = (x: TensorView) =>
  restride(x, [1, x.shape[0]!], [Math.max(1, x.shape[0]!) * x.strides[0]!, x.strides[0]!]);

/** a [batch, m, k] b [batch, k, n]. */
function batchedProduct(call: string, a: TensorView, b: TensorView): TensorView {
  const [batch, m, n] = [a.shape[0]!, a.shape[1]!, b.shape[2]!];
  const out = outputView(call, [batch, m, n], a.dtype);
  for (let i = 0; i < batch; i++)
    gemmInto(call, selectView(call, a, 0, i), selectView(call, b, 0, i), selectView(call, out, 0, i), 0);
  return out;
}

const call = 'backward';

/** Products of tensors of given dimensions; matmul takes whichever fits. */
export const productOps: Readonly<Record<'mm' | 'mv' | 'dot' | 'bmm', Op>> = {
  /** [m, k] times [k, n]. */
  mm: {
    node: 'MmBackward0',
    forward: (call, [a, b]) => {
      checkInner(call, a!, b!);
      return product(call, a!, b!);
    },
    gradients: [
      from([1], (g, [b]) => product(call, g, transposed(b!))),
      from([0], (g, [a]) => product(call, transposed(a!), g)),
    ],
  },
  /** [m, k] times [k]. */
  mv: {
    node: 'MvBackward0',
    forward: (call, [a, x]) => {
      checkInner(call, a!, x!);
      return productWithVector(call, a!, x!);
    },
    gradients: [
      from([1], (g, [x]) => product(call, asColumn(g), asRow(x!))),
      from([0], (g, [a]) => productWithVector(call, transposed(a!), g)),
    ],
  },
  /** [k] times [k]. */
  dot: {
    node: 'DotBackward0',
    forward: (call, [a, b]) => {
      checkInner(call, a!, b!);
      const out = outputView(call, [], a!.dtype);
      gemmInto(call, asRow(a!), asColumn(b!), restride(out, [1, 1], [1, 1]), 0);
      return out;
    },
    gradients: [from([1], (g, [b]) => mul(b!, g)), from([0], (g, [a]) => mul(a!, g))],
  },
  /** [batch, m, k] times [batch, k, n]. */
  bmm: {
    node: 'BmmBackward0',
    forward: (call, [a, b]) => {
      checkInner(call, a!, b!);
      if (a!.shape[0] !== b!.shape[0]) {
        const [one, other] = [formatShape(a!.shape), formatShape(b!.shape)];
        throw shapeError(call, `shapes ${one} and ${other} have different numbers of matrices`);
      }
      return batchedProduct(call, a!, b!);
    },
    gradients: [
      from([1], (g, [b]) => batchedProduct(call, g, transposed(b!))),
      from([0], (g, [a]) => batchedProduct(call, transposed(a!), g)),
    ],
  },
};

/** Factors of `addmm`: beta for what is added, alpha for the product. */
export interface Factors {
  readonly beta: number;
  readonly alpha: number;
}

/** beta c + alpha a [m, k] b [k, n], where c broadcasts to [m, n]. */
export const addmmOp: Op<Factors> = {
  node: 'AddmmBackward0',
  forward: (call, [c, a, b], { beta, alpha }) => {
    checkInner(call, a!, b!);
    checkSameDType(call, c!, a!);
    const shape = [a!.shape[0]!, b!.shape[1]!];
    if (!sameShape(broadcastShapes(call, c!.shape, shape), shape)) {
      throw shapeError(call, `shape ${formatShape(c!.shape)} does not broadcast to ${formatShape(shape)}`);
    }
    const out = outputView(call, shape, a!.dtype);
    // As torch: with beta 0, what is added is not looked at, NaN included.
    if (beta !== 0) copy(call, c!, out);
    gemmInto(call, a!, b!, out, beta, alpha);
    return out;
  },
  gradients: [
    linear((g, { beta }) => scaled(g, beta)),
    from([2], (g, [b], { alpha }) => scaled(product(call, g, transposed(b!)), alpha)),
    from([1], (g, [a], { alpha }) => scaled(product(call, transposed(a!), g), alpha)),
  ],
};

const scaled = (view: TensorView, factor: number) => (factor === 1 ? view : mul(view, factor));

/** What a linear layer does besides the product. */
export interface LinearArgs {
  readonly bias: boolean;
  /** Negative elements become 0. Of floating-point numbers, and where no gradient is recorded: it has none here. */
  readonly relu?: boolean;
}

/** x [m, k] w [n, k]' + bias [n]; the bias may be left out. */
export const linearOp: Op<LinearArgs> = {
  node: ({ bias }) => (bias ? 'AddmmBackward0' : 'MmBackward0'),
  forward: (call, [x, w, ...bias], { relu = false }) => {
    const out = outputView(call, [x!.shape[0]!, w!.shape[0]!], x!.dtype);
    if (dtypes[out.dtype].kind !== 'float') {
      if (bias.length > 0) copy(call, bias[0]!, out);
      wholeProductInto(call, x!, transposed(w!), out, bias.length, 1);
      return out;
    }
    const kernel = bias.length > 0 ? kernels.linearBias : kernels.linear;
    const inputs = [addressable(call, x!), addressable(call, w!), ...bias.map((view) => contiguous(call, view))];
    inCompute(call, out, inputs, (target, operands) => run(call, kernel, [target, ...operands], [relu ? 1 : 0]));
    return out;
  },
  gradients: [
    from([1], (g, [w]) => product(call, g, w!)),
    from([0], (g, [x]) => product(call, transposed(g), x!)),
    linear((g) => g),
  ],
};
