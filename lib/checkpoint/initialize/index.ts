// Initialises a model straight to disk: the public call, its options, and the order in which things happen.
import { mkdir, statfs } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { checkOptions } from '../../arguments.js';
import { type Claim, claim, release } from '../../claims.js';
import type { DType } from '../../dtype.js';
import { argumentError, describe, fileError, rangeError, renamed } from '../../errors.js';
import type { Rule } from '../../init/rules.js';
import { type AsyncOptions, checkSignal } from '../../job.js';
import { formatSize } from '../../units.js';
import { parseDType } from '../dtype_names.js';
import { systemError } from '../files.js';
import type { ModelDescription } from '../model/description.js';
import { presetRules } from '../model/presets.js';
import { describeModel, type ModelSource } from '../model/source.js';
import { openFor } from '../safetensors/file.js';
import { checkBytes } from '../size.js';
import { Base } from './base.js';
import { planConfig } from './config_file.js';
import { estimate } from './estimate.js';
import { findExisting } from './existing.js';
import { writeIndex } from './index_file.js';
import { planCheckpoint } from './plan.js';
import type { CheckpointPlan, PlannedShard } from './planned.js';
import { CheckpointReport, type Outcome } from './report.js';
import { checkShardRange, type ShardRange } from './shards.js';
import { verifyShards } from './verify.js';
import { writeShards } from './write.js';

export type { Estimate } from './estimate.js';
export { CheckpointReport, type ShardReport } from './report.js';
export type { ShardRange } from './shards.js';
export type { CheckpointVerification, TensorProblem } from './verify.js';

/** How far a run is. */
export interface CheckpointProgress {
  /** What it is doing. */
  readonly stage: 'writing' | 'verifying';
  /** Bytes that are done, and that there are to do. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Options of `initializeCheckpoint`. */
export interface InitializeCheckpointOptions extends AsyncOptions {
  /** The model: what `describeModel` takes. With `from` it may be left out: the model is the base's. */
  model?: ModelSource | undefined;
  /** The model's class where a config.json does not say it, or says another one: 'LlamaForCausalLM'. */
  architecture?: string | undefined;
  /** Rules as `init.initialize` takes them; the first that matches decides, before the model's own scheme. */
  rules?: readonly Rule[] | undefined;
  /** A scheme for what no rule matches, in place of the model's own: 'torch' or 'gpt2'; 'family', the model's own, by default. */
  preset?: string | undefined;
  /** What every tensor's stream is spawned from; a number from 0 to 2^64 - 1. */
  seed: number | bigint;
  /** The dtype of floating-point tensors ('bfloat16', or 'bf16' and the like); by default the model's own, else float32. */
  dtype?: DType | string | undefined;
  /** The most bytes of a file, such as '5GB', the default; a tensor that is larger gets a file for itself. */
  shardSize?: number | string | undefined;
  /** Which shards to make; all by default. The run that finds all of them complete writes the index. */
  shards?: ShardRange | string | undefined;
  /** A checkpoint that all tensors are copied from whose name no pattern of `reinit` matches. */
  from?: string | undefined;
  /** Names of tensors to draw though `from` has them; `*` stands for any characters. */
  reinit?: readonly string[] | undefined;
  /** Only plan: nothing is written. */
  dryRun?: boolean | undefined;
  /** Read everything back: bytes are compared, distributions tested. */
  verify?: boolean | undefined;
  /** Called now and then; what it throws ends the run. */
  onProgress?: ((progress: CheckpointProgress) => void) | undefined;
}

const call = 'initializeCheckpoint';
const defaultShardSize = 5e9;

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
  const given = checkArguments(path, options);
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

function checkArguments(path: string, options: InitializeCheckpointOptions) {
  if (typeof path !== 'string' || path === '') {
    throw argumentError(call, `expected the path of a folder or a .safetensors file, got ${describe(path)}`);
  }
  const {
    model,
    rules = [],
    preset,
    architecture,
    seed,
    dtype,
    shardSize,
    shards,
    from,
    reinit = [],
    signal,
    onProgress,
    dryRun = false,
    verify = false,
  } = checkOptions<InitializeCheckpointOptions>(call, options);
  if (seed === undefined) throw argumentError(call, 'a seed must be given');
  if (model === undefined && from === undefined) throw argumentError(call, 'a model must be given, or from');
  if (!Array.isArray(rules)) throw argumentError(call, `rules must be an array, got ${describe(rules)}`);
  if (from !== undefined && typeof from !== 'string') {
    throw argumentError(call, `from must be the path of a checkpoint, got ${describe(from)}`);
  }
  if (!Array.isArray(reinit) || !reinit.every((pattern) => typeof pattern === 'string')) {
    throw argumentError(call, `reinit must be an array of names, got ${describe(reinit)}`);
  }
  if (reinit.length > 0 && from === undefined)
    throw argumentError(call, 'reinit goes with from: all else is drawn anyway');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw argumentError(call, `onProgress must be a function, got ${describe(onProgress)}`);
  }
  const whole = resolve(path);
  const isFile = whole.endsWith('.safetensors');
  return {
    model,
    rules,
    preset,
    architecture,
    seed,
    dtype: dtype === undefined ? undefined : parseDType(call, 'dtype', dtype),
    // A file that is named is one file, unless a size is asked for that it exceeds.
    shardSize:
      shardSize === undefined ? (isFile ? Infinity : defaultShardSize) : checkBytes(call, 'shardSize', shardSize),
    shards: shards === undefined ? undefined : checkShardRange(call, shards),
    from,
    reinit,
    signal: checkSignal(call, signal),
    onProgress,
    folder: isFile ? dirname(whole) : whole,
    file: isFile ? basename(whole) : undefined,
    dryRun: checkFlag('dryRun', dryRun),
    verify: checkFlag('verify', verify),
  };
}

function checkFlag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw argumentError(call, `${name} must be true or false, got ${describe(value)}`);
}

type Arguments = ReturnType<typeof checkArguments>;

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
    config === undefined || given.file !== undefined ? undefined : await planConfig(call, plan.folder, config);
  const report = (outcome: Partial<Outcome>) =>
    new CheckpointReport(plan, {
      ...{ dryRun, written: new Set<PlannedShard>(), found: before.complete, leftovers: before.leftovers, seconds: 0 },
      ...outcome,
    });
  if (dryRun) return report({ estimate: estimate(plan) });
  const shards = chosen.filter((shard) => !before.complete.has(shard));
  const written = new Set<PlannedShard>();
  try {
    await mkdir(plan.folder, { recursive: true });
    await checkSpace(plan, shards);
    await copyConfig?.();
    await writeShards(shards, {
      digest: plan.digest,
      signal,
      onBytes: progress('writing', shards, onProgress),
      onShard: (shard) => written.add(shard),
    });
  } catch (error) {
    throw systemError(call, 'write', (error as NodeJS.ErrnoException).path ?? plan.folder, error);
  }
  const found = await writeIndex(call, plan);
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
