// mt19937 against torch's CPU generator, bit for bit: the golden programs of test/golden/mt19937.py, each of which chains 50
// calls on one seed, and what a Generator of this algorithm can and cannot do.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { fillBernoulli, fillExponential, fillIntegers, fillPermutation, fillTruncNormal } from '../../lib/fill.js';
import * as evenkeel from '../../lib/index.js';
import { Generator, init, nn, rand, randn, setNumThreads, type Tensor, zeros } from '../../lib/index.js';
import { getNumThreads } from '../../lib/native.js';
import { failure, readGolden, simdTargets, withTarget } from '../cases/data.js';

type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64';
type View = ['t'] | ['permute', number[]] | ['slice', number, number, number, number];

interface Step {
  call: string;
  shape?: number[];
  dtype?: DType;
  on?: { shape: number[]; view: View[]; dtype: DType };
  args?: number[];
  options?: Record<string, unknown> & { bias?: boolean; dtype?: DType };
  sha256: string;
  first: number[];
}

interface Program {
  seed: string;
  steps: Step[];
  state: { sha256: string; used: number; kept: string | null };
}

const golden = readGolden<{ programs: Program[] }>('mt19937');

const digest = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
};

function bytesOf(tensor: Tensor): Uint8Array {
  const { array } = tensor.contiguous();
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function look(tensor: Tensor, views: readonly View[]): Tensor {
  return views.reduce((seen, [name, ...args]) => {
    if (name === 't') return seen.t();
    if (name === 'permute') return seen.permute(args[0] as number[]);
    return seen.slice(...(args as [number, number, number, number]));
  }, tensor);
}

// Calls ---------------------------------------------------------------------------------------------------------------

type Call = (step: Step, generator: Generator) => Tensor[];
// biome-ignore lint/suspicious/noExplicitAny: public calls, found by the names that the programs give
type AnyCall = (...args: any[]) => any;

/** A public call, or what it will be made of where it does not exist yet. */
function publicCall(owner: object, name: string, standIn?: AnyCall): AnyCall {
  const call = (owner as Record<string, AnyCall | undefined>)[name] ?? standIn;
  if (call === undefined) throw new Error(`evenkeel has no ${name} yet`);
  return call;
}

/** Calls that make tensors. */
const creations: Record<string, Call> = {
  rand: ({ shape, dtype }, generator) => [rand(shape!, { dtype: dtype!, generator })],
  randn: ({ shape, dtype }, generator) => [randn(shape!, { dtype: dtype!, generator })],
  randint: ({ args, shape }, generator) => [
    publicCall(evenkeel, 'randint', (low: number, high: number, size: number[]) => {
      const out = zeros(size, { dtype: 'int64' });
      fillIntegers('randint', out.elements, low, high, { generator });
      return out;
    })(...args!, shape, { generator }),
  ],
  randperm: ({ args }, generator) => [
    publicCall(evenkeel, 'randperm', (n: number) => {
      const out = zeros([n], { dtype: 'int64' });
      fillPermutation('randperm', out.elements, { generator });
      return out;
    })(...args!, { generator }),
  ],
  Linear: ({ args, options }, generator) => layer(new nn.Linear(args![0]!, args![1]!, { ...options, generator })),
  Conv2d: ({ args, options }, generator) =>
    layer(new nn.Conv2d(args![0]!, args![1]!, args![2]!, { ...options, generator })),
};

function layer({ weight, bias }: { weight: Tensor; bias: Tensor | null }): Tensor[] {
  return bias === null ? [weight] : [weight, bias];
}

/** Methods that fill a tensor, where it is not an initialiser. */
const methods: Record<string, (tensor: Tensor, args: number[], generator: Generator) => void> = {
  uniform_: (tensor, [from, to], generator) => tensor.uniform_(from, to, { generator }),
  normal_: (tensor, [mean, std], generator) => tensor.normal_(mean, std, { generator }),
  bernoulli_: (tensor, [p], generator) => {
    const standIn = () => fillBernoulli('bernoulli_', tensor.elements, p!, { generator });
    publicCall(tensor, 'bernoulli_', standIn).call(tensor, p, { generator });
  },
  exponential_: (tensor, [rate], generator) => {
    const standIn = () => fillExponential('exponential_', tensor.elements, rate!, { generator });
    publicCall(tensor, 'exponential_', standIn).call(tensor, rate, { generator });
  },
};

/** Initialisers that are still to come. */
const standIns: Record<string, AnyCall> = {
  truncNormal_: (tensor: Tensor, mean: number, std: number, a: number, b: number, options: evenkeel.RandomOptions) =>
    fillTruncNormal('truncNormal_', tensor.elements, mean, std, a, b, options),
  sparse_: (tensor: Tensor, sparsity: number, std: number, options: evenkeel.RandomOptions) => {
    const [rows, columns] = tensor.shape as [number, number];
    tensor.normal_(0, std, options);
    for (let column = 0; column < columns; column++) {
      const order = zeros([rows], { dtype: 'int64' });
      fillPermutation('sparse_', order.elements, options);
      for (let i = 0; i < Math.ceil(sparsity * rows); i++) tensor.set_([Number(order.array[i]), column], 0);
    }
  },
};

function replay(step: Step, generator: Generator): Tensor[] {
  const creation = creations[step.call];
  if (creation !== undefined) return creation(step, generator);
  const { shape, view, dtype } = step.on!;
  const tensor = look(zeros(shape, { dtype }), view);
  const args = step.args ?? [];
  const method = methods[step.call];
  if (method !== undefined) method(tensor, args, generator);
  else publicCall(init, step.call, standIns[step.call])(tensor, ...args, { ...step.options, generator });
  return [tensor];
}

/** What golden programs end with, from a state's bytes; native/rng/mt19937.h has the layout. */
function stateOf(generator: Generator): Program['state'] {
  const bytes = generator.getState().subarray(45);
  const word = (i: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * i, true);
  const kept = Buffer.from(bytes.subarray(4 * 626, 4 * 628)).toString('hex');
  return { sha256: digest(bytes.subarray(0, 4 * 624)), used: word(624), kept: word(625) === 1 ? kept : null };
}

function check({ seed, steps, state }: Program): void {
  const generator = new Generator(BigInt(seed), { algorithm: 'mt19937' });
  steps.forEach((step, i) => {
    const tensors = replay(step, generator);
    const first = tensors[0]!.flatten().tolist() as number[];
    const { sha256, first: wanted, ...what } = step;
    expect(first.slice(0, 3), `step ${i}: ${JSON.stringify(what)}`).toEqual(wanted);
    expect(digest(...tensors.map(bytesOf)), `step ${i}: ${JSON.stringify(what)}`).toBe(sha256);
  });
  expect(stateOf(generator)).toEqual(state);
}

// torch's official x86-64 build on glibc is the promise; float64 needs the same C library.
const parity = process.platform === 'linux' && process.arch === 'x64';

describe.runIf(parity)('golden programs are bit-equal to torch', () => {
  const threads = getNumThreads();
  afterAll(() => setNumThreads(threads));

  it.each(golden.programs)('seed $seed', (program) => {
    expect(program.steps).toHaveLength(50);
    check(program);
  });

  it.each(simdTargets)('on %s', (target) => {
    withTarget(target, () => check(golden.programs[0]!));
  });

  it.each([1, 2, 3])('on %d threads', (count) => {
    setNumThreads(count);
    check(golden.programs[1]!);
  });
});

// What a generator can do ---------------------------------------------------------------------------------------------

const mt = (seed: number | bigint, options: { stream?: bigint } = {}) =>
  new Generator(seed, { algorithm: 'mt19937', ...options });
const draws = (generator: Generator, count = 5) => Array.from({ length: count }, () => generator.random());

describe('an mt19937 generator', () => {
  it('starts as init_genrand does, from the low 32 bits of the seed', () => {
    // The published start of seed 5489.
    expect(draws(mt(5489))).toEqual([3499211612, 581869302, 3890346734, 3586334585, 545404204]);
    expect(draws(mt(5489n + 2n ** 40n))).toEqual(draws(mt(5489)));
    expect(mt(5489n + 2n ** 40n).initialSeed()).toBe(5489n + 2n ** 40n);
    expect(mt(1).algorithm).toBe('mt19937');
  });

  it('spawns by init_by_array of the hashed key', () => {
    // NumPy's RandomState of the eight words of SHA-256("evenkeel/1/spawn\0" | root key | 1 | "a"), seed 42.
    expect(mt(42).spawn('a').random()).toBe(907706507);
    const parent = mt(42);
    draws(parent, 1000);
    expect(draws(parent.spawn('a'))).toEqual(draws(mt(42).spawn('a')));
    const streams = [mt(42), mt(42).spawn('a'), mt(42).spawn('b'), mt(42).spawn(1), mt(42).spawn('a').spawn('a')];
    // torch does not tell seeds apart that differ above 32 bits; spawned streams and others do.
    streams.push(mt(42n + 2n ** 32n).spawn('a'), mt(42, { stream: 1n }), mt(42n + 2n ** 32n, { stream: 1n }));
    expect(new Set(streams.map((stream) => draws(stream).join())).size).toBe(streams.length);
  });

  it('counts draws, and cannot jump', () => {
    const generator = mt(3);
    rand([10], { generator });
    expect(generator.position).toBe(10n);
    rand([10], { generator, dtype: 'float64' });
    expect(generator.position).toBe(30n);
    generator.random();
    randn([3], { generator }); // two pairs of 64-bit draws
    expect(generator.position).toBe(31n + 8n);
    randn([17], { generator }); // the tail's block is drawn again
    expect(generator.position).toBe(39n + 17n + 16n);
    const state = generator.getState();
    expect(() => generator.advance(1)).toThrow(failure('ERR_STATE', 'advance'));
    expect(() => generator.advance(0)).toThrow(failure('ERR_STATE', 'advance'));
    expect(() => {
      generator.position = 0n;
    }).toThrow(failure('ERR_STATE', 'position'));
    expect(generator.getState()).toEqual(state);
  });

  it('goes on where a state was taken, the kept normal included', () => {
    const generator = mt(4);
    randn([3], { generator });
    const state = generator.getState();
    const rest = () => [...(randn([2], { generator }).tolist() as number[]), ...draws(generator, 700)];
    const wanted = rest();
    expect(generator.setState(state)).toBe(generator);
    expect(generator.clone().getState()).toEqual(state);
    expect(rest()).toEqual(wanted);
    // On another generator; seed and key come along.
    const other = mt(99).setState(state);
    expect(other.initialSeed()).toBe(4n);
    expect(draws(other.spawn('x'))).toEqual(draws(mt(4).spawn('x')));
    expect(other.manualSeed(5).getState()).toEqual(mt(5).getState());
  });

  it('refuses states that are not its own', () => {
    const generator = mt(6);
    const state = generator.getState();
    const changed = (word: number, value: number) => {
      const copy = state.slice();
      new DataView(copy.buffer).setUint32(45 + 4 * word, value, true);
      return copy;
    };
    const dead = state.slice();
    dead.fill(0, 45, 45 + 4 * 624);
    const wrong = [changed(624, 625), changed(625, 2), changed(630, 0), changed(630, 2), dead];
    for (const bytes of [...wrong, new Generator(6).getState(), state.subarray(1)]) {
      expect(() => generator.setState(bytes)).toThrow(failure('ERR_STATE', 'setState'));
    }
    expect(() => new Generator(6).setState(state)).toThrow(failure('ERR_STATE', 'setState'));
    expect(generator.getState()).toEqual(state);
    expect(() => generator.setState(changed(624, 0))).not.toThrow();
  });

  it('takes no draws for a call that fails', () => {
    const generator = mt(7);
    const state = generator.getState();
    const shared = zeros(1).expand([3]);
    expect(() => shared.uniform_(0, 1, { generator })).toThrow(failure('ERR_ARGUMENT', 'uniform_'));
    const hopeless = () => fillTruncNormal('truncNormal_', zeros(9).elements, 0, 1, 5, 1e12, { generator });
    expect(hopeless).toThrow(RangeError);
    expect(generator.getState()).toEqual(state);
  });

  it('is refused under other names', () => {
    expect(() => new Generator(1, { algorithm: 'mt11213' as never })).toThrow(failure('ERR_ARGUMENT', 'Generator'));
  });
});

describe('checks of fills', () => {
  const view = zeros(4).elements;
  const generator = mt(8);
  const cases: [string, () => void, string][] = [
    ['std 0', () => fillTruncNormal('f', view, 0, 0, -1, 1), 'ERR_RANGE'],
    ['bounds out of order', () => fillTruncNormal('f', view, 0, 1, 1, -1), 'ERR_RANGE'],
    ['a bound of NaN', () => fillTruncNormal('f', view, 0, 1, Number.NaN, 1), 'ERR_RANGE'],
    ['rate 0', () => fillExponential('f', view, 0), 'ERR_RANGE'],
    ['probability -0.1', () => fillBernoulli('f', view, -0.1), 'ERR_RANGE'],
    ['probability 1.1', () => fillBernoulli('f', view, 1.1), 'ERR_RANGE'],
    ['no numbers', () => fillIntegers('f', view, 3, 3), 'ERR_RANGE'],
    ['half a number', () => fillIntegers('f', view, 0, 2.5), 'ERR_RANGE'],
    ['a string', () => fillIntegers('f', view, 0, '7' as never), 'ERR_ARGUMENT'],
    ['numbers too large', () => fillIntegers('f', zeros(2, { dtype: 'uint8' }).elements, 0, 257), 'ERR_RANGE'],
    [
      'numbers beyond int64',
      () => fillIntegers('f', zeros(2, { dtype: 'int64' }).elements, 0, 2n ** 63n + 1n),
      'ERR_RANGE',
    ],
    [
      'integers for a normal',
      () => fillTruncNormal('f', zeros(2, { dtype: 'int64' }).elements, 0, 1, -1, 1),
      'ERR_DTYPE',
    ],
  ];
  it.each(cases)('%s', (_name, call, code) => {
    expect(call).toThrow(failure(code as never, 'f'));
  });

  it('integers of every range', () => {
    const out = zeros(1000, { dtype: 'int64' });
    fillIntegers('f', out.elements, -(2n ** 63n), 2n ** 63n, { generator });
    const values = Array.from(out.array as BigInt64Array);
    expect(values.some((x) => x < -(2n ** 62n)) && values.some((x) => x > 2n ** 62n)).toBe(true);
    fillIntegers('f', out.elements, 5, 6, { generator });
    expect(new Set(out.tolist() as number[])).toEqual(new Set([5]));
    const bools = zeros(100, { dtype: 'bool' });
    fillIntegers('f', bools.elements, 0, 2, { generator });
    expect(new Set(bools.array as Uint8Array)).toEqual(new Set([0, 1]));
  });
});
