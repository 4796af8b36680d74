// Products of matrices.
import { kernelId, run } from '../../run.js';
import { numElements, sameShape } from '../../shape.js';
import type { TensorView } from '../../view.js';
import type { TensorInfo } from '../core.js';
import { caller, finish, flat, floats, type KernelCall, type KernelFamily, shaped } from '../kernel.js';
import { activation, addInPlace } from './elementwise.js';

const kernels = { gemm: kernelId('gemm'), linear: kernelId('linear'), linearBias: kernelId('linear_bias') };

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** A matrix in an array, or the transpose of the one that is there. */
function matrix(array: Float32Array, rows: number, columns: number, transposed: boolean, offset = 0): TensorView {
  const strides = transposed ? [1, rows] : [columns, 1];
  return { array, dtype: 'float32', shape: [rows, columns], strides, offset };
}

/** out [m, n] = a [m, k] b [k, n]. */
export function product(out: TensorView, a: TensorView, b: TensorView): void {
  run(caller, kernels.gemm, [out, a, b], [1, 0]);
}

/** out [m, n] = x [m, k] b [k, n] + bias [n], and negative elements set to 0 if `relu`. */
export function affine(
  out: TensorView,
  x: TensorView,
  b: TensorView,
  bias: Float32Array | undefined,
  relu: boolean,
): void {
  const { shape, strides } = b;
  const w: TensorView = { ...b, shape: [shape[1]!, shape[0]!], strides: [strides[1]!, strides[0]!] };
  if (bias === undefined) run(caller, kernels.linear, [out, x, w], [relu ? 1 : 0]);
  else run(caller, kernels.linearBias, [out, x, w, flat(bias)], [relu ? 1 : 0]);
}

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Of the output. */
  readonly batch: number;
  readonly shape: readonly number[];
}

/** Sizes of a product whose batches are equal, or one of which has a single matrix; undefined for any other. */
function sizesOf(a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Transposed): Sizes | undefined {
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== k || m * n * k === 0) return undefined;
  const [batchA, batchB] = [numElements(outerA), numElements(outerB)];
  const same = sameShape(outerA, outerB);
  if (batchA === 0 || batchB === 0 || !(same || batchA === 1 || batchB === 1)) return undefined;
  const [more, fewer] = batchA > batchB || outerA.length > outerB.length ? [outerA, outerB] : [outerB, outerA];
  // Dimensions of size 1 before those of the longer shape are the cpu backend's to judge.
  if (!same && fewer.length > more.length) return undefined;
  return { m, n, k, batch: Math.max(batchA, batchB), shape: [...more, m, n] };
}

function batchMatMul({ inputs, backend, attrs }: KernelCall<Transposed>): TensorInfo | undefined {
  const [a, b] = [inputs.a!, inputs.b!];
  const [x, y] = [floats(backend, a), floats(backend, b)];
  const sizes = sizesOf(a, b, attrs);
  if (x === undefined || y === undefined || sizes === undefined) return undefined;
  const out = backend.take('float32', numElements(sizes.shape));
  multiply(out, x, y, sizes, attrs);
  return finish(backend, sizes.shape, 'float32', out);
}

/** Matrices of a batch follow one another; one alone is used for all of the others. */
function multiply(out: Float32Array, x: Float32Array, y: Float32Array, sizes: Sizes, attrs: Transposed): void {
  const { m, n, k, batch } = sizes;
  const { transposeA, transposeB } = attrs;
  if (y.length === k * n && !transposeA) {
    const rows = batch * m;
    // All rows of all matrices meet the same one.
    if (x.length === rows * k) {
      product(matrix(out, rows, n, false), matrix(x, rows, k, false), matrix(y, k, n, transposeB));
      return;
    }
  }
  const [stepA, stepB] = [x.length === m * k ? 0 : m * k, y.length === k * n ? 0 : k * n];
  for (let i = 0; i < batch; i++) {
    product(
      matrix(out, m, n, false, i * m * n),
      matrix(x, m, k, transposeA, i * stepA),
      matrix(y, k, n, transposeB, i * stepB),
    );
  }
}

interface Fused extends Transposed {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

function fusedMatMul({ inputs, backend, attrs }: KernelCall<Fused>): TensorInfo | undefined {
  const { a, b, bias } = inputs as { a: TensorInfo; b: TensorInfo; bias?: TensorInfo | null };
  const [x, y] = [floats(backend, a), floats(backend, b)];
  const sizes = sizesOf(a, b, attrs);
  const activate = activation(attrs.activation, attrs.leakyreluAlpha);
  if (x === undefined || y === undefined || sizes === undefined || activate === undefined) return undefined;
  const terms = bias ? floats(backend, bias) : undefined;
  if (bias && (terms === undefined || !broadcastsTo(bias.shape, sizes.shape))) return undefined;
  const { m, n, k, batch } = sizes;
  const out = backend.take('float32', numElements(sizes.shape));
  const relu = attrs.activation === 'relu';
  const isVector = terms === undefined || (terms.length === n && bias!.shape.at(-1) === n);
  if (batch === 1 && isVector) {
    affine(matrix(out, m, n, false), matrix(x, m, k, attrs.transposeA), matrix(y, k, n, attrs.transposeB), terms, relu);
    if (!relu) activate(flat(out));
  } else {
    multiply(out, x, y, sizes, attrs);
    if (terms !== undefined) addInPlace(shaped(out, sizes.shape), shaped(terms, bias!.shape));
    activate(flat(out));
  }
  return finish(backend, sizes.shape, 'float32', out);
}

/** Whether a shape broadcasts to another without making it larger. */
export function broadcastsTo(shape: readonly number[], to: readonly number[]): boolean {
  const lead = to.length - shape.length;
  return lead >= 0 && shape.every((size, d) => size === 1 || size === to[d + lead]);
}

export const matmul: KernelFamily = { BatchMatMul: batchMatMul, _FusedMatMul: fusedMatMul };
