// The same program in ways that users write it.

/** How each set of packages is loaded: module names, and what `tf` and `layers` are then. */
export const packages: Readonly<Record<string, { readonly tf: string; readonly layers: string }>> = {
  union: { tf: '@tensorflow/tfjs', layers: '@tensorflow/tfjs' },
  separate: { tf: '@tensorflow/tfjs-core', layers: '@tensorflow/tfjs-layers' },
};

const body = `
const a = tf.tensor(new Float32Array(6).fill(1), [2, 3]);
const b = tf.tensor(new Float32Array(9).fill(2), [3, 3]);
const c = tf.matMul(a, b);
const backend = tf.getBackend();
const before = tf.randomNormal;
const draw = () => {
  installRandom(tf, { seed: 1 });
  const values = ['glorotNormal', 'orthogonal'].map((name) => layers.initializers[name]({}).apply([4, 4]).dataSync());
  return JSON.stringify([tf.randomNormal([4]).dataSync(), ...values].map((array) => Array.from(array)));
};
const same = draw() === draw();
installRandom(tf).uninstall();
const tensor = toTensor(c);
const copy = fromTensor(tensor);
tensor.set_([0, 0], 9);
const shared = c.dataSync()[0] === 9 && copy.dataSync()[0] === 9;
tensor.set_([0, 0], 6);
const restored = tf.randomNormal === before;
console.log(JSON.stringify({ backend, product: c.shape, values: Array.from(c.dataSync()), same, shared, restored }));
`;

export function esm(name: string): string {
  const { tf, layers } = packages[name]!;
  return `import tf from '${tf}';\nimport layers from '${layers}';\nimport { fromTensor, installRandom, toTensor } from 'evenkeel/tfjs';\n${body}`;
}

export function cjs(name: string): string {
  const { tf, layers } = packages[name]!;
  return `const tf = require('${tf}');\nconst layers = require('${layers}');\nconst { fromTensor, installRandom, toTensor } = require('evenkeel/tfjs');\n${body}`;
}
