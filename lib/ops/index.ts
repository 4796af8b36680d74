// The operations on views, by kind.
export * from './compare.js';
export * from './conv.js';
export * from './decompose.js';
export * from './elementwise.js';
export { catOp, stackOp } from './join.js';
export * from './loss.js';
export * from './matrix.js';
export { nodeName } from './names.js';
export * from './normalise.js';
export type { Gradient, Op, Operand, Saved } from './op.js';
export * from './pad.js';
export * from './pick.js';
export * from './pool.js';
export * from './reduce.js';
export * from './rows.js';
export * from './softmax.js';
export * from './storage.js';
export * from './views.js';
