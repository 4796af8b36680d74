// What optimisers have in common: groups of parameters with options of their own, state for each parameter, state dicts.
import { checkNumber, checkOptions, isIterable } from '../arguments.js';
import { argumentError, describe, rangeError, shapeError, stateError } from '../errors.js';
import { keepArray } from '../memory.js';
import { cast, contiguousCopy } from '../ops/index.js';
import { formatShape, sameShape } from '../shape.js';
import { clearGradients, Tensor, type ZeroGradOptions } from '../tensor/index.js';
import type { TensorView } from '../view.js';

/** Parameters that share options: what is not given is the optimiser's default. */
export type GroupOptions<Options> = Options & { params: Tensor | Iterable<Tensor> };

/** What optimisers are given to optimise: parameters, or groups of them. */
export type Parameters<Options> = Iterable<Tensor> | Iterable<GroupOptions<Options>>;

/** A group of parameters and its options, which may be changed between steps. */
export type ParamGroup<Options> = Required<Options> & { params: Tensor[] };

/** What an optimiser remembers of one parameter, under torch's names: tensors, and `step` as a number. */
export type ParamState = Record<string, Tensor | number>;

/** An optimiser's state: parameters are numbered in the order of the groups. */
export interface OptimizerState<Options> {
  state: Record<number, ParamState>;
  paramGroups: (Required<Options> & { params: number[] })[];
}

/** The base class of optimisers. */
export abstract class Optimizer<Options extends object> {
  readonly paramGroups: ParamGroup<Options>[] = [];
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParamState>();
  readonly #defaults: Required<Options>;

  /** Takes the defaults of options from `defaults`, which has one of each. */
  constructor(params: Parameters<Options>, options: Options | undefined, defaults: Required<Options>) {
    const call = this.constructor.name;
    if (new.target === Optimizer) throw argumentError(call, 'is a base class; use SGD, Adam or AdamW');
    this.#defaults = { ...defaults, ...known(call, checkOptions(call, options), defaults) };
    this.check(call, this.#defaults);
    if (!isIterable(params) || params instanceof Tensor) {
      throw argumentError(call, `expected a list of parameters or groups, got ${describe(params)}`);
    }
    const list = [...(params as Iterable<Tensor | GroupOptions<Options>>)];
    if (list.length === 0) throw argumentError(call, 'got no parameters');
    if (list[0] instanceof Tensor) this.#add(call, { params: list } as unknown as GroupOptions<Options>);
    else for (const group of list) this.#add(call, group as GroupOptions<Options>);
  }

  /** Throws where an option is out of range. */
  protected abstract check(call: string, options: Required<Options>): void;

  /** Updates one parameter in place. */
  protected abstract update(param: TensorView, grad: TensorView, state: ParamState, group: ParamGroup<Options>): void;

  /**
   * Adds a group of parameters with options of its own.
   *
   * @throws TypeError (ERR_ARGUMENT) for what is no tensor, or is in a group already; RangeError (ERR_STATE) for a tensor
   * that is no leaf
   */
  addParamGroup(group: GroupOptions<Options>): void {
    this.#add('addParamGroup', group);
  }

  #add(call: string, given: GroupOptions<Options>): void {
    const { params, ...rest } = checkOptions(call, given as object) as Partial<GroupOptions<Options>>;
    const options: Required<Options> = { ...this.#defaults, ...known(call, rest, this.#defaults) };
    this.check(call, options);
    const list: unknown[] = params instanceof Tensor ? [params] : isIterable(params) ? [...params] : [params];
    const seen = new Set(this.paramGroups.flatMap((group) => group.params));
    for (const param of list) {
      if (!(param instanceof Tensor)) throw argumentError(call, `expected parameters, got ${describe(param)}`);
      if (!param.isLeaf) throw stateError(call, 'a parameter is the result of an operation; detach() it first');
      if (seen.has(param)) throw argumentError(call, `a parameter of shape ${formatShape(param.shape)} is there twice`);
      seen.add(param);
    }
    this.paramGroups.push({ ...options, params: list as Tensor[] });
  }

  /** Updates all parameters that have a gradient. */
  step(): undefined;
  /**
   * Updates all parameters that have a gradient.
   *
   * @param closure computes the loss and its gradients anew, before the update; `step` returns what it returns
   */
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const call = 'step';
    if (closure !== undefined && typeof closure !== 'function') {
      throw argumentError(call, `expected a function, got ${describe(closure)}`);
    }
    const loss = closure?.();
    for (const group of this.paramGroups) this.check(call, group);
    for (const { params } of this.paramGroups) {
      for (const { grad, shape } of params) {
        if (grad === null || sameShape(grad.shape, shape)) continue;
        throw shapeError(call, `expected a gradient of shape ${formatShape(shape)}, got ${formatShape(grad.shape)}`);
      }
    }
    for (const group of this.paramGroups) {
      for (const param of group.params) {
        if (param.grad === null) continue;
        let state = this.state.get(param);
        if (state === undefined) {
          state = {};
          this.state.set(param, state);
        }
        this.update(param.elements, cast(call, param.grad.elements, param.dtype), state, group);
      }
    }
    return loss;
  }

