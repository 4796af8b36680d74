import { describe, expect, it } from 'vitest';
import { describeLiteral, type Literal, parseLiteral } from '../../../lib/checkpoint/npy/literal.js';

const parse = (text: string) => parseLiteral(text, (problem) => new Error(problem));

describe('parseLiteral', () => {
  it.each<[string, Literal]>([
    ['()', []],
    [' (3,) ', [3]],
    ['(3, 4)', [3, 4]],
    ['(3L, 4L)', [3, 4]],
    ['[1,2,]', [1, 2]],
    ["'a\"b'", 'a"b'],
    ['"a\'b"', "a'b"],
    ['True', true],
    ['False', false],
    ['None', null],
    ['0', 0],
    ['9007199254740991', 2 ** 53 - 1],
    [
      "[('x', '<f4'), ('y', '<i4', (2,))]",
      [
        ['x', '<f4'],
        ['y', '<i4', [2]],
      ],
    ],
    ['{}', new Map()],
    [
      '{\'a\': 1, "b": (), }\n',
      new Map<string, Literal>([
        ['a', 1],
        ['b', []],
      ]),
    ],
    ["{'__proto__':None}", new Map([['__proto__', null]])],
  ])('%s', (text, value) => expect(parse(text)).toEqual(value));

  it.each<[string, string]>([
    ['', 'from character 0'],
    ['(3', 'from character'],
    ['(3 4)', 'from character'],
    ['(,)', 'from character'],
    ['(1,,)', 'from character'],
    ['1 2', 'from character'],
    ['true', 'from character'],
    ['Truely', 'from character'],
    ['1.5', 'from character'],
    ['1e3', 'from character'],
    ['0x10', 'from character'],
    ["'a", 'from character'],
    ["'a\\'b'", 'from character'],
    ['{1: 2}', 'from character'],
    ["{'a' 1}", 'from character'],
    ["{'a': 1 'b': 2}", 'from character'],
    ['__import__("os")', 'from character'],
    ['-1', 'number -1'],
    ['9007199254740992', 'number 9007199254740992'],
    ["{'a': 1, 'a': 2}", "'a' twice"],
    ['('.repeat(5000), 'too deep'],
  ])('%.30s: %s', (text, problem) => expect(() => parse(text)).toThrow(problem));

  it('says what a literal is', () => {
    const text = "[('x', '<f4'), {'a': 1}, None, True, 5, 6, 7, 8, 9]";
    expect(describeLiteral(parse(text))).toBe("(('x', '<f4'), a dictionary, None, True, 5, 6, 7, 8, ...)");
    expect(describeLiteral(undefined)).toBe('nothing');
    expect(describeLiteral('x'.repeat(100))).toHaveLength(62);
  });
});
