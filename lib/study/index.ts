// The public names of `evenkeel/study`: how signals travel through deep networks.

export { largestSingularValue, type SingularValueOptions } from '../linalg.js';
export type { Cause } from './advice/causes.js';
export type { StudyPlan } from './advice/plan.js';
export type { Advice, AdviceRow, AdviceRule, Finding } from './advice/report.js';
export { type AdviseOptions, advise } from './advise.js';
export type {
  Agreement,
  Cell,
  CellResult,
  LayerExpectation,
  LayerMode,
  LayerResult,
  Sample,
  SpectrumResult,
  StudyActivation,
} from './cell/cell.js';
export { type ChainOptions, type ChainRow, chainStudy, studyBytes } from './chain/chain.js';
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
} from './chain/theory.js';
export {
  type CoordCheckOptions,
  type CoordContext,
  type CoordData,
  coordCheck,
  type PlannedModel,
} from './coordcheck/coordcheck.js';
export type { CoordReport, CoordRow, CoordSettings, LayerRole, Scaling, UpdateRow } from './coordcheck/coordreport.js';
export * from './layers/index.js';
export { type LsuvOptions, type LsuvReport, type LsuvRow, type LsuvStatus, lsuv_ } from './lsuv.js';
export {
  type HtmlOptions,
  type PictureOptions,
  reportHtml,
  reportPng,
  reportSvg,
  type StudyTableOptions,
  studyTable,
} from './report/index.js';
export { type PropagatedLayer, type PropagateOptions, type Propagation, propagate } from './signals/propagate.js';
export type { LayerChoice } from './signals/record.js';
export { type SignalOptions, type SignalStatistics, signalStatistics } from './signals/statistics.js';
export type { GradientStatistics } from './signals/trace.js';
export { studyCsv } from './sweep/csv.js';
export type { GridOptions, OneOrMore } from './sweep/grid.js';
export { type MergeResult, mergeStudies } from './sweep/merge.js';
export { type StudyWorkerOptions, studyWorker } from './sweep/queue_worker.js';
export {
  type StudyFailure,
  type StudyOptions,
  type StudyProgress,
  type StudyResult,
  study,
} from './sweep/study.js';
export { type BandOptions, type BandRow, finiteWidthBand } from './theory/band.js';
export {
  type CriticalOptions,
  type CriticalPoint,
  criticalInit,
  MeanField,
  type MeanFieldOptions,
} from './theory/meanfield.js';
export { type Nonlinearity, type NonlinearityName, nonlinearityNames } from './theory/nonlinearity.js';
