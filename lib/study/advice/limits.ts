// The limits that symptoms are judged by, and where they come from. docs/studies.md has the same table.

/**
 * Signals, or gradients, have vanished where their mean square has fallen by this factor. He et al. (2015, section 2.2) train a ReLU
 * network of 22 layers whose mean squares fall by 2^-22 = 2.4e-7 in all, slower than with their own initialisation, and cannot
 * train one of 30, 2^-30 = 9e-10.
 */
export const vanished = 1e-6;

/** They have exploded where it has grown by this one: outputs a hundred times as large as inputs. */
export const exploded = 1e4;

/**
 * How many standard deviations a network may be off its mean field, on top of that: networks of finite width scatter by factors
 * (`finiteWidthBand`). A healthy one is beyond with a probability of 7e-6.
 */
export const deviations = 4.5;

/**
 * Inputs have become one where 1 - c, c being the correlation of pre-activations, is below this. He's ReLU network comes there after
 * 670 layers, by 1 - c = 9 pi^2 / 2 l^2, and narrow ones sooner by chance; with a depth scale xi (`MeanField.depthScales`) it takes
 * 9 xi layers.
 */
export const indistinguishable = 1e-4;

/** Inputs that are alike from the start: offsets ten times as large as what differs. */
export const inputsAlike = 1e-2;

/** The range of an input's root mean square: initialisers are made for 1. Images of 0 to 255 have about 130. */
export const inputRms: readonly [number, number] = [1e-3, 10];

/** A layer is saturated where so many of the elements have a slope below a hundredth of the largest. */
export const saturated = 0.5;

/** Units of a width that a share is judged for: below, no number of dead units is unlikely. */
export const leastUnits = 16;

/**
 * The share of ReLUs that may be 0 for the whole batch: where weights and biases are symmetric about 0, one is so with a probability of
 * at most 1/2, however alike the inputs are; and units are independent of each other.
 */
export const deadLimit = (units: number): number => 0.5 + (deviations * 0.5) / Math.sqrt(units);

/** A gain that is off by no more than a tenth is right. */
export const gainTolerance = 1.1;

/** Off by up to a factor of 2, it is that of another activation; beyond, weights are too small or too large. */
export const otherGain = 2;
