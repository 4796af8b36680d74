// The other side of initializeAsync: a worker thread that initialises one parameter after the other, as it is asked to.
import { parentPort } from 'node:worker_threads';
import type { DType, TensorArray } from '../dtype.js';
import { type Algorithm, Generator } from '../random.js';
import type { Shape } from '../shape.js';
import { Tensor } from '../tensor/index.js';
import { allocateView, restride } from '../view.js';
import { initialiser, type NamedSpec } from './table.js';

/** One parameter, and what it is to be initialised with. */
export interface InitTask {
  readonly path: string;
  readonly init: NamedSpec;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Those of the parameter: what torch's generator draws may depend on the layout. */
  readonly strides: Shape;
  readonly algorithm: Algorithm;
  readonly state: Uint8Array;
}

/** The elements, from the first one to the last in memory; or what went wrong. */
export type InitAnswer =
  | { readonly array: TensorArray }
  | { readonly error: unknown; readonly code: string | undefined };

function initialise({ path, init, dtype, shape, strides, algorithm, state }: InitTask): TensorArray {
  const reach = shape.includes(0) ? 0 : shape.reduce((last, size, d) => last + (size - 1) * strides[d]!, 1);
  const memory = allocateView('initializeAsync', [reach], dtype);
  const generator = new Generator(0, { algorithm }).setState(state);
  initialiser(path, init).apply(new Tensor(restride(memory, shape, strides)), generator);
  return memory.array as TensorArray;
}

parentPort?.on('message', (task: InitTask) => {
  let answer: InitAnswer;
  try {
    answer = { array: initialise(task) };
  } catch (error) {
    answer = { error, code: (error as { code?: string }).code };
  }
  parentPort!.postMessage(answer, 'array' in answer ? [answer.array.buffer as ArrayBuffer] : []);
});
