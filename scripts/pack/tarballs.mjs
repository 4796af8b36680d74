// Stages the packages and has npm pack them.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, must, npm, root } from '../lib/run.mjs';
import { platforms } from '../prebuild/platforms.mjs';

export const folder = path.join(root, 'build-pack');
const at = (...parts) => path.join(root, ...parts);

/** Most bytes of a tarball. */
const limits = { main: 500_000, platform: 12_000_000 };

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/**
 * The repository that hosted CI builds in. Provenance asks for it in every package; the page of a package on npm resolves the
 * README's links by it.
 */
export function repositoryOf({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name }) {
  return server && name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
}

/** What evenkeel's package.json says where it is published. */
export function publishedManifest(manifest) {
  // Nothing is built where it is installed, and nothing is run.
  const { scripts, devDependencies, files, gypfile, binary, ...kept } = manifest;
  const optionalDependencies = Object.fromEntries(platforms.map((platform) => [platform.package, manifest.version]));
  return { ...kept, optionalDependencies };
}

function stageMain(manifest) {
  const stage = path.join(folder, 'evenkeel');
  mkdirSync(stage, { recursive: true });
  writeJson(path.join(stage, 'package.json'), publishedManifest(manifest));
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyFileSync(at(file), path.join(stage, file));
  if (!existsSync(at('dist/index.js'))) throw new Failure('dist/ is missing: run `npm run setup`');
  // Source maps are half of it, and name sources that are not there.
  const wanted = (name) => !name.endsWith('.map') && !path.basename(name).startsWith('.evenkeel');
  cpSync(at('dist'), path.join(stage, 'dist'), { recursive: true, filter: wanted });
  for (const name of readdirSync(path.join(stage, 'dist'), { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const file = path.join(stage, 'dist', name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
  }
  return stage;
}

/** The folder of a platform's package, with its package.json. */
function stageManifest(platform, { version, license, repository }) {
  const stage = path.join(folder, platform.name);
  mkdirSync(stage, { recursive: true });
  const description = `evenkeel's native code and OpenBLAS for ${platform.name}`;
  writeFileSync(
    path.join(stage, 'README.md'),
    `# ${platform.package}\n\n${description}. \`npm install evenkeel\` installs it where it fits.\n`,
  );
  writeJson(path.join(stage, 'package.json'), {
    name: platform.package,
    version,
    description,
    ...(repository ? { repository } : {}),
    license: `${license} AND BSD-3-Clause AND Apache-2.0 AND GPL-3.0-only WITH GCC-exception-3.1`,
    os: [platform.os],
    cpu: [platform.cpu],
    ...(platform.libc ? { libc: [platform.libc] } : {}),
    files: ['prebuilds', 'THIRD-PARTY-NOTICES.txt'],
    preferUnplugged: true,
  });
  return stage;
}

/** A platform's package: its addon under a name that node-gyp-build takes whatever it thinks of the C library. */
function stagePlatform(platform, manifest) {
  const stage = stageManifest(platform, manifest);
  const from = at(platform.folder);
  const to = path.join(stage, platform.folder);
  mkdirSync(to, { recursive: true });
  for (const [file, name] of [
    [platform.addon, path.join(to, 'evenkeel.node')],
    [platform.library, path.join(to, platform.library)],
    [platform.notices, path.join(stage, 'THIRD-PARTY-NOTICES.txt')],
  ]) {
    const source = path.join(from, file);
    if (!existsSync(source)) {
      throw new Failure(`${source} is missing: run \`npm run prebuild -- --target ${platform.name}\``);
    }
    copyFileSync(source, name);
  }
  copyFileSync(at('LICENSE'), path.join(stage, 'LICENSE'));
  return stage;
}

async function pack(stage, limit) {
  const { command, args, shell } = npm();
  const output = await must(
    command,
    [...args, 'pack', '--json', '--pack-destination', folder, '--ignore-scripts', stage],
    { shell },
  );
  const [{ name, filename, size, unpackedSize }] = JSON.parse(output.slice(output.indexOf('[')));
  if (size > limit) throw new Failure(`${name} is ${size} bytes packed, more than ${limit}`);
  const file = path.join(folder, filename.replace('@', '').replace('/', '-'));
  return { name, file, packed: size, unpacked: unpackedSize };
}

/** Packs evenkeel and the packages of the platforms given; the first is evenkeel. Of `named` platforms only the manifest. */
export async function packAll(chosen, named = []) {
  rmSync(folder, { recursive: true, force: true });
  const manifest = { ...repositoryOf(process.env), ...JSON.parse(readFileSync(at('package.json'), 'utf8')) };
  const packed = [await pack(stageMain(manifest), limits.main)];
  for (const platform of chosen) packed.push(await pack(stagePlatform(platform, manifest), limits.platform));
  for (const platform of named) packed.push(await pack(stageManifest(platform, manifest), limits.main));
  return packed;
}

/** Packs what evenkeel depends on where it is installed, from node_modules; gives the tarballs. */
export async function packDependencies() {
  const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const wanted = new Set();
  const visit = (name, from) => {
    // As Node would: the nearest node_modules that has it.
    let folder = from;
    while (folder !== '' && !lock[`${folder}/node_modules/${name}`])
      folder = folder.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '');
    const found = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (wanted.has(found)) return;
    wanted.add(found);
    for (const dependency of Object.keys(lock[found].dependencies ?? {})) visit(dependency, found);
  };
  for (const name of Object.keys(lock[''].dependencies)) visit(name, '');
  const to = path.join(folder, 'dependencies');
  mkdirSync(to, { recursive: true });
  const { command, args, shell } = npm();
  const folders = [...wanted].map((name) => at(name));
  await must(command, [...args, 'pack', '--silent', '--pack-destination', to, '--ignore-scripts', ...folders], {
    shell,
  });
  return readdirSync(to).map((name) => path.join(to, name));
}
