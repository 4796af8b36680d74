// Every routine says what is wrong with its arguments, before anything is written or read out of range.
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { arrayOf, type Kind, kinds } from '../cases/blas.js';
import { failure } from '../cases/data.js';

type Routine = ((...args: unknown[]) => unknown) & { ndarray?: Routine; assign?: Routine };
const routines = blas as unknown as Record<string, Routine>;

/** Valid arguments, by name without the letter of the type; A, x and so on are replaced by arrays. */
const [up, no, non, left] = ['upper', 'no-transpose', 'non-unit', 'left'];
const valid: Record<string, readonly unknown[]> = {
  dot: [3, 'x', 1, 'y', 1],
  asum: [3, 'x', 1],
  nrm2: [3, 'x', 1],
  axpy: [3, 2, 'x', 1, 'y', 1],
  scal: [3, 2, 'x', 1],
  copy: [3, 'x', 1, 'y', 1],
  swap: [3, 'x', 1, 'y', 1],
  rot: [3, 'x', 1, 'y', 1, 1, 0],
  rotm: [3, 'x', 1, 'y', 1, 'x'],
  gemv: [no, 3, 3, 1, 'A', 3, 'x', 1, 0, 'y', 1],
  gbmv: [no, 3, 3, 1, 1, 1, 'A', 3, 'x', 1, 0, 'y', 1],
  ger: [3, 3, 1, 'x', 1, 'y', 1, 'A', 3],
  symv: [up, 3, 1, 'A', 3, 'x', 1, 0, 'y', 1],
  sbmv: [up, 3, 1, 1, 'A', 3, 'x', 1, 0, 'y', 1],
  spmv: [up, 3, 1, 'A', 'x', 1, 0, 'y', 1],
  syr: [up, 3, 1, 'x', 1, 'A', 3],
  syr2: [up, 3, 1, 'x', 1, 'y', 1, 'A', 3],
  spr: [up, 3, 1, 'x', 1, 'A'],
  spr2: [up, 3, 1, 'x', 1, 'y', 1, 'A'],
  trmv: [up, no, non, 3, 'A', 3, 'x', 1],
  trsv: [up, no, non, 3, 'A', 3, 'x', 1],
  tbmv: [up, no, non, 3, 1, 'A', 3, 'x', 1],
  tbsv: [up, no, non, 3, 1, 'A', 3, 'x', 1],
  tpmv: [up, no, non, 3, 'A', 'x', 1],
  tpsv: [up, no, non, 3, 'A', 'x', 1],
  gemm: [no, no, 3, 3, 3, 1, 'A', 3, 'B', 3, 0, 'C', 3],
  gemmBatched: [no, no, 3, 3, 3, 1, 'A', 3, 0, 'B', 3, 0, 0, 'C', 3, 9, 1],
  symm: [left, up, 3, 3, 1, 'A', 3, 'B', 3, 0, 'C', 3],
  syrk: [up, no, 3, 3, 1, 'A', 3, 0, 'C', 3],
  syr2k: [up, no, 3, 3, 1, 'A', 3, 'B', 3, 0, 'C', 3],
  trmm: [left, up, no, non, 3, 3, 1, 'A', 3, 'B', 3],
  trsm: [left, up, no, non, 3, 3, 1, 'A', 3, 'B', 3],
};
const isArray = (x: unknown): x is string => typeof x === 'string' && /^[xyABC]$/.test(x);
const make = (kind: Kind, args: readonly unknown[]) =>
  args.map((x) => (isArray(x) ? arrayOf(kind, [2, 1, 1, 1, 2, 1, 1, 1, 2]) : x));
const nameOf = (kind: Kind, name: string) => `${kind}${name}`;
const gone = (kind: Kind) => {
  const array = arrayOf(kind, 9);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
};

/** Every routine with its arguments, and those on vectors alone and on matrices under their cblas names. */
const cases = kinds.flatMap((kind) => [
  ...Object.entries(valid).map(([name, args]) => [kind, nameOf(kind, name), args] as const),
  [kind, `i${kind}amax`, [3, 'x', 1]] as const,
]);
const extra = [
  ['s', 'dsdot', [3, 'x', 1, 'y', 1]],
  ['s', 'sdsdot', [3, 2, 'x', 1, 'y', 1]],
] as const;

/** What an array holds, or nothing where its memory is gone. */
const held = (x: unknown) =>
  x instanceof Float32Array || x instanceof Float64Array ? Array.from({ length: x.length }, (_, i) => x[i]) : x;

