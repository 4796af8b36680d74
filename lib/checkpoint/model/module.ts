// What a checkpoint of an nn.Module holds.
import { argumentError, describe } from '../../errors.js';
import { BatchNorm1d, BatchNorm2d, LayerNorm, Module } from '../../nn/index.js';
import type { TensorView } from '../../view.js';
import { unallocatedStart } from '../../view.js';
import type { DescribedTensor, ModelDescription } from './description.js';

const startsConstant = (module: object) =>
  module instanceof LayerNorm || module instanceof BatchNorm1d || module instanceof BatchNorm2d;

/**
 * The parameters and persistent buffers of a module, under the names of its state dict. A tensor that several names share is
 * stored once, under the first. Tensors in memory keep their values unless a rule says otherwise; those of layers built with
 * `init: false` have none, and stay without memory. Buffers, and normalisations built so, start as 0 and 1.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything but a module
 * @example
 * import { nn } from 'evenkeel';
 * import { describeModule } from 'evenkeel/checkpoint';
 *
 * const net = new nn.Sequential(new nn.Linear(100_000, 100_000, { init: false }));
 * console.log(describeModule(net).tensors.map(({ name }) => name)); // [ '0.weight', '0.bias' ]
 */
export function describeModule(module: Module): ModelDescription {
  const call = 'describeModule';
  if (!(module instanceof Module)) throw argumentError(call, `expected an nn.Module, got ${describe(module)}`);
  const modules = new Map(module.namedModules());
  const parameters = new Set([...module.parameters()].map(({ elements }) => elements));
  const stored = new Map<TensorView, string>();
  const tied = new Map<string, string>();
  const tensors: DescribedTensor[] = [];
  for (const [name, tensor] of module.stateDict()) {
    const { elements, shape, dtype } = tensor;
    const first = stored.get(elements);
    if (first !== undefined) {
      tied.set(name, first);
      continue;
    }
    stored.set(elements, name);
    const owner = modules.get(name.slice(0, Math.max(name.lastIndexOf('.'), 0))) ?? module;
    const buffer = !parameters.has(elements);
    const start = unallocatedStart(elements);
    const known = buffer || startsConstant(owner);
    tensors.push({
      name,
      shape,
      layer: owner.constructor.name,
      buffer,
      module: owner,
      ...(buffer ? { dtype } : {}),
      ...(start === undefined ? { value: tensor } : {}),
      ...(start !== undefined && known ? { init: { initialiser: start === 1 ? 'ones' : 'zeros' } as const } : {}),
    });
  }
  const dtype = [...module.parameters()][0]?.dtype;
  return { source: module.constructor.name, tensors, tied, ...(dtype === undefined ? {} : { dtype }) };
}
