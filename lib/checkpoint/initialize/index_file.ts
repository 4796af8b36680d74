// The index of a checkpoint in several files: written by the run that finds all of them complete.
import { join } from 'node:path';
import { indexBytes, indexName } from '../safetensors/sharded.js';
import { findExisting } from './existing.js';
import type { CheckpointPlan, PlannedShard } from './planned.js';
import { writeSmallFile } from './shard_file.js';

/** Writes the index where one is needed and all shards are there; each of several runs may be the one that does. Returns those that are. */
export async function writeIndex(call: string, plan: CheckpointPlan): Promise<ReadonlySet<PlannedShard>> {
  const { complete } = await findExisting(call, plan);
  if (plan.shards.length > 1 && complete.size === plan.shards.length) {
    const files = new Map(plan.shards.flatMap(({ file, tensors }) => tensors.map(({ name }) => [name, file] as const)));
    const bytes = plan.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
    await writeSmallFile(join(plan.folder, indexName), indexBytes(files, bytes), plan.digest);
  }
  return complete;
}
