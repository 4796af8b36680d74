import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Cell, CellResult } from '../../../lib/study/cell/cell.js';
import { makeGrid } from '../../../lib/study/sweep/grid.js';
import { parseLine, ResultsFile, resultLine, writeResults } from '../../../lib/study/sweep/results.js';
import { failure } from '../../cases/data.js';
import { temporaryFolder } from './tools.js';

const at = temporaryFolder();
const study = makeGrid({ width: [4, 8], depth: 2, seed: [0, 1, 2] });
const keys = [...study.cells.keys()];

/** What might have been measured, numbers that JSON lacks among it. */
function resultOf(key: string): CellResult {
  const cell = study.cells.get(key) as Cell;
  const q = { mean: NaN, std: Infinity, values: [-Infinity, -0, Number(cell.seed), 0.1 + 0.2] };
  return {
    cell,
    mode: 'materialized',
    layers: [{ layer: 1, q }],
    spectrum: null,
    overflowLayer: null,
    vanishLayer: 1,
  } as never;
}
const lineOf = (key: string) => resultLine(key, resultOf(key));
const unheard = (message: string) => {
  throw new Error(`nothing was to be said, but: ${message}`);
};

/** A file with the given cells in it, not yet complete. */
function fileWith(name: string, some: readonly string[]): string {
  const path = at(name);
  const file = new ResultsFile(path, study, unheard);
  for (const key of some) file.add(key, lineOf(key));
  file.close(keys);
  return path;
}

/** What a file has, opened again. */
function contents(path: string, say: (message: string) => void = unheard): Map<string, CellResult> {
  const file = new ResultsFile(path, study, say);
  const found = new Map(keys.filter((key) => file.has(key)).map((key) => [key, parseLine(file.line(key))]));
  file.close(keys);
  return found;
}

