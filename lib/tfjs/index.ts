// A backend for TensorFlow.js: `import 'evenkeel/tfjs'` and existing code runs on the native core.
import { register } from './register.js';

export { EvenkeelBackend } from './backend.js';

register();
