// What becomes of every tensor of a description: the rules of whole models, on layers that have shapes but no elements.
import { checkDType } from '../../dtype.js';
import { argumentError, describe } from '../../errors.js';
import { type Action, type Initialisable, makePlan, type PlanRow, type Rule } from '../../init/rules.js';
import * as nn from '../../nn/index.js';
import { checkDescribedShape } from '../../shape.js';
import { checkTensor, Tensor } from '../../tensor/index.js';
import { lazyView } from '../../view.js';
import type { DescribedTensor, ModelDescription } from './description.js';

/** One tensor of a plan. */
export interface PlannedRow extends PlanRow {
  readonly tensor: DescribedTensor;
  /** The vector of the first dimension that is 0 in the end. */
  readonly zeroRow?: number;
}

const classes = new Map<string, unknown>(Object.entries(nn));
const made = new Map<string, object>();

/** What an object of the layer's class inherits: nn's own class where there is one, so that `instanceof` tells. */
function prototypeOf(layer: string): object {
  const known = classes.get(layer);
  if (typeof known === 'function' && known.prototype instanceof nn.Module) return known.prototype as object;
  let prototype = made.get(layer);
  if (prototype === undefined) {
    prototype = { [layer]: class {} }[layer]!.prototype as object;
    made.set(layer, prototype);
  }
  return prototype;
}

const ownerOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

/** The tensors as a model that rules can be made for: layers with parameters that have no memory. */
function asModel(tensors: readonly DescribedTensor[], dtype: ModelDescription['dtype']): Initialisable {
  const modules = new Map<string, object>();
  const parameters = new Map<string, Tensor>();
  for (const tensor of tensors) {
    const owner = ownerOf(tensor.name);
    const parameter = tensor.value ?? new Tensor(lazyView(tensor.shape, tensor.dtype ?? dtype ?? 'float32', 0));
    parameters.set(tensor.name, parameter);
    let module = modules.get(owner);
    if (module === undefined) {
      module = tensor.module ?? Object.create(prototypeOf(tensor.layer));
      modules.set(owner, module!);
    }
    if (tensor.module !== undefined) continue;
    const field = tensor.name.slice(owner === '' ? 0 : owner.length + 1);
    Object.defineProperty(module, field, { value: parameter, enumerable: true });
  }
  return { namedModules: () => modules, namedParameters: () => parameters };
}

/** Checks one tensor of a description that somebody else may have made. */
function checkTensorOf(tensor: DescribedTensor): void {
  const call = 'planDescription';
  const { name, layer, dtype } = tensor ?? {};
  if (typeof name !== 'string' || typeof layer !== 'string') {
    throw argumentError(call, `expected tensors with a name and a layer, got ${describe(tensor)}`);
  }
  checkDescribedShape(call, tensor.shape);
  if (dtype !== undefined) checkDType(call, dtype);
  if (tensor.value !== undefined) checkTensor(call, tensor.value);
}

/**
 * What becomes of every tensor, in the description's order: the first of the rules that matches decides, then the description's
 * own scheme; what neither speaks of is kept (`matched` is false). Rules are for parameters: buffers start as the description
 * says.
 *
 * @throws what `init.initialize` throws for its rules
 * @example
 * import { nn } from 'evenkeel';
 * import { describeConfig, planDescription } from 'evenkeel/checkpoint';
 *
 * const description = describeConfig({ model_type: 'bert', architectures: ['BertModel'], num_hidden_layers: 1 });
 * const linear = ({ module, name }) => module instanceof nn.Linear && name === 'weight';
 * const rows = planDescription(description, [{ match: linear, init: 'xavierUniform' }]);
 * console.log(rows.find(({ path }) => path === 'pooler.dense.weight').init); // { initialiser: 'xavierUniform' }
 */
export function planDescription(description: ModelDescription, rules: readonly Rule[]): PlannedRow[] {
  if (description === null || typeof description !== 'object' || !Array.isArray(description.tensors)) {
    throw argumentError('planDescription', 'expected a description, such as describeConfig gives');
  }
  const { tensors, dtype } = description;
  for (const tensor of tensors) checkTensorOf(tensor);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  /** Of which the description's own scheme decides. */
  const own = new Set<string>();
  const ownRule: Rule = {
    match: ({ path }) => byName.get(path)!.init !== undefined,
    init: ({ path }) => {
      own.add(path);
      return byName.get(path)!.init as Action;
    },
  };
  const [buffers, parameters] = [tensors.filter(({ buffer }) => buffer), tensors.filter(({ buffer }) => !buffer)];
  const given: readonly Rule[] = Array.isArray(rules) ? [...rules, ownRule] : rules;
  const rows = new Map(
    [...makePlan(asModel(parameters, dtype), given), ...makePlan(asModel(buffers, dtype), [ownRule])].map((row) => [
      row.path,
      row,
    ]),
  );
  return tensors.map((tensor) => {
    const zeroRow = own.has(tensor.name) ? tensor.zeroRow : undefined;
    return { ...rows.get(tensor.name)!, tensor, ...(zeroRow === undefined ? {} : { zeroRow }) };
  });
}

/**
 * Throws where a tensor has no rule, no scheme and no elements to keep.
 *
 * @throws TypeError (ERR_ARGUMENT) that lists them
 */
export function checkCovered(call: string, description: ModelDescription, rows: readonly PlannedRow[]): void {
  const bare = rows.filter(({ init, tensor }) => init === 'keep' && tensor.value === undefined);
  if (bare.length === 0) return;
  const shown = bare.slice(0, 8).map(({ path, tensor }) => `${path}${tensor.buffer ? ' (a buffer)' : ''}`);
  const more = bare.length > 8 ? `, and ${bare.length - 8} more` : '';
  throw argumentError(
    call,
    `nothing says how ${bare.length} of the ${rows.length} tensors of ${description.source} start: ${shown.join(', ')}${more}; ` +
      'add rules or a preset',
  );
}
