// Projects that have the packed evenkeel installed, each in a folder of its own outside the repository, whose node_modules would
// otherwise serve them, too.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cleanEnv, Failure, must, npm, root, run } from '../lib/run.mjs';

export const sources = path.join(root, 'scripts', 'where');
export const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'evenkeel-where-'));

/** The hash that every program has to print. */
export const golden = /^([0-9a-f]{64}) {2}normal\(0,1\) float32$/m.exec(
  readFileSync(path.join(root, 'test', 'golden', 'random.txt'), 'utf8'),
)[1];

const programs = path.join(sources, 'program');

/** A folder with what a project of this name has beside evenkeel, and the programs. */
export function emptyProject(name, from = name) {
  const cwd = path.join(folder, name);
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd, { recursive: true });
  const given = path.join(sources, from);
  if (existsSync(given)) cpSync(given, cwd, { recursive: true });
  cpSync(programs, cwd, { recursive: true });
  if (!existsSync(path.join(cwd, 'package.json')))
    writeFileSync(path.join(cwd, 'package.json'), '{ "private": true }\n');
  return cwd;
}

/** `emptyProject` with evenkeel from its tarballs and the project's own packages, installed by npm without running a script. */
export async function project(name, tarballs) {
  const cwd = emptyProject(name);
  const { command, args, shell } = npm();
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await must(command, [...args, 'install', ...quiet, ...tarballs], { cwd, shell, env: environment(), tail: 20 });
  return cwd;
}

/** An environment in which nothing of this repository is to be found. */
export function environment(extra = {}) {
  const { NODE_OPTIONS, NODE_PATH, EVENKEEL_PREBUILD, FORCE_COLOR, ...env } = cleanEnv();
  return { ...env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1', CI: 'true', ...extra };
}

/** Runs a program that has to print the golden hash; returns what else it prints. */
export async function printsGolden(cwd, words, env) {
  const output = await must(words[0], words.slice(1), { cwd, env: environment(env), tail: 30 });
  return checkGolden(output);
}

export function checkGolden(output) {
  const [, hash, rest] = /\b([0-9a-f]{64})\b(.*)/.exec(output) ?? [];
  if (hash !== golden) throw new Failure(`it printed, in place of ${golden}:\n${output}`);
  if (rest.includes('DIFFERS')) throw new Failure(rest);
  return rest.trim();
}

/** Runs what has to fail with words that say why; returns the line that has them. */
export async function failsWith(wanted, cwd, words, env) {
  const { code, signal, output } = await run(words[0], words.slice(1), { cwd, env: environment(env) });
  if (code === 0 || signal) throw new Failure(`it ended with ${signal ?? code}, and said:\n${output}`);
  const line = output.split('\n').find((text) => wanted.test(text));
  if (line === undefined) throw new Failure(`it failed without a word of ${wanted}:\n${output.slice(-3000)}`);
  return `fails and says: ${line.trim().slice(0, 160)}`;
}

/** The file of a command that a project's packages bring. */
export const bin = (cwd, name) => path.join(cwd, 'node_modules', '.bin', name);

/** The version of a package that a project has. */
export function version(cwd, name) {
  return JSON.parse(readFileSync(path.join(cwd, 'node_modules', name, 'package.json'), 'utf8')).version;
}
