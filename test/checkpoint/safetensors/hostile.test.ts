// The parser on files made to mislead it: a table of them, and random ones.
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadSafetensors, openCheckpoint } from '../../../lib/checkpoint/index.js';
import { failure } from '../../cases/data.js';
import { hostileFiles } from '../../cases/hostile_headers.js';
import { useFolder } from '../tools.js';
import { fuzz } from './fuzz.js';

const at = useFolder();

describe('a hostile file', () => {
  it.each(hostileFiles)('$name', async ({ bytes, says }) => {
    expect(() => loadSafetensors(bytes)).toThrow(failure('ERR_FORMAT', 'loadSafetensors', says));
    // However large the file is.
    expect(() => loadSafetensors(bytes)).toThrow(/^[\s\S]{1,400}$/);
    const path = at('hostile.safetensors');
    writeFileSync(path, bytes);
    await expect(openCheckpoint(path)).rejects.toThrow(failure('ERR_FORMAT', 'openCheckpoint', path, says));
  });

  it('there are many of them, all different', () => {
    expect(hostileFiles.length).toBeGreaterThanOrEqual(64);
    expect(new Set(hostileFiles.map(({ name }) => name)).size).toBe(hostileFiles.length);
    expect(new Set(hostileFiles.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))).size).toBe(
      hostileFiles.length,
    );
  });
});

describe('random files', () => {
  it('are refused with a typed error, or lie within their bytes', { timeout: 60_000 }, () => {
    const { files, accepted, refused } = fuzz({ runs: 3000, seed: 7 });
    expect(files).toBe(3000 * 4);
    expect(accepted + refused).toBe(files);
    // Both happen, or nothing was tested.
    expect(accepted).toBeGreaterThan(files / 20);
    expect(refused).toBeGreaterThan(files / 4);
  });
});
