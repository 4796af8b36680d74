// Random programs of a few steps: each is taken by the library and by the reference, and what they make is compared.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Tensor } from '../../lib/tensor/index.js';
import { isAllowed, loaded, shownNumber } from './numbers.js';
import {
  count,
  isContiguous,
  type Memory,
  nodes,
  numbers,
  Record,
  Refused,
  record,
  type Slow,
  sameSizes,
  slopes,
} from './slow.js';
import { type Call, type Pair, Source } from './source.js';
import { rows } from './table.js';

/** What was done. */
export interface Figures {
  programs: number;
  steps: number;
  refused: number;
  /** Elements of gradients compared, and those that rounding leaves open. */
  gradients: number;
  uncertain: number;
  /** Steps by what they cover. */
  readonly calls: Map<string, number>;
}

const noFigures = (): Figures => ({ programs: 0, steps: 0, refused: 0, gradients: 0, uncertain: 0, calls: new Map() });

const codeOf = (error: unknown) => String((error as { code?: unknown })?.code);
const codes = ['SHAPE', 'DTYPE', 'RANGE', 'ARGUMENT', 'STATE'].map((name) => `ERR_${name}`);
const isCoded = (error: unknown) => error instanceof Error && codes.includes(codeOf(error));

function fail(problem: string): never {
  throw new Error(problem);
}

/** Compares all elements of a memory with the real ones; the reference goes on from those that were not certain. */
function settle(name: string, { dtype, memory }: Slow): void {
  const { array, values, open } = memory;
  for (let at = 0; at < values.length; at++) {
    const got = loaded(array![at]!, dtype);
    const known = open.get(at);
    const value = known === undefined ? values[at]! : known.value;
    if (!isAllowed(got, value, known?.error, dtype)) {
      const bound = known === undefined ? '' : ` within ${known.error}`;
      fail(`element ${at} of ${name}'s memory is ${shownNumber(got)}, expected ${shownNumber(value)}${bound}`);
    }
    if (known !== undefined) values[at] = got;
  }
  open.clear();
}

/** Compares all memory of a program: that which was to change, and that which was not. */
function settleAll(pool: readonly Pair[]): void {
  const done = new Set<Memory>();
  for (const { name, slow } of pool) {
    if (done.has(slow.memory)) continue;
    done.add(slow.memory);
    settle(name, slow);
  }
}

function expectEqual(what: string, got: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(got, wanted)) fail(`${what} is ${String(got)}, expected ${String(wanted)}`);
}

/** Compares a tensor with its reference, all but the elements; a fresh one's memory becomes known. */
function compareTensor(got: unknown, wanted: Slow, pool: readonly Pair[]): Tensor {
  if (!(got instanceof Tensor)) fail(`got ${String(got)}, expected a tensor`);
  const { elements } = got;
  expectEqual('the dtype', got.dtype, wanted.dtype);
  expectEqual('the shape', [...got.shape], [...wanted.shape]);
  const { memory, shape } = wanted;
  const same = pool.find(({ slow }) => slow === wanted);
  if (same !== undefined && got !== same.real) fail(`expected ${same.name} itself`);
  if (memory.array === undefined) {
    if (pool.some(({ real }) => real.elements.array.buffer === elements.array.buffer))
      fail('expected memory of its own');
    expectEqual('the length of the memory', elements.array.length, memory.values.length);
    memory.array = elements.array;
  }
  if (elements.array !== memory.array) fail('expected a view');
  if (count(shape) > 0) {
    expectEqual('the offset', elements.offset, wanted.offset);
    shape.forEach((size, d) => {
      if (size > 1) expectEqual(`the stride of dimension ${d}`, elements.strides[d], wanted.strides[d]);
    });
  }
  expectEqual('isContiguous()', got.isContiguous(), isContiguous(wanted));
  expectEqual('requiresGrad', got.requiresGrad, wanted.family.tracked);
  return got;
}

