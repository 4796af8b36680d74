// What advice is based on: one pass through a model and back, as every layer with a weight saw it.
import { calculateFanInAndFanOut } from '../../init/index.js';
import { Embedding, Identity, Module, SELU } from '../../nn/index.js';
import type { Generator } from '../../random.js';
import type { FanOptions, Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { activations } from '../cell/activation.js';
import type { StudyActivation } from '../cell/cell.js';
import { type Propagation, propagate } from '../signals/propagate.js';
import { measureSignal, type SignalStatistics } from '../signals/statistics.js';
import type { GradientStatistics } from '../signals/trace.js';
import { LayerGraph, type Origins, type ResidualSum } from './graph.js';
import { type WeightFacts, weightFacts } from './weights.js';

/** A layer with a weight, in one pass. */
export interface ObservedLayer extends WeightFacts {
  /** The module's path; with a number where it runs several times. */
  readonly name: string;
  /** The module's path alone. */
  readonly path: string;
  readonly module: string;
  readonly shape: Shape;
  /** What an output's terms are counted by, as the layer connects them; `fan` has the options that say so. */
  readonly fanIn: number;
  readonly fan: FanOptions | null;
  /** torch's rule for fan_out, which takes no notice of groups, transposition and strides. */
  readonly fanOut: number;
  /** The same of fan_in. */
  readonly torchFanIn: number;
  /** Features or channels of what comes in. */
  readonly width: number;
  readonly input: SignalStatistics;
  readonly output: SignalStatistics;
  readonly gradient: GradientStatistics | null;
  /** The activation before it, or after it if it is the first; null where there is none. */
  readonly activation: StudyActivation | null;
  /** The layers that its input comes from, by their place in the list. */
  readonly sources: readonly number[];
  /** Whether a normalisation follows at once, so that the scale of its output is of no account. */
  readonly normalised: boolean;
  /** Whether a residual branch ends with it. */
  readonly endsBranch: boolean;
}

/** What one pass showed. */
export interface Observation {
  readonly input: SignalStatistics;
  readonly output: SignalStatistics;
  readonly layers: readonly ObservedLayer[];
  readonly residualSums: readonly ResidualSum[];
  readonly hasBatchNorm: boolean;
  /** Whether the input reaches the output by a way that avoids some of the layers. */
  avoids(layers: ReadonlySet<number>): boolean;
}

/** A model as one with marks at its beginning and its end. */
class Marked extends Module {
  readonly start = new Identity();
  readonly end = new Identity();
  readonly model: Module;
  readonly #graph: LayerGraph;

  constructor(model: Module, graph: LayerGraph) {
    super();
    this.model = model;
    this.training = model.training;
    this.#graph = graph;
  }

  override forward(input: Tensor): Tensor {
    // A copy has a node of its own.
    const start = this.start.call(input.clone());
    this.#graph.begin(start.gradFn);
    const output = this.end.call(this.model.call(start));
    this.#graph.end(output.gradFn);
    return output;
  }
}

const prefix = 'model';

/** The weight of a module that multiplies by one. */
function weightOf(module: Module): Tensor | null {
  const weight: unknown = (module as { weight?: unknown }).weight;
  return weight instanceof Tensor && weight.dim() >= 2 && !(module instanceof Embedding) ? weight : null;
}

/** What came into a layer. */
interface Entry {
  readonly path: string;
  readonly module: Module;
  readonly width: number;
  readonly input: SignalStatistics;
  readonly origins: Origins;
}

/** Runs a batch through a model and a gradient back. */
export function observe(call: string, model: Module, batch: Tensor, generator: Generator): Observation {
  const graph = new LayerGraph();
  const entries: Entry[] = [];
  const remove: (() => void)[] = [];
  for (const [path, module] of model.namedModules()) {
    if (module instanceof SELU) {
      remove.push(module.registerForwardHook((_, __, output) => graph.addSelu(output.gradFn)));
    }
    const weight = weightOf(module);
    if (weight === null) continue;
    remove.push(
      module.registerForwardHook((_, [given], output) => {
        const input = given!.dim() === 0 ? given!.reshape(1) : given!;
        const origins = graph.origins(input.gradFn ?? undefined);
        graph.addLayer(entries.length, output.gradFn);
        const limits = origins.activation === null ? undefined : activations[origins.activation].saturation;
        const width = input.shape[weight.dim() > 2 ? 1 : input.dim() - 1] ?? 1;
        // At once, since a later operation may write to it.
        entries.push({ path, module, width, origins, input: measureSignal(call, input, limits).statistics });
      }),
    );
  }
  const marked = new Marked(model, graph);
  const layers = (path: string, module: Module) => isMark(path) || weightOf(module) !== null;
  try {
    const seen = propagate(marked, batch, { layers, generator });
    return join(call, seen, entries, graph);
  } finally {
    for (const undo of remove) undo();
  }
}

const isMark = (path: string) => path === 'start' || path === 'end';

function join(call: string, seen: Propagation, entries: readonly Entry[], graph: LayerGraph): Observation {
  const residualSums = graph.residualSums();
  const ends = new Set(residualSums.flatMap(({ branchEnds }) => branchEnds));
  const normalised = new Set(
    entries.flatMap(({ origins }) => [...origins.layers].flatMap(([layer, by]) => (by.normalised ? [layer] : []))),
  );
  const ran = seen.layers.filter(({ name }) => !isMark(name));
  const layers = entries.map(({ path, module, width, input, origins }, i): ObservedLayer => {
    const weight = weightOf(module)!;
    const fan = fanOptions(module);
    const [fanIn] = calculateFanInAndFanOut(weight, fan ?? {});
    const [torchFanIn, fanOut] = calculateFanInAndFanOut(weight);
    const following = entries.find((other) => other.origins.layers.has(i));
    const first = origins.layers.size === 0;
    const { name, shape, signal, gradient } = ran[i]!;
    return {
      ...weightFacts(call, weight, (module as { bias?: unknown }).bias, fanIn, fan !== null),
      name: name.slice(prefix.length + 1) || '(model)',
      path,
      module: module.constructor.name,
      shape,
      ...{ fanIn, fan, fanOut, torchFanIn, width, input },
      output: signal,
      gradient,
      activation: origins.activation ?? (first ? (following?.origins.activation ?? null) : null),
      sources: [...origins.layers.keys()],
      normalised: normalised.has(i),
      endsBranch: ends.has(i),
    };
  });
  return {
    input: seen.input,
    output: seen.layers.find(({ name }) => name === 'end')!.signal,
    layers,
    residualSums,
    hasBatchNorm: graph.hasBatchNorm,
    avoids: (avoided) => graph.avoids(avoided),
  };
}

/** What a transposed convolution's fans need to know; null where torch's rule for fan_in is right. */
function fanOptions(module: Module): FanOptions | null {
  const { groups, stride, outputPadding } = module as Partial<
    Record<'groups' | 'stride' | 'outputPadding', number & number[]>
  >;
  if (outputPadding === undefined || stride === undefined) return null;
  return { transposed: true, groups: groups ?? 1, stride };
}
