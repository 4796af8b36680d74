// Stamps: a hash over all that a build's outputs depend on, kept beside the outputs. Times of files are not looked at, so
// a fresh checkout, a branch switched to and fro or a copied tree is judged by its contents.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

/** The files under a folder (or the file itself), relative to the root, in a fixed order. Nothing if there is none. */
export function filesUnder(relative, extension = '') {
  const full = path.join(root, relative);
  let entries;
  try {
    entries = readdirSync(full, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [relative];
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  const files = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = `${relative}/${entry.name}`;
    if (entry.isDirectory()) files.push(...filesUnder(name, extension));
    else if (entry.name.endsWith(extension)) files.push(name);
  }
  return files;
}

/** One hash over the names and contents of files, and over further strings. */
export function hashOf(files, ...strings) {
  const hash = createHash('sha256');
  for (const file of files) {
    const contents = readFileSync(path.join(root, file));
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  for (const string of strings) hash.update(`\0${string}`);
  return hash.digest('hex');
}

export function readStamp(stamp) {
  try {
    return readFileSync(path.join(root, stamp), 'utf8').trim();
  } catch {
    return undefined;
  }
}

export function isFresh(stamp, hash, outputs) {
  return readStamp(stamp) === hash && outputs.every((output) => existsSync(path.join(root, output)));
}

export function writeStamp(stamp, hash) {
  mkdirSync(path.dirname(path.join(root, stamp)), { recursive: true });
  writeFileSync(path.join(root, stamp), `${hash}\n`);
}
