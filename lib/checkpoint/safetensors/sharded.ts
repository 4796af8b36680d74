// Checkpoints in several files: the index that says which tensor is in which, and how tensors are divided into files. Names and
// fields are those of Hugging Face's transformers (`save_pretrained`).
import { describe, formatError } from '../../errors.js';
import { readWhole } from '../files.js';
import { describeJson, parseJson } from '../json.js';
import { byteLength } from './dtypes.js';
import { maxHeaderBytes, type TensorLayout } from './header.js';

/** What the one file of a checkpoint is called in its folder, and the index of one in several. */
export const singleName = 'model.safetensors';
export const indexName = 'model.safetensors.index.json';
export const indexSuffix = '.safetensors.index.json';

/** The index, its parts, what somebody may have put there besides. */
const indexDepth = 16;

/** The file of each tensor, as an index says: names of files in the index's folder. */
export type WeightMap = ReadonlyMap<string, string>;

/**
 * Reads an index.
 *
 * @throws TypeError (ERR_FORMAT) for what is no index, and for one that names files outside its folder
 */
export async function readIndex(call: string, path: string): Promise<WeightMap> {
  return parseIndex(call, await readWhole(call, path, maxHeaderBytes), path);
}

/** The index that a file holds. */
export function parseIndex(call: string, bytes: Uint8Array, path: string): WeightMap {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw formatError(call, `${path} is not UTF-8`);
  }
  const index = parseJson(call, path, text.trimEnd(), indexDepth);
  const map = index instanceof Map ? index.get('weight_map') : undefined;
  if (!(map instanceof Map)) {
    throw formatError(
      call,
      `${path} is no index of a checkpoint: expected an object weight_map, got ${describeJson(map)}`,
    );
  }
  for (const [name, file] of map) {
    // A file of another folder is nobody's shard: an index that comes from elsewhere must not open what it likes.
    if (typeof file !== 'string' || !/^[^/\\\0]+$/.test(file) || file === '.' || file === '..') {
      throw formatError(
        call,
        `${path} puts ${describe(name)} into ${describeJson(file)}; expected the name of a file in the same folder`,
      );
    }
  }
  return map as Map<string, string>;
}

/** The bytes of an index. */
export function indexBytes(weightMap: WeightMap, totalSize: number): Uint8Array {
  const sorted: Record<string, string> = Object.create(null);
  for (const name of [...weightMap.keys()].sort()) sorted[name] = weightMap.get(name)!;
  return Buffer.from(`${JSON.stringify({ metadata: { total_size: totalSize }, weight_map: sorted }, undefined, 2)}\n`);
}

/** The name of one of the files of a checkpoint, counted from 1. */
export function shardName(shard: number, shards: number): string {
  const digits = (n: number) => String(n).padStart(5, '0');
  return `model-${digits(shard)}-of-${digits(shards)}.safetensors`;
}

/**
 * Divides tensors into files of at most `shardSize` bytes of data: in their order, a new file where the next tensor would not
 * fit any more. A tensor larger than that has a file of its own.
 */
export function splitShards<T extends TensorLayout>(tensors: Iterable<T>, shardSize: number): T[][] {
  const shards: T[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    // What has no size is refused where it is laid out.
    const bytes = Number(byteLength(tensor.dtype, tensor.shape)) || 0;
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = shardSize;
    }
    shards.at(-1)!.push(tensor);
    room -= bytes;
  }
  return shards;
}
