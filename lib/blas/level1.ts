// BLAS on vectors.
import type { FloatArray } from '../dtype.js';
import {
  addParameter,
  addVector,
  beginPlan,
  beginReduction,
  isFastLaneOpen,
  kernelId,
  reducePlan,
  run,
  runPlan,
  tryPlan,
} from '../run.js';
import type { View } from '../view.js';
import * as loops from './loops.js';
import {
  areSame,
  checkApart,
  checkArray,
  checkCount,
  checkReach,
  checkScalar,
  firstOf,
  isDense,
  type Kind,
  outputVector,
  single,
  stepOf,
  twice,
  type VectorView,
  vector,
} from './operand.js';

const dotKernel = kernelId('blas_dot');
const dsdotKernel = kernelId('blas_dsdot');
const asumKernel = kernelId('blas_asum');
const nrm2Kernel = kernelId('blas_nrm2');
const iamaxKernel = kernelId('blas_iamax');
const axpyKernel = kernelId('blas_axpy');
const copyKernel = kernelId('blas_copy');
const swapKernel = kernelId('blas_swap');
const rotKernel = kernelId('blas_rot');
const rotmKernel = kernelId('blas_rotm');
const scalKernel = kernelId('mul_scalar');

/** Where kernels leave a number. */
const result: View = { array: new Float64Array(1), dtype: 'float64', shape: [1], strides: [1], offset: 0 };

/** Whether kernels cannot or need not be asked. */
const isShort = (n: number, limit: number, x: VectorView, y = x) =>
  n <= limit || x.strides[0] === 0 || y.strides[0] === 0;

const opposite = (x: VectorView, y: VectorView) => (x.backwards === y.backwards ? 0 : 1);

/** The number that a kernel computes of vectors. */
function reduce(call: string, kernel: number, views: readonly View[], params: readonly number[]): number {
  run(call, kernel, [result, ...views], params);
  return result.array[0] as number;
}

/** Checks two vectors that are both written to, or of which the second is. */
function checkPair(call: string, x: VectorView, y: VectorView): void {
  if (!areSame(x, y)) checkApart(call, 'y', y, 'x', x);
}

type Dot<A> = (N: number, x: A, strideX: number, y: A, strideY: number) => number;
type DotAt<A> = (N: number, x: A, strideX: number, offsetX: number, y: A, strideY: number, offsetY: number) => number;

function dotRoutine<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  kernel: number,
  finish: (sum: number) => number,
): Dot<A> & { readonly ndarray: DotAt<A> } {
  const compute = (n: number, x: VectorView, y: VectorView) => {
    if (isShort(n, loops.short.dot, x, y)) {
      return finish(loops.dot(n, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y)));
    }
    return finish(reduce(call, kernel, [x, y], [opposite(x, y)]));
  };
  const main: Dot<A> = (N, x, strideX, y, strideY) => {
    if (isDense(kind, N, x, strideX) && isDense(kind, N, y, strideY)) {
      if (N <= loops.short.dot) return finish(loops.denseDot(N, x, y));
      if (isFastLaneOpen()) {
        const at = addVector(addVector(beginReduction(kernel), kind.code, N), kind.code, N);
        return finish(reducePlan(call, addParameter(at, 0), x, y));
      }
    }
    const n = checkCount(call, 'N', N);
    return compute(n, vector(call, 'x', kind, n, x, strideX), vector(call, 'y', kind, n, y, strideY));
  };
  const ndarray: DotAt<A> = (N, x, strideX, offsetX, y, strideY, offsetY) => {
    const n = checkCount(call, 'N', N);
    const [u, v] = [vector(call, 'x', kind, n, x, strideX, offsetX), vector(call, 'y', kind, n, y, strideY, offsetY)];
    return compute(n, u, v);
  };
  return Object.assign(main, { ndarray });
}

