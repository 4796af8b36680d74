// Gram matrices of batches, in float64: a layer's law and the norm of its weight's gradient depend on the batch through them.
import { gemmInto, transposed } from '../../ops/index.js';
import { cast } from '../../ops/storage.js';
import { allocateView, narrowView, type TensorView } from '../../view.js';

/** Columns that are converted to float64 at a time, so that memory grows with the batch and not with the width. */
const chunk = 16384;

/** Calls `fn` with so many columns at a time of each of the matrices, which are [any, n]. */
export function forColumns(
  call: string,
  matrices: readonly TensorView[],
  fn: (parts: TensorView[], start: number) => void,
): void {
  const n = matrices[0]!.shape[1]!;
  for (let start = 0; start < n; start += chunk) {
    const count = Math.min(chunk, n - start);
    fn(
      matrices.map((matrix) => narrowView(call, matrix, 1, start, count)),
      start,
    );
  }
}

/** The inner products of the rows of x [a, n] with those of y [b, n], as a matrix [a, b] of float64 in row-major order. */
export function gram(call: string, x: TensorView, y: TensorView): Float64Array {
  const out = allocateView(call, [x.shape[0]!, y.shape[0]!], 'float64');
  forColumns(call, [x, y], ([left, right]) => {
    gemmInto(call, cast(call, left!, 'float64'), transposed(cast(call, right!, 'float64')), out, 1);
  });
  return out.array as Float64Array;
}

/**
 * The Frobenius norm of the weight's gradient D'A, for inputs A [m, in] and gradients D [m, out], without that matrix:
 * |D'A|^2 = tr(A'D D'A) = sum_ab (D D')_ab (A A')_ab.
 */
export function weightGradientNorm(call: string, x: TensorView, grad: TensorView): number {
  const [inputs, gradients] = [gram(call, x, x), gram(call, grad, grad)];
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += inputs[i]! * gradients[i]!;
  // A sum of squares; cancellation may leave less than 0 of what is 0.
  return Math.sqrt(Math.max(0, sum));
}
