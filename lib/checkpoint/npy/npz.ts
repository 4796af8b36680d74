// Arrays of NumPy, several in a zip file.

import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile, Options as ZipOptions } from 'yauzl';
import { checkOptions } from '../../arguments.js';
import { claim, release } from '../../claims.js';
import { argumentError, describe, fileError, formatError } from '../../errors.js';
import { checkPath, systemCode, systemError } from '../../paths.js';
import { Tensor } from '../../tensor/index.js';
import type { TensorView } from '../../view.js';
import { writeFiles } from '../files.js';
import { rowMajorBytes } from '../safetensors/elements.js';
import { headBytes, parseNpyHeader, prefixBytes } from './header.js';
import { checkDataBytes, NpyReader, npyParts } from './npy.js';

/** Options of `saveNpz`. */
export interface NpzOptions {
  /** Whether to compress, as `numpy.savez_compressed` does; false by default, as `numpy.savez`. Weights hardly get smaller. */
  compress?: boolean | undefined;
}

const suffix = '.npy';

/**
 * Reads all arrays of a .npz file, from a path or its bytes, stored or compressed, by the names they have in NumPy. Their
 * checksums are compared.
 *
 * @throws TypeError (ERR_FORMAT) for what is no zip file of whole .npy files, TypeError (ERR_DTYPE) for elements that tensors do
 * not have, RangeError (ERR_FILE) where the file cannot be read
 * @example
 * import { arange, randn } from 'evenkeel';
 * import { loadNpz, saveNpz } from 'evenkeel/checkpoint';
 *
 * await saveNpz('/tmp/arrays.npz', { x: randn(3, 4), steps: arange(5) }); // numpy.load('/tmp/arrays.npz')['x']
 * console.log((await loadNpz('/tmp/arrays.npz')).get('steps').shape); // [ 5 ]
 */
export async function loadNpz(path: string | URL | Uint8Array): Promise<Map<string, Tensor>> {
  const call = 'loadNpz';
  const name = types.isUint8Array(path) ? 'the buffer' : checkPath(call, path);
  try {
    const { zip, size } = await openZip(call, name, types.isUint8Array(path) ? path : undefined);
    try {
      return await readMembers(call, name, zip, size);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw zipError(call, name, error);
  }
}

async function openZip(
  call: string,
  name: string,
  bytes: Uint8Array | undefined,
): Promise<{ zip: ZipFile; size: number }> {
  const yauzl = await import('yauzl');
  // Names are decoded here: yauzl would take backslashes for slashes, and refuse what are paths only to who unpacks them.
  const options: ZipOptions = { lazyEntries: true, autoClose: false, decodeStrings: false };
  if (bytes !== undefined) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { zip: await yauzl.fromBufferPromise(buffer, options), size: bytes.length };
  }
  const found = await stat(name);
  if (!found.isFile())
    throw fileError(call, `cannot read ${name}: it is ${found.isDirectory() ? 'a folder' : 'no file'}`);
  return { zip: await yauzl.openPromise(name, options), size: found.size };
}

/** Errors of yauzl and zlib are plain ones with a message. */
function zipError(call: string, name: string, error: unknown): unknown {
  if (systemCode(error) !== undefined && (error as NodeJS.ErrnoException).syscall)
    return systemError(call, 'read', name, error);
  if (/^ERR_/.test((error as { code?: string }).code ?? '') && (error as Error).message.startsWith(`${call}: `))
    return error;
  return Object.assign(formatError(call, `${name} is no whole zip file: ${(error as Error).message}`), {
    cause: error,
  });
}

async function readMembers(call: string, name: string, zip: ZipFile, size: number): Promise<Map<string, Tensor>> {
  const members = new Map<string, Entry>();
  let compressed = 0;
  for await (const entry of zip.eachEntry()) {
    const member = memberName(call, name, entry);
    if (members.has(member)) throw formatError(call, `${name} has the array ${describe(member)} twice`);
    members.set(member, entry);
    // Members that share bytes would fill any memory from a small file.
    compressed += entry.compressedSize;
    if (compressed > size) throw formatError(call, `${name} has ${size} bytes, and members of more than that`);
  }
  const tensors = new Map<string, Tensor>();
  for (const [member, entry] of members)
    tensors.set(member, await readMember(call, `${name}: array ${describe(member)}`, zip, entry));
  return tensors;
}

function memberName(call: string, name: string, entry: Entry): string {
  let text: string;
  try {
    // Names without the flag for UTF-8 are in a code page of old; only what is ASCII there is beyond doubt.
    text = new TextDecoder('utf-8', { fatal: true }).decode(entry.fileNameRaw);
    if ((entry.generalPurposeBitFlag & 0x800) === 0 && /[\u0080-\uffff]/.test(text)) throw new Error();
  } catch {
    throw formatError(call, `${name} has a member whose name is not UTF-8`);
  }
  if (text.endsWith(suffix)) return text.slice(0, -suffix.length);
  throw formatError(call, `${name} has a member ${describe(text)}, which is no ${suffix} file`);
}

