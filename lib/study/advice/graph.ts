// How a model's layers hang together, read off the graph that one pass leaves: activations and sums count whether modules or
// functions make them.
import type { Node } from '../../autograd.js';
import type { StudyActivation } from '../cell/cell.js';

/** Activations by the name of their node. SELU is made of ELU's. */
const activationNodes: Readonly<Record<string, StudyActivation>> = {
  ReluBackward0: 'relu',
  LeakyReluBackward0: 'leakyRelu',
  TanhBackward0: 'tanh',
  SigmoidBackward0: 'sigmoid',
  GeluBackward0: 'gelu',
  SiluBackward0: 'silu',
  EluBackward0: 'elu',
  SoftplusBackward0: 'softplus',
};
const batchNorm = 'NativeBatchNormBackward0';
const norms = [batchNorm, 'NativeLayerNormBackward0'];
const sum = 'AddBackward0';

/** What lies between a tensor and the layers that it comes from. */
export interface Origins {
  /** The nearest activation. */
  readonly activation: StudyActivation | null;
  /** Those layers, and whether nothing but a normalisation, activations and the like come between. */
  readonly layers: ReadonlyMap<number, { readonly normalised: boolean }>;
}

/** A sum that the model's input reaches in two ways: the end of a residual branch. */
export interface ResidualSum {
  /** The last layers of the branch, those that no other layer of it follows. */
  readonly branchEnds: readonly number[];
}

/** The graph of one pass, told of layers as they run. */
export class LayerGraph {
  #input: Node | undefined;
  #output: Node | undefined;
  readonly #layers = new Map<Node, number>();
  /** Nodes of SELU modules: the graph calls them ELU. */
  readonly #selus = new Set<Node>();

  /** The model's input. */
  begin(input: Node | null): void {
    this.#input = input ?? undefined;
  }
  /** The output of layer `index`. */
  addLayer(index: number, output: Node | null): void {
    if (output !== null) this.#layers.set(output, index);
  }
  addSelu(output: Node | null): void {
    if (output !== null) this.#selus.add(output);
  }
  /** The model's output. */
  end(output: Node | null): void {
    this.#output = output ?? undefined;
  }

  /** Every node that `start` depends on, itself included; not beyond those at which `stop` says so. */
  #below(start: Node | undefined, stop: (node: Node) => boolean = () => false): Set<Node> {
    const seen = new Set<Node>();
    // A stack of its own: deep networks have more nodes than calls may nest.
    const open = start === undefined ? [] : [start];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (!stop(node)) open.push(...node.edges.filter((edge) => edge !== undefined));
    }
    return seen;
  }

  /** What a tensor comes from. */
  origins(start: Node | undefined): Origins {
    let activation: StudyActivation | null = null;
    const layers = new Map<number, { normalised: boolean }>();
    const seen = new Set<Node>();
    // The nearest first.
    const open = start === undefined ? [] : [{ node: start, normalised: false, summed: false }];
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      const { node, normalised, summed } = at;
      if (seen.has(node)) continue;
      seen.add(node);
      const layer = this.#layers.get(node);
      if (layer !== undefined) {
        layers.set(layer, { normalised: normalised && !summed });
        continue;
      }
      activation ??= this.#selus.has(node) ? 'selu' : (activationNodes[node.name] ?? null);
      const next = {
        normalised: normalised || (norms.includes(node.name) && !summed),
        summed: summed || this.#joins(node),
      };
      for (const edge of node.edges) if (edge !== undefined) open.push({ node: edge, ...next });
    }
    return { activation, layers };
  }

  /** Terms of a sum that depend on the input. */
  #dependentTerms(node: Node): Node[] {
    const terms = node.edges.filter((edge) => edge !== undefined);
    return terms.length < 2
      ? []
      : terms.filter((term) => this.#input !== undefined && this.#below(term).has(this.#input));
  }

  /** Whether a node is a sum of two terms that depend on the input. */
  #joins(node: Node): boolean {
    return node.name === sum && this.#dependentTerms(node).length > 1;
  }

  /** Whether batch normalisation takes part. */
  get hasBatchNorm(): boolean {
    return [...this.#below(this.#output)].some(({ name }) => name === batchNorm);
  }

  /** The sums of residual branches. */
  residualSums(): ResidualSum[] {
    const sums = [...this.#below(this.#output)].filter((node) => this.#joins(node));
    return sums.map((node) => {
      const terms = this.#dependentTerms(node);
      const sizes = terms.map((term) => [...this.#below(term)].filter((below) => this.#layers.has(below)).length);
      // The branch has the layers of what it branches off, and its own.
      const branch = terms[sizes.indexOf(Math.max(...sizes))];
      return { branchEnds: [...this.origins(branch).layers.keys()] };
    });
  }

  /** Whether the input reaches the output by a way that avoids some layers. */
  avoids(layers: ReadonlySet<number>): boolean {
    const stop = (node: Node) => {
      const layer = this.#layers.get(node);
      return layer !== undefined && layers.has(layer);
    };
    return this.#input !== undefined && this.#below(this.#output, stop).has(this.#input);
  }
}
