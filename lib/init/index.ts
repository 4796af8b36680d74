// Initialisers and what belongs to them: the public names of `init`.

export type { FanOptions } from '../shape.js';
export { type InitializeAsyncOptions, type InitProgress, initializeAsync } from './async.js';
export {
  constant_,
  dirac_,
  eye_,
  normal_,
  ones_,
  sparse_,
  truncNormal_,
  truncNormal_ as trunc_normal_,
  uniform_,
  zeros_,
} from './basic.js';
export {
  calculateFanInAndFanOut,
  calculateFanInAndFanOut as _calculate_fan_in_and_fan_out,
  calculateGain,
  calculateGain as calculate_gain,
  type Nonlinearity,
} from './gains.js';
export { deltaOrthogonal_, deltaOrthogonal_ as delta_orthogonal_, orthogonal_, spectral_ } from './orthogonal.js';
export * as presets from './presets.js';
export {
  type Action,
  type Initialisable,
  type InitializeOptions,
  type InitReport,
  initialize,
  type LearningRate,
  type Matcher,
  type ParameterInfo,
  type PlanRow,
  type Rule,
} from './rules.js';
export {
  type FanMode,
  type KaimingOptions,
  kaimingNormal_,
  kaimingNormal_ as kaiming_normal_,
  kaimingUniform_,
  kaimingUniform_ as kaiming_uniform_,
  lecunNormal_,
  lecunNormal_ as lecun_normal_,
  lecunUniform_,
  lecunUniform_ as lecun_uniform_,
  type ScalingDistribution,
  type ScalingMode,
  type ScalingOptions,
  type VarianceScalingOptions,
  varianceScaling_,
  varianceScaling_ as variance_scaling_,
  xavierNormal_,
  xavierNormal_ as xavier_normal_,
  xavierUniform_,
  xavierUniform_ as xavier_uniform_,
} from './scaling.js';
export { type Initialiser, type InitSpec, initialiser, type NamedSpec } from './table.js';
export { constantTarget, normalTarget, type Target, truncatedNormalTarget, uniformTarget } from './target.js';
export { type Verification, verify } from './verify.js';