/**
 * The dot product of two vectors of float32. `sdot.ndarray(N, x, strideX, offsetX, y, strideY, offsetY)` starts anywhere.
 *
 * A vector is every `stride`-th element of an array; with a negative stride it runs backwards, from the end of that part.
 *
 * @throws RangeError (ERR_RANGE) for a count, stride or offset that leads outside an array; TypeError (ERR_DTYPE, ERR_ARGUMENT)
 * for other arrays, (ERR_DETACHED) for one without memory. All routines do so.
 * @example
 * sdot(3, new Float32Array([1, 2, 3]), 1, new Float32Array([4, 5, 6]), 1); // 32
 */
export const sdot = dotRoutine('sdot', single, dotKernel, Math.fround);
/** As `sdot`, in float64. */
export const ddot = dotRoutine('ddot', twice, dotKernel, (sum) => sum);
/**
 * The dot product of two vectors of float32, formed and returned in float64.
 *
 * @example
 * dsdot(2, new Float32Array([1e8, 1]), 1, new Float32Array([1, 1]), 1); // 100000001
 */
export const dsdot = dotRoutine('dsdot', single, dsdotKernel, (sum) => sum);

/**
 * A number plus the dot product of two vectors of float32, formed in float64 and rounded to float32 at the end.
 *
 * @example
 * sdsdot(2, 1, new Float32Array([1, 2]), 1, new Float32Array([3, 4]), 1); // 12
 */
export const sdsdot = /* @__PURE__ */ (() => {
  const call = 'sdsdot';
  const dot = dotRoutine(call, single, dsdotKernel, (sum) => sum);
  const main = (
    N: number,
    scalar: number,
    x: Float32Array,
    strideX: number,
    y: Float32Array,
    strideY: number,
  ): number => Math.fround(checkScalar(call, 'scalar', scalar, single) + dot(N, x, strideX, y, strideY));
  const ndarray = (
    N: number,
    scalar: number,
    x: Float32Array,
    strideX: number,
    offsetX: number,
    y: Float32Array,
    strideY: number,
    offsetY: number,
  ): number =>
    Math.fround(checkScalar(call, 'scalar', scalar, single) + dot.ndarray(N, x, strideX, offsetX, y, strideY, offsetY));
  return Object.assign(main, { ndarray });
})();

type Measure<A> = (N: number, x: A, strideX: number) => number;
type MeasureAt<A> = (N: number, x: A, strideX: number, offsetX: number) => number;
type Loop = (n: number, x: FloatArray, stride: number, first: number) => number;

function measure<A extends FloatArray>(
  call: string,
  kind: Kind<A>,
  kernel: number,
  limit: number,
  loop: Loop,
  finish: (value: number) => number,
): Measure<A> & { readonly ndarray: MeasureAt<A> } {
  const params = kernel === iamaxKernel ? (x: VectorView) => [Number(x.backwards)] : () => [];
  const compute = (n: number, x: VectorView) =>
    finish(isShort(n, limit, x) ? loop(n, x.array, stepOf(x), firstOf(x)) : reduce(call, kernel, [x], params(x)));
  const main: Measure<A> = (N, x, strideX) => {
    if (isDense(kind, N, x, strideX)) {
      if (N <= limit) return finish(loop(N, x, 1, 0));
      if (isFastLaneOpen()) {
        const at = addVector(beginReduction(kernel), kind.code, N);
        return finish(reducePlan(call, kernel === iamaxKernel ? addParameter(at, 0) : at, x));
      }
    }
    const n = checkCount(call, 'N', N);
    return compute(n, vector(call, 'x', kind, n, x, strideX));
  };
  const ndarray: MeasureAt<A> = (N, x, strideX, offsetX) => {
    const n = checkCount(call, 'N', N);
    return compute(n, vector(call, 'x', kind, n, x, strideX, offsetX));
  };
  return Object.assign(main, { ndarray });
}

const same = (x: number) => x;

/**
 * The sum of the absolute values of a vector of float32.
 *
 * @example
 * sasum(3, new Float32Array([1, -2, 3]), 1); // 6
 */
