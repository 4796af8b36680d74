// Writing checkpoints.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { types } from 'node:util';
import { checkOptions } from '../../arguments.js';
import { claim, release } from '../../claims.js';
import { argumentError, describe, fileError, stateError } from '../../errors.js';
import { Module } from '../../nn/index.js';
import { checkPath, systemCode, systemError } from '../../paths.js';
import { numElements, sameShape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { checkMemory, type TensorView } from '../../view.js';
import { type FilePlan, makeFolder, writeFiles } from '../files.js';
import { checkBytes } from '../size.js';
import { safetensorsDType } from './dtypes.js';
import { rowMajorBytes } from './elements.js';
import { layOut, type TensorLayout } from './header.js';
import { indexBytes, indexName, shardName, singleName, splitShards } from './sharded.js';

/** Tensors by name, or a module, whose `stateDict` is meant. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>> | Module;

/** Options of `serializeSafetensors`. */
export interface SerializeOptions {
  /** Text to be kept in the file's `__metadata__`, beside `format: 'pt'`, which transformers asks for. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /**
   * What becomes of tensors that are the same memory, such as tied weights: 'copy' (by default) writes each under its own name,
   * for `loadStateDict` here and `load_state_dict` in Python; 'once' writes the first and notes the others in the metadata, as
   * `safetensors.torch.save_model` does in Python, for `load_model` there, and here for `loadStateDict` with `strict: false`.
   */
  tied?: 'copy' | 'once' | undefined;
}

/** Options of `saveCheckpoint`. */
export interface SaveOptions extends SerializeOptions {
  /**
   * The most bytes of data that one file is to have, such as 5e9 or '5GB'. The path is a folder then: it gets
   * `model-00001-of-0000N.safetensors` and `model.safetensors.index.json`, or `model.safetensors` where one file is enough. By
   * default all goes into one file, which is the path.
   */
  shardSize?: number | string | undefined;
}

interface Entry extends TensorLayout {
  readonly view: TensorView;
}

interface Contents {
  readonly entries: readonly Entry[];
  readonly metadata: Record<string, string>;
}

/**
 * The bytes of a safetensors file with these tensors. Bytes are those that the reference implementation in Python writes of the
 * same tensors and metadata.
 *
 * @throws TypeError (ERR_ARGUMENT) for names, tensors or metadata that the format cannot hold
 * @example
 * import { randn } from 'evenkeel';
 * import { serializeSafetensors } from 'evenkeel/checkpoint';
 *
 * const bytes = serializeSafetensors({ weight: randn(8, 4) }, { metadata: { epoch: '3' } });
 */
export function serializeSafetensors(tensors: NamedTensors, options?: SerializeOptions): Uint8Array {
  const call = 'serializeSafetensors';
  const { entries, metadata } = collect(call, tensors, checkOptions(call, options));
  const { header, bytes } = layOut(call, entries, metadata);
  const out = new Uint8Array(header.size);
  out.set(bytes);
  for (const { name, view } of entries) {
    out.set(rowMajorBytes(call, view), header.dataStart + header.tensors.get(name)!.begin);
  }
  return out;
}

/**
 * Writes a checkpoint in the safetensors format, in one file or (`shardSize`) several. Files are written under temporary names,
 * forced to the disk and renamed when all are whole, the index last: until then an older checkpoint of the same name stays as it
 * was, and it stays where anything fails. Nothing may write to the tensors until the promise is settled (ERR_STATE).
 *
 * @throws RangeError (ERR_FILE) where a file cannot be written, TypeError (ERR_ARGUMENT) for names, tensors or metadata that the
 * format cannot hold
 * @example
 * import { nn } from 'evenkeel';
 * import { saveCheckpoint } from 'evenkeel/checkpoint';
 *
 * await saveCheckpoint('/tmp/net.safetensors', new nn.Linear(4, 2), { metadata: { epoch: '3' } });
 */
export async function saveCheckpoint(path: string | URL, tensors: NamedTensors, options?: SaveOptions): Promise<void> {
  const call = 'saveCheckpoint';
  const target = checkPath(call, path);
  const given = checkOptions(call, options);
  const { entries, metadata } = collect(call, tensors, given);
  const { shardSize } = given;
  const shards = shardSize === undefined ? [entries] : splitShards(entries, checkBytes(call, 'shardSize', shardSize));
  // Laid out before anything is written: what the format cannot hold is said first.
  const layouts = (shards.length === 0 ? [[]] : shards).map((shard) => planShard(call, shard, metadata));
  const claimed = claim(
    call,
    entries.map(({ view }) => view),
    'read',
  );
  try {
    const plans =
      shardSize === undefined
        ? [{ path: await fileTarget(call, target), write: layouts[0]!.write }]
        : await folderPlans(call, target, layouts);
    await writeFiles(call, plans);
  } finally {
    release(claimed);
  }
}

interface ShardPlan extends Pick<FilePlan, 'write'> {
  readonly names: readonly string[];
  readonly dataBytes: number;
}

/** What a file is to hold, and how it is written. */
function planShard(call: string, entries: readonly Entry[], metadata: Record<string, string>): ShardPlan {
  const { header, bytes } = layOut(call, entries, metadata);
  const views = new Map(entries.map(({ name, view }) => [name, view]));
  return {
    names: [...header.tensors.keys()],
    dataBytes: header.size - header.dataStart,
    async write(sink) {
      await sink(bytes);
      for (const name of header.tensors.keys()) await sink(rowMajorBytes(call, views.get(name)!));
    },
  };
}

async function fileTarget(call: string, path: string): Promise<string> {
  const found = await stat(path).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw systemError(call, 'write', path, error);
  });
  if (found?.isDirectory()) {
    throw fileError(call, `cannot write ${path}: it is a folder; name a file in it, or give a shardSize`);
  }
  return path;
}

