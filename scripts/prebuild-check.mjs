// npm run prebuild:check: tries the packages of prebuilds/ (`npm run prebuild -- --target all`), each in the Node of its
// platform: here, under musl's linker, qemu and wine. What cannot be run is inspected, as all are. One row for each; the last
// line says how many passed and failed. `npm run prebuild:check -- musl` runs the rows whose names contain "musl".

import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lib/lock.mjs';
import { chooseRows, runRows } from './lib/rows.mjs';
import { cleanEnv, Failure, main, must, root } from './lib/run.mjs';
import { installPackages } from './lib/system.mjs';
import { packAll, folder as stages } from './pack/tarballs.mjs';
import { fetchBlas } from './prebuild/fetch.mjs';
import { inspect } from './prebuild/inspect.mjs';
import { runs } from './prebuild/nodes.mjs';
import { platforms } from './prebuild/platforms.mjs';

const byName = new Map(platforms.map((platform) => [platform.name, platform]));
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** A project with evenkeel and one platform's package, as npm would install them, and the program to run in it. */
function project(platform) {
  const folder = path.join(root, 'build-prebuild', 'projects', platform.name);
  rmSync(folder, { recursive: true, force: true });
  const modules = path.join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  cpSync(path.join(stages, 'evenkeel'), path.join(modules, 'evenkeel'), { recursive: true });
  cpSync(path.join(stages, platform.name), path.join(modules, platform.package), { recursive: true });
  const copied = new Set();
  const copy = (name) => {
    if (copied.has(name)) return;
    copied.add(name);
    const from = path.join(root, 'node_modules', name);
    cpSync(from, path.join(modules, name), { recursive: true });
    const { dependencies = {} } = JSON.parse(readFileSync(path.join(from, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) copy(dependency);
  };
  for (const name of Object.keys(manifest.dependencies)) copy(name);
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  copyFileSync(path.join(root, 'scripts/smoke/program.mjs'), path.join(folder, 'program.mjs'));
  copyFileSync(path.join(root, 'test/golden/random.txt'), path.join(folder, 'random.txt'));
  return folder;
}

async function smoke({ platform, needs, command }) {
  await withLock(() => installPackages(needs));
  const { words, env = {} } = await command();
  const cwd = project(byName.get(platform));
  // Through a file: Node cannot write to a pipe under wine.
  const log = path.join(cwd, 'output.txt');
  const output = openSync(log, 'w');
  const { EVENKEEL_PREBUILD: _, ...clean } = cleanEnv(env);
  const { status, signal } = spawnSync(words[0], [...words.slice(1), 'program.mjs'], {
    cwd,
    env: clean,
    stdio: ['ignore', output, output],
    timeout: 600_000,
  });
  closeSync(output);
  const text = readFileSync(log, 'utf8').replaceAll('\r', '').trim();
  if (status !== 0 || !/^smoke: \d+ passed, 0 failed$/m.test(text)) {
    throw new Failure(`${text}\nended with ${signal ?? status}`);
  }
  return text;
}

/**
 * The published binary beside another package's OpenBLAS and the system's. The other package is a copy of ours that asks for
 * the library by the name that it has from its makers, and has it so.
 */
async function besideOthers(platform) {
  const first = project(platform);
  const copy = `${first}-other`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(first, copy, { recursive: true });
  const folder = path.join(copy, 'node_modules', platform.package, platform.folder);
  const addon = readFileSync(path.join(folder, 'evenkeel.node'));
  const at = addon.indexOf(`${platform.library}\0`);
  addon.fill(0, at, at + platform.library.length);
  addon.write(platform.blas, at);
  writeFileSync(path.join(folder, 'evenkeel.node'), addon);
  rmSync(path.join(folder, platform.library));
  copyFileSync((await fetchBlas(platform)).library, path.join(folder, platform.blas));
  const own = path.join(first, 'node_modules/evenkeel');
  const other = path.join(copy, 'node_modules/evenkeel');
  const said = [];
  for (const folders of [
    [own, other, root],
    [other, root, own],
  ]) {
    said.push(await must(process.execPath, [path.join(root, 'scripts/smoke/two-blas.mjs'), ...folders]));
  }
  return said.join('').trim();
}

const rows = [
  ...platforms.map((platform) => ({
    name: `${platform.name}, inspected`,
    platform: platform.name,
    run: () => inspect(platform),
  })),
  ...runs.map((row) => ({
    name: `${row.platform}, run by ${row.node}`,
    platform: row.platform,
    run: () => smoke(row),
  })),
  {
    name: 'linux-x64-glibc, beside other copies of OpenBLAS',
    platform: 'linux-x64-glibc',
    run: () => besideOthers(byName.get('linux-x64-glibc')),
  },
];

main(async () => {
  const chosen = chooseRows(rows, process.argv.slice(2));
  await packAll(platforms.filter(({ name }) => chosen.some((row) => row.platform === name)));
  return runRows(chosen, (output, time) => console.log(`${output}\npassed in ${time()}`));
});
