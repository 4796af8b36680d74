// What people name a model by: a module, a document, or a path to one.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe, formatError, renamed } from '../../errors.js';
import { Module } from '../../nn/index.js';
import { checkPath } from '../../paths.js';
import { readWhole } from '../files.js';
import { openCheckpoint } from '../safetensors/file.js';
import { describeCheckpoint } from './checkpoint.js';
import type { ModelDescription } from './description.js';
import { describeConfig } from './huggingface/config.js';
import { families } from './huggingface/families.js';
import { describeModule } from './module.js';
import { describeSpec, type Spec } from './spec.js';
import { parseDocument } from './validate.js';

/**
 * A model: an nn.Module; a spec, or the contents of a Hugging Face config.json, as an object; or a path: to a JSON file with either,
 * to a checkpoint (a safetensors file, an index), or to a folder with a config.json or a checkpoint. Where a folder has both, its
 * config.json describes the model, unless that is of a family which is not known here.
 */
export type ModelSource = Module | Spec | Readonly<Record<string, unknown>> | string | URL;

/** Options of `describeModel`. */
export interface DescribeOptions {
  /** The class of the model where a configuration does not say it, or says another one: 'LlamaForCausalLM'. */
  readonly architecture?: string;
}

/** The most bytes that a document has. */
export const maxDocument = 100_000_000;

/**
 * What a checkpoint of the model is to hold: names, shapes, dtypes and schemes of initialisation. No elements are read or made; of an
 * existing checkpoint only the header is read.
 *
 * @throws TypeError (ERR_FORMAT) for documents and headers that are not what they should be; RangeError (ERR_FILE) for paths
 * that cannot be read; TypeError (ERR_ARGUMENT) for anything else
 * @example
 * import { nn } from 'evenkeel';
 * import { describeModel } from 'evenkeel/checkpoint';
 *
 * const huge = new nn.Linear(1_000_000, 1_000_000, { init: false });
 * const { tensors } = await describeModel(huge);
 * console.log(tensors[0].shape); // [ 1000000, 1000000 ]
 */
export async function describeModel(model: ModelSource, options?: DescribeOptions): Promise<ModelDescription> {
  const call = 'describeModel';
  const given = checkOptions(call, options);
  try {
    if (model instanceof Module) return describeModule(model);
    if (typeof model === 'string' || model instanceof URL) {
      return await describePath(call, checkPath(call, model), given);
    }
    if (typeof model === 'object' && model !== null && !Array.isArray(model)) {
      return describeDocument(call, model, given);
    }
  } catch (error) {
    throw renamed(call, error);
  }
  throw argumentError(
    call,
    `expected a module, a spec, the contents of a config.json, or a path to one, got ${describe(model)}`,
  );
}

function describeDocument(call: string, document: object, options: DescribeOptions, source?: string): ModelDescription {
  const named = source === undefined ? {} : { source };
  if ('model_type' in document) return describeConfig(document, { ...options, ...named });
  if ('tensors' in document) return describeSpec(document as Spec, named);
  throw formatError(
    call,
    `${source ?? 'model'}: expected a Hugging Face configuration, which has a model_type, or a spec, which has tensors`,
  );
}

function describeFile(call: string, document: object, options: DescribeOptions, path: string): ModelDescription {
  const description = describeDocument(call, document, options, path);
  return 'model_type' in document ? { ...description, config: path } : description;
}

async function describePath(call: string, path: string, options: DescribeOptions): Promise<ModelDescription> {
  if (path.endsWith('.json') && !path.endsWith('.index.json')) {
    return describeFile(call, await readDocument(call, path), options, path);
  }
  const config = join(path, 'config.json');
  if (await exists(config)) {
    const document = await readDocument(call, config);
    const known = families.has((document as { model_type?: string }).model_type ?? '');
    if (known || !(await hasCheckpoint(path))) return describeFile(call, document, options, config);
  }
  const checkpoint = await openCheckpoint(path);
  try {
    return describeCheckpoint(checkpoint, { source: path });
  } finally {
    await checkpoint.close();
  }
}

/** Whether something is there. What goes wrong with it is said when it is read. */
const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;

async function hasCheckpoint(folder: string): Promise<boolean> {
  const names = ['model.safetensors', 'model.safetensors.index.json'];
  const found = await Promise.all(names.map((name) => exists(join(folder, name))));
  return found.includes(true);
}

async function readDocument(call: string, path: string): Promise<object> {
  const bytes = await readWhole(call, path, maxDocument);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw Object.assign(formatError(call, `${path} is not UTF-8 text`), { cause });
  }
  const document = parseDocument(call, path, text);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw formatError(call, `${path}: expected an object, got ${describe(document)}`);
}
