// The header of a safetensors file: 8 bytes with the length of a JSON text, that text, then the tensors' bytes. Pure functions of
// bytes; what the format asks for is checked in full, so that whoever has a Header may trust every offset in it.
//
// Source of the format: github.com/huggingface/safetensors, README "Format" and the checks of its Rust reader. Stricter than that
// reader: a key that appears twice (which the README forbids and the reader lets pass), an unknown key of a tensor (which might
// change what its bytes mean), `"__metadata__": null`, and anything but spaces around the JSON text are errors.
import { argumentError, describe, dtypeError, formatError, rangeError } from '../../errors.js';
import type { Shape } from '../../shape.js';
import { describeJson, type Json, OtherNumber, parseJson } from '../json.js';
import { alignmentRank, byteLength, isSafetensorsDType, type SafetensorsDType, safetensorsDTypes } from './dtypes.js';

/** A tensor in a safetensors file. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
  /** Where its bytes begin and end, counted from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

/** What the header of a safetensors file says. */
export interface Header {
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The file's `__metadata__`; an object without a prototype, empty where there is none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins, in bytes from the start of the file. */
  readonly dataStart: number;
  /** Bytes of the whole file. */
  readonly size: number;
}

/** The most bytes that a header may have, by the format's own rule. */
export const maxHeaderBytes = 100_000_000;

/** Bytes before the header: its length. */
export const lengthBytes = 8;

const metadataKey = '__metadata__';

/** The header, its entries, their arrays. */
const headerDepth = 3;

/**
 * Bytes of a file's JSON text, from the file's first 8 bytes.
 *
 * @param source what errors call the file
 * @throws TypeError (ERR_FORMAT) where the file cannot have such a header
 */
export function headerLength(call: string, first: Uint8Array, fileSize: number, source = 'the file'): number {
  if (fileSize < lengthBytes || first.length < lengthBytes) {
    throw formatError(
      call,
      `${source} has ${Math.min(fileSize, first.length)} bytes; a safetensors file begins with the 8 bytes of its header's length`,
    );
  }
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > maxHeaderBytes) {
    throw formatError(
      call,
      `${source} is no safetensors file: its header would have ${length} bytes, at most ${maxHeaderBytes} are allowed`,
    );
  }
  if (lengthBytes + Number(length) > fileSize) {
    throw formatError(
      call,
      `${source} is cut short: its header has ${length} bytes, and ${fileSize - lengthBytes} are there after its length`,
    );
  }
  return Number(length);
}

/**
 * The header of a safetensors file.
 *
 * @param call the call that errors name
 * @param bytes the file from its start, at least to the end of the header
 * @param fileSize bytes of the whole file
 * @param source what errors call the file
 * @throws TypeError (ERR_FORMAT) for anything that the format does not allow
 */
export function parseHeader(call: string, bytes: Uint8Array, fileSize: number, source = 'the file'): Header {
  const dataStart = lengthBytes + headerLength(call, bytes, fileSize, source);
  if (bytes.length < dataStart) {
    throw formatError(
      call,
      `${source} is cut short: its header ends at byte ${dataStart}, and ${bytes.length} are there`,
    );
  }
  const at = `${source}: the header`;
  const json = parseJson(call, at, headerText(call, at, bytes.subarray(lengthBytes, dataStart)), headerDepth);
  const entries = [...(json as Map<string, Json>)];
  const metadata = readMetadata(call, at, (json as Map<string, Json>).get(metadataKey));
  const infos = entries
    .filter(([name]) => name !== metadataKey)
    .map(([name, entry]) => readEntry(call, source, name, entry));
  infos.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(call, source, infos, fileSize - dataStart);
  return { tensors: new Map(infos.map((info) => [info.name, info])), metadata, dataStart, size: fileSize };
}

function headerText(call: string, at: string, bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) {
    const found = bytes.length === 0 ? 'is empty' : `begins with byte ${bytes[0]}`;
    throw formatError(call, `${at} ${found}; it must begin with {`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw formatError(call, `${at} is not UTF-8`);
  }
}

