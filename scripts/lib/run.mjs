// Steps and child processes of the set-up, the build and the long tests.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** A failure whose message is all the user needs to see: no stack trace. */
export class Failure extends Error {}

/**
 * The environment without what an outer npm put into it: `npm start --json` would otherwise reach an inner `npm ci` as
 * npm_config_json. Where the registry is and how to reach it stay.
 */
export function cleanEnv(extra = {}) {
  const network =
    /^npm_config_(registry|cafile|ca|cert|key|(http(s)?_)?proxy|noproxy|no_proxy|strict_ssl|cache|userconfig|globalconfig|offline|prefer_offline|fetch_\w+|maxsockets|\/\/.*|@.*)$/i;
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^npm_/i.test(name) || network.test(name)) env[name] = value;
  }
  return { ...env, ...extra };
}

/**
 * Runs a command and returns its exit code and its output. The output is kept back and shown only if the command fails,
 * unless `show` is set.
 */
export function run(command, args, { env = cleanEnv(), cwd = root, show = false, shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const keep = (stream) => (chunk) => {
      chunks.push(chunk);
      if (show) stream.write(chunk);
    };
    child.stdout.on('data', keep(process.stdout));
    child.stderr.on('data', keep(process.stderr));
    child.on('error', (error) => reject(new Failure(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      resolve({ code: code ?? 1, signal, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/** As `run`, but a non-zero exit code is a Failure that carries the output, or the last `tail` lines of it. */
export async function must(command, args, options = {}) {
  const result = await run(command, args, options);
  if (result.code === 0) return result.output;
  const how = result.signal ? `was killed by ${result.signal}` : `failed with exit code ${result.code}`;
  const lines = result.output
    .trimEnd()
    .split('\n')
    .slice(-(options.tail ?? Infinity));
  const output = options.show ? '' : `${lines.join('\n')}\n\n`;
  throw new Failure(`${output}${path.basename(command)} ${args.join(' ')}\n${how}`);
}

export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** One line for each step: its name when it starts, its time when it ends. */
export async function step(name, work) {
  const start = performance.now();
  process.stderr.write(`evenkeel: ${name} ... `);
  try {
    const result = await work();
    process.stderr.write(`${seconds(start)}\n`);
    return result;
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}

/** Runs a script's main function; a Failure ends the process with its message and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The first executable of these names on PATH, or undefined. */
export function onPath(...names) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      for (const suffix of suffixes) {
        const file = path.join(folder, name + suffix);
        if (folder !== '' && existsSync(file)) return file;
      }
    }
  }
  return undefined;
}

/** What a quick command prints, or undefined when it cannot be run. */
export function ask(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', env: cleanEnv(), timeout: 20_000 });
  return result.status === 0 ? result.stdout : undefined;
}

/** npm as a command and its leading arguments: the one that runs us, else the one on PATH. */
export function npm() {
  const execpath = process.env.npm_execpath ?? '';
  if (/npm-cli\.c?js$/.test(execpath) && existsSync(execpath)) return { command: process.execPath, args: [execpath] };
  const found = onPath('npm');
  if (!found) throw new Failure('npm was not found on PATH. It comes with Node.js: https://nodejs.org');
  // A .cmd file needs a shell.
  return { command: process.platform === 'win32' ? 'npm' : found, args: [], shell: process.platform === 'win32' };
}
