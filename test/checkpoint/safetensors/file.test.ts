import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadSafetensors,
  loadState,
  openCheckpoint,
  saveCheckpoint,
  serializeSafetensors,
} from '../../../lib/checkpoint/index.js';
import { layOut } from '../../../lib/checkpoint/safetensors/header.js';
import { type DType, Generator, randn, scope, type Tensor, tensor, zeros } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';
import { content, rawFile, useFolder } from '../tools.js';

const at = useFolder();
const generator = new Generator(7);
const dtypes: DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool'];

/** One tensor of each dtype, a scalar, one without elements. */
const all = (): Record<string, Tensor> => ({
  ...Object.fromEntries(
    dtypes.map((dtype) => [
      dtype,
      tensor([
        [1, 0, 3],
        [250, 0, 1],
      ]).to(dtype),
    ]),
  ),
  scalar: tensor(4.5),
  none: zeros(3, 0, 2),
  w: randn([6, 5, 4], { generator }),
});

const contents = (tensors: Iterable<readonly [string, Tensor]>) =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, content(tensor)]));

/** The path of a file of these bytes. */
function written(name: string, bytes: Uint8Array): string {
  writeFileSync(at(name), bytes);
  return at(name);
}

describe('openCheckpoint', () => {
  it.each<[string, (bytes: Uint8Array) => string | URL | Uint8Array]>([
    ['a path', (bytes) => written('a.safetensors', bytes)],
    ['a URL', (bytes) => pathToFileURL(written('b.safetensors', bytes))],
    ['bytes', (bytes) => bytes],
    ['bytes that are not aligned', (bytes) => Buffer.concat([Buffer.alloc(1), bytes]).subarray(1)],
  ])('%s', async (_, place) => {
    const tensors = all();
    const checkpoint = await openCheckpoint(place(serializeSafetensors(tensors, { metadata: { step: '12' } })));
    expect({ ...checkpoint.metadata }).toEqual({ format: 'pt', step: '12' });
    expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, wanted] of Object.entries(tensors)) {
      expect(content(await checkpoint.tensor(name)), name).toEqual(content(wanted));
      expect(Buffer.from(await checkpoint.bytes(name)).toString('hex')).toBe(content(wanted).bits);
    }
    expect(contents(await checkpoint.state())).toEqual(contents(Object.entries(tensors)));
    expect(checkpoint.shards).toHaveLength(1);
    await checkpoint.close();
    await checkpoint.close();
    await expect(checkpoint.tensor('w')).rejects.toThrow(failure('ERR_STATE', 'tensor', 'closed'));
  });

  it('reads every dtype as bytes', async () => {
    const checkpoint = await openCheckpoint(
      rawFile(
        '{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F4","shape":[4],"data_offsets":[2,4]}}',
        Buffer.of(1, 2, 3, 4),
      ),
    );
    expect([...(await checkpoint.bytes('a'))]).toEqual([1, 2]);
    expect([...(await checkpoint.bytes('b'))]).toEqual([3, 4]);
    await expect(checkpoint.tensor('a')).rejects.toThrow(failure('ERR_DTYPE', 'tensor', '"a"', 'F8_E4M3', 'bytes()'));
    await expect(checkpoint.slice('b', 0)).rejects.toThrow(failure('ERR_DTYPE', 'slice', 'F4'));
    await expect(checkpoint.state()).rejects.toThrow(failure('ERR_DTYPE', 'state', '"a"'));
  });

  it('reads data that no writer aligned', async () => {
    const data = Buffer.alloc(1 + 4 + 8);
    data.writeUInt8(1, 0);
    data.writeFloatLE(0.1, 1);
    data.writeDoubleLE(0.2, 5);
    const header =
      '{"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},' +
      '"c":{"dtype":"F64","shape":[1,1],"data_offsets":[5,13]}}';
    for (let spaces = 0; spaces < 8; spaces++) {
      const bytes = rawFile(header + ' '.repeat(spaces), data);
      const checkpoint = await openCheckpoint(bytes);
      // A slice of a Buffer is a view, of other arrays a copy.
      for (const state of [await checkpoint.state(), loadSafetensors(bytes), loadSafetensors(Buffer.from(bytes))]) {
        expect(state.get('a')!.item()).toBe(true);
        expect(state.get('b')!.item()).toBe(Math.fround(0.1));
        expect(state.get('c')!.tolist()).toEqual([[0.2]]);
      }
    }
  });

  it('finds the file of a folder', async () => {
    const bytes = (value: number) => serializeSafetensors({ x: tensor(value) });
    const value = async (path: string) => (await loadState(path)).get('x')!.item();
    const folder = at('folder');
    mkdirSync(folder);
    await expect(openCheckpoint(folder)).rejects.toThrow(
      failure('ERR_FILE', 'openCheckpoint', folder, 'model.safetensors'),
    );
    writeFileSync(at('folder/other.safetensors'), bytes(1));
    expect(await value(folder)).toBe(1);
    writeFileSync(at('folder/second.safetensors'), bytes(2));
    await expect(openCheckpoint(folder)).rejects.toThrow(failure('ERR_FILE', 'openCheckpoint', folder));
    writeFileSync(at('folder/other.safetensors.index.json'), '{"weight_map":{"x":"second.safetensors"}}');
    expect(await value(folder)).toBe(2);
    writeFileSync(at('folder/model.safetensors'), bytes(3));
    expect(await value(folder)).toBe(3);
    symlinkSync(at('folder/second.safetensors'), at('link'));
    expect(await value(at('link'))).toBe(2);
  });

  it('many reads at the same time', async () => {
    await saveCheckpoint(at('many.safetensors'), all());
    const checkpoint = await openCheckpoint(at('many.safetensors'));
    const names = Array.from({ length: 40 }, () => ['w', 'float16', 'bool', 'none']).flat();
    const got = await Promise.all(names.map((name) => checkpoint.tensor(name)));
    const wanted = await Promise.all(names.map((name) => checkpoint.tensor(name)));
    expect(got.map(content)).toEqual(wanted.map(content));
    await checkpoint.close();
  });

  it('keeps what is read in a scope', async () => {
    const big = randn([300, 300], { generator });
    await saveCheckpoint(at('scope.safetensors'), { big });
    const checkpoint = await openCheckpoint(at('scope.safetensors'));
    let reading: Promise<Tensor> | undefined;
    scope(() => {
      reading = checkpoint.tensor('big');
    });
    // Takes the memory that the scope gave back, if it did.
    const other = zeros(300, 300);
    expect(content(await reading!)).toEqual(content(big));
    expect(other.sum().item()).toBe(0);
    await checkpoint.close();
  });

  it.each<[string, string, unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'no path', 3, '3'],
    ['ERR_ARGUMENT', 'an empty path', '', '""'],
    ['ERR_ARGUMENT', 'a path with a zero', 'a\0b', 'a'],
    ['ERR_ARGUMENT', 'a URL of the net', new URL('https://example.org/x'), 'example.org'],
    ['ERR_FILE', 'no file', at('nowhere/x.safetensors'), 'nowhere', 'no such file', 'ENOENT'],
    ['ERR_FILE', 'no folder', at('a.safetensors/x'), 'ENOTDIR'],
    ['ERR_FORMAT', 'empty bytes', new Uint8Array(0), '0 bytes'],
  ])('%s %s', async (code, _, path, ...parts) => {
    writeFileSync(at('a.safetensors'), serializeSafetensors({}));
    await expect(openCheckpoint(path as never)).rejects.toThrow(failure(code, 'openCheckpoint', ...parts));
    await expect(loadState(path as never)).rejects.toThrow(failure(code, 'loadState', ...parts));
  });

  it('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(openCheckpoint(at('pipe'))).rejects.toThrow(failure('ERR_FILE', 'openCheckpoint', 'pipe'));
  });

  it('notices a file that was cut short', async () => {
    const path = at('cut.safetensors');
    await saveCheckpoint(path, all());
    const checkpoint = await openCheckpoint(path);
    const { dataStart, size } = checkpoint.shards[0]!.header;
    const end = dataStart + checkpoint.tensors.get('w')!.begin + 100;
    truncateSync(path, end);
    await expect(checkpoint.tensor('w')).rejects.toThrow(failure('ERR_FORMAT', 'tensor', path, 'cut short', end));
    await expect(checkpoint.bytes('w')).rejects.toThrow(failure('ERR_FORMAT', 'bytes', path, 'cut short'));
    await expect(checkpoint.slice('w', 1, 2)).rejects.toThrow(failure('ERR_FORMAT', 'slice', path, 'cut short'));
    await checkpoint.close();
    await expect(openCheckpoint(path)).rejects.toThrow(failure('ERR_FORMAT', 'openCheckpoint', path, 'cut short'));
    truncateSync(path, size + 1);
    await expect(openCheckpoint(path)).rejects.toThrow(failure('ERR_FORMAT', 'openCheckpoint', path, 'no tensor'));
  });

  it('refuses truth values that are none', async () => {
    const bytes = rawFile('{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}', Buffer.of(0, 1, 2));
    const checkpoint = await openCheckpoint(bytes);
    await expect(checkpoint.tensor('a')).rejects.toThrow(failure('ERR_FORMAT', 'tensor', '"a"', '2'));
    expect((await checkpoint.slice('a', 0, 2)).tolist()).toEqual([false, true]);
    expect(() => loadSafetensors(bytes)).toThrow(failure('ERR_FORMAT', 'loadSafetensors', '"a"', '2'));
  });

  it.each([
    ['nine dimensions', 'ERR_SHAPE', '[1,1,1,1,1,1,1,1,1]', '9'],
    ['sizes beyond what tensors have', 'ERR_RANGE', '[0,9007199254740991,2]', 'too large'],
  ])('%s are bytes, not tensors', async (_, code, shape, part) => {
    const bytes = shape.startsWith('[0') ? 0 : 4;
    const checkpoint = await openCheckpoint(
      rawFile(`{"a":{"dtype":"F32","shape":${shape},"data_offsets":[0,${bytes}]}}`, bytes),
    );
    expect(await checkpoint.bytes('a')).toHaveLength(bytes);
    await expect(checkpoint.tensor('a')).rejects.toThrow(failure(code, 'tensor', part));
  });
});

