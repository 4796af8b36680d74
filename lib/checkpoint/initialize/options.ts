// The options of `initializeCheckpoint`, checked.
import { basename, dirname, resolve } from 'node:path';
import { checkOptions } from '../../arguments.js';
import type { DType } from '../../dtype.js';
import { argumentError, describe } from '../../errors.js';
import type { Rule } from '../../init/rules.js';
import { type AsyncOptions, checkSignal } from '../../job.js';
import { parseDType } from '../dtype_names.js';
import type { ModelSource } from '../model/source.js';
import { checkBytes } from '../size.js';
import { checkShardRange, type ShardRange } from './shards.js';

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

const defaultShardSize = 5e9;

/** The options with their defaults. */
export type Arguments = ReturnType<typeof checkArguments>;

export function checkArguments(call: string, path: string, options: InitializeCheckpointOptions) {
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
    dryRun: checkFlag(call, 'dryRun', dryRun),
    verify: checkFlag(call, 'verify', verify),
  };
}

function checkFlag(call: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw argumentError(call, `${name} must be true or false, got ${describe(value)}`);
}
