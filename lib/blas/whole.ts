// The short forms of nblas: whole arrays, vectors of stride 1, matrices stored by rows without gaps, float32 or float64 by the
// arrays.
import { type FloatArray, isArrayOf } from '../dtype.js';
import { argumentError, describe, rangeError, renamed } from '../errors.js';
import { type Diag, isRight, isTransposed, type Side, type Transpose, type Uplo } from './choices.js';
import * as products from './gemm.js';
import * as level1 from './level1.js';
import * as level2 from './level2.js';
import * as level3 from './level3.js';
import { checkCount } from './operand.js';
import * as packed from './packed.js';
import * as rotations from './rotations.js';
import * as triangular from './triangular.js';
import * as updates from './updates.js';

/** The routine for the arrays' type. */
function choose<Routine>(call: string, array: unknown, single: Routine, twice: unknown): Routine {
  if (isArrayOf(Float32Array, array)) return single;
  if (isArrayOf(Float64Array, array)) return twice as Routine;
  throw argumentError(call, `expected a Float32Array or a Float64Array, got ${describe(array)}`);
}

/** What `fn` returns; its errors are said to be `call`'s. */
function named<T>(call: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw renamed(call, error);
  }
}

/** The size of vectors that must be of one length. */
function sameLength(call: string, x: FloatArray, y: unknown): number {
  const length = (y as FloatArray | undefined)?.length;
  if (length === x.length || !ArrayBuffer.isView(y)) return x.length;
  throw rangeError(call, `x has ${x.length} elements, and y ${length}`);
}

type F32 = Float32Array;

/**
 * The dot product of two whole vectors.
 *
 * @throws RangeError (ERR_RANGE) for vectors of different lengths. All functions of whole arrays do so.
 * @example
 * dot(new Float64Array([1, 2, 3]), new Float64Array([4, 5, 6])); // 32
 */
export function dot<A extends FloatArray>(x: A, y: A): number {
  const run = choose('dot', x, level1.sdot, level1.ddot);
  return named('dot', () => run(sameLength('dot', x, y), x as F32, 1, y as F32, 1));
}

/** The sum of absolute values. */
export function asum(x: FloatArray): number {
  return named('asum', () => choose('asum', x, level1.sasum, level1.dasum)(x.length, x as F32, 1));
}

/** The Euclidean norm. */
export function nrm2(x: FloatArray): number {
  return named('nrm2', () => choose('nrm2', x, level1.snrm2, level1.dnrm2)(x.length, x as F32, 1));
}

/** The index of the first element of largest absolute value; -1 if there is none. */
export function iamax(x: FloatArray): number {
  return named('iamax', () => choose('iamax', x, level1.isamax, level1.idamax)(x.length, x as F32, 1));
}

/** y <- a x + y. Returns y. */
export function axpy<A extends FloatArray>(x: A, y: A, a = 1): A {
  const run = choose('axpy', x, level1.saxpy, level1.daxpy);
  return named('axpy', () => run(sameLength('axpy', x, y), a, x as F32, 1, y as F32, 1)) as A;
}

/** x <- a x. Returns x. */
export function scal<A extends FloatArray>(x: A, a: number): A {
  return named('scal', () => choose('scal', x, level1.sscal, level1.dscal)(x.length, a, x as F32, 1)) as A;
}

/** y <- x. Returns y. */
export function copy<A extends FloatArray>(x: A, y: A): A {
  const run = choose('copy', x, level1.scopy, level1.dcopy);
  return named('copy', () => run(sameLength('copy', x, y), x as F32, 1, y as F32, 1)) as A;
}

/** Exchanges two vectors. Returns y. */
export function swap<A extends FloatArray>(x: A, y: A): A {
  const run = choose('swap', x, level1.sswap, level1.dswap);
  return named('swap', () => run(sameLength('swap', x, y), x as F32, 1, y as F32, 1)) as A;
}

/** x <- c x + s y and y <- c y - s x. Returns y. */
export function rot<A extends FloatArray>(x: A, y: A, c: number, s: number): A {
  const run = choose('rot', x, level1.srot, level1.drot);
  return named('rot', () => run(sameLength('rot', x, y), x as F32, 1, y as F32, 1, c, s)) as A;
}

/** As `srotm`. Returns y. */
export function rotm<A extends FloatArray>(x: A, y: A, param: A): A {
  const run = choose('rotm', x, level1.srotm, level1.drotm);
  return named('rotm', () => run(sameLength('rotm', x, y), x as F32, 1, y as F32, 1, param as F32)) as A;
}

