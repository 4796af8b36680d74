// Pooling of images [N, H, W, C].
import { kernelId, run } from '../../run.js';
import { numElements, sameShape } from '../../shape.js';
import { core, type TensorInfo } from '../core.js';
import { caller, finish, floats, type KernelCall, type KernelFamily, shaped } from '../kernel.js';

const kernels = {
  max: kernelId('max_pool2d_nhwc'),
  maxBackward: kernelId('max_pool2d_nhwc_backward'),
  average: kernelId('avg_pool2d_nhwc'),
  averageBackward: kernelId('avg_pool2d_nhwc_backward'),
};

type ComputeInfo = typeof core.backend_util.computePool2DInfo;

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Parameters<ComputeInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Sizes and windows; undefined where there are no elements. */
function infoOf(x: readonly number[], { filterSize, strides, pad, dimRoundingMode }: Attributes) {
  if (x.length !== 4) return undefined;
  const shape = x as [number, number, number, number];
  const info = core.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left } = info.padInfo;
  return [...x, ...info.outShape].every((size) => size > 0) && top >= 0 && left >= 0 ? info : undefined;
}

const windows = (info: ReturnType<ComputeInfo>) => [
  info.filterHeight,
  info.filterWidth,
  info.strideHeight,
  info.strideWidth,
  info.padInfo.top,
  info.padInfo.left,
];

function forward(kernel: number, own: readonly number[]) {
  return ({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined => {
    const x = inputs.x!;
    const pixels = floats(backend, x);
    const info = pixels && infoOf(x.shape, attrs);
    if (pixels === undefined || info === undefined) return undefined;
    // The cpu backend returns the input itself, whatever the padding says.
    if (info.filterHeight * info.filterWidth === 1 && sameShape(x.shape, info.outShape)) return undefined;
    const out = backend.take('float32', numElements(info.outShape));
    run(caller, kernel, [shaped(out, info.outShape), shaped(pixels, x.shape)], [...windows(info), ...own]);
    return finish(backend, info.outShape, 'float32', out);
  };
}

function maxPoolGrad({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const [gradient, pixels] = [floats(backend, dy), floats(backend, input)];
  const info = pixels && infoOf(input.shape, attrs);
  if (gradient === undefined || pixels === undefined || info === undefined || !sameShape(info.outShape, dy.shape))
    return undefined;
  const out = backend.take('float32', pixels.length);
  const views = [shaped(out, input.shape), shaped(pixels, input.shape), shaped(gradient, dy.shape)];
  run(caller, kernels.maxBackward, views, windows(info));
  return finish(backend, input.shape, 'float32', out);
}

function avgPoolGrad({ inputs, backend, attrs }: KernelCall<Attributes>): TensorInfo | undefined {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const gradient = floats(backend, dy);
  const info = gradient && infoOf(input.shape, attrs);
  if (gradient === undefined || info === undefined || !sameShape(info.outShape, dy.shape)) return undefined;
  const out = backend.take('float32', numElements(input.shape));
  // As the cpu backend: by the size of the window, padding or not.
  const params = [...windows(info), 0, info.filterHeight * info.filterWidth];
  run(caller, kernels.averageBackward, [shaped(out, input.shape), shaped(gradient, dy.shape)], params);
  return finish(backend, input.shape, 'float32', out);
}

export const pool: KernelFamily = {
  MaxPool: forward(kernels.max, []),
  MaxPoolGrad: maxPoolGrad,
  // Padding does not count, and the divisor is the number of elements.
  AvgPool: forward(kernels.average, [0, 0]),
  AvgPoolGrad: avgPoolGrad,
};
