// Memory that asynchronous work is going to write to, or reads as it is now: nobody else may write there until it is done.
import { stateError } from './errors.js';
import { formatShape } from './shape.js';
import { unallocatedStart, type View } from './view.js';

/** The bytes of a buffer from a view's first element to the end of its last. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** What is done with memory that is claimed. */
type Use = 'read' | 'written to';

/** Who is going to write or reads, and where. Elements between those of a strided view count as well. */
export class Claim {
  readonly #ranges = new Map<ArrayBufferLike, Range[]>();

  constructor(
    readonly call: string,
    readonly use: Use,
  ) {}

  add(view: View): void {
    const { buffer } = view.array;
    const ranges = this.#ranges.get(buffer) ?? [];
    ranges.push(rangeOf(view));
    this.#ranges.set(buffer, ranges);
  }

  overlaps(view: View): boolean {
    const { begin, end } = rangeOf(view);
    return (this.#ranges.get(view.array.buffer) ?? []).some((range) => begin < range.end && range.begin < end);
  }
}

function rangeOf({ array, shape, strides, offset }: View): Range {
  const begin = array.byteOffset + offset * array.BYTES_PER_ELEMENT;
  if (shape.includes(0)) return { begin, end: begin };
  const last = shape.reduce((index, size, d) => index + (size - 1) * strides[d]!, 0);
  return { begin, end: begin + (last + 1) * array.BYTES_PER_ELEMENT };
}

const active = new Set<Claim>();

/** What is claimed at the moment, on this thread of JavaScript. */
export const claims: ReadonlySet<Claim> = active;

/** Throws where a view's memory is claimed; one that is only to be read may be read by others. */
export function checkUnclaimed(call: string, view: View, use: Use = 'written to'): void {
  // Nobody can have claimed what does not exist yet.
  if (unallocatedStart(view) !== undefined) return;
  for (const claim of claims) {
    if ((use === 'read' && claim.use === 'read') || !claim.overlaps(view)) continue;
    throw stateError(
      call,
      `a tensor of shape ${formatShape(view.shape)} is being ${claim.use} by ${claim.call}; await that first`,
    );
  }
}

/** Claims views for a call; throws where some are claimed already. Returns the claim, to be released. */
export function claim(call: string, views: Iterable<View>, use: Use = 'written to'): Claim {
  const made = new Claim(call, use);
  for (const view of views) {
    checkUnclaimed(call, view, use);
    made.add(view);
  }
  active.add(made);
  return made;
}

export function release(claimed: Claim): void {
  active.delete(claimed);
}

/** Calls `fn`, which may write where the claim is. */
export function writeClaimed<T>(claimed: Claim, fn: () => T): T {
  release(claimed);
  try {
    return fn();
  } finally {
    active.add(claimed);
  }
}
