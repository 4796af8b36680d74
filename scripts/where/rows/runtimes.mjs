// Processes and threads of Node, Bun, Deno, and yarn's Plug'n'Play.
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, Failure, must } from '../../lib/run.mjs';
import { fetchTools } from '../../pack/registry.mjs';
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

export function yarnRow(tarballs, platforms) {
  return {
    name: "yarn: Plug'n'Play",
    run: async () => {
      const { yarn } = await fetchTools();
      const cwd = emptyProject('yarn-pnp');
      const [main, ...rest] = tarballs;
      const registry = ask('npm', ['config', 'get', 'registry'])?.trim() ?? 'https://registry.npmjs.org/';
      // Platforms that are not published yet would be asked for at the registry.
      const resolutions = Object.fromEntries(rest.map((file, i) => [platforms[i].package, `file:${file}`]));
      const manifest = { private: true, dependencies: { evenkeel: `file:${main}` }, resolutions };
      writeFileSync(path.join(cwd, 'package.json'), JSON.stringify(manifest));
      writeFileSync(path.join(cwd, 'yarn.lock'), '');
      const scratch = path.join(folder, 'yarn');
      writeFileSync(
        path.join(cwd, '.yarnrc.yml'),
        `npmRegistryServer: "${registry}"\nnodeLinker: pnp\nenableScripts: false\nenableTelemetry: false\nnpmMinimalAgeGate: 0\nenableGlobalCache: false\ncacheFolder: ${scratch}/cache\nglobalFolder: ${scratch}/global\n`,
      );
      const env = environment({ YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' });
      await must(process.execPath, [yarn, 'install'], { cwd, env, tail: 30 });
      if (readdirSync(cwd).includes('node_modules')) throw new Failure('there is a node_modules');
      return printsGolden(cwd, [process.execPath, yarn, 'node', 'main.mjs']);
    },
  };
}
