// Tensors as slow as they are plain, which the properties compare the real ones with: a view is arithmetic of indices, a
// gradient a walk over single elements. Nothing here comes from lib/ but names of types.
import type { DType } from '../../lib/dtype.js';
import { epsilonOf, isFloat, round, type Value } from './numbers.js';

/** How an element depends on another: the slope, and the sum of magnitudes it is computed from, by which errors grow. */
export type Edge = readonly [input: Node, slope: number, magnitude: number];

/** Beyond these, intermediate values may be infinite; below, they may vanish. */
const limits: Readonly<Partial<globalThis.Record<DType, readonly [most: number, least: number]>>> = {
  float16: [2 ** 8, 2 ** -14],
  bfloat16: [2 ** 60, 2 ** -60],
  float32: [2 ** 60, 2 ** -60],
  float64: [2 ** 400, 2 ** -400],
};

let made = 0;

/** One element's place in the graph of gradients. */
export class Node {
  readonly order = made++;
  /** Whether a gradient of 0 may become NaN on its way here: slopes may be infinite or NaN. */
  poisoned = false;
  readonly dtype: DType;
  readonly edges: readonly Edge[];

  constructor(dtype: DType, edges: readonly Edge[] = []) {
    this.dtype = dtype;
    this.edges = edges;
    for (const [input, , magnitude] of edges) {
      // Computed in one dtype and converted to the other.
      if (!(magnitude < Math.min(limits[dtype]![0], limits[input.dtype]![0]))) input.poison();
    }
  }
  poison(): void {
    if (this.poisoned) return;
    this.poisoned = true;
    for (const [input] of this.edges) input.poison();
  }
}

/** Elements, which all views of them share. */
export interface Memory {
  readonly values: Value[];
  /** Elements just computed that are not certain: the value before it was rounded, and how far from it the real one may be. */
  readonly open: Map<number, { readonly value: Value; readonly error: number }>;
  /** The real elements, once they are known. */
  array: ArrayLike<number | bigint> | undefined;
  /** How often it was written to. */
  version: number;
}

/** A base and its views, which have one history; detach() starts another. */
export interface Family {
  tracked: boolean;
  /** Whether gradients end here: it must not change then. */
  leaf: boolean;
  /** By place in memory. */
  readonly nodes: (Node | undefined)[];
}

export interface Slow {
  readonly memory: Memory;
  readonly family: Family;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** What the reference refuses, and the real thing has to as well. */
export class Refused extends Error {}

export function refuse(reason: string): never {
  throw new Refused(reason);
}

export const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
export const sameSizes = (a: readonly number[], b: readonly number[]) => a.join() === b.join();

export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, d) => count(shape.slice(d + 1).map((size) => Math.max(size, 1))));
}

type Window = Pick<Slow, 'shape' | 'strides' | 'offset'>;

/** Indices into the memory, in row-major order. */
export function places({ shape, strides, offset }: Window): number[] {
  let all = [offset];
  shape.forEach((size, d) => {
    const next: number[] = [];
    for (const at of all) for (let i = 0; i < size; i++) next.push(at + i * strides[d]!);
    all = next;
  });
  return all;
}

export const values = (t: Slow) => places(t).map((at) => t.memory.values[at]!);
export const numbers = (t: Slow) => places(t).map((at) => Number(t.memory.values[at]!));

/** The nodes of elements; undefined for those that no gradient flows to. */
export function nodes(t: Slow): (Node | undefined)[] {
  return t.family.tracked ? places(t).map((at) => t.family.nodes[at]) : places(t).map(() => undefined);
}

/** The same elements under other sizes and strides. */
export function view(t: Slow, shape: readonly number[], strides: readonly number[], offset = t.offset): Slow {
  return { ...t, shape, strides, offset };
}

export const untracked = (): Family => ({ tracked: false, leaf: false, nodes: [] });
export const detach = (t: Slow): Slow => ({ ...t, family: untracked() });

