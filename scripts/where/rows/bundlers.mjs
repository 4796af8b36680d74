// esbuild, webpack, Rollup and Vite: with the documented setting the bundle works, without it evenkeel says what to set.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { must } from '../../lib/run.mjs';
import { bin, environment, failsWith, printsGolden, project, version } from '../project.mjs';

/** What evenkeel's own error says, and what stands in the way before it comes to that. */
const taken = /^Error: evenkeel was taken into a bundle/;

/** Bundlers, the file of their settings, and how they are run. */
const bundlers = [
  {
    name: 'esbuild',
    settings: 'esbuild.mjs',
    words: (_, file) => [process.execPath, file],
    cjs: [
      ["format: 'esm', // or 'cjs'", "format: 'cjs',"],
      ['out/main.mjs', 'out/main.cjs'],
    ],
  },
  { name: 'webpack', settings: 'webpack.config.mjs', words: (cwd, file) => [bin(cwd, 'webpack'), '--config', file] },
  {
    name: 'rollup',
    settings: 'rollup.config.mjs',
    words: (cwd, file) => [bin(cwd, 'rollup'), '--config', file],
    without: ['--plugin', 'node-resolve', '--plugin', 'commonjs'],
    cjs: [["file: 'out/main.mjs', format: 'es' }, // or 'cjs'", "file: 'out/main.cjs', format: 'cjs' },"]],
  },
  { name: 'vite', settings: 'vite.config.mjs', words: (cwd, file) => [bin(cwd, 'vite'), 'build', '--config', file] },
];

/** Writes the settings changed: every `from` must be there. */
function change(cwd, settings, changes) {
  let text = readFileSync(path.join(cwd, settings), 'utf8');
  for (const [from, to] of changes) {
    if (from instanceof RegExp ? !from.test(text) : !text.includes(from)) throw new Error(`${settings} has no ${from}`);
    text = text.replace(from, to);
  }
  const name = settings.replace('.mjs', '.changed.mjs');
  writeFileSync(path.join(cwd, name), text);
  return name;
}

async function bundle(cwd, words) {
  rmSync(path.join(cwd, 'out'), { recursive: true, force: true });
  await must(words[0], words.slice(1), { cwd, env: environment(), tail: 30 });
}

async function works(cwd, { name, settings, words, cjs }) {
  const outputs = name === 'vite' ? ['main.mjs', 'main.cjs'] : [name === 'webpack' ? 'main.cjs' : 'main.mjs'];
  await bundle(cwd, words(cwd, settings));
  for (const output of outputs) await printsGolden(cwd, [process.execPath, `out/${output}`]);
  if (cjs) {
    const changed = change(cwd, settings, cjs.map(([from, to]) => [from, to]).reverse());
    await bundle(cwd, words(cwd, changed));
    await printsGolden(cwd, [process.execPath, 'out/main.cjs']);
    outputs.push('main.cjs');
  }
  return `${version(cwd, name)}, ${outputs.map((file) => (file.endsWith('cjs') ? 'CommonJS' : 'ES module')).join(' and ')}`;
}

/** The settings without what leaves evenkeel outside, for a program that imports the main entry point alone. */
async function says(cwd, { name, settings, words, without = [] }) {
  const external = /^ *(?:external|externals|rollupOptions: \{ external): .*\n/m;
  // What Vite makes for servers; libraries for browsers have no node:module.
  const server = [
    [/^ *lib: \{[^}]*\},\n/m, "    ssr: 'alone.mjs',\n"],
    [/\};\n$/, '  ssr: { noExternal: true },\n};\n'],
  ];
  const entry = name === 'vite' ? server : [['main.mjs', 'alone.mjs']];
  await bundle(cwd, [...words(cwd, change(cwd, settings, [[external, ''], ...entry])), ...without]);
  const output = { webpack: 'main.cjs', vite: 'alone.mjs' }[name] ?? 'main.mjs';
  return failsWith(taken, cwd, [process.execPath, `out/${output}`]);
}

export function bundlerRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('bundlers', tarballs));
  return [
    ...bundlers.flatMap((bundler) => [
      { name: `${bundler.name}: evenkeel left outside`, run: async () => works(await cwd(), bundler) },
      { name: `${bundler.name}: without the setting`, run: async () => says(await cwd(), bundler) },
    ]),
    {
      name: 'vite: --ssr, nothing set',
      run: async () => {
        const at = await cwd();
        writeFileSync(path.join(at, 'empty.config.mjs'), 'export default {};\n');
        await bundle(at, [
          bin(at, 'vite'),
          'build',
          '--config',
          'empty.config.mjs',
          '--ssr',
          'main.mjs',
          '--outDir',
          'out',
        ]);
        return printsGolden(at, [process.execPath, 'out/main.mjs']);
      },
    },
    {
      name: 'a bundle whose folder has no evenkeel',
      run: async () => {
        const at = await cwd();
        await bundle(at, bundlers[0].words(at, 'esbuild.mjs'));
        const alone = path.join(path.dirname(at), 'bundle-alone');
        cpSync(path.join(at, 'out'), alone, { recursive: true });
        return failsWith(/Cannot find package 'evenkeel'/, alone, [process.execPath, 'main.mjs']);
      },
    },
  ];
}
