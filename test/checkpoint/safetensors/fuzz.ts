// Random safetensors files for the parser: bytes, valid files with changed bytes, valid headers with changed values, and texts of
// JSON's own symbols. A file is refused with ERR_FORMAT, or every tensor lies inside it, apart from all others.
import fc from 'fast-check';
import { expect } from 'vitest';
import { loadSafetensors } from '../../../lib/checkpoint/index.js';
import { elementBits, safetensorsDTypes } from '../../../lib/checkpoint/safetensors/dtypes.js';
import { layOut, parseHeader, type TensorLayout } from '../../../lib/checkpoint/safetensors/header.js';
import { rawFile } from '../tools.js';

const dtype = fc.constantFrom(...safetensorsDTypes);
const size = fc.oneof(
  { weight: 5, arbitrary: fc.nat(5) },
  fc.constantFrom(8, 16, 255, 2 ** 16, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64),
);
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('__proto__', '__metadata__', 'a', 'constructor', '0'),
);

/** A valid file of a few tensors; those whose elements do not fill their bytes get a size that does. */
const validFile: fc.Arbitrary<{ header: string; data: Uint8Array }> = fc
  .record({
    tensors: fc.uniqueArray(fc.record({ name, dtype, shape: fc.array(fc.nat(4), { maxLength: 3 }) }), {
      selector: (tensor) => tensor.name,
      maxLength: 5,
    }),
    metadata: fc.dictionary(name, fc.string({ unit: 'binary', maxLength: 5 }), { maxKeys: 2 }),
  })
  .map(({ tensors, metadata }) => {
    const fitting = tensors
      .filter(({ name }) => name !== '__metadata__' && name.isWellFormed())
      .map(
        (tensor): TensorLayout => (elementBits(tensor.dtype) < 8 ? { ...tensor, shape: [...tensor.shape, 4] } : tensor),
      );
    const kept = Object.entries(metadata).filter((pair) => pair.every((text) => text.isWellFormed()));
    const { header, bytes } = layOut('fuzz', fitting, Object.fromEntries(kept));
    const data = Uint8Array.from({ length: header.size - header.dataStart }, (_, i) => i % 2);
    return { header: Buffer.from(bytes.subarray(8)).toString(), data };
  });

/** Changes somewhere in bytes: replaced, removed, doubled. */
const edit = fc.record({ at: fc.nat(), kind: fc.nat(3), byte: fc.nat(255), length: fc.nat(12) });
function edited(
  bytes: Uint8Array,
  edits: readonly { at: number; kind: number; byte: number; length: number }[],
): Uint8Array {
  let out = Buffer.from(bytes);
  for (const { at, kind, byte, length } of edits) {
    const from = at % (out.length + 1);
    const middle = [Buffer.of(byte), Buffer.of(), out.subarray(from, from + length), Buffer.of(byte, byte)][kind]!;
    out = Buffer.concat([
      out.subarray(0, from),
      middle,
      out.subarray(kind === 0 ? from + 1 : kind === 1 ? from + length : from),
    ]);
  }
  return out;
}

const odd = fc.oneof(
  fc.constantFrom(
    '-1',
    '-0',
    '1.0',
    '1e3',
    '0.5',
    '9007199254740991',
    '9007199254740992',
    '18446744073709551616',
    '1e999',
  ),
  fc.constantFrom(
    'null',
    'true',
    '"1"',
    '[]',
    '{}',
    '[[]]',
    '{"dtype":"F32"}',
    '"\\ud800"',
    '""',
    '"F4"',
    '"F32"',
    '"I64"',
    '01',
    '',
  ),
  fc.nat(40).map(String),
);

/** A header whose numbers, texts and keys are changed here and there. */
const mutatedHeader = fc
  .tuple(validFile, fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 3 }))
  .map(([file, changes]) => {
    let text = file.header;
    for (const [at, value] of changes) {
      const tokens = [...text.matchAll(/-?\d+|"(?:[^"\\]|\\.)*"|\[[^[\]]*\]/g)];
      const token = tokens[at % Math.max(tokens.length, 1)];
      if (token !== undefined) text = text.slice(0, token.index) + value + text.slice(token.index + token[0].length);
    }
    return rawFile(text, file.data);
  });