async function readMember(call: string, source: string, zip: ZipFile, entry: Entry): Promise<Tensor> {
  if (!entry.canDecodeFileData())
    throw formatError(call, `${source} is encrypted or compressed in a way that NumPy does not know`);
  const stream = await zip.openReadStreamPromise(entry);
  let head: Buffer = Buffer.alloc(0);
  let reader: NpyReader | undefined;
  let done = 0;
  let crc = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    crc = crc32(chunk, crc);
    let rest = chunk;
    if (reader === undefined) {
      head = Buffer.concat([head, chunk]);
      reader = startMember(call, source, head, entry.uncompressedSize);
      if (reader === undefined) continue;
      rest = head.subarray(reader.header.dataStart);
    }
    // yauzl sees to it that there are no more than the member's bytes.
    reader.bytes.set(rest, done);
    done += rest.length;
  }
  if (reader === undefined) throw formatError(call, `${source} is cut short in its header`);
  if (crc !== entry.crc32)
    throw formatError(call, `${source} is damaged: its checksum is ${crc}, expected ${entry.crc32}`);
  return reader.tensor();
}

/** What reads a member, once all of its head is there. */
function startMember(call: string, source: string, head: Uint8Array, size: number): NpyReader | undefined {
  if (head.length < Math.min(prefixBytes, size) || head.length < headBytes(call, source, head)) return undefined;
  const header = parseNpyHeader(call, source, head);
  checkDataBytes(call, source, header, size);
  return new NpyReader(call, source, header);
}

/**
 * Writes tensors as a .npz file. It takes the place of an older one only when it is whole; nothing may write to the tensors until
 * then. The same tensors give the same bytes.
 *
 * @throws TypeError (ERR_DTYPE) for bfloat16, which NumPy does not have, TypeError (ERR_ARGUMENT) for names that a zip file
 * cannot have, RangeError (ERR_FILE) where the file cannot be written
 * @example
 * import { randn } from 'evenkeel';
 * import { saveNpz } from 'evenkeel/checkpoint';
 *
 * await saveNpz('/tmp/arrays.npz', { 'fc1.weight': randn(3, 4) }, { compress: true });
 */
export async function saveNpz(
  path: string | URL,
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  options?: NpzOptions,
): Promise<void> {
  const call = 'saveNpz';
  const target = checkPath(call, path);
  const { compress = false } = checkOptions(call, options);
  if (typeof compress !== 'boolean')
    throw argumentError(call, `compress must be true or false, got ${describe(compress)}`);
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors) || tensors instanceof Tensor) {
    throw argumentError(call, `expected a Map or an object of tensors, got ${describe(tensors)}`);
  }
  const named = [...(types.isMap(tensors) ? tensors : Object.entries(tensors))] as [string, unknown][];
  const members = named.map(([name, tensor]) => ({ name: checkMember(call, name), ...npyParts(call, tensor) }));
  const claimed = claim(
    call,
    members.map(({ view }) => view),
    'read',
  );
  try {
    await writeFiles(call, [
      {
        path: target,
        async write(sink) {
          for await (const chunk of await zipOf(call, members, compress)) await sink(chunk);
        },
      },
    ]);
  } finally {
    release(claimed);
  }
}

function checkMember(call: string, name: unknown): string {
  if (typeof name !== 'string') throw argumentError(call, `a name must be a string, got ${describe(name)}`);
  // What a path of a zip file may not be; the format counts its bytes in 16 bits.
  const wrong = /^\/|^[A-Za-z]:|\\|\0|(?:^|\/)\.\.(?:\/|$)/.test(name) || Buffer.byteLength(name) > 60_000;
  if (!wrong && name.isWellFormed()) return name;
  throw argumentError(call, `${describe(name)} cannot be the name of a member of a zip file`);
}

interface Member {
  readonly name: string;
  readonly head: Uint8Array;
  readonly view: TensorView;
}

/** The bytes of a zip file. */
async function zipOf(call: string, members: readonly Member[], compress: boolean): Promise<AsyncIterable<Buffer>> {
  const yazl = await import('yazl');
  const zip = new yazl.ZipFile();
  const output = zip.outputStream as Readable;
  const fail = (error: Error) => output.destroy(error);
  zip.on('error', fail);
  // The first day that zip files know, in every time zone: the same tensors are to give the same file.
  const options = { compress, mtime: new Date(1980, 0, 1), forceDosTimestamp: true };
  for (const { name, head, view } of members) {
    zip.addReadStreamLazy(name + suffix, options, (start) => {
      const stream = Readable.from(pieces(call, head, view), { objectMode: false });
      start(null, stream.on('error', fail));
    });
  }
  zip.end();
  return output;
}

function* pieces(call: string, head: Uint8Array, view: TensorView): Generator<Uint8Array> {
  yield head;
  const bytes = rowMajorBytes(call, view);
  for (let i = 0; i < bytes.length; i += 1 << 20) yield bytes.subarray(i, i + (1 << 20));
}
