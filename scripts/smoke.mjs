// node scripts/smoke.mjs [FOLDER]: on a real machine of any platform, installs the tarballs of FOLDER (build-pack/) into an empty
// project, scripts blocked, and runs scripts/smoke/program.mjs there.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure, main, must, npm, root } from './lib/run.mjs';
import { thisPlatform } from './pack/here.mjs';
import { platforms } from './prebuild/platforms.mjs';
import { publishable } from './release/order.mjs';

main(async () => {
  const folder = path.resolve(process.argv[2] ?? path.join(root, 'build-pack'));
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const here = thisPlatform();
  const wanted = [here.package, manifest.name];
  const files = publishable(manifest, platforms)
    .filter(({ spec }) => wanted.some((name) => spec === `${name}@${manifest.version}`))
    .map(({ file }) => path.join(folder, file));
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'evenkeel-smoke-'));
  try {
    writeFileSync(path.join(cwd, 'package.json'), '{ "private": true, "type": "module" }\n');
    copyFileSync(path.join(root, 'scripts/smoke/program.mjs'), path.join(cwd, 'program.mjs'));
    copyFileSync(path.join(root, 'test/golden/random.txt'), path.join(cwd, 'random.txt'));
    const { command, args, shell } = npm();
    await must(command, [...args, 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...files], { cwd, shell });
    const output = await must(process.execPath, ['program.mjs'], { cwd });
    console.log(output.trim());
    if (!/^smoke: \d+ passed, 0 failed$/m.test(output)) throw new Failure('the smoke test failed');
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});
