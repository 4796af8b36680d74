// Vectors against slow references, short ones and long ones, in every direction; NaN and infinities; strides of 0.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as blas from '../../lib/blas/index.js';
import { setNumThreads } from '../../lib/index.js';
import { expectNear, kinds, numbers, storedVector } from '../cases/blas.js';

type Routine = ((...args: unknown[]) => number & ArrayLike<number>) & { ndarray: Routine };
const routine = (name: string) => (blas as unknown as Record<string, Routine>)[name]!;
const sizes = [0, 1, 2, 3, 7, 95, 97, 150, 193, 300, 1000];
const strides = [
  [1, 1],
  [1, -1],
  [-2, 3],
  [-1, -1],
] as const;

describe.each(kinds)('%s: vectors', (kind) => {
  const next = numbers(7);

  it('sums', () => {
    for (const n of sizes) {
      for (const [sx, sy] of strides) {
        const [x, y] = [storedVector(kind, n, sx, next), storedVector(kind, n, sy, next)];
        const [u, v] = [x.read(), y.read()];
        const what = `${n} ${sx} ${sy}`;
        const dot = u.reduce((sum, value, i) => sum + value * v[i]!, 0);
        expectNear([routine(`${kind}dot`)(n, x.array, sx, y.array, sy)], [dot], kind, `dot ${what}`);
        const start = (stride: number) => (stride < 0 && n > 0 ? (1 - n) * stride : 0);
        const at = routine(`${kind}dot`).ndarray(n, x.array, sx, start(sx), y.array, sy, start(sy));
        expectNear([at], [dot], kind, `dot.ndarray ${what}`);
        const asum = u.reduce((sum, value) => sum + Math.abs(value), 0);
        expectNear([routine(`${kind}asum`)(n, x.array, sx)], [asum], kind, `asum ${what}`);
        const norm = Math.sqrt(u.reduce((sum, value) => sum + value * value, 0));
        expectNear([routine(`${kind}nrm2`)(n, x.array, sx)], [norm], kind, `nrm2 ${what}`);
        const largest = u.reduce((best, value, i) => (Math.abs(value) > Math.abs(u[best]!) ? i : best), 0);
        expect(routine(`i${kind}amax`)(n, x.array, sx), `iamax ${what}`).toBe(n === 0 ? -1 : largest);
      }
    }
  });

  it('updates', () => {
    for (const n of sizes) {
      for (const [sx, sy] of strides) {
        const make = () => [storedVector(kind, n, sx, next), storedVector(kind, n, sy, next)] as const;
        const check = (
          name: string,
          want: (u: number, v: number) => [number, number],
          call: (f: Routine, x: unknown, y: unknown) => unknown,
        ) => {
          const [x, y] = make();
          const before = y.read();
          const pairs = x.read().map((u, i) => want(u, before[i]!));
          expect(call(routine(`${kind}${name}`), x.array, y.array)).toBe(name === 'scal' ? x.array : y.array);
          const what = `${name} ${n} ${sx} ${sy}`;
          expectNear(
            x.read(),
            pairs.map(([u]) => u),
            kind,
            what,
          );
          expectNear(
            y.read(),
            pairs.map(([, v]) => v),
            kind,
            what,
          );
          expect([...x.array].filter(Number.isNaN)).toHaveLength(x.array.length - n);
        };
        check(
          'axpy',
          (u, v) => [u, 2 * u + v],
          (f, x, y) => f(n, 2, x, sx, y, sy),
        );
        check(
          'scal',
          (u, v) => [3 * u, v],
          (f, x) => f(n, 3, x, sx),
        );
        check(
          'copy',
          (u) => [u, u],
          (f, x, y) => f(n, x, sx, y, sy),
        );
        check(
          'swap',
          (u, v) => [v, u],
          (f, x, y) => f(n, x, sx, y, sy),
        );
        check(
          'rot',
          (u, v) => [0.6 * u + 0.8 * v, 0.6 * v - 0.8 * u],
          (f, x, y) => f(n, x, sx, y, sy, 0.6, 0.8),
        );
        const param = (flag: number) =>
          kind === 's' ? new Float32Array([flag, 2, 3, 4, 5]) : new Float64Array([flag, 2, 3, 4, 5]);
        const rotm = (flag: number) => (f: Routine, x: unknown, y: unknown) => f(n, x, sx, y, sy, param(flag));
        check('rotm', (u, v) => [2 * u + 4 * v, 3 * u + 5 * v], rotm(-1));
        check('rotm', (u, v) => [u + 4 * v, 3 * u + v], rotm(0));
        check('rotm', (u, v) => [2 * u + v, 5 * v - u], rotm(1));
        check('rotm', (u, v) => [u, v], rotm(-2));
      }
    }
  });

  // The first is shared with a thread only if one is awake.
  it.each([20_000, 100_000, 300_000])('long vectors, on one thread and on several: %i', (n) => {
    const [x, y] = [1, 2].map(() => storedVector(kind, n, 1, next).array.subarray(0, n)) as [
      Float64Array,
      Float64Array,
    ];
    const bytes = ({ buffer }: ArrayBufferView) => Buffer.from(buffer);
    const run = (threads: number) => {
      setNumThreads(threads);
      const [u, v] = [x.slice(), y.slice()];
      routine(`${kind}axpy`)(n, 2, u, 1, v, 1);
      routine(`${kind}rot`)(n, u, 1, v, -1, 0.6, 0.8);
      const sums = ['dot', 'asum', 'nrm2'].map((name) =>
        name === 'dot' ? routine(`${kind}dot`)(n, u, 1, v, 1) : routine(`${kind}${name}`)(n, u, 1),
      );
      return { sums, u, v };
    };
    const [one, two] = [run(1), run(2)];
    expect(two.sums).toEqual(one.sums);
    for (const name of ['u', 'v'] as const) expect(Buffer.compare(bytes(two[name]), bytes(one[name]))).toBe(0);
    const norm = Math.hypot(
      ...[0, 1, 2].map((part) => Math.hypot(...one.u.subarray((part * n) / 3, ((part + 1) * n) / 3))),
    );
    expect(one.sums[2]! / norm).toBeCloseTo(1, 5);
  });

  it('NaN and infinities mean the same in short and in long vectors', () => {
    for (const n of [50, 500]) {
      const make = (...special: [number, number][]) => {
        const { array } = storedVector(kind, n, 1, () => 0.5);
        for (const [i, value] of special) array[i] = value;
        return array;
      };
      const iamax = routine(`i${kind}amax`);
      expect(iamax(n, make([3, NaN], [20, -2]), 1)).toBe(20);
      expect(iamax(n, make([0, NaN], [20, -2]), 1)).toBe(0);
      expect(iamax(n, make([20, -2], [30, 2]), 1)).toBe(20);
      expect(iamax(n, make([20, -2], [30, 2]), -1)).toBe(n - 31);
      expect(iamax(n, make([30, -Infinity], [31, Infinity]), 1)).toBe(30);
      for (const name of ['asum', 'nrm2']) {
        expect(routine(`${kind}${name}`)(n, make([5, NaN]), 1)).toBeNaN();
        expect(routine(`${kind}${name}`)(n, make([5, -Infinity]), 1)).toBe(Infinity);
      }
      expect(routine(`${kind}dot`)(n, make([5, Infinity]), 1, make([5, 0]), 1)).toBeNaN();
      const x = make([5, NaN], [6, Infinity]);
      routine(`${kind}scal`)(n, 0, x, 1);
      expect([...x.subarray(4, 8)]).toEqual([0, NaN, NaN, 0]);
      const y = make();
      expect([...(routine(`${kind}axpy`)(n, 0, make([5, NaN]), 1, y, 1) as unknown as number[])]).toEqual([...make()]);
    }
  });

  it('norms of what would overflow or vanish when squared', () => {
    const [large, small] = kind === 's' ? [2e38, 1e-44] : [1e300, 1e-320];
    for (const n of [4, 400]) {
      const { array } = storedVector(kind, n, 1, () => 0);
      for (const size of [large, small]) {
        array[1] = size;
        const value = array[1]!;
        expect(routine(`${kind}nrm2`)(n, array, 1) / value).toBeCloseTo(1, 3);
      }
    }
  });
});

