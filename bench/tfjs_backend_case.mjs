// One case in TensorFlow.js on one of its own backends: `tfjs_backend_case.mjs BACKEND NAME`.
import { cases } from './cases.mjs';
import { serve } from './measure.mjs';

const [backend, name] = process.argv.slice(2);
await serve(await cases.find((row) => row.name === name).backends[backend]());
