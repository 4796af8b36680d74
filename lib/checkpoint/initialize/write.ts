// Draws tiles and writes them. Kernels draw on all threads while earlier tiles are on their way to the disk on libuv's.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Buffers } from './buffers.js';
import type { PlannedShard, PlannedTensor } from './planned.js';
import { ShardFile } from './shard_file.js';
import { type Tile, tileBytes, tilesOf } from './tiles.js';

/** One is drawn, one or two are written, one waits. */
const bufferCount = 4;

/** Written bytes go to the disk after so many more: it is busy from early on, and `fsync` finds little left to do. */
const flushBytes = 128 << 20;

export interface WriteOptions {
  readonly digest: string;
  readonly signal: AbortSignal | undefined;
  /** Called with the bytes that were drawn since the last call. */
  readonly onBytes: (bytes: number) => void;
  /** Called when a shard is complete, and on the disk under its name. */
  readonly onShard: (shard: PlannedShard) => void;
}

/** Makes shards, one after the other. Those that are complete stay when it throws; of others nothing does. */
export async function writeShards(shards: readonly PlannedShard[], options: WriteOptions): Promise<void> {
  const buffers = new Buffers(bufferCount, tileBytes);
  // A shard's way to the disk ends while the next one is drawn.
  let finishing: Promise<void> | undefined;
  try {
    for (const shard of shards) {
      options.signal?.throwIfAborted();
      const drawn = await drawShard(shard, buffers, options);
      try {
        await finishing;
      } catch (error) {
        await drawn.discard();
        throw error;
      }
      finishing = drawn.finish().then(() => options.onShard(shard));
      // It is waited for later; until then a failure must not count as unhandled.
      finishing.catch(() => {});
    }
  } finally {
    await finishing;
  }
}

/** A file whose bytes are drawn, and on their way. */
class DrawnShard {
  readonly #pending = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(readonly file: ShardFile) {}

  /** Lets work go on in the background; `after` is called when it has ended, well or not. */
  follow(work: Promise<void>, after?: () => void): void {
    const settled = work
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        after?.();
        this.#pending.delete(settled);
      });
    this.#pending.add(settled);
  }

  /** Throws what work in the background has failed with. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits until everything is on the disk, and gives the file its name. */
  async finish(): Promise<void> {
    try {
      await Promise.all(this.#pending);
      this.check();
      await this.file.finish();
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  async discard(): Promise<void> {
    await Promise.all(this.#pending);
    await this.file.discard();
  }
}

async function drawShard(
  { path, header, headerBytes, tensors }: PlannedShard,
  buffers: Buffers,
  { digest, signal, onBytes }: WriteOptions,
): Promise<DrawnShard> {
  const file = await ShardFile.open(path, header.size, digest);
  const drawn = new DrawnShard(file);
  drawn.follow(file.write(headerBytes, 0));
  let unflushed = 0;
  try {
    for (const tile of tilesOf(tensors)) {
      const buffer = await buffers.take();
      try {
        drawn.check();
        signal?.throwIfAborted();
        await drawTile(tile, buffer);
      } catch (error) {
        buffers.give(buffer);
        throw error;
      }
      const writing = file.write(buffer.subarray(0, tile.length), header.dataStart + tile.begin);
      drawn.follow(writing, () => buffers.give(buffer));
      onBytes(tile.length);
      unflushed += tile.length;
      if (unflushed >= flushBytes) {
        unflushed = 0;
        drawn.follow(file.flush());
      }
      // Timers and signals have their turn.
      await nextTurn();
    }
  } catch (error) {
    for (const { source } of tensors) source.end?.();
    await drawn.discard();
    throw error;
  }
  return drawn;
}

/** Makes a tile's bytes. */
export async function drawTile(tile: Tile<PlannedTensor>, buffer: Uint8Array): Promise<void> {
  for (const { tensor, begin, length, at, last } of tile.pieces) {
    // Drawing is not waited for; reading is.
    const reading = tensor.source.read(buffer.subarray(at, at + length), begin);
    if (reading !== undefined) await reading;
    if (last) tensor.source.end?.();
  }
}
