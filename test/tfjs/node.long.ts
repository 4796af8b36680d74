// The backend on other versions of Node.js: the oldest that the package supports, and the newest that npm's registry has.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cjs, esm, packages } from './programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** npm, beside the Node.js that runs this. */
const npm = (args: readonly string[]) => execFileSync('npm', args, { encoding: 'utf8' });

describe.each(['20.19.0', 'latest'])('Node.js %s', (wanted) => {
  let folder: string;
  let node: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(root, 'build/tfjs-node-'));
    const home = mkdtempSync(path.join(tmpdir(), 'evenkeel-node-'));
    const name = `node-${process.platform}-${process.arch}`;
    mkdirSync(path.join(home, 'node_modules'));
    npm(['install', '--prefix', home, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${wanted}`]);
    node = path.join(home, 'node_modules', name, 'bin/node');
    return () => rmSync(home, { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(packages))('ES modules and CommonJS, the %s package', async (name) => {
    for (const [extension, source] of [
      ['mjs', esm(name)],
      ['cjs', cjs(name)],
    ]) {
      const file = path.join(folder, `${name}.${extension}`);
      writeFileSync(file, source!);
      const { stdout } = await run(node, [file]);
      const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as object;
      expect(result).toMatchObject({ backend: 'evenkeel', product: [2, 3], same: true, shared: true, restored: true });
    }
  });

  it("tfjs-core's own tests", async () => {
    const args = ['scripts/test-tfjs.mjs', '--only', 'random order, recycled buffers poisoned'];
    const { stdout } = await run(node, args, { cwd: root, maxBuffer: 2 ** 26 });
    // With synchronous reads and without.
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^8\d{3} passed, 0 failed$/);
  });
});
