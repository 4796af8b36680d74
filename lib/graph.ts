// The graph that recorded operations leave behind: what made a tensor, and where its gradient goes. It knows tensors only as
// variables; the formulas stand beside the operations, in lib/ops/.
import { stateError } from './errors.js';
import type { Gradient, Op, Operand, Saved } from './ops/op.js';
import { sumTo } from './ops/reduce.js';
import { cast, contiguousCopy, copy, fill } from './ops/storage.js';
import { allocateView, restride, type TensorView, withoutRepeats } from './view.js';

/** What the graph needs of a tensor. */
export interface Variable {
  readonly elements: TensorView;
  /** Of a view: what it is a view of. */
  readonly viewOf: ViewOf | undefined;
  /** @internal */
  history: History | undefined;
  /** Adds to the gradient. `shared` are arrays that belong to others: what is kept for good is added to them. */
  accumulate(grad: TensorView, shared: Set<unknown>): void;
}

/** What a view shares its elements with. */
export interface ViewOf {
  /** No view itself. */
  readonly base: Variable;
  /** The version of the elements that the view's history stands for. */
  version: number;
  /** Whether the view, or one that it is a view of, was made while nothing was recorded. */
  readonly unrecorded: boolean;
}

/** A variable's place in the graph. */
export class History {
  /** Of a leaf: whether gradients are to be accumulated. */
  requiresGrad = false;
  /** What made the variable, where that was recorded. */
  node: Node | undefined;
  /** Of a leaf. */
  accumulator: Node | undefined;
}

/** Looks at the gradient of a node's output, and may replace it. */
export type Hook = (grad: TensorView) => TensorView | undefined;

let nodesMade = 0;

/** One recorded operation: from the gradient of its output to those of its inputs. */
export abstract class Node {
  /** Of the nodes that are ready, the one made last goes first, as in torch: hooks and sums have that order. */
  readonly order: number = nodesMade++;
  /** As torch prints it: `AddmmBackward0`. */
  abstract readonly name: string;
  /** What the inputs came from; undefined for those that need no gradient. */
  abstract readonly edges: readonly (Node | undefined)[];
  readonly hooks: Hook[] = [];
  /** A variable that keeps this node's gradient although it is no leaf. */
  retaining: Variable | undefined;

  /** The gradients of the inputs that have an edge. */
  abstract apply(grad: TensorView, shared: Set<unknown>): readonly (TensorView | undefined)[];
  /** Forgets what was saved for `apply`. */
  release(): void {}

  toString(): string {
    return `<${this.name}>`;
  }
}

/** A value kept for a gradient, and its version then: a later change makes it worthless. */
interface SavedValue {
  readonly view: TensorView;
  readonly version: number;
}

export const versionOf = (view: TensorView) => view.version?.count ?? 0;

/** Where gradients of views made under noGrad() end. */
class Nowhere extends Node {
  readonly name = 'Nowhere';
  readonly edges = [];

  apply(): [] {
    return [];
  }
}

export const nowhere = new Nowhere();

const walkedError = (name: string) =>
  stateError(
    'backward',
    `the values saved for ${name} are gone after the first walk through the graph; ` +
      'pass { retainGraph: true } to the earlier call',
  );

export class OpNode<Args> extends Node {
  readonly name: string;
  readonly edges: (Node | undefined)[] = [];
  readonly #op: Op<Args>;
  readonly #args: Args;
  readonly #operands: Operand[] = [];
  readonly #saved = new Map<Saved, SavedValue>();
  #released = false;

  constructor(op: Op<Args>, inputs: readonly Variable[], args: Args) {
    super();
    this.name = typeof op.node === 'string' ? op.node : op.node(args);
    this.#op = op;
    this.#args = args;
    for (const input of inputs) {
      const { shape, dtype } = input.elements;
      this.edges.push(nodeOf(input));
      this.#operands.push({ shape, dtype });
    }
  }

