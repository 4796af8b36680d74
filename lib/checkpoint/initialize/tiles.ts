// Shards cut into tiles: stretches of a file that are made in one buffer and written at once. Small tensors share a tile,
// large ones take several.

/** A stretch of a tensor, and where in its tile it goes; all in bytes. */
export interface Piece<T> {
  readonly tensor: T;
  /** From the tensor's first byte. */
  readonly begin: number;
  readonly length: number;
  /** From the tile's first byte. */
  readonly at: number;
  /** Whether the tensor ends with it. */
  readonly last: boolean;
}

export interface Tile<T> {
  /** From the first byte of the shard's data. */
  readonly begin: number;
  readonly length: number;
  readonly pieces: readonly Piece<T>[];
}

/** The most that a tile holds: enough for the threads to share out, and few enough to stay in the caches until it is written. */
export const tileBytes = 8 << 20;

/** Tensors are cut at multiples of this many bytes: at whole elements, and at even ones, since normals come in pairs. */
export const cut = 4096;

/** The tiles of tensors that follow one another without gaps. */
export function* tilesOf<T extends { readonly bytes: number }>(
  tensors: Iterable<T>,
  most = tileBytes,
): Generator<Tile<T>, void, undefined> {
  let pieces: Piece<T>[] = [];
  let [begin, length] = [0, 0];
  for (const tensor of tensors) {
    let done = 0;
    do {
      const left = tensor.bytes - done;
      const room = most - length;
      const size = left <= room ? left : room - (room % cut);
      if (size > 0 || left === 0) {
        pieces.push({ tensor, begin: done, length: size, at: length, last: done + size === tensor.bytes });
        done += size;
        length += size;
      }
      if (done < tensor.bytes) {
        yield { begin, length, pieces };
        begin += length;
        [pieces, length] = [[], 0];
      }
    } while (done < tensor.bytes);
  }
  if (pieces.length > 0) yield { begin, length, pieces };
}
