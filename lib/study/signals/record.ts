// What forward hooks see of a model while it trains: the size of each layer's output, and how far it is from the first one.
import { noGrad } from '../../autograd.js';
import { argumentError, describe } from '../../errors.js';
import { Dropout, type Module } from '../../nn/index.js';
import type { Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';

/** Which modules a study looks at: those with parameters of their own, all, those of given paths, or a predicate's. */
export type LayerChoice = 'parametrised' | 'all' | readonly string[] | ((path: string, module: Module) => boolean);

/** The modules that a choice picks, with their paths. */
export function chooseLayers(call: string, model: Module, choice: LayerChoice): Map<Module, string> {
  const modules = [...model.namedModules()];
  if (Array.isArray(choice)) {
    const paths = new Map(modules);
    for (const path of choice as unknown[]) {
      if (!paths.has(path as string)) throw argumentError(call, `the model has no module ${describe(path)}`);
    }
    return new Map((choice as string[]).map((path) => [paths.get(path)!, path]));
  }
  const chosen = modules.filter(([path, module]) => {
    if (typeof choice === 'function') return choice(path, module);
    return choice === 'all' || !module.parameters({ recurse: false }).next().done;
  });
  return new Map(chosen.map(([path, module]) => [module, path]));
}

/** Checks a choice of layers. */
export function checkLayerChoice(call: string, choice: unknown): LayerChoice {
  const known = choice === 'parametrised' || choice === 'all' || typeof choice === 'function';
  if (known || Array.isArray(choice)) return choice as LayerChoice;
  throw argumentError(call, `layers must be 'parametrised', 'all', paths or a predicate, got ${describe(choice)}`);
}

/** Puts dropout out of action, and returns what brings it back: its noise is no change of a layer's. */
export function withoutDropout(model: Module): () => void {
  const dropouts = [...model.modules()].filter((module) => module instanceof Dropout);
  const modes = dropouts.map(({ training }) => training);
  for (const dropout of dropouts) dropout.training = false;
  return () => {
    dropouts.forEach((dropout, i) => {
      dropout.training = modes[i]!;
    });
  };
}

/** Takes copies of buffers, such as running statistics, and returns what puts them back. */
export function keepBuffers(model: Module): () => void {
  const buffers = [...model.buffers()].map((buffer) => [buffer, buffer.detach().clone()] as const);
  return () =>
    noGrad(() => {
      for (const [buffer, before] of buffers) buffer.copy_(before);
    });
}

/** What a module's nth call in a pass is called: `fc`, `fc (2)`. */
export function callName(path: string, call: number): string {
  const name = path === '' ? '(model)' : path;
  return call === 1 ? name : `${name} (${call})`;
}

/** The root mean square of a tensor's elements; of nothing, 0. */
export function rootMeanSquare(tensor: Tensor): number {
  return noGrad(() => tensor.to('float64').norm().item() / Math.sqrt(Math.max(1, tensor.numel())));
}

/** The root mean square of the difference of two tensors of one shape. */
export function rmsDifference(a: Tensor, b: Tensor): number {
  return noGrad(() => rootMeanSquare(a.detach().to('float64').sub(b.detach().to('float64'))));
}

/** One layer's output, pass by pass. */
export interface LayerRecord {
  /** The output's root mean square. */
  readonly sizes: number[];
  /** The root mean square of its difference from the first pass's. */
  readonly changes: number[];
  /** The module's class and its weight's shape; null for the model's own output, and modules without a weight. */
  readonly weight: { readonly module: string; readonly shape: Shape } | null;
}

/**
 * Takes down the outputs of layers in one pass after another. A module that runs several times in a pass counts as several
 * layers: `fc`, `fc (2)`. With `wholeOutput` the model's own output is one too, '(output)', where it is not that of a layer.
 */
export class ActivationRecord {
  readonly #layers = new Map<string, LayerRecord>();
  readonly #first = new Map<string, Tensor>();
  readonly #calls = new Map<Module, number>();
  readonly #outputs = new Set<Tensor>();
  readonly #model: Module;
  readonly #wholeOutput: boolean;
  readonly #remove: (() => void)[];

  constructor(model: Module, layers: ReadonlyMap<Module, string>, wholeOutput: boolean) {
    this.#model = model;
    this.#wholeOutput = wholeOutput;
    this.#remove = [...layers].map(([module, path]) =>
      module.registerForwardHook((_, __, output) => {
        const call = (this.#calls.get(module) ?? 0) + 1;
        this.#calls.set(module, call);
        this.#outputs.add(output);
        this.#take(callName(path, call), module, output);
      }),
    );
  }

  /** Runs the model once, and returns its output. */
  run(inputs: readonly Tensor[]): Tensor {
    this.#calls.clear();
    this.#outputs.clear();
    const output = this.#model.call(...inputs);
    if (this.#wholeOutput && !this.#outputs.has(output)) this.#take('(output)', null, output);
    this.#outputs.clear();
    return output;
  }

  // At once, since a later operation may write to the output in place.
  #take(name: string, module: Module | null, output: Tensor): void {
    let [record, first] = [this.#layers.get(name), this.#first.get(name)];
    if (record === undefined || first === undefined) {
      const weight: unknown = (module as { weight?: unknown } | null)?.weight;
      const known = weight instanceof Tensor ? { module: module!.constructor.name, shape: weight.shape } : null;
      record = { sizes: [], changes: [], weight: known };
      first = noGrad(() => output.detach().clone());
      this.#layers.set(name, record);
      this.#first.set(name, first);
    }
    record.sizes.push(rootMeanSquare(output));
    record.changes.push(rmsDifference(output, first));
  }

  /** The layers in the order in which they ran. */
  get layers(): ReadonlyMap<string, LayerRecord> {
    return this.#layers;
  }

  /** Takes the hooks away, and lets go of the first outputs. */
  end(): void {
    this.#first.clear();
    for (const remove of this.#remove) remove();
  }
}
