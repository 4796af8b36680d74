// Layer-sequential unit variance: an initialisation that looks at data.
import { checkNumber, checkOptions } from '../arguments.js';
import { noGrad } from '../autograd.js';
import { columns } from '../columns.js';
import { argumentError, describe, rangeError } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { orthogonal_ } from '../init/index.js';
import { Conv1d, Conv2d, ConvTranspose2d, Linear, Module, Parameter } from '../nn/index.js';
import { checkGenerator } from '../random.js';
import { checkSize } from '../shape.js';
import { checkTensor, Tensor } from '../tensor/index.js';
import { checkLayerChoice, chooseLayers, keepBuffers, type LayerChoice, withoutDropout } from './signals/record.js';

/** Options of `lsuv_`. */
export interface LsuvOptions extends RandomOptions {
  /** How far a layer's output variance may be from 1; 0.1 by default, as in the paper. */
  tolerance?: number;
  /** How often a layer may be scaled; 10 by default. */
  maxIterations?: number;
  /** Whether weights are first drawn by `orthogonal_`, in the order of `modules()`; true by default. */
  orthogonal?: boolean;
  /** The layers to scale; by default all of the classes Linear, Conv1d, Conv2d and ConvTranspose2d. */
  layers?: Exclude<LayerChoice, 'parametrised' | 'all'>;
}

/**
 * What became of a layer: 'scaled' to unit variance, in no steps or more; 'not converged' within `maxIterations`; 'no variance'
 * where the output is constant; 'not finite' where it is not, or would not be; 'shared' where an earlier layer has the same
 * weight; 'not reached' by the forward pass. All but the first have the weight unscaled.
 */
export type LsuvStatus = 'scaled' | 'not converged' | 'no variance' | 'not finite' | 'shared' | 'not reached';

/** One layer of `lsuv_`. */
export interface LsuvRow {
  readonly layer: string;
  readonly status: LsuvStatus;
  /** How often the weight was scaled. */
  readonly iterations: number;
  /** The output's variance over all elements of the batch, with layers before this one scaled already; null where unknown. */
  readonly before: number | null;
  /** The same when all layers were done. */
  readonly after: number | null;
  /** What the weight was multiplied by in all. */
  readonly scale: number;
}

/** What `lsuv_` did. Prints as a table. */
export class LsuvReport {
  /** Whether every layer has an output of unit variance, within the tolerance, on the batch. */
  readonly ok: boolean;
  /** What is off, in words. */
  readonly problems: readonly string[];

  constructor(
    /** The layers, in the order in which they first ran; those not reached at the end. */
    readonly rows: readonly LsuvRow[],
    readonly tolerance: number,
  ) {
    this.problems = rows.flatMap(({ layer, status, iterations, after }) => {
      if (status === 'no variance') return [`${layer}: its output is constant on this batch; it keeps its weight`];
      if (status === 'not finite') return [`${layer}: its output is not finite on this batch; it keeps its weight`];
      if (status === 'not reached') return [`${layer}: the forward pass does not run it; it keeps its weight`];
      if (status === 'not converged') {
        const tries = `${iterations} ${iterations === 1 ? 'scaling' : 'scalings'}`;
        return [
          `${layer}: no unit variance after ${tries}: its bias is too large, or its input 0; it keeps its weight`,
        ];
      }
      if (after !== null && Math.abs(after - 1) < tolerance) return [];
      return [
        `${layer}: a variance of ${number(after)} in the end: another module has its weight too, or the model is random`,
      ];
    });
    this.ok = this.problems.length === 0;
  }

