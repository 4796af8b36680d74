// Module: parameters, buffers and sub-modules found through an object's own fields, under torch's names.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, stateError } from '../errors.js';
import type { RandomOptions } from '../fill.js';
import { clearGradients, Tensor, type ZeroGradOptions } from '../tensor/index.js';
import { type ForwardHook, type ForwardPreHook, type FullBackwardHook, Hooks } from './hooks.js';
import { Parameter } from './parameter.js';
import { type LoadResult, loadState, type State } from './state.js';

/** What `namedParameters` and its kin go through. */
export interface RecurseOptions {
  /** Whether to go into sub-modules; true by default. */
  recurse?: boolean;
}

/**
 * The base class of modules. A subclass assigns parameters and sub-modules to its fields and defines `forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(784, 128);
 *   fc2 = new nn.Linear(128, 10);
 *   forward(x) {
 *     return this.fc2.call(this.fc1.call(x.flatten(1)).relu());
 *   }
 * }
 */
export abstract class Module {
  /**
   * torch's names of fields that go by another one here: what `stateDict` and paths call them. BatchNorm has
   * `{ runningMean: 'running_mean', … }`; a model whose checkpoints are torch's may have its own.
   */
  static readonly torchNames: Readonly<Record<string, string>> = {};
  /** Buffers that older checkpoints lack, by torch's name: `loadStateDict` does not miss them. */
  static readonly optionalState: readonly string[] = [];

  /** Whether the module is in training mode; changed by `train` and `eval`. */
  training = true;
  /** Fields that are buffers, and whether they belong to the state dict. */
  readonly #buffers = new Map<string, { persistent: boolean }>();
  #hooks: Hooks<Module> | undefined;

  /** Computes the module's output. Call `call` instead, which runs hooks as well. */
  abstract forward(...inputs: Tensor[]): Tensor;

  /** Runs the module with its hooks. */
  call(...inputs: Tensor[]): Tensor {
    if (this.forward === undefined) throw stateError('call', `${this.constructor.name} has no forward`);
    return this.#hooks === undefined ? this.forward(...inputs) : this.#hooks.run(this, inputs);
  }

  // What the module is made of.

