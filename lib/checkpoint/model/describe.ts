// Descriptions of models from whatever a user has: a module, a document or a path to one, a checkpoint.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions } from '../../arguments.js';
import { argumentError, describe, fileError, formatError, renamed } from '../../errors.js';
import { Module } from '../../nn/index.js';
import { checkPath, readWhole } from '../files.js';
import { openCheckpoint } from '../safetensors/file.js';
import { describeCheckpoint } from './checkpoint.js';
import type { ModelDescription } from './description.js';
import { describeConfig } from './huggingface/config.js';
import { describeModule } from './module.js';
import { describeSpec, type Spec } from './spec.js';
import { parseDocument } from './validate.js';

/**
 * What describes a model: a module, the contents of a spec or of a config.json, or a path. A path is to a JSON file with either,
 * a safetensors file, the index of one in several files, or a folder with one of these.
 */
export type ModelSource = Module | string | URL | { readonly spec: Spec } | { readonly config: object };

/** Options of `describeModel`. */
export interface DescribeOptions {
  /** The class of the model where a configuration does not say it, or says another one: 'LlamaForCausalLM'. */
  readonly architecture?: string;
}

/** Documents of this kind have kilobytes; of a spec with a million tensors, a hundred megabytes. */
const largestDocument = 256e6;

const exists = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined;

/** What lies at a path: a document, or else a checkpoint. In a folder both is one too many. */
async function findDocument(call: string, path: string): Promise<string | undefined> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder) return path.endsWith('.json') && !path.endsWith('.index.json') ? path : undefined;
  const config = join(path, 'config.json');
  if (!(await exists(config))) return undefined;
  const names = ['model.safetensors', 'model.safetensors.index.json'];
  for (const name of names) {
    if (!(await exists(join(path, name)))) continue;
    throw fileError(call, `${path} has a config.json and a ${name}: give the path of the one that describes the model`);
  }
  return config;
}

async function readDocument(call: string, path: string): Promise<object> {
  const bytes = await readWhole(call, path, largestDocument);
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

async function describePath(call: string, path: string, options: DescribeOptions): Promise<ModelDescription> {
  const file = await findDocument(call, path);
  if (file === undefined) {
    const checkpoint = await openCheckpoint(path);
    try {
      return describeCheckpoint(checkpoint, { source: path });
    } finally {
      await checkpoint.close();
    }
  }
  const document = await readDocument(call, file);
  if ('model_type' in document) return describeConfig(document, { ...options, source: file });
  if ('tensors' in document) return describeSpec(document as Spec, { source: file });
  throw formatError(
    call,
    `${file}: expected a Hugging Face configuration, which has a model_type, or a spec, which has tensors`,
  );
}

/**
 * The tensors of a model, from any source: names, shapes, dtypes and schemes of initialisation. No elements are read or made.
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
export async function describeModel(source: ModelSource, options?: DescribeOptions): Promise<ModelDescription> {
  const call = 'describeModel';
  const given = checkOptions(call, options);
  try {
    if (source instanceof Module) return describeModule(source);
    if (typeof source === 'string' || source instanceof URL) {
      return await describePath(call, checkPath(call, source), given);
    }
    if (typeof source === 'object' && source !== null) {
      if ('spec' in source) return describeSpec(source.spec);
      if ('config' in source) return describeConfig(source.config, given);
    }
  } catch (error) {
    throw renamed(call, error);
  }
  throw argumentError(call, `expected an nn.Module, a path, { spec } or { config }, got ${describe(source)}`);
}
