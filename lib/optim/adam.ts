import { argumentError, describe, rangeError } from '../errors.js';
import { Tensor } from '../tensor/index.js';
import { allocateView, type TensorView } from '../view.js';
import { checkAtLeast, checkFlag, Optimizer, type Parameters, type ParamGroup, type ParamState } from './optimizer.js';
import { addQuotient, addSquare, lerp, negative, raise, scale, sum } from './update.js';

/** Options of Adam and AdamW. */
export interface AdamOptions {
  /** The learning rate; 0.001 by default. */
  lr?: number;
  /** How much of the averages of gradients and of their squares a step keeps; [0.9, 0.999] by default. */
  betas?: readonly [number, number];
  /** Added to the denominator; 1e-8 by default. */
  eps?: number;
  /** 0 by default for Adam, which adds it to the gradient; 0.01 for AdamW, which shrinks the parameter. */
  weightDecay?: number;
  /** Divide by the largest average of squares so far; false by default (Reddi et al. 2018). */
  amsgrad?: boolean;
  /** Climb instead of descending; false by default. */
  maximize?: boolean;
}

/**
 * Adam (Kingma and Ba 2015), as torch.optim.Adam.
 *
 * @throws RangeError (ERR_RANGE) for a negative rate, eps or decay, or betas outside [0, 1)
 * @example
 * const optimizer = new optim.Adam(net.parameters(), { lr: 1e-3 });
 */
export class Adam extends Optimizer<AdamOptions> {
  static readonly defaults: Required<AdamOptions> = {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    amsgrad: false,
    maximize: false,
  };

  constructor(params: Parameters<AdamOptions>, options?: AdamOptions) {
    super(params, options, new.target.defaults);
  }

  /** Whether decay shrinks the parameter rather than joining the gradient. */
  protected get decoupled(): boolean {
    return false;
  }

  protected override check(call: string, options: Required<AdamOptions>): void {
    for (const name of ['lr', 'eps', 'weightDecay'] as const) checkAtLeast(call, name, options[name], 0);
    for (const name of ['amsgrad', 'maximize'] as const) checkFlag(call, name, options[name]);
    const { betas } = options;
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw argumentError(call, `betas must be two numbers, got ${describe(betas)}`);
    }
    for (const beta of betas) {
      checkAtLeast(call, 'beta', beta, 0);
      if (beta >= 1) throw rangeError(call, `betas must be below 1, got ${beta}`);
    }
  }

  protected override update(
    param: TensorView,
    given: TensorView,
    state: ParamState,
    { lr, betas, eps, weightDecay, amsgrad, maximize }: ParamGroup<AdamOptions>,
  ): void {
    const average = (name: string) => {
      state[name] ??= new Tensor(allocateView('step', param.shape, param.dtype));
      return (state[name] as Tensor).elements;
    };
    const step = ((state.step as number | undefined) ?? 0) + 1;
    state.step = step;
    let grad = maximize ? negative(given) : given;
    if (weightDecay !== 0) {
      if (this.decoupled) scale(param, 1 - lr * weightDecay);
      else grad = sum(grad, param, weightDecay);
    }
    const mean = average('exp_avg');
    const square = average('exp_avg_sq');
    lerp(mean, grad, 1 - betas[0]);
    scale(square, betas[1]);
    addSquare(square, grad, 1 - betas[1]);
    let largest = square;
    if (amsgrad) {
      largest = average('max_exp_avg_sq');
      raise(largest, square);
    }
    // Both averages start from 0: these undo it.
    const [bias1, bias2] = [1 - betas[0] ** step, 1 - betas[1] ** step];
    addQuotient(param, mean, largest, { factor: -lr / bias1, divisor: Math.sqrt(bias2), eps });
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW.
 *
 * @throws as Adam
 * @example
 * const optimizer = new optim.AdamW(net.parameters(), { lr: 1e-3, weightDecay: 0.1 });
 */
export class AdamW extends Adam {
  static override readonly defaults: Required<AdamOptions> = { ...Adam.defaults, weightDecay: 0.01 };

  protected override get decoupled(): boolean {
    return true;
  }
}