function readMetadata(call: string, at: string, json: Json | undefined): Record<string, string> {
  // A key may be __proto__.
  const metadata: Record<string, string> = Object.create(null);
  if (json === undefined) return metadata;
  if (!(json instanceof Map))
    throw formatError(call, `${at}: ${metadataKey} must be an object, got ${describeJson(json)}`);
  for (const [key, value] of json) {
    if (typeof value !== 'string') {
      throw formatError(
        call,
        `${at}: ${metadataKey} must hold strings, got ${describeJson(value)} for ${describe(key)}`,
      );
    }
    metadata[key] = value;
  }
  return metadata;
}

function readEntry(call: string, source: string, name: string, entry: Json): TensorInfo {
  const wrong = (problem: string) => formatError(call, `${source}: tensor ${describe(name)}${problem}`);
  if (!(entry instanceof Map)) {
    throw wrong(` must be an object of dtype, shape and data_offsets, got ${describeJson(entry)}`);
  }
  for (const key of entry.keys()) {
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets')
      throw wrong(` has an unknown key ${describe(key)}`);
  }
  const dtype = entry.get('dtype');
  if (!isSafetensorsDType(dtype)) {
    throw wrong(`: dtype must be one of ${safetensorsDTypes.join(', ')}, got ${describeJson(dtype)}`);
  }
  const shape = wholeNumbers(entry.get('shape'), (got) =>
    wrong(`: shape must be an array of whole numbers, got ${got}`),
  );
  const offsets = wholeNumbers(entry.get('data_offsets'), (got) =>
    wrong(`: data_offsets must be two whole numbers, got ${got}`),
  );
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    throw wrong(`: data_offsets must be two whole numbers, got ${offsets.length}`);
  }
  if (end < begin) throw wrong(` ends at byte ${end}, before its begin at byte ${begin}`);
  const bytes = byteLength(dtype, shape);
  if (typeof bytes === 'string') throw wrong(` of shape ${describe(shape)} and dtype ${dtype} ${bytes}`);
  if (end - begin !== bytes) {
    throw wrong(` has ${end - begin} bytes; shape ${describe(shape)} of ${dtype} takes ${bytes}`);
  }
  return { name, dtype, shape, begin, end };
}

function wholeNumbers(json: Json | undefined, wrong: (got: string) => Error): number[] {
  if (!Array.isArray(json)) throw wrong(describeJson(json));
  for (const item of json) {
    if (typeof item === 'number') continue;
    throw wrong(
      item instanceof OtherNumber && /^\d+$/.test(item.text)
        ? `${describeJson(item)}, beyond 2^53 - 1`
        : describeJson(item),
    );
  }
  return json as number[];
}

/** Checks that tensors, in the order of their bytes, cover the data without holes and without overlapping. */
function checkCover(call: string, source: string, infos: readonly TensorInfo[], dataBytes: number): void {
  let end = 0;
  for (const info of infos) {
    if (info.begin !== end) {
      const problem = info.begin < end ? 'overlaps the one before it' : 'leaves a hole before it';
      throw formatError(
        call,
        `${source}: tensor ${describe(info.name)} ${problem}: it begins at byte ${info.begin} of the data, expected ${end}`,
      );
    }
    end = info.end;
  }
  if (end === dataBytes) return;
  const problem = end > dataBytes ? 'is cut short' : 'has bytes that belong to no tensor';
  throw formatError(
    call,
    `${source} ${problem}: its tensors take ${end} bytes, and ${dataBytes} are there after the header`,
  );
}

/** A tensor that is to be in a file. */
export interface TensorLayout {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: Shape;
}

