// The public names of `evenkeel/study`: how signals travel through deep networks.

export { largestSingularValue, type SingularValueOptions } from '../linalg.js';
export { type BandOptions, type BandRow, finiteWidthBand } from './band.js';
export { type ChainOptions, type ChainRow, chainStudy, studyBytes } from './chain.js';
export * from './layers/index.js';
export {
  type CriticalOptions,
  type CriticalPoint,
  criticalInit,
  MeanField,
  type MeanFieldOptions,
} from './meanfield.js';
export { type Nonlinearity, type NonlinearityName, nonlinearityNames } from './nonlinearity.js';
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