describe('files beyond 4 GiB', () => {
  it('are read in pieces and at any place', async () => {
    // Sparse: it takes a few blocks of the disk.
    const rows = 5 * 2 ** 20;
    const { header, bytes } = layOut('test', [
      { name: 'large', dtype: 'F32', shape: [rows, 256] },
      { name: 'last', dtype: 'U8', shape: [3] },
    ]);
    const path = at('large.safetensors');
    const fd = openSync(path, 'w');
    writeSync(fd, bytes, 0, bytes.length, 0);
    const place = header.dataStart + (rows - 2) * 1024;
    const row = Float32Array.from({ length: 256 }, (_, i) => i / 3);
    writeSync(fd, row, 0, 1024, place);
    writeSync(fd, Buffer.of(7, 8, 9), 0, 3, header.size - 3);
    closeSync(fd);
    expect(header.size).toBeGreaterThan(5 * 2 ** 30);
    const checkpoint = await openCheckpoint(path);
    expect((await checkpoint.tensor('last')).tolist()).toEqual([7, 8, 9]);
    const tail = await checkpoint.slice('large', -3);
    expect(tail.shape).toEqual([3, 256]);
    expect([...tail.array.subarray(256, 512)]).toEqual([...row]);
    expect(
      (
        await checkpoint.slice('large', [
          [rows - 2, rows - 1],
          [3, 5],
        ])
      ).tolist(),
    ).toEqual([[1, row[4]]]);
    await checkpoint.close();
  });
});

