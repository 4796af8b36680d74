import { expect, it } from 'vitest';
import { decimals, gigabytes, plural, short } from '../../lib/cli/report.js';

it.each([
  [0, '0'],
  [-0, '0'],
  [1, '1.000'],
  [-0.0123456, '-0.0123'],
  [0.01, '0.0100'],
  [0.00999, '9.99e-3'],
  [0.123456, '0.1235'],
  [512.123, '512.1'],
  [9999.4, '9999'],
  [9999.6, '1.00e+4'],
  [-1.18e14, '-1.18e+14'],
  [Number.NaN, 'nan'],
  [Number.POSITIVE_INFINITY, 'inf'],
  [Number.NEGATIVE_INFINITY, '-inf'],
])('short(%d) is %s', (x, text) => {
  expect(short(x)).toBe(text);
});

it('counts and sizes read well', () => {
  expect([plural(1, 'thread'), plural(2, 'thread')]).toEqual(['1 thread', '2 threads']);
  expect([decimals(1.23456), decimals(12.3456), decimals(123.456)]).toEqual(['1.23', '12.3', '123']);
  expect(gigabytes(36e12)).toBe('36000 GB');
});
