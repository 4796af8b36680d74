// Next.js and Jest.
import { spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, must } from '../../lib/run.mjs';
import { freePort } from '../../pack/registry.mjs';
import { bin, checkGolden, environment, failsWith, folder, project, version } from '../project.mjs';

/** Starts a server, fetches its route, and ends it. */
async function answers(cwd, words, env, at) {
  const child = spawn(words[0], words.slice(1), { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  try {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(at).catch(() => undefined);
      if (answer) return checkGolden(`${await answer.text()}\n${said}`);
      if (child.exitCode !== null || tries > 300) throw new Failure(`the server does not answer:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    child.kill('SIGKILL');
  }
}

const nextBuild = (cwd, config) => {
  writeFileSync(path.join(cwd, 'next.config.mjs'), config);
  rmSync(path.join(cwd, '.next'), { recursive: true, force: true });
  return [process.execPath, path.join(cwd, 'node_modules/next/dist/bin/next'), 'build'];
};

export function nextRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('next', tarballs));
  const settings = async () =>
    readFileSync(path.join(path.dirname(new URL(import.meta.url).pathname), '../next/next.config.mjs'), 'utf8');
  return [
    {
      name: 'Next.js: build and start',
      run: async () => {
        const at = await cwd();
        // Without `standalone`, with which `next start` warns.
        const config = (await settings()).replace(/^ *(output|outputFileTracingIncludes|\/\/).*\n/gm, '');
        const words = nextBuild(at, config);
        await must(words[0], words.slice(1), { cwd: at, env: environment(), tail: 30 });
        const port = await freePort();
        const start = [...words.slice(0, 2), 'start', '-p', String(port)];
        return `${version(at, 'next')}, ${await answers(at, start, {}, `http://127.0.0.1:${port}/api/golden`)}`;
      },
    },
    {
      name: 'Next.js: standalone output, taken elsewhere',
      run: async () => {
        const at = await cwd();
        const words = nextBuild(at, await settings());
        await must(words[0], words.slice(1), { cwd: at, env: environment(), tail: 30 });
        // Where no folder above it has evenkeel.
        const alone = path.join(folder, 'next-standalone');
        rmSync(alone, { recursive: true, force: true });
        cpSync(path.join(at, '.next/standalone'), alone, { recursive: true, verbatimSymlinks: true });
        const port = await freePort();
        const env = { PORT: String(port), HOSTNAME: '127.0.0.1' };
        return answers(alone, [process.execPath, 'server.js'], env, `http://127.0.0.1:${port}/api/golden`);
      },
    },
    {
      name: 'Next.js: without the setting',
      run: async () => {
        const at = await cwd();
        return failsWith(/Can't resolve <dynamic>/, at, nextBuild(at, 'export default {};\n'));
      },
    },
  ];
}

export function jestRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('jest', tarballs));
  const jest = async (words, env) => {
    const at = await cwd();
    const output = await must(process.execPath, [bin(at, 'jest'), '--colors=false', ...words], {
      cwd: at,
      env: environment(env),
      tail: 60,
    });
    if (output.includes('golden ')) checkGolden(/golden [0-9a-f]{64}/.exec(output)[0]);
    return `${version(at, 'jest')}, ${/^Tests: .*/m.exec(output)[0]}`;
  };
  return [
    { name: 'Jest: require, nothing set', run: () => jest(['require.test.js']) },
    { name: 'Jest: import through Babel', run: () => jest(['import.test.js']) },
    {
      name: 'Jest: ES modules',
      run: () => jest(['--testMatch', '**/*.test.mjs'], { NODE_OPTIONS: '--experimental-vm-modules' }),
    },
  ];
}
