import { checkOptions } from '../arguments.js';
import { checkGenerator, type Generator } from '../random.js';
import type { Tensor } from '../tensor/index.js';
import { checkProbability, dropout } from './functional/dropout.js';
import { Module } from './module.js';
import { pythonBool, pythonFloat } from './python.js';

/** Options of Dropout. */
export interface DropoutModuleOptions {
  /** Whether to change the input itself; false by default. */
  inplace?: boolean;
  /** Where the numbers come from; the default generator if none is given. */
  generator?: Generator | undefined;
}

/**
 * While training, sets each element to 0 with probability p (0.5 by default) and divides the others by 1 - p. On an mt19937
 * generator it drops what torch drops.
 *
 * @throws RangeError (ERR_RANGE) for a p outside [0, 1]
 * @example
 * new nn.Dropout(0.1).call(ones(8));
 */
export class Dropout extends Module {
  readonly p: number;
  readonly inplace: boolean;
  readonly generator: Generator | undefined;

  constructor(p = 0.5, options?: DropoutModuleOptions) {
    super();
    const { inplace = false, generator } = checkOptions('Dropout', options);
    this.p = checkProbability('Dropout', p);
    this.inplace = inplace;
    checkGenerator('Dropout', generator);
    this.generator = generator;
  }

  override forward(input: Tensor): Tensor {
    const { p, training, inplace, generator } = this;
    return dropout(input, p, { training, inplace, generator });
  }

  protected override extraRepr(): string {
    return `p=${pythonFloat(this.p)}, inplace=${pythonBool(this.inplace)}`;
  }
}
