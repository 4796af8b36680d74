import { describe, expect, it } from 'vitest';
import { localeIsUnicode, studyTable, wrap } from '../../../lib/study/report/terminal.js';
import { failure } from '../../cases/data.js';
import { nasty, study } from './results.js';

const all = [...study(), ...Object.values(nasty)];

describe('studyTable', () => {
  it.each([80, 100, 140])('keeps to %i columns', (columns) => {
    for (const unicode of [true, false]) {
      const lines = studyTable(all, { columns, unicode }).split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('is ASCII where the terminal is', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is looked for
    expect(studyTable(all, { unicode: false })).toMatch(/^[\x00-\x7f]+$/);
    expect(studyTable(all, { unicode: true })).toContain('█');
  });

  it('has a line for each cell, with its blocks, last values, growth and verdict', () => {
    const text = studyTable(study(), { unicode: true });
    const lines = text.split('\n');
    const rule = lines.findIndex((line) => /^─+$/.test(line));
    expect(lines[rule - 1]).toMatch(/^cell +log q +last +× +c +last +grad +× +theory +verdict$/);
    const cells = lines.slice(rule + 1, rule + 1 + study().length);
    expect(cells[2]).toMatch(
      /^tanh, σ_w 2, .*[▁-█]{6} +\d\.\d\d +0\.9\d+ +[▁-█]{6} 0\.1\d+ +█[▁-█]{4}▁ +1\.\d\d +90 % +grad explode$/,
    );
    expect(cells[5]).toMatch(/×.* nan .*overflow 29$/);
    expect(cells[6]).toMatch(/ 0 .*zero 41$/);
    expect(text).toMatch(/All cells: no normalisation, .*20\s+networks/);
  });

  it('shows what was not measured as such', () => {
    expect(studyTable([nasty.single])).not.toMatch(/undefined|null|NaN/);
    // Neither correlations nor gradients.
    expect(studyTable([nasty.single], { unicode: false })).toMatch(/1\.5 +\*-{5} +1\.08 +0\.968 +- +- +90 % +keeps/);
    expect(studyTable([])).toBe('No cells.');
  });

  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_ARGUMENT', 'studyTable', () => studyTable(3 as never), '3'],
    ['ERR_ARGUMENT', 'studyTable', () => studyTable([{}] as never)],
    ['ERR_ARGUMENT', 'studyTable', () => studyTable([undefined] as never)],
    ['ERR_RANGE', 'studyTable', () => studyTable([], { columns: 79 }), '79'],
    ['ERR_RANGE', 'studyTable', () => studyTable([], { columns: 90.5 }), '90.5'],
    ['ERR_ARGUMENT', 'studyTable', () => studyTable([], { unicode: 'yes' as never }), 'unicode', 'yes'],
    ['ERR_ARGUMENT', 'studyTable', () => studyTable([], 3 as never), '3'],
  ])('%s %s %#', (code, name, run, ...parts) => {
    expect(run).toThrow(failure(code, name, ...parts));
  });
});

it('locales are looked up in POSIX order', () => {
  expect(localeIsUnicode({ LANG: 'en_GB.UTF-8' })).toBe(true);
  expect(localeIsUnicode({ LANG: 'en_GB.utf8', LC_ALL: 'C' })).toBe(false);
  expect(localeIsUnicode({ LANG: 'C', LC_CTYPE: 'C.UTF-8', LC_ALL: '' })).toBe(true);
  expect(localeIsUnicode({})).toBe(false);
});

it('wrap keeps words whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('incomprehensible', 4)).toEqual(['incomprehensible']);
});