export const sasum = measure('sasum', single, asumKernel, loops.short.asum, loops.asum, Math.fround);
/** As `sasum`, in float64. */
export const dasum = measure('dasum', twice, asumKernel, loops.short.asum, loops.asum, same);
/**
 * The Euclidean norm of a vector of float32; squares that would overflow do no harm.
 *
 * @example
 * snrm2(2, new Float32Array([3e38, 0]), 1); // 3e38, as float32 has it
 */
export const snrm2 = measure('snrm2', single, nrm2Kernel, loops.short.nrm2, loops.nrm2, Math.fround);
/** As `snrm2`, in float64. */
export const dnrm2 = measure('dnrm2', twice, nrm2Kernel, loops.short.nrm2, loops.nrm2, same);
/**
 * The index, from 0 on, of the first element of largest absolute value; -1 if there are none. NaN is larger than nothing, but
 * stays where it is the first.
 *
 * @example
 * isamax(3, new Float32Array([1, -3, 2]), 1); // 1
 */
export const isamax = measure('isamax', single, iamaxKernel, loops.short.iamax, loops.iamax, same);
/** As `isamax`, in float64. */
export const idamax = measure('idamax', twice, iamaxKernel, loops.short.iamax, loops.iamax, same);

type Axpy<A> = (N: number, alpha: number, x: A, strideX: number, y: A, strideY: number) => A;
type AxpyAt<A> = (
  N: number,
  alpha: number,
  x: A,
  strideX: number,
  offsetX: number,
  y: A,
  strideY: number,
  offsetY: number,
) => A;

function axpyRoutine<A extends FloatArray>(call: string, kind: Kind<A>): Axpy<A> & { readonly ndarray: AxpyAt<A> } {
  const compute = (n: number, factor: unknown, x: VectorView, y: VectorView) => {
    const alpha = checkScalar(call, 'alpha', factor, kind);
    checkPair(call, x, y);
    if (alpha === 0 || n === 0) return y.array as A;
    if (isShort(n, loops.short.axpy, x)) {
      loops.axpy(n, alpha, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y));
    } else run(call, axpyKernel, [y, x], [opposite(x, y), alpha]);
    return y.array as A;
  };
  const main: Axpy<A> = (N, alpha, x, strideX, y, strideY) => {
    if (isDense(kind, N, x, strideX) && isDense(kind, N, y, strideY) && typeof alpha === 'number') {
      const factor = kind.round(alpha);
      if (factor !== 0 && isFastLaneOpen()) {
        if (N > loops.short.axpy) {
          const at = addVector(addVector(beginPlan(axpyKernel), kind.code, N), kind.code, N);
          // The kernel refuses vectors that overlap; below is said what is wrong with them.
          if (tryPlan(addParameter(addParameter(at, 0), factor), y, x)) return y;
        } else if (x === y || x.buffer !== y.buffer) {
          loops.axpy(N, factor, x, 1, 0, y, 1, 0);
          return y;
        }
      }
    }
    const n = checkCount(call, 'N', N);
    return compute(n, alpha, vector(call, 'x', kind, n, x, strideX), outputVector(call, 'y', kind, n, y, strideY));
  };
  const ndarray: AxpyAt<A> = (N, alpha, x, strideX, offsetX, y, strideY, offsetY) => {
    const n = checkCount(call, 'N', N);
    const u = vector(call, 'x', kind, n, x, strideX, offsetX);
    return compute(n, alpha, u, outputVector(call, 'y', kind, n, y, strideY, offsetY));
  };
  return Object.assign(main, { ndarray });
}

/**
 * Adds a multiple of a vector to another: y <- alpha x + y. Returns y. x may be y itself; otherwise the two must not share
 * elements (ERR_ARGUMENT). With alpha = 0 nothing is read.
 *
 * @example
 * saxpy(2, 10, new Float32Array([1, 2]), 1, new Float32Array([3, 4]), 1); // [13, 24]
 */
export const saxpy = axpyRoutine('saxpy', single);
/** As `saxpy`, in float64. */
export const daxpy = axpyRoutine('daxpy', twice);

type Scal<A> = (N: number, alpha: number, x: A, strideX: number) => A;
type ScalAt<A> = (N: number, alpha: number, x: A, strideX: number, offsetX: number) => A;

