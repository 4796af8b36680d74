// The coordinate check: do activations change by as much in wide models as in narrow ones?
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkOptions } from '../../arguments.js';
import { randn } from '../../creation.js';
import { argumentError, describe, rangeError } from '../../errors.js';
import { type AsyncOptions, checkSignal } from '../../job.js';
import { functional, Linear, Module } from '../../nn/index.js';
import { Adam, AdamW, learningRateGroups, Optimizer, type RatePlan, SGD } from '../../optim/index.js';
import { Generator } from '../../random.js';
import { checkCount } from '../../shape.js';
import { checkTensor, Tensor } from '../../tensor/index.js';
import { checkLayerChoice, type LayerChoice } from '../signals/record.js';
import { CoordReport } from './coordreport.js';
import { joinRuns, type Run, train } from './coordtrain.js';

/** What a model, its data and its optimiser are to be made for. */
export interface CoordContext {
  readonly width: number;
  /** Which of the repeats, from 0. */
  readonly repeat: number;
  /** A stream of random numbers of its own. */
  readonly generator: Generator;
}

/** A model, and the plan that `init.initialize` returned, whose factors on the learning rate are applied. */
export interface PlannedModel {
  readonly model: Module;
  readonly plan?: RatePlan | undefined;
}

/** What the models are trained on. */
export interface CoordData {
  /** The model's input, or its inputs. */
  readonly input: Tensor | readonly Tensor[];
  /** By default standard normal numbers of the output's shape, the same for every row. */
  readonly target?: Tensor | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: optimisers of any options
type AnyOptimizer = Optimizer<any>;

/** Options of `coordCheck`. */
export interface CoordCheckOptions extends AsyncOptions {
  /** Two or more widths; [128, 256, 512, 1024] by default. */
  widths?: readonly number[];
  /** Training steps; 3 by default. */
  steps?: number;
  /** Models of each width, each from random numbers of its own; 5 by default. */
  repeats?: number;
  /** A name ('adam' by default), or a function that makes one. Its factors are then its own affair: a plan's are not applied. */
  optimizer?: 'sgd' | 'adam' | 'adamw' | ((model: Module, context: CoordContext) => AnyOptimizer);
  /** The learning rate of a named optimiser; 0.1 by default for SGD, 0.001 for the others. */
  lr?: number;
  /** By default 32 rows of standard normal numbers for the first Linear, the same at all widths. */
  data?: CoordData | ((context: CoordContext) => CoordData);
  /** By default the cross-entropy for targets of int64, and the mean squared error for others. */
  loss?: (output: Tensor, target: Tensor) => Tensor;
  /** Which modules are judged; those with parameters of their own, and the model's output, by default. */
  layers?: LayerChoice;
  /** The largest |slope| that passes; 0.15 by default. */
  tolerance?: number;
  /** What random numbers are spawned from; 0 by default. */
  seed?: number | bigint;
  /** Called after every training step, with steps done and in total. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

const call = 'coordCheck';

const optimizers = {
  sgd: { rule: 'sgd', lr: 0.1, make: (groups: Groups) => new SGD(groups) },
  adam: { rule: 'adam', lr: 1e-3, make: (groups: Groups) => new Adam(groups) },
  adamw: { rule: 'adam', lr: 1e-3, make: (groups: Groups) => new AdamW(groups) },
} as const;
type Groups = { params: Tensor[]; lr: number }[];

type Settings = ReturnType<typeof checkSettings>;

function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw argumentError(call, `${name} must be a function, got ${describe(value)}`);
  }
}

function checkWidths(given: unknown): number[] {
  if (!Array.isArray(given)) throw argumentError(call, `widths must be an array of numbers, got ${describe(given)}`);
  const widths = given.map((width) => checkCount(call, width, 'a width')).sort((a, b) => a - b);
  if (new Set(widths).size < Math.max(2, widths.length)) {
    throw rangeError(call, `widths must be two or more different ones, got ${describe(given)}`);
  }
  return widths;
}

function checkData(given: unknown): (context: CoordContext, model: Module) => CoordData {
  const checked = (data: CoordData) => {
    const inputs: unknown = data?.input;
    for (const input of Array.isArray(inputs) ? inputs : [inputs]) checkTensor(call, input);
    if (data.target !== undefined) checkTensor(call, data.target);
    return data;
  };
  if (typeof given === 'function') return (context, model) => checked(given(context, model));
  const data = checked(given as CoordData);
  return () => data;
}

function checkSettings(options: CoordCheckOptions | undefined) {
  const given = checkOptions(call, options);
  const { optimizer = 'adam', tolerance = 0.15, lr } = given;
  const named = typeof optimizer !== 'function';
  if (named && !Object.hasOwn(optimizers, optimizer)) {
    const names = Object.keys(optimizers).join(', ');
    throw argumentError(call, `optimizer must be one of ${names}, or a function, got ${describe(optimizer)}`);
  }
  if (!named && lr !== undefined) throw argumentError(call, 'lr is for optimisers given by name');
  for (const [name, value] of Object.entries({ lr: lr ?? 1, tolerance })) {
    if (typeof value !== 'number') throw argumentError(call, `${name} must be a number, got ${describe(value)}`);
    if (!(value > 0 && value < Infinity)) throw rangeError(call, `${name} must be above 0 and finite, got ${value}`);
  }
  checkFunction('loss', given.loss);
  checkFunction('onProgress', given.onProgress);
  return {
    widths: checkWidths(given.widths ?? [128, 256, 512, 1024]),
    steps: checkCount(call, given.steps ?? 3, 'steps'),
    repeats: checkCount(call, given.repeats ?? 5, 'repeats'),
    optimizer,
    lr: named ? (lr ?? optimizers[optimizer].lr) : null,
    rule: named ? optimizers[optimizer].rule : null,
    tolerance,
    data: checkData(given.data ?? defaultData),
    loss: given.loss ?? defaultLoss,
    layers: checkLayerChoice(call, given.layers ?? 'parametrised'),
    generator: new Generator(given.seed ?? 0),
    signal: checkSignal(call, given.signal),
    onProgress: given.onProgress ?? (() => {}),
  };
}

const defaultLoss = (output: Tensor, target: Tensor) =>
  target.dtype === 'int64' ? functional.crossEntropy(output, target) : functional.mseLoss(output, target);

/** Rows for the model's first layer, if that is a Linear. */
function defaultData({ generator }: CoordContext, model: Module): CoordData {
  const first = [...model.modules()].find((module) => !module.parameters({ recurse: false }).next().done);
  if (!(first instanceof Linear)) throw argumentError(call, 'data must be given: the first layer is not a Linear');
  return { input: randn([32, first.inFeatures], { generator, dtype: first.weight.dtype }) };
}

/**
 * The coordinate check (Yang et al. 2022, appendix D.1): trains models of several widths for a few steps and fits, for every
 * layer, the exponent of the width with which its output's change since initialisation grows, on the batch that it is trained on.
 * In a maximal update parametrisation all of these are 0: then what one width teaches about learning rates holds at all. With
 * standard initialisation and one learning rate the changes after the first step go as width^(-1/2) in the first layer, width^(1/2) in
 * hidden layers and width in the last (SGD), or as 1, width and width^(3/2) (Adam).
 *
 * A layer is judged by the first step after which it has changed: in later ones a loss that is gone hides what went wrong. Dropout
 * is switched off. Models are trained one after the other on this thread; the event loop runs between steps.
 *
 * @param modelFactory makes a new model of a width, whose inputs and outputs must not grow with it; or `{ model, plan }`
 * @returns a promise of the report. It rejects with TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for options that are
 * wrong or out of range, and models that do not run the same layers; with what the factory, the model or the optimiser
 * throws; or with the signal's reason, before the next step
 * @example
 * const mlp = (n) => new nn.Sequential(new nn.Linear(64, n), new nn.ReLU(), new nn.Linear(n, n), new nn.ReLU(), new nn.Linear(n, 10));
 * const report = await coordCheck(({ width, generator }) => {
 *   const model = mlp(width);
 *   const plan = init.initialize(model, init.presets.mup({ base: mlp(128) }), { generator });
 *   return { model, plan };
 * }, { widths: [128, 256, 512], steps: 2, optimizer: 'adam' });
 * report.passed; // true
 */
export async function coordCheck(
  modelFactory: (context: CoordContext) => Module | PlannedModel,
  options?: CoordCheckOptions,
): Promise<CoordReport> {
  if (typeof modelFactory !== 'function') {
    throw argumentError(call, `expected a function that makes a model, got ${describe(modelFactory)}`);
  }
  const settings = checkSettings(options);
  const { widths, steps, repeats, optimizer, lr, rule, tolerance, generator, signal } = settings;
  signal?.throwIfAborted();
  const seen = new WeakSet<Module>();
  let done = 0;
  let planned = false;
  const step = async () => {
    settings.onProgress(++done, widths.length * repeats * steps);
    await nextTurn();
    signal?.throwIfAborted();
  };
  const names = new Set<string>();
  const runs: Run[] = [];
  for (const width of widths) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const context = { width, repeat, generator: generator.spawn(`model/${width}/${repeat}`) };
      const { model, plan } = checkMade(modelFactory(context));
      if (seen.has(model)) throw argumentError(call, 'the factory must make a new model each time');
      seen.add(model);
      planned ||= plan?.rows.some(({ learningRate }) => learningRate !== undefined) ?? false;
      const optimise = makeOptimizer(settings, model, plan, context);
      // The data of a repeat are the same at all widths, so that their accidents are no slope.
      const data = { width, repeat, generator: generator.spawn(`data/${repeat}`) };
      const { input, target } = settings.data(data, model);
      const batch = { inputs: input instanceof Tensor ? [input] : input, target, generator: data.generator };
      names.add(optimise.constructor.name);
      runs.push(await train(model, optimise, batch, settings, step));
    }
  }
  const name = typeof optimizer === 'string' ? optimizer : [...names].join(', ');
  const asked = { widths, steps, repeats, optimizer: name, lr, tolerance, planned: planned && rule !== null };
  const { layers, parameters } = joinRuns(call, runs, asked);
  return new CoordReport(asked, rule, layers, parameters);
}

function checkMade(made: unknown): PlannedModel {
  const { model, plan } = made instanceof Module ? { model: made } : ((made ?? {}) as Partial<PlannedModel>);
  if (!(model instanceof Module)) {
    throw argumentError(call, `the factory must return a module or { model, plan }, got ${describe(made)}`);
  }
  if (plan !== undefined && !Array.isArray(plan?.rows)) {
    throw argumentError(call, `plan must be what init.initialize returns, got ${describe(plan)}`);
  }
  return { model, plan };
}

function makeOptimizer(
  { optimizer, lr, rule }: Settings,
  model: Module,
  plan: RatePlan | undefined,
  context: CoordContext,
): AnyOptimizer {
  if (typeof optimizer !== 'function') {
    const groups = learningRateGroups(model, plan ?? { rows: [] }, { rule: rule!, lr: lr! });
    return optimizers[optimizer].make(groups);
  }
  const made = optimizer(model, context);
  if (made instanceof Optimizer) return made;
  throw argumentError(call, `the function optimizer must return an Optimizer, got ${describe(made)}`);
}
