// Products made off the main thread. The result is made in memory of its own, and copied to where it belongs when it is done.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkOptions } from '../arguments.js';
import { type Claim, claim, release } from '../claims.js';
import type { FloatArray } from '../dtype.js';
import { detachedError } from '../errors.js';
import { type AsyncOptions, runAsync } from '../job.js';
import { kernelId, run } from '../run.js';
import { outputView } from '../view.js';
import type { Order } from './choices.js';
import {
  type BatchedArguments,
  batchedArguments,
  type GemmArguments,
  gemmArguments,
  multiply,
  multiplyBatch,
  type Product,
} from './gemm.js';
import { type MatrixView, matrix } from './matrix.js';
import { checkApart, type Kind, single, twice } from './operand.js';

const copyKernel = kernelId('copy');

/** How long the main thread copies before it lets others have a turn, in ms, and how much before it looks at the clock. */
const copyTime = 2;
const copyElements = 1 << 16;

/** A matrix, or each of a batch, with the dimension whose elements lie side by side last. */
function stored(view: MatrixView): MatrixView {
  if (!view.byColumns) return view;
  const swap = (sizes: readonly number[]) => [...sizes.slice(0, -2), sizes.at(-1)!, sizes.at(-2)!];
  return { ...view, shape: swap(view.shape), strides: swap(view.strides), byColumns: false };
}

/** Copies rows to where they belong, in slices between which the event loop runs. */
async function copyRows(call: string, rows: FloatArray, { array, shape, strides, offset }: MatrixView): Promise<void> {
  const width = shape.at(-1)!;
  const [count, height] = shape.length === 3 ? [shape[0]!, shape[1]!] : [1, shape[0]!];
  const [item, down] = shape.length === 3 ? [strides[0]!, strides[1]!] : [0, strides[0]!];
  let end = performance.now() + copyTime;
  let copied = 0;
  for (let row = 0; row < count * height; row++) {
    const to = offset + Math.floor(row / height) * item + (row % height) * down;
    if (to + width > array.length) throw detachedError(call, 'the memory of C went away meanwhile');
    array.set(rows.subarray(row * width, (row + 1) * width), to);
    copied += width;
    if (copied < copyElements) continue;
    copied = 0;
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + copyTime;
  }
}

/** c <- the product, by `compute`; c is nobody else's until it is done. */
async function productAsync<A extends FloatArray>(
  call: string,
  c: MatrixView,
  operands: Product,
  compute: (call: string, c: MatrixView, operands: Product) => void,
  options: AsyncOptions | undefined,
): Promise<A> {
  const { signal } = checkOptions(call, options);
  const target = stored(c);
  if (target.shape.includes(0)) return c.array as A;
  const claimed: Claim = claim(call, [target]);
  try {
    const { array } = await runAsync(
      call,
      () => {
        const out = outputView(call, target.shape, c.dtype as 'float32');
        if (operands.beta !== 0) run(call, copyKernel, [out, target]);
        const asC = { ...out, array: out.array as FloatArray, byColumns: false };
        compute(call, c.byColumns ? { ...stored({ ...asC, byColumns: true }), byColumns: true } : asC, operands);
        return out;
      },
      (out) => new Set([out.array.buffer]),
      { signal },
    );
    await copyRows(call, array as FloatArray, target);
    return c.array as A;
  } finally {
    release(claimed);
  }
}

/** A routine's arguments without an order or options, or with them. */
type Async<Args extends unknown[], A> = ((
  ...args: [order: Order, ...Args] | [order: Order, ...Args, options: AsyncOptions | undefined]
) => Promise<A>) &
  ((...args: Args | [...Args, options: AsyncOptions | undefined]) => Promise<A>);

/** Makes a routine that takes options after `count` arguments, or one fewer, without an order. */
function asyncForm<Args extends unknown[], A>(
  count: number,
  start: (order: Order, args: Args, options: AsyncOptions | undefined) => Promise<A>,
): Async<Args, A> {
  const called = async (...args: unknown[]): Promise<A> => {
    const last = args.at(-1);
    // The last argument of a routine itself is a number.
    const optional = args.length > count || (args.length === count && typeof last !== 'number');
    const given = optional ? args.slice(0, -1) : args;
    const [order, ...rest] = given.length === count - 1 ? ['row-major', ...given] : given;
    return start(order as Order, rest as Args, optional ? (last as AsyncOptions) : undefined);
  };
  return called as Async<Args, A>;
}

function gemmAsync<A extends FloatArray>(call: string, kind: Kind<A>) {
  return asyncForm<GemmArguments<A>, A>(14, (order, args, options) => {
    const { m, n, operands, layout } = gemmArguments(call, kind, order, args);
    const c = matrix(call, 'C', kind, m, n, args[11], layout);
    checkApart(call, 'C', c, 'A', operands.a);
    checkApart(call, 'C', c, 'B', operands.b);
    return productAsync<A>(call, c, operands, multiply, options);
  });
}

function batchedAsync<A extends FloatArray>(call: string, kind: Kind<A>) {
  return asyncForm<BatchedArguments<A>, A>(18, (order, args, options) => {
    const { c, operands } = batchedArguments(call, kind, order, args);
    return productAsync<A>(call, c, operands, multiplyBatch, options);
  });
}

/**
 * `sgemm` off the main thread. Arguments as in `sgemm`, with or without the order, and then perhaps `{ signal }`. Resolves to C, which
 * is written to when all of the product is there; until then, evenkeel refuses to write to it otherwise (ERR_STATE). A and B must be
 * left as they are meanwhile.
 *
 * @returns a promise, which rejects with the errors of `sgemm`, with TypeError (ERR_DETACHED) where memory went away meanwhile, or
 * with the signal's reason, as soon as it is aborted; C is as it was then
 * @example
 * const [A, B, C] = [1, 2, 0].map((x) => new Float32Array(4).fill(x));
 * await sgemmAsync('row-major', 'no-transpose', 'no-transpose', 2, 2, 2, 1, A, 2, B, 2, 0, C, 2); // [4, 4, 4, 4]
 */
export const sgemmAsync = gemmAsync('sgemmAsync', single);
/** As `sgemmAsync`, in float64. */
export const dgemmAsync = gemmAsync('dgemmAsync', twice);

/**
 * `sgemmBatched` off the main thread, as `sgemmAsync` is `sgemm`.
 *
 * @example
 * const [A, B, C] = [new Float32Array([1, 2, 3, 4]), new Float32Array([1, 1]), new Float32Array(2)];
 * await sgemmBatchedAsync(111, 111, 1, 1, 2, 1, A, 2, 2, B, 1, 0, 0, C, 1, 1, 2, { signal: AbortSignal.timeout(5000) }); // [3, 7]
 */
export const sgemmBatchedAsync = batchedAsync('sgemmBatchedAsync', single);
/** As `sgemmBatchedAsync`, in float64. */
export const dgemmBatchedAsync = batchedAsync('dgemmBatchedAsync', twice);