/**
 * The header of a file that is to hold these tensors, and its bytes: the length and the padding to a multiple of 8 included.
 * Tensors lie in the format's order of dtypes from the last to the first, which is from larger elements to smaller ones, and
 * by name (in the order of code points) within a dtype: so there are no holes, every tensor is aligned to its elements, and
 * the file is the one that the reference implementation would write.
 *
 * @param metadata the file's `__metadata__`, written in the order of its keys; none by default
 * @throws TypeError (ERR_ARGUMENT, ERR_DTYPE) and RangeError (ERR_RANGE) for what the format cannot hold
 */
export function layOut(
  call: string,
  tensors: Iterable<TensorLayout>,
  metadata: Readonly<Record<string, string>> = {},
): { header: Header; bytes: Uint8Array } {
  const sized = [...tensors].map((tensor) => checkLayout(call, tensor));
  sized.sort((a, b) => b.rank - a.rank || Buffer.compare(a.key, b.key));
  const infos = new Map<string, TensorInfo>();
  let begin = 0;
  for (const { name, dtype, shape, bytes } of sized) {
    if (infos.has(name)) throw argumentError(call, `two tensors are called ${describe(name)}`);
    infos.set(name, { name, dtype, shape, begin, end: begin + bytes });
    begin += bytes;
  }
  const text = Buffer.from(headerJson([...infos.values()], checkMetadata(call, metadata)));
  const length = Math.ceil(text.length / 8) * 8;
  if (length > maxHeaderBytes) {
    throw rangeError(
      call,
      `${infos.size} tensors make a header of ${length} bytes, at most ${maxHeaderBytes} are allowed`,
    );
  }
  const dataStart = lengthBytes + length;
  if (!Number.isSafeInteger(dataStart + begin))
    throw rangeError(call, 'the tensors have more bytes than a file can hold');
  const bytes = new Uint8Array(dataStart).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, lengthBytes);
  const kept = Object.assign(Object.create(null) as Record<string, string>, metadata);
  return { header: { tensors: infos, metadata: kept, dataStart, size: dataStart + begin }, bytes };
}

function checkLayout(call: string, { name, dtype, shape }: TensorLayout) {
  checkText(call, 'a name', name);
  if (name === metadataKey)
    throw argumentError(call, `a tensor cannot be called ${metadataKey}: the format needs the name`);
  if (!isSafetensorsDType(dtype))
    throw dtypeError(call, `unknown safetensors dtype ${describe(dtype)} of ${describe(name)}`);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw argumentError(
      call,
      `the shape of ${describe(name)} must be an array of whole numbers, got ${describe(shape)}`,
    );
  }
  const bytes = byteLength(dtype, shape);
  if (typeof bytes === 'string') {
    throw rangeError(call, `${describe(name)} of shape ${describe(shape)} and dtype ${dtype} ${bytes}`);
  }
  return { name, dtype, shape: [...shape], bytes, rank: alignmentRank(dtype), key: Buffer.from(name) };
}

function checkText(call: string, what: string, text: unknown): string {
  if (typeof text !== 'string') throw argumentError(call, `${what} must be a string, got ${describe(text)}`);
  if (text.isWellFormed()) return text;
  throw argumentError(
    call,
    `${what} must be made of whole characters, got half of a surrogate pair in ${describe(text)}`,
  );
}

function checkMetadata(call: string, metadata: unknown): [key: string, value: string][] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw argumentError(call, `metadata must be an object of strings, got ${describe(metadata)}`);
  }
  const entries = Object.entries(metadata).map(([key, value]) => {
    checkText(call, 'a key of metadata', key);
    return [key, checkText(call, `metadata ${describe(key)}`, value)] as [string, string];
  });
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Written by hand: an object of JavaScript would put names like "0" first, and trip over `__proto__`. */
function headerJson(infos: readonly TensorInfo[], metadata: [key: string, value: string][]): string {
  const text = metadata.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  const entries = infos.map(
    ({ name, dtype, shape, begin, end }) =>
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`,
  );
  return `{${[...(metadata.length > 0 ? [`"${metadataKey}":{${text}}`] : []), ...entries].join(',')}}`;
}
