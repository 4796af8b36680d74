// ml-matrix with the products made by evenkeel/blas: its matrices are rows of float64, which one copy puts side by side.
import { Generator, manual_seed, randn } from 'evenkeel';
import { dgemm } from 'evenkeel/blas';
import { Matrix } from 'ml-matrix';

manual_seed(8);

/** The elements of a matrix, row after row. */
function elements(matrix) {
  const flat = new Float64Array(matrix.rows * matrix.columns);
  for (let i = 0; i < matrix.rows; i++) flat.set(matrix.getRow(i), i * matrix.columns);
  return flat;
}

/** a.mmul(b), by way of BLAS. */
export function multiply(a, b) {
  const [m, n, k] = [a.rows, b.columns, a.columns];
  const product = new Float64Array(m * n);
  dgemm('row-major', 'no-transpose', 'no-transpose', m, n, k, 1, elements(a), k, elements(b), n, 0, product, n);
  return Matrix.from1DArray(m, n, product);
}

const generator = new Generator(8);
const random = (rows, columns) =>
  Matrix.from1DArray(rows, columns, randn([rows, columns], { dtype: 'float64', generator }).array);

console.log(
  multiply(
    new Matrix([
      [1, 2],
      [3, 4],
    ]),
    new Matrix([
      [5, 6],
      [7, 8],
    ]),
  ).to2DArray(),
);

const [a, b] = [random(120, 80), random(80, 100)];
const difference = Matrix.sub(multiply(a, b), a.mmul(b)).abs().max();
console.log('120 x 80 times 80 x 100: differs from ml-matrix by less than 1e-12:', difference < 1e-12);
