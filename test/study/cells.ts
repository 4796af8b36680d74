// Cells for tests.
import type { Cell } from '../../lib/study/cell/cell.js';

/** A small network of tanh; with what is given in place of its own. */
export function cellOf(given: Partial<Cell> = {}): Cell {
  return {
    width: 64,
    depth: 4,
    activation: 'tanh',
    init: null,
    sigmaW: 1.5,
    sigmaB: 0.2,
    batch: 2,
    correlation: 0.5,
    inputs: null,
    residual: null,
    normalisation: 'none',
    image: null,
    mode: 'auto',
    repeats: 5,
    seed: 0,
    backward: true,
    spectrum: 'none',
    ...given,
  };
}
