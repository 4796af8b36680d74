// Where the package lies, and what is said where a bundler took its code away from there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { packageFolder, root } from '../lib/root.js';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-root-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A file of a package of this name. */
function file(name: string | undefined, ...parts: string[]): { folder: string; url: string } {
  const folder = mkdtempSync(path.join(scratch, 'a package-'));
  if (name !== undefined) writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name }));
  mkdirSync(path.join(folder, ...parts), { recursive: true });
  return { folder, url: pathToFileURL(path.join(folder, ...parts, 'file.js')).href };
}

it('is above lib/ and dist/, however deep', () => {
  expect(root).toBe(fileURLToPath(new URL('..', import.meta.url)));
  for (const parts of [['dist'], ['lib'], ['dist', 'study', 'sweep']]) {
    const { folder, url } = file('evenkeel', ...parts);
    expect(packageFolder(url)).toBe(folder + path.sep);
  }
});

it('a bundle in any folder says where it is and what to set', () => {
  const project = file('service', 'dist');
  for (const url of [project.url, file(undefined, 'dist').url, file('evenkeel', 'out').url]) {
    expect(() => packageFolder(url)).toThrow(`taken into a bundle (${fileURLToPath(url)})`);
  }
  expect(() => packageFolder(project.url)).toThrow(/esbuild: .*\n.*Rollup.*\n.*webpack: .*\n.*Next\.js: /);
});

it('a CommonJS bundle, which has no URL, and one that keeps the old one', () => {
  expect(() => packageFolder(undefined)).toThrow(`taken into a bundle (${process.argv[1]})`);
  const { url } = file('evenkeel', 'dist');
  expect(() => packageFolder(url, true)).toThrow(`taken into a bundle (${process.argv[1]})`);
});
