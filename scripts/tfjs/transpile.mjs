// tfjs-core publishes its tests as ES modules whose imports lack extensions, which Node does not load. Here they become
// CommonJS modules, in a folder that is made once for each version; CommonJS also because specs replace exports by spies.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { root } from '../lib/run.mjs';

const require = createRequire(import.meta.url);

/** The folder with tfjs-core as CommonJS modules, tests included. */
export function transpiledCore() {
  const manifest = require.resolve('@tensorflow/tfjs-core/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const folder = path.join(root, 'node_modules/.cache/evenkeel', `tfjs-core-${version}-typescript-${ts.version}`);
  if (existsSync(folder)) return folder;
  const made = `${folder}.${process.pid}`;
  const source = path.join(path.dirname(manifest), 'dist');
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.js') && !/^(tf-core\.|miniprogram)/.test(name),
  );
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  for (const name of names) {
    const text = readFileSync(path.join(source, name), 'utf8').replace(/\/\/# sourceMappingURL=.*$/m, '');
    const target = path.join(made, 'dist', name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(text, { compilerOptions, fileName: name }).outputText);
  }
  // The tests compare the version with that of the manifest.
  writeFileSync(
    path.join(made, 'package.json'),
    JSON.stringify({ name: '@tensorflow/tfjs-core', version, main: 'dist/index.js' }),
  );
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
  return folder;
}
