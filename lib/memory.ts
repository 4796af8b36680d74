// The memory of tensors: arrays from JavaScript's own allocator, and the pool of those that a scope gave back.
import { constants } from 'node:buffer';
import { type DType, dtypes, type TensorArray } from './dtype.js';
import { native } from './native.js';

/** Below this many bytes clearing costs less than going through Buffer. */
const clearedBytes = 16384;

/** From this many bytes on, huge pages make the first write cheaper. */
const hugeBytes = 1 << 20;

/** From this many bytes on, recycling an array (about a microsecond) costs less than memory that has left the cache. */
const recycledBytes = 128 << 10;

/** The most that the pool holds. */
const poolBytes = 128 << 20;

/** What is told of every array that is made: a scope, or a recording of kernel calls. */
export interface Observer {
  /** `cleared` is false for arrays whose elements are arbitrary. */
  made(array: TensorArray, cleared: boolean): void;
}

let observer: Observer | undefined;

/** Calls `fn` with `by` told of the arrays that are made, in place of whoever was told before. */
export function observe<T>(by: Observer | undefined, fn: () => T): T {
  const outer = observer;
  observer = by;
  try {
    return fn();
  } finally {
    observer = outer;
  }
}

/** Fresh zero-filled storage. */
export function allocate(dtype: DType, length: number): TensorArray {
  const array = new dtypes[dtype].Array(length) as TensorArray;
  if (array.byteLength >= hugeBytes) native.adviseHugePages(array);
  observer?.made(array, true);
  return array;
}

/** Storage whose contents are arbitrary: for outputs of which a kernel writes every element before anybody sees them. */
export function allocateOutput(dtype: DType, length: number): TensorArray {
  const { Array: Storage } = dtypes[dtype];
  const bytes = length * Storage.BYTES_PER_ELEMENT;
  if (bytes < clearedBytes || bytes > constants.MAX_LENGTH) return allocate(dtype, length);
  const array = new Storage(outputBuffer(bytes), 0, length) as TensorArray;
  observer?.made(array, false);
  return array;
}

function outputBuffer(bytes: number): ArrayBuffer {
  const pooled = bytes >= recycledBytes ? takeFromPool(bytes) : undefined;
  if (pooled !== undefined) return pooled;
  const { buffer } = Buffer.allocUnsafeSlow(bytes);
  if (bytes >= hugeBytes) native.adviseHugePages(new Uint8Array(buffer));
  return buffer as ArrayBuffer;
}

/** Recycled buffers by size, the size used last at the end. */
const pool = new Map<number, ArrayBuffer[]>();
let pooledBytes = 0;

function takeFromPool(bytes: number): ArrayBuffer | undefined {
  const buffers = pool.get(bytes);
  const buffer = buffers?.pop();
  if (buffers === undefined || buffer === undefined) return undefined;
  pooledBytes -= bytes;
  pool.delete(bytes);
  if (buffers.length > 0) pool.set(bytes, buffers);
  return buffer;
}

/** ES2024, Node.js 22. */
interface Transferable extends ArrayBuffer {
  transfer?(): ArrayBuffer;
}

/** A new buffer on the memory of one that is detached. By `transfer` a tenth of the time: 0.2 us in place of 2 to 4. */
function moved(buffer: Transferable): ArrayBuffer {
  return buffer.transfer?.() ?? structuredClone(buffer, { transfer: [buffer] });
}

/**
 * Takes a buffer's memory for outputs to come. Whoever still holds the buffer, or an array on it, finds it detached: that
 * is what keeps the memory from being used twice.
 */
function recycle(buffer: ArrayBuffer): void {
  const bytes = buffer.byteLength;
  if (bytes < recycledBytes || bytes > poolBytes) return;
  const buffers = pool.get(bytes) ?? [];
  pool.delete(bytes);
  pool.set(bytes, buffers);
  buffers.push(moved(buffer));
  pooledBytes += bytes;
  for (const [size, oldest] of pool) {
    while (pooledBytes > poolBytes && oldest.shift() !== undefined) pooledBytes -= size;
    if (oldest.length > 0) break;
    pool.delete(size);
  }
}

/** What has been made since a scope began, and may be recycled when it ends. */
export class ScopeMemory implements Observer {
  readonly #outer: ScopeMemory | undefined = observer instanceof ScopeMemory ? observer : undefined;
  readonly #buffers = new Set<ArrayBufferLike>();

  made(array: TensorArray, cleared: boolean): void {
    if (!cleared && array.byteLength >= recycledBytes) this.#buffers.add(array.buffer);
  }

  /** Leaves a buffer alone for good, in the scopes around this one too. */
  keep(buffer: ArrayBufferLike): void {
    this.#buffers.delete(buffer);
    this.#outer?.keep(buffer);
  }

  /** Ends the scope: what its result holds, or all of it, passes to the scope around it; the rest is recycled. */
  end(held: Iterable<ArrayBufferLike> | 'all'): void {
    const outer = this.#outer;
    for (const buffer of held === 'all' ? [...this.#buffers] : held)
      if (this.#buffers.delete(buffer) && outer !== undefined) outer.#buffers.add(buffer);
    for (const buffer of this.#buffers) recycle(buffer as ArrayBuffer);
    this.#buffers.clear();
  }
}

/** Keeps an array's memory out of the pool, whatever scope it was made in: for what others than the scope's tensors hold. */
export function keepArray(array: ArrayBufferView): void {
  if (observer instanceof ScopeMemory) observer.keep(array.buffer);
}
