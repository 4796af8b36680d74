// Calls of every native kernel, which are compared with the cpu backend's: inputs, and attributes.
import type { Inputs, Spec } from './data.js';

export interface Case {
  readonly inputs: Inputs;
  readonly attrs?: object;
}

const f = (...shape: number[]): Spec => ({ shape });
const positive = (...shape: number[]): Spec => ({ shape, of: (u) => u + 0.1 });
const whole = (...shape: number[]): Spec => ({ shape, dtype: 'int32' });
const bool = (...shape: number[]): Spec => ({ shape, dtype: 'bool' });
const below = (n: number, ...shape: number[]): Spec => ({ shape, dtype: 'int32', of: (u) => Math.floor(u * n) });
/** Small whole numbers as floats: some equal, so that ties count. */
const ties = (...shape: number[]): Spec => ({ shape, of: (u) => Math.floor(u * 4) });
const odd = (...shape: number[]): Spec => ({ shape, of: (u) => (u < 0.2 ? NaN : u < 0.3 ? -Infinity : 4 * u - 2) });

const unary = (spec: Spec, attrs = {}): Case[] =>
  [spec, { ...spec, shape: [] }, f(1, 4097)].map((x) => ({ inputs: { x }, attrs }));
const withNaN = (attrs = {}): Case[] => [...unary(f(3, 5), attrs), { inputs: { x: odd(6, 7) }, attrs }];
const pairs: [Spec, Spec][] = [
  [f(3, 5), f(3, 5)],
  [f(3, 5), f(5)],
  [f(4, 1, 5), f(3, 1)],
  [f(3, 5), f()],
  [f(), f(3, 5)],
  [f(3, 5), f(1, 1)],
  [f(1), f(2, 3)],
  [f(1, 1, 1), f(2)],
  [odd(6, 7), odd(7)],
  [f(60, 50), f(60, 50)],
];
const binary: Case[] = pairs.map(([a, b]) => ({ inputs: { a, b } }));

const transposes = [0, 1, 2, 3].map((bits) => ({ transposeA: bits > 1, transposeB: bits % 2 > 0 }));
const matrices = (
  { transposeA, transposeB }: (typeof transposes)[number],
  lead: number[] = [],
  [m, k, n] = [3, 4, 5],
) => ({
  a: f(...lead, ...(transposeA ? [k!, m!] : [m!, k!])),
  b: f(...lead, ...(transposeB ? [n!, k!] : [k!, n!])),
});

