import { truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadNpy, saveNpy, serializeNpy } from '../../../lib/checkpoint/index.js';
import { type DType, Generator, randn, Tensor, tensor, zeros } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';
import { content, useFolder } from '../tools.js';

const at = useFolder();
const generator = new Generator(5);

/** A .npy file of a header's text and data. */
function npy(
  text: string,
  data: number | Uint8Array = 0,
  version: [number, number] = [1, 0],
  length?: number,
): Uint8Array {
  const head = Buffer.alloc(version[0] === 1 ? 10 : 12);
  head.write('\x93NUMPY', 'latin1');
  head.set(version, 6);
  const bytes = Buffer.from(text, version[0] === 3 ? 'utf8' : 'latin1');
  if (version[0] === 1) head.writeUInt16LE(length ?? bytes.length, 8);
  else head.writeUInt32LE(length ?? bytes.length, 8);
  return new Uint8Array(Buffer.concat([head, bytes, typeof data === 'number' ? Buffer.alloc(data, 1) : data]));
}

const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}}`;

describe('saveNpy and loadNpy', () => {
  it.each<DType>(['float32', 'float64', 'float16', 'int64', 'int32', 'uint8', 'bool'])('%s', async (dtype) => {
    const x = tensor([
      [1, 0, 3],
      [250, 0, 1],
    ]).to(dtype);
    for (const [i, value] of [
      x,
      x.t(),
      x.select(1, 2),
      x.at(0, 0) instanceof Tensor ? x.select(0, 0).select(0, 0) : x,
      zeros([2, 0], { dtype }),
    ].entries()) {
      await saveNpy(at(`${dtype}${i}.npy`), value);
      expect(content(await loadNpy(at(`${dtype}${i}.npy`)))).toEqual(content(value));
    }
  });

  it('reads either order of dimensions and of bytes', async () => {
    const data = Buffer.alloc(24);
    for (let i = 0; i < 6; i++) data.writeInt32BE(i - 3, 4 * i);
    const read = async (order: string) => (await loadNpy(npy(header("'>i4'", '(2, 3)', order), data))).tolist();
    expect(await read('False')).toEqual([
      [-3, -2, -1],
      [0, 1, 2],
    ]);
    expect(await read('True')).toEqual([
      [-3, -1, 1],
      [-2, 0, 2],
    ]);
  });

  it('data that begins anywhere', async () => {
    for (let spaces = 0; spaces < 8; spaces++) {
      const bytes = npy(header("'<f8'", '(1,)') + ' '.repeat(spaces), Buffer.from(Float64Array.of(0.1).buffer));
      expect((await loadNpy(bytes)).tolist()).toEqual([0.1]);
      writeFileSync(at('any.npy'), bytes);
      expect((await loadNpy(at('any.npy'))).tolist()).toEqual([0.1]);
    }
  });

  it('a file that was cut short', async () => {
    await saveNpy(at('cut.npy'), randn(10, { generator }));
    truncateSync(at('cut.npy'), 130);
    await expect(loadNpy(at('cut.npy'))).rejects.toThrow(
      failure('ERR_FORMAT', 'loadNpy', at('cut.npy'), 'cut short', '40 bytes', '2 are'),
    );
  });
});

describe('a hostile .npy file', () => {
  const good = header("'<f4'", '(2,)');

  it.each<[string, string, Uint8Array, string?]>([
    ['nothing', 'does not begin', new Uint8Array(0)],
    ['another format', 'does not begin', Buffer.from('PK\x03\x04aaaaaaaaaaaaa')],
    ['the magic alone', 'cut short', npy(good).subarray(0, 6)],
    ['no length', 'cut short', npy(good).subarray(0, 9)],
    ['half a length', 'cut short', npy(good, 8, [2, 0]).subarray(0, 11)],
    ['version 0', 'version 0.0', npy(good, 8, [0, 0])],
    ['version 4', 'version 4.0', npy(good, 8, [4, 0])],
    ['version 1.1', 'version 1.1', npy(good, 8, [1, 1])],
    ['a header longer than the file', 'cut short', npy(good, 8, [1, 0], 9000)],
    ['a header that no reader takes', '10001 bytes', npy(good, 8, [1, 0], 10_001)],
    ['a header of 4 GiB', '4294967295 bytes', npy(good, 8, [2, 0], 2 ** 32 - 1)],
    ['no header', 'cannot be read', npy('', 8)],
    ['a header that ends too early', 'cannot be read', npy(good, 8, [1, 0], good.length - 1)],
    ['no dictionary', 'must be a dictionary', npy('(1,)', 8)],
    ['code', 'cannot be read', npy('__import__("os").system("id")', 8)],
    ['bytes that are no UTF-8', 'not UTF-8', Buffer.concat([npy('', 0, [3, 0], 2), Buffer.of(0xff, 0xfe)])],
    ['no descr', 'no descr', npy("{'fortran_order': False, 'shape': (2,)}", 8)],
    ['no order', 'fortran_order', npy("{'descr': '<f4', 'shape': (2,)}", 8)],
    ['an order that is a number', 'fortran_order', npy(header("'<f4'", '(2,)', '1'), 8)],
    ['no shape', 'shape of whole numbers', npy("{'descr': '<f4', 'fortran_order': False}", 8)],
    ['a shape that is a number', 'shape of whole numbers', npy(header("'<f4'", '2'), 8)],
    ['a size that is text', 'shape of whole numbers', npy(header("'<f4'", "('2',)"), 8)],
    ['a size that is true', 'shape of whole numbers', npy(header("'<f4'", '(True, True)'), 4)],
    ['a negative size', 'number -2', npy(header("'<f4'", '(-2,)'), 8)],
    ['negative sizes', 'number -2', npy(header("'<f4'", '(-2, -1)'), 8)],
    ['a broken size', 'cannot be read', npy(header("'<f4'", '(2.0,)'), 8)],
    ['a size beyond doubles', 'number 9007199254740993', npy(header("'<f4'", '(9007199254740993,)'), 8)],
    ['sizes that overflow', 'more elements', npy(header("'<f4'", '(4294967296, 4294967296)'), 8)],
    ['a key twice', 'twice', npy(`${good.slice(0, -1)}, 'shape': (2,)}`, 8)],
    ['an unknown key', 'unknown key "x"', npy(`${good.slice(0, -1)}, 'x': 1}`, 8)],
    ['no data', 'is cut short', npy(good)],
    ['a byte too few', 'is cut short', npy(good, 7)],
    ['a byte too many', 'goes on', npy(good, 9)],
    ['a second array', 'goes on', Buffer.concat([npy(good, 8), npy(good, 8)])],
    ['terabytes', 'is cut short', npy(header("'<f4'", '(8000000000,)'), 8)],
    ['truth values that are none', 'byte 2', npy(header("'|b1'", '(2,)'), Buffer.of(1, 2))],
    ['nine dimensions', 'at most 8', npy(header("'<f4'", '(1,1,1,1,1,1,1,1,1)'), 4), 'ERR_SHAPE'],
    ['more elements than tensors have', 'more than', npy(header("'<f4'", '(8589934592,)'), 4), 'ERR_RANGE'],
    ['another type', "'<f4x'", npy(header("'<f4x'", '(2,)'), 8), 'ERR_DTYPE'],
    ['a type of nothing', "''", npy(header("''", '(2,)'), 8), 'ERR_DTYPE'],
    ['a type that is a number', '4', npy(header('4', '(2,)'), 8), 'ERR_DTYPE'],
    ['a type from an object of JavaScript', 'constructor', npy(header("'constructor'", '(2,)'), 8), 'ERR_DTYPE'],
    ['Python objects', 'only Python', npy(header("'|O'", '(2,)'), 8), 'ERR_DTYPE'],
    ['records', "'x'", npy(header("[('x', '<f4')]", '(2,)'), 8), 'ERR_DTYPE'],
  ])('%s', async (_, says, bytes, code = 'ERR_FORMAT') => {
    await expect(loadNpy(bytes)).rejects.toThrow(failure(code, 'loadNpy', says));
    writeFileSync(at('hostile.npy'), bytes);
    await expect(loadNpy(at('hostile.npy'))).rejects.toThrow(failure(code, 'loadNpy', says));
  });

  it('changed anywhere gives a typed error or an array', async () => {
    const valid = [
      serializeNpy(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      npy(header("'>f2'", '(3,)', 'True'), 6, [2, 0]),
      serializeNpy(tensor(1).to('bool')),
    ];
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...valid),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
        async (file, edits, end) => {
          const bytes = file.slice(0, end % 4 === 0 ? end % file.length : file.length);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          try {
            const { elements } = await loadNpy(bytes);
            expect(elements.array.length).toBe(elements.shape.reduce((product, size) => product * size, 1));
            read++;
          } catch (error) {
            if (!/^ERR_(FORMAT|DTYPE|SHAPE|RANGE)$/.test((error as { code: string }).code)) throw error;
          }
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
    expect(read).toBeGreaterThan(300);
  });
});

describe('bad input', () => {
  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'loadNpy', () => loadNpy(3 as never), '3'],
    ['ERR_FILE', 'loadNpy', () => loadNpy(at('nowhere.npy')), 'nowhere.npy', 'ENOENT'],
    ['ERR_FILE', 'loadNpy', () => loadNpy(at()), 'a folder'],
    ['ERR_ARGUMENT', 'saveNpy', () => saveNpy('', zeros(2)), '""'],
    ['ERR_ARGUMENT', 'saveNpy', () => saveNpy(at('x.npy'), [1] as never), '[1]'],
    [
      'ERR_DTYPE',
      'saveNpy',
      () => saveNpy(at('x.npy'), zeros([2], { dtype: 'bfloat16' })),
      'bfloat16',
      "to('float32')",
    ],
    ['ERR_FILE', 'saveNpy', () => saveNpy(at('nowhere/x.npy'), zeros(2)), 'nowhere/x.npy', 'ENOENT'],
    ['ERR_ARGUMENT', 'serializeNpy', () => serializeNpy(3 as never), '3'],
    ['ERR_DTYPE', 'serializeNpy', () => serializeNpy(zeros([2], { dtype: 'bfloat16' })), 'bfloat16'],
  ])('%s %s %#', async (code, name, run, ...parts) => {
    await expect((async () => run())()).rejects.toThrow(failure(code, name, ...parts));
  });
});
