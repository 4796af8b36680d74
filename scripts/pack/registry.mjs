// A package registry on this machine, with the tarballs that are published to it and nothing else: verdaccio, and the package
// managers to try. They are installed on demand, since no other check needs them.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { cleanEnv, Failure, must, npm, root } from '../lib/run.mjs';

const tools = path.join(root, 'build-pack-tools');
const versions = { verdaccio: '6.5.0', pnpm: '10.34.8', '@yarnpkg/cli-dist': '4.18.1' };

/** Installs the tools, and gives the file of each one's command. */
export async function fetchTools() {
  const bin = (name) => path.join(tools, 'node_modules', '.bin', name);
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  if (!existsSync(path.join(tools, wanted.join('+').replaceAll('/', '-')))) {
    rmSync(tools, { recursive: true, force: true });
    mkdirSync(tools, { recursive: true });
    // Asked for by the name of a tag (cjs), which not every registry passes on.
    const overrides = { 'node-fetch': '2.7.0' };
    writeFileSync(path.join(tools, 'package.json'), JSON.stringify({ private: true, overrides }));
    const { command, args, shell } = npm();
    await must(command, [...args, 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...wanted], {
      cwd: tools,
      shell,
    });
    writeFileSync(path.join(tools, wanted.join('+').replaceAll('/', '-')), '');
  }
  return { verdaccio: bin('verdaccio'), pnpm: bin('pnpm'), yarn: bin('yarn') };
}

/** A port that nothing listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the registry with its files in `folder`; gives its address, `publish` and `stop`. */
export async function startRegistry(verdaccio, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/`;
  writeFileSync(
    path.join(folder, 'config.yaml'),
    `storage: ./storage
listen: 127.0.0.1:${port}
packages:
  '**':
    access: $all
    publish: $all
max_body_size: 100mb
log: { type: stdout, format: pretty, level: warn }
`,
  );
  const child = spawn(process.execPath, [verdaccio, '--config', path.join(folder, 'config.yaml')], {
    cwd: folder,
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const stop = () => child.kill();
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${address}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (child.exitCode !== null || tries > 300) {
      stop();
      throw new Failure(`verdaccio did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  // Nobody checks who publishes, but npm wants to have logged in.
  const npmrc = path.join(folder, 'npmrc');
  writeFileSync(npmrc, `registry=${address}\n//127.0.0.1:${port}/:_authToken=nobody\n`);
  const { command, args, shell } = npm();
  const publish = (tarball) =>
    must(command, [...args, 'publish', tarball, '--userconfig', npmrc, '--registry', address, '--access', 'public'], {
      cwd: folder,
      shell,
    });
  return { address, publish, stop };
}
