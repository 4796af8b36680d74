// Reverse-mode differentiation: the graph that operations leave behind, and the walk back through it. It knows tensors
// only as variables; the formulas stand beside the operations, in lib/ops/.
import { stateError } from './errors.js';
import { add } from './ops/arithmetic.js';
import type { Gradient, Op, Operand, Saved } from './ops/op.js';
import { sumTo } from './ops/reduce.js';
import { cast, contiguousCopy, copy, fill } from './ops/storage.js';
import { allocateView, restride, type TensorView } from './view.js';

/** What the graph needs of a tensor. */
export interface Variable {
  readonly elements: TensorView;
  /** The tensor that this one is a view of. */
  readonly base: Variable | undefined;
  /** @internal */
  history: History | undefined;
  /** Adds to the gradient. `shared` are arrays that belong to others: what is kept for good is added to them. */
  accumulate(grad: TensorView, shared: Set<unknown>): void;
}

/** A variable's place in the graph. */
export class History {
  /** Of a leaf: whether gradients are to be accumulated. */
  requiresGrad = false;
  /** What made the variable, where that was recorded. */
  node: Node | undefined;
  /** Of a view: the version of its elements that `node` stands for. */
  version = 0;
  /** Of a leaf. */
  accumulator: Node | undefined;
}

let enabled = true;

/** Whether operations are recorded at the moment. */
export function isGradEnabled(): boolean {
  return enabled;
}

/**
 * Calls `fn` without recording operations, and returns what it returns. It has to be synchronous: recording goes on
 * where `fn` returns.
 *
 * @example
 * noGrad(() => weight.sub_(weight.grad.mul(0.1)));
 */
export function noGrad<T>(fn: () => T): T {
  const before = enabled;
  enabled = false;
  try {
    return fn();
  } finally {
    enabled = before;
  }
}

/** Looks at the gradient of a node's output, and may replace it. */
export type Hook = (grad: TensorView) => TensorView | undefined;

/** One recorded operation: from the gradient of its output to those of its inputs. */
export abstract class Node {
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

const versionOf = (view: TensorView) => view.version?.count ?? 0;

class OpNode<Args> extends Node {
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

