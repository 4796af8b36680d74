// Residual networks (He et al. 2016): convolutions start by He's normal distribution for fan_out, the classifier as torch's
// linear layers do.
import * as v from 'valibot';
import { countLabels, countOr, type Family, flagOr, labels, size, sizeOr } from './family.js';
import { batchNorm2d, conv2d, type LayerRow, linear } from './rows.js';

const config = v.pipe(
  v.object({
    ...labels,
    num_channels: sizeOr(3),
    embedding_size: sizeOr(64),
    hidden_sizes: v.optional(v.pipe(v.array(size), v.minLength(1)), [256, 512, 1024, 2048]),
    depths: v.optional(v.pipe(v.array(countOr(0)), v.minLength(1)), [3, 4, 6, 3]),
    layer_type: v.optional(v.picklist(['basic', 'bottleneck']), 'bottleneck'),
    downsample_in_first_stage: flagOr(false),
  }),
  v.transform(countLabels),
);

type Config = v.InferOutput<typeof config>;

const convolution = (path: string, into: number, out: number, kernel: number): LayerRow[] => [
  conv2d(`${path}.convolution`, into, out, [kernel, kernel], false),
  batchNorm2d(`${path}.normalization`, out),
];

/** One residual block: a shortcut where sizes change, and its layers. */
function block(path: string, into: number, out: number, stride: number, type: Config['layer_type']): LayerRow[] {
  const narrow = Math.floor(out / 4);
  return [
    ...(into !== out || stride !== 1 ? convolution(`${path}.shortcut`, into, out, 1) : []),
    ...(type === 'basic'
      ? [...convolution(`${path}.layer.0`, into, out, 3), ...convolution(`${path}.layer.1`, out, out, 3)]
      : [
          ...convolution(`${path}.layer.0`, into, narrow, 1),
          ...convolution(`${path}.layer.1`, narrow, narrow, 3),
          ...convolution(`${path}.layer.2`, narrow, out, 1),
        ]),
  ];
}

function body(c: Config): LayerRow[] {
  const stages = c.hidden_sizes.flatMap((out, stage) => {
    const first = stage === 0 ? c.embedding_size : c.hidden_sizes[stage - 1]!;
    const stride = stage === 0 && !c.downsample_in_first_stage ? 1 : 2;
    // A stage has its first block, whatever its depth.
    return Array.from({ length: Math.max(c.depths[stage]!, 1) }, (_, i) =>
      block(`encoder.stages.${stage}.layers.${i}`, i === 0 ? first : out, out, i === 0 ? stride : 1, c.layer_type),
    ).flat();
  });
  return [...convolution('embedder.embedder', c.num_channels, c.embedding_size, 7), ...stages];
}

export const resnet: Family<Config> = {
  type: 'resnet',
  config,
  check: ({ hidden_sizes, depths, layer_type }) => {
    if (hidden_sizes.length !== depths.length) {
      return `hidden_sizes has ${hidden_sizes.length} stages and depths ${depths.length}`;
    }
    if (layer_type === 'bottleneck' && hidden_sizes.some((width) => width < 4)) {
      return 'hidden_sizes of bottleneck layers must be 4 or more';
    }
    return undefined;
  },
  body,
  architectures: {
    ResNetModel: { base: '' },
    ResNetBackbone: { base: '' },
    ResNetForImageClassification: {
      base: 'resnet',
      head: (c) => (c.num_labels > 0 ? [linear('classifier.1', c.hidden_sizes.at(-1)!, c.num_labels)] : []),
    },
  },
  scheme: () => [
    { layer: 'Conv2d', init: { initialiser: 'kaimingNormal', mode: 'fan_out', nonlinearity: 'relu' } },
    { layer: 'Linear', name: 'weight', init: { initialiser: 'kaimingUniform', a: Math.sqrt(5) } },
    {
      layer: 'Linear',
      name: 'bias',
      init: ({ fanIn }) => ({ initialiser: 'uniform', a: -1 / Math.sqrt(fanIn), b: 1 / Math.sqrt(fanIn) }),
    },
  ],
};
