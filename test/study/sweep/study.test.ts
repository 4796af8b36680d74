import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { getNumThreads, setNumThreads } from '../../../lib/index.js';
import { runCell } from '../../../lib/study/cell/run.js';
import { makeGrid } from '../../../lib/study/sweep/grid.js';
import { type StudyOptions, type StudyProgress, study } from '../../../lib/study/sweep/study.js';
import { failure } from '../../cases/data.js';
import { killAndResume, results, start, temporaryFolder, tiny, tinyFlags, until } from './tools.js';

const at = temporaryFolder();
const failing = { script: fileURLToPath(new URL('./failing_worker.mjs', import.meta.url)) };

describe('study', () => {
  it('measures what runCell does, cell by cell', async () => {
    const options = { width: [8, 16], depth: 3, activation: ['relu', 'tanh'], repeats: 2 } as const;
    const { results, failures, study: id } = await study({ ...options, workers: 2 });
    const { cells, id: expected } = makeGrid(options);
    expect(failures).toEqual([]);
    expect(id).toBe(expected);
    const threads = getNumThreads();
    setNumThreads(1);
    expect(results).toEqual([...cells.values()].map((cell) => runCell(cell)));
    setNumThreads(threads);
  });

  it('is the same to the byte with any number of workers, in shares, with and without a file', async () => {
    const options = tiny(40);
    const one = await study({ ...options, workers: 1, file: at('one.jsonl') });
    const three = await study({ ...options, workers: 3, file: at('three.jsonl') });
    const none = await study({ ...options, workers: 2 });
    const shares = [];
    for (const cells of ['1/3', '2/3', '3/3'])
      shares.push(await study({ ...options, cells, file: at('shares.jsonl') }));
    expect(readFileSync(at('three.jsonl'))).toEqual(readFileSync(at('one.jsonl')));
    expect(readFileSync(at('shares.jsonl'))).toEqual(readFileSync(at('one.jsonl')));
    expect(three).toEqual(one);
    expect(none).toEqual(one);
    expect(shares.map((share) => share.results.length)).toEqual([14, 13, 13]);
  });

  it('computes nothing that is in the file', async () => {
    const options = { ...tiny(8), file: at('again.jsonl') };
    const first = await study(options);
    const seen: StudyProgress[] = [];
    // No cell could be run by a script that is not there.
    const again = await study({ ...options, onProgress: (now) => seen.push(now) }, { script: '/nowhere.js' });
    expect(again).toEqual(first);
    expect(seen).toEqual([{ done: 8, total: 8, cell: null, running: 0 }]);
  });

  it('tells how far it is', async () => {
    const seen: StudyProgress[] = [];
    const { results } = await study({ ...tiny(8), workers: 2, onProgress: (now) => seen.push(now) });
    const done = seen.filter(({ cell }) => cell !== null);
    expect(done.map((now) => now.done)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(seen[0]).toEqual({ done: 0, total: 8, cell: null, running: 0 });
    const cells = new Set(results.map(({ cell }) => JSON.stringify(cell)));
    expect(new Set(done.map(({ cell }) => JSON.stringify(cell)))).toEqual(cells);
  });

  it('tells what is done of cells that run', async () => {
    const seen: number[] = [];
    await study(
      { seed: [0, 5], width: 4, workers: 1, onProgress: (now) => seen.push(now.done + now.running) },
      failing,
    );
    expect(seen).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  it('goes on where cells fail, and tries them again the next time', async () => {
    const options = { seed: [0, 1, 2, 3, 5, 6], width: 4, workers: 2, file: at('failing.jsonl') };
    const { results: found, failures } = await study(options, failing);
    expect(found.map(({ cell }) => cell.seed)).toEqual([0, 5, 6]);
    expect(failures.map(({ cell, message }) => [cell.seed, message])).toEqual([
      [1, 'seed 1 is not to my taste'],
      [2, 'the worker thread ended with exit code 3'],
      [3, 'thrown'],
    ]);
    expect(results(options.file)).toBe(3);
    const again = await study({ ...options, depth: 100 });
    expect(again.failures).toEqual([]);
    expect(again.results.map(({ cell }) => cell.seed)).toEqual(options.seed);
  });

  it('stops at its signal, with what is done in the file', async () => {
    const stop = new AbortController();
    const file = at('stopped.jsonl');
    const onProgress = ({ done }: StudyProgress) => done === 2 && stop.abort(new Error('enough'));
    await expect(
      study(
        { seed: [0, 5, 4], width: 4, workers: 2, file, signal: stop.signal, onProgress: onProgress as never },
        failing,
      ),
    ).rejects.toThrow('enough');
    expect(results(file)).toBe(2);
    await expect(study({ ...tiny(4), signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });

  it('gives back the count of threads that it set', async () => {
    const before = getNumThreads();
    setNumThreads(2);
    let within = 0;
    const onProgress = ({ done }: StudyProgress) => {
      if (done === 1) within = getNumThreads();
    };
    await study({ ...tiny(4), onProgress });
    expect([within, getNumThreads()]).toEqual([1, 2]);
    setNumThreads(before);
  });

  it('passes on what onProgress throws, and keeps what is done', async () => {
    const file = at('throws.jsonl');
    const onProgress = ({ done }: StudyProgress) => {
      if (done === 3) throw new Error('not so far');
    };
    await expect(study({ ...tiny(8), file, onProgress })).rejects.toThrow('not so far');
    expect(results(file)).toBeGreaterThanOrEqual(3);
  });

  it.each<[string, StudyOptions, string, ...string[]]>([
    ['a grid that cannot be', { width: 0 }, 'ERR_RANGE', 'width'],
    ['no options', 3 as never, 'ERR_ARGUMENT', '3'],
    ['no workers', { workers: 0 }, 'ERR_RANGE', 'workers', '1 to 1024', '0'],
    ['workers of text', { workers: '2' as never }, 'ERR_ARGUMENT', 'workers'],
    ['no threads', { threads: 0.5 }, 'ERR_RANGE', 'threads', '0.5'],
    ['a file without a name', { file: '' }, 'ERR_ARGUMENT', 'file'],
    ['a share of nothing', { cells: '1/0' }, 'ERR_ARGUMENT', 'cells', '1/0', '3/16'],
    ['a share beyond the last', { cells: '17/16' }, 'ERR_ARGUMENT', 'cells', '17/16'],
    ['a share that is no text', { cells: 3 as never }, 'ERR_ARGUMENT', 'cells', '3'],
    ['a queue that is none', { queue: 'http://localhost' }, 'ERR_ARGUMENT', 'queue', 'redis://host:port'],
    ['a signal that is none', { signal: 3 as never }, 'ERR_ARGUMENT', 'signal'],
    ['onProgress of text', { onProgress: 'x' as never }, 'ERR_ARGUMENT', 'onProgress'],
    ['onMessage of text', { onMessage: 'x' as never }, 'ERR_ARGUMENT', 'onMessage'],
    ['more than memory holds', { width: 1e7, mode: 'materialized' }, 'ERR_RANGE', 'GB', 'matrix-free'],
  ])('refuses %s', async (_, options, code, ...parts) => {
    await expect(study(options)).rejects.toThrow(failure(code, 'study', ...parts));
  });

  it('refuses a file of something else before it computes', async () => {
    writeFileSync(at('else.txt'), 'precious\n');
    await expect(study({ ...tiny(4), file: at('else.txt') })).rejects.toThrow(
      failure('ERR_ARGUMENT', 'study', 'else.txt'),
    );
    expect(readFileSync(at('else.txt'), 'utf8')).toBe('precious\n');
  });
});

describe('a sweep that is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s says what is done, and where', async (signal, status) => {
    const path = at(`${signal}.jsonl`);
    const run = start(['study', ...tinyFlags(4000), '--out', path]);
    await until(() => results(path) > 3, 'results');
    run.child.kill(signal);
    expect(await run.ended).toBe(status);
    const [, done] = /stopped with (\d+) of 4000 cells done: they are in .*\.jsonl; the same command/.exec(run.said())!;
    expect(results(path)).toBe(Number(done));
    expect(run.printed()).toBe('');
  });
});

describe('a sweep that is killed', () => {
  it('goes on, and ends as one that was not', async () => {
    const path = at('killed.jsonl');
    await study({ ...tiny(200), file: at('calm.jsonl') });
    const left = await killAndResume(['study', ...tinyFlags(200), '--out', path, '--workers', '2'], path, 2, 200, 1);
    expect(left[0]).toBeGreaterThan(0);
    expect(left[1]).toBeGreaterThan(left[0]!);
    expect(left[1]).toBeLessThan(200);
    expect(readFileSync(path)).toEqual(readFileSync(at('calm.jsonl')));
  });
});
