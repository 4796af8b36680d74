// Padding: more elements at the ends of the last dimensions.
import { numElements, type Shape } from '../shape.js';
import { allocateView, narrowView, outputView, type TensorView } from '../view.js';
import { binaryOps } from './elementwise.js';
import { linear, type Op } from './op.js';
import { contiguousCopy, copy, fill } from './storage.js';

/** What lies beyond the ends: a number, the elements mirrored (the last not repeated), the last ones, or from the start. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** How much is added to one dimension; below 0 it is cut off. */
export interface DimPadding {
  readonly dim: number;
  readonly before: number;
  readonly after: number;
}

export interface PadArgs {
  readonly mode: PadMode;
  readonly value: number;
  readonly padding: readonly DimPadding[];
}

export function paddedShape(shape: Shape, padding: readonly DimPadding[]): number[] {
  const out = [...shape];
  for (const { dim, before, after } of padding) out[dim]! += before + after;
  return out;
}

/** The elements of the output that are elements of the input; in the input itself where `cut`. */
function inner(call: string, view: TensorView, padding: readonly DimPadding[], cut: boolean): TensorView {
  let out = view;
  for (const { dim, before, after } of padding) {
    const [first, last] = cut ? [-before, -after] : [before, after];
    const size = view.shape[dim]! - Math.max(0, first) - Math.max(0, last);
    out = narrowView(call, out, dim, Math.max(0, first), size);
  }
  return out;
}

/** For a dimension of `size` elements: which element of the input each padded one repeats, both counted in the output. */
function sources(mode: PadMode, size: number, { before, after }: DimPadding): [to: number, from: number][] {
  const pick = {
    constant: () => 0,
    reflect: (i: number) => (i < 0 ? -i : 2 * (size - 1) - i),
    replicate: (i: number) => (i < 0 ? 0 : size - 1),
    circular: (i: number) => (i < 0 ? i + size : i - size),
  }[mode];
  const places = [
    ...Array.from({ length: before }, (_, i) => i - before),
    ...Array.from({ length: after }, (_, i) => size + i),
  ];
  return places.map((i) => [i + before, pick(i) + before]);
}

/** torch's names: of circular padding it sees only the copies. */
function nodeName({ mode, padding }: PadArgs): string {
  if (mode === 'constant') return 'ConstantPadNdBackward0';
  if (mode === 'circular') return 'CopySlices';
  return `${mode === 'reflect' ? 'Reflection' : 'Replication'}Pad${padding.length}DBackward0`;
}

/** More elements around the input, or fewer. The caller has checked sizes. */
export const padOp: Op<PadArgs> = {
  node: nodeName,
  forward: (call, [x], { mode, value, padding }) => {
    const out = outputView(call, paddedShape(x!.shape, padding), x!.dtype);
    if (mode === 'constant') fill(call, out, value);
    copy(call, inner(call, x!, padding, true), inner(call, out, padding, false));
    if (mode === 'constant' || numElements(x!.shape) === 0) return out;
    // One dimension after another; those still to come only where the input is.
    for (const [i, of] of padding.entries()) {
      const region = inner(call, out, padding.slice(i + 1), false);
      for (const [to, from] of sources(mode, x!.shape[of.dim]!, of)) {
        copy(call, narrowView(call, region, of.dim, from, 1), narrowView(call, region, of.dim, to, 1));
      }
    }
    return out;
  },
  gradients: [
    linear((grad, { mode, padding }, { shape }) => {
      const call = 'backward';
      if (mode === 'constant') {
        const out = allocateView(call, shape, grad.dtype);
        copy(call, inner(call, grad, padding, false), inner(call, out, padding, true));
        return out;
      }
      const sum = contiguousCopy(call, grad);
      for (const [i, of] of [...padding.entries()].reverse()) {
        const region = inner(call, sum, padding.slice(i + 1), false);
        for (const [from, to] of sources(mode, shape[of.dim]!, of)) {
          const target = narrowView(call, region, of.dim, to, 1);
          binaryOps.add.forward(call, [target, narrowView(call, region, of.dim, from, 1)], undefined, target);
        }
      }
      return inner(call, sum, padding, false);
    }),
  ],
};
