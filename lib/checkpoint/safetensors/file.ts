// Reading checkpoints: headers when they are opened, tensors and parts of tensors when they are asked for.

import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { types } from 'node:util';
import { argumentError, describe, fileError, formatError, rangeError, renamed, stateError } from '../../errors.js';
import { checkPath, systemCode, systemError } from '../../paths.js';
import { checkSize } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { memorySource, openFile, type Source } from '../files.js';
import { checkOurs, checkTruth, emptyBytes, emptyTensor, tensorOnBytes } from './elements.js';
import { type Header, headerLength, lengthBytes, parseHeader, type TensorInfo } from './header.js';
import { indexName, indexSuffix, readIndex, singleName } from './sharded.js';
import { readRanges, type SliceRange } from './slices.js';

/** One file of a checkpoint. */
export interface Shard {
  readonly path: string;
  readonly header: Header;
}

interface OpenShard extends Shard {
  readonly source: Source;
}

/**
 * An open checkpoint: what is in it, and its tensors when they are asked for. Made by `openCheckpoint`; `close` it in the end.
 * All methods may be called at the same time.
 */
export class Checkpoint {
  /** Its files; `path` is 'the buffer' for one in memory. */
  readonly shards: readonly Shard[];
  /** Its tensors by name. `begin` and `end` count from the start of the data of the tensor's own file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Metadata of its files, those of the first where they differ. An object without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #home: ReadonlyMap<string, OpenShard>;
  readonly #open: readonly OpenShard[];
  #closed = false;

  /** @internal Use `openCheckpoint`. */
  constructor(shards: readonly OpenShard[], home: ReadonlyMap<string, OpenShard>) {
    this.shards = shards.map(({ path, header }) => ({ path, header }));
    this.#open = shards;
    this.#home = home;
    this.tensors = new Map([...home].map(([name, { header }]) => [name, header.tensors.get(name)!]));
    const metadata: Record<string, string> = Object.create(null);
    this.metadata = Object.assign(metadata, ...shards.map(({ header }) => header.metadata).reverse());
  }

  /** The file that a tensor is in. */
  #find(call: string, name: unknown): { shard: OpenShard; info: TensorInfo } {
    if (typeof name !== 'string') throw argumentError(call, `expected the name of a tensor, got ${describe(name)}`);
    if (this.#closed) throw stateError(call, 'the checkpoint is closed');
    const shard = this.#home.get(name);
    if (shard !== undefined) return { shard, info: this.tensors.get(name)! };
    const names = [...this.tensors.keys()];
    throw argumentError(call, `there is no tensor ${describe(name)}; there are ${names.length}: ${describe(names)}`);
  }

  /**
   * Reads a tensor.
   *
   * @throws TypeError (ERR_DTYPE) for a dtype that tensors do not have (`bytes` reads those), TypeError (ERR_FORMAT) where the
   * file has been cut short, RangeError (ERR_FILE) where it cannot be read
   */
  async tensor(name: string): Promise<Tensor> {
    const call = 'tensor';
    const { shard, info } = this.#find(call, name);
    const { dtype, shape } = checkOurs(call, info);
    const { view, bytes } = emptyTensor(call, shape, dtype);
    await shard.source.read(call, shard.header.dataStart + info.begin, bytes);
    checkTruth(call, `${shard.path}: tensor ${describe(name)}`, dtype, bytes);
    return new Tensor(view);
  }

  /**
   * Reads a part of a tensor, and nothing else of the file where the part is `start` to `end` (exclusive) of the first dimension.
   * Ranges are clipped as Python's slices are, and negative numbers count from the end.
   *
   * @param start the first index of the first dimension
   * @param end the index after the last; to the end by default
   */
  slice(name: string, start: number, end?: number): Promise<Tensor>;
  /**
   * Reads a part of a tensor, given by several dimensions.
   *
   * @param ranges `[start, end]` for each of the first dimensions, null for all of one
   */
  slice(name: string, ranges: readonly (SliceRange | null)[]): Promise<Tensor>;
  async slice(
    name: string,
    first: number | readonly (SliceRange | null)[],
    end = Number.MAX_SAFE_INTEGER,
  ): Promise<Tensor> {
    const call = 'slice';
    const { shard, info } = this.#find(call, name);
    const { dtype, shape } = checkOurs(call, info);
    const ranges = Array.isArray(first) ? first : [[first, end]];
    const at = shard.header.dataStart + info.begin;
    return readRanges(call, { source: shard.source, at, dtype, shape, name }, ranges);
  }