  /** Forgets the gradients of all parameters; with `{ setToNone: false }` sets them to 0. */
  zeroGrad(options?: ZeroGradOptions): void {
    clearGradients(
      'zeroGrad',
      this.paramGroups.flatMap(({ params }) => params),
      options,
    );
  }

  /** Options and state, with parameters by number; tensors share memory with the optimiser's. */
  stateDict(): OptimizerState<Options> {
    const numbers = new Map(this.paramGroups.flatMap(({ params }) => params).map((param, i) => [param, i]));
    const state: Record<number, ParamState> = {};
    for (const [param, entry] of this.state) {
      const number = numbers.get(param);
      if (number !== undefined && Object.keys(entry).length > 0) state[number] = { ...entry };
    }
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...(options as unknown as Required<Options>),
      params: params.map((param) => numbers.get(param)!),
    }));
    return { state, paramGroups };
  }

  /**
   * Continues from a state that `stateDict` returned, of an optimiser with as many parameters in each group. Tensors are
   * copied. Everything is checked before anything changes.
   */
  loadStateDict(given: OptimizerState<Options>): void {
    const call = 'loadStateDict';
    const { state, paramGroups } = checkOptions(call, given as object) as Partial<OptimizerState<Options>>;
    if (typeof state !== 'object' || state === null || !Array.isArray(paramGroups)) {
      throw argumentError(call, `expected { state, paramGroups }, got ${describe(given)}`);
    }
    const sizes = this.paramGroups.map(({ params }) => params.length);
    const got = paramGroups.map((group) => (Array.isArray(group?.params) ? group.params.length : Number.NaN));
    if (!sameShape(sizes, got)) {
      throw stateError(call, `expected groups of ${describe(sizes)} parameters, got ${describe(got)}`);
    }
    const groups = paramGroups.map(({ params: _, ...options }, i) => {
      const complete = { ...this.paramGroups[i]!, ...known(call, options, this.#defaults) };
      this.check(call, complete);
      return complete;
    });
    const byNumber = new Map<number, Tensor>();
    for (const [g, { params }] of paramGroups.entries()) {
      params.forEach((number: number, i: number) => {
        byNumber.set(number, this.paramGroups[g]!.params[i]!);
      });
    }
    const entries = Object.entries(state).map(([number, entry]) => {
      const param = byNumber.get(Number(number));
      if (param === undefined) throw stateError(call, `there is no parameter ${number}`);
      return [param, copyState(call, number, param, entry)] as const;
    });
    this.paramGroups.splice(0, Infinity, ...groups);
    this.state.clear();
    for (const [param, entry] of entries) this.state.set(param, entry);
  }

  /** The groups and their options, as torch prints them. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...options }, i) => {
      const lines = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
      return [`Parameter Group ${i}`, ...lines.map(([name, value]) => `    ${name}: ${describe(value)}`)].join('\n');
    });
    return `${this.constructor.name} (\n${groups.join('\n\n')}\n)`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The options given; refuses those the optimiser does not have, which would be ignored silently. */
function known<Options extends object>(call: string, options: object, defaults: Required<Options>): Partial<Options> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name] of given) {
    if (!Object.hasOwn(defaults, name)) {
      const names = Object.keys(defaults).join(', ');
      throw argumentError(call, `unknown option ${describe(name)}; expected one of ${names}`);
    }
  }
  return Object.fromEntries(given) as Partial<Options>;
}

function copyState(call: string, number: string, param: Tensor, entry: unknown): ParamState {
  const copied = Object.entries(checkOptions(call, entry as object)).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'number') return [name, value] as const;
    if (!(value instanceof Tensor) || !sameShape(value.shape, param.shape)) {
      const got = value instanceof Tensor ? `shape ${formatShape(value.shape)}` : describe(value);
      throw shapeError(call, `${name} of parameter ${number} must have shape ${formatShape(param.shape)}, got ${got}`);
    }
    const copy = contiguousCopy(call, value.elements, param.dtype);
    // It outlives a scope in which it is loaded.
    keepArray(copy.array);
    return [name, new Tensor(copy)] as const;
  });
  return Object.fromEntries(copied);
}

/** Checks a number that must be `least` or more. */
export function checkAtLeast(call: string, name: string, value: unknown, least: number): void {
  const number = checkNumber(call, name, value);
  if (!(number >= least)) throw rangeError(call, `${name} must be ${least} or more, got ${number}`);
}

/** Checks an option that is true or false. */
export function checkFlag(call: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw argumentError(call, `${name} must be true or false, got ${describe(value)}`);
}
