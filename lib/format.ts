// Prints tensors exactly as Python prints torch's (torch 2.15, default print options).
// The layout follows from the values shown: a column is as wide as its widest number, and one number that is not whole,
// or too large or small beside the others, changes how all of them are written.
import { type DType, decode, defaultDType, type Scalar } from './dtype.js';
import { detachedError } from './errors.js';
import { numElements } from './shape.js';
import type { TensorView } from './view.js';

// torch's default print options.
const precision = 4;
const threshold = 1000;
const edgeItems = 3;
const lineWidth = 80;

export interface FormatOptions {
  readonly prefix?: 'tensor' | undefined;
  /** Says that the tensor is a module's parameter. */
  readonly parameter?: boolean | undefined;
  /** Not shown where there is a `gradFn`, which implies it. */
  readonly requiresGrad?: boolean | undefined;
  /** Name of the operation that made the tensor, such as `AddmmBackward0`. */
  readonly gradFn?: string | undefined;
}

/** Numbers as text, and the width of their column; zeros, infinities and nan may stick out of it. */
interface Column {
  readonly texts: readonly string[];
  readonly width: number;
}

interface Style {
  readonly column: (values: readonly Scalar[]) => Column;
  /** Whether the look of the numbers tells the dtype, which is then not shown. */
  readonly implied: boolean;
}

const styles: Readonly<Record<DType, Style>> = {
  float32: { column: floatColumn, implied: true },
  float64: { column: floatColumn, implied: false },
  float16: { column: floatColumn, implied: false },
  bfloat16: { column: floatColumn, implied: false },
  int64: { column: integerColumn, implied: true },
  int32: { column: integerColumn, implied: false },
  uint8: { column: integerColumn, implied: false },
  bool: { column: booleanColumn, implied: true },
};

/** The tensor as text: what Python's `print` shows for it. Reads only the elements it shows. */
export function formatTensor(view: TensorView, options: FormatOptions = {}): string {
  const { prefix = 'tensor', parameter = false, requiresGrad = false, gradFn } = options;
  const { column, implied } = styles[view.dtype];
  const open = `${prefix}(`;
  const empty = numElements(view.shape) === 0;
  const suffixes: string[] = [];
  // One dimension of size 0 needs no mention, and [] has no look to tell a dtype from.
  if (empty && view.shape.length !== 1) suffixes.push(`size=(${view.shape.join(', ')})`);
  if (empty ? view.dtype !== defaultDType : !implied) suffixes.push(`dtype=torch.${view.dtype}`);
  if (gradFn !== undefined) suffixes.push(`grad_fn=<${gradFn}>`);
  else if (requiresGrad) suffixes.push('requires_grad=True');

  const body = empty ? '[]' : layOut(view, column, open.length);
  return (parameter ? 'Parameter containing:\n' : '') + append(open + body, suffixes, open.length);
}

/** Adds the suffixes and the closing bracket; a suffix that makes the last line too long starts a line of its own. */
function append(text: string, suffixes: readonly string[], indent: number): string {
  let out = text;
  // torch counts the last line as 2 longer than it is.
  let width = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes) {
    if (width + suffix.length + 2 > lineWidth) {
      out += `,\n${' '.repeat(indent)}${suffix}`;
      width = indent + suffix.length;
    } else {
      out += `, ${suffix}`;
      width += suffix.length + 2;
    }
  }
  return `${out})`;
}

/** The nested brackets and what is in them. `indent` is the column of the first bracket. */
function layOut(view: TensorView, toColumn: Style['column'], indent: number): string {
  const { shape } = view;
  const summarise = numElements(shape) > threshold;
  const cut = (size: number): boolean => summarise && size > 2 * edgeItems;
  const { texts, width } = toColumn(shownValues(view, cut));
  const perLine = Math.max(1, Math.floor((lineWidth - indent - Math.max(shape.length - 1, 0)) / (width + 2)));

  let next = 0;
  const nest = (dim: number): string => {
    if (dim === shape.length) return texts[next++]!.padStart(width);
    const size = shape[dim]!;
    const last = dim === shape.length - 1;
    const items = Array.from({ length: cut(size) ? 2 * edgeItems : size }, () => nest(dim + 1));
    if (cut(size)) items.splice(edgeItems, 0, last ? ' ...' : '...');
    const margin = ' '.repeat(indent + dim + 1);
    if (!last) return `[${items.join(`,${'\n'.repeat(shape.length - 1 - dim)}${margin}`)}]`;
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${margin}`)}]`;
  };
  return nest(0);
}

