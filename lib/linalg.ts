// Linear algebra above tensors: the largest singular value of a matrix, by Golub-Kahan-Lanczos bidiagonalisation.
import { checkNumber, checkOptions } from './arguments.js';
import { matmul } from './combine.js';
import { zeros } from './creation.js';
import type { DType } from './dtype.js';
import { argumentError, dtypeError, rangeError, shapeError, stateError } from './errors.js';
import { Generator } from './random.js';
import { checkSize, formatShape } from './shape.js';
import { operand, type Tensor } from './tensor/index.js';

/** Options of `largestSingularValue`. */
export interface SingularValueOptions {
  /** Largest relative error; 1e-6 by default. */
  tolerance?: number;
  /** Most products with the matrix and as many with its transpose; 1000 by default. */
  maxIterations?: number;
  /** Where the starting vector comes from; a fixed seed by default, so that the result is repeatable. */
  generator?: Generator;
}

/** How many iterations go by between two looks at the residual: solving the small problem costs as much as one of them. */
const checkEvery = 4;

/** Beyond these powers of two, elements are scaled first, so that no square leaves the dtype. */
const comfortable = 48;
const mostScaling = { float32: 126, float64: 1022 };

/**
 * The largest singular value (spectral norm) of a matrix: Golub-Kahan-Lanczos bidiagonalisation (Golub and Kahan 1965)
 * with full reorthogonalisation. Uses the matrix only in products with it and with its transpose, so A'A, whose condition
 * is the square of A's, is never formed. Stops once the singular triplet's residual |A'u - s v| is at most
 * `tolerance * s`: then a singular value lies within `tolerance * s` of the result, and the result's own error is
 * smaller still, of the order of tolerance^2 over the relative gap to the next one.
 *
 * @param a a float32 or float64 matrix, of any shape and strides
 * @returns the value in the matrix's own unit; 0 for an empty matrix
 * @throws RangeError (ERR_SHAPE) unless there are two dimensions, TypeError (ERR_DTYPE) for other dtypes, RangeError (ERR_RANGE) for elements that are not finite
 * and options out of range, RangeError (ERR_STATE) where `maxIterations` do not reach the tolerance
 * @example
 * const a = randn(512, 512);
 * a.div_(largestSingularValue(a)); // now no vector grows under a
 */
export function largestSingularValue(a: Tensor, options?: SingularValueOptions): number {
  const call = 'largestSingularValue';
  const { shape } = operand(call, a);
  if (shape.length !== 2) throw shapeError(call, `expected a matrix, got shape ${formatShape(shape)}`);
  if (a.dtype !== 'float32' && a.dtype !== 'float64') {
    throw dtypeError(call, `expected float32 or float64, got ${a.dtype}; convert with to()`);
  }
  const { tolerance = 1e-6, maxIterations = 1000, generator = new Generator(0) } = checkOptions(call, options);
  if (!(checkNumber(call, 'tolerance', tolerance) > 0)) {
    throw rangeError(call, `tolerance must be above 0, got ${tolerance}`);
  }
  if (checkSize(call, maxIterations, 'maxIterations') < 1) throw rangeError(call, 'maxIterations must be 1 or more');
  if (!(generator instanceof Generator)) throw argumentError(call, 'generator must be a Generator');
  if (a.numel() === 0) return 0;

  const largest = Math.max(-a.min().item(), a.max().item());
  if (!Number.isFinite(largest)) throw rangeError(call, 'the matrix has elements that are not finite');
  if (largest === 0) return 0;
  const exponent = -Math.floor(Math.log2(largest));
  const factor = Math.abs(exponent) > comfortable ? 2 ** Math.min(exponent, mostScaling[a.dtype]) : 1;
  const scaled = factor === 1 ? a : a.mul(factor);
  // Wide matrices are transposed: the bidiagonal matrix is complete after as many steps as there are columns.
  const tall = scaled.size(0) < scaled.size(1) ? scaled.t() : scaled;
  const operator: LinearOperator = {
    columns: tall.size(1),
    dtype: a.dtype,
    apply: (v) => matmul(tall, v),
    applyTransposed: (u) => matmul(tall.t(), u),
  };
  return operatorNorm(call, operator, tolerance, maxIterations, generator) / factor;
}

/** A matrix that is known by its products with vectors alone. */
export interface LinearOperator {
  readonly columns: number;
  readonly dtype: 'float32' | 'float64';
  /** Its product with a vector [columns]. */
  apply(v: Tensor): Tensor;
  /** The product of its transpose with a vector of its other side. */
  applyTransposed(u: Tensor): Tensor;
}

/**
 * The largest singular value of an operator of finite elements.
 *
 * A V = U B and A'U = V B' + beta v e', B with `alphas` on the diagonal and `betas` above it. Only V is kept and
 * orthogonalised: U then stays orthogonal enough by itself (Simon and Zha 2000).
 */
