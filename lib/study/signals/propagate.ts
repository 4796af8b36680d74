// How a signal goes forward through any module, and a gradient back, as hooks see them.
import { checkOptions } from '../../arguments.js';
import { noGrad } from '../../autograd.js';
import { randn } from '../../creation.js';
import { argumentError, describe, shapeError } from '../../errors.js';
import { Module, type Parameter } from '../../nn/index.js';
import { checkGenerator, type Generator } from '../../random.js';
import { formatShape, type Shape, sameShape } from '../../shape.js';
import { checkTensor, Tensor } from '../../tensor/index.js';
import { saturationOf } from '../cell/activation.js';
import { callName, checkLayerChoice, chooseLayers, keepBuffers, type LayerChoice } from './record.js';
import { measureSignal, type SignalStatistics } from './statistics.js';
import { type GradientStatistics, type Place, takePlace } from './trace.js';

/** One module's output. */
export interface PropagatedLayer {
  /** The module's path; `fc (2)` for the second call of one that is called again. */
  readonly name: string;
  /** Its class. */
  readonly module: string;
  readonly shape: Shape;
  readonly signal: SignalStatistics;
  /** Null where none came back. */
  readonly gradient: GradientStatistics | null;
  /** The gradient's mean square over the next layer's; null where one of the two is missing. */
  readonly gradientRatio: number | null;
  /** Euclidean norms of the gradients of the module's own parameters, by name; of a shared module, at its last call. */
  readonly parameterGradients: Readonly<Record<string, number>>;
}

/** What `propagate` saw. */
export interface Propagation {
  readonly input: SignalStatistics;
  /** In the order in which they ran. */
  readonly layers: readonly PropagatedLayer[];
}

/** Options of `propagate`. */
export interface PropagateOptions {
  /** Which modules: all that have no modules in them, activations and the like included, by default. */
  layers?: LayerChoice;
  /**
   * What is sent back: true, the default, for standard normal numbers at the output; their tensor; or a function of the
   * output whose result, a single number, is differentiated. False for no gradients.
   */
  backward?: boolean | Tensor | ((output: Tensor) => Tensor);
  /** Where the gradient's numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

const call = 'propagate';

/** Modules that have no modules in them. */
const leaves = (_: string, module: Module) => module.children().next().done === true;

/**
 * Runs a batch through a model and a gradient back, and returns statistics of every layer's output, of the gradient at it, and
 * of the parameters' gradients. Modules are seen through hooks, those without parameters included; operations that no
 * module makes are not. The model is left as it was: parameters, buffers, gradients, mode. Randomness of its own (dropout) takes
 * place, unless the model is in evaluation mode.
 *
 * @param model any module of one input
 * @param input [inputs, ...], a floating dtype
 * @throws TypeError (ERR_ARGUMENT) for anything else; RangeError (ERR_SHAPE) for a gradient that is not the output's shape;
 * and what the model throws
 * @example
 * const model = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 10));
 * const { layers } = propagate(model, randn(32, 64));
 * layers.map(({ name, signal, gradient }) => [name, signal.meanSquare, gradient.meanSquare]);
 */
export function propagate(model: Module, input: Tensor, options?: PropagateOptions): Propagation {
  if (!(model instanceof Module)) throw argumentError(call, `expected a module, got ${describe(model)}`);
  const { dtype, shape } = checkTensor(call, input);
  if (!dtype.includes('float') || shape.length === 0) {
    const got = `${dtype} ${formatShape(shape)}`;
    throw argumentError(call, `expected floating point inputs [inputs, ...], got ${got}`);
  }
  const given = checkOptions(call, options);
  const backward = checkBackward(given.backward ?? true);
  const generator = checkGenerator(call, given.generator);
  const chosen = chooseLayers(call, model, given.layers === undefined ? leaves : checkLayerChoice(call, given.layers));
  const calls: { name: string; module: Module; shape: Shape; place: Place }[] = [];
  const counts = new Map<Module, number>();
  const remove = [...chosen].map(([module, path]) =>
    module.registerForwardHook((_, __, output) => {
      const count = (counts.get(module) ?? 0) + 1;
      counts.set(module, count);
      // Outputs of a single vector are batches of one.
      const batched = output.shape.length === 0 ? output.reshape(1) : output;
      if (!batched.dtype.includes('float')) return;
      const place = takePlace(call, batched, saturationOf(module));
      calls.push({ name: callName(path, count), module, shape: output.shape, place });
    }),
  );
  const restore = keepState(model);
  let norms = new Map<Parameter, number>();
  try {
    // A leaf of its own, so that gradients come back through models without parameters.
    const start = backward === false ? input.detach() : input.detach().requiresGrad_();
    if (backward === false) noGrad(() => model.call(start));
    else sendBack(model.call(start), backward, generator);
    norms = gradientNorms(model);
  } finally {
    for (const undo of remove) undo();
    restore();
  }
  const layers = calls.map(({ name, module, shape, place }, i): PropagatedLayer => {
    const own = [...module.namedParameters({ recurse: false })];
    const last = calls.findLastIndex((other) => other.module === module) === i;
    const parameterGradients = Object.fromEntries(
      own.flatMap(([name, parameter]) => (last && norms.has(parameter) ? [[name, norms.get(parameter)!]] : [])),
    );
    const next = calls[i + 1]?.place.gradient;
    const gradientRatio = place.gradient && next ? place.gradient.meanSquare / next.meanSquare : null;
    return {
      name,
      module: module.constructor.name,
      shape,
      signal: place.signal,
      gradient: place.gradient,
      gradientRatio,
      parameterGradients,
    };
  });
  return { input: measureSignal(call, input, undefined).statistics, layers };
}

function checkBackward(backward: unknown): NonNullable<PropagateOptions['backward']> {
  const known = typeof backward === 'boolean' || typeof backward === 'function' || backward instanceof Tensor;
  if (known) return backward as NonNullable<PropagateOptions['backward']>;
  throw argumentError(call, `backward must be true, false, a tensor or a function, got ${describe(backward)}`);
}

function sendBack(output: Tensor, backward: true | Tensor | ((output: Tensor) => Tensor), generator: Generator): void {
  if (typeof backward === 'function') {
    checkTensor(call, backward(output)).backward();
    return;
  }
  const { shape, dtype } = output;
  if (backward === true) {
    output.backward(randn(shape, { generator, dtype }));
    return;
  }
  if (!sameShape(backward.shape, shape)) {
    const [got, wanted] = [formatShape(backward.shape), formatShape(shape)];
    throw shapeError(call, `the gradient must have the output's shape ${wanted}, got ${got}`);
  }
  output.backward(backward);
}

/** The norms of the parameters' gradients. */
function gradientNorms(model: Module): Map<Parameter, number> {
  const norms = new Map<Parameter, number>();
  for (const parameter of model.parameters()) {
    const { grad } = parameter;
    if (grad !== null)
      norms.set(
        parameter,
        noGrad(() => grad.to('float64').norm().item()),
      );
  }
  return norms;
}

/** Takes gradients and buffers away from a run, and returns what puts them back. */
function keepState(model: Module): () => void {
  const grads = [...model.parameters()].map((parameter) => [parameter, parameter.grad] as const);
  const restoreBuffers = keepBuffers(model);
  for (const [parameter] of grads) parameter.grad = null;
  return () => {
    for (const [parameter, grad] of grads) parameter.grad = grad;
    restoreBuffers();
  };
}
