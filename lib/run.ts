// The gate: every call into the native core goes through `run`, which packs a plan as native/guard.h describes it.
import { checkUnclaimed, claims } from './claims.js';
import { dtypes } from './dtype.js';
import { rangeError } from './errors.js';
import { native } from './native.js';
import { maxDims } from './shape.js';
import { checkMemory, checkWritable, type View } from './view.js';

const maxViews = 4;
const maxParams = 12;

/** Reused by every call: a fresh plan costs as much as a small kernel. Each worker thread has its own module. */
const plan = new Float64Array(2 + maxViews * (3 + 2 * maxDims) + maxParams);

/** The plan again, bound: a typed array less to look up in each call. */
const bound = native.bindPlan(plan);

const ids = new Map(native.kernels().map((name, id) => [name, id]));

/** The number of a kernel of native/kernels.def. */
export function kernelId(name: string): number {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`native/kernels.def has no kernel '${name}'; rebuild with npm run build`);
  return id;
}

function pack(kernel: number, views: readonly View[], params: readonly number[]): void {
  plan[1] = kernel;
  let at = 2;
  for (const view of views) {
    const { shape, strides } = view;
    plan[at++] = dtypes[view.dtype].code;
    plan[at++] = shape.length;
    plan[at++] = view.offset;
    for (let d = 0; d < shape.length; d++) plan[at++] = shape[d]!;
    for (let d = 0; d < strides.length; d++) plan[at++] = strides[d]!;
  }
  for (let p = 0; p < params.length; p++) plan[at++] = params[p]!;
  plan[0] = at;
}

const noParams: readonly number[] = [];

/** Takes calls down instead of making them. */
export interface Recorder {
  /** The plan is good until the next call. */
  record(plan: Float64Array, views: readonly View[]): void;
}

let recorder: Recorder | undefined;

/** Calls `fn`, whose kernel calls `by` takes down. */
export function recordCalls<T>(by: Recorder, fn: () => T): T {
  const outer = recorder;
  recorder = by;
  try {
    return fn();
  } finally {
    recorder = outer;
  }
}

/**
 * Runs a kernel on views, output first. The caller has checked dtypes and shapes; the native guard checks bounds again.
 * `call` is the public call to name in an error.
 */
export function run(call: string, kernel: number, views: readonly View[], params = noParams): void {
  if (claims.size > 0) checkUnclaimed(call, views[0]!);
  pack(kernel, views, params);
  try {
    if (recorder !== undefined) recorder.record(plan, views);
    else callNative(views);
  } catch (error) {
    throw explain(call, views, error);
  }
  const { version } = views[0]!;
  if (version !== undefined) version.count++;
}

function callNative(views: readonly View[]): void {
  switch (views.length) {
    case 1:
      bound.run(views[0]!.array);
      break;
    case 2:
      bound.run(views[0]!.array, views[1]!.array);
      break;
    case 3:
      bound.run(views[0]!.array, views[1]!.array, views[2]!.array);
      break;
    default:
      bound.run(...views.map((view) => view.array));
      break;
  }
}

/**
 * What the guard refused although the caller's checks passed: lost memory, or an output that repeats elements; and what
 * no check could foresee.
 */
function explain(call: string, views: readonly View[], error: unknown): unknown {
  checkWritable(call, views[0]!);
  for (const view of views) checkMemory(call, view);
  return explainNative(call, error);
}

/** What native code could not do, as an error that names the call. */
export function explainNative(call: string, error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code !== 'ERR_MEMORY' && code !== 'ERR_NATIVE') return error;
  return Object.assign(rangeError(call, message), { cause: error });
}

// The fast lane, for callers whose calls take less time than making views of their arguments would: they write the plan themselves.

/** Whether calls may go the fast lane: nothing is claimed, and nobody takes calls down. */
export function isFastLaneOpen(): boolean {
  return claims.size === 0 && recorder === undefined;
}

/** Where a number is left. */
const resultAt = plan.length - 1;

/** Begins a plan; returns where the first view goes. */
export function beginPlan(kernel: number): number {
  plan[1] = kernel;
  return 2;
}

/** Begins the plan of a kernel whose output is a number. */
export function beginReduction(kernel: number): number {
  plan[1] = kernel;
  plan[2] = dtypes.float64.code;
  plan[3] = 1;
  plan[4] = resultAt;
  plan[5] = 1;
  plan[6] = 1;
  return 7;
}

/** Adds a vector from the start of its array; returns where to go on. */
export function addVector(at: number, code: number, size: number): number {
  plan[at] = code;
  plan[at + 1] = 1;
  plan[at + 2] = 0;
  plan[at + 3] = size;
  plan[at + 4] = 1;
  return at + 5;
}

/** Adds a matrix from the start of its array. */
export function addMatrix(
  at: number,
  code: number,
  rows: number,
  columns: number,
  down: number,
  along: number,
): number {
  plan[at] = code;
  plan[at + 1] = 2;
  plan[at + 2] = 0;
  plan[at + 3] = rows;
  plan[at + 4] = columns;
  plan[at + 5] = down;
  plan[at + 6] = along;
  return at + 7;
}

/** Adds a parameter of the kernel. */
export function addParameter(at: number, value: number): number {
  plan[at] = value;
  return at + 1;
}

/** Makes the call whose plan ends at `end`. The caller has checked all that the guard checks. */
export function runPlan(
  call: string,
  end: number,
  out: ArrayBufferView,
  a: ArrayBufferView,
  b?: ArrayBufferView,
): void {
  plan[0] = end;
  try {
    if (b === undefined) bound.run(out, a);
    else bound.run(out, a, b);
  } catch (error) {
    throw explainNative(call, error);
  }
}

/** The same, and whether native code did it: if not, nothing has been written. */
export function tryPlan(end: number, out: ArrayBufferView, a: ArrayBufferView): boolean {
  plan[0] = end;
  try {
    bound.run(out, a);
    return true;
  } catch {
    return false;
  }
}

/** The same for a number. */
export function reducePlan(call: string, end: number, a: ArrayBufferView, b?: ArrayBufferView): number {
  plan[0] = end;
  try {
    if (b === undefined) bound.reduce(a);
    else bound.reduce(a, b);
  } catch (error) {
    throw explainNative(call, error);
  }
  return plan[resultAt]!;
}
