// Files of safetensors, huggingface_hub and NumPy in Python (test/golden/checkpoint.py), read here; and what they write of the same
// tensors, written here.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  loadNpy,
  loadNpz,
  loadSafetensors,
  openCheckpoint,
  serializeNpy,
  serializeSafetensors,
} from '../../lib/checkpoint/index.js';
import { readGolden } from '../cases/data.js';
import { content } from './tools.js';

interface Told {
  dtype: string;
  shape: number[];
  bits: string;
}

interface Golden {
  safetensors: Record<string, { metadata: Record<string, string>; tensors: Record<string, Told> }>;
  npy: Record<string, Told>;
  npz: Record<string, Record<string, Told>>;
  refused: string[];
}

const golden = readGolden<Golden>('checkpoint');
const path = (name: string) => fileURLToPath(new URL(`../golden/checkpoint/${name}`, import.meta.url));
const ours = new Set(['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool']);

describe.each(Object.entries(golden.safetensors))('%s', (file, { metadata, tensors }) => {
  it('is what Python says it is', async () => {
    const checkpoint = await openCheckpoint(path(file));
    expect({ ...checkpoint.metadata }).toEqual(metadata);
    expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    let read = 0;
    for (const [name, told] of Object.entries(tensors)) {
      expect(Buffer.from(await checkpoint.bytes(name)).toString('hex'), name).toBe(told.bits);
      if (!ours.has(told.dtype)) {
        await expect(checkpoint.tensor(name)).rejects.toThrow(expect.objectContaining({ code: 'ERR_DTYPE' }));
        continue;
      }
      expect(content(await checkpoint.tensor(name)), name).toEqual(told);
      read++;
    }
    expect(read).toBeGreaterThan(0);
    await checkpoint.close();
  });
});

it('has every dtype of safetensors that PyTorch has', () => {
  const dtypes = Object.values(golden.safetensors['all.safetensors']!.tensors).map(({ dtype }) => dtype);
  expect(new Set(dtypes).size).toBe(20);
});

it('safetensors: writes the bytes that Python writes', () => {
  const bytes = readFileSync(path('plain.safetensors'));
  // Aligned to 8 bytes, which reading it into memory may not be.
  const tensors = loadSafetensors(new Uint8Array(bytes));
  expect(tensors.size).toBe(10);
  expect(Buffer.from(serializeSafetensors(tensors)).equals(bytes)).toBe(true);
});

describe('npy', () => {
  it.each(Object.entries(golden.npy))('%s', async (file, told) => {
    for (const from of [path(file), new Uint8Array(readFileSync(path(file)))]) {
      const tensor = await loadNpy(from);
      expect(content(tensor)).toEqual(told);
      expect(tensor.isContiguous()).toBe(true);
    }
  });

  const canonical = Object.keys(golden.npy).filter((name) => !/^(big|fortran|version)/.test(name));
  it.each(canonical)('%s is written as NumPy writes it', async (file) => {
    const bytes = readFileSync(path(file));
    expect(Buffer.from(serializeNpy(await loadNpy(bytes))).toString('latin1')).toBe(bytes.toString('latin1'));
  });

  it.each(golden.refused)('%s', async (file) => {
    await expect(loadNpy(path(file))).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_DTYPE',
        message: expect.stringContaining(`loadNpy: ${path(file)} has elements of`),
      }),
    );
  });

  it('there are all of them', () => {
    expect(Object.keys(golden.npy)).toHaveLength(16);
    expect(canonical).toHaveLength(10);
    expect(golden.refused).toHaveLength(9);
  });
});

describe('npz', () => {
  it.each(Object.entries(golden.npz))('%s', async (file, members) => {
    for (const from of [path(file), new Uint8Array(readFileSync(path(file)))]) {
      const tensors = await loadNpz(from);
      expect(Object.fromEntries([...tensors].map(([name, tensor]) => [name, content(tensor)]))).toEqual(members);
    }
  });
});
