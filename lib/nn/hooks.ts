// Hooks of modules: functions that see, and may replace, a module's inputs, its output and their gradients.
import { historyOf, hookedNode, isGradEnabled, Node, needsGrad } from '../autograd.js';
import type { DType } from '../dtype.js';
import { argumentError, describe, shapeError } from '../errors.js';
import { formatShape, type Shape, sameShape } from '../shape.js';
import { checkTensor, Tensor } from '../tensor/index.js';
import { allocateView, type TensorView } from '../view.js';

/** What hooks need to know of a module. */
interface Runnable {
  forward(...inputs: Tensor[]): Tensor;
}

// biome-ignore lint/suspicious/noConfusingVoidType: hooks may return nothing, or what takes something's place
type Maybe<T> = T | undefined | void;

/** Called before a module runs; may return other inputs (one, or a list). */
export type ForwardPreHook<Module = Runnable> = (module: Module, inputs: Tensor[]) => Maybe<Tensor | Tensor[]>;

/** Called after a module ran; may return another output. */
export type ForwardHook<Module = Runnable> = (module: Module, inputs: Tensor[], output: Tensor) => Maybe<Tensor>;

/**
 * Called when the gradients of a module's inputs are known (null for inputs that need none); may return others, one for
 * each input.
 */
export type FullBackwardHook<Module = Runnable> = (
  module: Module,
  gradInputs: (Tensor | null)[],
  gradOutputs: Tensor[],
) => Maybe<Tensor | (Tensor | null)[]>;

/** The hooks of one module, in the order in which they were registered. */
export class Hooks<Module extends Runnable> {
  readonly forwardPre: ForwardPreHook<Module>[] = [];
  readonly forward: ForwardHook<Module>[] = [];
  readonly fullBackward: FullBackwardHook<Module>[] = [];

  /** Adds a hook and returns the function that removes it. */
  static add<Hook>(call: string, list: Hook[], hook: Hook): () => void {
    if (typeof hook !== 'function') throw argumentError(call, `expected a function, got ${describe(hook)}`);
    // One function may be registered twice: each removes its own.
    const entry = ((...args: unknown[]) => hook(...args)) as Hook;
    list.push(entry);
    return () => {
      const at = list.indexOf(entry);
      if (at >= 0) list.splice(at, 1);
    };
  }

  /** Runs a module with its hooks. */
  run(module: Module, given: Tensor[]): Tensor {
    let inputs = given;
    for (const hook of [...this.forwardPre]) {
      const result = hook(module, inputs);
      if (result === undefined || result === null) continue;
      inputs = (Array.isArray(result) ? result : [result]).map((input) => checkTensor('registerForwardPreHook', input));
    }
    const backward = this.fullBackward.length > 0 && isGradEnabled() ? new BackwardHooks(module, this) : undefined;
    if (backward !== undefined) inputs = backward.watchInputs(inputs);
    let output = module.forward(...inputs);
    for (const hook of [...this.forward]) {
      const result = hook(module, inputs, output);
      if (result !== undefined && result !== null) output = checkTensor('registerForwardHook', result);
    }
    return backward === undefined ? output : backward.watchOutput(output);
  }
}

const call = 'registerFullBackwardHook';
const name = 'BackwardHookFunctionBackward';

/** What one run of a module leaves in the graph so that its backward hooks are called. */
class BackwardHooks<Module extends Runnable> {
  readonly #module: Module;
  readonly #hooks: Hooks<Module>;
  #inputs = 0;
  #gate: InputGate | undefined;
  #gradOutputs: Tensor[] = [];

  constructor(module: Module, hooks: Hooks<Module>) {
    this.#module = module;
    this.#hooks = hooks;
  }

