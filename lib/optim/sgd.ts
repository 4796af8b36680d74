import { rangeError } from '../errors.js';
import { keepArray } from '../memory.js';
import { contiguousCopy } from '../ops/index.js';
import { Tensor } from '../tensor/index.js';
import type { TensorView } from '../view.js';
import { checkAtLeast, checkFlag, Optimizer, type Parameters, type ParamGroup, type ParamState } from './optimizer.js';
import { addScaled, negative, scale, sum } from './update.js';

/** Options of SGD. */
export interface SGDOptions {
  /** The learning rate; 0.001 by default. */
  lr?: number;
  /** Factor on what earlier steps left; 0 by default. */
  momentum?: number;
  /** How much less of a gradient enters the momentum; 0 by default. */
  dampening?: number;
  /** Factor on the parameter that is added to its gradient; 0 by default. */
  weightDecay?: number;
  /** Nesterov's momentum, which looks one step ahead; false by default. */
  nesterov?: boolean;
  /** Climb instead of descending; false by default. */
  maximize?: boolean;
}

/**
 * Stochastic gradient descent, as torch.optim.SGD: v <- momentum v + (1 - dampening) g, p <- p - lr v; the first v is g.
 *
 * @throws RangeError (ERR_RANGE) for a negative rate or factor, or Nesterov's momentum without momentum or with dampening
 * @example
 * const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
 * optimizer.zeroGrad();
 * loss.backward();
 * optimizer.step();
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Parameters<SGDOptions>, options?: SGDOptions) {
    super(params, options, {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
    });
  }

  protected override check(call: string, options: Required<SGDOptions>): void {
    for (const name of ['lr', 'momentum', 'weightDecay'] as const) checkAtLeast(call, name, options[name], 0);
    checkAtLeast(call, 'dampening', options.dampening, -Infinity);
    for (const name of ['nesterov', 'maximize'] as const) checkFlag(call, name, options[name]);
    if (options.nesterov && (options.momentum <= 0 || options.dampening !== 0)) {
      throw rangeError(
        call,
        `nesterov needs a momentum and no dampening, got ${options.momentum} and ${options.dampening}`,
      );
    }
  }

  protected override update(
    param: TensorView,
    given: TensorView,
    state: ParamState,
    { lr, momentum, dampening, weightDecay, nesterov, maximize }: ParamGroup<SGDOptions>,
  ): void {
    let grad = maximize ? negative(given) : given;
    if (weightDecay !== 0) grad = sum(grad, param, weightDecay);
    if (momentum === 0) {
      addScaled(param, grad, -lr);
      return;
    }
    let velocity = (state.momentum_buffer as Tensor | undefined)?.elements;
    if (velocity === undefined) {
      velocity = contiguousCopy('step', grad);
      keepArray(velocity.array);
      state.momentum_buffer = new Tensor(velocity);
    } else {
      scale(velocity, momentum);
      addScaled(velocity, grad, 1 - dampening);
    }
    addScaled(param, nesterov ? sum(grad, velocity, momentum) : velocity, -lr);
  }
}
