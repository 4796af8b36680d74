// Batch normalisation.
import { checkFinite, checkOptions } from '../arguments.js';
import { rangeError, shapeError } from '../errors.js';
import { fill } from '../ops/index.js';
import { checkSize, formatShape, type Shape } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { allocateView } from '../view.js';
import { batchNorm } from './functional/normalise.js';
import { constantParameter, type LayerOptions, lazyTensor } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';
import { pythonBool, pythonFloat } from './python.js';

/** Options of BatchNorm1d and BatchNorm2d. */
export interface BatchNormModuleOptions extends Pick<LayerOptions, 'dtype' | 'bias'> {
  /** Where false, all tensors start as they do otherwise, but have no memory until an element is first read or written. */
  init?: boolean;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** How far running statistics move towards a batch's, 0.1 by default; null for the average over all batches. */
  momentum?: number | null;
  /** Whether channels are scaled and, unless `bias` is false, shifted; true by default. */
  affine?: boolean;
  /** Whether to keep running statistics, which `eval` uses; true by default. */
  trackRunningStats?: boolean;
}

/** What batch normalisations have in common: weight and bias [C], running statistics. */
abstract class BatchNorm extends Module {
  static override readonly torchNames = {
    runningMean: 'running_mean',
    runningVar: 'running_var',
    numBatchesTracked: 'num_batches_tracked',
  };
  static override readonly optionalState = ['num_batches_tracked'];

  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  /** The running mean [C]; a buffer, `running_mean` in the state dict, as the next two are. */
  declare runningMean: Tensor | null;
  /** The running variance [C], with Bessel's correction. */
  declare runningVar: Tensor | null;
  /** How many batches the running statistics have seen: a scalar, int64. */
  declare numBatchesTracked: Tensor | null;

  constructor(numFeatures: number, options?: BatchNormModuleOptions) {
    super();
    const call = new.target.name;
    const { dtype, ...given } = checkOptions(call, options);
    this.numFeatures = checkSize(call, numFeatures, 'numFeatures');
    this.eps = checkFinite(call, 'eps', given.eps ?? 1e-5);
    if (this.eps < 0) throw rangeError(call, `eps must be 0 or more, got ${this.eps}`);
    this.momentum = given.momentum === null ? null : checkFinite(call, 'momentum', given.momentum ?? 0.1);
    this.affine = given.affine ?? true;
    this.trackRunningStats = given.trackRunningStats ?? true;
    const lazy = given.init === false;
    const shape = [this.numFeatures];
    this.weight = this.affine ? constantParameter(call, shape, dtype, 1, lazy) : null;
    this.bias = this.affine && (given.bias ?? true) ? constantParameter(call, shape, dtype, 0, lazy) : null;
    const buffer = (start: 0 | 1) =>
      this.trackRunningStats ? constantParameter(call, shape, dtype, start, lazy).detach() : null;
    this.registerBuffer('runningMean', buffer(0));
    this.registerBuffer('runningVar', buffer(1));
    const scalar = () => (lazy ? lazyTensor(call, [], 'int64', 0) : new Tensor(allocateView(call, [], 'int64')));
    this.registerBuffer('numBatchesTracked', this.trackRunningStats ? scalar() : null);
  }

  /** The input's shape, checked. */
  protected abstract checkInput(shape: Shape): void;

  /** Forgets what was seen: mean 0, variance 1, no batches. */
  resetRunningStats(): void {
    const call = 'resetRunningStats';
    if (this.runningMean !== null) fill(call, this.runningMean.elements, 0);
    if (this.runningVar !== null) fill(call, this.runningVar.elements, 1);
    if (this.numBatchesTracked !== null) fill(call, this.numBatchesTracked.elements, 0);
  }

  /** Weights of 1, biases of 0, and running statistics as at the start. */
  override resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) fill('resetParameters', this.weight.elements, 1);
    if (this.bias !== null) fill('resetParameters', this.bias.elements, 0);
  }

  override forward(input: Tensor): Tensor {
    const { eps, runningMean, runningVar, numBatchesTracked, weight, bias } = this;
    if (input instanceof Tensor) this.checkInput(input.shape);
    let momentum = this.momentum ?? 0;
    const counts = this.training && numBatchesTracked !== null;
    const batches = counts ? Number(numBatchesTracked.item<number | bigint>()) + 1 : 0;
    if (counts && this.momentum === null) momentum = 1 / batches;
    const training = this.training || (runningMean === null && runningVar === null);
    const out = batchNorm(input, runningMean, runningVar, weight, bias, { training, momentum, eps });
    if (counts) fill('batchNorm', numBatchesTracked.elements, batches);
    return out;
  }

  protected override extraRepr(): string {
    const { affine, bias, trackRunningStats } = this;
    const flags = `affine=${pythonBool(affine)}, bias=${pythonBool(bias !== null)}`;
    return (
      `${this.numFeatures}, eps=${pythonFloat(this.eps)}, momentum=${pythonFloat(this.momentum)}, ` +
      `${flags}, track_running_stats=${pythonBool(trackRunningStats)}`
    );
  }
}

function checkDims(call: string, shape: Shape, features: number, dims: readonly number[], wanted: string): void {
  if (!dims.includes(shape.length))
    throw shapeError(call, `expected an input ${wanted}, got shape ${formatShape(shape)}`);
  if (shape[1] !== features) {
    throw shapeError(call, `expected ${features} channels, got ${shape[1]}: input shape ${formatShape(shape)}`);
  }
}

/**
 * Normalises the features of a batch [N, C], or the channels of sequences [N, C, L], by mean and variance.
 *
 * @throws RangeError (ERR_SHAPE) for other shapes; while training, for a batch with one value a channel
 * @example
 * new nn.BatchNorm1d(64).call(randn(32, 64)).shape; // [32, 64]
 */
export class BatchNorm1d extends BatchNorm {
  protected override checkInput(shape: Shape): void {
    checkDims('BatchNorm1d', shape, this.numFeatures, [2, 3], '[N, C] or [N, C, L]');
  }
}

/**
 * Normalises the channels of a batch of images [N, C, H, W] by mean and variance.
 *
 * @throws RangeError (ERR_SHAPE) for other shapes; while training, for a batch with one value a channel
 * @example
 * new nn.BatchNorm2d(64).call(randn(8, 64, 28, 28)).shape; // [8, 64, 28, 28]
 */
export class BatchNorm2d extends BatchNorm {
  protected override checkInput(shape: Shape): void {
    checkDims('BatchNorm2d', shape, this.numFeatures, [4], '[N, C, H, W]');
  }
}