describe('slice', () => {
  it('is the slice of the tensor', async () => {
    const wide = randn([9, 7, 40_000], { generator });
    const tensors = { ...all(), wide };
    await saveCheckpoint(at('slices.safetensors'), tensors);
    const checkpoint = await openCheckpoint(at('slices.safetensors'));
    const { w, bfloat16 } = tensors as unknown as Record<string, Tensor>;
    const same = async (got: Promise<Tensor>, wanted: Tensor) => expect(content(await got)).toEqual(content(wanted));
    await same(checkpoint.slice('w', 2, 4), w!.slice(0, 2, 4));
    await same(checkpoint.slice('w', 2), w!.slice(0, 2, 6));
    await same(checkpoint.slice('w', -2), w!.slice(0, 4, 6));
    await same(checkpoint.slice('w', 4, 2), w!.slice(0, 4, 2));
    await same(checkpoint.slice('w', -100, 100), w!);
    await same(checkpoint.slice('w', []), w!);
    await same(checkpoint.slice('w', [null, [1, 3]]), w!.slice(1, 1, 3));
    await same(
      checkpoint.slice('w', [
        [5, 6],
        [1, 3],
        [-1, 4],
      ]),
      w!.slice(0, 5, 6).slice(1, 1, 3).slice(2, 3, 4),
    );
    await same(checkpoint.slice('w', [null, null, [2, 2]]), w!.slice(2, 2, 2));
    await same(checkpoint.slice('bfloat16', [null, [1, 2]]), bfloat16!.slice(1, 1, 2));
    await same(checkpoint.slice('scalar', []), tensor(4.5));
    await same(checkpoint.slice('none', 1, 2), zeros(1, 0, 2));
    // Each row of it is read on its own.
    await same(
      checkpoint.slice('wide', [
        [1, 8],
        [2, 4],
        [5, 30_000],
      ]),
      wide.slice(0, 1, 8).slice(1, 2, 4).slice(2, 5, 30_000),
    );
    await checkpoint.close();
  });

  it('is that of the tensor, for random shapes and ranges', async () => {
    const range = fc.option(fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 })), { nil: null });
    const dim = fc.record({ size: fc.nat(6), range });
    await fc.assert(
      fc.asyncProperty(
        fc.array(dim, { maxLength: 4 }),
        fc.nat(4),
        fc.constantFrom(...dtypes),
        async (dims, given, dtype) => {
          const x = randn(
            dims.map(({ size }) => size),
            { generator },
          ).to(dtype);
          const ranges = dims.slice(0, given).map(({ range }) => range);
          const wanted = ranges.reduce((part, range, d) => (range === null ? part : part.slice(d, ...range)), x);
          const checkpoint = await openCheckpoint(serializeSafetensors({ other: zeros(3), x }));
          expect(content(await checkpoint.slice('x', ranges))).toEqual(content(wanted.contiguous()));
        },
      ),
      { numRuns: 300, seed: 2 },
    );
  });

  it('reads only what it needs', async () => {
    const path = at('part.safetensors');
    await saveCheckpoint(path, { x: randn([1000, 1000], { generator }) });
    const checkpoint = await openCheckpoint(path);
    // What lies behind is not there any more.
    truncateSync(path, checkpoint.shards[0]!.header.dataStart + 20 * 4000);
    expect((await checkpoint.slice('x', 10, 20)).shape).toEqual([10, 1000]);
    await expect(checkpoint.slice('x', 10, 21)).rejects.toThrow(failure('ERR_FORMAT', 'slice', 'cut short'));
    await checkpoint.close();
  });
});

