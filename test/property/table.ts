// The table of operations that programs are made of.
import { activationRows } from './activations.js';
import { convolutionRows } from './convolutions.js';
import { copiesRows } from './copies.js';
import { elementwiseRows } from './elementwise.js';
import { lossRows } from './losses.js';
import { normRows } from './norms.js';
import { productRows } from './products.js';
import { reductionsRows } from './reductions.js';
import type { Row } from './source.js';
import { viewRows } from './views.js';
import { windowRows } from './windows.js';

export const rows: readonly Row[] = [
  ...elementwiseRows,
  ...activationRows,
  ...viewRows,
  ...copiesRows,
  ...reductionsRows,
  ...productRows,
  ...convolutionRows,
  ...windowRows,
  ...normRows,
  ...lossRows,
];
