// What tests of checkpoints share.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { bytesOf, rowMajorBytes } from '../../lib/checkpoint/safetensors/elements.js';
import type { Tensor } from '../../lib/index.js';

/** A folder of the test file's own, removed at its end. */
export function useFolder(): (name?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-checkpoint-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name = '') => join(folder, name);
}

/** Whether a process may have a file system of its own, mounted at `folder`: for disks that are full or read-only. */
export function canMount(folder: string): boolean {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The bytes of a tensor's elements in row-major order. */
export const bits = (tensor: Tensor) => Buffer.from(rowMajorBytes('test', tensor.elements));

/** What two tensors must have in common. */
export const content = (tensor: Tensor) => ({
  dtype: tensor.dtype,
  shape: [...tensor.shape],
  bits: bits(tensor).toString('hex'),
});

/** A safetensors file of a header's text and data, without any check. */
export function rawFile(header: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array {
  const text = Buffer.from(header as string);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return new Uint8Array(Buffer.concat([size, text, typeof data === 'number' ? Buffer.alloc(data, 1) : data]));
}

export { bytesOf };
