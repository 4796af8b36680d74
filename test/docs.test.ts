// The documentation is true: programs run and print what the comments beside them say, commands have the options that they
// are given, links lead somewhere. New pages in docs/ are found by themselves. What a block needs to be told:
//
//   <!-- not run: reason -->   above a block of js or ts, or of commands, that cannot run by itself
//   <!-- continues -->         above a block of js that goes on from the one above it
//   <!-- run -->               above a block of sh: its commands are run, in a folder of their own
//
// `console.log(x); // text` must print the text; below a console.log comments of several lines are what it prints. `…` stands for
// anything, fractions are good to a hundredth. `f(x); // throws ERR_SHAPE` must throw that. /tmp/ is a folder of the test's own.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf, repositoryProblem } from './docs/commands.js';
import { anchorsOf, type Block, blocksOf, examplesOf, linksOf, npmScriptsOf, pages, root } from './docs/pages.js';
import { expectedOf, matches, type Outcome, programsOf, projectIn, runPrograms } from './docs/programs.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-docs-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let projects = 0;
/** A project of a page's own, whose files no other page meets. */
function project(): string {
  const at = join(folder, String(projects++));
  mkdirSync(at);
  projectIn(at);
  return at;
}

const built = existsSync(`${root}dist/index.js`);
const blocks = pages.flatMap((page) => blocksOf(page));
const place = ({ page, line }: { page: string; line: number }) => `${page}:${line}`;

/** Programs of one page, run in turn in one process; a test for each. */
function describePrograms(name: string, programs: readonly Block[]): void {
  const running = programs.filter(({ notRun }) => notRun === undefined);
  describe.runIf(built && programs.length > 0)(name, () => {
    const outcomes = new Map<Block, Outcome>();
    beforeAll(() => {
      for (const [i, outcome] of runPrograms(project(), running).entries()) outcomes.set(running[i]!, outcome);
    }, 150_000);

    for (const program of programs) {
      if (program.notRun !== undefined) {
        it.skip(`line ${program.line}: not run: ${program.notRun}`);
        continue;
      }
      it(`line ${program.line}`, () => {
        const { error, printed } = outcomes.get(program)!;
        expect(error, `${place(program)} fails: mend it, or say above it <!-- not run: why -->`).toBeUndefined();
        for (const [at, wanted] of expectedOf(program.code)) {
          const got = printed[at] ?? '';
          const text = `${program.page}:${program.line + at} prints\n${got}\nand says\n${wanted.join('\n')}`;
          expect(matches(wanted, got), text).toBe(true);
        }
      });
    }
  });
}

describe('programs of', () => {
  for (const page of pages) {
    describePrograms(page, programsOf(blocks.filter((block) => block.page === page)));
  }
});

// Docstrings show one call each, mostly of a tensor or layer that the reader has; those that import what they use are
// programs.
describe('examples in', () => {
  const sources = readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `lib/${name.replaceAll('\\', '/')}`)
    .sort();
  const examples = sources.flatMap(examplesOf).filter(({ code }) => /^import /m.test(code));
  for (const name of new Set(examples.map(({ page }) => dirname(page)))) {
    describePrograms(
      name,
      examples.filter(({ page }) => dirname(page) === name),
    );
  }

  it('there are some', () => expect(examples.length).toBeGreaterThan(10));
});

