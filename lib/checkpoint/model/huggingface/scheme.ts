// How transformers' models start. What all families share is `PreTrainedModel._init_weights` (modeling_utils.py, version 5.24):
// weights of linear and convolutional layers and embeddings normal with standard deviation `initializer_range`, biases 0, an
// embedding's padding row 0, norms 1 and 0. What a family does otherwise is in its own file.
import { withName } from '../../../init/table.js';
import { fansOrUndefined } from '../../../shape.js';
import type { DescribedTensor } from '../description.js';
import type { CommonConfig, SchemeRow } from './family.js';
import { joinPath, type LayerRow } from './rows.js';

const norms = ['LayerNorm', 'RMSNorm', 'BatchNorm2d'];

/** The standard deviation that the shared scheme takes: 0.02 where the configuration says 0 or nothing. */
const sharedStd = ({ initializer_range }: CommonConfig) => initializer_range || 0.02;

/** The rows of the shared scheme. */
export function sharedScheme(config: CommonConfig): SchemeRow[] {
  const weights = ['Linear', 'Conv2d', 'Embedding'].map((layer) => ({
    layer,
    name: 'weight',
    init: { initialiser: 'normal', std: sharedStd(config) } as const,
  }));
  return [
    ...weights,
    ...norms.map((layer) => ({ layer, name: 'weight', init: 'ones' }) as const),
    { name: 'bias', init: 'zeros' },
    { name: 'running_var', init: 'ones' },
    { name: 'running_mean', init: 'zeros' },
    { name: 'num_batches_tracked', init: 'zeros' },
  ];
}

function fits(row: SchemeRow, layer: LayerRow, name: string, path: string): boolean {
  if (row.layer !== undefined && row.layer !== layer.layer) return false;
  if (row.name !== undefined && row.name !== name) return false;
  if (row.path === undefined) return true;
  const pattern = row.path.replaceAll('.', '\\.').replaceAll('*', '.*');
  return new RegExp(`^${pattern}$`).test(path);
}

/** The tensors of the layers, each with what the first row that fits it says. */
export function describeLayers(layers: readonly LayerRow[], scheme: readonly SchemeRow[]): DescribedTensor[] {
  return layers.flatMap((layer) => {
    const weight = layer.tensors.find(({ name }) => name === 'weight');
    const fanIn = weight === undefined ? 1 : (fansOrUndefined(weight.shape)?.fanIn ?? 1);
    return layer.tensors.map(({ name: own, ...tensor }) => {
      const name = joinPath(layer.path, own);
      const row = scheme.find((candidate) => fits(candidate, layer, own, name));
      if (row === undefined) throw new Error(`the scheme has no row for ${name}`);
      return {
        name,
        ...tensor,
        layer: layer.layer,
        init: withName(typeof row.init === 'function' ? row.init({ fanIn }) : row.init),
        ...(layer.padding === undefined || own !== 'weight' ? {} : { zeroRow: layer.padding }),
      };
    });
  });
}
