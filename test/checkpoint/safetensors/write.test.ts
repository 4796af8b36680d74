import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  loadSafetensors,
  loadState,
  openCheckpoint,
  saveCheckpoint,
  serializeSafetensors,
} from '../../../lib/checkpoint/index.js';
import { Generator, nn, randn, type Tensor, tensor, zeros } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';
import { library } from '../../process.js';
import { canMount, content, useFolder } from '../tools.js';

const at = useFolder();
const generator = new Generator(11);

const same = (got: Tensor | undefined, wanted: Tensor) => expect(content(got!)).toEqual(content(wanted.contiguous()));

describe('what is written', () => {
  it('of tensors that are not contiguous', async () => {
    const x = randn([4, 6], { generator });
    const views = {
      t: x.t(),
      column: x.select(1, 2),
      block: x.narrow(0, 1, 2).narrow(1, 3, 2),
      wide: x.select(0, 0).expand([3, 6]),
    };
    const state = loadSafetensors(serializeSafetensors(views));
    await saveCheckpoint(at('views.safetensors'), new Map(Object.entries(views)));
    const saved = await loadState(at('views.safetensors'));
    for (const [name, view] of Object.entries(views)) {
      same(state.get(name), view);
      same(saved.get(name), view);
    }
  });

  it('of a part without elements that begins behind the end', () => {
    const part = zeros(1, 0).slice(0, 1, 1);
    expect(part.storageOffset).toBe(1);
    same(loadSafetensors(serializeSafetensors({ part })).get('part'), part);
  });

  it('is the same in memory and on the disk', async () => {
    const tensors = { b: randn([3, 5], { generator, dtype: 'bfloat16' }), a: randn(7, { generator }), n: zeros(0, 3) };
    const options = { metadata: { z: 'é\n', a: '' } };
    await saveCheckpoint(at('same.safetensors'), tensors, options);
    expect(readFileSync(at('same.safetensors')).equals(serializeSafetensors(tensors, options))).toBe(true);
    const { metadata } = await openCheckpoint(readFileSync(at('same.safetensors')));
    expect({ ...metadata }).toEqual({
      format: 'pt',
      ...options.metadata,
    });
  });

  it('of a module goes back into one', async () => {
    const make = (seed: number) => {
      const options = { generator: new Generator(seed) };
      return new nn.Sequential(new nn.Linear(3, 4, options), new nn.BatchNorm1d(4), new nn.Linear(4, 2, options));
    };
    const [from, to] = [make(1), make(2)];
    from.call(randn([8, 3], { generator }));
    await saveCheckpoint(at('net.safetensors'), from);
    expect(to.loadStateDict(await loadState(at('net.safetensors')))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    for (const [name, wanted] of from.stateDict()) same(to.stateDict().get(name), wanted);
  });

  it('of nothing', async () => {
    await saveCheckpoint(at('empty.safetensors'), {});
    expect((await loadState(at('empty.safetensors'))).size).toBe(0);
    await saveCheckpoint(at('empty'), {}, { shardSize: '1MB' });
    expect(readdirSync(at('empty'))).toEqual(['model.safetensors']);
  });

  it('of tied weights: each under its name, or once', () => {
    const weight = randn([4, 3], { generator });
    const tied = {
      'wte.weight': weight,
      'lm_head.weight': weight.view(4, 3),
      other: weight.t(),
      half: weight.narrow(0, 0, 2),
    };
    const copies = loadSafetensors(serializeSafetensors(tied));
    for (const [name, wanted] of Object.entries(tied)) same(copies.get(name), wanted);
    const once = serializeSafetensors({ ...tied, none: zeros(0) }, { tied: 'once' });
    expect([...loadSafetensors(once).keys()].sort()).toEqual(['half', 'none', 'other', 'wte.weight']);
    const proto = serializeSafetensors(
      new Map([
        ['a', weight],
        ['__proto__', weight],
      ]),
      { tied: 'once' },
    );
    expect(Buffer.from(proto).toString('latin1')).toContain('{"__metadata__":{"__proto__":"a","format":"pt"}');
    expect(Buffer.from(once).toString('latin1')).toContain(
      '{"__metadata__":{"format":"pt","lm_head.weight":"wte.weight"}',
    );
  });
});

describe('several files', () => {
  const tensors = Object.fromEntries(
    ['d', 'a', 'c', 'b', '__proto', 'e'].map((name, i) => [name, randn([10 + i], { generator })]),
  );

  it('with an index, and back', async () => {
    const folder = at('deep/sharded');
    await saveCheckpoint(folder, tensors, { shardSize: 116, metadata: { run: '5' } });
    const names = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
    expect(readdirSync(folder).sort()).toEqual([...names, 'model.safetensors.index.json']);
    const text = readFileSync(`${folder}/model.safetensors.index.json`, 'utf8');
    expect(text).toBe(
      `${JSON.stringify(
        {
          metadata: { total_size: 4 * (10 + 11 + 12 + 13 + 14 + 15) },
          weight_map: { __proto: names[2], a: names[0], b: names[1], c: names[1], d: names[0], e: names[2] },
        },
        undefined,
        2,
      )}\n`,
    );
    for (const path of [folder, `${folder}/model.safetensors.index.json`]) {
      const checkpoint = await openCheckpoint(path);
      expect(checkpoint.shards.map(({ path }) => path)).toEqual(names.map((name) => `${folder}/${name}`));
      expect({ ...checkpoint.metadata }).toEqual({ format: 'pt', run: '5' });
      for (const [name, wanted] of Object.entries(tensors)) same(await checkpoint.tensor(name), wanted);
      await checkpoint.close();
    }
    // Again, in place of the first.
    await saveCheckpoint(folder, { ...tensors, d: zeros(10) }, { shardSize: '0.116KB' });
    expect((await loadState(folder)).get('d')!.sum().item()).toBe(0);
    expect(readdirSync(folder)).toHaveLength(4);
    await expect(saveCheckpoint(folder, tensors, { shardSize: '1GiB' })).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_STATE',
        message: expect.stringContaining('model.safetensors.index.json is there'),
      }),
    );
  });

  it('one where one is enough', async () => {
    await saveCheckpoint(at('one'), tensors, { shardSize: '1kb' });
    expect(readdirSync(at('one'))).toEqual(['model.safetensors']);
    await expect(saveCheckpoint(at('one'), tensors, { shardSize: 1 })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_STATE', message: expect.stringContaining('model.safetensors is there') }),
    );
    expect((await loadState(at('one'))).size).toBe(6);
  });
});

