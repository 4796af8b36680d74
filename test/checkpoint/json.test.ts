import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeJson, type Json, OtherNumber, parseJson } from '../../lib/checkpoint/json.js';
import { failure } from '../cases/data.js';

const parse = (text: string, depth = 8) => parseJson('call', 'the text', text, depth);

/** As JSON.parse gives it. Later entries of __proto__ are properties like any other. */
function plain(value: Json): unknown {
  if (value instanceof OtherNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, plain(item)])) : value;
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const texts = fc.json({ maxDepth: 6, stringUnit: 'binary' }).filter((text) => !text.includes('\\ud'));
    fc.assert(
      fc.property(texts, fc.constantFrom(0, 1, 2), (text, indent) => {
        const written = JSON.stringify(JSON.parse(text), null, indent);
        expect(plain(parse(`${written}  `))).toEqual(JSON.parse(written));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    // Alike but for what this parser is stricter about: equal keys, white space at the end, halves of surrogate pairs.
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'a',
      '"b"',
      '"c"',
      '\\u00e9',
      '1',
      '-',
      '0',
      '.5',
      'e3',
      'null',
      ' ',
      '\t',
    ];
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map((parts) => parts.join(''));
    let valid = 0;
    fc.assert(
      fc.property(texts, (text) => {
        let wanted: unknown;
        try {
          wanted = JSON.parse(text);
        } catch {
          expect(() => parse(text)).toThrow(failure('ERR_FORMAT', 'call', 'the text'));
          return;
        }
        valid++;
        try {
          expect(plain(parse(text))).toEqual(wanted);
        } catch (error) {
          expect((error as Error).message).toMatch(/twice|goes on after its end/);
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(valid).toBeGreaterThan(100);
  });

  it.each([
    ['0', 0],
    ['9007199254740991', 2 ** 53 - 1],
  ])('number %s', (text, value) => expect(parse(text)).toBe(value));

  it.each(['9007199254740992', '1.0', '1e3', '-0', '-1', '1E+400', '0.1'])('other number %s', (text) => {
    expect(parse(text)).toEqual(new OtherNumber(text));
    expect(describeJson(parse(text))).toBe(text);
  });

  it.each<[string, string]>([
    ['{"a":1,"a":1}', '"a" twice'],
    ['{"a":1,"\\u0061":2}', '"a" twice'],
    ['{"__proto__":1,"__proto__":1}', '"__proto__" twice'],
    ['["\\ud800"]', 'surrogate'],
    ['["\\udc00\\ud800"]', 'surrogate'],
    ['"\\x"', 'escape'],
    ['"\\u12g4"', 'escape'],
    ['"a\nb"', 'control character'],
    ['"abc', 'without an end'],
    ['"abc\\"', 'without an end'],
    ['', 'too early'],
    ['{"a":', 'too early'],
    ['[1,]', 'expected a value'],
    ['[1 2]', 'expected , or ]'],
    ['{"a" 1}', 'expected :'],
    ['{"a":1,}', 'quotation marks'],
    ["{'a':1}", 'quotation marks'],
    ['01', 'expected a value'],
    ['+1', 'expected a value'],
    ['.5', 'expected a value'],
    ['1.', 'expected a value'],
    ['NaN', 'expected a value'],
    ['Infinity', 'expected a value'],
    ['undefined', 'expected a value'],
    ['\ufeff{}', 'expected a value'],
    ['{} {}', 'after its end'],
    ['{}\n', 'after its end'],
    ['{}\0', 'after its end'],
    ['[[[[[[[[[1]]]]]]]]]', 'too deep'],
    ['['.repeat(1e6), 'too deep'],
    ['1'.repeat(1e6), 'expected a value'],
  ])('%.40s', (text, problem) => expect(() => parse(text)).toThrow(failure('ERR_FORMAT', 'call', problem)));

  it('says what a value is', () => {
    expect(describeJson(undefined)).toBe('nothing');
    expect(describeJson(parse('[1,[2],{"a":1},"b",null,true,-1,1,2,3]'))).toBe(
      '[1, [2], an object, "b", null, true, -1, 1, ...]',
    );
    expect(describeJson('x'.repeat(100)).length).toBe(60);
  });
});
