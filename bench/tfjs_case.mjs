// One case in TensorFlow.js on its CPU backend: `tfjs_case.mjs FOLDER NAME`, where FOLDER has the package installed.
// Without NAME: {"version"}.
import { createRequire } from 'node:module';
import path from 'node:path';
import { cases } from './cases.mjs';
import { serve } from './measure.mjs';

const [folder, name] = process.argv.slice(2);
const tf = createRequire(path.resolve(folder, 'package.json'))('@tensorflow/tfjs');

if (name === undefined) {
  process.stdout.write(`${JSON.stringify({ version: tf.version.tfjs })}\n`);
} else {
  tf.enableProdMode(); // no advice on standard error
  await tf.setBackend('cpu');
  const make = cases.find((row) => row.name === name).tfjs(tf);
  // What a step allocates is disposed of, intermediate results too: the garbage collector does not do it.
  await serve(() =>
    tf.tidy(() => {
      make();
    }),
  );
}
