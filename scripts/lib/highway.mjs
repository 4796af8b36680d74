// Highway's sources, for builds that the system's library is no good for: cross-compiled ones.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanEnv, Failure, must, onPath, root } from './run.mjs';

const folder = path.join(root, 'build-highway');

/** Where they are put, which the preset arm64 of CMakePresets.json names. */
export const highwaySource = path.join(folder, 'source');

/** For `installPackages`: what unpacking a source package takes. */
export const highwayNeeds = [{ apt: 'dpkg-dev', has: () => Boolean(onPath('dpkg-source')) }];

/** The system's list of package sources, asking for source packages. */
function sourceEntries(file, text) {
  if (file.endsWith('.sources')) return text.replace(/^Types:.*$/gim, 'Types: deb-src');
  const lines = text.split('\n').filter((line) => /^\s*deb(-src)?[\s[]/.test(line));
  return [...new Set(lines.map((line) => line.replace(/^\s*deb(-src)?/, 'deb-src')))].join('\n').concat('\n');
}

/**
 * Gets Debian's or Ubuntu's source package through apt, which checks its signatures; the system's own lists, where source
 * packages are usually turned off, stay as they are.
 */
export async function fetchHighway() {
  if (existsSync(path.join(highwaySource, 'CMakeLists.txt'))) return;
  if (!onPath('apt-get')) {
    throw new Failure(
      `This system has no apt-get to get Highway's sources with: please put them into ${highwaySource}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  const made = path.join(folder, 'apt');
  for (const part of ['parts', 'lists', 'cache/archives/partial'])
    mkdirSync(path.join(made, part), { recursive: true });
  const files = ['/etc/apt/sources.list'];
  const more = '/etc/apt/sources.list.d';
  if (existsSync(more)) files.push(...readdirSync(more).map((name) => `${more}/${name}`));
  for (const file of files) {
    if (!/\.(list|sources)$/.test(file) || !existsSync(file)) continue;
    writeFileSync(path.join(made, 'parts', path.basename(file)), sourceEntries(file, readFileSync(file, 'utf8')));
  }
  const options = [
    ...['-o', 'Dir::Etc::SourceList=/dev/null', '-o', `Dir::Etc::SourceParts=${made}/parts`],
    ...['-o', `Dir::State::Lists=${made}/lists`, '-o', `Dir::Cache=${made}/cache`],
  ];
  const call = (...args) => must('apt-get', [...options, ...args], { cwd: folder, env: cleanEnv(), tail: 15 });
  await call('update');
  await call('source', 'highway');
  const unpacked = readdirSync(folder).find((name) => existsSync(path.join(folder, name, 'hwy/highway.h')));
  if (!unpacked) throw new Failure(`apt-get source highway unpacked no Highway into ${folder}`);
  renameSync(path.join(folder, unpacked), highwaySource);
  rmSync(made, { recursive: true, force: true });
}
