// Two-dimensional convolution.
import { kernelId, run } from '../run.js';
import { numElements, type Shape } from '../shape.js';
import { outputView, restride, squeezeView, type TensorView, unsqueezeView } from '../view.js';
import { from, linear, type Op } from './op.js';
import { reductionOps } from './reduce.js';
import { contiguous, copy, fill, inCompute } from './storage.js';

const kernels = {
  forward: kernelId('conv2d'),
  withBias: kernelId('conv2d_bias'),
  backwardInput: kernelId('conv2d_backward_input'),
  transposedWithBias: kernelId('conv_transpose2d_bias'),
  backwardWeight: kernelId('conv2d_backward_weight'),
};

/** Of a convolution: stride, padding before the first element, dilation, for height and width. */
export interface Conv2dGeometry {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** The seven numbers that every kernel of convolutions takes. */
const numbers = ({ stride, padding, dilation, groups }: Conv2dGeometry) => [...stride, ...padding, ...dilation, groups];

/** A convolution's geometry, and the size of its output, which says how far past the image's end the kernel goes. */
export interface Conv2dArguments extends Conv2dGeometry {
  readonly size: readonly [height: number, width: number];
}

/** [N, Co, Ho, Wo]: x [N, Ci, H, W] convolved with w [Co, Ci / groups, kh, kw], plus a bias [Co] where there is one. */
export const conv2dOp: Op<Conv2dArguments> = {
  node: 'ConvolutionBackward0',
  forward: (call, [x, w, bias], args) => {
    const out = outputView(call, [x!.shape[0]!, w!.shape[0]!, ...args.size], x!.dtype);
    if (numElements(out.shape) === 0) return out;
    if (numElements(w!.shape) === 0) {
      // No input channels: nothing adds up but the bias.
      return onlyBias(call, out, bias);
    }
    inCompute(
      call,
      out,
      [x!, w!, ...(bias === undefined ? [] : [bias])].map((view) => contiguous(call, view)),
      (target, inputs) =>
        inputs.length === 3
          ? run(call, kernels.withBias, [target, ...inputs], numbers(args))
          : run(call, kernels.forward, [target, ...inputs], [...numbers(args), 0]),
    );
    return out;
  },
  gradients: [
    from([1], (g, [w], args, { shape }) => inputGradient(g, w!, args, shape)),
    from([0], (g, [x], args, { shape }) => weightGradient(g, x!, args, shape)),
    linear((g) => sumOf(g, [0, 2, 3])),
  ],
};

/** The transposed convolution [N, Co, H, W] of x [N, Ci, h, w] with w [Ci, Co / groups, kh, kw]: conv2d's input gradient. */
export const convTranspose2dOp: Op<Conv2dArguments> = {
  node: 'ConvolutionBackward0',
  forward: (_, [x, w, bias], args) => {
    const channels = w!.shape[1]! * args.groups;
    return inputGradient(x!, w!, args, [x!.shape[0]!, channels, ...args.size], bias);
  },
  gradients: [
    from([1], (g, [w], args, { shape }) =>
      conv2dOp.forward(call, [g, w!], { ...args, size: shape.slice(2) as [number, number] }),
    ),
    from([0], (g, [x], args, { shape }) => weightGradient(x!, g, args, shape)),
    linear((g) => sumOf(g, [0, 2, 3])),
  ],
};

/** A sequence as an image of one row. */
const asImage = (view: TensorView) => unsqueezeView(call, view, 2);
const asSequence = (view: TensorView) => squeezeView(call, view, 2);
const imageShape = (shape: Shape) => shape.toSpliced(2, 0, 1);

/** [N, Co, Lo]: x [N, Ci, L] convolved with w [Co, Ci / groups, k], plus a bias [Co]; geometry as for images of one row. */
export const conv1dOp: Op<Conv2dArguments> = {
  node: 'ConvolutionBackward0',
  forward: (call, [x, w, bias], args) =>
    asSequence(conv2dOp.forward(call, [asImage(x!), asImage(w!), ...(bias === undefined ? [] : [bias])], args)),
  gradients: [
    from([1], (g, [w], args, { shape }) => asSequence(inputGradient(asImage(g), asImage(w!), args, imageShape(shape)))),
    from([0], (g, [x], args, { shape }) =>
      asSequence(weightGradient(asImage(g), asImage(x!), args, imageShape(shape))),
    ),
    linear((g) => sumOf(g, [0, 2])),
  ],
};

const call = 'backward';

/** Fills an output [N, C, H, W] to which nothing adds but a bias [C]. */
function onlyBias(call: string, out: TensorView, bias: TensorView | undefined): TensorView {
  fill(call, out, 0);
  if (bias !== undefined) copy(call, restride(bias, [bias.shape[0]!, 1, 1], [bias.strides[0]!, 0, 0]), out);
  return out;
}

/** The gradient [N, Ci, H, W] with respect to the input; also the transposed convolution of g, plus a bias [Ci]. */
export function inputGradient(
  g: TensorView,
  w: TensorView,
  args: Conv2dGeometry,
  shape: Shape,
  bias?: TensorView,
): TensorView {
  const out = outputView(call, shape, g.dtype);
  if (numElements(shape) === 0 || numElements(g.shape) === 0 || numElements(w.shape) === 0) {
    return onlyBias(call, out, bias);
  }
  const kernel = bias === undefined ? kernels.backwardInput : kernels.transposedWithBias;
  const views = [g, w, ...(bias === undefined ? [] : [bias])];
  inCompute(
    call,
    out,
    views.map((view) => contiguous(call, view)),
    (target, inputs) => run(call, kernel, [target, ...inputs], numbers(args)),
  );
  return out;
}

function weightGradient(g: TensorView, x: TensorView, args: Conv2dGeometry, shape: Shape): TensorView {
  const out = outputView(call, shape, g.dtype);
  if (numElements(shape) === 0 || numElements(g.shape) === 0 || numElements(x.shape) === 0) {
    fill(call, out, 0);
    return out;
  }
  inCompute(call, out, [contiguous(call, x), contiguous(call, g)], (target, inputs) =>
    run(call, kernels.backwardWeight, [target, ...inputs], [...numbers(args), 0]),
  );
  return out;
}

function sumOf(view: TensorView, dims: readonly number[]): TensorView {
  return reductionOps.sum.forward(call, [view], { dims, keepdim: false, params: [] });
}
