import { checkOptions } from '../arguments.js';
import type { RandomOptions } from '../fill.js';
import { normal_ } from '../init/index.js';
import { fill } from '../ops/index.js';
import { checkGenerator } from '../random.js';
import { checkSize } from '../shape.js';
import type { Tensor } from '../tensor/index.js';
import { selectView } from '../view.js';
import { checkPadding, embedding } from './functional/embedding.js';
import { type LayerOptions, makeParameter } from './linear.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of Embedding. */
export interface EmbeddingOptions extends Omit<LayerOptions, 'bias'> {
  /** A row that starts as 0 and gets no gradient; negative ones count from the end. None by default. */
  paddingIdx?: number | null;
}

/**
 * A table of vectors: whole numbers [...] give [..., embeddingDim]. Starts from the standard normal distribution.
 *
 * @throws RangeError (ERR_RANGE) for an index beyond the table
 * @example
 * new nn.Embedding(1000, 64).call(tensor([[1, 5], [7, 0]], { dtype: 'int64' })).shape; // [2, 2, 64]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingOptions) {
    super();
    const call = 'Embedding';
    const { dtype, generator, init = true, paddingIdx } = checkOptions(call, options);
    this.numEmbeddings = checkSize(call, numEmbeddings, 'numEmbeddings');
    this.embeddingDim = checkSize(call, embeddingDim, 'embeddingDim');
    this.paddingIdx = checkPadding(call, paddingIdx, this.numEmbeddings) ?? null;
    checkGenerator(call, generator);
    this.weight = makeParameter(call, [this.numEmbeddings, this.embeddingDim], dtype, !init);
    if (init) this.resetParameters({ generator });
  }

  /** Draws the vectors anew; that of `paddingIdx` becomes 0. */
  override resetParameters(options: RandomOptions = {}): void {
    const call = 'resetParameters';
    normal_(this.weight, 0, 1, options);
    if (this.paddingIdx !== null) fill(call, selectView(call, this.weight.elements, 0, this.paddingIdx), 0);
  }

  override forward(input: Tensor): Tensor {
    return embedding(input, this.weight, { paddingIdx: this.paddingIdx });
  }

  protected override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
