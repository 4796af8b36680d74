// A backend for TensorFlow.js: `import 'evenkeel/tfjs'`, and existing code runs on the native core.
import { register } from './register.js';

export { EvenkeelBackend } from './backend.js';
export type { RandomOps } from './draws.js';
export { type InstalledRandom, installRandom, type RandomSource } from './random.js';
export { fromTensor, toTensor } from './share.js';

register();