describe('commands of', () => {
  const scripts = new Set(
    Object.keys((JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: object }).scripts),
  );
  for (const page of pages) {
    const commands = blocks.filter((block) => block.page === page).flatMap(commandsOf);
    it(page, { timeout: 120_000 }, () => {
      for (const name of npmScriptsOf(page)) expect([...scripts], `npm run ${name}, in ${page}`).toContain(name);
      for (const command of commands) {
        expect(repositoryProblem(command.words, scripts, existsSync), place(command)).toBeUndefined();
        if (command.words[0] === 'evenkeel' && built) checkOurs(command.words.slice(1), place(command));
      }
    });
  }

  /** Asks the command for help: it reads its options first, refuses wrong values, and names the options that it has. */
  function checkOurs(words: readonly string[], where: string): void {
    const main = `${root}dist/cli/main.js`;
    // Shell variables stand for a number.
    const args = words.map((word) => word.replace(/\$(\(\(.*\)\)|\{?\w+\}?)/g, '1'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--help'], { encoding: 'utf8' });
    expect(stderr, where).toBe('');
    expect(status, where).toBe(0);
    for (const option of args.filter((word) => /^--\w/.test(word))) {
      expect(stdout, `${where}: ${option}`).toMatch(new RegExp(`^ +(-\\w, )?${option.replace(/=.*/, '')}\\b`, 'm'));
    }
  }

  describe.runIf(built)('those that are run', () => {
    it('are marked', () => expect(blocks.some(({ run }) => run)).toBe(true));
    for (const block of blocks.filter(({ run }) => run)) {
      it(place(block), { timeout: 120_000 }, () => {
        const cwd = project();
        const bin = join(cwd, 'node_modules', '.bin');
        mkdirSync(bin, { recursive: true });
        symlinkSync(`${root}dist/cli/main.js`, join(bin, 'evenkeel'));
        const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, NO_COLOR: '1' };
        const shell = spawnSync('bash', ['-euo', 'pipefail', '-c', block.code], { cwd, env, encoding: 'utf8' });
        expect(shell.status, `${place(block)}\n${shell.stdout}${shell.stderr}`).toBe(0);
        for (const [, name] of block.code.matchAll(/(?:--(?:html|svg|png|csv|out)|>) ([\w.-]+)/g)) {
          expect(existsSync(join(cwd, name!)), `${place(block)} makes ${name}`).toBe(true);
        }
      });
    }
  });
});

describe('text of', () => {
  it.each(pages)('%s: links lead somewhere, JSON is JSON', (page) => {
    for (const link of linksOf(page)) {
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(root + target), `${page} links to ${link}`).toBe(true);
      if (anchor) expect(anchorsOf(target), `${page} links to ${link}`).toContain(anchor);
    }
    for (const block of blocks.filter((block) => block.page === page && block.language === 'json')) {
      expect(() => JSON.parse(block.code), place(block)).not.toThrow();
    }
  });

  it('the README leads to every page of docs/', () => {
    const linked = linksOf('README.md').map((link) => link.split('#')[0]);
    for (const page of pages.filter((name) => name.startsWith('docs/'))) expect(linked).toContain(page);
  });
});

describe('how comments are compared', () => {
  it.each<[string[], string, boolean]>([
    [['tensor([3., 7.])'], 'tensor([3., 7.])\n', true],
    [['tensor([3., 7.])'], 'tensor([3., 8.])\n', false],
    [['12 rows'], '13 rows', false],
    [['0.502'], '0.5018', true],
    [['0.52'], '0.5018', false],
    [['a b'], 'a b c', false],
    [['a b …'], 'a b c', true],
    [['… c'], 'a b c', true],
    [['a … d'], 'a b c', false],
    [['a', '…'], 'a\nb', true],
    [['name  shape', 'x     [2]', '...'], 'name shape\nx [2]\ny [3]', true],
  ])('%j and %j', (wanted, printed, same) => expect(matches(wanted, printed)).toBe(same));

  it('finds what is to be compared, and markers that stand above nothing', () => {
    const page =
      '<!-- not run: a part -->\n```js\nx\n```\n\n```js\nconsole.log(1); // 1\nconsole.log(2);\n// 2\n// 3\n```\n';
    const [first, second] = blocksOf('page.md', page) as [Block, Block];
    expect([first.notRun, second.notRun, second.line]).toEqual(['a part', undefined, 7]);
    expect([...expectedOf(second.code)]).toEqual([
      [0, ['1']],
      [1, ['2', '3']],
    ]);
    expect(() => blocksOf('page.md', '<!-- run -->\ntext\n')).toThrow('no block stands below');
    expect(() => blocksOf('page.md', '```js\nx\n')).toThrow('left open');
  });

  it('programs that fail, or throw otherwise than they say, are found', () => {
    const codes = [
      'throw new Error("no")',
      'const f = () => { throw new RangeError("f: no"); };\nf(); // throws f: no',
      'const f = () => 1;\nf(); // throws ERR_SHAPE',
      'const f = () => { throw new RangeError("f: no"); };\nf(); // throws ERR_SHAPE',
    ];
    const programs = codes.map((code) => ({
      page: 'p.md',
      line: 1,
      language: 'js',
      code,
      continues: false,
      run: false,
    }));
    const errors = runPrograms(project(), programs).map(({ error }) => error);
    expect(errors[0]).toContain('Error: no');
    expect(errors[1]).toBeUndefined();
    expect(errors[2]).toContain('line 2 did not throw');
    expect(errors[3]).toContain('line 2 threw RangeError: f: no');
  });
});