  /** Reads the bytes of a tensor, little-endian and in row-major order, whatever its dtype. */
  async bytes(name: string): Promise<Uint8Array> {
    const call = 'bytes';
    const { shard, info } = this.#find(call, name);
    const bytes = emptyBytes(call, info.end - info.begin);
    await shard.source.read(call, shard.header.dataStart + info.begin, bytes);
    return bytes;
  }

  /**
   * Fills `into` with a tensor's bytes from byte `begin` of the tensor on.
   *
   * @throws RangeError (ERR_RANGE) where the tensor ends before that many
   */
  async readInto(name: string, begin: number, into: Uint8Array): Promise<void> {
    const call = 'readInto';
    const { shard, info } = this.#find(call, name);
    if (!types.isUint8Array(into)) throw argumentError(call, `expected a Uint8Array to fill, got ${describe(into)}`);
    const from = checkSize(call, begin, 'begin');
    const length = info.end - info.begin;
    if (from + into.length > length) {
      throw rangeError(call, `${describe(name)} has ${length} bytes, not ${into.length} from byte ${from} on`);
    }
    await shard.source.read(call, shard.header.dataStart + info.begin + from, into);
  }

  /** All tensors, for `loadStateDict`. */
  async state(): Promise<Map<string, Tensor>> {
    // Those that cannot be tensors are said before gigabytes are read.
    for (const info of this.tensors.values()) checkOurs('state', info);
    const state = new Map<string, Tensor>();
    for (const name of this.tensors.keys()) state.set(name, await this.tensor(name));
    return state;
  }

  /** Closes the files. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#open.map(({ source }) => source.close()));
  }
}

async function openShard(call: string, source: Source): Promise<OpenShard> {
  const first = new Uint8Array(Math.min(lengthBytes, source.size));
  await source.read(call, 0, first);
  const bytes = new Uint8Array(lengthBytes + headerLength(call, first, source.size, source.name));
  await source.read(call, 0, bytes);
  return { path: source.name, header: parseHeader(call, bytes, source.size, source.name), source };
}

/** Opens files, or none of them. */
async function openShards(call: string, sources: Iterable<() => Promise<Source>>): Promise<OpenShard[]> {
  const opened: Source[] = [];
  try {
    const shards: OpenShard[] = [];
    for (const make of sources) {
      const source = await make();
      opened.push(source);
      shards.push(await openShard(call, source));
    }
    return shards;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close()));
    throw error;
  }
}

/** What a path means: a file, or in a folder its model.safetensors, its index, or the one file or index there is. */
async function findFile(call: string, path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return path;
    const names = await readdir(path);
    for (const name of [singleName, indexName]) if (names.includes(name)) return join(path, name);
    for (const suffix of [indexSuffix, '.safetensors']) {
      const found = names.filter((name) => name.endsWith(suffix));
      if (found.length === 1) return join(path, found[0]!);
    }
  } catch (error) {
    throw systemError(call, 'read', path, error);
  }
  throw fileError(
    call,
    `cannot read ${path}: the folder has no ${singleName} and no ${indexName}, and no other one file or index`,
  );
}

/**
 * Opens a checkpoint: a safetensors file, the index of one in several files (`model.safetensors.index.json`), a folder with
 * either, or the bytes of a safetensors file. Only headers are read.
 *
 * @throws TypeError (ERR_FORMAT) for files that are not what the format asks for, RangeError (ERR_FILE) for those that cannot
 * be read, TypeError (ERR_ARGUMENT) for anything but a path or bytes
 * @example
 * import { randn } from 'evenkeel';
 * import { openCheckpoint, saveCheckpoint } from 'evenkeel/checkpoint';
 *
 * await saveCheckpoint('/tmp/model.safetensors', { weight: randn(1000, 64) });
 * const checkpoint = await openCheckpoint('/tmp/model.safetensors');
 * console.log(checkpoint.tensors.get('weight').shape); // [ 1000, 64 ]
 * const rows = await checkpoint.slice('weight', 10, 20);
 * await checkpoint.close();
 */