/** A contiguous tensor of given values, and what gradients flow to where it is a leaf. */
export function leaf(dtype: DType, shape: readonly number[], given: readonly Value[], tracked: boolean): Slow {
  const memory: Memory = { values: [...given], open: new Map(), array: undefined, version: 0 };
  const family = { tracked, leaf: tracked, nodes: tracked ? given.map(() => new Node(dtype)) : [] };
  return { memory, family, dtype, shape, strides: rowMajor(shape), offset: 0 };
}

export const isContiguous = ({ shape, strides }: Window) => {
  let expected = 1;
  return (
    shape.includes(0) ||
    [...shape.keys()].reverse().every((d) => {
      const fits = shape[d] === 1 || strides[d] === expected;
      expected *= shape[d]!;
      return fits;
    })
  );
};

/** Whether elements share memory. */
export const repeats = ({ shape, strides }: Window) =>
  !shape.includes(0) && shape.some((size, d) => size > 1 && strides[d] === 0);

// Results.

/** How a result depends on element `index` of operand `input`; the magnitude is the slope's unless given. */
export type Dependence = readonly [input: number, index: number, slope: number, magnitude?: number];

/** An element of a result: exact where no error is given, but for a zero's sign where that is 0; any for Infinity. */
export interface Element {
  readonly value: Value;
  readonly error?: number | undefined;
  readonly from?: readonly Dependence[];
}

function nodeOf(dtype: DType, from: Element['from'], operands: readonly (Node | undefined)[][]): Node {
  const edges: Edge[] = [];
  for (const [input, index, slope, magnitude = Math.abs(slope)] of from ?? []) {
    const node = operands[input]![index];
    if (node !== undefined) edges.push([node, slope, magnitude]);
  }
  return new Node(dtype, edges);
}

const anyTracked = (inputs: readonly Slow[]) => inputs.some(({ family }) => family.tracked);

/** Operations that were recorded, with the versions of all they may have kept: later changes may spoil a gradient. */
export class Record {
  readonly #kept: (readonly [Memory, number])[] = [];

  keep(...tensors: readonly Slow[]): void {
    for (const { memory } of tensors) this.#kept.push([memory, memory.version]);
  }
  get stale(): boolean {
    return this.#kept.some(([memory, version]) => memory.version !== version);
  }
}

export const record: { current: Record } = { current: new Record() };

/** A fresh tensor of elements in row-major order. */
export function fresh(
  dtype: DType,
  shape: readonly number[],
  elements: readonly Element[],
  inputs: readonly Slow[],
): Slow {
  const tracked = isFloat(dtype) && anyTracked(inputs);
  const out: Slow = { ...leaf(dtype, shape, [], false), family: { tracked, leaf: false, nodes: [] } };
  const operands = tracked ? inputs.map(nodes) : [];
  elements.forEach(({ value, error, from }, at) => {
    out.memory.values.push(round(value, dtype));
    open(out.memory, at, value, error);
    if (tracked) out.family.nodes.push(nodeOf(dtype, from, operands));
  });
  if (tracked) record.current.keep(out, ...inputs);
  return out;
}

function open(memory: Memory, at: number, value: Value, error: number | undefined): void {
  if (error === undefined) memory.open.delete(at);
  else memory.open.set(at, { value, error });
}

/** Refuses what cannot be written to, before anything is. */
export function checkWrite(target: Slow, repeatsAllowed = false): void {
  if (!repeatsAllowed && repeats(target)) refuse('elements share memory');
  if (target.family.leaf && target.family.tracked) refuse('a leaf cannot change');
}