it('a stride of 0 repeats an element that is read', () => {
  const one = new Float32Array([2]);
  expect(blas.sdot(300, one, 0, new Float32Array(300).fill(3), 1)).toBe(1800);
  expect(blas.saxpy(300, 1, one, 0, new Float32Array(300), 1)).toEqual(new Float32Array(300).fill(2));
  expect(blas.scopy(300, one, 0, new Float32Array(300), 1)).toEqual(new Float32Array(300).fill(2));
  expect(blas.sasum(300, one, 0)).toBe(600);
});

it('dsdot and sdsdot sum in float64', () => {
  for (const n of [3, 300]) {
    const x = new Float32Array(n);
    x.set([1e8, 1, -1e8]);
    const y = new Float32Array(n).fill(1);
    expect(blas.dsdot(n, x, 1, y, 1)).toBe(1);
    expect(blas.sdsdot(n, 2, x, 1, y, 1)).toBe(3);
    expect(blas.dsdot.ndarray(n, x, 1, 0, y, 1, 0)).toBe(1);
    expect(blas.sdsdot.ndarray(n, 2, x, -1, n - 1, y, 1, 0)).toBe(3);
  }
});

it('two columns of one matrix may be combined, and a vector with itself', () => {
  const matrix = Float64Array.from({ length: 12 }, (_, i) => i);
  blas.daxpy.ndarray(4, 10, matrix, 3, 0, matrix, 3, 2);
  expect([...matrix]).toEqual([0, 1, 2, 3, 4, 35, 6, 7, 68, 9, 10, 101]);
  blas.daxpy(4, 1, matrix, 3, matrix, 3);
  expect([...matrix.subarray(0, 4)]).toEqual([0, 1, 2, 6]);
  expect(() => blas.daxpy.ndarray(4, 1, matrix, 1, 0, matrix, 1, 1)).toThrow(
    expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringMatching(/^daxpy: y is written to/) }),
  );
});