describe('readInto', () => {
  it('fills a part of a tensor', async () => {
    const checkpoint = await openCheckpoint(serializeSafetensors({ x: tensor([1, 2, 3, 4]) }));
    const into = new Float32Array(2);
    await checkpoint.readInto('x', 4, new Uint8Array(into.buffer));
    expect([...into]).toEqual([2, 3]);
  });
});

describe('bad input', () => {
  const checkpoint = openCheckpoint(serializeSafetensors({ x: zeros(4, 2) }));
  it.each<[string, string, (c: Awaited<typeof checkpoint>) => Promise<unknown>, ...string[]]>([
    ['ERR_ARGUMENT', 'loadState', () => loadState(3 as never), '3'],
    ['ERR_ARGUMENT', 'tensor', (c) => c.tensor('y'), '"y"', '"x"'],
    ['ERR_ARGUMENT', 'tensor', (c) => c.tensor(3 as never), '3'],
    ['ERR_ARGUMENT', 'tensor', (c) => c.tensor('__proto__'), '__proto__'],
    ['ERR_ARGUMENT', 'bytes', (c) => c.bytes('y'), '"y"'],
    ['ERR_ARGUMENT', 'slice', (c) => c.slice('y', 0), '"y"'],
    ['ERR_ARGUMENT', 'slice', (c) => c.slice('x', 0.5), '0.5'],
    ['ERR_ARGUMENT', 'slice', (c) => c.slice('x', 0, NaN), 'NaN'],
    ['ERR_ARGUMENT', 'slice', (c) => c.slice('x', [[0, 1, 2]] as never), '[0, 1, 2]'],
    ['ERR_ARGUMENT', 'slice', (c) => c.slice('x', [3] as never), '3'],
    ['ERR_RANGE', 'slice', (c) => c.slice('x', [null, null, null]), '3 dimensions'],
    ['ERR_ARGUMENT', 'readInto', (c) => c.readInto('x', 0, [] as never), '[]'],
    ['ERR_ARGUMENT', 'readInto', (c) => c.readInto('x', 'a' as never, new Uint8Array(1)), 'begin'],
    ['ERR_RANGE', 'readInto', (c) => c.readInto('x', -1, new Uint8Array(1)), '-1'],
    ['ERR_RANGE', 'readInto', (c) => c.readInto('x', 30, new Uint8Array(3)), '32 bytes'],
  ])('%s %s %#', async (code, name, run, ...parts) => {
    await expect(run(await checkpoint)).rejects.toThrow(failure(code, name, ...parts));
  });
});

describe('loadSafetensors', () => {
  it('shares memory', () => {
    const bytes = serializeSafetensors({ x: tensor([1, 2]), y: tensor([3, 4], { dtype: 'int64' }) });
    const state = loadSafetensors(bytes);
    const before = createHash('sha1').update(bytes).digest('hex');
    state.get('x')!.fill_(5);
    expect(createHash('sha1').update(bytes).digest('hex')).not.toBe(before);
    expect(loadSafetensors(bytes).get('x')!.tolist()).toEqual([5, 5]);
    expect(loadSafetensors(bytes).get('y')!.tolist()).toEqual([3, 4]);
  });

  it.each<[string, string, unknown, string]>([
    ['ERR_ARGUMENT', 'loadSafetensors', 'x', '"x"'],
    ['ERR_FORMAT', 'loadSafetensors', new Uint8Array(7), '7 bytes'],
    ['ERR_DTYPE', 'loadSafetensors', rawFile('{"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1), 'I8'],
  ])('%s %s %#', (code, name, bytes, part) => {
    expect(() => loadSafetensors(bytes as never)).toThrow(failure(code, name, part));
  });
});
