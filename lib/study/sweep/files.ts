// Files of lines, read and written so that a process may end at any point.
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const newline = 0x0a;

/** Writes a file in one step: a file beside it, forced to the disk, takes its place. */
export function writeWhole(path: string, texts: Iterable<string>): void {
  // One name: what a process that was killed left there, the next one overwrites.
  const beside = `${path}.tmp`;
  const fd = openSync(beside, 'w');
  try {
    try {
      for (const text of texts) writeFully(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  // The new name is not safe before its folder is on the disk; some file systems cannot do this to folders.
  try {
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch {}
}

/** Writes all of a text: a call may take less. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/** The lines of a file from its start, read in pieces; `whole` is false for a last one without a newline. */
export function* lines(fd: number): Generator<{ offset: number; bytes: Buffer; whole: boolean }, void, undefined> {
  const piece = Buffer.alloc(1 << 20);
  let kept: Buffer[] = [];
  let [offset, position] = [0, 0];
  for (;;) {
    const got = readSync(fd, piece, 0, piece.length, position);
    if (got === 0) break;
    position += got;
    let start = 0;
    for (;;) {
      const end = piece.subarray(0, got).indexOf(newline, start);
      if (end < 0) break;
      const bytes = Buffer.concat([...kept, piece.subarray(start, end)]);
      kept = [];
      yield { offset, bytes, whole: true };
      offset += bytes.length + 1;
      start = end + 1;
    }
    if (start < got) kept.push(Buffer.from(piece.subarray(start, got)));
  }
  const bytes = Buffer.concat(kept);
  if (bytes.length > 0) yield { offset, bytes, whole: false };
}
