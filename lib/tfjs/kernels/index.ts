// THE table of kernels that run in the native core, by TensorFlow.js's names. docs/tfjs.md lists them; its test compares.
import type { KernelFamily } from '../kernel.js';
import { conv } from './conv.js';
import { elementwise } from './elementwise.js';
import { layout } from './layout.js';
import { matmul } from './matmul.js';
import { normalise } from './normalise.js';
import { pool } from './pool.js';
import { reduce } from './reduce.js';
import { rows } from './rows.js';

export const families = { matmul, conv, pool, elementwise, reduce, layout, rows, normalise } as const;

export const nativeKernels: KernelFamily = Object.assign({}, ...Object.values(families));
