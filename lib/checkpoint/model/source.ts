// What people name a model by: a module, a document, or a path to one.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentError, describe, formatError } from '../../errors.js';
import { Module } from '../../nn/index.js';
import { readWhole } from '../files.js';
import { openCheckpoint } from '../safetensors/file.js';
import { describeCheckpoint } from './checkpoint.js';
import type { ModelDescription } from './description.js';
import { describeConfig } from './huggingface/config.js';
import { describeModule } from './module.js';
import { describeSpec, type Spec } from './spec.js';

/**
 * A model: an nn.Module, a spec or the contents of a Hugging Face config.json as an object, or a path: to a JSON file with either,
 * to a checkpoint (a safetensors file, an index, a folder with either), or to a folder with a config.json and no checkpoint.
 */
export type ModelSource = Module | Spec | Readonly<Record<string, unknown>> | string;

/** The most bytes that a document has. */
const maxDocument = 100_000_000;

/**
 * What a checkpoint of the model is to hold. Of an existing checkpoint only the header is read.
 *
 * @throws what `describeSpec`, `describeConfig`, `describeModule`, `describeCheckpoint` and `openCheckpoint` throw; RangeError
 * (ERR_FILE) for a file that cannot be read
 * @example
 * const { tensors } = await describeModel({ tensors: { 'fc.weight': [10, 20] } });
 * console.log(tensors[0].shape); // [ 10, 20 ]
 */
export async function describeModel(model: ModelSource): Promise<ModelDescription> {
  const call = 'describeModel';
  if (model instanceof Module) return describeModule(model);
  if (typeof model === 'string') return describePath(call, model);
  if (typeof model === 'object' && model !== null && !Array.isArray(model)) return describeDocument(model);
  throw argumentError(
    call,
    `expected a module, a spec, the contents of a config.json, or a path to one, got ${describe(model)}`,
  );
}

const isConfig = (document: object) => 'model_type' in document || 'architectures' in document;

function describeDocument(document: object, source?: string): ModelDescription {
  const options = source === undefined ? {} : { source };
  return isConfig(document) ? describeConfig(document, options) : describeSpec(document as Spec, options);
}

async function describeFile(call: string, path: string): Promise<ModelDescription> {
  const document = await readDocument(call, path);
  const description = describeDocument(document, path);
  return isConfig(document) ? { ...description, config: path } : description;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function describePath(call: string, path: string): Promise<ModelDescription> {
  if (path.endsWith('.json') && !path.endsWith('.index.json')) return describeFile(call, path);
  const config = join(path, 'config.json');
  if (await isThere(config)) return describeFile(call, config);
  const checkpoint = await openCheckpoint(path);
  try {
    return describeCheckpoint(checkpoint, { source: path });
  } finally {
    await checkpoint.close();
  }
}

async function readDocument(call: string, path: string): Promise<object> {
  const text = new TextDecoder().decode(await readWhole(call, path, maxDocument));
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  } catch (error) {
    throw formatError(call, `${path} is no JSON: ${(error as Error).message}`);
  }
  throw formatError(call, `${path} must hold an object`);
}