  toString(): string {
    const lines = this.rows.map(({ layer, status, iterations, before, after, scale }) => [
      layer,
      status,
      String(iterations),
      number(before),
      number(after),
      number(scale),
    ]);
    const header = ['layer', 'status', 'iterations', 'variance before', 'after', 'scale'];
    return [columns([header, ...lines], [0, 1]), ...this.problems.map((problem) => `- ${problem}`)].join('\n');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const number = (x: number | null) => (x === null ? '' : String(+x.toPrecision(5)));

const call = 'lsuv_';

type Layer = Module & { readonly weight: Parameter };

/** What is known of a layer while the forward pass goes on. */
interface Entry {
  readonly path: string;
  readonly layer: Layer;
  status: LsuvStatus;
  iterations: number;
  before: number | null;
  after: number | null;
  scale: number;
}

const classes = [Linear, Conv1d, Conv2d, ConvTranspose2d];

function findLayers(model: Module, choice: LayerChoice): Entry[] {
  const entries = [...chooseLayers(call, model, choice)].map(([module, path]): Entry => {
    const { weight } = module as { weight?: unknown };
    if (!(weight instanceof Parameter) || weight.dim() < 2) {
      throw argumentError(
        call,
        `layer ${describe(path)} (${module.constructor.name}) has no weight of 2 or more dimensions`,
      );
    }
    const layer = module as Layer;
    return {
      path: path || '(model)',
      layer,
      status: 'not reached',
      iterations: 0,
      before: null,
      after: null,
      scale: 1,
    };
  });
  if (entries.length === 0) throw argumentError(call, `there is no layer to scale in ${model.constructor.name}`);
  return entries;
}

/** The variance of all elements about their mean; NaN of nothing. */
function variance(tensor: Tensor): number {
  return tensor.to('float64').var(undefined, { correction: 0 }).item();
}

/** Calls `work` with what it may not leave changed, modes of dropout and buffers such as running statistics, kept. */
function keepingState(model: Module, work: () => void): void {
  const restore = withoutDropout(model);
  const restoreBuffers = keepBuffers(model);
  try {
    work();
  } finally {
    restoreBuffers();
    restore();
  }
}

/** Scales a layer's weight until its output on `inputs` has unit variance; where that fails, the weight is as before. */
function scaleLayer(entry: Entry, inputs: readonly Tensor[], tolerance: number, maxIterations: number): void {
  const { weight } = entry.layer;
  const unscaled = weight.detach().clone();
  let now = variance(entry.layer.forward(...inputs));
  entry.before = now;
  entry.status = 'scaled';
  while (!(Math.abs(now - 1) < tolerance)) {
    const factor = 1 / Math.sqrt(now);
    if (!Number.isFinite(now)) entry.status = 'not finite';
    else if (!Number.isFinite(factor)) entry.status = 'no variance';
    else if (entry.iterations === maxIterations) entry.status = 'not converged';
    if (entry.status !== 'scaled') {
      // A bias that is too large, or inputs of 0, would drive the weight to 0 or to infinity for nothing.
      weight.copy_(unscaled);
      entry.scale = 1;
      return;
    }
    weight.mul_(factor);
    entry.iterations++;
    entry.scale *= factor;
    now = variance(entry.layer.forward(...inputs));
  }
}

/** Scales layer after layer while the model runs once, each with those before it scaled already. */
function scaleAll(
  model: Module,
  inputs: readonly Tensor[],
  entries: readonly Entry[],
  tolerance: number,
  maxIterations: number,
): Entry[] {
  const ran: Entry[] = [];
  const weights = new Set<Parameter>();
  withHooks(
    entries.map((entry) =>
      entry.layer.registerForwardPreHook((_, given) => {
        // A layer that runs several times is scaled for the first.
        if (ran.includes(entry)) return;
        ran.push(entry);
        if (weights.has(entry.layer.weight)) {
          entry.status = 'shared';
          return;
        }
        weights.add(entry.layer.weight);
        scaleLayer(entry, given, tolerance, maxIterations);
      }),
    ),
    () => model.call(...inputs),
  );
  return [...ran, ...entries.filter((entry) => !ran.includes(entry))];
}

/** Measures every layer's output once more. */
function measureAll(model: Module, inputs: readonly Tensor[], entries: readonly Entry[]): void {
  withHooks(
    entries.map((entry) =>
      entry.layer.registerForwardHook((_, __, output) => {
        entry.after ??= variance(output);
      }),
    ),
    () => model.call(...inputs),
  );
}

function withHooks(remove: readonly (() => void)[], work: () => void): void {
  try {
    work();
  } finally {
    for (const removeOne of remove) removeOne();
  }
}

function checkSettings(options: LsuvOptions | undefined) {
  const { tolerance = 0.1, maxIterations = 10, orthogonal = true, generator, layers } = checkOptions(call, options);
  if (!(checkNumber(call, 'tolerance', tolerance) > 0)) {
    throw rangeError(call, `tolerance must be above 0, got ${tolerance}`);
  }
  if (checkSize(call, maxIterations, 'maxIterations') < 1) {
    throw rangeError(call, `maxIterations must be a whole number, 1 or more, got ${maxIterations}`);
  }
  if (typeof orthogonal !== 'boolean') {
    throw argumentError(call, `orthogonal must be true or false, got ${describe(orthogonal)}`);
  }
  checkGenerator(call, generator);
  const known = (_: string, module: Module) => classes.some((kind) => module instanceof kind);
  return { tolerance, maxIterations, orthogonal, generator, choice: checkLayerChoice(call, layers ?? known) };
}

/**
 * Layer-sequential unit variance (Mishkin and Matas 2016, algorithm 1): draws orthogonal weights (Saxe et al. 2014), then, layer
 * by layer in the order in which the model runs them, divides each weight by the standard deviation of the layer's output on
 * the batch, until that output's variance is within `tolerance` of 1. It takes two forward passes, and one more of a layer for
 * each time that it is scaled.
 *
 * Biases stay as they are: 0 is the paper's. The model runs in the mode that it is in, but without dropout; buffers, such as
 * running statistics, are as before when it is done, and no gradients are recorded. A layer whose output cannot be given unit
 * variance keeps its weight unscaled, and the report says why. After an error all weights are as they were.
 *
 * @param batch the model's input, or its inputs
 * @throws TypeError (ERR_ARGUMENT) for what is no module or tensor, a model without layers to scale, or an unknown path;
 * RangeError (ERR_RANGE) for options that are out of range; what the model's forward throws
 * @example
 * const net = new nn.Sequential(new nn.Linear(64, 256), new nn.Tanh(), new nn.Linear(256, 10));
 * const report = lsuv_(net, randn(128, 64));
 * console.log(report);
 */
export function lsuv_(model: Module, batch: Tensor | readonly Tensor[], options?: LsuvOptions): LsuvReport {
  if (!(model instanceof Module)) throw argumentError(call, `expected a module, got ${describe(model)}`);
  const inputs: readonly Tensor[] = batch instanceof Tensor ? [batch] : Array.isArray(batch) ? batch : [batch];
  for (const input of inputs) checkTensor(call, input);
  const { tolerance, maxIterations, orthogonal, generator, choice } = checkSettings(options);
  const found = findLayers(model, choice);
  return noGrad(() => {
    const weights = new Set(found.map(({ layer }) => layer.weight));
    const originals = [...weights].map((weight) => [weight, weight.clone()] as const);
    let entries = found;
    try {
      if (orthogonal) for (const weight of weights) orthogonal_(weight, 1, { generator });
      keepingState(model, () => {
        entries = scaleAll(model, inputs, found, tolerance, maxIterations);
        measureAll(model, inputs, entries);
      });
    } catch (error) {
      for (const [weight, original] of originals) weight.copy_(original);
      throw error;
    }
    const finite = (x: number | null) => (x !== null && Number.isFinite(x) ? x : null);
    const rows = entries.map(
      ({ path, status, iterations, before, after, scale }): LsuvRow => ({
        layer: path,
        status,
        iterations,
        before: finite(before),
        after: finite(after),
        scale,
      }),
    );
    return new LsuvReport(rows, tolerance);
  });
}
