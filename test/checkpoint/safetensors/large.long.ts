// Tensors beyond what the system reads or writes in one call (2 GiB): from a sparse file, and to the disk.
import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { freemem } from 'node:os';
import { expect, it } from 'vitest';
import { openCheckpoint, saveCheckpoint } from '../../../lib/checkpoint/index.js';
import { layOut } from '../../../lib/checkpoint/safetensors/header.js';
import { useFolder } from '../tools.js';

const at = useFolder();

it.skipIf(freemem() < 4 * 2 ** 30)('a tensor of 2.5 GiB, read and written', async () => {
  const count = 5 * 2 ** 29 + 3;
  const { header, bytes } = layOut('test', [{ name: 'x', dtype: 'U8', shape: [count] }]);
  const fd = openSync(at('sparse.safetensors'), 'w');
  writeSync(fd, bytes, 0, bytes.length, 0);
  // Around every border of a piece that is read, and at both ends.
  const places = [0, 2 ** 26 - 1, 2 ** 26, 2 ** 31 - 1, 2 ** 31, count - 1];
  for (const [i, place] of places.entries()) writeSync(fd, Buffer.of(i + 1), 0, 1, header.dataStart + place);
  closeSync(fd);
  truncateSync(at('sparse.safetensors'), header.size);
  const sparse = await openCheckpoint(at('sparse.safetensors'));
  const x = await sparse.tensor('x');
  await sparse.close();
  const array = x.array as Uint8Array;
  expect(array.length).toBe(count);
  expect(places.map((place) => array[place])).toEqual([1, 2, 3, 4, 5, 6]);
  await saveCheckpoint(at('written.safetensors'), { x });
  const written = await openCheckpoint(at('written.safetensors'));
  for (const [i, place] of places.entries()) {
    const [from, to] = [Math.max(place - 2, 0), Math.min(place + 3, count)];
    const wanted = Array.from({ length: to - from }, (_, j) => places.indexOf(from + j) + 1);
    expect((await written.slice('x', from, to)).tolist(), `byte ${i}`).toEqual(wanted);
  }
  await written.close();
});
