import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CellResult } from '../../../lib/study/cell/cell.js';
import { makeGrid } from '../../../lib/study/sweep/grid.js';
import { mergeStudies } from '../../../lib/study/sweep/merge.js';
import { ResultsFile, resultLine } from '../../../lib/study/sweep/results.js';
import { failure } from '../../cases/data.js';
import { temporaryFolder } from './tools.js';

const at = temporaryFolder();
const study = makeGrid({ width: 4, sigmaW: [1, 2], seed: Array.from({ length: 20 }, (_, i) => i) });
const keys = [...study.cells.keys()];

function write(name: string, some: readonly string[], of = study): string {
  const path = at(name);
  const file = new ResultsFile(path, of, () => {});
  for (const key of some) {
    file.add(key, resultLine(key, { cell: of.cells.get(key), layers: [], vanishLayer: NaN } as unknown as CellResult));
  }
  file.close(keys);
  return path;
}

describe('mergeStudies', () => {
  const parts = Array.from({ length: 16 }, (_, i) => keys.filter((_, place) => place % 16 === i));
  const paths = parts.map((part, i) => write(`${i}.jsonl`, part));

  it('makes of all shares what one piece would be', () => {
    expect(mergeStudies(at('all.jsonl'), paths.toReversed())).toEqual({ total: 40, missing: [] });
    expect(readFileSync(at('all.jsonl'))).toEqual(readFileSync(write('once.jsonl', keys)));
  });

  it('says what is missing, and takes what there is', () => {
    const { total, missing } = mergeStudies(at('some.jsonl'), paths.slice(1));
    expect(total).toBe(40);
    expect(missing).toEqual(parts[0]!.map((key) => study.cells.get(key)));
    expect(mergeStudies(at('some.jsonl'), [at('some.jsonl'), paths[0]!]).missing).toEqual([]);
    expect(readFileSync(at('some.jsonl'))).toEqual(readFileSync(at('all.jsonl')));
  });

  it('leaves out a torn line, says so, and leaves the file as it is', () => {
    const torn = write('torn.jsonl', keys.slice(0, 3));
    truncateSync(torn, readFileSync(torn).length - 5);
    const before = readFileSync(torn);
    const said: string[] = [];
    expect(mergeStudies(at('m.jsonl'), [torn], (message) => said.push(message)).missing).toHaveLength(38);
    expect(said.join()).toMatch(/torn/);
    expect(readFileSync(torn)).toEqual(before);
  });

  it.each([
    ['an init', { width: 4 }],
    ['inputs', { width: 1, inputs: [[1], [2]] }],
    ['seeds of 64 bits', { width: 4, seed: [2n ** 60n, 1] }],
  ])('knows studies with %s by their headers', (name, options) => {
    const of = makeGrid(options);
    const path = at(`${name}.jsonl`);
    new ResultsFile(path, of, () => {}).close(of.cells.keys());
    expect(mergeStudies(at('header.jsonl'), [path]).missing).toEqual([...of.cells.values()]);
    expect(readFileSync(at('header.jsonl'))).toEqual(readFileSync(path));
  });

  it.each<[string, () => unknown, string, ...string[]]>([
    ['no output', () => mergeStudies('', paths), 'ERR_ARGUMENT', 'file to make'],
    ['no inputs', () => mergeStudies(at('x'), []), 'ERR_ARGUMENT', 'files to join'],
    ['one that is no list', () => mergeStudies(at('x'), 'y' as never), 'ERR_ARGUMENT', '"y"'],
  ])('refuses %s', (_, run, code, ...pieces) => {
    expect(run).toThrow(failure(code, 'mergeStudies', ...pieces));
  });

  it('refuses files of different studies, and others, and makes nothing', () => {
    const other = write('other.jsonl', [], makeGrid({ width: 8 }));
    expect(() => mergeStudies(at('none.jsonl'), [paths[0]!, other])).toThrow(
      failure('ERR_ARGUMENT', 'mergeStudies', 'other.jsonl', 'different studies'),
    );
    writeFileSync(at('empty'), '');
    expect(() => mergeStudies(at('none.jsonl'), [at('empty')])).toThrow(/empty is empty/);
    writeFileSync(at('text'), 'hello\n');
    expect(() => mergeStudies(at('none.jsonl'), [at('text')])).toThrow(/text is no file of study results/);
    expect(() => mergeStudies(at('none.jsonl'), [at('absent')])).toThrow(/ENOENT/);
    expect(() => readFileSync(at('none.jsonl'))).toThrow(/ENOENT/);
  });
});
