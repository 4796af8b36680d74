// What a checkpoint is to hold, whatever says so: names, shapes, layers, and how each tensor starts. No elements.
import type { DType } from '../../dtype.js';
import type { Action } from '../../init/rules.js';
import type { Shape } from '../../shape.js';
import type { Tensor } from '../../tensor/index.js';

/** One tensor of a checkpoint to be. */
export interface DescribedTensor {
  /** Its key in the checkpoint. */
  readonly name: string;
  readonly shape: Shape;
  /** Where it must not be the checkpoint's: integer buffers, and what the source fixes. */
  readonly dtype?: DType;
  /** The layer's class by torch's name: 'Linear', 'Embedding', 'Conv1D' (GPT-2's linear layer, [in, out]); '' where unknown. */
  readonly layer: string;
  /** Whether it is a buffer: rules are for parameters, so a buffer starts as `init` says. */
  readonly buffer: boolean;
  /** How the source itself has it start; rules come first. */
  readonly init?: Action;
  /** The index of a vector of the first dimension that is 0 where `init` decides: an embedding's padding. */
  readonly zeroRow?: number;
  /** Its present elements, where there are any in memory: what 'keep' keeps. */
  readonly value?: Tensor;
  /** The layer itself where there is one: what rules that match classes and predicates are shown. */
  readonly module?: object;
}

/** The tensors of a model, described. */
export interface ModelDescription {
  /** What described it, for messages: 'llama config', 'spec', … */
  readonly source: string;
  readonly tensors: readonly DescribedTensor[];
  /** Names that stand for a stored tensor and are not stored themselves, with the name that is. */
  readonly tied: ReadonlyMap<string, string>;
  /** The source's own dtype, where it has one. */
  readonly dtype?: DType;
  /** The path of the config.json that it comes from: whoever loads the checkpoint wants it beside. */
  readonly config?: string;
}
