// Where the bytes of a checkpoint's tensors come from: drawn, part by part or as a whole, or copied from another checkpoint.
import { createHash } from 'node:crypto';
import { type DType, dtypes } from '../../dtype.js';
import { rangeError } from '../../errors.js';
import { fillPart, type Law } from '../../init/law.js';
import { initialiser, type NamedSpec } from '../../init/table.js';
import * as ops from '../../ops/index.js';
import type { Generator } from '../../random.js';
import type { Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { narrowView, outputView, reshapeView, type TensorView } from '../../view.js';

/** What tensors are copied from. */
interface Readable {
  readInto(name: string, begin: number, into: Uint8Array): Promise<void>;
}

/** Makes the bytes of one tensor, in any order and any number of times. */
export interface Source {
  /** Writes the tensor's bytes from `begin` on, as many as `into` has; both lie on whole elements, drawn ones on even ones. */
  read(into: Uint8Array, begin: number): void | Promise<void>;
  /** Gives back what was kept between calls. */
  end?(): void;
}

/** The elements that bytes stand for, as one dimension. */
export const flatView = (into: Uint8Array, dtype: DType): TensorView => {
  const { Array: Storage } = dtypes[dtype];
  const length = into.byteLength / Storage.BYTES_PER_ELEMENT;
  const array = new Storage(into.buffer as ArrayBuffer, into.byteOffset, length) as TensorView['array'];
  return { array, dtype, shape: [length], strides: [1], offset: 0 };
};

/** Bytes of a tensor. */
export function bytesOf(call: string, name: string, shape: readonly number[], dtype: DType): number {
  const bytes = shape.reduce((product, size) => product * size, dtypes[dtype].Array.BYTES_PER_ELEMENT);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw rangeError(call, `${name} of shape [${shape.join(', ')}] has more elements than a file can hold`);
}

/** Elements that are drawn by themselves: whatever part is asked for. */
export function drawn(call: string, path: string, law: Law, dtype: DType, root: Generator): Source {
  const size = dtypes[dtype].Array.BYTES_PER_ELEMENT;
  return {
    read(into, begin) {
      fillPart(call, flatView(into, dtype), law, root.spawn(path), begin / size);
    },
  };
}

/** Elements that are drawn together: the tensor is made when a part of it is first asked for, and kept until the last is. */
export function drawnWhole(
  call: string,
  path: string,
  init: NamedSpec,
  shape: Shape,
  dtype: DType,
  root: Generator,
): Source {
  let bytes: Uint8Array | undefined;
  return {
    read(into, begin) {
      if (bytes === undefined) {
        const view = outputView(call, shape, dtype);
        initialiser(path, init).apply(new Tensor(view), root.spawn(path));
        const { buffer, byteOffset, byteLength } = view.array;
        bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
      }
      into.set(bytes.subarray(begin, begin + into.byteLength));
    },
    end() {
      bytes = undefined;
    },
  };
}

/** The bytes of another checkpoint's tensor. */
export function copied(file: Readable, name: string): Source {
  return { read: (into, begin) => file.readInto(name, begin, into) };
}

/** The elements of another checkpoint's tensor, in another dtype. */
export function converted(call: string, file: Readable, name: string, from: DType, to: DType): Source {
  const [wide, narrow] = [dtypes[from].Array.BYTES_PER_ELEMENT, dtypes[to].Array.BYTES_PER_ELEMENT];
  return {
    async read(into, begin) {
      const length = into.byteLength / narrow;
      const bytes = new Uint8Array(length * wide);
      await file.readInto(name, (begin / narrow) * wide, bytes);
      ops.copy(call, flatView(bytes, from), flatView(into, to));
    },
  };
}

/** SHA-256 of a tensor's elements, in hexadecimal. */
export function digestOf(call: string, tensor: Tensor): string {
  const { array, offset } = ops.contiguous(call, tensor.elements);
  const start = array.byteOffset + offset * array.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(array.buffer as ArrayBuffer, start, tensor.numel() * array.BYTES_PER_ELEMENT);
  return createHash('sha256').update(bytes).digest('hex');
}

/** The elements of a tensor in memory, as they are when they are written. */
export function held(call: string, tensor: Tensor, dtype: DType): Source {
  let flat: TensorView | undefined;
  return {
    read(into, begin) {
      flat ??= reshapeView(call, ops.contiguous(call, tensor.elements), [-1])!;
      const to = flatView(into, dtype);
      ops.copy(call, narrowView(call, flat, 0, begin / to.array.BYTES_PER_ELEMENT, to.shape[0]!), to);
    },
    end() {
      flat = undefined;
    },
  };
}

/** The source with zeros from byte `from` to byte `to`. */
export function withZeros(source: Source, from: number, to: number): Source {
  const clear = (into: Uint8Array, begin: number) =>
    into.fill(0, Math.max(0, from - begin), Math.max(0, Math.min(into.length, to - begin)));
  return {
    ...source,
    async read(into, begin) {
      await source.read(into, begin);
      clear(into, begin);
    },
  };
}
