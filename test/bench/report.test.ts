// What the benchmarks say of their results: rows for programs, the table, the remarks.
import { describe, expect, it } from 'vitest';
import { environment, remarks, spread, toRows } from '../../bench/report.mjs';
import { machineLines, time, toTable } from '../../bench/table.mjs';

const fill = {
  name: 'uniform_ float32 16Mi',
  targets: [
    { peer: 'torch', ratio: 7, threads: [1] },
    { peer: 'torch', ratio: 13, threads: [2] },
    { peer: 'one thread', ratio: 1.8, threads: [2] },
  ],
};
const onTwo = {
  row: fill,
  threads: 2,
  times: { evenkeel: [2, 1, 3], 'one thread': [3.9, 4, 4.1], memory: [0.5, 0.5, 0.5], torch: [24, 24, 24] },
};
const bound = {
  row: { name: 'matvec', targets: [{ peer: 'raw', threads: [1], limit: (ms: number) => 1.2 * ms + 1 }] },
  threads: 1,
  times: { evenkeel: [14], raw: [10] },
};
const load = { row: { name: 'load', targets: [{ ms: 40 }] }, threads: 1, times: { evenkeel: [50] } };
const alone = { row: { name: 'alone' }, threads: 1, times: { evenkeel: [3] } };
const failed = { row: { name: 'broken' }, threads: 1, times: {}, failure: 'RangeError: no' };

describe('rows', () => {
  it('hold each peer to the target of its thread count', () => {
    const shared = { name: fill.name, threads: 2, ms: 2, memoryShare: 0.25, scaling: 2, spread: 0.5 };
    expect(toRows([onTwo])).toEqual([
      { ...shared, peer: 'one thread', peerMs: 4, ratio: 2, target: 1.8, met: true },
      { ...shared, peer: 'memory', peerMs: 0.5, ratio: 0.25, target: null, met: null },
      { ...shared, peer: 'torch', peerMs: 24, ratio: 12, target: 13, met: false },
    ]);
    const one = toRows([{ row: fill, threads: 1, times: { evenkeel: [2], torch: [24] } }]);
    expect(one).toMatchObject([{ peer: 'torch', target: 7, met: true, memoryShare: null, scaling: null }]);
  });

  it('turn limits in time into ratios', () => {
    // At most 13 is asked for, of a peer that takes 10.
    expect(toRows([bound])).toMatchObject([{ peer: 'raw', ratio: 10 / 14, target: 10 / 13, met: false }]);
    const faster = { ...bound, times: { evenkeel: [12.9], raw: [10] } };
    expect(toRows([faster])).toMatchObject([{ met: true }]);
    expect(toRows([load])).toMatchObject([{ peer: 'limit', peerMs: 40, ratio: 0.8, target: 1, met: false }]);
  });

  it('are there without peers, and not for failures', () => {
    expect(toRows([alone, failed])).toEqual([
      {
        ...{ name: 'alone', threads: 1, ms: 3, peer: null, peerMs: null, ratio: null, target: null, met: null },
        ...{ memoryShare: null, scaling: null, spread: 0 },
      },
    ]);
  });

  it('hold no number that JSON has not', () => {
    const [line] = toRows([{ row: { name: 'fast' }, threads: 1, times: { evenkeel: [0], torch: [1] } }]);
    expect(line).toMatchObject({ ms: 0, ratio: null, spread: null });
  });
});

describe('the table', () => {
  it('has a column for each peer, share and scaling that some line has', () => {
    const [head, rule, first, second] = toTable([onTwo, bound]).split('\n');
    expect(head!.split(/ {2,}/)).toEqual(
      [
        'case',
        'threads',
        'evenkeel',
        'spread',
        'torch',
        'torch / ours',
        'raw',
        'raw / ours',
        'of a fill',
        'scaling',
      ].concat('target'),
    );
    expect(rule).toMatch(/^[- ]+$/);
    expect(first!.split(/ {2,}/)).toEqual([
      ...[fill.name, '2', '2.00 ms', '50%', '24.0 ms', '12.0x', '25%', '2.00x'],
      'one thread 1.8x: met, torch 13x: MISSED',
    ]);
    expect(second!.split(/ {2,}/)).toEqual([
      'matvec',
      '1',
      '14.0 ms',
      '0%',
      '10.0 ms',
      '0.71x',
      'at most 13.0 ms: MISSED',
    ]);
    expect(toTable([alone]).split('\n')[0]!.split(/ {2,}/)).toEqual([
      'case',
      'threads',
      'evenkeel',
      'spread',
      'target',
    ]);
  });

  it('names failures without breaking the columns', () => {
    const lines = toTable([failed, load]).split('\n');
    expect(lines[2]).toBe('broken        1  failed: RangeError: no');
    expect(lines[3]).toMatch(/^load +1 +50\.0 ms +0% +at most 40\.0 ms: MISSED$/);
  });

  it('writes times to three digits', () => {
    expect([1.2345e-4, 0.05, 0.9996, 12.34, 1234, 1.5e6].map(time)).toEqual([
      '123 ns',
      '50.0 us',
      '1.00 ms',
      '12.3 ms',
      '1.23 s',
      '1500 s',
    ]);
  });
});

describe('noise', () => {
  it('is half of the range over the median, of the worst implementation', () => {
    expect(spread({ evenkeel: [1, 1, 1.2], torch: [10, 12, 20] })).toBeCloseTo(5 / 12, 12);
  });

  it('is remarked upon', () => {
    expect(remarks([alone])).not.toContain('spread above');
    expect(remarks([alone, onTwo, failed])).toContain('1 of 2 lines have a spread above 20%');
  });
});

describe('the head', () => {
  const info = { version: '1.2.3', simd: 'avx2', blas: { library: 'OpenBLAS', version: '0.3', core: 'HASWELL' } };

  it('names versions, and says where missing peers would come from', () => {
    const where = environment(info, [{ name: 'torch', version: '2.15', cpu: 'AVX2' }]);
    expect(where.versions).toMatchObject({ evenkeel: '1.2.3', simd: 'avx2', torch: '2.15, AVX2' });
    const lines = machineLines(where);
    expect(lines).toContain('torch: PyTorch 2.15, AVX2');
    expect(lines).toContainEqual(expect.stringMatching(/^tfjs: EVENKEEL_BENCH_TFJS .* no tfjs columns$/));
  });
});
