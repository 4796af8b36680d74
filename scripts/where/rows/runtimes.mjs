// Processes and threads of Node, Bun, Deno, and yarn's Plug'n'Play.
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, Failure, must } from '../../lib/run.mjs';
import { fetchTools, startRegistry } from '../../pack/registry.mjs';
import { emptyProject, environment, folder, printsGolden, project, version } from '../project.mjs';

export function nodeRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('node', tarballs));
  const row = (name, file) => ({ name, run: async () => printsGolden(await cwd(), [process.execPath, file]) });
  return [
    row('node: import', 'main.mjs'),
    row('node: require and import, one instance', 'require.cjs'),
    row('node: worker_threads, one of them ended at work', 'workers.mjs'),
    row('node: cluster', 'cluster.mjs'),
    row('node: child_process.fork', 'fork.mjs'),
  ];
}

/** Bun's and Deno's binaries, from packages of this platform; their install scripts are not run. */
export function otherRuntimeRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('runtimes', tarballs));
  const binary = (at, scope, ...rest) => {
    const [name] = readdirSync(path.join(at, 'node_modules', scope));
    const file = path.join(at, 'node_modules', scope, name, ...rest);
    chmodSync(file, 0o755);
    return file;
  };
  const runtimes = [
    { name: 'bun', words: (at) => [binary(at, '@oven', 'bin', 'bun')] },
    {
      name: 'deno',
      words: (at, file) => [
        binary(at, '@deno', 'deno'),
        'run',
        ...(file === 'main.mjs' ? ['--allow-ffi', '--allow-read', '--allow-env'] : ['--allow-all']),
      ],
    },
  ];
  const files = ['main.mjs', 'require.cjs', 'workers.mjs', 'fork.mjs'];
  return runtimes.flatMap(({ name, words }) =>
    files.map((file) => ({
      name: `${name}: ${file}`,
      run: async () => {
        const at = await cwd();
        const rest = await printsGolden(at, [...words(at, file), file], { DENO_DIR: path.join(folder, 'deno') });
        return `${version(at, name)}, ${rest}`;
      },
    })),
  );
}

/** The platforms' packages come from a registry on this machine: yarn takes no files for those that only some platforms want. */
export function yarnRow([evenkeel, ...platforms]) {
  return {
    name: "yarn: Plug'n'Play",
    run: async () => {
      const { yarn, verdaccio } = await fetchTools();
      const cwd = emptyProject('yarn-pnp');
      const registry = await startRegistry(verdaccio, path.join(folder, 'registry'));
      try {
        for (const file of platforms) await registry.publish(file);
        const settings = {
          npmRegistryServer: ask('npm', ['config', 'get', 'registry'])?.trim() ?? 'https://registry.npmjs.org/',
          npmScopes: { evenkeel: { npmRegistryServer: registry.address } },
          unsafeHttpWhitelist: ['127.0.0.1'],
          nodeLinker: 'pnp',
          enableScripts: false,
          enableTelemetry: false,
          npmPreapprovedPackages: ['@evenkeel/*'],
          enableGlobalCache: false,
          enableImmutableInstalls: false,
          cacheFolder: path.join(folder, 'yarn-cache'),
          globalFolder: path.join(folder, 'yarn-global'),
        };
        // JSON is YAML.
        writeFileSync(path.join(cwd, '.yarnrc.yml'), JSON.stringify(settings));
        writeFileSync(path.join(cwd, 'yarn.lock'), '');
        await must(process.execPath, [yarn, 'add', `evenkeel@file:${evenkeel}`], { cwd, env: environment(), tail: 30 });
      } finally {
        registry.stop();
      }
      if (existsSync(path.join(cwd, 'node_modules'))) throw new Failure('there is a node_modules');
      return printsGolden(cwd, [process.execPath, yarn, 'node', 'main.mjs']);
    },
  };
}
