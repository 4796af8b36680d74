// Level 1 in JavaScript: for vectors so short that calling native code would take longer, and for strides of 0. Sums are formed
// in float64, which is at least as accurate as BLAS's own. Vectors start at their first element; strides have signs.
import type { FloatArray } from '../dtype.js';

/** Up to how many elements these loops are faster than a native call: bench/cases/blas.mjs, docs/blas.md. */
export const short = { dot: 256, asum: 96, nrm2: 96, iamax: 96, axpy: 112, update: 24 } as const;

export function dot(n: number, x: FloatArray, sx: number, ox: number, y: FloatArray, sy: number, oy: number): number {
  let sum = 0;
  let ix = ox;
  let iy = oy;
  for (let i = 0; i < n; i++) {
    sum += x[ix]! * y[iy]!;
    ix += sx;
    iy += sy;
  }
  return sum;
}

/** The same of vectors from the start of their arrays, in four sums, so that additions need not wait for one another. */
export function denseDot(n: number, x: FloatArray, y: FloatArray): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    a += x[i]! * y[i]!;
    b += x[i + 1]! * y[i + 1]!;
    c += x[i + 2]! * y[i + 2]!;
    d += x[i + 3]! * y[i + 3]!;
  }
  for (; i < n; i++) a += x[i]! * y[i]!;
  return a + b + (c + d);
}

export function asum(n: number, x: FloatArray, sx: number, ox: number): number {
  let sum = 0;
  let ix = ox;
  for (let i = 0; i < n; i++) {
    sum += Math.abs(x[ix]!);
    ix += sx;
  }
  return sum;
}

/** The root of the sum of squares, scaled where those leave the range of float64. */
export function nrm2(n: number, x: FloatArray, sx: number, ox: number): number {
  let sum = 0;
  let ix = ox;
  for (let i = 0; i < n; i++) {
    const value = x[ix]!;
    sum += value * value;
    ix += sx;
  }
  // Squares that were rounded as subnormal numbers are among what is too small.
  if (sum > 1e-280 && sum < Infinity) return Math.sqrt(sum);
  return scaledNorm(n, x, sx, ox);
}

function scaledNorm(n: number, x: FloatArray, sx: number, ox: number): number {
  let most = 0;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(x[ox + i * sx]!);
    if (Number.isNaN(size)) return NaN;
    most = Math.max(most, size);
  }
  if (most === 0 || most === Infinity) return most;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const part = x[ox + i * sx]! / most;
    sum += part * part;
  }
  return most * Math.sqrt(sum);
}

/** The first of the largest; NaN is above nothing, but stays where it is the first. */
export function iamax(n: number, x: FloatArray, sx: number, ox: number): number {
  if (n === 0) return -1;
  let most = Math.abs(x[ox]!);
  let index = 0;
  for (let i = 1; i < n; i++) {
    const size = Math.abs(x[ox + i * sx]!);
    if (size > most) {
      most = size;
      index = i;
    }
  }
  return index;
}

export function axpy(
  n: number,
  alpha: number,
  x: FloatArray,
  sx: number,
  ox: number,
  y: FloatArray,
  sy: number,
  oy: number,
): void {
  let ix = ox;
  let iy = oy;
  for (let i = 0; i < n; i++) {
    y[iy] = y[iy]! + alpha * x[ix]!;
    ix += sx;
    iy += sy;
  }
}

export function scal(n: number, alpha: number, x: FloatArray, sx: number, ox: number): void {
  let ix = ox;
  for (let i = 0; i < n; i++) {
    x[ix] = alpha * x[ix]!;
    ix += sx;
  }
}

export function copy(n: number, x: FloatArray, sx: number, ox: number, y: FloatArray, sy: number, oy: number): void {
  for (let i = 0; i < n; i++) y[oy + i * sy] = x[ox + i * sx]!;
}

export function swap(n: number, x: FloatArray, sx: number, ox: number, y: FloatArray, sy: number, oy: number): void {
  for (let i = 0; i < n; i++) {
    const value = x[ox + i * sx]!;
    x[ox + i * sx] = y[oy + i * sy]!;
    y[oy + i * sy] = value;
  }
}

/** (x, y) <- (h11 x + h12 y, h21 x + h22 y) of each pair of elements. */
export function rotate(
  n: number,
  x: FloatArray,
  sx: number,
  ox: number,
  y: FloatArray,
  sy: number,
  oy: number,
  h11: number,
  h12: number,
  h21: number,
  h22: number,
): void {
  for (let i = 0; i < n; i++) {
    const u = x[ox + i * sx]!;
    const v = y[oy + i * sy]!;
    x[ox + i * sx] = h11 * u + h12 * v;
    y[oy + i * sy] = h21 * u + h22 * v;
  }
}