  #gradient(input: number): Gradient<Args> | undefined {
    const { gradients } = this.#op;
    return typeof gradients === 'function' ? gradients(input) : gradients[input];
  }

  /** Keeps the values that the gradients need, of the inputs or of the output, at their present versions. */
  save(which: 'inputs' | 'output', value: (saved: Saved) => TensorView): void {
    for (const [i, edge] of this.edges.entries()) {
      if (edge === undefined || (edge === nowhere && which === 'inputs')) continue;
      for (const name of this.#gradient(i)?.uses ?? []) {
        if ((name === 'output') !== (which === 'output') || this.#saved.has(name)) continue;
        const view = value(name);
        this.#saved.set(name, { view, version: versionOf(view) });
      }
    }
  }

  /** Whether a gradient needs an input's value. */
  uses(input: number): boolean {
    return this.edges.some((edge, i) => edge !== undefined && this.#gradient(i)?.uses.includes(input));
  }

  apply(grad: TensorView): (TensorView | undefined)[] {
    if (this.#released) throw walkedError(this.name);
    return this.edges.map((edge, i) => {
      const gradient = edge && this.#gradient(i);
      if (gradient === undefined) return undefined;
      if (edge === nowhere) {
        // torch keeps outputs for nothing, and notices where they have changed.
        if (gradient.uses.includes('output')) this.#read('output');
        return undefined;
      }
      const operand = this.#operands[i]!;
      const result = gradient.formula(
        grad,
        gradient.uses.map((name) => this.#read(name)),
        this.#args,
        operand,
      );
      return result && cast('backward', sumTo(result, operand.shape), operand.dtype);
    });
  }

  #read(name: Saved): TensorView {
    const { view, version } = this.#saved.get(name)!;
    if (versionOf(view) !== version) {
      const which = name === 'output' ? 'the output' : `input ${name}`;
      throw stateError(
        'backward',
        `${which} of ${this.name} was changed in place after it was saved for the gradient: it is at version ` +
          `${versionOf(view)}, expected ${version}`,
      );
    }
    return view;
  }

  override release(): void {
    if (this.#saved.size === 0 && !this.#op.keepsNumber) return;
    this.#saved.clear();
    this.#released = true;
  }
}

/** Ends a path: adds to a leaf's gradient. */
class AccumulateGrad extends Node {
  readonly name = 'AccumulateGrad';
  readonly edges = [];
  override readonly order = Infinity;
  readonly #leaf: Variable;

  constructor(leaf: Variable) {
    super();
    this.#leaf = leaf;
  }

  apply(grad: TensorView, shared: Set<unknown>): [] {
    if (gradFnOf(this.#leaf) !== undefined) {
      throw stateError(
        'backward',
        'a leaf that a gradient belongs to is the result of an operation now: it was changed in place after its use',
      );
    }
    if (needsGrad(this.#leaf)) this.#leaf.accumulate(grad, shared);
    return [];
  }
}

/** A tensor laid out in memory as `like`, on memory of its own: its gradient, in which views can be found. */
function sameLayout(grad: TensorView, like: TensorView): TensorView {
  const reach = like.shape.reduce((index, size, d) => index + (size - 1) * like.strides[d]!, 1);
  const memory = allocateView('backward', [like.shape.includes(0) ? 0 : reach], grad.dtype);
  const out = restride(memory, like.shape, like.strides);
  copy('backward', grad, out);
  return out;
}

/** The part of a base's gradient that belongs to one of its views. */
function partOf(gradOfBase: TensorView, view: TensorView, base: TensorView): TensorView {
  return restride(gradOfBase, view.shape, view.strides, view.offset - base.offset);
}

/** Writes a gradient to its place, summed over elements that the place repeats. */
function write(place: TensorView, grad: TensorView): void {
  const once = withoutRepeats(place);
  copy('backward', sumTo(grad, once.shape), once);
}

/** A view of a base that has changed since the view was made: what the base's history became. */
export class AsStrided extends Node {
  readonly name = 'AsStridedBackward0';
  readonly edges: readonly (Node | undefined)[];
  readonly #view: TensorView;
  readonly #base: TensorView;

  constructor(view: Variable, base: Variable) {
    super();
    this.edges = [nodeOf(base)];
    this.#view = view.elements;
    this.#base = base.elements;
  }

  apply(grad: TensorView): [TensorView] {
    const zeros = allocateView('backward', this.#base.shape, grad.dtype);
    const out = sameLayout(zeros, this.#base);
    write(partOf(out, this.#view, this.#base), grad);
    return [out];
  }
}

/** An operation in place on a view: the rest of the base passes by it. */
export class CopySlices extends Node {
  readonly name = 'CopySlices';
  readonly edges: readonly (Node | undefined)[];
  readonly #view: TensorView;
  readonly #base: TensorView;
  readonly #inner: Node;
  #released = false;

  constructor(view: Variable, base: Variable, inner: Node) {
    super();
    this.edges = [nodeOf(base), ...inner.edges.slice(1)];
    this.#view = view.elements;
    this.#base = base.elements;
    this.#inner = inner;
  }

  apply(grad: TensorView, shared: Set<unknown>): (TensorView | undefined)[] {
    if (this.#released) throw walkedError(this.name);
    const out = sameLayout(grad, this.#base);
    const part = partOf(out, this.#view, this.#base);
    const [ofView, ...others] = this.#inner.apply(contiguousCopy('backward', part), shared);
    if (ofView === undefined) fill('backward', part, 0);
    else write(part, ofView);
    return [out, ...others];
  }

  override release(): void {
    this.#inner.release();
    this.#released = true;
  }
}

/** Whether gradients flow to a variable. */
export function needsGrad({ history, viewOf }: Variable): boolean {
  if (history !== undefined && (history.requiresGrad || history.node !== undefined)) return true;
  return viewOf !== undefined && needsGrad(viewOf.base);
}

export function historyOf(variable: Variable): History {
  variable.history ??= new History();
  return variable.history;
}

/** Gives a variable another node, which keeps its gradient from now on if the old one did. */
export function setNode(variable: Variable, node: Node): void {
  const history = historyOf(variable);
  if (history.node?.retaining === variable) {
    history.node.retaining = undefined;
    node.retaining = variable;
  }
  history.node = node;
}

/**
 * What made a variable, where that was recorded; undefined for leaves. A view whose elements have changed since is what
 * they became: a part of its base.
 */
export function gradFnOf(variable: Variable): Node | undefined {
  const { history, viewOf, elements } = variable;
  if (viewOf === undefined || (history?.node === undefined && !needsGrad(viewOf.base))) return history?.node;
  const version = versionOf(elements);
  if (viewOf.version === version) return history?.node;
  if (viewOf.unrecorded) {
    throw stateError(
      'gradFn',
      'this view was made under noGrad(), and its elements have changed since: it has no history',
    );
  }
  setNode(variable, new AsStrided(variable, viewOf.base));
  viewOf.version = version;
  return variable.history!.node;
}

/** Where a variable's gradient goes; undefined where it needs none. */
export function nodeOf(variable: Variable): Node | undefined {
  const made = gradFnOf(variable);
  if (made !== undefined || !needsGrad(variable)) return made;
  const { history } = variable;
  if (!history?.requiresGrad) return nowhere;
  history.accumulator ??= new AccumulateGrad(variable);
  return history.accumulator;
}
