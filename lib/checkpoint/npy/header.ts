// The header of a .npy file: a magic string, a version, a length, and a Python dictionary in text, padded with spaces to a multiple
// of 64 bytes. Source of the format: NumPy's NEP 1 and the documentation of numpy.lib.format (versions 1.0, 2.0, 3.0).
import type { DType } from '../../dtype.js';
import { describe, dtypeError, formatError } from '../../errors.js';
import { checkShape, numElements, type Shape } from '../../shape.js';
import { describeLiteral, type Literal, parseLiteral } from './literal.js';

/** What is in a .npy file. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Whether the first index is the one that moves fastest. */
  readonly fortran: boolean;
  readonly bigEndian: boolean;
  /** Where the elements begin. */
  readonly dataStart: number;
  readonly dataBytes: number;
}

/** '\x93NUMPY' */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Bytes up to the end of the header's length in the longest case. */
export const prefixBytes = 12;

/** NumPy reads no longer ones either, unless it is told to. Only records have them. */
const maxHeaderBytes = 10_000;

/** NumPy's code of a dtype: its kind, and bytes of an element. */
const codes: Readonly<Record<Exclude<DType, 'bfloat16'>, string>> = {
  float32: 'f4',
  float64: 'f8',
  float16: 'f2',
  int64: 'i8',
  int32: 'i4',
  uint8: 'u1',
  bool: 'b1',
};

const dtypeOfCode = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as DType] as const));

/** NumPy leaves room for a first dimension of so many digits, so that a file may grow. */
const growthDigits = 21;

/**
 * How long a .npy file's head is: all before the elements. `bytes` has the first 12 bytes, or all where there are fewer.
 *
 * @throws TypeError (ERR_FORMAT) where it is no such file
 */
export function headBytes(call: string, source: string, bytes: Uint8Array): number {
  if (bytes.length < magic.length || magic.some((byte, i) => byte !== bytes[i])) {
    throw formatError(call, `${source} is no .npy file: it does not begin with \\x93NUMPY`);
  }
  const major = bytes[6];
  if (bytes.length < 10 || (major !== 1 && bytes.length < prefixBytes))
    throw formatError(call, `${source} is cut short in its header`);
  const minor = bytes[7];
  if (!(major === 1 || major === 2 || major === 3) || minor !== 0) {
    throw formatError(call, `${source} is a .npy file of version ${major}.${minor}; 1.0, 2.0 and 3.0 are known`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) {
    throw formatError(call, `${source} has a header of ${length} bytes, at most ${maxHeaderBytes} are allowed`);
  }
  return (major === 1 ? 10 : 12) + length;
}

/**
 * The header that a file's head holds.
 *
 * @throws TypeError (ERR_FORMAT) where it is none, TypeError (ERR_DTYPE) for element types that tensors do not have
 */
export function parseNpyHeader(call: string, source: string, head: Uint8Array): NpyHeader {
  const dataStart = headBytes(call, source, head);
  const wrong = (problem: string) => formatError(call, `${source}: the header ${problem}`);
  if (head.length < dataStart) throw formatError(call, `${source} is cut short in its header`);
  const begin = head[6] === 1 ? 10 : 12;
  let text: string;
  try {
    // 'latin1' means windows-1252 to TextDecoder, which differs in characters that no header of ours has.
    const encoding = head[6] === 3 ? 'utf-8' : 'latin1';
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(head.subarray(begin, dataStart));
  } catch {
    throw wrong('is not UTF-8');
  }
  const header = parseLiteral(text, wrong);
  if (!(header instanceof Map)) throw wrong(`must be a dictionary, got ${describeLiteral(header)}`);
  for (const key of header.keys()) {
    if (key !== 'descr' && key !== 'fortran_order' && key !== 'shape')
      throw wrong(`has an unknown key ${describe(key)}`);
  }
  const fortran = header.get('fortran_order');
  if (typeof fortran !== 'boolean')
    throw wrong(`must say fortran_order: True or False, got ${describeLiteral(fortran)}`);
  const sizes = header.get('shape');
  if (!Array.isArray(sizes) || !sizes.every((size) => typeof size === 'number')) {
    throw wrong(`must have a shape of whole numbers, got ${describeLiteral(sizes)}`);
  }
  const { dtype, bigEndian } = readDescr(call, source, header.get('descr'));
  const shape = checkNpyShape(call, source, sizes as number[]);
  const dataBytes = numElements(shape) * Number(codes[dtype as keyof typeof codes][1]);
  return { dtype, shape, fortran, bigEndian, dataStart, dataBytes };
}

function checkNpyShape(call: string, source: string, sizes: number[]): Shape {
  const count = numElements(sizes);
  if (!Number.isSafeInteger(count)) {
    throw formatError(call, `${source}: shape ${describe(sizes)} has more elements than a file can hold`);
  }
  return checkShape(call, sizes);
}

function readDescr(call: string, source: string, descr: Literal | undefined): { dtype: DType; bigEndian: boolean } {
  const [, order, code] = (typeof descr === 'string' && /^([<>|=]?)(\w+)$/.exec(descr)) || [];
  const dtype = dtypeOfCode.get(code ?? '');
  if (dtype !== undefined) return { dtype, bigEndian: order === '>' };
  if (descr === undefined) throw formatError(call, `${source}: the header has no descr, the type of elements`);
  const what = code === 'O' ? 'Python objects, which only Python can read' : describeLiteral(descr);
  throw dtypeError(
    call,
    `${source} has elements of ${what}; tensors have ${[...dtypeOfCode.keys()].join(', ')}: convert it with astype in NumPy`,
  );
}

/** The head of a .npy file, as NumPy writes it: version 1.0, little-endian, row-major. */
export function npyHead(call: string, dtype: DType, shape: Shape): Uint8Array {
  if (dtype === 'bfloat16') {
    throw dtypeError(call, "NumPy has no bfloat16: convert with to('float32'), which keeps every value");
  }
  const code = codes[dtype];
  const order = code.endsWith('1') ? '|' : '<';
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const room = shape.length === 0 ? 0 : growthDigits - String(shape[0]).length;
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${sizes}, }${' '.repeat(room)}`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, 0x20);
  head.set([...magic, 1, 0]);
  head.writeUInt16LE(length, 8);
  head.write(text, 10, 'latin1');
  head[head.length - 1] = 0x0a;
  return head;
}
