// Drives the addon's `run` with arbitrary arguments. Whatever they are, a call must return or throw an error with a code,
// and write nowhere but into the array of its output. Runs in a process of its own, where a crash can be told from a failure:
//
//   node test/boundary.fuzz.mjs [--runs N] [--minutes M] [--seed S]
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isFloat64Array } from 'node:util/types';
import fc from 'fast-check';

const { values: options } = parseArgs({
  options: { runs: { type: 'string' }, minutes: { type: 'string' }, seed: { type: 'string' } },
});

const native = createRequire(import.meta.url)('node-gyp-build')(fileURLToPath(new URL('..', import.meta.url)));
const names = native.kernels();
const codes = new Set(['ERR_PLAN', 'ERR_MEMORY', 'ERR_NATIVE']);

/** Views and parameters of each kernel; a kernel that is not here gets plans that fit nothing. */
const kernels = {
  fill: [1, 1],
  ...Object.fromEntries(['neg', 'sqrt', 'rsqrt', 'exp', 'tanh', 'relu'].map((name) => [name, [2, 0]])),
  ...Object.fromEntries(['add', 'sub', 'mul', 'div'].map((name) => [name, [3, 0]])),
  ...Object.fromEntries(['add', 'sub', 'mul', 'div'].map((name) => [`${name}_scalar`, [2, 1]])),
  clamp: [2, 2],
  copy: [2, 0],
  ...Object.fromEntries(['sum', 'mean', 'min', 'max'].map((name) => [name, [2, 0]])),
  ...Object.fromEntries(['var', 'std', 'norm'].map((name) => [name, [2, 1]])),
  gemm: [3, 2],
  conv2d: [3, 8],
  qr: [2, 0],
  signal_statistics: [2, 2],
  svdvals: [2, 0],
  svd: [4, 0],
  solve_upper: [2, 0],
  random_bits: [1, 5],
  uniform: [1, 7],
  normal: [1, 7],
  truncated_normal: [1, 9],
  exponential: [1, 6],
  bernoulli: [1, 6],
  integers: [1, 9],
  permutation: [1, 5],
  sparse_zero: [1, 6],
  haar_orthogonal: [1, 6],
  random_linear: [2, 10],
  random_linear_backward: [2, 10],
  mt_seed: [1, 9],
  mt_bits: [2, 0],
  mt_uniform: [2, 2],
  mt_normal: [2, 2],
  mt_trunc_normal: [2, 4],
  mt_exponential: [2, 1],
  mt_bernoulli: [2, 1],
  mt_randint: [2, 5],
  mt_randperm: [2, 0],
};

/** Typed arrays by the code of a dtype that they hold. */
const arrays = [
  Float32Array,
  Float64Array,
  Uint32Array,
  Uint16Array,
  Uint16Array,
  BigInt64Array,
  Int32Array,
  Uint8Array,
  Uint8Array,
];
const others = [Int8Array, Uint8ClampedArray, Int16Array, BigUint64Array];

/** Bytes around every array that no call may change. */
const margin = 256;
const canary = 0xa5;
const guarded = [];

function allocate(Type, length, shared = false) {
  const bytes = length * Type.BYTES_PER_ELEMENT;
  const buffer = new (shared ? SharedArrayBuffer : ArrayBuffer)(bytes + 2 * margin);
  new Uint8Array(buffer).fill(canary);
  guarded.push([buffer, bytes]);
  const array = new Type(buffer, margin, length);
  array.fill(Type === BigInt64Array || Type === BigUint64Array ? 1n : 1);
  return array;
}

function checkMargins() {
  for (const [buffer, bytes] of guarded) {
    if (buffer.byteLength === 0) continue;
    const all = new Uint8Array(buffer);
    for (let i = 0; i < margin; i++) {
      if (all[i] !== canary) throw new Error(`wrote ${margin - i} bytes before an array of ${bytes}`);
      if (all[margin + bytes + i] !== canary) throw new Error(`wrote ${i + 1} bytes past an array of ${bytes}`);
    }
  }
}

const oddNumber = fc.constantFrom(
  0,
  1,
  2,
  3,
  8,
  9,
  -1,
  0.5,
  -0,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  5e-324,
); // prettier-ignore
const anyNumber = fc.oneof(oddNumber, fc.double(), fc.integer({ min: 0, max: 12 }));

const anyArray = fc
  .tuple(fc.constantFrom(...arrays, ...others), fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 9 }))
  .map(([Type, length, kind]) => {
    if (kind === 0) {
      // Detached: its length is 0 now.
      const array = new Type(length);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    }
    if (kind === 1) {
      const bytes = length * Type.BYTES_PER_ELEMENT;
      const buffer = new ArrayBuffer(bytes, { maxByteLength: bytes });
      const array = length % 2 === 0 ? new Type(buffer) : new Type(buffer, 0, length);
      buffer.resize((bytes >> 1) & ~7);
      return array;
    }
    return allocate(Type, length, kind === 2);
  });

