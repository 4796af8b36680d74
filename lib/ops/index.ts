// The operations on views, by kind.
export * from './conv.js';
export * from './elementwise.js';
export { catOp, stackOp } from './join.js';
export * from './matrix.js';
export type { Gradient, Op, Operand, Saved } from './op.js';
export * from './reduce.js';
export * from './storage.js';
export * from './views.js';
