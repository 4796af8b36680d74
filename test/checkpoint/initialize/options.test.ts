// Options of initializeCheckpoint that are wrong.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initializeCheckpoint } from '../../../lib/checkpoint/index.js';
import { useFolder } from '../tools.js';

const call = 'initializeCheckpoint';
const at = useFolder();
const folder = at();
const failure = (code: string, call: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(`^${call}: .*${parts.join('.*')}`, 's')) });

describe('bad input is refused before anything is written', () => {
  const model = { tensors: { a: [3, 2] } } as const;
  const good = { model, preset: 'torch', seed: 0 };
  const run = (options: object, path: unknown = folder) => initializeCheckpoint(path as string, options as never);

  for (const [what, options, code, ...parts] of [
    ['no seed', { model }, 'ERR_ARGUMENT', 'seed'],
    ['no model', { seed: 0 }, 'ERR_ARGUMENT', 'model'],
    ['a model that is none', { ...good, model: 3 }, 'ERR_ARGUMENT'],
    ['a seed that is none', { ...good, seed: -1 }, 'ERR_RANGE', '-1'],
    ['a dtype that is none', { ...good, dtype: 'f8' }, 'ERR_DTYPE', '"f8"'],
    ['a dtype that is not drawn', { ...good, dtype: 'int32' }, 'ERR_DTYPE', 'int32'],
    ['a size that is none', { ...good, shardSize: 'big' }, 'ERR_ARGUMENT', 'shardSize', '"big"'],
    ['shards that are none', { ...good, shards: '2/1' }, 'ERR_RANGE', 'shards'],
    ['a preset that is none', { ...good, preset: 'he' }, 'ERR_ARGUMENT', '"he"'],
    ['rules that are none', { ...good, rules: 3 }, 'ERR_ARGUMENT', 'rules'],
    [
      'nothing that says how tensors start',
      { ...good, preset: 'family' },
      'ERR_ARGUMENT',
      'nothing says how 1 of the 1',
    ],
    [
      'a law that the dtype does not hold',
      { ...good, rules: [{ match: '*', init: { initialiser: 'uniform', a: -1e6, b: 1e6 } }], dtype: 'f16' },
      'ERR_RANGE',
      'a',
      'float16',
    ],
    [
      'an initialiser for other shapes',
      { ...good, rules: [{ match: '*', init: { initialiser: 'dirac' } }] },
      'ERR_SHAPE',
      'a',
      '3 to 5',
    ],
    ['a base that is not there', { from: '/nowhere', seed: 0 }, 'ERR_FILE', 'nowhere'],
    ['a base that is no path', { from: 3, seed: 0 }, 'ERR_ARGUMENT', 'from'],
    ['patterns without a base', { ...good, reinit: ['a'] }, 'ERR_ARGUMENT', 'from'],
    ['patterns that are none', { ...good, from: 'x', reinit: 'a' }, 'ERR_ARGUMENT', 'reinit'],
    ['a signal that is none', { ...good, signal: 3 }, 'ERR_ARGUMENT', 'signal'],
    ['progress that is no function', { ...good, onProgress: 3 }, 'ERR_ARGUMENT', 'onProgress'],
    ['a flag that is none', { ...good, dryRun: 'yes' }, 'ERR_ARGUMENT', 'dryRun'],
    ['no options', undefined, 'ERR_ARGUMENT', 'seed'],
  ] as const) {
    it(what, async () => {
      await expect(run(options as object)).rejects.toThrow(expect.objectContaining({ code }));
      await expect(run(options as object)).rejects.toThrow(
        new RegExp(['initializeCheckpoint', ...parts].join('.*'), 's'),
      );
      expect(readdirSync(folder)).toEqual([]);
    });
  }

  it('a path that is none', async () => {
    for (const path of [null, 3, '', {}])
      await expect(run(good, path)).rejects.toThrow(failure('ERR_ARGUMENT', 'initializeCheckpoint', 'path'));
  });

  it('a file for what takes several', async () => {
    const options = { ...good, model: { tensors: { a: [300, 200], b: [300, 200] } }, shardSize: 240_000 };
    await expect(run(options, join(folder, 'x.safetensors'))).rejects.toThrow(
      failure('ERR_ARGUMENT', call, '2 shards', 'folder'),
    );
  });
});