function step(source: Source, call: Call, figures: Figures): void {
  const name = source.name();
  source.lines.push(`${name} = ${call.text}`);
  let wanted: unknown;
  let refusal: Refused | undefined;
  try {
    wanted = call.slow();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refusal = error;
  }
  let got: unknown;
  let thrown: unknown;
  try {
    got = call.real();
  } catch (error) {
    thrown = error;
    if (!isCoded(error)) throw error;
  }
  figures.steps++;
  if (refusal !== undefined) {
    if (thrown === undefined) fail(`expected an error: ${refusal.message}`);
    figures.refused++;
  } else if (thrown !== undefined) {
    fail(`expected no error, got ${String(thrown)}`);
  } else if (typeof wanted === 'object' && wanted !== null && 'memory' in wanted) {
    const slow = wanted as Slow;
    const real = compareTensor(got, slow, source.pool);
    if (!source.pool.some((pair) => pair.real === real)) source.pool.push({ name, real, slow });
  } else {
    expectEqual('the result', got, wanted);
  }
  settleAll(source.pool);
}

/** Walks back from all tensors that need gradients, one by one, and compares those of all leaves. */
function backwards(source: Source, figures: Figures): void {
  for (const pair of source.pool.filter(({ slow }) => slow.family.tracked)) {
    for (const { real } of source.leaves) real.grad = null;
    backward(source, pair, figures);
  }
  settleAll(source.pool);
}

function backward(source: Source, from: Pair, figures: Figures): void {
  const weights = source.fresh({ shape: from.slow.shape, dtype: from.slow.dtype, plain: true });
  source.lines.push(`${from.name}.backward(${weights.name}, { retainGraph: true })`);
  try {
    from.real.backward(weights.real, { retainGraph: true });
  } catch (error) {
    // Where a value that a gradient needs may have changed since.
    if (codeOf(error) !== 'ERR_STATE' || !record.current.stale) throw error;
    return;
  }
  const found = slopes(nodes(from.slow), numbers(weights.slow));
  for (const { name, real, slow } of source.leaves) {
    const grad = real.grad;
    const leaves = nodes(slow);
    const wanted = leaves.map((node) => found.get(node!));
    if (grad === null) {
      if (wanted.some((slope) => slope !== undefined && (slope.value !== 0 || slope.magnitude > 0)))
        fail(`${name} has no gradient`);
      continue;
    }
    expectEqual(`the dtype of ${name}'s gradient`, grad.dtype, slow.dtype);
    if (!sameSizes(grad.shape, slow.shape)) fail(`${name}'s gradient has shape [${grad.shape}]`);
    const all = grad.contiguous().array;
    wanted.forEach((slope, i) => {
      const { value, magnitude, error } = slope ?? { value: 0, magnitude: 0, error: 0 };
      if (!Number.isFinite(error) || !Number.isFinite(magnitude)) {
        figures.uncertain++;
        return;
      }
      figures.gradients++;
      const got = Number(loaded(all[i]!, slow.dtype));
      if (Number.isNaN(got) && leaves[i]!.poisoned) return;
      if (!(Math.abs(got - value) <= error))
        fail(`element ${i} of ${name}'s gradient is ${got}, expected ${value} within ${error}`);
    });
  }
}

/** One program. */
function run(next: fc.GeneratorValue, figures: Figures): void {
  record.current = new Record();
  const source = new Source(next);
  try {
    for (let k = source.int(1, 3); k > 0; k--) source.fresh();
    for (let k = source.int(1, 6); k > 0; k--) {
      const row = source.pick(rows);
      const call = row.make(source);
      step(source, call, figures);
      for (const name of row.covers) figures.calls.set(name, (figures.calls.get(name) ?? 0) + 1);
    }
    if (source.calm) backwards(source, figures);
    figures.programs++;
  } catch (error) {
    const { message, stack } = error as Error;
    throw new Error(`${source.lines.join('\n')}\n${message}\n${stack}`);
  }
}

/** Runs programs: so many, or for so many seconds. Throws the smallest that differs. */
export function check(seed: number, limit: { programs?: number; seconds?: number }): Figures {
  const figures = noFigures();
  const time = limit.seconds === undefined ? {} : { interruptAfterTimeLimit: limit.seconds * 1000 };
  fc.assert(
    fc.property(fc.gen(), (next) => run(next, figures)),
    { seed, numRuns: limit.programs ?? Number.MAX_SAFE_INTEGER, ...time },
  );
  return figures;
}