/** The files of a folder, the index last. */
async function folderPlans(call: string, folder: string, shards: readonly ShardPlan[]): Promise<FilePlan[]> {
  let names: string[];
  try {
    await makeFolder(folder);
    names = await readdir(folder);
  } catch (error) {
    throw systemError(call, 'write', folder, error);
  }
  const other = shards.length === 1 ? indexName : singleName;
  if (names.includes(other)) {
    // Whoever reads the folder would not know which of the two is meant.
    const got = shards.length === 1 ? 'one file' : `${shards.length} files`;
    throw stateError(
      call,
      `${join(folder, other)} is there, and the checkpoint takes ${got}: remove it, or write elsewhere`,
    );
  }
  if (shards.length === 1) return [{ path: join(folder, singleName), write: shards[0]!.write }];
  const weightMap = new Map<string, string>();
  const plans = shards.map(({ write, names }, i): FilePlan => {
    const file = shardName(i + 1, shards.length);
    for (const name of names) weightMap.set(name, file);
    return { path: join(folder, file), write };
  });
  const total = shards.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
  return [...plans, { path: join(folder, indexName), write: (sink) => sink(indexBytes(weightMap, total)) }];
}

/** What is to be written, checked. */
function collect(call: string, tensors: unknown, { metadata, tied = 'copy' }: Partial<SerializeOptions>): Contents {
  if (tied !== 'copy' && tied !== 'once')
    throw argumentError(call, `tied must be 'copy' or 'once', got ${describe(tied)}`);
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))) {
    throw argumentError(call, `metadata must be an object of strings, got ${describe(metadata)}`);
  }
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors) || tensors instanceof Tensor) {
    throw argumentError(call, `expected a Map or an object of tensors, or a module, got ${describe(tensors)}`);
  }
  const state = tensors instanceof Module ? tensors.stateDict() : tensors;
  const named = [...(types.isMap(state) ? state : Object.entries(state))] as [string, unknown][];
  const entries = named.map(([name, tensor]): Entry => {
    if (!(tensor instanceof Tensor))
      throw argumentError(call, `${describe(name)} must be a Tensor, got ${describe(tensor)}`);
    const view = tensor.elements;
    checkMemory(call, view);
    return { name, dtype: safetensorsDType(view.dtype), shape: view.shape, view };
  });
  // A name may be __proto__.
  const notes: Record<string, string> = Object.assign(Object.create(null), { format: 'pt' });
  const kept = tied === 'copy' ? entries : withoutTwins(entries, notes);
  return { entries: kept, metadata: Object.assign(Object.create(null), notes, metadata) };
}

/** The first of those that are the same memory; notes under the names of the others which it is. */
function withoutTwins(entries: readonly Entry[], notes: Record<string, string>): Entry[] {
  const kept: Entry[] = [];
  const byBuffer = new Map<ArrayBufferLike, Entry[]>();
  for (const entry of entries) {
    const { buffer } = entry.view.array;
    const others = byBuffer.get(buffer) ?? [];
    const twin = others.find(({ view }) => sameElements(view, entry.view));
    if (twin !== undefined) {
      notes[entry.name] = twin.name;
      continue;
    }
    others.push(entry);
    byBuffer.set(buffer, others);
    kept.push(entry);
  }
  return kept;
}

function sameElements(a: TensorView, b: TensorView): boolean {
  const start = ({ array, offset }: TensorView) => array.byteOffset + offset * array.BYTES_PER_ELEMENT;
  return (
    numElements(a.shape) > 0 &&
    a.dtype === b.dtype &&
    start(a) === start(b) &&
    sameShape(a.shape, b.shape) &&
    sameShape(a.strides, b.strides)
  );
}
