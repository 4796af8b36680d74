// The subpath as users have it, and the examples that its documentation shows.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as checkpoint from '../../lib/checkpoint/index.js';
import { useFolder } from './tools.js';

/** In place of /tmp, where files of another day may lie. */
const at = useFolder();

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Programs in docstrings and pages: those that import what they use. */
function examples(): [place: string, code: string][] {
  const sources = readdirSync(`${root}lib/checkpoint`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `lib/checkpoint/${name}`);
  const found = sources.flatMap((name) =>
    [...readFileSync(root + name, 'utf8').matchAll(/@example\n((?: \*.*\n)+?) \*\//g)].map(
      ([, text]): [string, string] => [name, text!.replace(/^ \* ?/gm, '')],
    ),
  );
  const blocks = ['docs/checkpoints.md', 'docs/checkpoint-models.md'].flatMap((page) =>
    [...readFileSync(root + page, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]): [string, string] => [
      page,
      code!,
    ]),
  );
  return [...found, ...blocks].filter(([, code]) => code.includes("'evenkeel/checkpoint'"));
}

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

  it.each(examples())('example of %s %#', (_, code) => {
    // Numbers in comments behind console.log are what it prints.
    const wanted = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
    const printed = node(code.replaceAll('/tmp/', at('')));
    for (const text of wanted) expect(printed).toContain(text);
  });

  it('there are examples', () => expect(examples().length).toBeGreaterThan(4));
});
