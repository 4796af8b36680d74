// Where the bytes of a checkpoint's tensors come from: drawn, part by part or as a whole, or copied from another checkpoint.
import type { DType } from '../../dtype.js';
import { dtypes } from '../../dtype.js';
import { fillPart, type Law } from '../../init/law.js';
import { initialiser, type NamedSpec } from '../../init/table.js';
import * as ops from '../../ops/index.js';
import type { Generator } from '../../random.js';
import type { Shape } from '../../shape.js';
import { Tensor } from '../../tensor/index.js';
import { outputView, type TensorView } from '../../view.js';
import type { CheckpointFile } from '../safetensors/file.js';

/** Makes the bytes of one tensor, in any order and any number of times. */
export interface Source {
  /** Writes the tensor's bytes from `begin` on, as many as `into` has; both lie on whole elements, drawn ones on even ones. */
  read(into: Uint8Array, begin: number): void | Promise<void>;
  /** Gives back what was kept between calls. */
  end?(): void;
}

const flatView = (into: Uint8Array, dtype: DType): TensorView => {
  const { Array: Storage } = dtypes[dtype];
  const length = into.byteLength / Storage.BYTES_PER_ELEMENT;
  const array = new Storage(into.buffer as ArrayBuffer, into.byteOffset, length) as TensorView['array'];
  return { array, dtype, shape: [length], strides: [1], offset: 0 };
};

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
export function copied(file: CheckpointFile, name: string): Source {
  return { read: (into, begin) => file.readInto(name, begin, into) };
}

/** The elements of another checkpoint's tensor, in another dtype. */
export function converted(call: string, file: CheckpointFile, name: string, from: DType, to: DType): Source {
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