const anything = fc.oneof(
  anyArray,
  fc.constantFrom(undefined, null, true, 1, 'text', 1n, Symbol('s'), {}, [], [1, 2], () => 1, class A {}, native, Math),
  fc.constant(null).map(() => new DataView(new ArrayBuffer(16))),
  fc.constant(null).map(() => new ArrayBuffer(16)),
  fc.constant(null).map(() => new SharedArrayBuffer(16)),
  fc.constant(null).map(() => new Proxy(new Float64Array(4), {})),
  fc.constant(null).map(() => Object.create(Float64Array.prototype)),
  fc.constant(null).map(() => ({ length: 4, buffer: new ArrayBuffer(32), byteOffset: 0 })),
);

/** Calls with arguments of any kinds at all. */
const wildCall = fc.array(anything, { maxLength: 8 });

/** A Float64Array of any numbers, then arrays. */
const wildPlan = fc
  .tuple(fc.array(anyNumber, { maxLength: 60 }), fc.array(anyArray, { maxLength: 5 }))
  .map(([words, rest]) => [Float64Array.from(words), ...rest]);

/** Parameters that suit most kernels. */
const plainParams = [1, 2, 3, 5, 0, 1, 2, 1, 1, 2];

const size = fc.integer({ min: 0, max: 5 });

/** How a view might lie in its array; often it fits, sometimes by one element too few. */
const layout = fc.record({
  order: fc.constantFrom('rows', 'columns', 'gaps', 'repeats'),
  offset: fc.constantFrom(0, 0, 1, 7),
  slack: fc.constantFrom(0, 0, 0, 0, 3, -1),
  dtype: fc.integer({ min: 0, max: 8 }),
  fits: fc.constantFrom(true, true, true, true, true, false),
  shared: fc.boolean(),
  change: fc.constantFrom(-1, -1, -1, -1, -1, 0, 1, 2),
  changed: size,
});

function stridesOf(shape, order) {
  const strides = new Array(shape.length).fill(0);
  let stride = order === 'gaps' ? 2 : 1;
  for (let i = 0; i < shape.length; i++) {
    const d = order === 'columns' ? i : shape.length - 1 - i;
    strides[d] = order === 'repeats' && d % 2 === 0 ? 0 : stride;
    stride *= Math.max(shape[d], 1);
  }
  return strides;
}

/** The shapes that a kernel's views should have, from a list of sizes. */
function shapesFor(name, [a, b, c, d, e], ndim, count) {
  if (name === 'gemm')
    return [
      [a, b],
      [a, c],
      [c, b],
    ]; // prettier-ignore
  if (name === 'qr')
    return [
      [a + b, b],
      [b, b],
    ]; // prettier-ignore
  if (name === 'svdvals' || name === 'svd') {
    const k = Math.min(a, b);
    return [[k], [a, b], [a, k], [k, b]].slice(0, count);
  }
  if (name === 'solve_upper')
    return [
      [a, b],
      [a, a],
    ]; // prettier-ignore
  if (name === 'signal_statistics')
    return [
      [a, 25],
      [a, b],
    ]; // prettier-ignore
  if (name === 'conv2d')
    return [
      [a, b, c, d],
      [a, e, d, c],
      [b, e, 1 + (c % 3), 1 + (d % 3)],
    ]; // prettier-ignore
  if (name.startsWith('random_linear'))
    return [
      [a, b],
      [a, c],
    ]; // prettier-ignore
  if (name.startsWith('haar')) return [[a, b]];
  const shape = [a, b, c, d, e, 2, 1, 2].slice(0, ndim);
  if (name === 'mt_seed') return [[631]];
  if (name === 'mt_randperm') return [[a * b], [631]];
  if (name.startsWith('mt_')) return [shape, [631]];
  if (['sum', 'mean', 'var', 'std', 'min', 'max', 'norm'].includes(name)) {
    return [shape.map((size, i) => ((e >> i) & 1 ? size : 1)), shape];
  }
  return Array.from({ length: count }, () => shape);
}