function scalRoutine<A extends FloatArray>(call: string, kind: Kind<A>): Scal<A> & { readonly ndarray: ScalAt<A> } {
  const compute = (n: number, factor: unknown, x: VectorView) => {
    const alpha = checkScalar(call, 'alpha', factor, kind);
    if (n <= loops.short.update) loops.scal(n, alpha, x.array, stepOf(x), firstOf(x));
    else run(call, scalKernel, [x, x], [alpha]);
    return x.array as A;
  };
  const main: Scal<A> = (N, alpha, x, strideX) => {
    if (isDense(kind, N, x, strideX) && typeof alpha === 'number' && isFastLaneOpen()) {
      const factor = kind.round(alpha);
      if (N <= loops.short.update) loops.scal(N, factor, x, 1, 0);
      else {
        const at = addVector(addVector(beginPlan(scalKernel), kind.code, N), kind.code, N);
        runPlan(call, addParameter(at, factor), x, x);
      }
      return x;
    }
    const n = checkCount(call, 'N', N);
    return compute(n, alpha, outputVector(call, 'x', kind, n, x, strideX));
  };
  const ndarray: ScalAt<A> = (N, alpha, x, strideX, offsetX) => {
    const n = checkCount(call, 'N', N);
    return compute(n, alpha, outputVector(call, 'x', kind, n, x, strideX, offsetX));
  };
  return Object.assign(main, { ndarray });
}

/**
 * Multiplies a vector by a number: x <- alpha x. Returns x. NaN and infinities times 0 are NaN.
 *
 * @example
 * sscal(2, 10, new Float32Array([1, 2]), 1); // [10, 20]
 */
export const sscal = scalRoutine('sscal', single);
/** As `sscal`, in float64. */
export const dscal = scalRoutine('dscal', twice);

type Pair<A> = (N: number, x: A, strideX: number, y: A, strideY: number) => A;
type PairAt<A> = (N: number, x: A, strideX: number, offsetX: number, y: A, strideY: number, offsetY: number) => A;

function copyRoutine<A extends FloatArray>(call: string, kind: Kind<A>): Pair<A> & { readonly ndarray: PairAt<A> } {
  const compute = (n: number, x: VectorView, y: VectorView) => {
    checkPair(call, x, y);
    if (isShort(n, loops.short.update, x)) {
      loops.copy(n, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y));
    } else run(call, copyKernel, [y, x], [opposite(x, y)]);
    return y.array as A;
  };
  const main: Pair<A> = (N, x, strideX, y, strideY) => {
    const n = checkCount(call, 'N', N);
    return compute(n, vector(call, 'x', kind, n, x, strideX), outputVector(call, 'y', kind, n, y, strideY));
  };
  const ndarray: PairAt<A> = (N, x, strideX, offsetX, y, strideY, offsetY) => {
    const n = checkCount(call, 'N', N);
    const u = vector(call, 'x', kind, n, x, strideX, offsetX);
    return compute(n, u, outputVector(call, 'y', kind, n, y, strideY, offsetY));
  };
  return Object.assign(main, { ndarray });
}

/**
 * Copies a vector: y <- x. Returns y.
 *
 * @example
 * scopy(3, new Float32Array([1, 2, 3]), 1, new Float32Array(3), -1); // [3, 2, 1]
 */
export const scopy = copyRoutine('scopy', single);
/** As `scopy`, in float64. */
export const dcopy = copyRoutine('dcopy', twice);