  /** Fields of a class, by torch's name. */
  *#fields<T>(kind: abstract new (...args: never[]) => T): Generator<[string, T]> {
    const { torchNames } = this.constructor as typeof Module;
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof kind) yield [torchNames[name] ?? name, value as T];
    }
  }

  *#ownBuffers(persistentOnly = false): Generator<[string, Tensor]> {
    const { torchNames } = this.constructor as typeof Module;
    for (const [name, { persistent }] of this.#buffers) {
      const value = (this as unknown as Record<string, unknown>)[name];
      if (value instanceof Tensor && (persistent || !persistentOnly)) yield [torchNames[name] ?? name, value];
    }
  }

  /** The modules in this one's fields, with their names, each once. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of this.#fields(Module)) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield [name, child];
    }
  }

  /** The modules in this one's fields, each once. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** This module and all below it, each once, with dotted paths. */
  *namedModules(prefix = '', seen = new Set<Module>()): Generator<[string, Module]> {
    if (typeof prefix !== 'string')
      throw argumentError('namedModules', `prefix must be a string, got ${describe(prefix)}`);
    if (!(seen instanceof Set)) throw argumentError('namedModules', `seen must be a Set, got ${describe(seen)}`);
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.#fields(Module)) yield* child.namedModules(join(prefix, name), seen);
  }

  /** This module and all below it, each once. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  *#members<T>(
    call: string,
    options: RecurseOptions | undefined,
    own: (module: Module) => Iterable<[string, T]>,
  ): Generator<[string, T]> {
    const { recurse = true } = checkOptions(call, options);
    const seen = new Set<T>();
    for (const [path, module] of recurse ? this.namedModules() : [['', this] as const]) {
      for (const [name, member] of own(module)) {
        if (seen.has(member)) continue;
        seen.add(member);
        yield [join(path, name), member];
      }
    }
  }

  /** All parameters, each once, with dotted paths. */
  namedParameters(options?: RecurseOptions): Generator<[string, Parameter]> {
    return this.#members('namedParameters', options, (module) => module.#fields(Parameter));
  }

  /** All parameters, each once. */
  *parameters(options?: RecurseOptions): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters(options)) yield parameter;
  }

  /** All buffers, each once, with dotted paths. */
  namedBuffers(options?: RecurseOptions): Generator<[string, Tensor]> {
    return this.#members('namedBuffers', options, (module) => module.#ownBuffers());
  }

  /** All buffers, each once. */
  *buffers(options?: RecurseOptions): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers(options)) yield buffer;
  }

  /** Calls `fn` on every module below this one, then on this one: for initialisation, as in torch. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw argumentError('apply', `expected a function, got ${describe(fn)}`);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** What is in a field of the object itself. */
  #own(name: string): unknown {
    return Object.hasOwn(this, name) ? (this as unknown as Record<string, unknown>)[name] : undefined;
  }

  /** `isKnown` says whether a field that is there already may be replaced; nothing is asked of what is no name. */
  #checkName(call: string, name: unknown, isKnown: (name: string) => boolean): void {
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw argumentError(call, `expected a name without dots, got ${describe(name)}`);
    }
    if (name in this && !isKnown(name)) {
      throw argumentError(call, `the module has a field or method ${describe(name)} already`);
    }
  }

  /**
   * Keeps a tensor, or null, in the field `name`: part of the state dict (unless `persistent` is false), but no
   * parameter.
   */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean }): void {
    const call = 'registerBuffer';
    const { persistent = true } = checkOptions(call, options);
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw argumentError(call, `expected a Tensor or null, got ${describe(tensor)}`);
    }
    this.#checkName(call, name, () => this.#buffers.has(name));
    this.#buffers.set(name, { persistent });
    Object.assign(this, { [name]: tensor });
  }

  /** Sets the field `name` to a parameter, or to null where there is none; the same as an assignment, but checked. */
  registerParameter(name: string, parameter: Parameter | null): void {
    const call = 'registerParameter';
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw argumentError(call, `expected a Parameter or null, got ${describe(parameter)}`);
    }
    this.#checkName(call, name, () => {
      const value = this.#own(name);
      return value === null || value instanceof Parameter;
    });
    Object.assign(this, { [name]: parameter });
  }

  /** Sets the field `name` to a module; the same as an assignment, but checked. */
  registerModule(name: string, module: Module): void {
    const call = 'registerModule';
    if (!(module instanceof Module)) throw argumentError(call, `expected a Module, got ${describe(module)}`);
    // A field of its own: what it inherits, `__proto__` first of all, is none.
    this.#checkName(call, name, () => this.#own(name) instanceof Module);
    Object.assign(this, { [name]: module });
  }

  // Its state.

  /**
   * Parameters and buffers by dotted path, sharing memory with the module. A shared one appears under each path. Names are
   * those of the fields, or torch's where `torchNames` has one.
   */
  stateDict(): Map<string, Tensor> {
    return this.#collectState('', { tensors: new Map(), optional: new Set() }).tensors;
  }

  #collectState(prefix: string, state: State): State {
    const { optionalState } = this.constructor as typeof Module;
    for (const [name, parameter] of this.#fields(Parameter)) state.tensors.set(join(prefix, name), parameter.detach());
    for (const [name, buffer] of this.#ownBuffers(true)) {
      state.tensors.set(join(prefix, name), buffer.detach());
      if (optionalState.includes(name)) state.optional.add(join(prefix, name));
    }
    for (const [name, child] of this.#fields(Module)) child.#collectState(join(prefix, name), state);
    return state;
  }

  /**
   * Copies tensors into the parameters and buffers of the same paths. Everything is checked before anything is written.
   *
   * @throws RangeError (ERR_STATE) where `strict` and a path is missing or unexpected; RangeError (ERR_SHAPE) where
   * shapes differ
   */
  loadStateDict(
    state: Map<string, Tensor> | Readonly<Record<string, Tensor>>,
    options?: { strict?: boolean },
  ): LoadResult {
    return loadState(state, this.#collectState('', { tensors: new Map(), optional: new Set() }), options);
  }

  /** Puts this module and all below it into training mode, or out of it. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw argumentError('train', `expected true or false, got ${describe(mode)}`);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Puts this module and all below it into evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether gradients are to be recorded for the parameters. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  /** Forgets the gradients of all parameters; with `{ setToNone: false }` sets them to 0. */
  zeroGrad(options?: ZeroGradOptions): void {
    clearGradients('zeroGrad', this.parameters(), options);
  }

  /**
   * Sets the parameters of this module and all below it to new initial values, as torch initialises its layers. Layers
   * draw in the order of `modules()`; a module's own parameters stay as they are unless its class says how they start.
   */
  resetParameters(options?: RandomOptions): void {
    checkOptions('resetParameters', options);
    for (const child of this.children()) child.resetParameters(options);
  }

  // Hooks. Each call returns a function that removes the hook.

  /** Calls `hook` before this module runs. What it returns, if anything, takes the inputs' place. */
  registerForwardPreHook(hook: ForwardPreHook<Module>): () => void {
    this.#hooks ??= new Hooks();
    return Hooks.add('registerForwardPreHook', this.#hooks.forwardPre, hook);
  }

  /** Calls `hook` after this module ran. What it returns, if anything, takes the output's place. */
  registerForwardHook(hook: ForwardHook<Module>): () => void {
    this.#hooks ??= new Hooks();
    return Hooks.add('registerForwardHook', this.#hooks.forward, hook);
  }

  /**
   * Calls `hook` with the gradients of the module's inputs and output when `backward` has computed those of the inputs.
   * What it returns, if anything, takes the place of the inputs' gradients.
   */
  registerFullBackwardHook(hook: FullBackwardHook<Module>): () => void {
    this.#hooks ??= new Hooks();
    return Hooks.add('registerFullBackwardHook', this.#hooks.fullBackward, hook);
  }

  // What people see.

  /** Numbers and options that torch prints between a module's parentheses. */
  protected extraRepr(): string {
    return '';
  }

  /** The lines of the modules below this one. */
  protected childLines(): string[] {
    return [...this.#fields(Module)].map(([name, child]) => `(${name}): ${child}`);
  }

  /** What torch prints for this module. */
  toString(): string {
    const extra = this.extraRepr();
    const lines = this.childLines();
    const head = this.constructor.name;
    if (lines.length === 0 && !extra.includes('\n')) return `${head}(${extra})`;
    const all = [...(extra ? [extra] : []), ...lines].map((line) => line.replaceAll('\n', '\n  '));
    return `${head}(\n  ${all.join('\n  ')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
