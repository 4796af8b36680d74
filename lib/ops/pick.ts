// Elements picked by index: one class for each example.
import { computeDType } from '../dtype.js';
import { numElements, type Shape } from '../shape.js';
import { allocateView, checkMemory, type TensorView } from '../view.js';
import { linear, type Op } from './op.js';
import { cast, contiguous } from './storage.js';

/** Whole numbers as JavaScript's, in row-major order. */
export function indexList(call: string, view: TensorView): number[] {
  checkMemory(call, view);
  const { array, offset, shape } = contiguous(call, view);
  return Array.from(array.subarray(offset, offset + numElements(shape)) as ArrayLike<number | bigint>, Number);
}

/** One class for each example and place: the input is [N, C, ...], and so on with `places` of them. */
export interface ClassArgs {
  readonly node: string;
  /** The class, or -1 for what is ignored. */
  readonly classes: readonly number[];
  /** By class. */
  readonly weights: readonly number[] | undefined;
  readonly reduction: 'mean' | 'sum' | 'none';
  /** The output's shape without reduction. */
  readonly shape: Shape;
}

const placesOf = (shape: Shape) => numElements(shape.slice(2));

/** Calls `visit` for all that is not ignored: where it is in the input and in the output, and its weight. */
function forEachClass(
  shape: Shape,
  { classes, weights }: ClassArgs,
  visit: (from: number, to: number, weight: number) => void,
): void {
  const places = placesOf(shape);
  for (const [i, index] of classes.entries()) {
    if (index < 0) continue;
    const example = Math.floor(i / places);
    visit((example * shape[1]! + index) * places + (i % places), i, weights === undefined ? 1 : weights[index]!);
  }
}

function totalWeight(shape: Shape, args: ClassArgs): number {
  let total = 0;
  forEachClass(shape, args, (_, __, weight) => {
    total += weight;
  });
  return total;
}

/** -weight x[class], by example or reduced; the mean is that of the weights. x is [N, C, ...]. */
export const pickClassOp: Op<ClassArgs> = {
  node: ({ node }) => node,
  forward: (call, [x], args) => {
    checkMemory(call, x!);
    const { shape } = x!;
    const dtype = computeDType(call, x!.dtype);
    const { array, offset } = contiguous(call, cast(call, x!, dtype));
    const out = allocateView(call, args.reduction === 'none' ? args.shape : [], dtype);
    let sum = 0;
    forEachClass(shape, args, (from, to, weight) => {
      const loss = -weight * (array[offset + from] as number);
      if (args.reduction === 'none') out.array[to] = loss;
      else sum += loss;
    });
    if (args.reduction !== 'none') out.array[0] = args.reduction === 'sum' ? sum : sum / totalWeight(shape, args);
    return cast(call, out, x!.dtype);
  },
  gradients: [
    linear((grad, args, { shape }) => {
      const call = 'backward';
      const dtype = computeDType(call, grad.dtype);
      const { array, offset } = contiguous(call, cast(call, grad, dtype));
      const out = allocateView(call, shape, dtype);
      const scale = args.reduction === 'mean' ? 1 / totalWeight(shape, args) : 1;
      // What is ignored keeps a gradient of 0, even where the mean of nothing is NaN.
      forEachClass(shape, args, (to, from, weight) => {
        out.array[to] = -weight * scale * (array[offset + (args.reduction === 'none' ? from : 0)] as number);
      });
      return out;
    }),
  ],
};
