// What is in the folder already: shards that an earlier run of the same plan completed, or something else.
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stateError } from '../../errors.js';
import { systemCode, systemError } from '../../paths.js';
import { type Checkpoint, openFor } from '../safetensors/file.js';
import { indexName } from '../safetensors/sharded.js';
import type { CheckpointPlan, PlannedShard } from './planned.js';
import { temporaryName } from './shard_file.js';

/** Files that a reader of the folder would take for a part of the checkpoint. */
const checkpointFile = /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/;

/** What a model's configuration is called beside its checkpoint. */
export const configName = 'config.json';

/** What an earlier run has left. */
export interface Existing {
  /** Shards that are complete. */
  readonly complete: ReadonlySet<PlannedShard>;
  /** Names of unfinished files of other plans, which nobody will go on with unless the plan is run again. */
  readonly leftovers: readonly string[];
}

/**
 * Looks for shards of the plan that are complete: renaming is the last thing that happens to a shard, so a file of that name,
 * length and header is one.
 *
 * @throws RangeError (ERR_STATE) where a file of the plan's has other content, or another checkpoint is in the folder
 */
export async function findExisting(call: string, plan: CheckpointPlan): Promise<Existing> {
  const names = await readdir(plan.folder).catch((error) => {
    if (systemCode(error) === 'ENOENT') return [] as string[];
    throw systemError(call, 'read', plan.folder, error);
  });
  const found = new Set(names);
  const complete = new Set<PlannedShard>();
  for (const shard of plan.shards) {
    if (!found.has(shard.file)) continue;
    const problem = await difference(call, shard, plan);
    if (problem !== undefined) {
      throw stateError(call, `${shard.path} exists and ${problem}; remove it, or choose another place`);
    }
    complete.add(shard);
  }
  const planned = new Set([...plan.shards.map((shard) => shard.file), indexName]);
  const wholeFolder = plan.shards.length > 1 || plan.shards[0]!.file === 'model.safetensors';
  const foreign = wholeFolder ? names.find((name) => checkpointFile.test(name) && !planned.has(name)) : undefined;
  if (foreign !== undefined) {
    throw stateError(call, `${join(plan.folder, foreign)} belongs to another checkpoint; choose another folder`);
  }
  const ours = new Set([...planned, configName].map((name) => temporaryName(name, plan.digest)));
  return { complete, leftovers: names.filter((name) => /^\..*\.partial$/.test(name) && !ours.has(name)) };
}

/** How a file differs from the shard that is planned, in words; undefined where it is that shard. */
async function difference(call: string, shard: PlannedShard, plan: CheckpointPlan): Promise<string | undefined> {
  const { header, headerBytes, path } = shard;
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, headerBytes.length));
    await file.read(bytes, 0, bytes.length, 0);
    if (bytes.equals(headerBytes)) {
      return size === header.size ? undefined : `is cut short: it has ${size} bytes, and should have ${header.size}`;
    }
    const other = await metadataOf(call, path);
    if (other?.['evenkeel.plan'] === undefined) return 'was not written by this program';
    if (other['evenkeel.seed'] !== header.metadata['evenkeel.seed']) {
      return `is of seed ${other['evenkeel.seed']}, not ${header.metadata['evenkeel.seed']}`;
    }
    if (other['evenkeel.plan'] !== plan.digest) return 'is of another plan: other tensors, rules or dtypes';
    return 'holds other tensors: it is of another shard size';
  } finally {
    await file?.close();
  }
}

/** The metadata of a safetensors file; undefined where it is none. */
async function metadataOf(call: string, path: string): Promise<Checkpoint['metadata'] | undefined> {
  try {
    const checkpoint = await openFor(call, path);
    await checkpoint.close();
    return checkpoint.metadata;
  } catch {
    return undefined;
  }
}
