// Reverse-mode differentiation: what is recorded, and the walk back through the graph.
import { dtypes } from './dtype.js';
import { argumentError, describe, stateError } from './errors.js';
import {
  CopySlices,
  gradFnOf,
  historyOf,
  type Node,
  needsGrad,
  nodeOf,
  nowhere,
  OpNode,
  setNode,
  type Variable,
  type ViewOf,
  versionOf,
} from './graph.js';
import { Heap } from './heap.js';
import { add } from './ops/arithmetic.js';
import type { Op } from './ops/op.js';
import { contiguousCopy } from './ops/storage.js';
import type { TensorView } from './view.js';

export { gradFnOf, type History, historyOf, Node, needsGrad, type Variable, type ViewOf } from './graph.js';

let enabled = true;

/** Whether operations are recorded at the moment. */
export function isGradEnabled(): boolean {
  return enabled;
}

/**
 * Calls `fn` without recording operations, and returns what it returns. It has to be synchronous: recording goes on
 * where `fn` returns.
 *
 * @throws TypeError (ERR_ARGUMENT) for anything but a function
 * @example
 * noGrad(() => weight.sub_(weight.grad.mul(0.1)));
 */
export function noGrad<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw argumentError('noGrad', `expected a function, got ${describe(fn)}`);
  const before = enabled;
  enabled = false;
  try {
    return fn();
  } finally {
    enabled = before;
  }
}

/** What a view of `variable` is to know. */
export function viewOf(variable: Variable): ViewOf {
  const { viewOf: own, elements } = variable;
  return {
    base: own?.base ?? variable,
    version: versionOf(elements),
    unrecorded: !enabled || own?.unrecorded === true,
  };
}

/** The node at which a variable's gradient is to be seen; undefined where there is none. */
export function hookedNode(variable: Variable): Node | undefined {
  const node = nodeOf(variable);
  return node === nowhere ? undefined : node;
}

/** Booleans and whole numbers have no gradient, whatever they were computed from. */
const isDifferentiable = ({ elements }: Variable) => dtypes[elements.dtype].kind === 'float';

/** Records that `out` was computed from `inputs`, some of which need gradients. */
export function record<Args>(op: Op<Args>, inputs: readonly Variable[], args: Args, out: Variable): void {
  if (!isDifferentiable(out)) return;
  const node = new OpNode(op, inputs, args);
  node.save('inputs', (name) => inputs[name as number]!.elements);
  node.save('output', () => out.elements);
  historyOf(out).node = node;
}

/**
 * Changes `self`, the first input of an operation, in place and records it.
 *
 * @throws RangeError (ERR_STATE) where `self` is a leaf that requires a gradient, or a view of one, or was made under noGrad
 */
export function recordInPlace<Args>(
  call: string,
  op: Op<Args>,
  inputs: readonly [Variable, ...Variable[]],
  args: Args,
): void {
  const [self] = inputs;
  const views = inputs.map(({ elements }) => elements);
  if (!isDifferentiable(self)) {
    op.forward(call, views, args, self.elements);
    return;
  }
  checkInPlace(call, self);
  const node = new OpNode(op, inputs, args);
  // Others keep their version: if one of them shares memory with `self`, it will be out of date.
  node.save('inputs', (name) => (name === 0 ? contiguousCopy(call, self.elements) : views[name as number]!));
  op.forward(call, views, args, self.elements);
  node.save('output', () => self.elements);
  if (self.viewOf === undefined) {
    setNode(self, node);
    return;
  }
  const { base } = self.viewOf;
  setNode(base, new CopySlices(self, base, node));
  gradFnOf(self);
}

/** Refuses to record a change in place of a leaf that requires a gradient, of a view of one, or of an unrecorded view. */
function checkInPlace(call: string, self: Variable): void {
  const { viewOf } = self;
  if (viewOf?.unrecorded) {
    throw stateError(call, 'a view made under noGrad() cannot be changed in place where that is recorded');
  }
  if (!needsGrad(self)) return;
  if (viewOf !== undefined && gradFnOf(viewOf.base) === undefined) {
    throw stateError(
      call,
      'a view of a leaf that requires a gradient cannot be changed in place; do it under noGrad()',
    );
  }
  if (gradFnOf(self) === undefined) {
    throw stateError(call, 'a leaf that requires a gradient cannot be changed in place; do it under noGrad()');
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
  const ready = new Heap<Node>();
  ready.push(root);
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
