// The subpath as users have it. test/docs.test.ts runs the examples of its documentation.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as checkpoint from '../../lib/checkpoint/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const node = (code: string) =>
  execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
  });

describe.runIf(existsSync(`${root}dist/checkpoint/index.js`))('evenkeel/checkpoint as built', () => {
  it('has the names of the sources, imported or required, and the tensors of evenkeel', () => {
    const answer = node(`
      import * as imported from 'evenkeel/checkpoint';
      import { createRequire } from 'node:module';
      import { Tensor, ones } from 'evenkeel';
      const required = createRequire(import.meta.url)('evenkeel/checkpoint');
      const [x] = imported.loadSafetensors(required.serializeSafetensors({ x: ones(2) })).values();
      console.log(JSON.stringify([Object.keys(imported).sort(), x instanceof Tensor]));`);
    expect(JSON.parse(answer)).toEqual([Object.keys(checkpoint).sort(), true]);
  });
});
