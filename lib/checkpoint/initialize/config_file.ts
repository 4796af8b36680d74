// The model's config.json, which whoever loads a checkpoint wants beside it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateError } from '../../errors.js';
import { systemCode, systemError } from '../../paths.js';
import { readWhole } from '../files.js';
import { maxDocument } from '../model/source.js';
import { configName } from './existing.js';
import type { CheckpointPlan } from './planned.js';
import { writeSmallFile } from './shard_file.js';

/**
 * Looks whether the folder needs a copy of `config`; the function it returns makes it.
 *
 * @throws RangeError (ERR_STATE) where the folder has a config.json of another model
 */
export async function planConfig(
  call: string,
  { folder, digest }: CheckpointPlan,
  config: string,
): Promise<() => Promise<void>> {
  const path = join(folder, configName);
  const bytes = await readWhole(call, config, maxDocument);
  const there = await readFile(path).catch((error) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw systemError(call, 'read', path, error);
  });
  if (there === undefined) return () => writeSmallFile(path, bytes, digest);
  if (there.equals(bytes)) return async () => {};
  throw stateError(call, `${path} is not the same as ${config}; remove it, or choose another folder`);
}