/** What a folder has in it, names and bytes. */
const snapshot = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'hex')]));

describe('when writing fails', () => {
  it.each<[string, string, () => string, ...string[]]>([
    ['the folder is missing', 'ERR_FILE', () => at('missing/x.safetensors'), 'ENOENT', 'missing/x.safetensors'],
    ['the path is a folder', 'ERR_FILE', () => at(), 'folder', 'shardSize'],
    ['a folder of the path is a file', 'ERR_FILE', () => at('file/x.safetensors'), 'ENOTDIR'],
  ])('because %s', async (_, code, path, ...parts) => {
    writeFileSync(at('file'), '');
    await expect(saveCheckpoint(path(), { x: zeros(3) })).rejects.toThrow(failure(code, 'saveCheckpoint', ...parts));
  });

  it('because a file is in the place of the folder', async () => {
    writeFileSync(at('file'), '');
    await expect(saveCheckpoint(at('file'), { x: zeros(3) }, { shardSize: 5 })).rejects.toThrow(
      failure('ERR_FILE', 'saveCheckpoint', at('file')),
    );
  });

  it('because the folder is read-only', async () => {
    const folder = at('locked');
    mkdirSync(folder);
    await saveCheckpoint(`${folder}/x.safetensors`, { x: zeros(3) });
    chmodSync(folder, 0o555);
    chmodSync(at(), 0o755);
    const before = snapshot(folder);
    // To root no folder is read-only.
    const root = process.geteuid!() === 0;
    if (root) process.seteuid!(65534);
    try {
      for (const options of [{}, { shardSize: 1 }]) {
        const path = 'shardSize' in options ? folder : `${folder}/x.safetensors`;
        await expect(saveCheckpoint(path, { x: zeros(4), y: zeros(3) }, options)).rejects.toThrow(
          failure('ERR_FILE', 'saveCheckpoint', folder, 'permission denied', 'EACCES'),
        );
      }
    } finally {
      if (root) process.seteuid!(0);
    }
    expect(snapshot(folder)).toEqual(before);
    chmodSync(folder, 0o755);
  });

  /** Writes 4 MB in place of a small checkpoint, in a shell that has prepared the folder; the error's code, name and message. */
  const fails = async (prepare: string, options: object) => {
    const body = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { zeros, ones } from ${JSON.stringify(library)};
      import { saveCheckpoint } from ${JSON.stringify(library.replace('index.js', 'checkpoint/index.js'))};
      process.on('SIGXFSZ', () => {});
      const [folder, options] = [process.argv[1], ${JSON.stringify(options)}];
      const path = options.shardSize ? folder : folder + '/x.safetensors';
      const tensors = (n) => Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, ones(n)]));
      const look = () => readdirSync(folder).map((name) => [name, readFileSync(folder + '/' + name, 'hex')]);
      await saveCheckpoint(path, tensors(10), options.shardSize && { shardSize: 40 });
      const before = JSON.stringify(look());
      const error = await saveCheckpoint(path, tensors(2 ** 18), options).catch((error) => error);
      console.log(JSON.stringify({
        code: error?.code, name: error?.name, message: error?.message, cause: error?.cause?.code,
        untouched: JSON.stringify(look()) === before,
      }));`;
    const run = `${prepare} && exec "$NODE" --input-type=module --eval "$BODY" "$FOLDER"`;
    const folder = at(`full${Math.random()}`);
    mkdirSync(folder);
    const env = { ...process.env, NODE: process.execPath, BODY: body, FOLDER: folder };
    const command = prepare.startsWith('mount') ? ['unshare', '-rm', 'sh', '-c', run] : ['sh', '-c', run];
    const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { env });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  const oneByOne = { shardSize: 2 ** 20 };

  it.each([[{}], [oneByOne]])('because files may not grow so large: %j', async (options) => {
    // In blocks of 512 bytes: the third of the files, or the one of them.
    expect(await fails('ulimit -f 1000', options)).toEqual({
      code: 'ERR_FILE',
      name: 'RangeError',
      message: expect.stringMatching(/^saveCheckpoint: cannot write .*safetensors: file too large \(EFBIG\)$/),
      cause: 'EFBIG',
      untouched: true,
    });
  });

  const mounts = canMount(at());

  it.skipIf(!mounts).each([[{}], [oneByOne]])('because the disk is full: %j', async (options) => {
    expect(await fails('mount -t tmpfs -o size=3m tmpfs "$FOLDER"', options)).toEqual({
      code: 'ERR_FILE',
      name: 'RangeError',
      message: expect.stringMatching(
        /^saveCheckpoint: cannot write .*safetensors: no space left on device \(ENOSPC\)$/,
      ),
      cause: 'ENOSPC',
      untouched: true,
    });
  });
});

describe('while it is written', () => {
  it('nothing else writes to the tensors, and others may read them', async () => {
    const x = randn([300, 300], { generator });
    const before = x.clone();
    const saving = Promise.all([
      saveCheckpoint(at('busy.safetensors'), { x }),
      saveCheckpoint(at('busy.safetensors'), { x }),
    ]);
    expect(() => x.fill_(1)).toThrow(
      expect.objectContaining({
        code: 'ERR_STATE',
        message: expect.stringContaining('is being read by saveCheckpoint'),
      }),
    );
    expect(x.sum().item()).toBe(before.sum().item());
    await saving;
    x.fill_(1);
    same((await loadState(at('busy.safetensors'))).get('x'), before);
    expect(readdirSync(at()).filter((name) => name.includes('busy'))).toEqual(['busy.safetensors']);
  });

  it('memory that is taken away is an error', async () => {
    const x = randn([3000, 300], { generator });
    const saving = saveCheckpoint(at('gone.safetensors'), { a: zeros(1 << 16), x });
    structuredClone(x.array.buffer, { transfer: [x.array.buffer as ArrayBuffer] });
    await expect(saving).rejects.toThrow(failure('ERR_DETACHED', 'saveCheckpoint', '[3000, 300]'));
    expect(readdirSync(at()).filter((name) => name.includes('gone'))).toEqual([]);
  });
});

describe('bad input', () => {
  const gone = zeros(3);
  structuredClone(gone.array.buffer, { transfer: [gone.array.buffer as ArrayBuffer] });
  const x = tensor([1]);

  it.each<[string, string, unknown, unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'serializeSafetensors', 3, undefined, '3'],
    ['ERR_ARGUMENT', 'serializeSafetensors', null, undefined, 'null'],
    ['ERR_ARGUMENT', 'serializeSafetensors', x, undefined, 'Tensor'],
    ['ERR_ARGUMENT', 'serializeSafetensors', [x], undefined, 'Tensor'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { x: 3 }, undefined, '"x"', '3'],
    ['ERR_ARGUMENT', 'serializeSafetensors', new Map([[3, x]]), undefined, '3'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { __metadata__: x }, undefined, '__metadata__'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { '\ud800': x }, undefined, 'surrogate'],
    ['ERR_DETACHED', 'serializeSafetensors', { gone }, undefined, '[3]'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { x }, 3, '3'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { x }, { metadata: { a: 1 } }, '1'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { x }, { metadata: 'a' }, '"a"'],
    ['ERR_ARGUMENT', 'serializeSafetensors', { x }, { tied: 'twice' }, 'twice'],
    ['ERR_ARGUMENT', 'saveCheckpoint', { x }, { shardSize: '5 apples' }, '5 apples'],
    ['ERR_ARGUMENT', 'saveCheckpoint', { x }, { shardSize: null }, 'null'],
    ['ERR_RANGE', 'saveCheckpoint', { x }, { shardSize: 0 }, '0'],
    ['ERR_RANGE', 'saveCheckpoint', { x }, { shardSize: 1.5 }, '1.5'],
    ['ERR_RANGE', 'saveCheckpoint', { x }, { shardSize: '0.1B' }, '0.1B'],
  ])('%s %s %#', async (code, name, tensors, options, ...parts) => {
    const before = readdirSync(at());
    if (name === 'serializeSafetensors') {
      expect(() => serializeSafetensors(tensors as never, options as never)).toThrow(failure(code, name, ...parts));
    }
    await expect(saveCheckpoint(at('bad'), tensors as never, options as never)).rejects.toThrow(
      failure(code, 'saveCheckpoint', ...parts),
    );
    expect(readdirSync(at())).toEqual(before);
  });

  it('no path', async () => {
    await expect(saveCheckpoint(3 as never, { x })).rejects.toThrow(failure('ERR_ARGUMENT', 'saveCheckpoint', '3'));
  });
});