/** Headers put together of entries that are right more often than not. */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(16).map((n) => String(4 * n)) },
  { weight: 3, arbitrary: size.map((n) => BigInt(n).toString()) },
  odd,
);
const looseEntry = fc
  .tuple(name, dtype, fc.array(number, { maxLength: 3 }), number, number)
  .map(
    ([key, type, shape, begin, end]) =>
      `${JSON.stringify(key)}:{"dtype":"${type}","shape":[${shape}],"data_offsets":[${begin},${end}]}`,
  );
const looseHeader = fc
  .tuple(fc.array(looseEntry, { maxLength: 4 }), fc.nat(3), fc.nat(64))
  .map(([entries, spaces, data]) => rawFile(`{${entries.join(',')}}${' '.repeat(spaces)}`, data));

const symbols = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        '\\',
        ' ',
        '\n',
        '"dtype"',
        '"shape"',
        '"data_offsets"',
        '"F32"',
        '0',
        '4',
        '-',
        'e',
      ),
      odd,
    ),
    { maxLength: 40 },
  )
  .map((parts) => rawFile(`{${parts.join('')}`, 4));
const randomBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => rawFile(bytes)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => rawFile(Buffer.concat([Buffer.from('{'), bytes]), 8)),
  symbols,
);

const kinds = {
  bytes: randomBytes,
  'valid files, edited': fc
    .tuple(validFile, fc.array(edit, { maxLength: 4 }))
    .map(([{ header, data }, edits]) => edited(rawFile(header, data), edits)),
  'headers with other values': mutatedHeader,
  'loose headers': looseHeader,
};

/** Whether the parser accepts a file; throws where it does what it must not. */
function accepts(bytes: Uint8Array): boolean {
  let header: ReturnType<typeof parseHeader>;
  try {
    header = parseHeader('fuzz', bytes, bytes.length);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ERR_FORMAT' || !message.startsWith('fuzz: the file')) throw error;
    expect(message.length).toBeLessThan(700);
    return false;
  }
  const { tensors, metadata, dataStart } = header;
  // Bytes counted one by one and bit by bit: covered once each, no more and no less.
  const covered = new Uint8Array(bytes.length - dataStart);
  for (const [name, { name: own, dtype, shape, begin, end }] of tensors) {
    expect(own).toBe(name);
    expect(begin >= 0 && begin <= end && dataStart + end <= bytes.length).toBe(true);
    const bits = shape.reduce((count, size) => count * BigInt(size), BigInt(elementBits(dtype)));
    expect(bits).toBe(8n * BigInt(end - begin));
    for (let i = begin; i < end; i++) covered[i]!++;
  }
  expect(covered.every((count) => count === 1)).toBe(true);
  // What is laid out anew says the same of the same tensors.
  const again = layOut('fuzz', tensors.values(), metadata);
  const reread = parseHeader('fuzz', again.bytes, again.header.size);
  const infos = (map: typeof tensors) =>
    new Map([...map].map(([name, { dtype, shape, begin, end }]) => [name, `${dtype} ${shape} ${end - begin}`]));
  expect(infos(reread.tensors)).toEqual(infos(tensors));
  expect({ ...reread.metadata }).toEqual({ ...metadata });
  readsInside(bytes);
  return true;
}

/** Tensors are made of the bytes alone, or not at all. */
function readsInside(bytes: Uint8Array): void {
  let tensors: ReturnType<typeof loadSafetensors>;
  try {
    tensors = loadSafetensors(bytes);
  } catch (error) {
    // Dtypes, shapes and truth values that the format has and tensors have not.
    if (/^ERR_(DTYPE|SHAPE|RANGE|FORMAT)$/.test((error as { code: string }).code)) return;
    throw error;
  }
  for (const { elements } of tensors.values()) {
    const count = elements.shape.reduce((product, size) => product * size, 1);
    expect(elements.array.length).toBe(count);
  }
}

/** What a fuzzer did. */
export interface FuzzCounts {
  files: number;
  accepted: number;
  refused: number;
}

/** Feeds the parser `runs` files of each kind; one that it treats wrongly is shrunk and thrown. */
export function fuzz({ runs, seed }: { runs: number; seed: number }): FuzzCounts {
  const counts = { files: 0, accepted: 0, refused: 0 };
  for (const files of Object.values(kinds)) {
    fc.assert(
      fc.property(files, (bytes) => {
        const accepted = accepts(bytes);
        counts.files++;
        counts[accepted ? 'accepted' : 'refused']++;
      }),
      { numRuns: runs, seed },
    );
  }
  return counts;
}
