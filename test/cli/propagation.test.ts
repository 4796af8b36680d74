import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { names, numberList } from '../../lib/cli/arguments.js';
import type { Cell, CellResult } from '../../lib/study/cell/cell.js';
import { makeGrid } from '../../lib/study/sweep/grid.js';
import { decode } from '../../lib/study/sweep/key.js';
import { evenkeel } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-propagation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const small = ['--width', '8', '--depth', '2', '--repeats', '2'];

interface Printed {
  version: string;
  study: string;
  results: CellResult[];
  failures: unknown[];
}

/** What `evenkeel study --json` with these flags prints, which must be one JSON object and nothing else. */
function json(...flags: string[]): Printed {
  const { status, stdout, stderr } = evenkeel(['study', '--json', ...flags]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return decode(stdout) as Printed;
}
const cells = (...flags: string[]): Cell[] => json(...flags).results.map(({ cell }) => cell);

describe('lists', () => {
  it('are numbers and ranges', () => {
    expect(numberList('3')).toEqual([3]);
    expect(numberList('1, 2,1e3,-0.5,.5')).toEqual([1, 2, 1000, -0.5, 0.5]);
    expect(numberList('0.5:2:0.25')).toEqual([0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    expect(numberList('1:4')).toEqual([1, 2, 3, 4]);
    expect(numberList('0:1:0.1')).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(numberList('3:1:-1')).toEqual([3, 2, 1]);
    expect(numberList('1:2:0.4')).toEqual([1, 1.4, 1.8]);
    expect(numberList('8,16:64:16')).toEqual([8, 16, 32, 48, 64]);
  });

  it.each(['', 'x', '1,', '1,,2', '1:2:3:4', '1:2:0', '2:1', '1:2:-1', 'NaN', 'Infinity', '0:1:1e-9', ':2', '0x1g'])(
    'refuse %j',
    (text) => {
      expect(() => numberList(text)).toThrow();
    },
  );

  it('are names in either spelling', () => {
    expect(names('kaiming_normal_, xavierUniform,trunc_normal')).toEqual([
      'kaimingNormal',
      'xavierUniform',
      'truncNormal',
    ]);
  });
});

describe('evenkeel study, of propagation', () => {
  it('measures the grid that its flags say', () => {
    const flags = ['--width', '4,8', '--depth', '2:3', '--activation', 'leaky_relu,tanh', '--sigma-w', '1:1.5:0.5'];
    const { study, results, failures, version } = json(...flags, '--repeats', '2', '--seed', '5,18446744073709551615');
    const grid = makeGrid({
      width: [4, 8],
      depth: [2, 3],
      activation: ['leakyRelu', 'tanh'],
      sigmaW: [1, 1.5],
      repeats: 2,
      seed: [5, 2n ** 64n - 1n],
    });
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(study).toBe(grid.id);
    expect(failures).toEqual([]);
    expect(results.map(({ cell }) => cell)).toEqual([...grid.cells.values()]);
    for (const { layers, cell } of results) expect(layers).toHaveLength(cell.depth);
  });

  it('follows every flag', () => {
    const one = (...flags: string[]) => cells(...small, ...flags)[0]!;
    const [plain] = makeGrid({ width: 8, depth: 2, repeats: 2 }).cells.values();
    expect(one()).toEqual(plain);
    const changed: [string[], Partial<Cell>][] = [
      [['--init', 'orthogonal'], { init: 'orthogonal' }],
      [['--init', 'xavier_normal_', '--gain', '2'], { init: { initialiser: 'xavierNormal', gain: 2 } }],
      [['--sigma-w', '1.5'], { init: null, sigmaW: 1.5 }],
      [['--sigma-b', '0.1'], { sigmaB: 0.1 }],
      [['--batch', '3'], { batch: 3 }],
      [['--correlation=-0.5'], { correlation: -0.5 }],
      [['--residual', '0.5'], { residual: 0.5 }],
      [['--residual', 'none'], { residual: null }],
      [['--normalisation', 'layer'], { normalisation: 'layer' }],
      [['--image', '4'], { image: 4 }],
      [['--materialize', 'always'], { mode: 'materialized' }],
      [['--materialize', 'never'], { mode: 'matrix-free' }],
      [['--law'], { mode: 'in-law' }],
      [['--no-backward'], { backward: false }],
      [['--spectrum', 'all'], { spectrum: 'all' }],
      [['--seed', '3'], { seed: 3 }],
    ];
    for (const [flags, fields] of changed) expect(one(...flags), flags.join(' ')).toEqual({ ...plain, ...fields });
    expect(cells(...small, '--residual', 'none,1', '--init', 'orthogonal', '--gain', '1,2')).toHaveLength(4);
  });

  it('prints a line for each cell, with what differs', () => {
    const { status, stdout, stderr } = evenkeel(['study', ...small, '--sigma-w', '1,2', '--activation', 'tanh']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // The table itself is tested in test/study/report/terminal.test.ts.
    const cells = stdout.split('\n').filter((line) => /^(σ_w|sigma_w) [12] /.test(line));
    expect(cells).toHaveLength(2);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('writes reports, and takes a batch from a file', () => {
    writeFileSync(at('batch.csv'), `${'1,2,3,4,5,6,7,8\n'.repeat(2)}\n`);
    writeFileSync(
      at('batch.json'),
      JSON.stringify([1, 1].map((x) => Array.from({ length: 8 }, (_, i) => x * (i + 1)))),
    );
    const reports = ['--html', at('r.html'), '--svg', at('r.svg'), '--png', at('r.png'), '--title', 'A <b>title'];
    const both = ['csv', 'json'].map((kind) => {
      const flags = ['study', ...small, '--inputs', at(`batch.${kind}`), '--json', ...(kind === 'csv' ? reports : [])];
      const { status, stdout, stderr } = evenkeel(flags);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout).results;
    });
    expect(both[0]).toEqual(both[1]);
    expect(both[0][0].cell.batch).toBe(2);
    // Twins.
    expect(both[0][0].layers[0].c.mean).toBeCloseTo(1, 6);
    expect(readFileSync(at('r.html'), 'utf8')).toContain('<h1>A &lt;b&gt;title</h1>');
    expect(readFileSync(at('r.svg'), 'utf8')).toMatch(/^<svg/);
    expect(readFileSync(at('r.png')).subarray(1, 4).toString()).toBe('PNG');
    const refused = (text: string) => {
      writeFileSync(at('odd.csv'), text);
      const { status, stdout, stderr } = evenkeel(['study', ...small, '--inputs', at('odd.csv')]);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      return stderr;
    };
    expect(refused('1,2\n3,x\n')).toMatch(/'--inputs <file>'.*line 2 has 'x' where a number belongs/);
    expect(refused('[[1,')).toMatch(/'--inputs <file>'.*JSON/);
    expect(refused('1,2\n')).toMatch(/expected inputs of 8 numbers, one for each unit, got one of 2/);
    expect(evenkeel(['study', ...small, '--inputs', at('none.csv')]).stderr).toMatch(/ENOENT/);
  });

  it('writes reports, and does so for the option of one alone', () => {
    const { status, stdout, stderr } = evenkeel(['study', '--width', '8', '--depth', '2', '--html', at('report.html')]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^All cells: .*width 8, depth 2,/);
    expect(readFileSync(at('report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('keeps results in a file, resumes them, and writes CSV', () => {
    const flags = ['study', ...small, '--seed', '0:3', '--out', at('out.jsonl')];
    const first = evenkeel([...flags, '--cells', '2/2']);
    expect(first.stderr).toBe('');
    expect(readFileSync(at('out.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(3);
    const torn = readFileSync(at('out.jsonl'), 'utf8').slice(0, -100);
    writeFileSync(at('out.jsonl'), torn);
    const second = evenkeel([...flags, '--csv', at('out.csv')]);
    expect(second.status).toBe(0);
    expect(second.stderr).toBe(`evenkeel: ${at('out.jsonl')}: the last line was torn, and is left out\n`);
    expect(readFileSync(at('out.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(5);
    expect(readFileSync(at('out.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(1 + 4 * 2);
    const other = evenkeel([...flags, '--batch', '3']);
    expect(other).toMatchObject({ status: 2, stdout: '' });
    expect(other.stderr).toMatch(/^evenkeel: study: .*out\.jsonl holds another study: batch \[2\], not \[3\]/);
  });

  it('joins shares, and says what is missing', () => {
    for (const i of [1, 2, 3])
      evenkeel(['study', ...small, '--seed', '0:8', '--cells', `${i}/3`, '--out', at(`${i}.jsonl`)]);
    const some = evenkeel(['study', 'merge', at('some.jsonl'), at('1.jsonl'), at('2.jsonl')]);
    expect(some).toMatchObject({ status: 1, stdout: `6 of 9 cells are in ${at('some.jsonl')}\n` });
    expect(some.stderr.match(/^evenkeel: missing: width 8, depth 2, .*seed [258]$/gm)).toHaveLength(3);
    const all = evenkeel(['study', 'merge', at('all.jsonl'), at('some.jsonl'), at('3.jsonl')]);
    expect(all).toEqual({ status: 0, stdout: `9 of 9 cells are in ${at('all.jsonl')}\n`, stderr: '' });
    evenkeel(['study', ...small, '--seed', '0:8', '--out', at('once.jsonl')]);
    expect(readFileSync(at('all.jsonl'))).toEqual(readFileSync(at('once.jsonl')));
    const absent = evenkeel(['study', 'merge', at('x.jsonl'), at('absent.jsonl')]);
    expect(absent).toMatchObject({ status: 1, stdout: '' });
    expect(absent.stderr).toMatch(/^evenkeel: mergeStudies: cannot read .*absent\.jsonl.*ENOENT.*\n$/);
    expect(existsSync(at('x.jsonl'))).toBe(false);
  });

  it.each<[string[], RegExp]>([
    [['--sigma-w', 'x'], /option '--sigma-w <list>' argument 'x' is invalid\. 'x' is no number/],
    [['--sigma-w', '2:1'], /'2:1' has no value/],
    [['--sigma-w', '-1'], /sigmaW must be 0 or more, got -1/],
    [['--sigma-w', '1', '--init', 'orthogonal'], /expected init or sigmaW, got both/],
    [['--batch', '2', '--width', '8,x'], /option '--width <n>' argument '8,x' is invalid/],
    [['--batch', '2', '--width', '2.5'], /width must be a whole number/],
    [['--batch', '2', '--activation', 'swish'], /unknown activation "swish"; expected linear, relu/],
    [['--batch', '2', '--init', 'xavier'], /unknown init "xavier"; expected .*xavierNormal/],
    [['--batch', '2', '--seed', 'abc'], /option '--seed <n>' argument 'abc' is invalid/],
    [['--batch', '2', '--repeat', '3'], /'--repeat' is of chains.*'--batch'/],
    [['--law', '--weights', 'fresh'], /'--weights' is of chains.*'--law'/],
    [['--law', '--materialize', 'never'], /'--law' draws no weights/],
    [['--law', '--init', 'orthogonal'], /law need.*normal weights/],
    [['--materialize', 'sometimes'], /'sometimes' is none of auto, always, never/],
    [['--materialize', 'never', '--init', 'orthogonal'], /element by element; got orthogonal/],
    [
      ['--width', '1000000', '--materialize', 'always'],
      /needs 400002 GB .*GB are available\. Try mode 'matrix-free' \(--materialize never\)/,
    ],
    [['--gain', '2'], /'--gain <list>' needs an option '--init <names>'/],
    [['--gain', '2', '--init', 'kaiming_normal_'], /"kaimingNormal" has no option "gain"/],
    [['--residual', 'some'], /'some' is no number/],
    [['--correlation', '2'], /correlation must be from -1 to 1/],
    [['--normalisation', 'batch', '--batch', '1'], /normalisation 'batch'/],
    [['--cells', '0/3'], /cells must be a share such as '3\/16'/],
    [['--workers', '0'], /option '--workers <n>' argument '0' is invalid/],
    [['--queue', 'localhost'], /queue must be the address of a Redis server/],
  ])('refuses %j with status 2 and a line that says why', (flags, message) => {
    const { status, stdout, stderr } = evenkeel(['study', '--json', ...flags]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^evenkeel: .+\n/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).toMatch(message);
  });
});

describe('evenkeel worker', () => {
  it.each<[string[], RegExp]>([
    [[], /required option '--queue <url>' not specified/],
    [['--queue', 'http://localhost'], /queue must be the address of a Redis server, redis:\/\/host:port, got/],
    [['--queue', 'redis://localhost', '--concurrency', '0'], /'--concurrency <n>' argument '0' is invalid/],
  ])('refuses %j with status 2', (flags, message) => {
    const { status, stdout, stderr } = evenkeel(['worker', ...flags]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
