// Arguments in @stdlib/blas's order, against its own routines: the same calls give the same results.

import daxpy from '@stdlib/blas-base-daxpy';
import dgemv from '@stdlib/blas-base-dgemv';
import sdot from '@stdlib/blas-base-sdot';
import sgemm from '@stdlib/blas-base-sgemm';
import srotm from '@stdlib/blas-base-srotm';
import sspmv from '@stdlib/blas-base-sspmv';
import strsv from '@stdlib/blas-base-strsv';
import { expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { arrayOf, expectNear, type Kind, numbers } from '../cases/blas.js';

type Routine = ((...args: unknown[]) => unknown) & { ndarray: (...args: unknown[]) => unknown };
const next = numbers(1);
const array = (kind: Kind, size: number) =>
  arrayOf(
    kind,
    Array.from({ length: size }, () => 2 + next()),
  );

it.each<[Kind, string, unknown, unknown, readonly unknown[], readonly unknown[]]>([
  ['s', 'sdot', sdot, blas.sdot, [5, 30, -2, 30, 1], [5, 30, -2, 9, 30, 3, 4]],
  ['d', 'daxpy', daxpy, blas.daxpy, [5, 3, 30, -2, 30, 1], [5, 3, 30, -2, 9, 30, 3, 4]],
  ['s', 'srotm', srotm, blas.srotm, [5, 30, 1, 30, -1, [-1, 1, 2, 3, 4]], [5, 30, 1, 3, 30, 2, 1, [0, 1, 2, 3, 4]]],
  [
    'd',
    'dgemv',
    dgemv,
    blas.dgemv,
    ['column-major', 'transpose', 3, 4, 2, 30, 5, 30, 1, 3, 30, -2],
    ['no-transpose', 3, 4, 2, 30, 5, 1, 2, 30, 1, 1, 3, 30, -2, 20],
  ],
  [
    's',
    'strsv',
    strsv,
    blas.strsv,
    ['row-major', 'lower', 'transpose', 'unit', 4, 30, 5, 30, -1],
    ['upper', 'no-transpose', 'non-unit', 4, 30, 1, 6, 2, 30, 2, 1],
  ],
  [
    's',
    'sspmv',
    sspmv,
    blas.sspmv,
    ['column-major', 'upper', 4, 2, 30, 30, -1, 3, 30, 2],
    ['row-major', 'lower', 4, 2, 30, 30, -1, 6, 3, 30, 2, 1],
  ],
  [
    's',
    'sgemm',
    sgemm,
    blas.sgemm,
    ['column-major', 'no-transpose', 'transpose', 2, 3, 4, 2, 30, 5, 30, 6, 3, 30, 7],
    ['transpose', 'no-transpose', 2, 3, 4, 2, 30, 5, 1, 1, 30, 1, 7, 0, 3, 30, 7, 2, 3],
  ],
])('%s %s', (kind, _, theirs, ours, main, ndarray) => {
  for (const [form, args] of [
    ['main', main],
    ['ndarray', ndarray],
  ] as const) {
    // A 30 stands for an array of so many elements, a list for one of its own.
    const made = args.map((arg) => (Array.isArray(arg) ? arrayOf(kind, arg) : arg === 30 ? array(kind, 30) : arg));
    const copies = made.map((arg) => (ArrayBuffer.isView(arg) ? (arg as Float32Array).slice() : arg));
    const call = (routine: Routine, given: unknown[]) =>
      form === 'main' ? routine(...given) : routine.ndarray(...given);
    const [want, got] = [call(theirs as Routine, made), call(ours as Routine, copies)];
    if (typeof want === 'number') expectNear([got as number], [want], kind, form);
    for (const [i, arg] of made.entries()) {
      if (ArrayBuffer.isView(arg)) expectNear(copies[i] as Float32Array, [...(arg as Float32Array)], kind, form);
      if (arg === want && typeof want !== 'number') expect(got).toBe(copies[i]);
    }
  }
});
