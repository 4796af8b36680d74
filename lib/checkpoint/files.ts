// Files as checkpoints need them: read at positions, by pieces that the system takes, and replaced only by what is whole.
import { randomBytes } from 'node:crypto';
import { access, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type EvenkeelError, fileError, formatError } from '../errors.js';
import { systemCode, systemError } from '../paths.js';

/** The most that is read or written at a time: the system takes 2 GiB at most, and one call occupies a thread of libuv. */
const pieceBytes = 1 << 26;

/** Makes a folder, and those above it that are missing. */
export async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { recursive: true });
  await make().catch(async (error) => {
    // Node says so too where a file system is read-only: making the first of the missing ones tells.
    if (systemCode(error) !== 'ENOENT') throw error;
    let missing = resolve(path);
    const isThere = (folder: string) =>
      access(folder).then(
        () => true,
        () => false,
      );
    while (dirname(missing) !== missing && !(await isThere(dirname(missing)))) missing = dirname(missing);
    await mkdir(missing);
    await make();
  });
}

/** Bytes that can be read at any position. */
export interface Source {
  /** What errors call it. */
  readonly name: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Fills `bytes` with what is there from `position` on. */
  read(call: string, position: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file for reading. */
export async function openFile(call: string, path: string): Promise<Source> {
  let handle: FileHandle | undefined;
  try {
    // Before it is opened: that would wait for a writer where the path is a pipe.
    const found = await stat(path);
    if (!found.isFile())
      throw fileError(call, `cannot read ${path}: it is ${found.isDirectory() ? 'a folder' : 'no file'}`);
    handle = await open(path, 'r');
    return new OpenFile(path, (await handle.stat()).size, handle);
  } catch (error) {
    await handle?.close();
    throw systemError(call, 'read', path, error);
  }
}

class OpenFile implements Source {
  constructor(
    readonly name: string,
    readonly size: number,
    readonly handle: FileHandle,
  ) {}

  async read(call: string, position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const length = Math.min(bytes.length - done, pieceBytes);
      const { bytesRead } = await this.handle.read(bytes, done, length, position + done).catch((error) => {
        throw systemError(call, 'read', this.name, error);
      });
      if (bytesRead === 0) throw this.#ended(call, position + done);
      done += bytesRead;
    }
  }

  #ended(call: string, at: number): EvenkeelError {
    return formatError(
      call,
      `${this.name} has been cut short since it was opened: it ends at byte ${at}, and had ${this.size} bytes`,
    );
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): Source {
  return {
    name: 'the buffer',
    size: bytes.length,
    async read(call, position, into) {
      if (into.length === 0) return;
      // Of a detached buffer the length is 0, and not even a part of it can be named.
      if (bytes.length < position + into.length)
        throw formatError(call, 'the buffer is gone: its ArrayBuffer was detached or shrunk');
      into.set(bytes.subarray(position, position + into.length));
    },
    close: async () => {},
  };
}

/** A small file as a whole. */
export async function readWhole(call: string, path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openFile(call, path);
  try {
    if (file.size > maxBytes) {
      throw formatError(call, `${path} has ${file.size} bytes, at most ${maxBytes} are expected of such a file`);
    }
    const bytes = new Uint8Array(file.size);
    await file.read(call, 0, bytes);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Takes bytes one after the other, into a file. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** A file to be made: `write` passes its bytes to the sink. */
export interface FilePlan {
  readonly path: string;
  readonly write: (sink: Sink) => Promise<void>;
}

/**
 * Makes files, or replaces them. Each is written under a temporary name in its folder and forced to the disk; only when all are
 * whole do they get their names, in the order given. Where anything fails before that, the temporary files are removed and what
 * was there stays as it was.
 */
export async function writeFiles(call: string, plans: readonly FilePlan[]): Promise<void> {
  const written: { temporary: string; path: string }[] = [];
  try {
    for (const { path, write } of plans) {
      const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
      const handle = await open(temporary, 'wx').catch((error) => {
        throw systemError(call, 'write', path, error);
      });
      written.push({ temporary, path });
      try {
        await write((bytes) => writeAll(call, handle, path, bytes));
        await handle.sync();
      } catch (error) {
        throw systemError(call, 'write', path, error);
      } finally {
        await handle.close();
      }
    }
    for (const { temporary, path } of written) {
      await rename(temporary, path).catch((error) => {
        throw systemError(call, 'write', path, error);
      });
    }
  } catch (error) {
    // Those that have their names by now are not there under the other one.
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  for (const folder of new Set(plans.map(({ path }) => dirname(path)))) await syncFolder(folder);
}

/** New names are not safe before their folder is on the disk; some file systems cannot do this to folders. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function writeAll(call: string, handle: FileHandle, path: string, bytes: Uint8Array): Promise<void> {
  const total = bytes.length;
  for (let done = 0; done < total; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(total - done, pieceBytes));
    // Memory that was taken away meanwhile has no bytes left.
    if (bytesWritten === 0)
      throw fileError(call, `cannot write ${path}: only ${done} of ${total} bytes could be written`);
    done += bytesWritten;
  }
}
