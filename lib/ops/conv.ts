// Two-dimensional convolution.
import { kernelId, run } from '../run.js';
import { numElements } from '../shape.js';
import type { TensorView } from '../view.js';
import { contiguous, inCompute } from './storage.js';

const kernels = { conv2d: kernelId('conv2d') };

/** A row of conv2d's geometry: stride, padding before the first element, dilation, for height and width. */
export interface Conv2dGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/**
 * out [N, Co, Ho, Wo] = convolution of x [N, Ci, H, W] with w [Co, Ci / groups, kh, kw], plus `out` where `accumulate`.
 * `out` must be contiguous, and fresh where not `accumulate`; its size decides how far past the image's end the kernel goes.
 */
export function conv2dInto(
  call: string,
  x: TensorView,
  w: TensorView,
  out: TensorView,
  { stride, padding, dilation, groups }: Conv2dGeometry,
  accumulate: boolean,
): void {
  // Nothing to add up; the output holds zeros or the bias already.
  if ([x, w, out].some((view) => numElements(view.shape) === 0)) return;
  inCompute(call, out, [contiguous(call, x), contiguous(call, w)], (target, inputs) =>
    run(call, kernels.conv2d, [target, ...inputs], [...stride, ...padding, ...dilation, groups, accumulate ? 1 : 0]),
  );
}
