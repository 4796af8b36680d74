// A cell of a study: one network's description in plain JSON, and what was measured of networks drawn by it.
import type { InitSpec } from '../../init/index.js';
import type { NonlinearityName } from '../theory/nonlinearity.js';

/** Activations that studies measure. Theory knows erf as well. */
export type StudyActivation = Exclude<NonlinearityName, 'erf'>;

/** How a layer multiplies by its weights. */
export type LayerMode = 'materialized' | 'matrix-free' | 'in-law';

/** A network, and how it is measured: JSON through and through, so that cells travel to workers and into files. */
export interface Cell {
  /** Neurons a layer, or channels of a convolutional network. */
  readonly width: number;
  /** Layers. */
  readonly depth: number;
  readonly activation: StudyActivation;
  /** The initialiser of the weights; null where `sigmaW` says it. */
  readonly init: InitSpec | null;
  /** Standard deviation of Gaussian weights times the square root of the fan-in; null where `init` says it. */
  readonly sigmaW: number | null;
  /** Standard deviation of the biases; 0 for a network without any. */
  readonly sigmaB: number;
  /** Inputs of the batch. */
  readonly batch: number;
  /** Correlation between each two of them, exactly so where width is at least the batch's size; their mean square is 1. */
  readonly correlation: number;
  /** The inputs themselves, rows of as many numbers as there are units; `correlation` is not looked at then. Null draws them. */
  readonly inputs: readonly (readonly number[])[] | null;
  /** Layers are added to what they are given, times this; null for a plain network. */
  readonly residual: number | null;
  /** What stands between a layer's product and its activation. */
  readonly normalisation: 'none' | 'layer' | 'batch';
  /** Side of square images for 3 x 3 circular convolutions; null for fully connected layers. */
  readonly image: number | null;
  readonly mode: 'auto' | LayerMode;
  /** Networks drawn. */
  readonly repeats: number;
  /** Of all random numbers, with the cell's own description: a decimal where 2^53 does not hold it. */
  readonly seed: number | string;
  /** Whether gradients are measured. */
  readonly backward: boolean;
  /** Whether the singular values of the Jacobian are measured: 'extremes', 'all', or not. */
  readonly spectrum: 'none' | 'extremes' | 'all';
}

/** A number measured in each of the repeats. */
export interface Sample {
  readonly mean: number;
  /** Standard deviation over the repeats, with Bessel's correction; NaN for one. */
  readonly std: number;
  readonly values: readonly number[];
}

/** What theory expects at a layer, in the limit of wide layers and, where there is a law, at this width. */
export interface LayerExpectation {
  /** Mean square of the pre-activations. */
  readonly q: number;
  /** Correlation of two inputs. */
  readonly c: number;
  /** Mean square of the gradient with respect to the pre-activations over that of the last layer's. */
  readonly gradient: number;
  /** The law of the measured mean square over networks; of its logarithm if `log`. */
  readonly band: { readonly mean: number; readonly std: number; readonly log: boolean } | null;
}

/** How measured mean squares agree with their band. */
export interface Agreement {
  /** The sample mean's distance from the expected one, in its standard errors. */
  readonly z: number;
  /** Sample variance over predicted variance; null for fewer than two repeats. */
  readonly varianceRatio: number | null;
  /** Where that ratio is to lie. */
  readonly interval: readonly [number, number] | null;
  /** Whether |z| <= 4.5 and the ratio lies in its interval. */
  readonly agrees: boolean;
}

/** One layer: averages over the repeats. */
export interface LayerResult {
  /** From 1. */
  readonly layer: number;
  /** Pre-activations. */
  readonly q: Sample;
  /** Null for a batch of one. */
  readonly c: Sample | null;
  readonly mean: number;
  readonly std: number;
  readonly maxAbs: number;
  readonly kurtosis: number;
  readonly nonFinite: number;
  /** After the activation: its mean, mean square, and shares from 0 to 1. */
  readonly activation: {
    readonly mean: number;
    readonly meanSquare: number;
    readonly zeros: number;
    readonly dead: number;
    /** Null for activations that do not saturate. */
    readonly saturated: number | null;
  };
  /** Mean square of the gradient with respect to the pre-activations, for one of standard normal numbers at the output. */
  readonly gradient: Sample | null;
  /** The geometric mean of its ratio to the next layer's; null at the last layer. */
  readonly gradientRatio: number | null;
  /** Mean Frobenius norm of the weights' gradient. */
  readonly weightGradient: number | null;
  readonly expected: LayerExpectation | null;
  readonly agreement: Agreement | null;
}

/** The singular values of input-output Jacobians, at the first input: averages over the repeats. */
export interface SpectrumResult {
  readonly largest: Sample;
  /** Null where it did not converge. */
  readonly smallest: Sample | null;
  /** exp of the entropy of the squared values' shares (Roy and Vetterli 2007); null where only extremes are known. */
  readonly effectiveRank: Sample | null;
  /** All of them, of the first network, from the largest. */
  readonly values: readonly number[] | null;
}

/** What was measured of a cell. */
export interface CellResult {
  readonly cell: Cell;
  /** How the layers multiplied: what `mode: 'auto'` became. */
  readonly mode: LayerMode;
  readonly layers: readonly LayerResult[];
  readonly spectrum: SpectrumResult | null;
  /** First layer, from 1, with a number that is not finite in any of the networks; null where there is none. */
  readonly overflowLayer: number | null;
  /** First layer all of whose pre-activations are 0 in one of the networks. */
  readonly vanishLayer: number | null;
}
