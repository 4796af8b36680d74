import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { evenkeel, main } from './run.js';

const small = ['--width', '16', '--depth', '5', '--repeat', '4'];

interface Row {
  init: string;
  activation: string;
  overflowLayer: number | null;
  vanishLayer: number | null;
  mean: number | null;
  std: number | null;
  normRatio: number | null;
  layerMean: number;
  meanSquare: number;
  theory: { mean: number; meanSquare: number; growth: number; overflowLayer: number | null };
}
interface Study {
  version: string;
  seed: number | string;
  width: number;
  depth: number;
  repeat: number;
  weights: string;
  rows: Row[];
}

/** What `evenkeel study --json` with these flags prints, which must be one JSON object and nothing else. */
function json(...flags: string[]): Study {
  const { status, stdout, stderr } = evenkeel(['study', '--json', ...flags]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.endsWith('}\n')).toBe(true);
  return JSON.parse(stdout);
}

describe('evenkeel study --json', () => {
  it('has the keys that programs rely on, and null for what is not finite', () => {
    const study = json();
    expect(study).toMatchObject({ seed: 0, width: 512, depth: 100, repeat: 100, weights: 'shared' });
    expect(study.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(study.rows).toHaveLength(12);
    const numberOrNull = (x: unknown) => x === null || (typeof x === 'number' && Number.isFinite(x));
    for (const row of study.rows) {
      expect(Object.keys(row).sort()).toEqual(
        'init activation overflowLayer vanishLayer mean std normRatio layerMean meanSquare theory'.split(' ').sort(),
      );
      const { init, activation, theory, ...numbers } = row;
      expect([init, activation].every((name) => typeof name === 'string')).toBe(true);
      expect(Object.values(numbers).every(numberOrNull)).toBe(true);
      expect(Object.values(theory).every(numberOrNull)).toBe(true);
    }
    const [plain] = study.rows;
    expect(plain).toMatchObject({ init: 'plain', activation: 'linear', mean: null, std: null, normRatio: null });
    expect([27, 28, 29, 30]).toContain(plain!.overflowLayer);
  });

  it('follows every flag', () => {
    const study = json(...small, '--seed', '7', '--weights', 'fresh', '--init', 'xavier,plain', '--activation', 'relu');
    expect(study).toMatchObject({ seed: 7, width: 16, depth: 5, repeat: 4, weights: 'fresh' });
    expect(study.rows.map((row) => `${row.init} ${row.activation}`)).toEqual(['plain relu', 'xavier relu']);
    const again = ['--init', 'xavier', '--init=plain', '--activation', 'relu', '--activation', 'relu'];
    expect(json(...small, '--seed', '7', '--weights', 'fresh', ...again)).toEqual(study);
    const changed = [
      ['--width', '17'],
      ['--depth', '6'],
      ['--repeat', '5'],
      ['--seed', '8'],
      ['--weights', 'shared'],
    ];
    for (const flags of changed) {
      const other = json(...small, '--seed', '7', '--weights', 'fresh', '--init', 'plain', ...flags);
      expect(other.rows[1], flags.join(' ')).not.toEqual(study.rows[0]);
    }
  });

  it('takes seeds of 64 bits, which do not fit a JSON number', () => {
    expect(json(...small, '--seed', '18446744073709551615').seed).toBe('18446744073709551615');
    expect(json(...small, '--seed', '9007199254740991').seed).toBe(9007199254740991);
  });

  it('gives the same numbers for any number of threads, where BLAS does', () => {
    expect(json(...small, '--threads', '1')).toEqual(json(...small, '--threads', '2'));
    const wide = ['--init', 'plain,scaled', '--repeat', '10'];
    const [one, two] = [json(...wide, '--threads', '1'), json(...wide, '--threads', '2')];
    for (const [i, row] of one.rows.entries()) {
      expect(two.rows[i]).toMatchObject({ overflowLayer: row.overflowLayer, mean: row.mean, std: row.std });
      expect(Math.abs(two.rows[i]!.meanSquare / row.meanSquare - 1)).toBeLessThan(1e-5);
    }
  });
});

describe('evenkeel study', () => {
  it('prints what it runs, a table, how to read it, and the time', () => {
    const { status, stdout, stderr } = evenkeel(['study', ...small, '--threads', '1', '--seed', '3']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^width 16, depth 5, shared weights, seed 3; OpenBLAS \S+, \w+, 1 thread$/);
    const rule = lines.findIndex((line) => /^─+$/.test(line));
    expect(lines.slice(2, rule).join('\n').replace(/ +/g, ' ')).toBe(
      ' overflow final final norm mean closed\ninit activation layer mean std ratio square form',
    );
    const table = lines.slice(rule + 1, rule + 13);
    const number = String.raw`(?:-?\d\S*|nan|-?inf)`;
    for (const line of table) {
      expect(line).toMatch(new RegExp(String.raw`^\w+ +(?:linear|relu) +(?:\d+|-)(?: +${number}){5}$`));
    }
    expect(lines[rule + 13]).toBe('');
    // Right-aligned columns end at one place.
    expect(new Set([...lines.slice(rule - 1, rule + 13).filter(Boolean)].map((line) => line.length)).size).toBe(1);
    for (const line of lines.slice(rule + 14)) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/norm ratio, \|last output\| \/ \|input\|/);
    expect(stdout).toMatch(/over 4 draws/);
    expect(stdout).toMatch(/compare --weights fresh/);
    expect(stdout).toMatch(/\nDone in \d\S* s\.\n$/);
  });

  it('fits a terminal of 80 columns, by default', () => {
    const { status, stdout } = evenkeel(['study']);
    expect(status).toBe(0);
    for (const line of stdout.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('mentions drift only where there is some', () => {
    expect(evenkeel(['study', ...small, '--weights', 'fresh']).stdout).not.toMatch(/drift/);
    expect(evenkeel(['study', ...small, '--activation', 'linear']).stdout).not.toMatch(/drift/);
  });

  it.each([
    [['--width', '0']],
    [['--width', '-5']],
    [['--width', '2.5']],
    [['--width', 'NaN']],
    [['--width', '1e3']],
    [['--width', '']],
    [['--width', '99999999999999999999']],
    [['--width']],
    [['--depth', '0']],
    [['--depth', 'ten']],
    [['--repeat', '0']],
    [['--seed', '-1']],
    [['--seed', '18446744073709551616']],
    [['--seed', 'abc']],
    [['--threads', '0']],
    [['--threads', '257']],
    [['--threads', 'many']],
    [['--init', 'glorot']],
    [['--init', 'plain,']],
    [['--init', '']],
    [['--activation', 'tanh']],
    [['--weights', 'tied']],
    [['--depht', '3']],
    [['extra']],
  ])('refuses %j with status 2 and a line that says why', (flags) => {
    const { status, stdout, stderr } = evenkeel(['study', '--json', ...flags]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^evenkeel: .+\n/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).toContain(flags[0] === 'extra' ? 'too many arguments' : flags[0]);
  });

  it('names the values that would do', () => {
    const said = (...flags: string[]) => evenkeel(['study', ...flags]).stderr;
    expect(said('--init', 'glorot')).toMatch(
      /'glorot' is none of plain, scaled, xavier, kaiming, orthogonal, spectral/,
    );
    expect(said('--activation', 'tanh')).toMatch(/'tanh' is none of linear, relu/);
    expect(said('--weights', 'tied')).toMatch(/shared, fresh/);
    expect(said('--threads', '257')).toMatch(/1 to 256/);
    expect(said('--width', '0')).toMatch(/1 or more/);
  });

  it('says how much memory a width wants before it starts', () => {
    const { status, stdout, stderr } = evenkeel(['study', '--width', '3000000', '--init', 'plain']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^evenkeel: width 3000000 needs 36000 GB for its weights, and \d\S* GB are available\n/);
  });

  it('survives a reader that leaves', async () => {
    for (const args of [['study', ...small], ['study', '--json', ...small], ['--help']]) {
      const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
      const [status] = await once(child, 'close');
      expect({ status, said }).toEqual({ status: 0, said: '' });
    }
  });
});
