// Initialising a whole model: rules say which parameter gets which initialiser, and every parameter draws from a stream of
// its own, named by its path. So a parameter's values depend on the seed and its own path only.
import { types } from 'node:util';
import { checkOptions } from '../arguments.js';
import { columns } from '../columns.js';
import { argumentError, describe } from '../errors.js';
import { Generator } from '../random.js';
import { fansOrUndefined, type Shape } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { type InitSpec, initialiser, type NamedSpec, withName } from './table.js';
import type { Target } from './target.js';

/** What a module has to offer to be initialised: `nn.Module` does. */
export interface Initialisable {
  namedModules(): Iterable<[path: string, module: object]>;
  namedParameters(): Iterable<[path: string, parameter: Tensor]>;
}

/** A parameter as rules see it. */
export interface ParameterInfo {
  /** Dotted path from the model, for example 'layers.0.fc.weight'. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  readonly shape: Shape;
  readonly parameter: Tensor;
  /** The module whose field the parameter is. */
  readonly module: object;
  /** The module's weight, whose fans a bias is scaled by; undefined where it has none. */
  readonly weight: Tensor | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: any class at all
type AnyClass = abstract new (...args: any[]) => object;

/**
 * Which parameters a rule is for: a path in which `*` stands for any run of characters, a regular expression for the path,
 * a module class, or a predicate.
 */
export type Matcher = string | RegExp | AnyClass | ((info: ParameterInfo) => boolean);

/** Factors on the learning rate, for the optimisers that a scheme is defined for. */
export interface LearningRate {
  readonly sgd: number;
  readonly adam: number;
}

/** What becomes of a parameter: an initialiser with its options, or 'keep'. */
export type Action = InitSpec | 'keep';

/** The first rule that matches a parameter decides. */
export interface Rule {
  readonly match: Matcher | readonly Matcher[];
  readonly init: Action | ((info: ParameterInfo) => Action);
  readonly learningRate?: LearningRate | ((info: ParameterInfo) => LearningRate);
}

/** One parameter of a plan or report. */
export interface PlanRow {
  readonly path: string;
  readonly shape: Shape;
  readonly fanIn: number | null;
  readonly fanOut: number | null;
  /** The initialiser with its options, or 'keep'. */
  readonly init: NamedSpec | 'keep';
  /** Whether a rule matched; a parameter that none matches is kept. */
  readonly matched: boolean;
  /** The distribution it is to have; null where it is kept. */
  readonly target: Target | null;
  readonly learningRate?: LearningRate;
}

/** What `initialize` did, or with `dryRun` would do. Prints as a table. */
export class InitReport {
  constructor(
    readonly rows: readonly PlanRow[],
    readonly dryRun: boolean,
  ) {}

  /** The rows of the parameters that are initialised. */
  get initialised(): PlanRow[] {
    return this.rows.filter((row) => row.init !== 'keep');
  }
  /** The rows of the parameters that are kept. */
  get kept(): PlanRow[] {
    return this.rows.filter((row) => row.init === 'keep');
  }

