// Arrays of NumPy, one in a file.
import { types } from 'node:util';
import { claim, release } from '../../claims.js';
import { formatError } from '../../errors.js';
import { observe } from '../../memory.js';
import { contiguousCopy } from '../../ops/index.js';
import { checkPath } from '../../paths.js';
import { checkTensor, Tensor } from '../../tensor/index.js';
import { checkMemory, restride, type TensorView } from '../../view.js';
import { memorySource, openFile, type Source, writeFiles } from '../files.js';
import { checkTruth, emptyTensor, rowMajorBytes } from '../safetensors/elements.js';
import { headBytes, type NpyHeader, npyHead, parseNpyHeader, prefixBytes } from './header.js';

/** Puts bytes of a file into a tensor: the file's own order of bytes and of dimensions becomes ours. */
export class NpyReader {
  readonly #view: TensorView;
  /** To be filled with the file's bytes. */
  readonly bytes: Uint8Array;

  constructor(
    readonly call: string,
    readonly source: string,
    readonly header: NpyHeader,
  ) {
    const { shape, dtype, fortran } = header;
    const { view, bytes } = emptyTensor(call, fortran ? shape.toReversed() : shape, dtype);
    this.#view = view;
    this.bytes = bytes;
  }

  /** The tensor, once its bytes are there. */
  tensor(): Tensor {
    const { dtype, shape, fortran, bigEndian } = this.header;
    checkTruth(this.call, this.source, dtype, this.bytes);
    if (bigEndian) swap(this.bytes, this.#view.array.BYTES_PER_ELEMENT);
    if (!fortran || shape.length < 2) return new Tensor(this.#view);
    const transposed = restride(this.#view, shape, this.#view.strides.toReversed());
    return new Tensor(observe(undefined, () => contiguousCopy(this.call, transposed)));
  }
}

function swap(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  if (size === 4) buffer.swap32();
  if (size === 8) buffer.swap64();
}

/**
 * Reads a .npy file, from a path or its bytes: versions 1.0 to 3.0, either order of bytes, either order of dimensions. The tensor
 * is contiguous in row-major order.
 *
 * @throws TypeError (ERR_FORMAT) for what is no whole .npy file, TypeError (ERR_DTYPE) for elements that tensors do not have, such
 * as int8, complex numbers, text and Python objects, RangeError (ERR_FILE) where the file cannot be read
 * @example
 * import { randn } from 'evenkeel';
 * import { loadNpy, saveNpy } from 'evenkeel/checkpoint';
 *
 * await saveNpy('/tmp/weights.npy', randn(3, 4)); // numpy.load('/tmp/weights.npy')
 * console.log((await loadNpy('/tmp/weights.npy')).shape); // [ 3, 4 ]
 */
export async function loadNpy(path: string | URL | Uint8Array): Promise<Tensor> {
  const call = 'loadNpy';
  const file = types.isUint8Array(path) ? memorySource(path) : await openFile(call, checkPath(call, path));
  try {
    return await readNpy(call, file);
  } finally {
    await file.close();
  }
}

async function readNpy(call: string, file: Source): Promise<Tensor> {
  const prefix = new Uint8Array(Math.min(prefixBytes, file.size));
  await file.read(call, 0, prefix);
  const head = new Uint8Array(Math.min(headBytes(call, file.name, prefix), file.size));
  await file.read(call, 0, head);
  const header = parseNpyHeader(call, file.name, head);
  checkDataBytes(call, file.name, header, file.size);
  const reader = new NpyReader(call, file.name, header);
  await file.read(call, header.dataStart, reader.bytes);
  return reader.tensor();
}

/** Checks that a file ends where its elements do, before any memory is taken for them. */
export function checkDataBytes(call: string, source: string, { dataStart, dataBytes }: NpyHeader, size: number): void {
  if (dataStart + dataBytes === size) return;
  const problem = dataStart + dataBytes > size ? 'is cut short' : 'goes on after its array';
  throw formatError(
    call,
    `${source} ${problem}: its elements take ${dataBytes} bytes, and ${size - dataStart} are there`,
  );
}

/** What a .npy file of a tensor is made of. */
export function npyParts(call: string, tensor: unknown): { head: Uint8Array; view: TensorView } {
  const { elements } = checkTensor(call, tensor);
  checkMemory(call, elements);
  return { head: npyHead(call, elements.dtype, elements.shape), view: elements };
}

/**
 * The bytes of a .npy file with a tensor, those that NumPy writes: version 1.0, little-endian, row-major.
 *
 * @throws TypeError (ERR_DTYPE) for bfloat16, which NumPy does not have
 * @example
 * import { randn } from 'evenkeel';
 * import { serializeNpy } from 'evenkeel/checkpoint';
 *
 * const bytes = serializeNpy(randn(3, 4)); // 128 bytes of header and 48 of elements
 */
export function serializeNpy(tensor: Tensor): Uint8Array {
  const call = 'serializeNpy';
  const { head, view } = npyParts(call, tensor);
  const elements = rowMajorBytes(call, view);
  const out = new Uint8Array(head.length + elements.length);
  out.set(head);
  out.set(elements, head.length);
  return out;
}

/**
 * Writes a .npy file. It takes the place of an older one only when it is whole; nothing may write to the tensor until then.
 *
 * @throws TypeError (ERR_DTYPE) for bfloat16, which NumPy does not have, RangeError (ERR_FILE) where the file cannot be written
 * @example
 * import { randn } from 'evenkeel';
 * import { saveNpy } from 'evenkeel/checkpoint';
 *
 * await saveNpy('/tmp/weights.npy', randn(3, 4));
 */
export async function saveNpy(path: string | URL, tensor: Tensor): Promise<void> {
  const call = 'saveNpy';
  const target = checkPath(call, path);
  const { head, view } = npyParts(call, tensor);
  const claimed = claim(call, [view], 'read');
  try {
    await writeFiles(call, [
      {
        path: target,
        async write(sink) {
          await sink(head);
          await sink(rowMajorBytes(call, view));
        },
      },
    ]);
  } finally {
    release(claimed);
  }
}
