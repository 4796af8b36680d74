// The cases run, do what their names say, and the harness measures them.
import { spawnSync } from 'node:child_process';
import * as evenkeel from 'evenkeel';
import { describe, expect, it } from 'vitest';
import { cases } from '../../bench/cases.mjs';
import { round, warmUp } from '../../bench/measure.mjs';
import { busyShare, leastDisturbed } from '../../bench/quiet.mjs';

interface Row {
  name: string;
  group: string;
  setup?: (ek: typeof evenkeel) => () => evenkeel.Tensor;
  writes?: { count: number; dtype: string };
}

describe('small cases', () => {
  const small = (cases as Row[]).filter(({ name, group }) => group !== 'blas' && /4Ki|\b64(x|$)/.test(name));

  it('are there for every family', () => {
    expect(small.length).toBeGreaterThan(40);
  });

  it.each(small.map((row) => [row.name, row] as const))('%s writes what it says', (_, row) => {
    const step = row.setup!(evenkeel);
    const tensor = step();
    expect({ count: tensor.numel(), dtype: tensor.dtype }).toEqual(row.writes);
    const before = tensor.tolist();
    const after = step().tolist();
    // Random ones go on in their stream; the others repeat themselves.
    if (/fill_|constant_|ones_|zeros_|eye_|dirac_/.test(row.name)) expect(after).toEqual(before);
    else expect(after).not.toEqual(before);
  });
});

describe('timing', () => {
  const busy = (ms: number) => () => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };

  it('batches short calls and gives slow ones one call a turn', () => {
    expect(warmUp(busy(0.01))).toBeGreaterThan(20);
    let calls = 0;
    const slow = () => {
      calls++;
      busy(60)();
    };
    const { ms, best } = round(slow, 1, 0.005);
    expect(calls).toBe(1);
    expect(best).toBeGreaterThanOrEqual(60);
    expect(ms).toBe(best);
  });

  it('repeats disturbed lines and keeps the quietest', async () => {
    const lines = [
      [1, 3],
      [1, 2],
      [1, 4],
      [1, 1.1],
      [1, 1],
    ].map((evenkeel) => ({ times: { evenkeel } }));
    let measured = 0;
    let waits = 0;
    const measure = async () => lines[measured++]!;
    const wait = async () => void waits++;
    expect(await leastDisturbed(measure, 2, 0.2, wait)).toBe(lines[1]);
    expect([measured, waits]).toEqual([3, 2]);
    expect(await leastDisturbed(measure, 9, 0.2, wait)).toBe(lines[3]);
    const failure = { times: {}, failure: 'no' };
    expect(await leastDisturbed(async () => failure, 9, 0.2, wait)).toBe(failure);
    expect(waits).toBe(2);
  });

  it('knows a busy machine', () => {
    const cpu = (idle: number, user: number) => ({ times: { user, nice: 0, sys: 0, idle, irq: 0 } });
    const before = [cpu(100, 50), cpu(0, 0)];
    expect(busyShare(before, [cpu(130, 60), cpu(30, 10)])).toBeCloseTo(0.25, 12);
    expect(busyShare(before, before)).toBe(0);
  });
});

describe('a run', () => {
  it('prints one object of JSON: rows with shares and scaling', () => {
    const args = ['bench/run.mjs', '--filter', 'bernoulli_ float32 4Ki', '--group', 'fills', '--rounds', '1', '--json'];
    const { EVENKEEL_BENCH_PYTHON: _, EVENKEEL_BENCH_TFJS: __, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--threads', '1,2'], {
      encoding: 'utf8',
      env,
    });
    expect(status, stderr).toBe(0);
    const { machine, versions, rounds, cases: rows } = JSON.parse(stdout);
    expect(machine).toMatchObject({ platform: process.platform });
    expect(versions).toMatchObject({ node: process.versions.node, evenkeel: evenkeel.info().version });
    expect(rounds).toBe(1);
    expect(rows.map(({ threads, peer }: { threads: number; peer: string }) => [threads, peer])).toEqual([
      [1, 'memory'],
      [2, 'one thread'],
      [2, 'memory'],
    ]);
    for (const line of rows) {
      expect(line.ms).toBeGreaterThan(0);
      expect(line.memoryShare).toBeGreaterThan(0);
      expect(line.scaling === null).toBe(line.threads === 1);
    }
  });

  it('ends with status 2 for a wrong option', () => {
    const { status, stderr } = spawnSync(process.execPath, ['bench/run.mjs', '--group', 'zork'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('--help');
  });
});