/** A call that is right, or nearly. */
const nearCall = fc
  .record({
    name: fc.constantFrom(...names),
    sizes: fc.array(size, { minLength: 5, maxLength: 5 }),
    ndim: fc.integer({ min: 0, max: 8 }),
    layouts: fc.array(layout, { minLength: 4, maxLength: 4 }),
    params: fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), oddNumber), {
      minLength: 10,
      maxLength: 10,
    }),
    isPlain: fc.boolean(),
    wrong: fc.option(fc.tuple(fc.nat(), anyNumber), { freq: 3 }),
    spare: fc.constantFrom(0, 0, 3),
  })
  .map(({ name, sizes, ndim, layouts, params, isPlain, wrong, spare }) => {
    const [count, numParams] = kernels[name] ?? [1, 0];
    const words = [0, names.indexOf(name)];
    const call = [];
    const seeded = name.startsWith('mt_') && name !== 'mt_seed' ? count - 1 : -1;
    shapesFor(name, sizes, ndim, count).forEach((wanted, v) => {
      const { order, offset, slack, change, changed, shared, fits, dtype: own } = layouts[v];
      const isState = v === seeded || name === 'mt_seed';
      const shape = [...wanted];
      if (change >= 0 && change < shape.length && !isState) shape[change] = changed;
      // Outputs that repeat elements are refused at once, and states with gaps too.
      const strides = stridesOf(
        shape,
        isState ? 'rows' : v === 0 && order === 'repeats' ? 'rows' : layoutOf(name, v, order),
      );
      const dtype = isState ? 2 : !fits ? own : dtypeFor(name, own, layouts[0].dtype);
      let last = offset;
      shape.forEach((n, d) => {
        last += (n - 1) * strides[d];
      });
      const length = Math.max(shape.includes(0) ? 0 : last + 1 + (isState ? 0 : slack), 0);
      const array = allocate(arrays[dtype], length, shared);
      if (v === seeded && length >= 631) {
        native.run(seedPlan(offset), array);
      }
      words.push(dtype, shape.length, offset, ...shape, ...strides);
      call.push(array);
    });
    // A convolution in 0 groups suits nobody.
    const plain = name === 'conv2d' ? [1, 1, 0, 1, 1, 1, 1, 0, 0] : plainParams;
    words.push(...(isPlain || name === 'mt_trunc_normal' ? plain : params).slice(0, numParams));
    words[0] = words.length;
    if (wrong !== null) words[wrong[0] % words.length] = wrong[1];
    const plan = new Float64Array(words.length + spare);
    plan.set(words);
    return [plan, ...call];
  });

/** Gemm wants its output by rows, QR by columns, and other decompositions want every view by rows. */
function layoutOf(name, v, order) {
  if (name === 'qr') return v === 0 ? 'columns' : 'rows';
  if (name === 'conv2d' || /^(svd|haar|signal|random_linear)/.test(name)) return 'rows';
  if (name === 'solve_upper') return v === 0 && order === 'columns' ? 'columns' : 'rows';
  return name === 'gemm' && v === 0 && order === 'columns' ? 'rows' : order;
}

/** A dtype that a view of a kernel may have, in the place of `own`; `first` is the output's, before this. */
function dtypeFor(name, own, first) {
  if (name.endsWith('_bits')) return 2;
  if (name.startsWith('random_linear')) return 0;
  if (['copy', 'mt_bernoulli', 'mt_randint', 'mt_randperm'].includes(name)) return own === 2 ? 0 : own;
  return first % 2;
}

function seedPlan(offset) {
  const words = [0, names.indexOf('mt_seed'), 2, 1, offset, 631, 1, 0, 42, 0, 0, 0, 0, 0, 0, 0];
  words[0] = words.length;
  return Float64Array.from(words);
}

/**
 * Whether a kernel might work for hours: on as many elements as a plan claims to repeat, or on rejecting numbers that no
 * bounds allow. It may; we won't.
 */
function isEndless(plan) {
  if (!isFloat64Array(plan)) return false;
  if (names[plan[1]] === 'mt_trunc_normal') {
    const params = plan.subarray(plan[0] - 4, plan[0]);
    if (plainParams.slice(0, 4).some((param, i) => param !== params[i])) return true;
  }
  let at = 2;
  for (let v = 0; v < 4 && at + 3 <= plan.length; v++) {
    const ndim = plan[at + 1];
    if (!(ndim >= 0 && ndim <= 8)) return false;
    let count = 1;
    for (let d = 0; d < ndim; d++) count *= plan[at + 3 + d] || 1;
    if (count > 1e7) return true;
    at += 3 + 2 * ndim;
  }
  return false;
}

const counts = { calls: 0, succeeded: 0, skipped: 0 };

function check(args) {
  if (isEndless(args[0])) {
    counts.skipped++;
    guarded.length = 0;
    return;
  }
  counts.calls++;
  try {
    native.run(...args);
    counts.succeeded++;
  } catch (error) {
    if (!(error instanceof RangeError) || !codes.has(error.code)) throw error;
  }
  checkMargins();
  guarded.length = 0;
}

const arbitrary = fc.oneof(
  { arbitrary: nearCall, weight: 8 },
  { arbitrary: wildPlan, weight: 1 },
  { arbitrary: wildCall, weight: 1 },
); // prettier-ignore
const property = fc.property(arbitrary, check);
const deadline = options.minutes === undefined ? 0 : performance.now() + Number(options.minutes) * 60_000;
const numRuns = Number(options.runs ?? 5000);
do {
  const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
  fc.assert(property, { numRuns, seed, endOnFailure: true });
} while (performance.now() < deadline);
console.log(JSON.stringify(counts));
