// Rotations that make a component of a vector vanish: Lawson, Hanson, Kincaid and Krogh (1979), "Basic linear algebra
// subprograms for Fortran usage".
import { checkFinite, checkNumber } from '../arguments.js';
import type { FloatArray } from '../dtype.js';
import { checkArray, checkOffset, checkReach, checkStride, type Kind, single, twice } from './operand.js';

/** [r, z, c, s] of the rotation that takes (a, b) to (r, 0). */
function rotation(a: number, b: number): [r: number, z: number, c: number, s: number] {
  if (a === 0 && b === 0) return [0, 0, 1, 0];
  const larger = Math.abs(a) > Math.abs(b) ? a : b;
  const r = Math.sign(larger) * Math.hypot(a, b);
  const [c, s] = [a / r, b / r];
  if (Math.abs(a) > Math.abs(b)) return [r, s, c, s];
  return [r, c === 0 ? 1 : 1 / c, c, s];
}

interface Rotg<A> {
  (a: number, b: number): A;
  (a: A, b: A, c: A, s: A): void;
  assign(a: number, b: number, out: A, stride: number, offset: number): A;
}

function rotgRoutine<A extends FloatArray>(call: string, kind: Kind<A>): Rotg<A> {
  const compute = (a: unknown, b: unknown) =>
    rotation(kind.round(checkNumber(call, 'a', a)), kind.round(checkNumber(call, 'b', b)));
  const main = (a: number | A, b: number | A, ...out: A[]): A | undefined => {
    if (out.length === 0) return new kind.Array(compute(a, b));
    const arrays = [a, b, ...out].map((array, i) => {
      const name = ['a', 'b', 'c', 's'][i] ?? 'a further argument';
      const checked = checkArray(call, name, array, kind);
      checkReach(call, name, checked, 0, 0);
      return checked;
    });
    for (let i = arrays.length; i < 4; i++) checkArray(call, ['c', 's'][i - 2]!, undefined, kind);
    const values = compute(arrays[0]![0], arrays[1]![0]);
    for (const [i, value] of values.entries()) arrays[i]![0] = value;
    return undefined;
  };
  const assign = (a: number, b: number, out: A, stride: number, offset: number): A => {
    const values = compute(a, b);
    const array = checkArray(call, 'out', out, kind);
    const step = checkStride(call, 'the stride of out', stride);
    const start = checkOffset(call, 'the offset of out', offset);
    checkReach(call, 'out', array, Math.min(start, start + 3 * step), Math.max(start, start + 3 * step));
    for (const [i, value] of values.entries()) array[start + i * step] = value;
    return array;
  };
  return Object.assign(main, { assign }) as Rotg<A>;
}

/**
 * The rotation that takes (a, b) to (r, 0), as [r, z, c, s]: `srot` with c and s does it, and z is what c and s can be made of again.
 * `srotg(a, b, c, s)` with arrays of one element writes r, z, c and s there, as cblas does; `srotg.assign(a, b, out, stride, offset)`
 * writes all four to one array.
 *
 * @example
 * srotg(3, 4); // [5, 1.6666666, 0.6, 0.8]
 */
export const srotg = rotgRoutine('srotg', single);
/** As `srotg`, in float64. */
export const drotg = rotgRoutine('drotg', twice);

/** Between 1 / 4096^2 and 4096^2 scale factors are left as they are. */
const gamma = 4096;

/** d1, d2, x1 after a modified rotation, and its flag and matrix. */
interface Modified {
  d1: number;
  d2: number;
  x1: number;
  /** h11, h21, h12, h22. */
  h: [number, number, number, number];
  flag: number;
}

