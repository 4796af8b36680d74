import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, serializeSafetensors } from '../../../lib/checkpoint/index.js';
import { indexBytes, parseIndex, shardName, splitShards } from '../../../lib/checkpoint/safetensors/sharded.js';
import { tensor } from '../../../lib/index.js';
import { failure } from '../../cases/data.js';
import { useFolder } from '../tools.js';

const at = useFolder();

describe('splitShards', () => {
  const sizes = (shards: { shape: readonly number[] }[][]) => shards.map((shard) => shard.map(({ shape }) => shape[0]));
  const split = (counts: number[], size: number) =>
    sizes(
      splitShards(
        counts.map((count, i) => ({ name: `${i}`, dtype: 'U8' as const, shape: [count] })),
        size,
      ),
    );

  it('fills files in order, as transformers does', () => {
    expect(split([3, 3, 4, 1, 20, 0, 2, 9], 10)).toEqual([[3, 3, 4], [1], [20], [0, 2], [9]]);
    expect(split([10], 10)).toEqual([[10]]);
    expect(split([], 10)).toEqual([]);
    expect(split([0, 0], 1)).toEqual([[0, 0]]);
  });

  it('names them', () => {
    expect(shardName(3, 12)).toBe('model-00003-of-00012.safetensors');
    expect(shardName(123456, 123456)).toBe('model-123456-of-123456.safetensors');
  });
});

const parse = (text: string | Uint8Array) => parseIndex('call', Buffer.from(text as string), '/x/index.json');

describe('an index', () => {
  it('is read as it was written', () => {
    const map = new Map([
      ['b', 'one'],
      ['__proto__', 'two'],
      ['1', 'one'],
    ]);
    expect(new Map([...parse(indexBytes(map, 7))].sort())).toEqual(new Map([...map].sort()));
  });

  it('may have more in it, and white space', () => {
    expect([
      ...parse(' {"metadata":{"total_size":1.5e3,"x":[{}]},\n"weight_map":{"a":"b c.safetensors"},"y":null}\r\n\t'),
    ]).toEqual([['a', 'b c.safetensors']]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ['no JSON', 'hello', 'no JSON'],
    ['nothing', '', 'too early'],
    ['an array', '[]', 'weight_map'],
    ['no map', '{}', 'weight_map'],
    ['a map that is none', '{"weight_map":["a"]}', 'weight_map'],
    ['two maps', '{"weight_map":{},"weight_map":{}}', 'twice'],
    ['a tensor twice', '{"weight_map":{"a":"x","a":"y"}}', 'twice'],
    ['no text', '{"weight_map":{"a":1}}', 'puts "a" into 1'],
    ['no name', '{"weight_map":{"a":""}}', 'same folder'],
    ['the folder', '{"weight_map":{"a":"."}}', 'same folder'],
    ['the folder above', '{"weight_map":{"a":".."}}', 'same folder'],
    ['a path upwards', '{"weight_map":{"a":"../secret.safetensors"}}', 'same folder'],
    ['a path down', '{"weight_map":{"a":"x/../../secret"}}', 'same folder'],
    ['an absolute path', '{"weight_map":{"a":"/etc/passwd"}}', 'same folder'],
    ['backslashes', '{"weight_map":{"a":"..\\\\secret"}}', 'same folder'],
    ['a zero', '{"weight_map":{"a":"x\\u0000"}}', 'same folder'],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff), 'UTF-8'],
    ['too deep', `{"weight_map":${'['.repeat(20)}`, 'too deep'],
  ])('with %s is refused', (_, text, part) => {
    expect(() => parse(text)).toThrow(failure('ERR_FORMAT', 'call', '/x/index.json', part));
  });
});

describe('files of an index', () => {
  const make = (name: string, index: object) => {
    mkdirSync(at(name));
    writeFileSync(at(`${name}/model.safetensors.index.json`), JSON.stringify(index));
    writeFileSync(
      at(`${name}/a.safetensors`),
      serializeSafetensors({ x: tensor(1), y: tensor(2) }, { metadata: { m: '1' } }),
    );
    writeFileSync(
      at(`${name}/b.safetensors`),
      serializeSafetensors({ x: tensor(3), z: tensor(4) }, { metadata: { m: '2' } }),
    );
    return openCheckpoint(at(name));
  };

  it('hold what the index says, and nothing else counts', async () => {
    const checkpoint = await make('good', { weight_map: { x: 'b.safetensors', y: 'a.safetensors' } });
    expect([...checkpoint.tensors.keys()]).toEqual(['x', 'y']);
    expect((await checkpoint.tensor('x')).item()).toBe(3);
    expect((await checkpoint.tensor('y')).item()).toBe(2);
    expect(checkpoint.metadata.m).toBe('1');
    await expect(checkpoint.tensor('z')).rejects.toThrow(failure('ERR_ARGUMENT', 'tensor', '"z"'));
    await checkpoint.close();
  });

  it('must be there', async () => {
    await expect(make('missing', { weight_map: { x: 'a.safetensors', y: 'c.safetensors' } })).rejects.toThrow(
      failure('ERR_FILE', 'openCheckpoint', 'missing/model.safetensors.index.json', '"c.safetensors"', 'not there'),
    );
  });

  it('must have the tensors', async () => {
    await expect(make('lacking', { weight_map: { z: 'a.safetensors' } })).rejects.toThrow(
      failure('ERR_FORMAT', 'openCheckpoint', 'lacking/model.safetensors.index.json', '"z"', 'a.safetensors'),
    );
  });

  it('must be files of the format', async () => {
    await expect(make('other', { weight_map: { z: 'model.safetensors.index.json' } })).rejects.toThrow(
      failure('ERR_FORMAT', 'openCheckpoint', 'other/model.safetensors.index.json'),
    );
  });

  it('are closed again where one is wrong', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 5; i++) {
      rmSync(at('again'), { recursive: true, force: true });
      await expect(make('again', { weight_map: { x: 'a.safetensors', y: 'c.safetensors' } })).rejects.toThrow(
        'not there',
      );
      rmSync(at('again'), { recursive: true, force: true });
      await expect(make('again', { weight_map: { z: 'a.safetensors' } })).rejects.toThrow('no such tensor');
    }
    expect(open()).toBe(before);
  });
});
