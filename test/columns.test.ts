import { expect, it } from 'vitest';
import { columns } from '../lib/columns.js';

it('columns are as wide as their widest cell; text to the left, numbers to the right', () => {
  const lines = [
    ['name', 'n'],
    ['a', '10'],
    ['longer', '7', 'more'],
  ];
  expect(columns(lines, [0, 2])).toBe('name     n\na       10\nlonger   7  more');
  expect(columns([], [])).toBe('');
});
