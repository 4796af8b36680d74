// Groups of parameters for optimisers, from the learning-rate factors that an initialisation plan carries.
import { checkOptions } from '../arguments.js';
import { argumentError, describe } from '../errors.js';
import type { Initialisable, LearningRate, PlanRow } from '../init/index.js';
import { parametersOf } from '../init/rules.js';
import type { Tensor } from '../tensor/index.js';
import { checkAtLeast } from './optimizer.js';

/** What carries the factors: `init.initialize` returns one. */
export interface RatePlan {
  readonly rows: readonly Pick<PlanRow, 'path' | 'learningRate'>[];
}

/** Options of `learningRateGroups`. */
export interface GroupsOptions {
  /** Whose factors: those for 'sgd', or those for 'adam', which are AdamW's as well. */
  rule: keyof LearningRate;
  /** The learning rate that the factors multiply. */
  lr: number;
}

const rules: readonly unknown[] = ['sgd', 'adam'];

/**
 * A model's parameters in groups for an optimiser, each with the learning rate that a plan asks for: `lr` times the plan's
 * factor for the parameter, or `lr` alone where it has none.
 *
 * @throws TypeError (ERR_ARGUMENT) for what is no module or plan, an unknown rule, or a plan with a path that the model lacks;
 * RangeError (ERR_RANGE) for a negative rate
 * @example
 * const plan = init.initialize(wide, init.presets.mup({ base: narrow }), { seed: 0 });
 * const optimizer = new optim.Adam(optim.learningRateGroups(wide, plan, { rule: 'adam', lr: 1e-3 }));
 */
export function learningRateGroups(
  model: Initialisable,
  plan: RatePlan,
  options: GroupsOptions,
): { params: Tensor[]; lr: number }[] {
  const call = 'learningRateGroups';
  if (typeof model?.namedParameters !== 'function') {
    throw argumentError(call, `expected a module, got ${describe(model)}`);
  }
  if (!Array.isArray(plan?.rows)) throw argumentError(call, `expected a plan with rows, got ${describe(plan)}`);
  const { rule, lr } = checkOptions(call, options);
  if (!rules.includes(rule)) throw argumentError(call, `rule must be 'sgd' or 'adam', got ${describe(rule)}`);
  checkAtLeast(call, 'lr', lr, 0);
  const parameters = parametersOf(call, model);
  const factors = new Map<string, number>();
  for (const row of plan.rows as (RatePlan['rows'][number] | null | undefined)[]) {
    if (typeof row?.path !== 'string') throw argumentError(call, `expected rows with a path, got ${describe(row)}`);
    const { path, learningRate } = row;
    if (!parameters.has(path)) throw argumentError(call, `the model has no parameter ${describe(path)}`);
    const factor: unknown = learningRate?.[rule!] ?? 1;
    checkAtLeast(call, `the factor of ${path}`, factor, 0);
    factors.set(path, factor as number);
  }
  const groups = new Map<number, Tensor[]>();
  for (const [path, parameter] of parameters) {
    const factor = factors.get(path) ?? 1;
    groups.set(factor, [...(groups.get(factor) ?? []), parameter]);
  }
  return [...groups].map(([factor, params]) => ({ params, lr: lr! * factor }));
}