  /** The values that the gradients need: `value` says where each comes from. */
  save(value: (saved: Saved) => TensorView): this {
    for (const [i, edge] of this.edges.entries()) {
      if (edge === undefined) continue;
      for (const name of this.#gradient(i)?.uses ?? []) {
        if (this.#saved.has(name)) continue;
        const view = value(name);
        this.#saved.set(name, { view, version: versionOf(view) });
      }
    }
    return this;
  }

  /** Whether a gradient needs an input's value. */
  uses(input: number): boolean {
    return this.edges.some((edge, i) => edge !== undefined && this.#gradient(i)?.uses.includes(input));
  }

  apply(grad: TensorView): (TensorView | undefined)[] {
    if (this.#released) {
      throw stateError(
        'backward',
        `the values saved for ${this.name} are gone after the first walk through the graph; ` +
          'pass { retainGraph: true } to the earlier call',
      );
    }
    return this.edges.map((edge, i) => {
      const gradient = edge && this.#gradient(i);
      if (gradient === undefined) return undefined;
      const operand = this.#operands[i]!;
      const result = gradient.formula(
        grad,
        gradient.uses.map((name) => this.#read(name)),
        this.#args,
        operand,
      );
      return cast('backward', sumTo(result, operand.shape), operand.dtype);
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
    if (this.#saved.size === 0) return;
    this.#saved.clear();
    this.#released = true;
  }
}

/** Ends a path: adds to a leaf's gradient. */
class AccumulateGrad extends Node {
  readonly name = 'AccumulateGrad';
  readonly edges = [];
  readonly #leaf: Variable;

  constructor(leaf: Variable) {
    super();
    this.#leaf = leaf;
  }

  apply(grad: TensorView, shared: Set<unknown>): [] {
    this.#leaf.accumulate(grad, shared);
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

/** A view of a base that has changed since the view was made: what the base's history became. */
class AsStrided extends Node {
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
    copy('backward', grad, partOf(out, this.#view, this.#base));
    return [out];
  }
}

/** An operation in place on a view: the rest of the base passes by it. */
class CopySlices extends Node {
  readonly name = 'CopySlices';
  readonly edges: readonly (Node | undefined)[];
  readonly #view: TensorView;
  readonly #base: TensorView;
  readonly #inner: Node;

  constructor(view: Variable, base: Variable, inner: Node) {
    super();
    this.edges = [nodeOf(base), ...inner.edges.slice(1)];
    this.#view = view.elements;
    this.#base = base.elements;
    this.#inner = inner;
  }

  apply(grad: TensorView, shared: Set<unknown>): (TensorView | undefined)[] {
    const out = sameLayout(grad, this.#base);
    const part = partOf(out, this.#view, this.#base);
    const [ofView, ...others] = this.#inner.apply(contiguousCopy('backward', part), shared);
    if (ofView === undefined) fill('backward', part, 0);
    else copy('backward', ofView, part);
    return [out, ...others];
  }

  override release(): void {
    this.#inner.release();
  }
}

/** Whether gradients flow to a variable. */
export function needsGrad(variable: Variable): boolean {
  const { history, base } = variable;
  if (history !== undefined && (history.requiresGrad || history.node !== undefined)) return true;
  return base !== undefined && needsGrad(base);
}

export function historyOf(variable: Variable): History {
  variable.history ??= new History();
  return variable.history;
}

/** What made a variable, where that was recorded; undefined for leaves. */
export function gradFnOf(variable: Variable): Node | undefined {
  const { history, base, elements } = variable;
  if (base === undefined || history?.requiresGrad) return history?.node;
  if (!needsGrad(base)) return undefined;
  const version = versionOf(elements);
  const own = historyOf(variable);
  if (own.node === undefined || own.version !== version) {
    own.node = new AsStrided(variable, base);
    own.version = version;
  }
  return own.node;
}

/** Where a variable's gradient goes; undefined where it needs none. */
function nodeOf(variable: Variable): Node | undefined {
  const { history } = variable;
  if (history === undefined && variable.base === undefined) return undefined;
  const made = gradFnOf(variable);
  if (made !== undefined || history === undefined || !history.requiresGrad) return made;
  history.accumulator ??= new AccumulateGrad(variable);
  return history.accumulator;
}

/** The node at which hooks on a variable's gradient belong. */
export function hookedNode(variable: Variable): Node | undefined {
  return nodeOf(variable);
}

/** Records that `out` was computed from `inputs`, some of which need gradients. */
export function record<Args>(op: Op<Args>, inputs: readonly Variable[], args: Args, out: Variable): void {
  const node = new OpNode(op, inputs, args);
  if (!node.edges.some((edge) => edge !== undefined)) return;
  const history = historyOf(out);
  history.node = node.save((name) => (name === 'output' ? out : inputs[name]!).elements);
  history.version = versionOf(out.elements);
}

/**
 * Changes `self`, the first input of an operation, in place and records it.
 *
 * @throws RangeError (ERR_STATE) where `self` is a leaf that requires a gradient, or a view of one
 */
export function recordInPlace<Args>(
  call: string,
  op: Op<Args>,
  inputs: readonly [Variable, ...Variable[]],
  args: Args,
): void {
  const [self] = inputs;
  checkInPlace(call, self);
  const node = new OpNode(op, inputs, args);
  const views = inputs.map(({ elements }) => elements);
  const before = node.uses(0) ? contiguousCopy(call, self.elements) : self.elements;
  op.forward(call, views, args, self.elements);
  node.save((name) => (name === 'output' ? self.elements : name === 0 ? before : views[name]!));
  const { base } = self;
  historyOf(base ?? self).node = base === undefined ? node : new CopySlices(self, base, node);
}

/** Refuses a change in place of a leaf that requires a gradient, or of a view of one. */
export function checkInPlace(call: string, { base, history }: Variable): void {
  const isLeaf = (of: History | undefined) => of?.requiresGrad === true && of.node === undefined;
  if (isLeaf(history)) {
    throw stateError(call, 'a leaf that requires a gradient cannot be changed in place; do it under noGrad()');
  }
  if (isLeaf(base?.history)) {
    throw stateError(
      call,
      'a view of a leaf that requires a gradient cannot be changed in place; do it under noGrad()',
    );
  }
}

/** Walks the graph from a node back to its leaves. */
export function runBackward(root: Node, gradient: TensorView, retainGraph: boolean): void {
  const waiting = new Map<Node, number>([[root, 0]]);
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const edge of node.edges) {
      if (edge === undefined) continue;
      const known = waiting.get(edge);
      if (known === undefined) stack.push(edge);
      waiting.set(edge, (known ?? 0) + 1);
    }
  }
  const shared = new Set<unknown>([gradient.array]);
  const grads = new Map<Node, TensorView>([[root, gradient]]);
  const ready = [root];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    const grad = grads.get(node);
    grads.delete(node);
    const results = grad === undefined ? [] : node.apply(hooked(node, grad, shared), shared);
    if (!retainGraph) node.release();
    for (const [i, edge] of node.edges.entries()) {
      if (edge === undefined) continue;
      const result = results[i];
      if (result !== undefined) {
        const sofar = grads.get(edge);
        grads.set(edge, sofar === undefined ? result : add(sofar, result));
      }
      const left = waiting.get(edge)! - 1;
      waiting.set(edge, left);
      if (left === 0) ready.push(edge);
    }
  }
}

function hooked(node: Node, grad: TensorView, shared: Set<unknown>): TensorView {
  let out = grad;
  for (const hook of node.hooks) {
    shared.add(out.array);
    out = hook(out) ?? out;
    shared.add(out.array);
  }
  node.retaining?.accumulate(out, shared);
  return out;
}
