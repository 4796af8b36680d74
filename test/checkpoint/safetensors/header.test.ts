import { describe, expect, it } from 'vitest';
import { safetensorsDTypes } from '../../../lib/checkpoint/safetensors/dtypes.js';
import { layOut, parseHeader } from '../../../lib/checkpoint/safetensors/header.js';
import { failure } from '../../cases/data.js';

const call = 'layOut';

/** The header of a file of these tensors, as the reader sees it. */
function reread(...args: [tensors: Parameters<typeof layOut>[1], metadata?: Record<string, string>]) {
  const { header, bytes } = layOut(call, ...args);
  const read = parseHeader(call, bytes, header.size);
  expect([...read.tensors]).toEqual([...header.tensors]);
  expect(read).toEqual(header);
  return read;
}

describe('layOut', () => {
  it('writes what the reference writes', () => {
    // safetensors 0.8.0 in Python: save({'b': f32, 'a': i32, 'é\n\x7f': f64, 'c': bool, 'd': uint8}, {'x': 'y'}), one element each
    const { bytes } = layOut(
      call,
      [
        { name: 'b', dtype: 'F32', shape: [1] },
        { name: 'a', dtype: 'I32', shape: [1] },
        { name: 'é\n\x7f', dtype: 'F64', shape: [1] },
        { name: 'c', dtype: 'BOOL', shape: [1] },
        { name: 'd', dtype: 'U8', shape: [1] },
      ],
      { x: 'y' },
    );
    expect(Buffer.from(bytes).toString('latin1')).toBe(
      '0\x01\0\0\0\0\0\0{"__metadata__":{"x":"y"},"\xc3\xa9\\n\x7f":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
        '"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"I32","shape":[1],"data_offsets":[12,16]},' +
        '"d":{"dtype":"U8","shape":[1],"data_offsets":[16,17]},"c":{"dtype":"BOOL","shape":[1],"data_offsets":[17,18]}}  ',
    );
  });

  it('aligns every tensor to its elements, whatever the order they come in', () => {
    const tensors = safetensorsDTypes.flatMap((dtype) => [
      { name: `${dtype} matrix`, dtype, shape: [3, 8] },
      { name: `${dtype} none`, dtype, shape: [0, 5] },
      ...(/^F[46]/.test(dtype) && dtype !== 'F64' ? [] : [{ name: `${dtype} scalar`, dtype, shape: [] }]),
    ]);
    const { tensors: read, dataStart } = reread(tensors);
    expect(dataStart % 8).toBe(0);
    expect(read.size).toBe(tensors.length);
    const sizes: Readonly<Record<string, number>> = { '16': 2, '32': 4, '64': 8 };
    for (const { name, dtype, begin } of read.values()) {
      expect(begin % (sizes[/\d+$/.exec(dtype)?.[0] ?? ''] ?? 1), name).toBe(0);
    }
    expect([...reread(tensors.reverse()).tensors]).toEqual([...read]);
  });

  it('takes names that objects of JavaScript trip over', () => {
    const names = ['__proto__', 'constructor', '1', '0', '', '"\\\u2028', '\u{1f600}', '\uffff'];
    const { tensors, metadata } = reread(
      names.map((name) => ({ name, dtype: 'U8' as const, shape: [1] })),
      Object.fromEntries(names.map((name) => [`${name}`, `value ${name}`])),
    );
    // In the order of code points: a pair of surrogates comes after U+FFFF.
    expect([...tensors.keys()]).toEqual(['', '"\\\u2028', '0', '1', '__proto__', 'constructor', '\uffff', '\u{1f600}']);
    expect(Object.getOwnPropertyNames(metadata).sort()).toEqual([...names].sort());
    expect(Object.getPrototypeOf(metadata)).toBe(null);
  });

  it('of nothing', () => expect(reread([]).size).toBe(16));

  it('holds tensors of petabytes', () => {
    const { size } = reread([{ name: 'w', dtype: 'F32', shape: [2 ** 25, 2 ** 25] }]);
    expect(size).toBeGreaterThan(2 ** 52);
  });

  it.each<[string, string, unknown, ...string[]]>([
    [
      'ERR_ARGUMENT',
      'a name twice',
      [
        { name: 'a', dtype: 'F32', shape: [] },
        { name: 'a', dtype: 'U8', shape: [] },
      ],
      '"a"',
    ],
    ['ERR_ARGUMENT', 'no name', [{ dtype: 'F32', shape: [] }], 'undefined'],
    ['ERR_ARGUMENT', 'half a character', [{ name: '\ud800', dtype: 'F32', shape: [] }], 'surrogate'],
    ['ERR_ARGUMENT', "the format's own name", [{ name: '__metadata__', dtype: 'F32', shape: [] }], '__metadata__'],
    ['ERR_DTYPE', 'an unknown dtype', [{ name: 'a', dtype: 'float32', shape: [] }], 'float32'],
    ['ERR_ARGUMENT', 'a negative size', [{ name: 'a', dtype: 'F32', shape: [-1] }], '-1'],
    ['ERR_ARGUMENT', 'no shape', [{ name: 'a', dtype: 'F32' }], 'undefined'],
    ['ERR_RANGE', 'too many elements', [{ name: 'a', dtype: 'U8', shape: [2 ** 27, 2 ** 27] }], 'elements'],
    ['ERR_RANGE', 'too many bytes', [{ name: 'a', dtype: 'F64', shape: [2 ** 25, 2 ** 26] }], 'bytes'],
    ['ERR_RANGE', 'a byte that is not full', [{ name: 'a', dtype: 'F4', shape: [3] }], 'within a byte'],
    ['ERR_RANGE', 'a header that is too large', [{ name: 'a'.repeat(1e8), dtype: 'F4', shape: [2] }], '100000000'],
  ])('%s %s', (code, _, tensors, ...parts) => {
    expect(() => layOut(call, tensors as never)).toThrow(failure(code, call, ...parts));
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [['x'], 'x'],
    [{ x: 1 }, '1'],
    [{ '\udc00': 'x' }, 'surrogate'],
  ])('metadata %j', (metadata, part) => {
    expect(() => layOut(call, [], metadata as never)).toThrow(failure('ERR_ARGUMENT', call, part));
  });
});