describe('a file of results', () => {
  it('begins with a header that names the study, and has a line for each cell', () => {
    const path = fileWith('plain.jsonl', keys.slice(0, 2));
    const text = readFileSync(path, 'utf8');
    const [header, ...lines] = text.split('\n');
    expect(JSON.parse(header!)).toEqual({
      format: 'evenkeel-study',
      version: 1,
      study: study.id,
      cells: 6,
      grid: JSON.parse(JSON.stringify(study.grid)),
    });
    expect(lines).toEqual([lineOf(keys[0]!), lineOf(keys[1]!), '']);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      key: keys[0],
      result: { layers: [{ q: { mean: 'NaN', std: 'Infinity' } }] },
    });
  });

  it('gives back what it was given, every number the same', () => {
    const found = contents(fileWith('numbers.jsonl', keys));
    expect([...found.keys()]).toEqual(keys);
    for (const key of keys) expect(found.get(key)).toEqual(resultOf(key));
    const values = found.get(keys[0]!)!.layers[0]!.q.values;
    expect(Object.is(values[1], -0)).toBe(true);
  });

  it('goes on where it ended', () => {
    const path = fileWith('resumed.jsonl', [keys[4]!, keys[1]!]);
    const file = new ResultsFile(path, study, unheard);
    expect(keys.map((key) => file.has(key))).toEqual([false, true, false, false, true, false]);
    for (const key of keys) file.add(key, lineOf(key));
    expect(keys.filter((key) => file.has(key))).toHaveLength(6);
    file.close(keys);
    expect(readFileSync(path)).toEqual(readFileSync(fileWith('at-once.jsonl', keys)));
  });

  it('is in the order of the grid once it is complete, and of its making before', () => {
    const backwards = keys.toReversed();
    const part = readFileSync(fileWith('part.jsonl', backwards.slice(1)), 'utf8');
    expect(part.split('\n').slice(1, -1)).toEqual(backwards.slice(1).map(lineOf));
    const whole = readFileSync(fileWith('whole.jsonl', backwards), 'utf8');
    expect(whole.split('\n').slice(1, -1)).toEqual(keys.map(lineOf));
  });

  it('has the first of several results of a cell', () => {
    const path = fileWith('double.jsonl', keys.slice(0, 3));
    const text = readFileSync(path, 'utf8');
    const other = lineOf(keys[1]!).replace('"materialized"', '"in-law"');
    writeFileSync(path, `${text}${other}\n${lineOf(keys[0]!)}\n`);
    expect(contents(path).get(keys[1]!)!.mode).toBe('materialized');
    const file = new ResultsFile(path, study, unheard);
    const size = statSync(path).size;
    file.add(keys[2]!, other);
    expect(statSync(path).size).toBe(size);
    for (const key of keys) file.add(key, lineOf(key));
    file.close(keys);
    expect(readFileSync(path)).toEqual(readFileSync(fileWith('single.jsonl', keys)));
  });

  it('survives its last line torn at every byte', () => {
    const path = fileWith('torn.jsonl', keys.slice(0, 3));
    const whole = readFileSync(path);
    const lastStart = whole.subarray(0, -1).lastIndexOf('\n') + 1;
    const complete = readFileSync(fileWith('untorn.jsonl', keys));
    for (let length = lastStart; length <= whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const said: string[] = [];
      const file = new ResultsFile(path, study, (message) => said.push(message));
      // Nothing of the line, all of it, or all but its newline.
      const intact = length >= whole.length - 1;
      expect(file.has(keys[2]!), `${length} bytes`).toBe(intact);
      expect(said.length, `${length} bytes`).toBe(intact || length === lastStart ? 0 : 1);
      if (said.length > 0) expect(said[0]).toMatch(/torn\.jsonl: the last line was torn/);
      const left = whole.subarray(0, intact ? whole.length : lastStart);
      expect(readFileSync(path).equals(left), `${length} bytes`).toBe(true);
      // Going on from there takes the disk's time.
      if (length % 50 !== 0) file.release();
      else {
        for (const key of keys) file.add(key, lineOf(key));
        file.close(keys);
        expect(readFileSync(path).equals(complete), `${length} bytes`).toBe(true);
      }
    }
  });

  it('survives its header torn at every byte', () => {
    const path = fileWith('header.jsonl', []);
    const header = readFileSync(path);
    for (let length = 0; length <= header.length; length++) {
      writeFileSync(path, header.subarray(0, length));
      new ResultsFile(path, study, unheard).release();
      expect(readFileSync(path).equals(header), `${length} bytes`).toBe(true);
    }
  });

  it('leaves out lines that are none of its own, and says which', () => {
    const path = fileWith('foreign.jsonl', keys.slice(0, 2));
    const [header, first, second] = readFileSync(path, 'utf8').split('\n');
    const foreign = lineOf(keys[2]!).replace(keys[2]!, 'f'.repeat(64));
    const lines = [header, first, '\0\0\0', foreign, '{"key":3}', 'null', second, ''];
    writeFileSync(path, lines.join('\n'));
    const said: string[] = [];
    expect([...contents(path, (message) => said.push(message)).keys()]).toEqual(keys.slice(0, 2));
    expect(said.map((message) => /line (\d) is no result/.exec(message)?.[1])).toEqual(['3', '4', '5', '6']);
  });

  it('refuses a file of another study, names what differs, and leaves it alone', () => {
    const path = fileWith('other.jsonl', keys.slice(0, 1));
    const before = readFileSync(path);
    const other = makeGrid({ width: [4, 8], depth: 3, seed: [0, 1, 2] });
    expect(() => new ResultsFile(path, other, unheard)).toThrow(
      failure('ERR_ARGUMENT', 'study', 'other.jsonl', 'another study', 'depth [2], not [3]'),
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it.each([
    ['text', 'hello\n'],
    ['text without a newline', 'hello'],
    ['other JSON', '{"format":"else"}\n'],
    ['no object', 'null\n'],
    ['bytes', '\0\0\0\0\n'],
  ])('refuses %s, and leaves it alone', (_, text) => {
    const path = at('else.txt');
    writeFileSync(path, text);
    expect(() => new ResultsFile(path, study, unheard)).toThrow(
      failure('ERR_ARGUMENT', 'study', 'else.txt', 'no file of'),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('refuses a version to come, and a header whose hash is not its grid', () => {
    const path = fileWith('future.jsonl', []);
    const header = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, `${JSON.stringify({ ...header, version: 2 })}\n`);
    expect(() => new ResultsFile(path, study, unheard)).toThrow(failure('ERR_ARGUMENT', 'study', 'version 2'));
    writeFileSync(path, `${JSON.stringify({ ...header, cells: 7 })}\n`);
    expect(() => new ResultsFile(path, study, unheard)).toThrow(failure('ERR_ARGUMENT', 'study', 'damaged'));
  });

  it('notices when another process changes it', () => {
    const path = fileWith('shared.jsonl', keys.slice(0, 1));
    const file = new ResultsFile(path, study, unheard);
    truncateSync(path, 30);
    expect(() => file.line(keys[0]!)).toThrow(failure('ERR_STATE', 'study', 'another process'));
    file.close(keys);
  });

  it('is replaced in one step: what is there survives an error on the way', () => {
    const path = fileWith('replaced.jsonl', keys);
    const before = readFileSync(path);
    const fails = () =>
      writeResults(path, study, keys, (key) => {
        if (key === keys[3]) throw new Error('no more');
        return lineOf(key);
      });
    expect(fails).toThrow('no more');
    expect(readFileSync(path)).toEqual(before);
  });
});
