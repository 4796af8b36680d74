// Initialising a whole model without holding up the event loop: a worker thread makes the numbers, parameter by parameter,
// and this one copies them in.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { checkOptions } from '../arguments.js';
import { type Claim, claim, release, writeClaimed } from '../claims.js';
import type { TensorArray } from '../dtype.js';
import { argumentError, describe, renamed } from '../errors.js';
import { type AsyncOptions, checkSignal, unlessAborted } from '../job.js';
import * as ops from '../ops/index.js';
import type { Generator } from '../random.js';
import { root } from '../root.js';
import { numElements } from '../shape.js';
import {
  checkMemory,
  checkWritable,
  isViewContiguous,
  narrowView,
  restride,
  selectView,
  type TensorView,
} from '../view.js';
import {
  checkModel,
  checkSource,
  type Initialisable,
  type InitializeOptions,
  InitReport,
  makePlan,
  type PlanRow,
  type Rule,
} from './rules.js';
import type { InitAnswer, InitTask } from './worker.js';

/** How far `initializeAsync` has come. */
export interface InitProgress {
  /** The parameter that is done. */
  readonly path: string;
  /** How many are done, and how many there are to initialise. */
  readonly done: number;
  readonly total: number;
}

/** Options of `initializeAsync`. */
export interface InitializeAsyncOptions extends InitializeOptions, AsyncOptions {
  /** Called after each parameter; what it throws rejects the promise. */
  onProgress?: (progress: InitProgress) => void;
}

const call = 'initializeAsync';

/** How long the main thread copies before it lets others have a turn, in ms, and how much before it looks at the clock. */
const copyTime = 2;
const copyElements = 1 << 16;

/**
 * `initialize` with the work done in a worker thread: the same plan, and the same values to the bit. A parameter is written to
 * only when all its numbers are there. Until the promise is settled, writing to the model's parameters otherwise is an error
 * (ERR_STATE), a second call on the same model included. After an abort, or an error, parameters that are done keep their new
 * values, and the others are as they were.
 *
 * @returns a promise of the report; it rejects with the errors of `initialize`, with TypeError (ERR_DETACHED) where a parameter's
 * memory goes away meanwhile, or with the signal's reason, as soon as it is aborted
 * @example
 * await init.initializeAsync(net, init.presets.torch(), {
 *   seed: 0,
 *   onProgress: ({ path, done, total }) => console.log(`${path} (${done} of ${total})`),
 * });
 */
export async function initializeAsync(
  model: Initialisable,
  rules: readonly Rule[],
  options?: InitializeAsyncOptions,
): Promise<InitReport> {
  const { dryRun = false, onProgress, signal: given, ...source } = checkOptions(call, options);
  const signal = checkSignal(call, given);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw argumentError(call, `onProgress must be a function, got ${describe(onProgress)}`);
  }
  let rows: PlanRow[];
  let tasks: Task[] = [];
  try {
    checkModel(model);
    const spawner = dryRun ? undefined : checkSource(source);
    rows = makePlan(model, rules);
    if (spawner !== undefined) tasks = makeTasks(model, rows, spawner);
  } catch (error) {
    throw renamed(call, error);
  }
  signal?.throwIfAborted();
  if (tasks.length > 0) await unlessAborted(initialiseAll(tasks, signal, onProgress), signal);
  return new InitReport(rows, dryRun);
}

/** What a parameter's numbers are made from, and where they go. */
type Task = readonly [InitTask, TensorView];

function makeTasks(model: Initialisable, rows: readonly PlanRow[], spawner: Generator): Task[] {
  const parameters = new Map(model.namedParameters());
  const tasks: Task[] = [];
  for (const { path, init } of rows) {
    if (init === 'keep') continue;
    const view = parameters.get(path)!.elements;
    checkWritable(call, view);
    checkMemory(call, view);
    const { dtype, shape, strides } = view;
    const state = spawner.spawn(path).getState();
    tasks.push([{ path, init, dtype, shape, strides, algorithm: spawner.algorithm, state }, view]);
  }
  return tasks;
}

async function initialiseAll(
  tasks: readonly Task[],
  signal: AbortSignal | undefined,
  onProgress: ((progress: InitProgress) => void) | undefined,
): Promise<void> {
  const claimed = claim(
    call,
    tasks.map(([, view]) => view),
  );
  const worker = new InitWorker();
  const abort = () => worker.end(signal!.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (const [i, [task, view]] of tasks.entries()) {
      const array = await worker.do(task);
      signal?.throwIfAborted();
      await copyIn({ ...view, array, offset: 0 }, view, claimed);
      onProgress?.({ path: task.path, done: i + 1, total: tasks.length });
      signal?.throwIfAborted();
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    release(claimed);
    worker.end();
  }
}

/** A worker thread that does one task at a time. */
class InitWorker {
  readonly #worker = new Worker(`${root}dist/init/worker.js`, { execArgv: [] });
  #resolve: (array: TensorArray) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor() {
    this.#worker.on('message', (answer: InitAnswer) => {
      if ('array' in answer) this.#resolve(answer.array);
      else this.#reject(renamed(call, Object.assign(answer.error as Error, { code: answer.code })));
    });
    this.#worker.on('error', (error) => this.#reject(error));
    this.#worker.on('exit', (code) => this.#reject(new Error(`the worker thread ended with exit code ${code}`)));
  }

  do(task: InitTask): Promise<TensorArray> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#worker.postMessage(task);
    });
  }

  /** Ends the thread, once it has left the kernel that it may be in; a task that is waited for fails with `reason`. */
  end(reason?: unknown): void {
    this.#reject(reason);
    void this.#worker.terminate();
  }
}

/** Copies in slices between which the event loop runs. */
async function copyIn(from: TensorView, to: TensorView, claimed: Claim): Promise<void> {
  let end = performance.now() + copyTime;
  for (const [source, target] of pieces(from, to)) {
    writeClaimed(claimed, () => ops.copy(call, source, target));
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + copyTime;
  }
}

/** Parts of two views of one shape, of no more than `copyElements` each. */
function* pieces(from: TensorView, to: TensorView): Generator_<[TensorView, TensorView]> {
  const count = numElements(to.shape);
  if (count <= copyElements) {
    yield [from, to];
  } else if (isViewContiguous(from) && isViewContiguous(to) && to.shape.length > 1) {
    yield* pieces(restride(from, [count], [1]), restride(to, [count], [1]));
  } else if (to.shape[0]! === 1) {
    yield* pieces(selectView(call, from, 0, 0), selectView(call, to, 0, 0));
  } else {
    const rows = Math.max(1, Math.floor((copyElements / count) * to.shape[0]!));
    for (let start = 0; start < to.shape[0]!; start += rows) {
      const length = Math.min(rows, to.shape[0]! - start);
      yield* pieces(narrowView(call, from, 0, start, length), narrowView(call, to, 0, start, length));
    }
  }
}

type Generator_<T> = globalThis.Generator<T, void, undefined>;
