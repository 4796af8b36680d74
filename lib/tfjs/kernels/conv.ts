// Convolutions. TensorFlow.js keeps images as [N, H, W, C] and kernels as [kh, kw, Ci, Co]; the native kernels take [N, C, H, W]
// and [Co, Ci, kh, kw]. On two threads, transposing 8 images of 56 x 56 x 64 takes 0.3 ms there and 0.3 back, and convolving them
// with 64 kernels of 3 x 3 takes 3.9; making an im2col matrix of the images as they are takes 1.8 ms and the product with it 13.3.
// So images are transposed, into memory that is used again at once.
import { kernelId, run } from '../../run.js';
import { numElements, sameShape } from '../../shape.js';
import type { TensorView } from '../../view.js';
import { core, type TensorInfo } from '../core.js';
import {
  caller,
  copy,
  finish,
  flat,
  floats,
  type KernelCall,
  type KernelFamily,
  permuted,
  shaped,
  withScratch,
} from '../kernel.js';
import { activation } from './elementwise.js';
import { affine, product } from './matmul.js';

const kernels = {
  forward: kernelId('conv2d'),
  withBias: kernelId('conv2d_bias'),
  backwardInput: kernelId('conv2d_backward_input'),
  backwardWeight: kernelId('conv2d_backward_weight'),
};

type Pair = [number, number] | number;
type Info = ReturnType<typeof core.backend_util.computeConv2DInfo>;

interface Attributes {
  readonly strides: Pair;
  readonly pad: Parameters<typeof core.backend_util.computeConv2DInfo>[4];
  readonly dilations?: Pair;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
  readonly inputShape?: number[];
  readonly filterShape?: number[];
}

type Shape4 = [number, number, number, number];

/** Geometry of a convolution; undefined where it has no elements or another layout. */
function infoOf(x: readonly number[], filter: readonly number[], attrs: Attributes, depthwise: boolean) {
  if ((attrs.dataFormat ?? 'NHWC') !== 'NHWC' || x.length !== 4 || filter.length !== 4) return undefined;
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = core.backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const sizes = [...x, ...filter, ...info.outShape];
  // Padding below 0, and the dilated depthwise convolutions that it refuses, are the cpu backend's.
  const plain = sizes.every((size) => size > 0) && info.padInfo.top >= 0 && info.padInfo.left >= 0;
  if (!plain || info.dataFormat !== 'channelsLast' || (!depthwise && filter[2] !== x[3])) return undefined;
  if (depthwise && filter[2] !== x[3]) return undefined;
  return info;
}

const numbers = (info: Info, groups: number) => [
  info.strideHeight,
  info.strideWidth,
  info.padInfo.top,
  info.padInfo.left,
  info.dilationHeight,
  info.dilationWidth,
  groups,
];

/** [N, H, W, C] seen as [N, C, H, W]. */
const channelsFirst = (view: TensorView) => permuted(view, [0, 3, 1, 2]);

/** Kernels [kh, kw, Ci, Co] seen as [Co, Ci, kh, kw]; those of depthwise convolutions, [kh, kw, C, m], as [C m, 1, kh, kw]. */
function kernelsFirst(array: Float32Array, [h, w, i, o]: readonly number[], depthwise: boolean): TensorView {
  const shape = depthwise ? [h!, w!, 1, i! * o!] : [h!, w!, i!, o!];
  return permuted(shaped(array, shape), [3, 2, 0, 1]);
}

const isRowMajor = (view: TensorView) => {
  let expected = 1;
  for (let d = view.shape.length - 1; d >= 0; d--) {
    if (view.shape[d] !== 1 && view.strides[d] !== expected) return false;
    expected *= view.shape[d]!;
  }
  return true;
};

/** Calls `work` with a row-major view of the same elements: the view itself if it is one, else a copy. */
function rowMajor(view: TensorView, work: (view: TensorView) => void): void {
  if (isRowMajor(view)) {
    work(shaped(view.array as Float32Array, view.shape));
    return;
  }
  withScratch(numElements(view.shape), (array) => {
    const copied = shaped(array, view.shape);
    copy(view, copied);
    work(copied);
  });
}

/** Calls `work` with a row-major view to write to, and copies what it wrote to `view`. */
function intoRowMajor(view: TensorView, work: (view: TensorView) => void): void {
  if (isRowMajor(view)) {
    work(shaped(view.array as Float32Array, view.shape));
    return;
  }
  withScratch(numElements(view.shape), (array) => {
    const made = shaped(array, view.shape);
    work(made);
    copy(made, view);
  });
}

/** Whether a convolution is a product of matrices: [pixels, Ci] times [Ci, Co]. */
const isPointwise = (info: Info) =>
  info.filterHeight * info.filterWidth === 1 &&
  info.strideHeight * info.strideWidth === 1 &&
  info.outHeight === info.inHeight &&
  info.outWidth === info.inWidth &&
  info.padInfo.top === 0 &&
  info.padInfo.left === 0;

interface Sizes {
  readonly pixels: number;
  readonly from: number;
  readonly to: number;
}

