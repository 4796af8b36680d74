// ES modules and CommonJS, the union package and the separate ones, two copies of tfjs-core: as programs, with the library as built.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { node } from '../process.js';
import { cjs, esm, packages } from './programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Remarks on standard error: Node's that require() of an ES module is new, and those of a second copy of tfjs-core. */
const remark =
  /^\(node:\d+\) ExperimentalWarning: (CommonJS module|Support for loading ES Module).*\n(\(Use .*\n)?|^Platform node has already been set.*\n/gm;

async function run(file: string, env?: Record<string, string>): Promise<unknown> {
  const { code, signal, stdout, stderr } = await node([file], env);
  expect({ code, signal, stderr: stderr.replace(remark, '') }).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

describe('ways to load it', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(root, 'build/tfjs-interop-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(packages))('%s', async (name) => {
    for (const [extension, source] of [
      ['mjs', esm(name)],
      ['cjs', cjs(name)],
    ]) {
      const file = path.join(folder, `${name}.${extension}`);
      writeFileSync(file, source!);
      const result = await run(file);
      expect(result, extension).toEqual({
        backend: 'evenkeel',
        product: [2, 3],
        values: [6, 6, 6, 6, 6, 6],
        same: true,
        shared: true,
        restored: true,
      });
    }
  });

  it('ES-module namespaces keep their functions; initialisers follow', async () => {
    const file = path.join(folder, 'namespace.mjs');
    writeFileSync(
      file,
      `import * as tf from '@tensorflow/tfjs';
       import * as core from '@tensorflow/tfjs-core';
       import * as layers from '@tensorflow/tfjs-layers';
       import { installRandom } from 'evenkeel/tfjs';
       const seen = [tf, core, layers].map((namespace) => {
         const draw = () => {
           const { followed, ops } = installRandom(namespace, { seed: 1 });
           const arrays = ['orthogonal', 'heNormal'].map((name) => layers.initializers[name]({}).apply([3, 3]).dataSync());
           return [followed, JSON.stringify([ops.randomNormal([3]).dataSync(), ...arrays])];
         };
         const [followed, first] = draw();
         return [followed, first === draw()[1]];
       });
       console.log(JSON.stringify(seen));`,
    );
    expect(await run(file)).toEqual([
      [false, true],
      [false, true],
      [false, true],
    ]);
  });

  it('import of evenkeel alone loads none of TensorFlow.js', async () => {
    const file = path.join(folder, 'alone.mjs');
    writeFileSync(
      file,
      `import 'evenkeel'; import 'evenkeel/study'; import { createRequire } from 'node:module';
       const loaded = Object.keys(createRequire(import.meta.url).cache).filter((name) => name.includes('tensorflow'));
       console.log(JSON.stringify([loaded, '_tfengine' in globalThis]));`,
    );
    expect(await run(file)).toEqual([[], false]);
  });
});

describe('two copies of tfjs-core', () => {
  let folder: string;
  beforeAll(() => {
    // A project with a tfjs-core of its own, which has evenkeel from elsewhere, where it finds another one.
    folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-copies-'));
    const modules = path.join(folder, 'node_modules');
    mkdirSync(path.join(modules, '@tensorflow'), { recursive: true });
    symlinkSync(root, path.join(modules, 'evenkeel'));
    for (const part of ['package.json', 'dist/tf-core.node.js']) {
      cpSync(
        path.join(root, 'node_modules/@tensorflow/tfjs-core', part),
        path.join(modules, '@tensorflow/tfjs-core', part),
      );
    }
    for (const name of ['seedrandom', 'long', 'node-fetch', 'whatwg-url', 'tr46', 'webidl-conversions']) {
      symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const program = (first: string, second: string) => `
    const other = {};
    ${[first, second].map((name) => (name === 'core' ? "other.tf = require('@tensorflow/tfjs-core');" : "other.ek = require('evenkeel/tfjs');")).join('\n')}
    const { tf, ek } = other;
    const random = ek.installRandom(tf, { seed: 1 });
    const first = Array.from(tf.randomNormal([3]).dataSync());
    ek.installRandom(tf, { seed: 1 });
    const again = Array.from(tf.randomNormal([3]).dataSync());
    random.uninstall();
    const x = tf.tidy(() => tf.add(tf.ones([5000]), 1));
    const t = ek.toTensor(x);
    t.fill_(3);
    const frozen = Object.freeze({ ...tf, randomNormal: () => {} });
    let code;
    try { ek.installRandom(frozen); } catch (error) { code = error.code; }
    console.log(JSON.stringify({ backend: tf.getBackend(), product: Array.from(tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync()), x: x.dataSync()[4999], same: JSON.stringify(first) === JSON.stringify(again), code }));`;

  it.each([
    ['core', 'evenkeel'],
    ['evenkeel', 'core'],
  ])('%s first, then %s', async (first, second) => {
    const file = path.join(folder, `${first}.cjs`);
    writeFileSync(file, program(first, second));
    expect(await run(file)).toEqual({ backend: 'evenkeel', product: [2], x: 3, same: true, code: 'ERR_STATE' });
  });
});
