// Initialises a model straight to disk: the public call, its options, and the order in which things happen.
import { statfs } from 'node:fs/promises';
import { type Claim, claim, release } from '../../claims.js';
import { fileError, rangeError, renamed } from '../../errors.js';
import { systemError } from '../../paths.js';
import { formatSize } from '../../units.js';
import { makeFolder } from '../files.js';
import type { ModelDescription } from '../model/description.js';
import { presetRules } from '../model/presets.js';
import { describeModel } from '../model/source.js';
import { openFor } from '../safetensors/file.js';
import { Base } from './base.js';
import { planConfig } from './config_file.js';
import { estimate } from './estimate.js';
import { findExisting } from './existing.js';
import { writeIndex } from './index_file.js';
import {
  type Arguments,
  type CheckpointProgress,
  checkArguments,
  type InitializeCheckpointOptions,
} from './options.js';
import { planCheckpoint } from './plan.js';
import type { CheckpointPlan, PlannedShard } from './planned.js';
import { CheckpointReport, type Outcome } from './report.js';
import type { ShardRange } from './shards.js';
import { verifyShards } from './verify.js';
import { writeShards } from './write.js';

export type { Estimate } from './estimate.js';
export type { CheckpointProgress, InitializeCheckpointOptions } from './options.js';
export { CheckpointReport, type ShardReport } from './report.js';
export type { ShardRange } from './shards.js';
export type { CheckpointVerification, TensorProblem } from './verify.js';

const call = 'initializeCheckpoint';

/**
 * Initialises a model's checkpoint in safetensors files without holding it in memory. Every tensor draws from its own stream,
 * `new Generator(seed).spawn(name)`, as `init.initialize` does: so its values depend on the seed, its name, shape and dtype
 * alone, and not on the number of threads, shards, or machines.
 *
 * `path` is a folder, or a file ending in `.safetensors`. A shard is written under a temporary name, put on the disk, and then
 * renamed; the index of several comes last. A run that was killed is finished by the same call: shards that are complete stay.
 * Memory is bounded by a few tiles of 8 MiB, but for tensors whose elements are drawn together (orthogonal, spectral, sparse),
 * which are made one at a time as a whole.
 *
 * @returns a promise of what was done, which prints as a table
 * @throws rejects with TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for wrong options, RangeError (ERR_STATE) where files
 * of the same names have other content, or a module's tensor is being written to, RangeError (ERR_FILE) where the disk is full or cannot be written to, TypeError (ERR_FORMAT)
 * for a damaged input file; whatever it is, existing files are left as they were
 * @example
 * import { initializeCheckpoint } from 'evenkeel/checkpoint';
 *
 * const spec = { tensors: { 'fc.weight': { shape: [256, 128], init: { initialiser: 'normal', std: 0.02 } } } };
 * const report = await initializeCheckpoint('/tmp/model', { model: spec, seed: 0, dtype: 'bfloat16' });
 * console.log(report.complete); // true
 */
export async function initializeCheckpoint(
  path: string,
  options: InitializeCheckpointOptions,
): Promise<CheckpointReport> {
  const given = checkArguments(call, path, options);
  given.signal?.throwIfAborted();
  let base: Base | undefined;
  let claimed: Claim | undefined;
  try {
    if (given.from !== undefined) base = new Base(call, given.from, await openFor(call, given.from), given.reinit);
    const description = await ours(() => describeSource(given));
    // What is kept must stay what it is until it is written.
    const values = description.tensors.flatMap(({ value }) => (value === undefined ? [] : [value.elements]));
    claimed = claim(call, values, 'read');
    const plan = await ours(() => makePlan(given, description, base));
    return await carryOut(plan, description.config, given);
  } finally {
    if (claimed !== undefined) release(claimed);
    await base?.checkpoint.close();
  }
}

/** What other calls refuse, as this one's. */
async function ours<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw renamed(call, error);
  }
}

function describeSource({ model, from, architecture }: Arguments): Promise<ModelDescription> {
  return describeModel(model ?? from!, architecture === undefined ? {} : { architecture });
}

async function makePlan(given: Arguments, description: ModelDescription, base: Base | undefined) {
  const preset = given.preset === undefined ? [] : presetRules(given.preset, description);
  const plan = await planCheckpoint(call, { ...given, rules: [...given.rules, ...preset], description, base });
  base?.checkPatterns();
  return plan;
}

async function carryOut(plan: CheckpointPlan, config: string | undefined, given: Arguments): Promise<CheckpointReport> {
  const { dryRun, signal, onProgress } = given;
  const start = performance.now();
  const chosen = choose(plan, given.shards);
  const before = await findExisting(call, plan);
  const copyConfig =
    config === undefined || given.file !== undefined ? undefined : await planConfig(call, plan, config);
  const report = (outcome: Partial<Outcome>) =>
    new CheckpointReport(plan, {
      ...{ dryRun, written: new Set<PlannedShard>(), found: before.complete, leftovers: before.leftovers, seconds: 0 },
      ...outcome,
    });
  if (dryRun) return report({ estimate: estimate(plan) });
  const shards = chosen.filter((shard) => !before.complete.has(shard));
  const written = new Set<PlannedShard>();
  let found: ReadonlySet<PlannedShard>;
  try {
    await makeFolder(plan.folder);
    await checkSpace(plan, shards);
    await copyConfig?.();
    await writeShards(shards, {
      digest: plan.digest,
      signal,
      onBytes: progress('writing', shards, onProgress),
      onShard: (shard) => written.add(shard),
    });
    found = await writeIndex(call, plan);
  } catch (error) {
    throw systemError(call, 'write', (error as NodeJS.ErrnoException).path ?? plan.folder, error);
  }
  const seconds = (performance.now() - start) / 1000;
  if (!given.verify) return report({ written, found, seconds });
  const verification = await verifyShards(chosen, progress('verifying', chosen, onProgress), signal);
  return report({ written, found, seconds, verification });
}

/** The shards that this run is for. */
function choose({ shards }: CheckpointPlan, range: Required<ShardRange> | undefined): readonly PlannedShard[] {
  if (range === undefined) return shards;
  if (range.of === shards.length) return shards.slice(range.first - 1, range.last);
  throw rangeError(
    call,
    `shards are ${range.first}-${range.last} of ${range.of}, but the checkpoint has ${shards.length}`,
  );
}

function progress(
  stage: CheckpointProgress['stage'],
  shards: readonly PlannedShard[],
  onProgress: Arguments['onProgress'],
): (bytes: number) => void {
  const totalBytes = shards.reduce((sum, { header }) => sum + header.size - header.dataStart, 0);
  let bytes = 0;
  return (more) => {
    bytes += more;
    onProgress?.({ stage, bytes, totalBytes });
  };
}

/** A full disk is better known before than after an hour. */
async function checkSpace({ folder }: CheckpointPlan, shards: readonly PlannedShard[]): Promise<void> {
  const needed = shards.reduce((sum, { header }) => sum + header.size, 0);
  const { bavail, bsize } = await statfs(folder);
  if (needed <= bavail * bsize) return;
  throw fileError(
    call,
    `${formatSize(needed)} are to be written to ${folder}, and ${formatSize(bavail * bsize)} are free`,
  );
}
