// Layers for studies of widths that no matrix fits.
export { InLawLinear, type InLawOptions } from './in_law.js';
export { MatrixFreeLinear, type MatrixFreeOptions } from './matrix_free.js';
export { type Materialize, type StudyLinearOptions, studyLinear } from './study_linear.js';
export type { NormalWeights, TruncatedNormalWeights, UniformWeights, WeightLaw } from './weights.js';
