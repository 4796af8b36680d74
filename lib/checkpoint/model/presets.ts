// Schemes by name, for the command and for descriptions that have none of their own.
import { argumentError, describe } from '../../errors.js';
import * as presets from '../../init/presets.js';
import type { Rule } from '../../init/rules.js';
import type { ModelDescription } from './description.js';

interface Preset {
  /** One line of help. */
  readonly help: string;
  readonly rules: (description: ModelDescription) => readonly Rule[];
}

/** The number of blocks with projections back into a residual stream. */
function blocks(description: ModelDescription): number {
  const found = new Set(
    description.tensors.flatMap(({ name }) => /(?:^|\.)(\d+)\.(?:.*\.)?c_proj\.weight$/.exec(name)?.[1] ?? []),
  );
  if (found.size > 0) return found.size;
  throw argumentError(
    'presetRules',
    `gpt2 scales by the number of blocks, and ${description.source} has no blocks with a c_proj.weight`,
  );
}

const table: Readonly<Record<string, Preset>> = {
  family: { help: "the model family's own scheme, as its configuration says", rules: () => [] },
  torch: {
    help: "torch's defaults: Kaiming uniform with a = sqrt(5), biases within 1/sqrt(fan_in), norms 1 and 0",
    rules: () => presets.torch(),
  },
  gpt2: {
    help: 'normal 0.02, projections into the residual stream 0.02/sqrt(2 blocks), biases 0, norms 1 and 0',
    rules: (description) => presets.gpt2({ layers: blocks(description) }),
  },
};

/** The presets' names with one line of help each. */
export const presetHelp: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(table).map(([name, { help }]) => [name, help]),
);

/**
 * The rules of a preset for a model: 'family' (none: the description's own scheme decides), 'torch' or 'gpt2'.
 *
 * @throws TypeError (ERR_ARGUMENT) for another name, and for 'gpt2' where the model has no blocks to count
 * @example
 * import { describeSpec, planDescription, presetRules } from 'evenkeel/checkpoint';
 *
 * const model = describeSpec({ tensors: { 'fc.weight': [8, 4], 'fc.bias': [8] } });
 * console.log(planDescription(model, presetRules('torch', model))[0].init.initialiser); // kaimingUniform
 */
export function presetRules(name: string, description: ModelDescription): readonly Rule[] {
  const call = 'presetRules';
  if (typeof name !== 'string' || !Object.hasOwn(table, name)) {
    throw argumentError(call, `unknown preset ${describe(name)}; expected one of ${Object.keys(table).join(', ')}`);
  }
  return table[name]!.rules(description);
}