  /** The inputs, those that need gradients by way of a gate at which all their gradients wait for the hooks. */
  watchInputs(inputs: Tensor[]): Tensor[] {
    this.#inputs = inputs.length;
    const watched = inputs.flatMap((input, place) =>
      input instanceof Tensor && needsGrad(input) ? [{ input, place }] : [],
    );
    if (watched.length === 0) return inputs;
    const gate = new InputGate(watched, (grads) => this.#call(grads));
    this.#gate = gate;
    const out = [...inputs];
    watched.forEach(({ input, place }, i) => {
      out[place] = through(input, new Arrival(gate, i));
    });
    return out;
  }

  watchOutput(output: Tensor): Tensor {
    const from = output instanceof Tensor ? hookedNode(output) : undefined;
    if (from === undefined) return output;
    const seen = (grad: TensorView) => {
      this.#gradOutputs = [new Tensor(grad)];
      if (this.#gate === undefined) this.#call([]);
    };
    return through(output, new Departure(from, seen));
  }

  /** Calls the hooks with the gradients of the inputs at `places`, and returns what is to go on in their place. */
  #call(grads: readonly { place: number; grad: Tensor }[]): (Tensor | null)[] {
    let gradInputs = new Array<Tensor | null>(this.#inputs).fill(null);
    for (const { place, grad } of grads) gradInputs[place] = grad;
    for (const hook of [...this.#hooks.fullBackward]) {
      const result = hook(this.#module, [...gradInputs], [...this.#gradOutputs]);
      if (result === undefined || result === null) continue;
      gradInputs = this.#checked(Array.isArray(result) ? result : [result], gradInputs);
    }
    return gradInputs;
  }

  #checked(result: readonly unknown[], before: readonly (Tensor | null)[]): (Tensor | null)[] {
    if (result.length !== before.length) {
      throw argumentError(call, `a hook must return ${before.length} gradients, got ${result.length}`);
    }
    return result.map((item, i) => {
      if (item === null || item === undefined) return null;
      const grad = checkTensor(call, item);
      const wanted = before[i];
      if (!wanted) throw argumentError(call, `input ${i} needs no gradient, but a hook returned one`);
      if (!sameShape(grad.shape, wanted.shape)) {
        const [got, shape] = [formatShape(grad.shape), formatShape(wanted.shape)];
        throw shapeError(call, `expected a gradient of shape ${shape} for input ${i}, got ${got}`);
      }
      return grad.to(wanted.dtype);
    });
  }
}

/** The same elements, made by `node`. */
function through(tensor: Tensor, node: Node): Tensor {
  const out = new Tensor(tensor.elements);
  historyOf(out).node = node;
  return out;
}

/** Passes the gradient of an output on when it has been seen. */
class Departure extends Node {
  readonly name = name;
  readonly edges: readonly Node[];
  readonly #seen: (grad: TensorView) => void;

  constructor(from: Node, seen: (grad: TensorView) => void) {
    super();
    this.edges = [from];
    this.#seen = seen;
  }

  apply(grad: TensorView, shared: Set<unknown>): [TensorView] {
    shared.add(grad.array);
    this.#seen(grad);
    return [grad];
  }
}

/** What passes from an arrival to its gate: only that it happened counts. */
const token = allocateView('backward', [], 'float32');

/** Hands one input's gradient to the gate. */
class Arrival extends Node {
  readonly name = name;
  readonly edges: readonly [InputGate];
  readonly #index: number;

  constructor(gate: InputGate, index: number) {
    super();
    this.edges = [gate];
    this.#index = index;
  }

  apply(grad: TensorView): [TensorView] {
    this.edges[0].arrived(this.#index, grad);
    return [token];
  }
}

type Watched = { readonly input: Tensor; readonly place: number };

/** Waits for the gradients of all inputs, then calls the hooks. */
class InputGate extends Node {
  readonly name = name;
  readonly edges: readonly (Node | undefined)[];
  readonly #watched: readonly { place: number; shape: Shape; dtype: DType }[];
  readonly #call: (grads: { place: number; grad: Tensor }[]) => (Tensor | null)[];
  readonly #grads = new Map<number, TensorView>();

  constructor(watched: readonly Watched[], hooks: (grads: { place: number; grad: Tensor }[]) => (Tensor | null)[]) {
    super();
    this.edges = watched.map(({ input }) => hookedNode(input));
    this.#watched = watched.map(({ input: { shape, dtype }, place }) => ({ place, shape, dtype }));
    this.#call = hooks;
  }

  arrived(index: number, grad: TensorView): void {
    this.#grads.set(index, grad);
  }

  apply(_: TensorView, shared: Set<unknown>): (TensorView | undefined)[] {
    // As torch: an input that the output does not depend on has a gradient of 0.
    const grads = this.#watched.map(({ place, shape, dtype }, i) => ({
      place,
      grad: new Tensor(this.#grads.get(i) ?? allocateView('backward', shape, dtype)),
    }));
    this.#grads.clear();
    for (const { grad } of grads) shared.add(grad.elements.array);
    const results = this.#call(grads);
    return this.#watched.map(({ place }) => {
      const elements = results[place]?.elements;
      if (elements !== undefined) shared.add(elements.array);
      return elements;
    });
  }
}
