// Layers as rows of tables: what tensors each has, under torch's names.
import type { DType } from '../../../dtype.js';
import type { Shape } from '../../../shape.js';

/** A tensor of a layer. */
export interface LayerTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly buffer: boolean;
}

/** One layer. Its path may have a `*` for the number of the block, which `repeat` fills in. */
export interface LayerRow {
  readonly path: string;
  /** The class by torch's name; '' for a parameter that a model has by itself. */
  readonly layer: string;
  readonly tensors: readonly LayerTensor[];
  /** The index of an embedding's padding. */
  readonly padding?: number;
}

const parameter = (name: string, shape: Shape): LayerTensor => ({ name, shape, buffer: false });
const buffer = (name: string, shape: Shape, dtype?: DType): LayerTensor => ({
  name,
  shape,
  buffer: true,
  ...(dtype === undefined ? {} : { dtype }),
});
const withBias = (weight: Shape, out: number, bias: boolean) => [
  parameter('weight', weight),
  ...(bias ? [parameter('bias', [out])] : []),
];

/** A linear layer with a weight [out, in]. */
export const linear = (path: string, into: number, out: number, bias = true): LayerRow => ({
  path,
  layer: 'Linear',
  tensors: withBias([out, into], out, bias),
});

/** GPT-2's linear layer, whose weight lies the other way: [in, out]. */
export const transposedLinear = (path: string, into: number, out: number): LayerRow => ({
  path,
  layer: 'Conv1D',
  tensors: withBias([into, out], out, true),
});

/** A convolution with a weight [out, in, kh, kw]. */
export const conv2d = (
  path: string,
  into: number,
  out: number,
  kernel: readonly [number, number],
  bias: boolean,
): LayerRow => ({ path, layer: 'Conv2d', tensors: withBias([out, into, ...kernel], out, bias) });

/** A table of `count` vectors of length `width`; a negative `padding` counts from the end. */
export const embedding = (path: string, count: number, width: number, padding?: number | null): LayerRow => ({
  path,
  layer: 'Embedding',
  tensors: [parameter('weight', [count, width])],
  ...(padding === undefined || padding === null ? {} : { padding: padding < 0 ? padding + count : padding }),
});

export const layerNorm = (path: string, width: number): LayerRow => ({
  path,
  layer: 'LayerNorm',
  tensors: withBias([width], width, true),
});

export const rmsNorm = (path: string, width: number): LayerRow => ({
  path,
  layer: 'RMSNorm',
  tensors: [parameter('weight', [width])],
});

export const batchNorm2d = (path: string, channels: number): LayerRow => ({
  path,
  layer: 'BatchNorm2d',
  tensors: [
    ...withBias([channels], channels, true),
    buffer('running_mean', [channels]),
    buffer('running_var', [channels]),
    buffer('num_batches_tracked', [], 'int64'),
  ],
});

/** A parameter of a model itself, or of one of its parts. */
export const lone = (path: string, name: string, shape: Shape): LayerRow => ({
  path,
  layer: '',
  tensors: [parameter(name, shape)],
});

/** The rows `count` times, block by block, with the block's number for the first `*` of each path. */
export function repeat(count: number, rows: readonly LayerRow[]): LayerRow[] {
  return Array.from({ length: count }, (_, i) =>
    rows.map((row) => ({ ...row, path: row.path.replace('*', String(i)) })),
  ).flat();
}

/** The rows under a prefix such as 'model'; '' leaves them where they are. */
export function under(prefix: string, rows: readonly LayerRow[]): LayerRow[] {
  return prefix === '' ? [...rows] : rows.map((row) => ({ ...row, path: joinPath(prefix, row.path) }));
}

export const joinPath = (a: string, b: string) => (a === '' || b === '' ? a + b : `${a}.${b}`);
