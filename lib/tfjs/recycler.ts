// Output buffers that are used again as soon as no tensor needs them, because a fresh array of 4 MB costs more than most
// kernels that fill it.
//
// A buffer is used again only when all of this holds: it was made here; every tensor's data that lies in it (slices share
// their source's) has been disposed of; and nobody outside was ever given an array on it. `hold` is told of every array that
// leaves the backend, and takes its buffer out for good: garbage collection frees it.
import { allocateOutput, observe } from '../memory.js';
import { arrays, type PlainArray, type PlainDType } from './core.js';

/** Smaller outputs are cheaper to allocate than to keep account of. */
const leastBytes = 4096;

/** The most that waits for being used again. */
const mostBytes = 256 << 20;

export class Recycler {
  /** Buffers made here, with the number of tensors' data in each. */
  readonly #counts = new WeakMap<ArrayBufferLike, number>();
  /** Buffers that wait, by size; the size used last at the end. */
  readonly #waiting = new Map<number, ArrayBuffer[]>();
  #waitingBytes = 0;
  #poison: boolean;

  /** @param poison whether buffers are filled with NaN (whole numbers: -1; booleans: 255) when they begin to wait */
  constructor(poison = false) {
    this.#poison = poison;
  }

  get poison(): boolean {
    return this.#poison;
  }

  set poison(on: boolean) {
    this.#poison = on;
  }

  /** Bytes that wait for being used again. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** An array with arbitrary elements, for an output of which a kernel writes every one. */
  take<D extends PlainDType>(dtype: D, length: number): InstanceType<(typeof arrays)[D]> {
    const bytes = length * arrays[dtype].BYTES_PER_ELEMENT;
    const buffer = bytes < leastBytes ? undefined : this.#reuse(bytes);
    if (buffer !== undefined) return new arrays[dtype](buffer, 0, length) as InstanceType<(typeof arrays)[D]>;
    const array = this.fresh(dtype, length);
    if (bytes >= leastBytes) this.#counts.set(array.buffer, 0);
    return array;
  }

  /** An array with arbitrary elements that is not used again. */
  fresh<D extends PlainDType>(dtype: D, length: number): InstanceType<(typeof arrays)[D]> {
    // No scope() of evenkeel's may take it: tensors of TensorFlow.js know nothing of its end.
    return observe(undefined, () => allocateOutput(dtype, length)) as InstanceType<(typeof arrays)[D]>;
  }

  #reuse(bytes: number): ArrayBuffer | undefined {
    const buffers = this.#waiting.get(bytes);
    const buffer = buffers?.pop();
    if (buffers === undefined || buffer === undefined) return undefined;
    this.#waitingBytes -= bytes;
    this.#waiting.delete(bytes);
    if (buffers.length > 0) this.#waiting.set(bytes, buffers);
    this.#counts.set(buffer, 0);
    return buffer;
  }

  /** Gives back an array that `take` returned and that no tensor's data ever was: scratch memory. */
  giveBack(array: PlainArray): void {
    if (this.#counts.get(array.buffer) === 0) this.#wait(array.buffer);
  }

  /** A tensor's data now lies in the array. */
  retain(values: unknown): void {
    if (!ArrayBuffer.isView(values)) return;
    const count = this.#counts.get(values.buffer);
    if (count !== undefined) this.#counts.set(values.buffer, count + 1);
  }

  /** The data of a tensor in the array was disposed of. */
  release(values: unknown): void {
    if (!ArrayBuffer.isView(values)) return;
    const count = this.#counts.get(values.buffer);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(values.buffer, count - 1);
    else this.#wait(values.buffer);
  }

  /** Somebody outside has the array: its buffer is never used again. */
  hold(values: unknown): void {
    if (ArrayBuffer.isView(values)) this.#counts.delete(values.buffer);
  }

  #wait(buffer: ArrayBufferLike): void {
    // Not counted while it waits: a mistaken second release finds nothing to do.
    this.#counts.delete(buffer);
    const bytes = buffer.byteLength;
    if (bytes < leastBytes || bytes > mostBytes) return;
    if (this.#poison) new Uint8Array(buffer).fill(0xff);
    const buffers = this.#waiting.get(bytes) ?? [];
    this.#waiting.delete(bytes);
    this.#waiting.set(bytes, buffers);
    buffers.push(buffer as ArrayBuffer);
    this.#waitingBytes += bytes;
    for (const [size, oldest] of this.#waiting) {
      while (this.#waitingBytes > mostBytes && oldest.shift() !== undefined) this.#waitingBytes -= size;
      if (oldest.length > 0) break;
      this.#waiting.delete(size);
    }
  }
}