describe('rotations', () => {
  const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-300);

  it('rotg makes the second component vanish', () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const [r, , c, s] = blas.drotg(a, b) as unknown as [number, number, number, number];
        expect(c * c + s * s).toBeCloseTo(1, 12);
        expect(c * a + s * b).toBeCloseTo(r, 6);
        expect(c * b - s * a).toBeCloseTo(0, 6);
      }),
      { seed: 1 },
    );
    expect([...blas.srotg(0, 0)]).toEqual([0, 0, 1, 0]);
    expect([...blas.srotg(0, 2)]).toEqual([2, 1, 0, 1]);
    const [a, b, c, s] = [3, 4, 0, 0].map((x) => new Float64Array([x])) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    blas.drotg(a, b, c, s);
    expect([a[0], c[0], s[0]]).toEqual([5, 0.6, 0.8]);
    expect([...blas.drotg.assign(3, 4, new Float64Array(8), 2, 1)]).toEqual([0, 5, 0, 1 / 0.6, 0, 0.6, 0, 0.8]);
  });

  it('rotmg makes the second component vanish', () => {
    const positive = fc.double({ min: 1e-12, max: 1e12, noNaN: true });
    const moderate = fc.double({ min: 0.1, max: 100, noNaN: true });
    fc.assert(
      fc.property(positive, positive, moderate, moderate, (d1, d2, x1, y1) => {
        const [e1, e2, z1, param] = [[d1], [d2], [x1], [0, 0, 0, 0, 0]].map((x) => new Float64Array(x)) as [
          Float64Array,
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        expect(blas.drotmg(e1, e2, z1, y1, param)).toBe(param);
        const [x, y] = [new Float64Array([x1]), new Float64Array([y1])];
        blas.drotm(1, x, 1, y, 1, param);
        expect(x[0]! / z1[0]!).toBeCloseTo(1, 10);
        expect(Math.abs(y[0]!) * Math.sqrt(e2[0]!)).toBeLessThan(1e-9 * Math.sqrt(d1 * x1 * x1 + d2 * y1 * y1));
        // The length is kept: d1 x1^2 + d2 y1^2.
        expect((e1[0]! * z1[0]! ** 2) / (d1 * x1 ** 2 + d2 * y1 ** 2)).toBeCloseTo(1, 9);
      }),
      { seed: 2 },
    );
    const negative = [-1, 1, 1].map((x) => new Float32Array([x])) as [Float32Array, Float32Array, Float32Array];
    expect([...blas.srotmg(...negative, 1, new Float32Array(5).fill(9))]).toEqual([-1, 0, 0, 0, 0]);
    const nothing = [1, 0, 1].map((x) => new Float32Array([x])) as [Float32Array, Float32Array, Float32Array];
    expect([...blas.srotmg(...nothing, 1, new Float32Array(5).fill(9))]).toEqual([-2, 9, 9, 9, 9]);
  });
});
