// Which of a checkpoint's shards a run is for.
import { checkOptions } from '../../arguments.js';
import { argumentError, describe, rangeError } from '../../errors.js';

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