export async function openCheckpoint(path: string | URL | Uint8Array): Promise<Checkpoint> {
  return openFor('openCheckpoint', path);
}

/** `openCheckpoint` for another call, which errors name. */
export async function openFor(call: string, path: string | URL | Uint8Array): Promise<Checkpoint> {
  if (types.isUint8Array(path)) return single(await openShards(call, [async () => memorySource(path)]));
  const file = await findFile(call, checkPath(call, path));
  if (!file.endsWith('.json')) return single(await openShards(call, [() => openFile(call, file)]));
  return openIndex(call, file);
}

function single(shards: OpenShard[]): Checkpoint {
  const [shard] = shards;
  return new Checkpoint(shards, new Map([...shard!.header.tensors.keys()].map((name) => [name, shard!])));
}

async function openIndex(call: string, index: string): Promise<Checkpoint> {
  const map = await readIndex(call, index);
  const names = [...new Set(map.values())].sort();
  const openOne = (name: string) => async () => {
    try {
      return await openFile(call, join(dirname(index), name));
    } catch (error) {
      if (systemCode((error as Error).cause) !== 'ENOENT') throw error;
      throw fileError(call, `${index} names the file ${describe(name)}, which is not there`, error);
    }
  };
  const shards = await openShards(call, names.map(openOne));
  const byName = new Map(names.map((name, i) => [name, shards[i]!]));
  const home = new Map([...map].map(([tensor, name]) => [tensor, byName.get(name)!]));
  for (const [tensor, shard] of home) {
    if (shard.header.tensors.has(tensor)) continue;
    await Promise.all(shards.map(({ source }) => source.close()));
    throw formatError(call, `${index} puts tensor ${describe(tensor)} into ${shard.path}, which has no such tensor`);
  }
  return new Checkpoint(shards, home);
}

/**
 * All tensors of a checkpoint, for `loadStateDict`; takes what `openCheckpoint` takes.
 *
 * @throws as `openCheckpoint`, and TypeError (ERR_DTYPE) where a tensor's dtype is none of ours
 * @example
 * import { nn } from 'evenkeel';
 * import { loadState, saveCheckpoint } from 'evenkeel/checkpoint';
 *
 * const net = new nn.Linear(4, 2);
 * await saveCheckpoint('/tmp/linear.safetensors', net);
 * net.loadStateDict(await loadState('/tmp/linear.safetensors'));
 */
export async function loadState(path: string | URL | Uint8Array): Promise<Map<string, Tensor>> {
  const checkpoint = await openFor('loadState', path);
  try {
    return await checkpoint.state();
  } catch (error) {
    throw renamed('loadState', error);
  } finally {
    await checkpoint.close();
  }
}

/**
 * The tensors of a safetensors file in memory. They share its memory, and writing to them changes it, where an element's place
 * is a multiple of its size; files of this package and most others are so. Others are copied.
 *
 * @throws TypeError (ERR_FORMAT) for bytes that are not what the format asks for, TypeError (ERR_DTYPE) where a tensor's dtype
 * is none of ours
 * @example
 * import { randn } from 'evenkeel';
 * import { loadSafetensors, serializeSafetensors } from 'evenkeel/checkpoint';
 *
 * const bytes = serializeSafetensors({ weight: randn(8, 4) });
 * console.log(loadSafetensors(bytes).get('weight').shape); // [ 8, 4 ]
 */
export function loadSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const call = 'loadSafetensors';
  if (!types.isUint8Array(bytes))
    throw argumentError(call, `expected the bytes as a Uint8Array, got ${describe(bytes)}`);
  const { tensors, dataStart } = parseHeader(call, bytes, bytes.length, 'the buffer');
  return new Map(
    [...tensors].map(([name, info]) => {
      const { dtype, shape } = checkOurs(call, info);
      const own = bytes.subarray(dataStart + info.begin, dataStart + info.end);
      checkTruth(call, `the buffer: tensor ${describe(name)}`, dtype, own);
      return [name, tensorOnBytes(shape, dtype, own)];
    }),
  );
}
