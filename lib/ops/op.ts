// What a row of the table of operations is: how it is computed, and its gradients beside it. All on views.
import type { DType } from '../dtype.js';
import type { Shape } from '../shape.js';
import type { TensorView } from '../view.js';

/** A value that a gradient is computed from: an input, by its place, or the output. */
export type Saved = number | 'output';

/** The input that a gradient is for. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** How the gradient of one input follows from the output's. */
export interface Gradient<Args> {
  /** What `formula` gets in `saved`, in this order; nothing else is kept from the forward pass. */
  readonly uses: readonly Saved[];
  /** None where nothing depends on the input. May have the output's shape where inputs broadcast: the sum over repeated elements is taken afterwards. */
  formula(grad: TensorView, saved: readonly TensorView[], args: Args, operand: Operand): TensorView | undefined;
}

/**
 * One operation. `Args` are its arguments that are not tensors.
 */
export interface Op<Args = undefined> {
  /** The name of its node in a graph, as torch prints it; some depend on the arguments. */
  readonly node: string | ((args: Args) => string);
  /** Computes the output: fresh, or written to `target`, which may be the first input. */
  forward(call: string, inputs: readonly TensorView[], args: Args, target?: TensorView): TensorView;
  /**
   * Whether torch's node keeps a number in a tensor, so that it cannot be walked twice although no gradient uses a value.
   */
  readonly keepsNumber?: boolean;
  /** One for each input, or one for all of a list of inputs; undefined where there is no gradient. */
  readonly gradients: readonly (Gradient<Args> | undefined)[] | ((input: number) => Gradient<Args>);
}

/** A gradient that uses no values. */
export function linear<Args>(formula: (grad: TensorView, args: Args, operand: Operand) => TensorView): Gradient<Args> {
  return { uses: [], formula: (grad, _, args, operand) => formula(grad, args, operand) };
}

/** A gradient that uses inputs or the output. */
export function from<Args>(uses: readonly Saved[], formula: Gradient<Args>['formula']): Gradient<Args> {
  return { uses, formula };
}
