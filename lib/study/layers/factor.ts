// A factor of a Gram matrix that may be singular: Cholesky's with pivoting (Higham, "Analysis of the Cholesky decomposition of a
// semi-definite matrix", 1990).

/** G = L L' for a positive semi-definite G [n, n]. */
export interface GramFactor {
  /** Of G, but for rows that are the others' combinations to within rounding. */
  readonly rank: number;
  /** Rows of G that are independent, in the order in which they were taken: row pivots[k] of L ends at column k. */
  readonly pivots: readonly number[];
  /** L [n, rank] in row-major order; NaN in rows of G whose diagonal is not finite. */
  readonly l: Float64Array;
}

/**
 * What is left of a vector's square norm, as a share of it, below which the vector is taken to lie in the others' span. The
 * products of float32 numbers are exact in float64 and their sums good to 1e-15 or so, so that what is left is good to a
 * percent there; a vector's own rounding to float32 leaves 4e-15 at most.
 */
const tolerance = 1e-13;

/** Factors G, a Gram matrix in row-major order. A diagonal of 0 is a vector of zeros. */
export function factorGram(g: Float64Array, n: number): GramFactor {
  // Of unit vectors, so that long ones do not hide short ones.
  const norms = Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(0, g[i * n + i]!)));
  const usable = norms.map((norm) => norm > 0 && Number.isFinite(norm));
  const left = usable.map((is) => (is ? 1 : 0));
  const columns: Float64Array[] = [];
  const pivots: number[] = [];
  for (;;) {
    let pivot = -1;
    for (let i = 0; i < n; i++) {
      if (left[i]! > tolerance && (pivot < 0 || left[i]! > left[pivot]!)) pivot = i;
    }
    if (pivot < 0) break;
    const root = Math.sqrt(left[pivot]!);
    const column = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      if (!usable[i] || pivots.includes(i)) continue;
      let value = g[i * n + pivot]! / norms[i]! / norms[pivot]!;
      for (const other of columns) value -= other[i]! * other[pivot]!;
      column[i] = value / root;
      left[i]! -= column[i]! ** 2;
    }
    column[pivot] = root;
    left[pivot] = 0;
    columns.push(column);
    pivots.push(pivot);
  }
  const rank = pivots.length;
  const l = new Float64Array(n * rank);
  for (let i = 0; i < n; i++) {
    const scale = usable[i] ? norms[i]! : norms[i] === 0 ? 0 : NaN;
    for (let k = 0; k < rank; k++) l[i * rank + k] = columns[k]![i]! * scale;
  }
  return { rank, pivots, l };
}

/**
 * The x [m, rank] with x L_p = b, for the rows `pivots` of L, which make a triangular matrix L_p. `transposed`: x L_p' = b.
 */
export function solvePivots({ rank, pivots, l }: GramFactor, b: Float64Array, transposed: boolean): Float64Array {
  const x = Float64Array.from(b);
  const at = (row: number, column: number) => l[pivots[row]! * rank + column]!;
  for (let row = 0; row < x.length; row += rank) {
    for (let step = 0; step < rank; step++) {
      const k = transposed ? step : rank - 1 - step;
      let value = x[row + k]!;
      if (transposed) for (let j = 0; j < k; j++) value -= x[row + j]! * at(k, j);
      else for (let j = k + 1; j < rank; j++) value -= x[row + j]! * at(j, k);
      x[row + k] = value / at(k, k);
    }
  }
  return x;
}
