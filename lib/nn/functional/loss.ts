// Losses. Where they average, it is over all elements (or examples) together.
import { checkFinite, checkOptions } from '../../arguments.js';
import { checkFloat, dtypes } from '../../dtype.js';
import { argumentError, describe, dtypeError, rangeError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { broadcastShapes, formatShape, numElements, type Shape, sameShape } from '../../shape.js';
import { apply, checkTensor, operand, Tensor } from '../../tensor/index.js';
import { allocateView, type TensorView } from '../../view.js';

/** Options that all losses have. */
export interface LossOptions {
  /** 'mean' (default), 'sum', or 'none' for a loss for each element. */
  reduction?: ops.Reduction;
}

/** Checks how a loss is to be reduced. */
export function checkReduction(call: string, reduction: unknown = 'mean'): ops.Reduction {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return reduction;
  throw argumentError(call, `reduction must be 'mean', 'sum' or 'none', got ${describe(reduction)}`);
}

/** Two tensors of floats, in one shape. */
function broadcastPair(call: string, input: Tensor, target: Tensor): [Tensor, Tensor] {
  const [x, t] = [operand(call, input), operand(call, target)];
  for (const { dtype } of [x, t]) checkFloat(call, dtype);
  ops.checkSameDType(call, x, t);
  const shape = broadcastShapes(call, x.shape, t.shape);
  return [input, target].map((tensor) => (sameShape(tensor.shape, shape) ? tensor : tensor.expand(shape))) as [
    Tensor,
    Tensor,
  ];
}

function reduced(losses: Tensor, reduction: ops.Reduction): Tensor {
  return reduction === 'none' ? losses : losses[reduction]();
}

/**
 * (input - target)^2; shapes broadcast.
 *
 * @example
 * nn.functional.mseLoss(tensor([1, 2]), tensor([1, 4])); // tensor(2.)
 */
export function mseLoss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const call = 'mseLoss';
  const reduction = checkReduction(call, checkOptions(call, options).reduction);
  return apply(call, ops.mseLossOp, broadcastPair(call, input, target), { reduction });
}

/**
 * |input - target|; shapes broadcast.
 *
 * @example
 * nn.functional.l1Loss(tensor([1, 2]), tensor([1, 4])); // tensor(1.)
 */
