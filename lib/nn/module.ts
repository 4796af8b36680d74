// Module: parameters, buffers and sub-modules found through an object's own fields, under torch's names.
import { checkOptions } from '../arguments.js';
import { argumentError, describe, shapeError, stateError } from '../errors.js';
import { copy } from '../ops/index.js';
import { formatShape, sameShape } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { checkMemory } from '../view.js';
import { Parameter } from './parameter.js';

/** What `loadStateDict` found. */
export interface LoadResult {
  missingKeys: string[];
  unexpectedKeys: string[];
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
  /** Whether the module is in training mode; changed by `train` and `eval`. */
  training = true;
  readonly #buffers = new Set<string>();

  /** Computes the module's output. Call `call` instead, which later runs hooks as well. */
  abstract forward(...inputs: Tensor[]): Tensor;

  /** Runs the module. */
  call(...inputs: Tensor[]): Tensor {
    return this.forward(...inputs);
  }

  /** Parameters of this module alone, by field. */
  *#ownParameters(): Generator<[string, Parameter]> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Parameter) yield [name, value];
  }

  /** The modules in this one's fields, with their names. */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value];
  }

  /** The modules in this one's fields. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** This module and all below it, each once, with dotted paths. */
  *namedModules(prefix = '', seen = new Set<Module>()): Generator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(join(prefix, name), seen);
  }

  /** This module and all below it, each once. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** All parameters, each once, with dotted paths. */
  *namedParameters(): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, parameter] of module.#ownParameters()) {
        if (seen.has(parameter)) continue;
        seen.add(parameter);
        yield [join(path, name), parameter];
      }
    }
  }

  /** All parameters, each once. */
  *parameters(): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters()) yield parameter;
  }

  /** Calls `fn` on every module below this one, then on this one: for initialisation, as in torch. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw argumentError('apply', `expected a function, got ${describe(fn)}`);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Keeps a tensor in the field `name` that belongs to the state dict but is no parameter. */
  registerBuffer(name: string, tensor: Tensor): void {
    if (!(tensor instanceof Tensor)) {
      throw argumentError('registerBuffer', `expected a Tensor, got ${describe(tensor)}`);
    }
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw argumentError('registerBuffer', `expected a name without dots, got ${describe(name)}`);
    }
    if (name in this && !this.#buffers.has(name)) {
      throw argumentError('registerBuffer', `the module has a field or method ${describe(name)} already`);
    }
    this.#buffers.add(name);
    Object.assign(this, { [name]: tensor });
  }

  /** Parameters and buffers by dotted path, sharing memory with the module. A shared one appears under each path. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    this.#collectState('', state);
    return state;
  }

  #collectState(prefix: string, state: Map<string, Tensor>): void {
    for (const [name, parameter] of this.#ownParameters()) state.set(join(prefix, name), parameter.detach());
    for (const name of this.#buffers) {
      const buffer = (this as unknown as Record<string, unknown>)[name];
      if (buffer instanceof Tensor) state.set(join(prefix, name), buffer.detach());
    }
    for (const [name, child] of this.namedChildren()) child.#collectState(join(prefix, name), state);
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
    const call = 'loadStateDict';
    const { strict = true } = checkOptions(call, options);
    if (typeof state !== 'object' || state === null) {
      throw argumentError(call, `expected a Map or an object of tensors, got ${describe(state)}`);
    }
    const source = state instanceof Map ? state : new Map(Object.entries(state));
    const target = this.stateDict();
    const missingKeys = [...target.keys()].filter((key) => !source.has(key));
    const unexpectedKeys = [...source.keys()].filter((key) => !target.has(key));
    if (strict && missingKeys.length + unexpectedKeys.length > 0) {
      throw stateError(call, `missing: ${describe(missingKeys)}; unexpected: ${describe(unexpectedKeys)}`);
    }
    for (const [key, tensor] of target) {
      if (!source.has(key)) continue;
      const given = source.get(key);
      if (!(given instanceof Tensor)) throw argumentError(call, `${key} must be a Tensor, got ${describe(given)}`);
      if (!sameShape(given.shape, tensor.shape)) {
        const [wanted, got] = [formatShape(tensor.shape), formatShape(given.shape)];
        throw shapeError(call, `${key} has shape ${wanted}, got ${got}`);
      }
      for (const { elements } of [given, tensor]) checkMemory(call, elements);
    }
    for (const [key, tensor] of target) {
      const given = source.get(key);
      if (given !== undefined) copy(call, given.elements, tensor.elements);
    }
    return { missingKeys, unexpectedKeys };
  }

  /** Puts this module and all below it into training mode, or out of it. */
  train(mode = true): this {
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

  /** Numbers and options that torch prints between a module's parentheses. */
  protected extraRepr(): string {
    return '';
  }

  /** What torch prints for this module. */
  toString(): string {
    const extra = this.extraRepr();
    const lines = [...this.namedChildren()].map(
      ([name, child]) => `(${name}): ${child.toString().replaceAll('\n', '\n  ')}`,
    );
    const head = this.constructor.name;
    if (lines.length === 0) return `${head}(${extra})`;
    return `${head}(\n  ${[...(extra ? [extra] : []), ...lines].join('\n  ')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