const convAttrs = (strides: number, pad: unknown, dilations = 1) => ({ strides, pad, dilations, dataFormat: 'NHWC' });
const convs: [x: number[], filter: number[], attrs: object, out: number[]][] = [
  [[2, 7, 6, 3], [3, 3, 3, 4], convAttrs(1, 'same'), [2, 7, 6, 4]],
  [[2, 7, 6, 3], [3, 2, 3, 4], convAttrs(2, 'same'), [2, 4, 3, 4]],
  [[1, 8, 9, 1], [3, 3, 1, 2], convAttrs(1, 'valid', 2), [1, 4, 5, 2]],
  [[2, 5, 5, 6], [1, 1, 6, 4], convAttrs(1, 'valid'), [2, 5, 5, 4]],
  [[2, 5, 5, 6], [1, 1, 6, 4], convAttrs(2, 'same'), [2, 3, 3, 4]],
  [[1, 5, 6, 2], [3, 3, 2, 3], convAttrs(1, 1), [1, 5, 6, 3]],
  [[1, 16, 16, 8], [3, 3, 8, 8], convAttrs(1, 'same'), [1, 16, 16, 8]],
  [
    [1, 4, 4, 2],
    [4, 4, 2, 3],
    {
      ...convAttrs(1, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
    },
    [1, 4, 2, 3],
  ],
];
// The cpu backend's gradients know no dilation.
const undilated = convs.filter(([, , attrs]) => (attrs as { dilations: number }).dilations === 1);
const depthwise: typeof convs = [
  [[2, 7, 6, 3], [3, 3, 3, 1], convAttrs(1, 'same'), [2, 7, 6, 3]],
  [[2, 7, 6, 3], [3, 2, 3, 2], convAttrs(2, 'valid'), [2, 3, 3, 6]],
  [[1, 5, 5, 1], [2, 2, 1, 3], convAttrs(1, 'same'), [1, 5, 5, 3]],
];
const channels = (out: number[]) => out[3]!;
const fused = (list: typeof convs): Case[] =>
  list.flatMap(([x, filter, attrs, out]) =>
    ['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid'].map((activation) => ({
      inputs: { x: f(...x), filter: f(...filter), bias: f(channels(out)) },
      attrs: { ...attrs, activation, leakyreluAlpha: 0.3 },
    })),
  );

const pools: object[] = [
  { filterSize: 2, strides: 2, pad: 'valid' },
  { filterSize: [3, 2], strides: [2, 1], pad: 'same' },
  { filterSize: 3, strides: 3, pad: 1, dimRoundingMode: 'floor' },
];
const poolOut = [
  [2, 3, 3, 5],
  [2, 4, 6, 5],
  [2, 3, 2, 5],
];

const reductions = (name: 'axis' | 'reductionIndices', specs: Spec[] = [f(3, 4, 5)]): Case[] =>
  specs.flatMap((x) =>
    [[0], [1], [2], [0, 2], [0, 1, 2]].flatMap((axes) =>
      [false, true].map((keepDims) => ({ inputs: { x }, attrs: { [name]: axes, keepDims } })),
    ),
  );

const plain = (...shape: number[]) => [f(...shape), whole(...shape), bool(...shape)];

export const cases: Readonly<Record<string, readonly Case[]>> = {
  BatchMatMul: [
    ...transposes.flatMap((attrs) => [
      { inputs: matrices(attrs), attrs },
      { inputs: matrices(attrs, [2, 3]), attrs },
      { inputs: matrices(attrs, [], [64, 70, 1]), attrs },
      { inputs: matrices(attrs, [], [1, 70, 64]), attrs },
      { inputs: { ...matrices(attrs), a: matrices(attrs, [3]).a }, attrs },
      { inputs: { ...matrices(attrs, [3]), a: matrices(attrs).a }, attrs },
    ]),
  ],
  _FusedMatMul: transposes.flatMap((attrs) =>
    ['linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid'].flatMap((activation) =>
      [f(5), f(3, 5), f(), null].map((bias) => ({
        inputs: { ...matrices(attrs), ...(bias && { bias }) },
        attrs: { ...attrs, activation, leakyreluAlpha: 0.2 },
      })),
    ),
  ),
  Conv2D: convs.map(([x, filter, attrs]) => ({ inputs: { x: f(...x), filter: f(...filter) }, attrs })),
  FusedConv2D: fused(convs),
  Conv2DBackpropInput: undilated.map(([inputShape, filter, attrs, out]) => ({
    inputs: { dy: f(...out), filter: f(...filter) },
    attrs: { ...attrs, inputShape },
  })),
  Conv2DBackpropFilter: undilated.map(([x, filterShape, attrs, out]) => ({
    inputs: { x: f(...x), dy: f(...out) },
    attrs: { ...attrs, filterShape },
  })),
  DepthwiseConv2dNative: depthwise.map(([x, filter, attrs]) => ({
    inputs: { x: f(...x), filter: f(...filter) },
    attrs,
  })),
  FusedDepthwiseConv2D: fused(depthwise),
  DepthwiseConv2dNativeBackpropInput: depthwise.map(([inputShape, filter, attrs, out]) => ({
    inputs: { dy: f(...out), filter: f(...filter) },
    attrs: { ...attrs, inputShape },
  })),
  DepthwiseConv2dNativeBackpropFilter: depthwise.map(([x, filterShape, attrs, out]) => ({
    inputs: { x: f(...x), dy: f(...out) },
    attrs: { ...attrs, filterShape },
  })),
  MaxPool: pools.flatMap((attrs) => [ties(2, 7, 6, 5), odd(2, 7, 6, 5)].map((x) => ({ inputs: { x }, attrs }))),
  MaxPoolGrad: pools.flatMap((attrs, i) =>
    [ties, odd].map((make) => ({
      inputs: { dy: f(...poolOut[i]!), input: make(2, 7, 6, 5), output: f(...poolOut[i]!) },
      attrs,
    })),
  ),
  AvgPool: pools.map((attrs) => ({ inputs: { x: f(2, 7, 6, 5) }, attrs })),
  AvgPoolGrad: pools.map((attrs, i) => ({ inputs: { dy: f(...poolOut[i]!), input: f(2, 7, 6, 5) }, attrs })),
  Add: binary,
  Sub: binary,
  Multiply: binary,
  RealDiv: binary,
  Maximum: binary,
  Minimum: binary,
  SquaredDifference: binary,
  AddN: [2, 3, 5].map((count) => ({ inputs: Array.from({ length: count }, () => f(3, 4)) })),
  Equal: binary,
  NotEqual: binary,
  Less: binary,
  LessEqual: binary,
  Greater: binary,
  GreaterEqual: binary,
  Select: [{ inputs: { condition: bool(3, 4), t: f(3, 4), e: f(3, 4) } }],
  Neg: withNaN(),
  Abs: withNaN(),
  Sign: withNaN(),
  Square: withNaN(),
  Sqrt: withNaN(),
  Rsqrt: unary(positive(3, 5)),
  Reciprocal: withNaN(),
  Exp: withNaN(),
  Log: withNaN(),
  Erf: unary(f(3, 5)),
  Tanh: withNaN(),
  Sigmoid: withNaN(),
  Softplus: unary(f(3, 5)),
  Step: [...withNaN({ alpha: 0 }), ...withNaN({ alpha: -0.5 })],
  Relu: withNaN(),
  Relu6: unary({ shape: [3, 5], of: (u) => 20 * u - 8 }),
  LeakyRelu: [f(3, 5), odd(6, 7)]
    .map((x) => ({ inputs: { features: x }, attrs: { alpha: 0.2 } }))
    .map(({ inputs, attrs }) => ({ inputs: { x: inputs.features }, attrs })),
  Elu: withNaN(),
  Selu: unary(f(3, 5)),
  ClipByValue: withNaN({ clipValueMin: -0.5, clipValueMax: 1 }),
  ZerosLike: unary(f(3, 5)),
  OnesLike: unary(f(3, 5)),
  Fill: [{ inputs: {}, attrs: { shape: [3, 4], value: 0.1, dtype: 'float32' } }],
  Sum: reductions('axis'),
  Mean: reductions('axis'),
  Max: reductions('reductionIndices', [f(3, 4, 5), odd(3, 4, 5)]),
  Min: reductions('axis', [f(3, 4, 5)]),
  Slice: [...plain(4, 5, 6)].flatMap((x) => [
    { inputs: { x }, attrs: { begin: [1, 2, 3], size: [2, 2, 3] } },
    { inputs: { x }, attrs: { begin: [0, 1, 0], size: [-1, 2, 6] } },
  ]),
  SplitV: plain(4, 6).flatMap((x) => [
    { inputs: { x }, attrs: { numOrSizeSplits: 3, axis: 1 } },
    { inputs: { x }, attrs: { numOrSizeSplits: [1, 5], axis: -1 } },
  ]),
  Unpack: plain(4, 3, 2).flatMap((value) => [1, 2, -1].map((axis) => ({ inputs: { value }, attrs: { axis } }))),
  Concat: [
    ...[0, 1, 2].map((axis) => ({ inputs: [f(2, 3, 4), f(2, 3, 4), f(2, 3, 4)], attrs: { axis } })),
    { inputs: [whole(2, 3), whole(2, 5), whole(2, 0)], attrs: { axis: 1 } },
    { inputs: [bool(2, 3), bool(1, 3)], attrs: { axis: 0 } },
  ],
  Pack: [f, whole, bool].flatMap((make) =>
    [0, 1, 2].map((axis) => ({ inputs: [make(2, 3), make(2, 3)], attrs: { axis } })),
  ),
  Transpose: [...plain(2, 3, 4)].flatMap((x) => [
    { inputs: { x }, attrs: { perm: [2, 0, 1] } },
    { inputs: { x }, attrs: { perm: [0, 2, 1] } },
  ]),
  PadV2: [
    {
      inputs: { x: f(2, 3) },
      attrs: {
        paddings: [
          [1, 2],
          [0, 3],
        ],
        constantValue: 0.1,
      },
    },
    ...plain(2, 3).map((x) => ({
      inputs: { x },
      attrs: {
        paddings: [
          [0, 0],
          [2, 1],
        ],
        constantValue: 0,
      },
    })),
  ],
  Tile: plain(2, 3).flatMap((x) =>
    [
      [2, 1],
      [1, 3],
      [3, 2],
    ].map((reps) => ({ inputs: { x }, attrs: { reps } })),
  ),
  Cast: [whole(3, 4), bool(3, 4)].map((x) => ({ inputs: { x }, attrs: { dtype: 'float32' } })),
  GatherV2: [f(7, 3), whole(7, 3), f(1, 7, 2)].map((x) => ({
    inputs: { x, indices: below(7, 2, 5) },
    attrs: { axis: x.shape.length - 2, batchDims: 0 },
  })),
  UnsortedSegmentSum: [f(9), f(9, 3), f(9, 2, 3)].map((x) => ({
    inputs: { x, segmentIds: below(4, 9) },
    attrs: { numSegments: 5 },
  })),
  Softmax: [f(7), f(3, 5), f(2, 3, 4)].map((logits) => ({
    inputs: { logits },
    attrs: { dim: logits.shape.length - 1 },
  })),
  FusedBatchNorm: [{ scale: f(5), offset: f(5) }, { scale: f(5) }, { offset: f(5) }, {}].map((given) => ({
    inputs: { x: f(2, 3, 4, 5), mean: f(5), variance: positive(5), ...given },
    attrs: { varianceEpsilon: 0.01 },
  })),
};