/** A routine that changes two vectors, given the checked ones and what comes after them. */
function pairRoutine<A extends FloatArray, Rest extends unknown[]>(
  call: string,
  kind: Kind<A>,
  compute: (n: number, x: VectorView, y: VectorView, ...rest: Rest) => void,
) {
  const main = (N: number, x: A, strideX: number, y: A, strideY: number, ...rest: Rest): A => {
    const n = checkCount(call, 'N', N);
    const u = outputVector(call, 'x', kind, n, x, strideX);
    const v = outputVector(call, 'y', kind, n, y, strideY);
    checkApart(call, 'y', v, 'x', u);
    compute(n, u, v, ...rest);
    return y;
  };
  const ndarray = (
    N: number,
    x: A,
    strideX: number,
    offsetX: number,
    y: A,
    strideY: number,
    offsetY: number,
    ...rest: Rest
  ): A => {
    const n = checkCount(call, 'N', N);
    const u = outputVector(call, 'x', kind, n, x, strideX, offsetX);
    const v = outputVector(call, 'y', kind, n, y, strideY, offsetY);
    checkApart(call, 'y', v, 'x', u);
    compute(n, u, v, ...rest);
    return y;
  };
  return Object.assign(main, { ndarray });
}

const swapRoutine = <A extends FloatArray>(call: string, kind: Kind<A>) =>
  pairRoutine<A, []>(call, kind, (n, x, y) => {
    if (n <= loops.short.update) loops.swap(n, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y));
    else run(call, swapKernel, [x, y], [opposite(x, y)]);
  });

/**
 * Exchanges two vectors. Returns y.
 *
 * @example
 * sswap(2, new Float32Array([1, 2]), 1, new Float32Array([3, 4]), 1); // [1, 2]
 */
export const sswap = swapRoutine('sswap', single);
/** As `sswap`, in float64. */
export const dswap = swapRoutine('dswap', twice);

const rotRoutine = <A extends FloatArray>(call: string, kind: Kind<A>) =>
  pairRoutine<A, [c: number, s: number]>(call, kind, (n, x, y, cosine, sine) => {
    const c = checkScalar(call, 'c', cosine, kind);
    const s = checkScalar(call, 's', sine, kind);
    if (n <= loops.short.update) {
      loops.rotate(n, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y), c, s, -s, c);
    } else run(call, rotKernel, [x, y], [opposite(x, y), c, s]);
  });

/**
 * Rotates the points (x_i, y_i): x <- c x + s y and y <- c y - s x. Returns y.
 *
 * @example
 * srot(1, new Float32Array([3]), 1, new Float32Array([4]), 1, 0.6, 0.8); // [0]; x is [5]
 */
export const srot = rotRoutine('srot', single);
/** As `srot`, in float64. */
export const drot = rotRoutine('drot', twice);

/** The matrix H of a modified rotation: what `param` leaves out is 0, 1 or -1. */
function modified(param: FloatArray): [h11: number, h12: number, h21: number, h22: number] | undefined {
  const [flag, h11, h21, h12, h22] = param as unknown as [number, number, number, number, number];
  if (flag === -2) return undefined;
  if (flag < 0) return [h11, h12, h21, h22];
  return flag === 0 ? [1, h12, h21, 1] : [h11, 1, -1, h22];
}

const rotmRoutine = <A extends FloatArray>(call: string, kind: Kind<A>) =>
  pairRoutine<A, [param: A]>(call, kind, (n, x, y, given) => {
    const param = checkArray(call, 'param', given, kind);
    checkReach(call, 'param', param, 0, 4);
    const h = modified(param);
    if (h === undefined) return;
    if (n <= loops.short.update) {
      loops.rotate(n, x.array, stepOf(x), firstOf(x), y.array, stepOf(y), firstOf(y), ...h);
    } else run(call, rotmKernel, [x, y], [opposite(x, y), ...param.subarray(0, 5)]);
  });

/**
 * Applies a modified rotation, made by `srotmg`, to the points (x_i, y_i): multiplies them by H. Returns y.
 * `param` is [flag, h11, h21, h12, h22]: with a flag of -1 that is H, with 0 its diagonal is 1, with 1 h12 is 1 and h21 -1, with -2
 * nothing is done.
 *
 * @example
 * srotm(1, new Float32Array([1]), 1, new Float32Array([2]), 1, new Float32Array([-1, 1, 0, 1, 1])); // [2]; x is [3]
 */
export const srotm = rotmRoutine('srotm', single);
/** As `srotm`, in float64. */
export const drotm = rotmRoutine('drotm', twice);