const pointwiseSizes = (info: Info): Sizes => ({
  pixels: info.batchSize * info.outHeight * info.outWidth,
  from: info.inChannels,
  to: info.outChannels,
});

/** A forward convolution, with or without what is fused with it. */
function forward(depthwise: boolean) {
  return ({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined => {
    const { x, filter, bias } = inputs as { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo | null };
    const [pixels, weights] = [floats(backend, x), floats(backend, filter)];
    const activate = activation(attrs.activation, attrs.leakyreluAlpha);
    if (pixels === undefined || weights === undefined || activate === undefined) return undefined;
    const info = infoOf(x.shape, filter.shape, attrs, depthwise);
    if (info === undefined) return undefined;
    const terms = bias ? floats(backend, bias) : undefined;
    if (bias && (terms === undefined || bias.shape.length !== 1 || terms.length !== info.outChannels)) return undefined;
    const out = backend.take('float32', numElements(info.outShape));
    const relu = attrs.activation === 'relu';
    if (!depthwise && isPointwise(info)) {
      const { pixels: count, from, to } = pointwiseSizes(info);
      affine(shaped(out, [count, to]), shaped(pixels, [count, from]), shaped(weights, [from, to]), terms, relu);
      if (!relu) activate(flat(out));
      return finish(backend, info.outShape, 'float32', out);
    }
    const params = numbers(info, depthwise ? info.inChannels : 1);
    rowMajor(channelsFirst(shaped(pixels, x.shape)), (images) =>
      rowMajor(kernelsFirst(weights, filter.shape, depthwise), (kernel) =>
        intoRowMajor(channelsFirst(shaped(out, info.outShape)), (target) => {
          if (terms === undefined) run(caller, kernels.forward, [target, images, kernel], [...params, 0]);
          else run(caller, kernels.withBias, [target, images, kernel, flat(terms)], params);
        }),
      ),
    );
    activate(flat(out));
    return finish(backend, info.outShape, 'float32', out);
  };
}

/** The gradient of the images; also the transposed convolution. */
function backwardInput(depthwise: boolean) {
  return ({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined => {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const { inputShape } = attrs;
    const [gradient, weights] = [floats(backend, dy), floats(backend, filter)];
    if (gradient === undefined || weights === undefined || inputShape === undefined) return undefined;
    const info = infoOf(inputShape, filter.shape, attrs, depthwise);
    if (info === undefined || !sameShape(info.outShape, dy.shape)) return undefined;
    const out = backend.take('float32', numElements(inputShape));
    if (!depthwise && isPointwise(info)) {
      const { pixels, from, to } = pointwiseSizes(info);
      const transposed = permuted(shaped(weights, [from, to]), [1, 0]);
      product(shaped(out, [pixels, from]), shaped(gradient, [pixels, to]), transposed);
    } else {
      const params = numbers(info, depthwise ? info.inChannels : 1);
      rowMajor(channelsFirst(shaped(gradient, dy.shape)), (g) =>
        rowMajor(kernelsFirst(weights, filter.shape, depthwise), (kernel) =>
          intoRowMajor(channelsFirst(shaped(out, inputShape)), (target) =>
            run(caller, kernels.backwardInput, [target, g, kernel], params),
          ),
        ),
      );
    }
    return finish(backend, inputShape, 'float32', out);
  };
}

/** The gradient of the kernels. */
function backwardFilter(depthwise: boolean) {
  return ({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined => {
    const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
    const { filterShape } = attrs;
    const [images, gradient] = [floats(backend, x), floats(backend, dy)];
    if (images === undefined || gradient === undefined || filterShape === undefined) return undefined;
    const info = infoOf(x.shape, filterShape, attrs, depthwise);
    if (info === undefined || !sameShape(info.outShape, dy.shape)) return undefined;
    const out = backend.take('float32', numElements(filterShape));
    if (!depthwise && isPointwise(info)) {
      const { pixels, from, to } = pointwiseSizes(info);
      const transposed = permuted(shaped(images, [pixels, from]), [1, 0]);
      product(shaped(out, [from, to]), transposed, shaped(gradient, [pixels, to]));
    } else {
      const params = [...numbers(info, depthwise ? info.inChannels : 1), 0];
      rowMajor(channelsFirst(shaped(images, x.shape)), (pixels) =>
        rowMajor(channelsFirst(shaped(gradient, dy.shape)), (g) =>
          intoRowMajor(kernelsFirst(out, filterShape, depthwise), (target) =>
            run(caller, kernels.backwardWeight, [target, pixels, g], params),
          ),
        ),
      );
    }
    return finish(backend, filterShape, 'float32', out);
  };
}

export const conv: KernelFamily = {
  Conv2D: forward(false),
  FusedConv2D: forward(false),
  Conv2DBackpropInput: backwardInput(false),
  Conv2DBackpropFilter: backwardFilter(false),
  DepthwiseConv2dNative: forward(true),
  FusedDepthwiseConv2D: forward(true),
  DepthwiseConv2dNativeBackpropInput: backwardInput(true),
  DepthwiseConv2dNativeBackpropFilter: backwardFilter(true),
};