/** Overwrites arrays of one element by r, z, c and s: see `srotg`. */
export function rotg<A extends FloatArray>(a: A, b: A, c: A, s: A): void {
  const run = choose('rotg', a, rotations.srotg, rotations.drotg);
  named('rotg', () => run(a as F32, b as F32, c as F32, s as F32));
}

/** As `srotmg`. Returns `param`. */
export function rotmg<A extends FloatArray>(d1: A, d2: A, x1: A, y1: number, param: A): A {
  const run = choose('rotmg', d1, rotations.srotmg, rotations.drotmg);
  return named('rotmg', () => run(d1 as F32, d2 as F32, x1 as F32, y1, param as F32)) as A;
}

/** y <- alpha op(a) x + beta y. op(a) has as many rows as y has elements, and as many columns as x. Returns y. */
export function gemv<A extends FloatArray>(a: A, x: A, y: A, alpha = 1, beta = 0, trans: Transpose = 111): A {
  const call = 'gemv';
  const run = choose(call, x, level2.sgemv, level2.dgemv);
  return named(call, () => {
    const [rows, columns] = isTransposed(call, trans) ? [x.length, lengthOf(y)] : [lengthOf(y), x.length];
    const ld = Math.max(1, columns);
    return run('row-major', trans, rows, columns, alpha, a as F32, ld, x as F32, 1, beta, y as F32, 1);
  }) as A;
}

/** The length of what may be no array: the routine says so then. */
const lengthOf = (array: unknown): number => (ArrayBuffer.isView(array) ? (array as FloatArray).length : 0);
/** Sizes that are no numbers are left for the routine to refuse. */
const leadingOf = (size: number): number => (typeof size === 'number' ? Math.max(1, size) : size);

/** As `sgbmv`: y <- alpha op(a) x + beta y. a has a row of kl + ku + 1 elements for each row of the matrix. Returns y. */
export function gbmv<A extends FloatArray>(
  a: A,
  x: A,
  y: A,
  kl = 0,
  ku = 0,
  alpha = 1,
  beta = 0,
  trans: Transpose = 111,
): A {
  const call = 'gbmv';
  const run = choose(call, x, packed.sgbmv, packed.dgbmv);
  return named(call, () => {
    const [m, n] = isTransposed(call, trans) ? [x.length, lengthOf(y)] : [lengthOf(y), x.length];
    const ld = checkCount(call, 'kl', kl) + checkCount(call, 'ku', ku) + 1;
    return run('row-major', trans, m, n, kl, ku, alpha, a as F32, ld, x as F32, 1, beta, y as F32, 1);
  }) as A;
}

/** a <- alpha x y' + a. Returns a. */
export function ger<A extends FloatArray>(a: A, x: A, y: A, alpha = 1): A {
  const run = choose('ger', x, level2.sger, level2.dger);
  const n = lengthOf(y);
  return named('ger', () =>
    run('row-major', x.length, n, alpha, x as F32, 1, y as F32, 1, a as F32, leadingOf(n)),
  ) as A;
}

/** As `ssbmv`: y <- alpha a x + beta y. a has k + 1 elements for each row. Returns y. */
export function sbmv<A extends FloatArray>(a: A, x: A, y: A, k = 0, uplo: Uplo = 121, alpha = 1, beta = 0): A {
  const call = 'sbmv';
  const run = choose(call, x, packed.ssbmv, packed.dsbmv);
  return named(call, () => {
    const ld = checkCount(call, 'k', k) + 1;
    return run('row-major', uplo, x.length, k, alpha, a as F32, ld, x as F32, 1, beta, y as F32, 1);
  }) as A;
}

/** As `sspmv`: y <- alpha ap x + beta y. Returns y. */
export function spmv<A extends FloatArray>(ap: A, x: A, y: A, uplo: Uplo = 121, alpha = 1, beta = 0): A {
  const run = choose('spmv', x, packed.sspmv, packed.dspmv);
  return named('spmv', () => run('row-major', uplo, x.length, alpha, ap as F32, x as F32, 1, beta, y as F32, 1)) as A;
}

/** As `sspr`: ap <- alpha x x' + ap. Returns ap. */
export function spr<A extends FloatArray>(ap: A, x: A, uplo: Uplo = 121, alpha = 1): A {
  const run = choose('spr', x, packed.sspr, packed.dspr);
  return named('spr', () => run('row-major', uplo, x.length, alpha, x as F32, 1, ap as F32)) as A;
}

