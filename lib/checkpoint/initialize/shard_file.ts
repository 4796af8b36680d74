// One file of a checkpoint while it is made: under a temporary name, until all its bytes are on the disk.
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../files.js';

/**
 * What a file is called until it is complete. The plan is part of it, so that runs of different plans never write to one file.
 * Runs of the same plan may: they write the same bytes to the same places.
 */
export function temporaryName(file: string, digest: string): string {
  return `.${file}.${digest.slice(0, 16)}.partial`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export class ShardFile {
  readonly #handle: FileHandle;
  readonly #temporary: string;

  private constructor(
    handle: FileHandle,
    temporary: string,
    readonly path: string,
  ) {
    this.#handle = handle;
    this.#temporary = temporary;
  }

  /** Opens `path` for `size` bytes, under its temporary name; what a killed run left there is written over. */
  static async open(path: string, size: number, digest: string): Promise<ShardFile> {
    const temporary = join(dirname(path), temporaryName(basename(path), digest));
    const handle = await open(temporary, constants.O_RDWR | constants.O_CREAT, 0o666);
    const file = new ShardFile(handle, temporary, path);
    try {
      await handle.truncate(size);
    } catch (error) {
      await file.discard();
      throw error;
    }
    return file;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.byteLength - done, position + done);
      done += bytesWritten;
    }
  }

  /** Starts what `finish` will have to wait for: what is written so far goes to the disk. */
  flush(): Promise<void> {
    return this.#handle.datasync();
  }

  /** Puts all bytes on the disk, and gives the file its name. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    try {
      await rename(this.#temporary, this.path);
    } catch (error) {
      // Another run of the same plan was here first.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !(await exists(this.path))) throw error;
    }
    await syncFolder(dirname(this.path));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.#temporary, { force: true }).catch(() => {});
  }
}

/** Makes a small file as shards are made, so that the same command takes up what a killed run has left of it. */
export async function writeSmallFile(path: string, bytes: Uint8Array, digest: string): Promise<void> {
  const file = await ShardFile.open(path, bytes.length, digest);
  try {
    await file.write(bytes, 0);
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}
