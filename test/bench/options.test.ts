// The command line of the benchmarks, and what it chooses from.
import { describe, expect, it } from 'vitest';
import { cases, groups, isIn } from '../../bench/cases.mjs';
import { parse, UsageError } from '../../bench/options.mjs';

interface Work {
  row: { name: string; group: string };
  threads: number;
}
const chosen = (args: string[], cores = 2) => parse(args, cores).work as Work[];
const names = (args: string[]) => [...new Set(chosen(args).map(({ row }) => row.name))];

describe('options', () => {
  it('measure the brief group on one and two threads', () => {
    expect(names([])).toEqual(cases.filter((row) => isIn(row, 'brief')).map(({ name }) => name));
    expect(new Set(chosen([]).map(({ threads }) => threads))).toEqual(new Set([1, 2]));
    expect(new Set(chosen([], 1).map(({ threads }) => threads))).toEqual(new Set([1]));
    expect(parse([], 2)).toMatchObject({ help: false, json: false, rounds: 5, retries: 0 });
  });

  it('take groups together', () => {
    const count = (group: string) => cases.filter((row) => row.group === group).length;
    expect(names(['--group', 'init, mt19937'])).toHaveLength(count('init') + count('mt19937'));
    expect(names(['--group', 'all'])).toHaveLength(cases.length);
  });

  it('filter all cases, or those of a group', () => {
    expect(names(['--filter', 'SPECTRAL'])).toEqual([64, 256, 1024].map((n) => `spectral_ float32 ${n}`));
    expect(names(['--filter', 'kaimingUniform_', '--group', 'mt19937'])).toEqual([
      'mt19937 kaimingUniform_ float32 1Mi',
    ]);
  });

  it('measure a case at the counts it makes sense at, each once', () => {
    expect(chosen(['--filter', 'nn.Linear', '--threads', '2,1']).map(({ threads }) => threads)).toEqual([1]);
    expect(chosen(['--filter', 'tanh', '--threads', '2,2,1']).map(({ threads }) => threads)).toEqual([2, 1]);
  });

  it.each([
    [['--group', 'toString'], /no group "toString"; expected some of brief, ops/],
    [['--filter', 'zork'], /no case of all contains "zork"/],
    [['--filter', 'matmul', '--group', 'init'], /no case of init contains "matmul" in its name; there are some in ops/],
    [['--threads', '0'], /--threads: expected a whole number from 1 to 256/],
    [['--threads', '1,'], /--threads/],
    [['--threads', '2', '--filter', 'nn.Linear'], /other counts only/],
    [['--rounds', '1e3'], /--rounds: expected a whole number from 1 to 1000, but got "1e3"/],
    [['--retries', '-1'], /--retries/],
    [['--zork'], /--zork/],
    [['zork'], /zork/],
  ])('refuse %j', (args, message) => {
    expect(() => parse(args, 2)).toThrow(UsageError);
    expect(() => parse(args, 2)).toThrow(message);
  });
});

describe('cases', () => {
  it('have names of their own and a known group', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { name, group } of cases) expect(Object.keys(groups), name).toContain(group);
    // Names in the list of brief cases that no case has would go unnoticed.
    expect(cases.filter((row) => isIn(row, 'brief'))).toHaveLength(40);
  });

  it('hold only peers to a target that they are compared with', () => {
    interface Row {
      name: string;
      writes?: object;
      backends?: object;
      targets?: { peer?: string; threads?: number[] }[];
    }
    for (const row of cases as Row[]) {
      for (const { peer } of row.targets ?? []) {
        if (peer === undefined) continue;
        const compared = { ...row, ...(row.writes && { 'one thread': true }) };
        for (const backend of Object.keys(row.backends ?? {})) Object.assign(compared, { [`tfjs ${backend}`]: true });
        expect(Object.keys(compared), row.name).toContain(peer);
      }
    }
  });
});