describe.each([...cases, ...extra])('%s %s', (kind, name, args) => {
  const run = routines[name]!;
  const with_ = (at: number, value: unknown) => make(kind, args).map((x, i) => (i === at ? value : x));

  it('takes what is valid', () => {
    expect(() => run(...make(kind, args))).not.toThrow();
  });

  it('refuses every kind of wrong argument, and writes nothing', () => {
    args.forEach((arg, at) => {
      const refuse = (value: unknown, code: string) => {
        const given = with_(at, value);
        const before = given.map(held);
        expect(() => run(...given), `argument ${at}`).toThrow(failure(code, name));
        const after = given.map(held);
        expect(after).toEqual(before);
      };
      if (isArray(arg)) {
        for (const wrong of ['x', null, undefined, [1, 2, 3]]) refuse(wrong, 'ERR_ARGUMENT');
        refuse(arrayOf(kind === 's' ? 'd' : 's', 9), 'ERR_DTYPE');
        refuse(arrayOf(kind, 2), 'ERR_RANGE');
        refuse(gone(kind), 'ERR_DETACHED');
      } else if (typeof arg === 'string') {
        for (const wrong of ['T', 7, undefined]) refuse(wrong, 'ERR_ARGUMENT');
      } else for (const wrong of ['3', undefined, 3n]) refuse(wrong, 'ERR_ARGUMENT');
    });
  });

  it('refuses to leave the arrays', () => {
    // Counts and strides, one at a time: what is wrong is refused, what is not leaves the arrays alone.
    args.forEach((arg, at) => {
      if (typeof arg !== 'number') return;
      for (const value of [1e9, 2 ** 31, 4, 5, -5, 0.5, NaN, Infinity]) {
        try {
          run(...with_(at, value));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(RANGE|ARGUMENT)$/) });
          expect((error as Error).message).toMatch(new RegExp(`^${name}: `));
        }
      }
    });
    expect(() => run(...with_(args.indexOf(3), 1e6))).toThrow(failure('ERR_RANGE', name));
    expect(() => run(...with_(args.indexOf(3), -1))).toThrow(failure('ERR_RANGE', name));
  });
});

describe('arguments of further calls', () => {
  const f = (size: number) => new Float32Array(size);
  it.each<[string, string, () => unknown, ...string[]]>([
    ['ERR_RANGE', 'sdot', () => blas.sdot.ndarray(3, f(3), 1, 1, f(3), 1, 0), 'x has 3', '1 to 3'],
    ['ERR_RANGE', 'sdot', () => blas.sdot.ndarray(3, f(3), -1, 1, f(3), 1, 0), 'x has 3', '-1 to 1'],
    ['ERR_RANGE', 'sasum', () => blas.sasum.ndarray(3, f(3), 1, 2 ** 60), 'offset'],
    ['ERR_ARGUMENT', 'sscal', () => blas.sscal(3, 2, f(3), 0), 'stride is 0'],
    ['ERR_RANGE', 'sgemm', () => blas.sgemm(111, 111, 2, 3, 2, 1, f(9), 2, f(9), 2, 0, f(9), 3), 'LDB', 'at least 3'],
    [
      'ERR_RANGE',
      'sgemm',
      () => blas.sgemm.ndarray(111, 111, 2, 2, 2, 1, f(4), 2, 1, 1, f(4), 2, 1, 0, 0, f(4), 2, 1, 0),
      'A has 4',
    ],
    [
      'ERR_RANGE',
      'sgemm',
      () => blas.sgemm.ndarray(111, 111, 2, 2, 2, 1, f(4), -2, 1, 1, f(4), 2, 1, 0, 0, f(4), 2, 1, 0),
      'A has 4',
    ],
    [
      'ERR_ARGUMENT',
      'sgemm',
      () => blas.sgemm.ndarray(111, 111, 2, 2, 2, 1, f(4), 2, 1, 0, f(4), 2, 1, 0, 0, f(4), 1, 1, 0),
      'C share memory',
    ],
    [
      'ERR_ARGUMENT',
      'sgemm',
      () => blas.sgemm('rows' as never, 111, 111, 2, 2, 2, 1, f(4), 2, f(4), 2, 0, f(4), 2),
      'order',
      'rows',
    ],
    [
      'ERR_ARGUMENT',
      'sgemmBatched',
      () => blas.sgemmBatched(111, 111, 2, 2, 2, 1, f(4), 2, 0, f(4), 2, 0, 0, f(9), 2, 2, 2),
      'C share',
    ],
    [
      'ERR_RANGE',
      'sgemmBatched',
      () => blas.sgemmBatched(111, 111, 2, 2, 2, 1, f(4), 2, 1, f(4), 2, 0, 0, f(9), 2, 4, 2),
      'A has 4',
    ],
    ['ERR_ARGUMENT', 'srotg', () => blas.srotg('3' as never, 4), 'a must be a number'],
    ['ERR_ARGUMENT', 'drotg', () => blas.drotg(3, undefined as never), 'b must be a number'],
    ['ERR_RANGE', 'drotg', () => blas.drotg.assign(3, 4, new Float64Array(3), 1, 0), 'out has 3'],
    ['ERR_RANGE', 'srotmg', () => blas.srotmg(f(1), f(1), f(0), 1, f(5)), 'x1 has 0'],
    [
      'ERR_RANGE',
      'drotmg',
      () =>
        blas.drotmg(
          ...([1, 1, 1].map(() => new Float64Array(1)) as [Float64Array, Float64Array, Float64Array]),
          NaN,
          new Float64Array(5),
        ),
      'finite',
    ],
  ])('%s %s %#', (code, name, run, ...parts) => {
    expect(run).toThrow(failure(code, name, ...parts));
  });
});
