import { argumentError, describe } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import { Module } from './module.js';

/**
 * Modules run one after another; their names are '0', '1', ….
 *
 * @example
 * const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 */
export class Sequential extends Module {
  [index: number]: Module;

  constructor(...modules: Module[]) {
    super();
    for (const [index, module] of modules.entries()) {
      if (!(module instanceof Module)) throw argumentError('Sequential', `expected modules, got ${describe(module)}`);
      this[index] = module;
    }
  }

  /** The number of modules. */
  get length(): number {
    return [...this.children()].length;
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this.children()) x = module.call(x);
    return x;
  }
}