export function l1Loss(input: Tensor, target: Tensor, options?: LossOptions): Tensor {
  const call = 'l1Loss';
  const reduction = checkReduction(call, checkOptions(call, options).reduction);
  const [x, t] = broadcastPair(call, input, target);
  return reduced(x.sub(t).abs(), reduction);
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface LogitLossOptions extends LossOptions {
  /** Factors on the losses; must broadcast to the input. */
  weight?: Tensor | null;
  /** Factors on the losses of positive targets; must broadcast to the input. */
  posWeight?: Tensor | null;
}

/** The view of a tensor that must broadcast to a shape, in the dtype of the arithmetic; undefined for none. */
function optionalFactor(call: string, name: string, given: unknown, like: Tensor): TensorView | undefined {
  if (given === undefined || given === null) return undefined;
  const factor = checkTensor(call, given);
  checkFloat(call, factor.dtype);
  if (!sameShape(broadcastShapes(call, factor.shape, like.shape), like.shape)) {
    const [got, wanted] = [formatShape(factor.shape), formatShape(like.shape)];
    throw shapeError(call, `${name} of shape ${got} does not broadcast to ${wanted}`);
  }
  // A copy: it may change before the gradient is asked for.
  return ops.contiguousCopy(call, factor.elements, like.dtype);
}

/**
 * The cross-entropy of targets from 0 to 1 and the probabilities whose logits are the input, of the same shape.
 *
 * @throws RangeError (ERR_SHAPE) where shapes differ
 * @example
 * nn.functional.binaryCrossEntropyWithLogits(tensor([0, 2]), tensor([1, 0]));
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options?: LogitLossOptions): Tensor {
  const call = 'binaryCrossEntropyWithLogits';
  const given = checkOptions(call, options);
  const reduction = checkReduction(call, given.reduction);
  const [x, t] = [operand(call, input), operand(call, target)];
  if (!sameShape(x.shape, t.shape)) {
    throw shapeError(call, `expected a target of shape ${formatShape(x.shape)}, got ${formatShape(t.shape)}`);
  }
  const pair = broadcastPair(call, input, target);
  const weight = optionalFactor(call, 'weight', given.weight, input);
  const posWeight = optionalFactor(call, 'posWeight', given.posWeight, input);
  return apply(call, ops.logitLossOp, pair, { reduction, weight, posWeight });
}

/** Options of `nllLoss`. */
export interface ClassLossOptions extends LossOptions {
  /** A factor for each class [C]; the mean is that of the factors. */
  weight?: Tensor | null;
  /** Targets of this class count nothing; -100 by default. */
  ignoreIndex?: number;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** How much of a target is spread evenly over all classes; 0 by default. */
  labelSmoothing?: number;
}

const classWord = '[N, C, ...] or [C]';

/** Of inputs [N, C, ...] or [C]: the dimension of classes. */
function classDim(call: string, { shape, dtype }: TensorView): 0 | 1 {
  checkFloat(call, dtype);
  if (shape.length === 0) throw shapeError(call, `expected an input ${classWord}, got a scalar`);
  return shape.length === 1 ? 0 : 1;
}

function classWeights(call: string, weight: unknown, classes: number): number[] | undefined {
  if (weight === undefined || weight === null) return undefined;
  const tensor = checkTensor(call, weight);
  checkFloat(call, tensor.dtype);
  if (!sameShape(tensor.shape, [classes])) {
    throw shapeError(call, `weight must have shape [${classes}], got ${formatShape(tensor.shape)}`);
  }
  return ops.indexList(call, ops.cast(call, tensor.elements, 'float64'));
}

function checkIgnored(call: string, ignoreIndex: unknown = -100): number {
  if (Number.isSafeInteger(ignoreIndex)) return ignoreIndex as number;
  throw argumentError(call, `ignoreIndex must be a whole number, got ${describe(ignoreIndex)}`);
}

/** The classes of a target, -1 for ignored ones. */
function classList(call: string, target: TensorView, wanted: Shape, classes: number, ignored: number): number[] {
  if (dtypes[target.dtype].kind !== 'integer') {
    throw dtypeError(call, `expected classes of dtype int64, got ${target.dtype}`);
  }
  if (!sameShape(target.shape, wanted)) {
    throw shapeError(call, `expected a target of shape ${formatShape(wanted)}, got ${formatShape(target.shape)}`);
  }
  return ops.indexList(call, target).map((index) => {
    if (index === ignored) return -1;
    if (index < 0 || index >= classes) throw rangeError(call, `class ${index} is out of range for ${classes} classes`);
    return index;
  });
}

/**
 * The negative log-likelihood: minus the input at the target's classes.
 *
 * @param input log-probabilities [N, C, ...] or [C]
 * @param target classes [N, ...] or a scalar, of dtype int64
 * @throws RangeError (ERR_RANGE) for a class beyond the input's
 * @example
 * nn.functional.nllLoss(randn(2, 3).logSoftmax(1), tensor([0, 2], { dtype: 'int64' }));
 */
export function nllLoss(input: Tensor, target: Tensor, options?: ClassLossOptions): Tensor {
  const call = 'nllLoss';
  const given = checkOptions(call, options);
  return pickClass(call, input, target, given);
}

function pickClass(call: string, input: Tensor, target: Tensor, options: ClassLossOptions): Tensor {
  const x = operand(call, input);
  const dim = classDim(call, x);
  const reduction = checkReduction(call, options.reduction);
  const count = x.shape[dim]!;
  const weights = classWeights(call, options.weight, count);
  const wanted = x.shape.toSpliced(dim, 1);
  const classes = classList(call, operand(call, target), wanted, count, checkIgnored(call, options.ignoreIndex));
  // Sequences are images of one row to torch, which shows in the graph.
  const places = x.shape.length > 2;
  const node = `NllLoss${places ? '2D' : ''}Backward0`;
  const batch = dim === 0 ? input.unsqueeze(0) : input;
  const pick = (shape: Shape) => apply(call, ops.pickClassOp, [batch], { node, classes, weights, reduction, shape });
  if (reduction !== 'none' || !places || x.shape.length === 4) return pick(wanted);
  return pick([wanted[0]!, 1, numElements(wanted.slice(1))]).view(wanted);
}

/**
 * The cross-entropy of a target and the softmax of the input.
 *
 * @param input logits [N, C, ...] or [C]
 * @param target classes [N, ...] of dtype int64, or probabilities of the input's shape and dtype
 * @throws RangeError (ERR_RANGE) for a class beyond the input's, or label smoothing outside [0, 1]
 * @example
 * nn.functional.crossEntropy(randn(2, 3), tensor([0, 2], { dtype: 'int64' }));
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  const call = 'crossEntropy';
  const { labelSmoothing = 0, ...given } = checkOptions(call, options);
  const smoothing = checkFinite(call, 'labelSmoothing', labelSmoothing);
  if (smoothing < 0 || smoothing > 1) throw rangeError(call, `labelSmoothing must be from 0 to 1, got ${smoothing}`);
  const [x, t] = [operand(call, input), operand(call, target)];
  const dim = classDim(call, x);
  const logs = () => apply(call, ops.logSoftmaxOp, [input], { dim });
  if (dtypes[t.dtype].kind === 'float') return withProbabilities(call, logs, dim, target, given, smoothing);
  if (smoothing === 0) return pickClass(call, logs(), target, given);
  return smoothed(call, logs(), dim, target, given, smoothing);
}

/** A tensor of numbers, of one dimension. */
function vector(values: readonly number[], like: Tensor): Tensor {
  const view = allocateView('crossEntropy', [values.length], 'float64');
  (view.array as Float64Array).set(values);
  return new Tensor(ops.cast('crossEntropy', view, like.dtype));
}

/** Class weights as they broadcast to the logits. */
function alongClasses(weights: readonly number[] | undefined, like: Tensor, dim: number): Tensor | undefined {
  if (weights === undefined) return undefined;
  const shape = like.shape.map((size, d) => (d === dim ? size : 1));
  return vector(weights, like).view(shape);
}

function withProbabilities(
  call: string,
  logs: () => Tensor,
  dim: number,
  target: Tensor,
  options: ClassLossOptions,
  smoothing: number,
): Tensor {
  const reduction = checkReduction(call, options.reduction);
  const log = logs();
  ops.checkSameDType(call, log.elements, target.elements);
  if (!sameShape(log.shape, target.shape)) {
    const [wanted, got] = [formatShape(log.shape), formatShape(target.shape)];
    throw shapeError(call, `expected probabilities of shape ${wanted}, got ${got}`);
  }
  const classes = log.shape[dim]!;
  const weight = alongClasses(classWeights(call, options.weight, classes), log, dim);
  const goal = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classes);
  const each = log.mul(weight === undefined ? goal : goal.mul(weight));
  if (reduction === 'none') return each.sum(dim).neg();
  const total = each.sum().neg();
  if (reduction === 'sum') return total;
  return apply(call, { ...ops.binaryOps.div.scalar, node: 'DivBackward1' }, [total], numElements(log.shape) / classes);
}

