// The public names of `evenkeel/study`: how signals travel through deep networks.

export { largestSingularValue, type SingularValueOptions } from '../linalg.js';
export { type ChainOptions, type ChainRow, chainStudy, studyBytes } from './chain.js';
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
