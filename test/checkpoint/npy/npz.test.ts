import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { loadNpz, saveNpz, serializeNpy } from '../../../lib/checkpoint/index.js';
import { Generator, randn, type Tensor, tensor, zeros } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';
import { library } from '../../process.js';
import { content, useFolder } from '../tools.js';

const at = useFolder();
const generator = new Generator(9);

/** A zip file of members. */
async function zip(members: Record<string, Uint8Array>, options = {}): Promise<Buffer> {
  const file = new ZipFile();
  for (const [name, bytes] of Object.entries(members)) file.addBuffer(Buffer.from(bytes), name, options);
  file.end(options as never);
  const chunks: Buffer[] = [];
  for await (const chunk of file.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const contents = (tensors: Iterable<readonly [string, Tensor]>) =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, content(tensor)]));

describe('saveNpz and loadNpz', () => {
  const tensors = {
    'fc1.weight': randn([300, 400], { generator }),
    'a/b': tensor([1, 2, 3], { dtype: 'int64' }),
    é: tensor(true).to('bool'),
    none: zeros(0, 3),
    t: randn([4, 3], { generator }).t(),
    __proto: zeros([1000]),
    '': tensor(4),
  };

  it.each([false, true])('compressed: %s', async (compress) => {
    const path = at(`${compress}.npz`);
    await saveNpz(path, new Map(Object.entries(tensors)), { compress });
    expect(contents(await loadNpz(path))).toEqual(contents(Object.entries(tensors)));
    expect(contents(await loadNpz(readFileSync(path)))).toEqual(contents(Object.entries(tensors)));
    const first = readFileSync(path);
    await saveNpz(path, tensors, { compress });
    expect(readFileSync(path).equals(first)).toBe(true);
    expect(first.length < 483_000).toBe(compress);
  });

  it('of nothing', async () => {
    await saveNpz(at('empty.npz'), {});
    expect((await loadNpz(at('empty.npz'))).size).toBe(0);
  });

  it('reads ZIP64', async () => {
    const bytes = await zip({ 'x.npy': serializeNpy(tensor([1, 2])) }, { forceZip64Format: true });
    expect((await loadNpz(bytes)).get('x')!.tolist()).toEqual([1, 2]);
  });

  it('leaves nothing behind where it fails', async () => {
    await saveNpz(at('old.npz'), { x: zeros(2) });
    const before = [readdirSync(at()), readFileSync(at('old.npz'))];
    const gone = randn([3000, 300], { generator });
    const saving = saveNpz(at('old.npz'), { a: zeros(1 << 16), gone });
    structuredClone(gone.array.buffer, { transfer: [gone.array.buffer as ArrayBuffer] });
    await expect(saving).rejects.toThrow(failure('ERR_DETACHED', 'saveNpz', '[3000, 300]'));
    expect([readdirSync(at()), readFileSync(at('old.npz'))]).toEqual(before);
  });

  it('says that the disk is full', async () => {
    const body = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { randn, zeros } from ${JSON.stringify(library)};
      import { saveNpz } from ${JSON.stringify(library.replace('index.js', 'checkpoint/index.js'))};
      process.on('SIGXFSZ', () => {});
      const path = process.argv[1] + '/x.npz';
      await saveNpz(path, { x: zeros(3) });
      const before = readFileSync(path, 'hex');
      const errors = [];
      for (const compress of [false, true]) {
        await saveNpz(path, { a: zeros(3), x: randn(2 ** 20), y: randn(2 ** 20) }, { compress }).catch((error) => errors.push(error));
      }
      // Whatever streams still have to say, they have said it by then.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const untouched = readFileSync(path, 'hex') === before && readdirSync(process.argv[1]).length === 1;
      console.log(JSON.stringify([untouched, ...errors.map(({ code, message }) => [code, message])]));`;
    mkdirSync(at('full'));
    const env = { ...process.env, NODE: process.execPath, BODY: body, FOLDER: at('full') };
    const run = 'ulimit -f 1000 && exec "$NODE" --input-type=module --eval "$BODY" "$FOLDER"';
    const { stdout } = await promisify(execFile)('sh', ['-c', run], { env });
    const error = ['ERR_FILE', `saveNpz: cannot write ${at('full/x.npz')}: file too large (EFBIG)`];
    expect(JSON.parse(stdout)).toEqual([true, error, error]);
  });

  it('nothing else writes to the tensors meanwhile', async () => {
    const x = randn([100], { generator });
    const saving = saveNpz(at('busy.npz'), { x });
    expect(() => x.fill_(1)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    await saving;
    x.fill_(1);
  });
});

describe('a hostile .npz file', () => {
  const good = serializeNpy(tensor([1, 2, 3]));
  const valid = () => zip({ 'x.npy': good, 'y.npy': good });

  /** Bytes in place of others that are there once in each copy. */
  const replaced = (bytes: Buffer, from: string, to: string) =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');

  it.each<[string, string, () => Promise<Uint8Array>, string?]>([
    ['nothing', 'no whole zip file', async () => new Uint8Array(0)],
    ['another format', 'no whole zip file', async () => good],
    ['one cut short', 'no whole zip file', async () => (await valid()).subarray(0, -30)],
    ['one cut short at the start', 'no whole zip file', async () => (await valid()).subarray(30)],
    ['a member that is no array', '"x.txt"', () => zip({ 'x.txt': good })],
    ['a member that is none but by name', 'does not begin with', () => zip({ 'x.npy': Buffer.from('hello, world') })],
    ['an empty member', 'cut short in its header', () => zip({ 'x.npy': new Uint8Array(0) })],
    ['a member cut short', 'cut short', () => zip({ 'x.npy': good.subarray(0, -1) })],
    ['a member cut short in its header', 'cut short in its header', () => zip({ 'x.npy': good.subarray(0, 50) })],
    ['a member that goes on', 'goes on', () => zip({ 'x.npy': Buffer.concat([good, good]) })],
    [
      'a member of Python objects',
      'only Python',
      () => zip({ 'x.npy': Buffer.from(Buffer.from(good).toString('latin1').replace("'<f4'", "'|O' "), 'latin1') }),
      'ERR_DTYPE',
    ],
    ['a member twice', '"x" twice', async () => replaced(await valid(), 'y.npy', 'x.npy')],
    ['a member whose name is no text', 'not UTF-8', async () => replaced(await valid(), 'y.npy', '\xff.npy')],
    [
      'other elements',
      'checksum',
      async () => replaced(await zip({ 'x.npy': good }, { compress: false }), '\0\0\x80\x3f', '\0\0\x80\x40'),
    ],
    ['a wrong checksum', 'checksum', async () => damage(await valid(), 16)],
    ['a wrong size', 'array "x"', async () => damage(await valid(), 24)],
    ['a way of compression that there is not', 'compressed in a way', async () => damage(await valid(), 10)],
    ['a member that is encrypted', 'encrypted', async () => damage(await valid(), 8)],
    ['members that share their bytes', 'members of more than that', () => sharing()],
  ])('%s', async (_, says, make, code = 'ERR_FORMAT') => {
    const bytes = await make();
    await expect(loadNpz(bytes)).rejects.toThrow(failure(code, 'loadNpz', says));
    writeFileSync(at('hostile.npz'), bytes);
    await expect(loadNpz(at('hostile.npz'))).rejects.toThrow(failure(code, 'loadNpz', says));
  });

  /** Changes a byte of the first entry in the central directory. */
  function damage(bytes: Buffer, at: number): Buffer {
    bytes[bytes.indexOf('PK\x01\x02', 0, 'latin1') + at]! ^= 1;
    return bytes;
  }

  /** Many entries for one member. */
  async function sharing(): Promise<Buffer> {
    const bytes = await zip({ 'x0.npy': serializeNpy(randn([5000], { generator })) }, { compress: false });
    const start = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    const end = bytes.indexOf('PK\x05\x06', 0, 'latin1');
    const entries = Array.from({ length: 9 }, (_, i) => replaced(bytes.subarray(start, end), 'x0.npy', `x${i}.npy`));
    const tail = Buffer.from(bytes.subarray(end));
    tail.writeUInt16LE(9, 8);
    tail.writeUInt16LE(9, 10);
    tail.writeUInt32LE(9 * (end - start), 12);
    return Buffer.concat([bytes.subarray(0, start), ...entries, tail]);
  }

  it('changed anywhere gives a typed error or arrays', async () => {
    const files = [
      await valid(),
      await zip({ 'x.npy': good }, { compress: false }),
      await zip({ 'x.npy': good }, { forceZip64Format: true }),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        async (file, edits) => {
          const bytes = Buffer.from(file);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          try {
            for (const tensor of (await loadNpz(bytes)).values()) expect(tensor.tolist()).toEqual([1, 2, 3]);
          } catch (error) {
            if (!/^ERR_(FORMAT|DTYPE|SHAPE|RANGE)$/.test((error as { code: string }).code)) throw error;
          }
        },
      ),
      { numRuns: 1500, seed: 1 },
    );
  });
});

describe('bad input', () => {
  const x = zeros(2);
  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'loadNpz', () => loadNpz(3 as never), '3'],
    ['ERR_FILE', 'loadNpz', () => loadNpz(at('nowhere.npz')), 'nowhere.npz', 'no such file', 'ENOENT'],
    ['ERR_FILE', 'loadNpz', () => loadNpz(at()), 'a folder'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(3 as never, { x }), '3'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(at('x.npz'), x as never), 'Tensor'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(at('x.npz'), { x: 3 } as never), '3'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(at('x.npz'), { x }, { compress: 9 as never }), '9'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(at('x.npz'), { x }, 3 as never), '3'],
    ['ERR_ARGUMENT', 'saveNpz', () => saveNpz(at('x.npz'), new Map([[3, x]]) as never), '3'],
    ...['../x', '/x', 'a/../b', 'a\\b', 'C:/x', 'a\0b', '..', '\ud800', 'x'.repeat(60_001)].map(
      (name): [string, string, () => unknown, string] => [
        'ERR_ARGUMENT',
        'saveNpz',
        () => saveNpz(at('x.npz'), { [name]: x }),
        'cannot be the name',
      ],
    ),
    ['ERR_DTYPE', 'saveNpz', () => saveNpz(at('x.npz'), { x: zeros([2], { dtype: 'bfloat16' }) }), 'bfloat16'],
    ['ERR_FILE', 'saveNpz', () => saveNpz(at('nowhere/x.npz'), { x }), 'nowhere/x.npz', 'ENOENT'],
  ])('%s %s %#', async (code, name, run, ...parts) => {
    await expect((async () => run())()).rejects.toThrow(failure(code, name, ...parts));
  });
});
