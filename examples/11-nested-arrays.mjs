// Plain nested arrays, through tensors and back, and straight to BLAS.
import { manual_seed, rand, tensor } from 'evenkeel';
import { gemm } from 'evenkeel/blas';

manual_seed(11);

const matrix = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const t = tensor(matrix);
console.log('shape', t.shape, 'doubled', JSON.stringify(t.mul(2).tolist()));
console.log('times its transpose', JSON.stringify(t.matmul(t.t()).tolist()));
console.log('float64', JSON.stringify(tensor([[0.1, 0.2]], { dtype: 'float64' }).tolist()));

/** The product of two matrices as nested arrays. */
function multiply(a, b) {
  const [m, n, k] = [a.length, b[0].length, b.length];
  const c = gemm(Float64Array.from(a.flat()), Float64Array.from(b.flat()), new Float64Array(m * n), m, n, k);
  return Array.from({ length: m }, (_, i) => Array.from(c.subarray(i * n, (i + 1) * n)));
}
console.log(
  'by way of BLAS',
  JSON.stringify(
    multiply(matrix, [
      [1, 0, 2],
      [0, 1, 1],
    ]),
  ),
);

const random = rand([2, 2], { dtype: 'float64' });
console.log(
  'there and back:',
  JSON.stringify(tensor(random.tolist(), { dtype: 'float64' }).tolist()) === JSON.stringify(random.tolist()),
);