function modifiedRotation(d1: number, d2: number, x1: number, y1: number): Modified {
  const nothing: Modified = { d1: 0, d2: 0, x1: 0, h: [0, 0, 0, 0], flag: -1 };
  if (d1 < 0) return nothing;
  const p2 = d2 * y1;
  if (p2 === 0) return { d1, d2, x1, h: [1, 0, 0, 1], flag: -2 };
  const p1 = d1 * x1;
  const [q1, q2] = [p1 * x1, p2 * y1];
  let made: Modified;
  if (Math.abs(q1) > Math.abs(q2)) {
    const [h21, h12] = [-y1 / x1, p2 / p1];
    const u = 1 - h12 * h21;
    if (!(u > 0)) return nothing;
    made = { d1: d1 / u, d2: d2 / u, x1: x1 * u, h: [1, h21, h12, 1], flag: 0 };
  } else {
    if (q2 < 0) return nothing;
    const [h11, h22] = [p1 / p2, x1 / y1];
    const u = 1 + h11 * h22;
    made = { d1: d2 / u, d2: d1 / u, x1: y1 * u, h: [h11, -1, 1, h22], flag: 1 };
  }
  rescale(made);
  return made;
}

/** Keeps d1 and d2 in range, by powers of gamma that go into the matrix: then all of it has to be given. */
function rescale(made: Modified): void {
  const { h } = made;
  for (; made.d1 !== 0 && made.d1 <= gamma ** -2; made.flag = -1) {
    made.d1 *= gamma ** 2;
    made.x1 /= gamma;
    h[0] /= gamma;
    h[2] /= gamma;
  }
  for (; made.d1 >= gamma ** 2 && made.d1 !== Infinity; made.flag = -1) {
    made.d1 /= gamma ** 2;
    made.x1 *= gamma;
    h[0] *= gamma;
    h[2] *= gamma;
  }
  for (; made.d2 !== 0 && Math.abs(made.d2) <= gamma ** -2; made.flag = -1) {
    made.d2 *= gamma ** 2;
    h[1] /= gamma;
    h[3] /= gamma;
  }
  for (; Math.abs(made.d2) >= gamma ** 2 && Math.abs(made.d2) !== Infinity; made.flag = -1) {
    made.d2 /= gamma ** 2;
    h[1] *= gamma;
    h[3] *= gamma;
  }
}

type Rotmg<A> = (d1: A, d2: A, x1: A, y1: number, param: A) => A;

function rotmgRoutine<A extends FloatArray>(call: string, kind: Kind<A>): Rotmg<A> {
  return (d1, d2, x1, y1, param) => {
    for (const [name, array, last] of [
      ['d1', d1, 0],
      ['d2', d2, 0],
      ['x1', x1, 0],
      ['param', param, 4],
    ] as const) {
      checkReach(call, name, checkArray(call, name, array, kind), 0, last);
      if (last === 0) checkFinite(call, name, array[0]);
    }
    const made = modifiedRotation(d1[0]!, d2[0]!, x1[0]!, kind.round(checkFinite(call, 'y1', y1)));
    d1[0] = made.d1;
    d2[0] = made.d2;
    x1[0] = made.x1;
    param[0] = made.flag;
    // What the flag implies is left alone.
    if (made.flag === -1 || made.flag === 1) [param[1], param[4]] = [made.h[0], made.h[3]];
    if (made.flag === -1 || made.flag === 0) [param[2], param[3]] = [made.h[1], made.h[2]];
    return param;
  };
}

/**
 * The modified rotation that makes the second component of (sqrt(d1) x1, sqrt(d2) y1) vanish. Overwrites d1, d2 and x1, arrays of
 * one element, and writes `param` for `srotm`, which it returns.
 *
 * @throws RangeError (ERR_RANGE) where a number is not finite
 * @example
 * const [d1, d2, x1] = [1, 1, 3].map((x) => new Float32Array([x]));
 * srotmg(d1, d2, x1, 4, new Float32Array(5)); // [1, 0.75, 0, 0, 0.75]; x1 is [6.25]
 */
export const srotmg = rotmgRoutine('srotmg', single);
/** As `srotmg`, in float64. */
export const drotmg = rotmgRoutine('drotmg', twice);
