// Draws tiles and writes them. Kernels draw on all threads while earlier tiles are on their way to the disk on libuv's.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Buffers } from './buffers.js';
import type { PlannedShard, PlannedTensor } from './plan.js';
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
  let finishing: Promise<void> = Promise.resolve();
  try {
    for (const shard of shards) {
      options.signal?.throwIfAborted();
      const finish = await writeShard(shard, buffers, options);
      await finishing;
      finishing = finish();
      // It is waited for in the end; until then a failure must not count as unhandled.
      finishing.catch(() => {});
    }
  } finally {
    await finishing;
  }
}

/** Draws a shard; the function it returns waits until everything is written, and gives the file its name. */
async function writeShard(
  shard: PlannedShard,
  buffers: Buffers,
  { digest, signal, onBytes, onShard }: WriteOptions,
): Promise<() => Promise<void>> {
  const { header, headerBytes } = shard;
  const file = await ShardFile.open(shard.path, header.size, digest);
  let failure: { readonly error: unknown } | undefined;
  const pending = new Set<Promise<void>>();
  const follow = (work: Promise<void>, after?: () => void) => {
    const settled = work
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .then(() => {
        after?.();
        pending.delete(settled);
      });
    pending.add(settled);
  };
  const giveUp = async (error: unknown): Promise<never> => {
    await Promise.all(pending);
    for (const { source } of shard.tensors) source.end?.();
    await file.discard();
    throw error;
  };
  try {
    follow(file.write(headerBytes, 0));
    let unflushed = 0;
    for (const tile of tilesOf(shard.tensors)) {
      const buffer = await buffers.take();
      try {
        if (failure !== undefined) throw failure.error;
        signal?.throwIfAborted();
        await drawTile(tile, buffer);
      } catch (error) {
        buffers.give(buffer);
        throw error;
      }
      follow(file.write(buffer.subarray(0, tile.length), header.dataStart + tile.begin), () => buffers.give(buffer));
      onBytes(tile.length);
      unflushed += tile.length;
      if (unflushed >= flushBytes) {
        unflushed = 0;
        follow(file.flush());
      }
      await nextTurn();
    }
  } catch (error) {
    return giveUp(error);
  }
  return async () => {
    await Promise.all(pending);
    if (failure !== undefined) return giveUp(failure.error);
    try {
      await file.finish();
    } catch (error) {
      return giveUp(error);
    }
    onShard(shard);
  };
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