/** As `sspr2`: ap <- alpha x y' + alpha y x' + ap. Returns ap. */
export function spr2<A extends FloatArray>(ap: A, x: A, y: A, uplo: Uplo = 121, alpha = 1): A {
  const run = choose('spr2', x, packed.sspr2, packed.dspr2);
  return named('spr2', () => run('row-major', uplo, x.length, alpha, x as F32, 1, y as F32, 1, ap as F32)) as A;
}

/** As `ssymv`: y <- alpha a x + beta y. Returns y. */
export function symv<A extends FloatArray>(a: A, x: A, y: A, uplo: Uplo = 121, alpha = 1, beta = 0): A {
  const run = choose('symv', x, level2.ssymv, level2.dsymv);
  return named('symv', () =>
    run('row-major', uplo, x.length, alpha, a as F32, leadingOf(x.length), x as F32, 1, beta, y as F32, 1),
  ) as A;
}

/** As `ssyr`: a <- alpha x x' + a. Returns a. */
export function syr<A extends FloatArray>(a: A, x: A, uplo: Uplo = 121, alpha = 1): A {
  const run = choose('syr', x, updates.ssyr, updates.dsyr);
  return named('syr', () => run('row-major', uplo, x.length, alpha, x as F32, 1, a as F32, leadingOf(x.length))) as A;
}

/** As `ssyr2`: a <- alpha x y' + alpha y x' + a. Returns a. */
export function syr2<A extends FloatArray>(a: A, x: A, y: A, uplo: Uplo = 121, alpha = 1): A {
  const run = choose('syr2', x, updates.ssyr2, updates.dsyr2);
  return named('syr2', () =>
    run('row-major', uplo, x.length, alpha, x as F32, 1, y as F32, 1, a as F32, leadingOf(x.length)),
  ) as A;
}

/** A function of a triangular matrix and a vector: the diagonal alone of a band, as nblas has it. */
const bandForm =
  (call: string, single: typeof packed.stbmv, twice: typeof packed.dtbmv) =>
  <A extends FloatArray>(a: A, x: A, uplo: Uplo = 121, trans: Transpose = 111, diag: Diag = 131): A => {
    const run = choose(call, x, single, twice);
    return named(call, () => run('row-major', uplo, trans, diag, x.length, 0, a as F32, 1, x as F32, 1)) as A;
  };
const packedForm =
  (call: string, single: typeof packed.stpmv, twice: typeof packed.dtpmv) =>
  <A extends FloatArray>(ap: A, x: A, uplo: Uplo = 121, trans: Transpose = 111, diag: Diag = 131): A => {
    const run = choose(call, x, single, twice);
    return named(call, () => run('row-major', uplo, trans, diag, x.length, ap as F32, x as F32, 1)) as A;
  };
const fullForm =
  (call: string, single: typeof triangular.strmv, twice: typeof triangular.dtrmv) =>
  <A extends FloatArray>(a: A, x: A, uplo: Uplo = 121, trans: Transpose = 111, diag: Diag = 131): A => {
    const run = choose(call, x, single, twice);
    const ld = leadingOf(x.length);
    return named(call, () => run('row-major', uplo, trans, diag, x.length, a as F32, ld, x as F32, 1)) as A;
  };

/** As `stbmv` with no diagonal beside the main one: x <- a x, a being the diagonal. Returns x. */
export const tbmv = bandForm('tbmv', packed.stbmv, packed.dtbmv);
/** As `stbsv` with no diagonal beside the main one. Returns x. */
export const tbsv = bandForm('tbsv', packed.stbsv, packed.dtbsv);
/** As `stpmv`: x <- op(ap) x. Returns x. */
export const tpmv = packedForm('tpmv', packed.stpmv, packed.dtpmv);
/** As `stpsv`: x <- op(ap)^-1 x. Returns x. */
export const tpsv = packedForm('tpsv', packed.stpsv, packed.dtpsv);
/** As `strmv`: x <- op(a) x. Returns x. */
export const trmv = fullForm('trmv', triangular.strmv, triangular.dtrmv);
/** As `strsv`: x <- op(a)^-1 x. Returns x. */
export const trsv = fullForm('trsv', triangular.strsv, triangular.dtrsv);

