// The public names of `evenkeel/study`: how signals travel through deep networks.

export { largestSingularValue, type SingularValueOptions } from '../linalg.js';
export { type BandOptions, type BandRow, finiteWidthBand } from './band.js';
export { type ChainOptions, type ChainRow, chainStudy, studyBytes } from './chain.js';
export * from './layers/index.js';
export {
  type CoordCheckOptions,
  type CoordContext,
  type CoordData,
  coordCheck,
  type PlannedModel,
} from './coordcheck.js';
export type { CoordReport, CoordRow, CoordSettings, LayerRole, Scaling, UpdateRow } from './coordreport.js';
export { type LsuvOptions, type LsuvReport, type LsuvRow, type LsuvStatus, lsuv_ } from './lsuv.js';
export {
  type CriticalOptions,
  type CriticalPoint,
  criticalInit,
  MeanField,
  type MeanFieldOptions,
} from './meanfield.js';
export { type Nonlinearity, type NonlinearityName, nonlinearityNames } from './nonlinearity.js';
export type { LayerChoice } from './record.js';
export {
  type ActivationName,
  activationNames,
  chiMean,
  gaussianSpectralNormSquared,
  type InitName,
  initNames,
  type LayerTheory,
  layerTheory,
  type WeightSharing,
  weightSharings,
} from './theory.js';
