// The public names of `optim`.
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { type GroupsOptions, learningRateGroups, type RatePlan } from './groups.js';
export {
  type GroupOptions,
  Optimizer,
  type OptimizerState,
  type Parameters,
  type ParamGroup,
  type ParamState,
} from './optimizer.js';
export { SGD, type SGDOptions } from './sgd.js';
