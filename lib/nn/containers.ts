// Modules made of a list of modules, whose names are '0', '1', ….
import { types } from 'node:util';
import { isIterable } from '../arguments.js';
import { argumentError, describe, rangeError, stateError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import { Module } from './module.js';

/** What Sequential and ModuleList have in common. */
abstract class ModuleSequence extends Module {
  [index: number]: Module;

  /** The modules in order; one that is listed twice is there twice. */
  protected items(): Module[] {
    return Object.values(this).filter((value) => value instanceof Module);
  }

  #check(call: string, module: unknown): Module {
    if (module instanceof Module) return module;
    throw argumentError(call, `expected modules, got ${describe(module)}`);
  }

  /** The number of modules. */
  get length(): number {
    return this.items().length;
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.items()[Symbol.iterator]();
  }

  /** The module at an index; negative ones count from the end. */
  at(index: number): Module {
    const module = Number.isInteger(index) ? this.items().at(index) : undefined;
    if (module === undefined) {
      throw rangeError('at', `index ${describe(index)} is out of range for ${this.length} modules`);
    }
    return module;
  }

  /** Refuses names that are no numbers in order: a number would come before them. */
  #checkNumbered(call: string): void {
    const named = [...this.namedChildren()].find(([name]) => !/^\d+$/.test(name));
    if (named === undefined) return;
    throw stateError(call, `the modules have names such as ${describe(named[0])}; use registerModule(name, module)`);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.#check('append', module);
    this.#checkNumbered('append');
    this[this.length] = module;
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<Module>): this {
    return this.addAll('extend', modules);
  }

  protected addAll(call: string, modules: Iterable<Module>): this {
    if (!isIterable(modules)) {
      throw argumentError(call, `expected a list of modules, got ${describe(modules)}`);
    }
    for (const module of [...modules].map((module) => this.#check(call, module))) this.append(module);
    return this;
  }

  /** Adds a module before the one at an index; negative ones count from the end. */
  insert(index: number, module: Module): this {
    this.#check('insert', module);
    this.#checkNumbered('insert');
    const { length } = this;
    const at = Number.isInteger(index) && index < 0 ? index + length : index;
    if (!Number.isInteger(at) || at < 0 || at > length) {
      throw rangeError('insert', `index ${describe(index)} is out of range for ${length} modules`);
    }
    for (let i = length; i > at; i--) this[i] = this[i - 1]!;
    this[at] = module;
    return this;
  }
}

/**
 * Modules run one after another. Their names are '0', '1', …, or the keys of a map or object.
 *
 * @example
 * const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 * const named = new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.Tanh() });
 */
export class Sequential extends ModuleSequence {
  constructor(...modules: Module[]);
  constructor(modules: Map<string, Module> | Readonly<Record<string, Module>>);
  constructor(...args: unknown[]) {
    super();
    const call = 'Sequential';
    const [first] = args;
    const named = args.length === 1 && typeof first === 'object' && first !== null && !(first instanceof Module);
    if (!named) {
      this.addAll(call, args as Module[]);
      return;
    }
    if (Array.isArray(first)) throw argumentError(call, 'expected modules, got an array; spread it');
    const entries: [string, Module][] = types.isMap(first)
      ? [...(first as ReadonlyMap<string, Module>)]
      : Object.entries(first);
    for (const [name, module] of entries) this.registerModule(name, module);
    // JavaScript orders fields named by numbers by those numbers.
    if ([...this.items()].some((module, i) => module !== entries[i]![1])) {
      throw argumentError(
        call,
        `names that are numbers must be in order, got ${describe(entries.map(([name]) => name))}`,
      );
    }
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this.items()) x = module.call(x);
    return x;
  }
}

/**
 * A list of modules for a `forward` of one's own.
 *
 * @example
 * class Deep extends nn.Module {
 *   layers = new nn.ModuleList(Array.from({ length: 3 }, () => new nn.Linear(8, 8)));
 *   forward(x) {
 *     for (const layer of this.layers) x = layer.call(x).tanh();
 *     return x;
 *   }
 * }
 */
export class ModuleList extends ModuleSequence {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.addAll('ModuleList', modules);
  }

  override forward(): never {
    throw stateError('ModuleList', 'a list has no forward pass of its own; call its modules');
  }

  /** Neighbours that print the same are one line: `(0-2): 3 x Linear(…)`. */
  protected override childLines(): string[] {
    const runs: { text: string; from: number; to: number }[] = [];
    for (const [i, module] of this.items().entries()) {
      const text = module.toString();
      const last = runs.at(-1);
      if (last?.text === text) last.to = i;
      else runs.push({ text, from: i, to: i });
    }
    return runs.map(({ text, from, to }) =>
      from === to ? `(${from}): ${text}` : `(${from}-${to}): ${to - from + 1} x ${text}`,
    );
  }
}