/** The elements that are shown, in row-major order: all along a dimension, or those at both its ends if it is cut. */
function shownValues({ array, dtype, shape, strides, offset }: TensorView, cut: (size: number) => boolean): Scalar[] {
  const last = shape.reduce((index, size, d) => index + (size - 1) * strides[d]!, offset);
  if (last >= array.length) {
    throw detachedError('toString', `element ${last} lies outside the ${array.length} elements of the storage`);
  }
  const values: Scalar[] = [];
  const walk = (dim: number, index: number): void => {
    if (dim === shape.length) {
      values.push(decode(dtype, array[index]!));
      return;
    }
    const size = shape[dim]!;
    for (let i = 0; i < size; i++) {
      if (i === edgeItems && cut(size)) i = size - edgeItems;
      walk(dim + 1, index + i * strides[dim]!);
    }
  };
  walk(0, offset);
  return values;
}

/** Texts in a column as wide as the widest. */
function plainColumn(texts: readonly string[]): Column {
  return { texts, width: Math.max(...texts.map((text) => text.length)) };
}

function integerColumn(values: readonly Scalar[]): Column {
  return plainColumn(values.map(String));
}

function booleanColumn(values: readonly Scalar[]): Column {
  return plainColumn(values.map((value) => (value ? 'True' : 'False')));
}

/** Floating-point numbers in the one notation that suits all of them: `8.`, `0.5000` or `5.0000e-01`. */
function floatColumn(elements: readonly Scalar[]): Column {
  const values = elements as readonly number[];
  // Zeros, infinities and nan have no say in the notation or the width.
  const counts = (x: number): boolean => x !== 0 && Number.isFinite(x);
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  let whole = true;
  for (const x of values) {
    if (!counts(x)) continue;
    min = Math.min(min, Math.abs(x));
    max = Math.max(max, Math.abs(x));
    whole &&= Number.isInteger(x);
  }
  // In double precision whatever the dtype, as torch: 1e-4 as a float32 is below 1e-4.
  const scientific = max / min > 1000 || max > 1e8 || min < 1e-4;
  const write = scientific ? exponential : whole ? integer : fixed;

  let width = 1;
  const texts = values.map((x) => {
    const text = numberText(x, write);
    if (counts(x)) width = Math.max(width, text.length);
    return text;
  });
  return { texts, width };
}

/** A number as Python writes it. `write` gets its magnitude, if that is finite. */
function numberText(x: number, write: (magnitude: number) => string): string {
  if (Number.isNaN(x)) return 'nan';
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  return sign + (Number.isFinite(x) ? write(Math.abs(x)) : 'inf');
}

/** Python's `.0f` of a whole number; torch adds the point. */
function integer(x: number): string {
  return `${x.toFixed(0)}.`;
}

/** Python's `.4f`. */
function fixed(x: number): string {
  return tieToEven(x.toFixed(precision), x.toFixed(100));
}

/** Python's `.4e`: at least two digits of exponent. */
function exponential(x: number): string {
  const [digits, exponent] = x.toExponential(precision).split('e') as [string, string];
  const [exact] = x.toExponential(100).split('e') as [string];
  return `${tieToEven(digits, exact)}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/**
 * Rounds as Python does what JavaScript rounded: the same, but an exact tie goes to the even digit, not up. `exact` has
 * 100 digits, enough to be exact wherever there are ties: from 0.001 up, where a double has at most 62 digits after the
 * point (a smaller tie would need a multiple of 5^8 below 200,000).
 */
function tieToEven(rounded: string, exact: string): string {
  const digit = Number(rounded.at(-1));
  // An odd digit was not carried from, so both texts have the same length up to it, and it can go down by 1.
  if (digit % 2 === 0 || !/^50*$/.test(exact.slice(rounded.length))) return rounded;
  return rounded.slice(0, -1) + (digit - 1);
}