  toString(): string {
    const number = (x: number | null | undefined) => (x === null || x === undefined ? '' : String(+x.toPrecision(5)));
    const rates = this.rows.some((row) => row.learningRate !== undefined);
    const cells = this.rows.map((row) => [
      row.path,
      `[${row.shape.join(', ')}]`,
      number(row.fanIn),
      number(row.fanOut),
      row.init === 'keep' ? (row.matched ? 'kept' : 'kept (no rule)') : row.init.initialiser,
      number(row.target?.mean),
      number(row.target?.std),
      ...(rates ? [number(row.learningRate?.sgd), number(row.learningRate?.adam)] : []),
    ]);
    const header = ['parameter', 'shape', 'fan in', 'fan out', 'initialiser', 'mean', 'std'];
    const lines = [[...header, ...(rates ? ['lr SGD', 'lr Adam'] : [])], ...cells];
    const verb = this.dryRun ? 'to initialise' : 'initialised';
    return `${columns(lines, [0, 1, 4])}\n${this.initialised.length} ${verb}, ${this.kept.length} kept`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Options of `initialize`. */
export interface InitializeOptions {
  /** What the streams are spawned from. */
  seed?: number | bigint;
  /** Spawns the streams in place of a seed; its own position does not change. */
  generator?: Generator;
  /** Only return the plan. */
  dryRun?: boolean;
}

function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

/** A path in which `*` stands for any run of characters, as a regular expression. */
export function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}

function toPredicate(matcher: Matcher): (info: ParameterInfo) => boolean {
  if (typeof matcher === 'string') {
    const pattern = pathPattern(matcher);
    return (info) => pattern.test(info.path);
  }
  // A copy without flags that keep a position between calls.
  if (types.isRegExp(matcher)) {
    const pattern = new RegExp(matcher.source, matcher.flags.replace(/[gy]/g, ''));
    return (info) => pattern.test(info.path);
  }
  if (isClass(matcher)) return (info) => info.module instanceof matcher;
  if (typeof matcher === 'function') return matcher as (info: ParameterInfo) => boolean;
  throw argumentError(
    'initialize',
    `a rule must match a path, a RegExp, a class or a predicate, got ${describe(matcher)}`,
  );
}

/** Pairs of a name and an object, such as a model's own methods give. */
function named(call: string, what: string, pairs: unknown): [string, object][] {
  const isIterable = typeof (pairs as Iterable<unknown> | null)?.[Symbol.iterator] === 'function';
  const all: unknown[] = isIterable ? [...(pairs as Iterable<unknown>)] : [undefined];
  const wrong = all.findIndex((pair) => {
    const [name, value] = Array.isArray(pair) ? pair : [];
    return typeof name !== 'string' || typeof value !== 'object' || value === null;
  });
  if (wrong < 0) return all as [string, object][];
  throw argumentError(
    call,
    `expected the model's ${what} with their names, got ${describe(isIterable ? all[wrong] : pairs)}`,
  );
}

/**
 * A model's parameters by name.
 *
 * @throws TypeError (ERR_ARGUMENT) where it has something else in their place
 */
export function parametersOf(call: string, model: Initialisable): Map<string, Tensor> {
  const pairs = named(call, 'parameters', model.namedParameters());
  const wrong = pairs.find(([, parameter]) => !(parameter instanceof Tensor));
  if (wrong === undefined) return new Map(pairs as [string, Tensor][]);
  throw argumentError(call, `the parameter ${describe(wrong[0])} must be a Tensor, got ${describe(wrong[1])}`);
}

/** The model's parameters with what rules may ask about them. */
export function* describeParameters(model: Initialisable): Generator_<ParameterInfo> {
  const modules = new Map(named('initialize', 'modules', model.namedModules()));
  for (const [path, parameter] of parametersOf('initialize', model)) {
    const dot = path.lastIndexOf('.');
    const module = modules.get(dot < 0 ? '' : path.slice(0, dot)) ?? model;
    const weight = (module as { weight?: unknown }).weight;
    yield {
      path,
      name: path.slice(dot + 1),
      shape: parameter.shape,
      parameter,
      module,
      weight: weight instanceof Tensor ? weight : undefined,
    };
  }
}

type Generator_<T> = globalThis.Generator<T, void, undefined>;

export function checkModel(model: Initialisable, call = 'initialize'): void {
  if (typeof model?.namedParameters !== 'function' || typeof model.namedModules !== 'function') {
    throw argumentError(call, `expected a module, got ${describe(model)}`);
  }
}

/** The generator that streams are spawned from. */
export function checkSource({ seed, generator }: Pick<InitializeOptions, 'seed' | 'generator'>): Generator {
  if (seed === undefined && generator === undefined) {
    throw argumentError('initialize', 'a seed or a generator must be given');
  }
  return generator ?? new Generator(seed);
}

/** What becomes of each parameter; checks all rules. */
export function makePlan(model: Initialisable, rules: readonly Rule[]): PlanRow[] {
  if (!Array.isArray(rules)) throw argumentError('initialize', `expected an array of rules, got ${describe(rules)}`);
  const compiled = rules.map((rule) => {
    const matchers = Array.isArray(rule?.match) ? (rule.match as Matcher[]) : [rule?.match as Matcher];
    return { rule, predicates: matchers.map(toPredicate) };
  });
  return [...describeParameters(model)].map((info) => {
    const found = compiled.find(({ predicates }) => predicates.some((matches) => matches(info)));
    const given = found?.rule.init ?? 'keep';
    const action = typeof given === 'function' ? given(info) : given;
    const init = action === 'keep' ? action : withName(action);
    const rate = found?.rule.learningRate;
    const { fanIn = null, fanOut = null } = fansOrUndefined(info.shape) ?? {};
    return {
      path: info.path,
      shape: info.shape,
      fanIn,
      fanOut,
      init,
      matched: found !== undefined,
      target: init === 'keep' ? null : initialiser(info.path, init).target(info.shape),
      ...(rate === undefined ? {} : { learningRate: typeof rate === 'function' ? rate(info) : rate }),
    };
  });
}

/**
 * Initialises a model's parameters in place. For each, the first rule that matches decides; without one it is kept. Each
 * draws from `spawn(path)`, so its values depend on the seed and its path alone: not on order, threads or the other
 * parameters. All rules are checked before anything is written.
 *
 * @throws TypeError (ERR_ARGUMENT) for a rule that is not one; the initialisers' own errors, naming the parameter
 * @example
 * const report = init.initialize(net, [
 *   { match: 'head.*', init: 'keep' },
 *   { match: '*.bias', init: 'zeros' },
 *   { match: nn.Linear, init: { initialiser: 'kaimingNormal', nonlinearity: 'relu' } },
 * ], { seed: 0 });
 * console.log(report);
 */
export function initialize(model: Initialisable, rules: readonly Rule[], options?: InitializeOptions): InitReport {
  checkModel(model);
  const { dryRun = false, ...source } = checkOptions('initialize', options);
  if (dryRun) return new InitReport(makePlan(model, rules), true);
  const root = checkSource(source);
  const rows = makePlan(model, rules);
  const parameters = new Map(model.namedParameters());
  for (const { path, init } of rows) {
    if (init === 'keep') continue;
    initialiser(path, init).apply(parameters.get(path)!, root.spawn(path));
  }
  return new InitReport(rows, false);
}
