// Products of matrices of whole numbers, which BLAS has none of: by operations element by element, wrapping around.
import { type DType, dtypes } from '../dtype.js';
import { argumentError, dtypeError } from '../errors.js';
import { restride, selectView, type TensorView } from '../view.js';
import { add, mul } from './arithmetic.js';
import { reductionOps } from './reduce.js';
import { cast, copy, fill } from './storage.js';

export const noProduct = (call: string, dtype: DType) =>
  dtypeError(call, `there is no product of matrices of ${dtype}; convert with to() first`);

/** out [m, n] = alpha a [m, k] b [k, n] + beta out. */
export function wholeProductInto(
  call: string,
  a: TensorView,
  b: TensorView,
  out: TensorView,
  beta: number,
  alpha: number,
): void {
  if (dtypes[out.dtype].kind !== 'integer') {
    throw noProduct(call, out.dtype);
  }
  for (const factor of [alpha, beta]) {
    if (!Number.isInteger(factor)) throw argumentError(call, `whole numbers take whole factors, got ${factor}`);
  }
  if (beta === 0) fill(call, out, 0);
  else copy(call, mul(out, beta), out);
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  const addTo = (part: TensorView, term: TensorView) => copy(call, add(part, mul(term, alpha)), part);
  // As few steps as there are: outer products, or scalar ones.
  if (k <= m * n) {
    for (let l = 0; l < k; l++) {
      const column = selectView(call, a, 1, l);
      addTo(out, mul(restride(column, [m, 1], [column.strides[0]!, 1]), selectView(call, b, 0, l)));
    }
    return;
  }
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const terms = mul(selectView(call, a, 0, i), selectView(call, b, 1, j));
      const sum = reductionOps.sum.forward(call, [terms], { dims: undefined, keepdim: false, params: [] });
      addTo(selectView(call, selectView(call, out, 0, i), 0, j), cast(call, sum, out.dtype));
    }
  }
}
