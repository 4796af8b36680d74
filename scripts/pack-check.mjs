// npm run pack:check: packs evenkeel and this platform's package (of the others their manifests alone, which package managers
// read), serves them on 127.0.0.1 and installs them into empty projects with npm, pnpm and yarn: no scripts, nothing on PATH but Node. The last line says how
// many passed and failed.
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, main, npm, root, step } from './lib/run.mjs';
import { thisPlatform } from './pack/here.mjs';
import { fetchTools, startRegistry } from './pack/registry.mjs';
import { packAll, packDependencies } from './pack/tarballs.mjs';
import { platforms } from './prebuild/platforms.mjs';

const folder = path.join(root, 'build-pack-check');
const limits = { seconds: 10, bytes: 35e6 };

const script = `import { manualSeed, matmul, nn, randn } from 'evenkeel';
manualSeed(0);
const layer = new nn.Linear(100, 50);
const out = layer.call(randn(8, 100));
console.log(out.shape.join('x'), matmul(out, out.t()).shape.join('x'));
`;

/** A folder for PATH in which there is Node, and the shell that package managers call. */
function barePath() {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, path.join(bin, 'node'));
  symlinkSync('/bin/sh', path.join(bin, 'sh'));
  return bin;
}

function sizeOf(at) {
  const stat = lstatSync(at);
  if (!stat.isDirectory()) return stat.isSymbolicLink() ? 0 : stat.size;
  return readdirSync(at).reduce((sum, name) => sum + sizeOf(path.join(at, name)), 0);
}

main(async () => {
  const here = thisPlatform();
  rmSync(folder, { recursive: true, force: true });
  const bin = barePath();
  const tools = await step('installing verdaccio, pnpm and yarn', fetchTools);
  const packed = await step('packing', () =>
    packAll(
      [here],
      platforms.filter((platform) => platform !== here),
    ),
  );
  for (const { name, packed: size, unpacked } of packed.slice(0, 2)) {
    console.log(`${name}: ${(size / 1e6).toFixed(2)} MB packed, ${(unpacked / 1e6).toFixed(2)} MB unpacked`);
  }
  const registry = await step('starting a registry', () =>
    startRegistry(tools.verdaccio, path.join(folder, 'registry')),
  );
  try {
    await step('publishing to it', async () => {
      for (const { file } of packed) await registry.publish(file);
      for (const file of await packDependencies()) await registry.publish(file);
    });
    return check({ here, bin, tools, registry });
  } finally {
    registry.stop();
  }
});

/** Package managers: how each one installs evenkeel without running scripts, and its settings. */
function managers({ pnpm, yarn }, address, scratch) {
  const { command, args } = npm();
  const npmrc = `registry=${address}\nignore-scripts=true\ncache=${scratch}/cache\nstore-dir=${scratch}/store\naudit=false\nfund=false\nupdate-notifier=false\n`;
  const yarnrc = `npmRegistryServer: "${address}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nnodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\nnpmMinimalAgeGate: 0\nenableGlobalCache: false\ncacheFolder: ${scratch}/cache\nglobalFolder: ${scratch}/global\n`;
  const npmCommand = args.length > 0 ? [command, ...args] : [process.execPath, realNpm(command)];
  return [
    { name: 'npm', files: { '.npmrc': npmrc }, words: [...npmCommand, 'install', 'evenkeel'] },
    { name: 'pnpm', files: { '.npmrc': npmrc }, words: [process.execPath, pnpm, 'add', 'evenkeel'] },
    {
      name: 'yarn',
      files: { '.yarnrc.yml': yarnrc, 'yarn.lock': '' },
      words: [process.execPath, yarn, 'add', 'evenkeel'],
    },
    {
      name: 'npm --omit=optional',
      files: { '.npmrc': npmrc },
      words: [...npmCommand, 'install', '--omit=optional', 'evenkeel'],
      fails:
        /The optional package @evenkeel\/\S+ .*--omit=optional[\s\S]*To fix it:\n {2}npm install --include=optional\n/,
    },
  ];
}

function realNpm(file) {
  return execFileSync('readlink', ['-f', file], { encoding: 'utf8' }).trim();
}

function check({ here, bin, tools, registry }) {
  const env = { PATH: bin, HOME: path.join(folder, 'home'), CI: 'true', NODE_OPTIONS: '' };
  mkdirSync(env.HOME, { recursive: true });
  let [passed, failed] = [0, 0];
  for (const manager of managers(tools, registry.address, folder)) {
    const cwd = path.join(folder, manager.name.replace(/\W+/g, '-'));
    mkdirSync(cwd, { recursive: true });
    writeFileSync(path.join(cwd, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
    for (const [name, text] of Object.entries(manager.files)) writeFileSync(path.join(cwd, name), text);
    writeFileSync(path.join(cwd, 'five.mjs'), script);
    // Nothing is kept from one to the next.
    for (const kept of ['cache', 'store', 'global']) rmSync(path.join(folder, kept), { recursive: true, force: true });
    const run = (words) => spawnSync(words[0], words.slice(1), { cwd, env, encoding: 'utf8', timeout: 300_000 });
    const start = performance.now();
    const install = run(manager.words);
    const seconds = (performance.now() - start) / 1000;
    try {
      if (install.status !== 0) throw new Failure(`${install.stdout}${install.stderr}`);
      console.log(`ok ${manager.name}: ${examine({ manager, cwd, run, seconds, here })}`);
      passed++;
    } catch (error) {
      failed++;
      console.log(`FAILED ${manager.name}: ${error.message}`);
    }
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** What an installed project has to do. */
function examine({ manager, cwd, run, seconds, here }) {
  const five = run([process.execPath, 'five.mjs']);
  if (manager.fails) {
    if (five.status === 0 || !manager.fails.test(five.stderr)) throw new Failure(`${five.stdout}${five.stderr}`);
    return `says so: ${/The optional.*/.exec(five.stderr)[0]}`;
  }
  if (five.stdout !== '8x50 8x8\n') throw new Failure(`the script says ${five.stdout}${five.stderr}`);
  const bytes = sizeOf(path.join(cwd, 'node_modules'));
  const loaded = run([
    process.execPath,
    '--input-type=module',
    '--eval',
    `import { info } from 'evenkeel'; import { readFileSync } from 'node:fs';
     const maps = process.platform === 'linux' ? readFileSync('/proc/self/maps', 'utf8') : '';
     const blas = [...new Set(maps.match(/\\S*blas\\S*$/gim) ?? [])];
     console.log(JSON.stringify({ ...info(), libraries: blas }));`,
  ]);
  const { file, prebuilt, libraries } = JSON.parse(loaded.stdout);
  if (!prebuilt || !file.includes(here.name)) throw new Failure(`${file} was loaded`);
  if (libraries.some((library) => !library.endsWith(here.library))) throw new Failure(`loaded ${libraries.join(', ')}`);
  if (bytes > limits.bytes) throw new Failure(`node_modules has ${bytes} bytes, more than ${limits.bytes}`);
  if (seconds > limits.seconds) throw new Failure(`it took ${seconds.toFixed(1)} s, more than ${limits.seconds}`);
  return `installed in ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB, the script works`;
}
