// apt with lists of its own: source packages, and packages of another release, without touching the system's settings.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnv, Failure, must, onPath } from './run.mjs';

/** The system's lists of package sources. */
function systemLists() {
  const files = ['/etc/apt/sources.list'];
  const more = '/etc/apt/sources.list.d';
  if (existsSync(more)) files.push(...readdirSync(more).map((name) => `${more}/${name}`));
  return files.filter((file) => /\.(list|sources)$/.test(file) && existsSync(file));
}

/** A list as it is, but asking for source packages. */
function sourceEntries(file, text) {
  if (file.endsWith('.sources')) return text.replace(/^Types:.*$/gim, 'Types: deb-src');
  const lines = text.split('\n').filter((line) => /^\s*deb(-src)?[\s[]/.test(line));
  return [...new Set(lines.map((line) => line.replace(/^\s*deb(-src)?/, 'deb-src')))].join('\n').concat('\n');
}

/** Where the system gets Debian from, else where everyone does. */
function mirror() {
  for (const file of systemLists()) {
    const found = /\b(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(readFileSync(file, 'utf8'));
    if (found) return found[1];
  }
  return 'http://deb.debian.org/debian';
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * A function that calls apt-get in `folder`, with what it downloads kept there, after `apt-get update`. `suite` is a release
 * of Debian, whose signatures are checked by the system's keys; without one, the system's own. `type` is deb or deb-src.
 * `architecture` is that of packages to download for another machine.
 */
export async function aptIn(folder, { type, suite, architecture }) {
  if (!onPath('apt-get')) throw new Failure('This system has no apt-get.');
  const made = path.join(folder, 'apt');
  for (const part of ['parts', 'lists', 'cache/archives/partial'])
    mkdirSync(path.join(made, part), { recursive: true });
  if (suite) {
    const options = [architecture && `arch=${architecture}`, existsSync(keyring) && `signed-by=${keyring}`];
    const list = `${type} [${options.filter(Boolean).join(' ')}] ${mirror()} ${suite} main\n`;
    writeFileSync(path.join(made, 'parts/debian.list'), list.replace('[] ', ''));
  } else {
    for (const file of systemLists()) {
      writeFileSync(path.join(made, 'parts', path.basename(file)), sourceEntries(file, readFileSync(file, 'utf8')));
    }
  }
  const options = [
    ...['-o', 'Dir::Etc::SourceList=/dev/null', '-o', `Dir::Etc::SourceParts=${made}/parts`],
    ...['-o', `Dir::State::Lists=${made}/lists`, '-o', `Dir::Cache=${made}/cache`],
    ...['-o', 'APT::Sandbox::User=root'],
    ...(architecture ? ['-o', `APT::Architecture=${architecture}`, '-o', `APT::Architectures=${architecture}`] : []),
  ];
  const call = (...args) => must('apt-get', [...options, ...args], { cwd: folder, env: cleanEnv(), tail: 15 });
  await call('update');
  return call;
}