export function operatorNorm(
  call: string,
  a: LinearOperator,
  tolerance: number,
  maxIterations: number,
  generator: Generator,
): number {
  const { columns } = a;
  const steps = Math.min(columns, maxIterations);
  const basis = new Basis(columns, a.dtype);
  const alphas: number[] = [];
  const betas: number[] = [];
  /** Below this, a norm is nothing but rounding. */
  let negligible = 0;
  let top: Top = { value: 0, error: Number.POSITIVE_INFINITY };
  let v = basis.append(zeros([columns], { dtype: a.dtype }).normal_(0, 1, { generator }));
  let u = a.apply(v);
  for (let k = 1; k <= steps; k++) {
    const alpha = u.norm().item();
    if (k === 1) negligible = alpha * 2 ** (a.dtype === 'float64' ? -48 : -20);
    alphas.push(alpha);
    // The Krylov space is used up: the singular vectors outside it are at right angles to a random vector.
    if (alpha <= negligible) return topOf(alphas, betas).value;
    u.div_(alpha);
    const w = a.applyTransposed(u).sub_(v.mul(alpha));
    const beta = basis.orthogonalise(w);
    betas.push(beta);
    const spent = k === columns || beta <= negligible;
    if (spent || k === steps || k % checkEvery === 0) {
      top = topOf(alphas, betas);
      if (spent || top.error <= tolerance * top.value) return top.value;
    }
    v = basis.append(w);
    u = a.apply(v).sub_(u.mul(beta));
  }
  const reached = (top.error / top.value).toExponential(1);
  throw stateError(
    call,
    `${maxIterations} iterations left an error of about ${reached}, above the tolerance ${tolerance}`,
  );
}

/** Orthonormal vectors, as the rows of a matrix that grows. */
class Basis {
  #rows: Tensor;
  #count = 0;

  constructor(length: number, dtype: DType) {
    this.#rows = zeros([Math.min(32, length), length], { dtype });
  }

  /**
   * Takes out of `w` what lies along the vectors, and returns the norm of what is left. Once more where much was taken:
   * twice is enough (Daniel et al. 1976).
   */
  orthogonalise(w: Tensor): number {
    const rows = this.#rows.narrow(0, 0, this.#count);
    let before = w.norm().item();
    for (let pass = 1; ; pass++) {
      w.sub_(matmul(rows.t(), matmul(rows, w)));
      const after = w.norm().item();
      if (pass === 2 || after > 0.7 * before) return after;
      before = after;
    }
  }

  /** Adds the direction of `w`, and returns it as a unit vector. */
  append(w: Tensor): Tensor {
    const [capacity, length] = this.#rows.shape as [number, number];
    if (this.#count === capacity) {
      const grown = zeros([2 * capacity, length], { dtype: w.dtype });
      grown.narrow(0, 0, capacity).copy_(this.#rows);
      this.#rows = grown;
    }
    return this.#rows.select(0, this.#count++).copy_(w.div_(w.norm().item()));
  }
}

interface Top {
  /** The largest singular value of the small problem. */
  readonly value: number;
  /** How far from it the matrix's own may be. */
  readonly error: number;
}

/**
 * The largest singular value s of the upper bidiagonal B, and how far it may be from one of A: by the residual
 * r = beta_k |p_k| that its left singular vector p leaves (beta_k: the last of `betas`, which is outside B), or by r^2
 * over the gap to the next one (Kato and Temple), whichever is less.
 *
 * The pivots d_i of B B' - x tell how many eigenvalues lie above x. s^2 is the largest root of the last one, and
 * p_k^2 = -1 / d_k'(s^2), from one recurrence whose terms all have one sign there, so that nothing cancels.
 */
function topOf(alphas: readonly number[], betas: readonly number[]): Top {
  const k = alphas.length;
  const diagonal = alphas.map((alpha, i) => alpha ** 2 + (i < k - 1 ? betas[i]! ** 2 : 0));
  const offSquared = alphas.slice(1).map((alpha, i) => (alpha * betas[i]!) ** 2);
  const above = (x: number) => {
    let d = diagonal[0]! - x;
    let count = d > 0 ? 1 : 0;
    for (let i = 1; i < k; i++) {
      d = diagonal[i]! - x - offSquared[i - 1]! / (d || Number.MIN_VALUE);
      if (d > 0) count++;
    }
    return count;
  };
  /** Bisection for eigenvalue number `rank` from the top, which is at most `from`: not below it, nor far above. */
  const eigenvalue = (rank: number, from: number, relative: number) => {
    let [low, high] = [0, from];
    while (high - low > relative * from) {
      const middle = (low + high) / 2;
      if (above(middle) >= rank) low = middle;
      else high = middle;
    }
    return high;
  };
  let bound = 0;
  for (let i = 0; i < k; i++) {
    const reach = Math.sqrt(offSquared[i - 1] ?? 0) + Math.sqrt(offSquared[i] ?? 0);
    bound = Math.max(bound, diagonal[i]! + reach);
  }
  const squared = eigenvalue(1, bound, 4 * Number.EPSILON);
  let d = diagonal[0]! - squared;
  let slope = -1;
  for (let i = 1; i < k; i++) {
    slope = -1 + (offSquared[i - 1]! / d ** 2) * slope;
    d = diagonal[i]! - squared - offSquared[i - 1]! / d;
  }
  const value = Math.sqrt(squared);
  const residual = (betas[k - 1] ?? 0) / Math.sqrt(-slope);
  const gap = k === 1 ? 0 : value - Math.sqrt(eigenvalue(2, squared, 1e-4));
  return { value, error: Math.min(residual, residual ** 2 / gap) };
}
