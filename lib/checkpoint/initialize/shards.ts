// Which tensors of a checkpoint go into which file.
import { checkOptions } from '../../arguments.js';
import { argumentError, describe, rangeError } from '../../errors.js';

/** Tensors in order, as many in each shard as fit; one that is larger than a shard gets one for itself. The rule of Hugging Face. */
export function splitShards<T extends { readonly bytes: number }>(tensors: readonly T[], most: number): T[][] {
  const shards: T[][] = [];
  let bytes = 0;
  for (const tensor of tensors) {
    if (shards.length === 0 || bytes + tensor.bytes > most) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)!.push(tensor);
    bytes += tensor.bytes;
  }
  return shards;
}

/** Name of a shard, counted from 1; a checkpoint of one file has no number. */
export function shardName(number: number, of: number): string {
  if (of === 1) return 'model.safetensors';
  const five = (n: number) => String(n).padStart(5, '0');
  return `model-${five(number)}-of-${five(of)}.safetensors`;
}

/** Some of a checkpoint's shards, counted from 1: those that one of several machines makes. */
export interface ShardRange {
  readonly first: number;
  /** `first` where it is left out. */
  readonly last?: number;
  /** How many shards the whole checkpoint has. */
  readonly of: number;
}

/**
 * A range of shards given as an object or as text, `3-7/16` or `3/16`.
 *
 * @throws TypeError (ERR_ARGUMENT) or RangeError (ERR_RANGE) for anything else
 */
export function checkShardRange(call: string, given: unknown): Required<ShardRange> {
  const wanted = "shards must be a range such as '3-7/16' or { first: 3, last: 7, of: 16 }";
  let range: Partial<ShardRange>;
  if (typeof given === 'string') {
    const [, first, last, of] = /^(\d+)(?:-(\d+))?\/(\d+)$/.exec(given.trim()) ?? [];
    if (of === undefined) throw argumentError(call, `${wanted}, got ${describe(given)}`);
    range = { first: Number(first), ...(last === undefined ? {} : { last: Number(last) }), of: Number(of) };
  } else {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw argumentError(call, `${wanted}, got ${describe(given)}`);
    range = checkOptions<ShardRange>(call, given as ShardRange);
  }
  const { first, last = first, of } = range;
  const whole = [first, last, of].every(Number.isSafeInteger);
  if (!whole || first! < 1 || last! < first! || of! < last!) {
    throw rangeError(call, `${wanted}, counted from 1; got from ${first} to ${last} of ${of}`);
  }
  return { first: first!, last: last!, of: of! };
}