/** Classes with label smoothing: (1 - s) of the loss of the class, and s of the mean over all classes. */
function smoothed(
  call: string,
  log: Tensor,
  dim: number,
  target: Tensor,
  options: ClassLossOptions,
  smoothing: number,
): Tensor {
  const reduction = checkReduction(call, options.reduction);
  const ofClass = pickClass(call, log, target, options);
  const classes = log.shape[dim]!;
  const weights = classWeights(call, options.weight, classes);
  const list = classList(call, target.elements, target.shape, classes, checkIgnored(call, options.ignoreIndex));
  const weight = alongClasses(weights, log, dim);
  const counted = vector(
    list.map((index) => (index < 0 ? 0 : 1)),
    log,
  ).to('bool');
  const sums = (weight === undefined ? log : log.mul(weight)).sum(dim).neg();
  // Chosen, not multiplied by 0: what is ignored may be NaN.
  const zero = new Tensor(allocateView(call, [], log.dtype));
  const even = apply(call, ops.whereOp, [counted.view(target.shape), sums, zero], undefined);
  const total = list.reduce((sum, index) => sum + (index < 0 ? 0 : (weights?.[index] ?? 1)), 0);
  const all = reduction === 'none' ? even : reduction === 'sum' ? even.sum() : even.sum().div(total);
  return ofClass.mul(1 - smoothing).add(all.mul(smoothing / classes));
}
