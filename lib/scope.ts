// Memory that is used again sooner than garbage collection would: what was made in a scope and is not part of its result.
import { types } from 'node:util';
import { argumentError, describe } from './errors.js';
import { observe, ScopeMemory } from './memory.js';
import { Tensor } from './tensor/index.js';
import { unallocatedStart } from './view.js';

/**
 * Calls `fn` and returns its result. The memory of large tensors that were made meanwhile, and that the result does not
 * hold, goes to the tensors made next: they find it in the cache, and no page of it has to be faulted in again. Nothing
 * needs a scope; in a loop over tensors of a megabyte or more, one around the body can double the speed.
 *
 * What the result holds is found through tensors, arrays, Maps, Sets and objects' own fields. Gradients of leaves, what
 * `array` has returned, and everything that a result with a gradient function may need stay as well. Using another tensor
 * of the scope after its end is an error (ERR_DETACHED).
 *
 * @param fn synchronous; what it throws is thrown
 * @throws TypeError (ERR_ARGUMENT) where `fn` is no function or returns a promise
 * @example
 * let x = randn(1024, 1024);
 * for (let layer = 0; layer < 100; layer++) {
 *   x = scope(() => randn(1024, 1024).mul(1 / 32).matmul(x).relu());
 * }
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== 'function') throw argumentError('scope', `expected a function, got ${describe(fn)}`);
  const memory = new ScopeMemory();
  let held: Set<ArrayBufferLike> | 'all' = new Set();
  try {
    const result = observe(memory, fn);
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function') {
      held = 'all';
      throw argumentError('scope', 'the function must be synchronous, but it returned a promise');
    }
    held = buffersOf(result);
    return result;
  } finally {
    memory.end(held);
  }
}

/** The buffers that a value holds; 'all' where its graph of gradients may hold any. */
function buffersOf(value: unknown): Set<ArrayBufferLike> | 'all' {
  const buffers = new Set<ArrayBufferLike>();
  const seen = new Set<unknown>();
  const waiting = [value];
  const visit = (inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return;
    seen.add(inner);
    waiting.push(inner);
  };
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (next instanceof Tensor) {
      if (next.gradFn !== null) return 'all';
      // What has no memory yet has none of the scope's.
      if (unallocatedStart(next.elements) === undefined) buffers.add(next.elements.array.buffer);
      visit(next.grad);
    } else if (ArrayBuffer.isView(next)) {
      buffers.add(next.buffer);
    } else if (types.isMap(next)) {
      for (const entry of next) entry.forEach(visit);
    } else if (types.isSet(next) || Array.isArray(next)) {
      next.forEach(visit);
    } else if (typeof next === 'object' && next !== null) {
      Object.values(next).forEach(visit);
    }
  }
  return buffers;
}