/** Writes elements to a tensor's places in row-major order; it is the first of the inputs. */
export function write(target: Slow, elements: readonly Element[], inputs: readonly Slow[]): Slow {
  const { memory, family, dtype } = target;
  const recorded = isFloat(dtype) && anyTracked(inputs);
  const operands = recorded ? inputs.map(nodes) : [];
  // Of itself an operation keeps a copy; others that share the memory are out of date from now on.
  if (recorded) record.current.keep(...inputs.slice(1));
  memory.version++;
  places(target).forEach((at, i) => {
    const { value, error, from } = elements[i]!;
    memory.values[at] = round(value, dtype);
    open(memory, at, value, error);
    if (recorded) family.nodes[at] = nodeOf(dtype, from, operands);
  });
  if (recorded) {
    family.tracked = true;
    family.leaf = false;
    record.current.keep(target);
  }
  return target;
}

// Shapes.

export function broadcast(...shapes: (readonly number[])[]): number[] {
  const ndim = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: ndim }, (_, d) => {
    const sizes = shapes.map((shape) => shape[d - ndim + shape.length] ?? 1);
    const size = sizes.find((other) => other !== 1) ?? 1;
    if (sizes.some((other) => other !== 1 && other !== size)) refuse('sizes differ');
    return size;
  });
}

/** The tensor repeated to a shape that it broadcasts to. */
export function repeated(t: Slow, shape: readonly number[]): Slow {
  const lead = shape.length - t.shape.length;
  if (lead < 0 || t.shape.some((size, d) => size !== 1 && size !== shape[lead + d])) refuse('does not broadcast');
  const strides = shape.map((_, d) => (d < lead || t.shape[d - lead] === 1 ? 0 : t.strides[d - lead]!));
  return view(t, shape, strides);
}

export function dimOf(dim: number, ndim: number): number {
  const bound = Math.max(ndim, 1);
  if (dim < -bound || dim >= bound) refuse('no such dimension');
  return dim < 0 ? dim + bound : dim;
}

/** Row-major indices of a shape's elements. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The row-major number of an index. */
export const numberOf = (index: readonly number[], shape: readonly number[]) =>
  index.reduce((number, i, d) => number * shape[d]! + i, 0);

// Gradients.

/** A derivative, the sum of magnitudes that it is computed from, and how far rounding may take it off. */
export interface Slope {
  value: number;
  magnitude: number;
  error: number;
}

/** The derivatives of a sum of elements, each times its weight, with respect to all elements below them. */
export function slopes(outputs: readonly (Node | undefined)[], weights: readonly number[]): Map<Node, Slope> {
  const reach = new Set<Node>();
  const stack = outputs.filter((node) => node !== undefined);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (reach.has(node)) continue;
    reach.add(node);
    for (const [input] of node.edges) stack.push(input);
  }
  const found = new Map<Node, Slope>();
  const add = (node: Node, value: number, magnitude: number, error: number) => {
    const sum = found.get(node) ?? { value: 0, magnitude: 0, error: 0 };
    sum.value += value;
    // Every addition may round.
    sum.error += error + epsilonOf(node.dtype) * (sum.magnitude + magnitude);
    sum.magnitude += magnitude;
    found.set(node, sum);
  };
  outputs.forEach((node, i) => {
    if (node !== undefined) add(node, weights[i]!, Math.abs(weights[i]!), 0);
  });
  // Inputs were made before what depends on them.
  for (const node of [...reach].sort((a, b) => b.order - a.order)) {
    const slope = found.get(node)!;
    if (!(slope.magnitude < limits[node.dtype]![0])) slope.error = Infinity;
    for (const [input, by, size] of node.edges) {
      const magnitude = slope.magnitude * size;
      // It is computed in one dtype and converted to the other.
      const eps = Math.max(epsilonOf(node.dtype), epsilonOf(input.dtype));
      const most = Math.min(limits[node.dtype]![0], limits[input.dtype]![0]);
      const least = Math.max(limits[node.dtype]![1], limits[input.dtype]![1]);
      const error = slope.error * size + 16 * eps * magnitude + least;
      const certain = magnitude < most && size < most && Number.isFinite(error);
      add(input, slope.value * by, magnitude, certain ? error : Infinity);
    }
  }
  return found;
}