/**
 * c [m, n] <- alpha op(a) op(b) + beta c, with sums of length k. Returns c.
 *
 * @example
 * const [a, b] = [new Float64Array([1, 2, 3, 4]), new Float64Array([1, 0, 0, 2])];
 * gemm(a, b, new Float64Array(4), 2, 2, 2); // [1, 4, 3, 8]
 */
export function gemm<A extends FloatArray>(
  a: A,
  b: A,
  c: A,
  m: number,
  n: number,
  k: number,
  transa: Transpose = 111,
  transb: Transpose = 111,
  alpha = 1,
  beta = 0,
): A {
  const call = 'gemm';
  const run = choose(call, a, products.sgemm, products.dgemm);
  return named(call, () => {
    const lda = leadingOf(isTransposed(call, transa, 'transa') ? m : k);
    const ldb = leadingOf(isTransposed(call, transb, 'transb') ? k : n);
    const [x, y, z] = [a as F32, b as F32, c as F32];
    return run('row-major', transa, transb, m, n, k, alpha, x, lda, y, ldb, beta, z, leadingOf(n));
  }) as A;
}

/** As `ssymm`: c [m, n] <- alpha a b + beta c, or alpha b a + beta c from the right. Returns c. */
export function symm<A extends FloatArray>(
  a: A,
  b: A,
  c: A,
  m: number,
  n: number,
  side: Side = 141,
  uplo: Uplo = 121,
  alpha = 1,
  beta = 0,
): A {
  const call = 'symm';
  const run = choose(call, a, level3.ssymm, level3.dsymm);
  return named(call, () => {
    const lda = leadingOf(isRight(call, side) ? n : m);
    const [x, y, z] = [a as F32, b as F32, c as F32];
    return run('row-major', side, uplo, m, n, alpha, x, lda, y, leadingOf(n), beta, z, leadingOf(n));
  }) as A;
}

/** As `ssyrk`: c [n, n] <- alpha a a' + beta c with a [n, k], or alpha a' a + beta c with a [k, n]. Returns c. */
export function syrk<A extends FloatArray>(
  a: A,
  c: A,
  n: number,
  k: number,
  uplo: Uplo = 121,
  trans: Transpose = 111,
  alpha = 1,
  beta = 0,
): A {
  const call = 'syrk';
  const run = choose(call, a, level3.ssyrk, level3.dsyrk);
  return named(call, () => {
    const lda = leadingOf(isTransposed(call, trans) ? n : k);
    return run('row-major', uplo, trans, n, k, alpha, a as F32, lda, beta, c as F32, leadingOf(n));
  }) as A;
}

/** As `ssyr2k`: c [n, n] <- alpha a b' + alpha b a' + beta c. Returns c. */
export function syr2k<A extends FloatArray>(
  a: A,
  b: A,
  c: A,
  n: number,
  k: number,
  uplo: Uplo = 121,
  trans: Transpose = 111,
  alpha = 1,
  beta = 0,
): A {
  const call = 'syr2k';
  const run = choose(call, a, level3.ssyr2k, level3.dsyr2k);
  return named(call, () => {
    const ld = leadingOf(isTransposed(call, trans) ? n : k);
    const [x, y, z] = [a as F32, b as F32, c as F32];
    return run('row-major', uplo, trans, n, k, alpha, x, ld, y, ld, beta, z, leadingOf(n));
  }) as A;
}

const matrixForm =
  (call: string, single: typeof level3.strmm, twice: typeof level3.dtrmm) =>
  <A extends FloatArray>(
    a: A,
    b: A,
    m: number,
    n: number,
    side: Side = 141,
    uplo: Uplo = 121,
    transa: Transpose = 111,
    diag: Diag = 131,
    alpha = 1,
  ): A => {
    const run = choose(call, a, single, twice);
    return named(call, () => {
      const lda = leadingOf(isRight(call, side) ? n : m);
      const [x, y] = [a as F32, b as F32];
      return run('row-major', side, uplo, transa, diag, m, n, alpha, x, lda, y, leadingOf(n));
    }) as A;
  };

/** As `strmm`: b [m, n] <- alpha op(a) b, or alpha b op(a) from the right. Returns b. */
export const trmm = matrixForm('trmm', level3.strmm, level3.dtrmm);
/** As `strsm`: b [m, n] <- alpha op(a)^-1 b, or alpha b op(a)^-1 from the right. Returns b. */
export const trsm = matrixForm('trsm', level3.strsm, level3.dtrsm);
