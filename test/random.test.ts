import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { rand, randn, zeros } from '../lib/creation.js';
import type { DType } from '../lib/dtype.js';
import { getNumThreads, setNumThreads } from '../lib/native.js';
import { Generator, getDefaultGenerator, manualSeed, setDefaultGenerator } from '../lib/random.js';
import type { Tensor } from '../lib/tensor/index.js';
import { bystanders, expectSame, failure, layouts, simdTargets, valuesOf, withTarget } from './cases/data.js';
import { ksStatistic, maxKs, maxZ, meanZ, normalCdf, normalMoments, uniformMoments } from './cases/statistics.js';

const u64 = (x: bigint) => BigInt.asUintN(64, x);

/** pcg32 as O'Neill's paper defines it (PCG-XSH-RR 64/32), in BigInt. */
class Reference {
  static readonly multiplier = 6364136223846793005n;

  constructor(
    public state: bigint,
    readonly increment: bigint,
  ) {}

  /** pcg32_srandom. */
  static seeded(initState: bigint, initSeq: bigint): Reference {
    const pcg = new Reference(0n, u64((initSeq << 1n) | 1n));
    pcg.next();
    pcg.state = u64(pcg.state + initState);
    pcg.next();
    return pcg;
  }

  static fromKey(key: Uint8Array): Reference {
    const words = new DataView(key.buffer, key.byteOffset);
    return new Reference(words.getBigUint64(0, true), words.getBigUint64(8, true) | 1n);
  }

  next(): number {
    const old = this.state;
    this.state = u64(old * Reference.multiplier + this.increment);
    const shifted = Number(BigInt.asUintN(32, ((old >> 18n) ^ old) >> 27n));
    const rotation = Number(old >> 59n);
    return ((shifted >>> rotation) | (shifted << (-rotation & 31))) >>> 0;
  }

  /** Draw by draw where there are few, squaring the step where there are many (Brown 1994). */
  advance(draws: bigint): this {
    let [a, c] = [Reference.multiplier, this.increment];
    for (let left = draws; left > 0n; left >>= 1n) {
      if (left & 1n) this.state = u64(a * this.state + c);
      [a, c] = [u64(a * a), u64((a + 1n) * c)];
    }
    return this;
  }

  draws(count: number): number[] {
    return Array.from({ length: count }, () => this.next());
  }
}

function sha256(...parts: (string | Uint8Array)[]): Uint8Array {
  return createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
    .digest();
}

function le64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

const rootKey = (seed: bigint, stream = 0n) => sha256('evenkeel/1/root\0', 'pcg32', le64(seed), le64(stream));
const spawnKey = (parent: Uint8Array, key: string | bigint) =>
  typeof key === 'string'
    ? sha256('evenkeel/1/spawn\0', parent, Uint8Array.of(1), Buffer.from(key, 'utf8'))
    : sha256('evenkeel/1/spawn\0', parent, Uint8Array.of(0), le64(key));

const take = (generator: Generator, count: number) => Array.from({ length: count }, () => generator.random());

describe('the bit generator', () => {
  it("repeats the reference implementation's demonstration", () => {
    const demo = ['a15c02b7', '7b47f409', 'ba1d3330', '83d2f293', 'bfa4784b', 'cbed606e'];
    const hex = (draws: number[]) => draws.map((draw) => draw.toString(16).padStart(8, '0'));
    expect(hex(take(Generator.pcg32(42n, 54n), 6))).toEqual(demo);
    expect(hex(Reference.seeded(42n, 54n).draws(6))).toEqual(demo);
  });

  it('repeats the reference for any raw seed', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n), (state, sequence) => {
        expect(take(Generator.pcg32(state, sequence), 70)).toEqual(Reference.seeded(state, sequence).draws(70));
      }),
      { numRuns: 50 },
    );
  });
});

describe('seeding', () => {
  const seeds = [0n, 1n, 42n, 67280421310721n, 2n ** 53n, 2n ** 63n + 5n, 2n ** 64n - 1n];

  it.each(seeds)('seed %d is the hash of it', (seed) => {
    expect(take(new Generator(seed), 9)).toEqual(Reference.fromKey(rootKey(seed)).draws(9));
    expect(take(new Generator(7).manualSeed(seed), 9)).toEqual(Reference.fromKey(rootKey(seed)).draws(9));
    for (const stream of [1n, 2n ** 64n - 1n]) {
      const streamed = new Generator(seed, { stream });
      expect(take(streamed, 5)).toEqual(Reference.fromKey(rootKey(seed, stream)).draws(5));
      expect(take(streamed.manualSeed(3), 5)).toEqual(Reference.fromKey(rootKey(3n, stream)).draws(5));
    }
    expect(new Generator(seed).initialSeed()).toBe(seed);
  });

  it('numbers and bigints are the same seeds, and torch has the default one', () => {
    expect(take(new Generator(42), 3)).toEqual(take(new Generator(42n), 3));
    expect(take(new Generator(-0), 3)).toEqual(take(new Generator(0n), 3));
    expect(new Generator().initialSeed()).toBe(67280421310721n);
    expect(take(new Generator(), 3)).toEqual(take(new Generator(67280421310721n), 3));
  });

  const keys = [0n, 1n, 2n ** 64n - 1n, '', '0', 'layers.0.weight', 'Gewicht-ü-重み-🎲', 'a\0b'];

  it.each(keys)('spawned key %s', (key) => {
    const child = new Generator(5).spawn(key);
    const childKey = spawnKey(rootKey(5n), key);
    expect(take(child, 9)).toEqual(Reference.fromKey(childKey).draws(9));
    expect(take(child.spawn('x'), 9)).toEqual(Reference.fromKey(spawnKey(childKey, 'x')).draws(9));
  });

  it('what was drawn before does not matter to a spawned stream', () => {
    const parent = new Generator(5);
    const early = take(parent.spawn('w'), 4);
    parent.advance(1000);
    randn([10], { generator: parent });
    expect(take(parent.spawn('w'), 4)).toEqual(early);
    expect(parent.spawn(3).position).toBe(0n);
    expect(take(parent.spawn(3), 4)).toEqual(take(parent.spawn(3n), 4));
  });

  it('distinct keys start distinct streams', () => {
    const parent = new Generator(0);
    const starts = new Set<string>();
    for (let i = 0; i < 1000; i++) starts.add(`${take(parent.spawn(i), 2)}`).add(`${take(parent.spawn(String(i)), 2)}`);
    expect(starts.size).toBe(2000);
  });

  it('a raw generator spawns by its own key, and can be seeded like any other', () => {
    const [a, b] = [Generator.pcg32(1n, 2n), Generator.pcg32(1n, 3n)];
    expect(take(a.spawn('x'), 3)).not.toEqual(take(b.spawn('x'), 3));
    expect(take(a.manualSeed(4), 3)).toEqual(take(new Generator(4), 3));
  });

  it('seed() is different each time', () => {
    const generator = new Generator();
    const seeds = new Set(Array.from({ length: 20 }, () => generator.seed()));
    expect(seeds.size).toBe(20);
    expect(seeds.has(generator.initialSeed())).toBe(true);
    expect(take(generator, 3)).toEqual(take(new Generator(generator.initialSeed()), 3));
  });

  it.each([-1, -1n, 1.5, NaN, Infinity, 2 ** 53, 2n ** 64n])('%s is no seed', (seed) => {
    const generator = new Generator(1);
    const before = generator.getState();
    expect(() => new Generator(seed)).toThrow(failure('ERR_RANGE', 'Generator', 'seed', String(seed)));
    expect(() => new Generator(0, { stream: seed as bigint })).toThrow(failure('ERR_RANGE', 'Generator', 'stream'));
    expect(() => generator.manualSeed(seed)).toThrow(failure('ERR_RANGE', 'manualSeed', String(seed)));
    expect(() => generator.spawn(seed)).toThrow(failure('ERR_RANGE', 'spawn', String(seed)));
    expect(() => generator.advance(seed)).toThrow(/^advance: /);
    expect(() => Generator.pcg32(seed as bigint, 1n)).toThrow(failure('ERR_RANGE', 'Generator.pcg32', 'initState'));
    expect(() => Generator.pcg32(1n, seed as bigint)).toThrow(failure('ERR_RANGE', 'Generator.pcg32', 'initSeq'));
    expect(generator.getState()).toEqual(before);
  });

  it.each(['5', null, {}, true, [1]])('%o is no seed', (seed) => {
    const generator = new Generator(1);
    expect(() => new Generator(seed as never)).toThrow(failure('ERR_ARGUMENT', 'Generator'));
    expect(() => generator.manualSeed(seed as never)).toThrow(failure('ERR_ARGUMENT', 'manualSeed'));
    if (typeof seed !== 'string') {
      expect(() => generator.spawn(seed as never)).toThrow(failure('ERR_ARGUMENT', 'spawn'));
    }
    expect(take(generator, 1)).toEqual(take(new Generator(1), 1));
  });

  it.each(['\ud800', 'x\udc00', '\ud800x'])('a lone surrogate is no key', (key) => {
    expect(() => new Generator(0).spawn(key)).toThrow(failure('ERR_RANGE', 'spawn', 'surrogate'));
  });

  it('refuses other options', () => {
    expect(() => new Generator(0, { algorithm: 'xorshift' as never })).toThrow(
      failure('ERR_ARGUMENT', 'Generator', '"xorshift"', "'pcg32'"),
    );
    expect(() => new Generator(0, 5 as never)).toThrow(failure('ERR_ARGUMENT', 'Generator', '5'));
    expect(() => new Generator(0, null as never)).toThrow(failure('ERR_ARGUMENT', 'Generator', 'null'));
  });
});

describe('position and state', () => {
  const drawsAt = (position: bigint, count: number) => Reference.fromKey(rootKey(9n)).advance(position).draws(count);

  it('position counts draws and can be set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(0n, 2n ** 40n - 200n), { minLength: 1, maxLength: 5 }),
        fc.nat({ max: 130 }),
        (to, n) => {
          const generator = new Generator(9);
          for (const position of to) {
            generator.position = position;
            expect(take(generator, n)).toEqual(drawsAt(position, n));
            expect(generator.position).toBe(position + BigInt(n));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('advance adds up', () => {
    const generator = new Generator(9);
    expect(generator.advance(5).advance(7n)).toBe(generator);
    generator.random();
    generator.advance(0).advance(2n ** 39n);
    expect(generator.position).toBe(13n + 2n ** 39n);
    expect(take(generator, 3)).toEqual(drawsAt(13n + 2n ** 39n, 3));
  });

  it('fills and single draws take turns', () => {
    const generator = new Generator(9);
    const first = take(generator, 3);
    const fill = rand([5], { generator });
    const second = take(generator, 2);
    expect([...first, ...second]).toEqual([...drawsAt(0n, 3), ...drawsAt(8n, 2)]);
    expect(valuesOf(fill)).toEqual(drawsAt(3n, 5).map((draw) => (draw >>> 8) * 2 ** -24));
  });

  it.each<[string, DType, number, bigint]>([
    ['rand', 'float32', 7, 7n],
    ['rand', 'float64', 7, 14n],
    ['randn', 'float32', 7, 8n],
    ['randn', 'float32', 8, 8n],
    ['randn', 'float64', 7, 16n],
    ['randn', 'float64', 1, 4n],
    ['randn', 'float32', 0, 0n],
  ])('%s of %s, %i elements, takes %d draws', (name, dtype, n, draws) => {
    const generator = new Generator(1);
    (name === 'rand' ? rand : randn)([n], { dtype, generator });
    expect(generator.position).toBe(draws);
  });

  it('a stream ends after 2^40 draws, before anything is written', () => {
    const generator = new Generator(9);
    generator.position = 2n ** 40n - 2n;
    const t = zeros(3, { dtype: 'float32' });
    const t64 = zeros(2, { dtype: 'float64' });
    for (const call of [() => t.uniform_(0, 1, { generator }), () => t.normal_(0, 1, { generator })]) {
      expect(call).toThrow(failure('ERR_STATE', call.toString().includes('normal') ? 'normal_' : 'uniform_', '2^40'));
    }
    expect(() => t64.uniform_(0, 1, { generator })).toThrow(failure('ERR_STATE', 'uniform_'));
    expect(() => generator.advance(3)).toThrow(failure('ERR_STATE', 'advance'));
    expect(() => generator.advance(2n ** 63n)).toThrow(failure('ERR_STATE', 'advance'));
    expect([...valuesOf(t), ...valuesOf(t64), generator.position]).toEqual([0, 0, 0, 0, 0, 2n ** 40n - 2n]);
    expect(take(generator, 2)).toEqual(drawsAt(2n ** 40n - 2n, 2));
    expect(() => generator.random()).toThrow(failure('ERR_STATE', 'random', String(2 ** 40)));
    expect(generator.position).toBe(2n ** 40n);
    generator.position = 2n ** 40n;
    expect(() => {
      generator.position = 2n ** 40n + 1n;
    }).toThrow(failure('ERR_RANGE', 'position'));
    expect(() => {
      generator.position = -1n;
    }).toThrow(failure('ERR_RANGE', 'position'));
  });

  const pairs: [string, () => Generator][] = [
    ['seeded', () => new Generator(5).advance(11)],
    ['of a stream', () => new Generator(5, { stream: 3n })],
    ['spawned', () => new Generator(5).spawn('w').advance(2n ** 35n)],
    ['raw', () => Generator.pcg32(1n, 2n).advance(1)],
    ['at its end', () => new Generator(5).advance(2n ** 40n)],
  ];

  it.each(pairs)('clone and getState carry all of a generator %s', (_, make) => {
    const generator = make();
    const before = generator.getState();
    for (const twin of [generator.clone(), new Generator(1).setState(before), make().setState(Buffer.from(before))]) {
      expect(twin.getState()).toEqual(before);
      expect(twin.position).toBe(generator.position);
      expect(twin.initialSeed()).toBe(generator.initialSeed());
      expect(take(twin.spawn('x'), 2)).toEqual(take(generator.spawn('x'), 2));
      if (generator.position < 2n ** 40n) expect(take(twin, 99)).toEqual(take(generator.clone(), 99));
    }
    expect(generator.getState()).toEqual(before);
    expect(take(generator.clone().manualSeed(8), 2)).toEqual(take(make().manualSeed(8), 2));
  });

  it('the state is a copy, both ways', () => {
    const generator = new Generator(5);
    const wanted = take(generator.spawn('x'), 3);
    generator.getState().fill(0);
    const buffer = Buffer.from(generator.getState());
    generator.setState(buffer);
    buffer.fill(0);
    expect(take(generator.spawn('x'), 3)).toEqual(wanted);
    expect(take(generator, 3)).toEqual(take(new Generator(5), 3));
  });

  it('a corrupt state changes nothing', () => {
    const generator = new Generator(5).advance(3);
    const state = generator.getState();
    const broken: [string, Uint8Array][] = [
      ['too short', state.subarray(0, -1)],
      ['too long', Uint8Array.of(...state, 0)],
      ['empty', new Uint8Array()],
      ...[0, 1, 2, 3, 4].map((i): [string, Uint8Array] => [`byte ${i}`, state.with(i, state[i]! ^ 1)]),
      ['an even increment', state.with(53, state[53]! & 254)],
      ['a position beyond the end', state.with(68, 1)],
    ];
    for (const [what, bytes] of broken) {
      expect(() => generator.setState(bytes), what).toThrow(failure('ERR_STATE', 'setState'));
    }
    const detached = generator.getState();
    structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] });
    expect(() => generator.setState(detached)).toThrow(failure('ERR_STATE', 'setState'));
    for (const wrong of [undefined, null, 'EKG1', [...state], new Uint16Array(69), state.buffer]) {
      expect(() => generator.setState(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'setState'));
    }
    expect(generator.getState()).toEqual(state);
  });

  it('the default generator', () => {
    const before = getDefaultGenerator();
    expect(manualSeed(3)).toBe(before);
    expect(valuesOf(rand(3))).toEqual(valuesOf(rand([3], { generator: new Generator(3) })));
    const mine = new Generator(4);
    setDefaultGenerator(mine);
    expect(getDefaultGenerator()).toBe(mine);
    expect(valuesOf(randn(3))).toEqual(valuesOf(randn([3], { generator: new Generator(4) })));
    for (const wrong of [undefined, null, 5, {}]) {
      expect(() => setDefaultGenerator(wrong as never)).toThrow(failure('ERR_ARGUMENT', 'setDefaultGenerator'));
    }
    expect(getDefaultGenerator()).toBe(mine);
    setDefaultGenerator(before);
  });
});

/** Element i of a fill, from its law in docs/random.md. */
const laws: Record<string, (pcg: Reference, position: number, i: number) => number> = {
  'uniform float32': (pcg, p, i) => (pcg.advance(BigInt(p + i)).next() >>> 8) * 2 ** -24,
  'uniform float64': (pcg, p, i) => {
    pcg.advance(BigInt(p + 2 * i));
    const [high, low] = [pcg.next(), pcg.next()];
    return (high * 2 ** 21 + (low >>> 11)) * 2 ** -53;
  },
  'normal float32': (pcg, p, i) => {
    pcg.advance(BigInt(p + 2 * Math.floor(i / 2)));
    return boxMuller(BigInt(pcg.next()), BigInt(pcg.next()), 32n, i % 2);
  },
  'normal float64': (pcg, p, i) => {
    pcg.advance(BigInt(p + 4 * Math.floor(i / 2)));
    const word = () => (BigInt(pcg.next()) << 32n) | BigInt(pcg.next());
    const radius = word();
    return boxMuller(radius, word(), 64n, i % 2);
  },
};

/** The transform of Box & Muller, careful where doubles are not exact: near u = 1 and near the axes. */
function boxMuller(radius: bigint, angle: bigint, bits: bigint, sine: number): number {
  const scale = 2 ** -Number(bits + 1n);
  const u = Number(2n * radius + 1n) * scale;
  const rest = Number((1n << (bits + 1n)) - 2n * radius - 1n) * scale;
  const r = Math.sqrt(-2 * (u < 0.5 ? Math.log(u) : Math.log1p(-rest)));
  const quarter = 1n << (bits - 2n);
  const part = Number(2n * (angle % quarter) + 1n) * scale * 2 * Math.PI;
  const rest2 = Number(2n * (quarter - 1n - (angle % quarter)) + 1n) * scale * 2 * Math.PI;
  const [c, s] = [Math.sin(rest2), Math.sin(part)];
  const turned = [
    [c, s],
    [-s, c],
    [-c, -s],
    [s, -c],
  ][Number(angle / quarter)]!;
  return r * turned[sine]!;
}

describe.each(Object.entries(laws))('%s', (name, law) => {
  const [kind, dtype] = name.split(' ') as ['uniform' | 'normal', DType];
  const fill = (t: Tensor, generator: Generator, a = 0, b = 1) => t[`${kind}_`](a, b, { generator });
  const make = (n: number, seed = 2, start = 0n) => {
    const generator = new Generator(seed).advance(start);
    return fill(zeros([n], { dtype }), generator);
  };
  const tolerance = { uniform: 0, normal: dtype === 'float32' ? 1e-6 : 2e-15 }[kind];
  const near = (got: number, wanted: number) => Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted));

  it.each([0n, 1n, 2n, 13n, 2n ** 32n - 3n, 2n ** 40n - 100_000n])(
    'is its law, element by element, from position %d',
    (start) => {
      const t = valuesOf(make(20_001, 2, start));
      for (const i of [...Array(700).keys(), 1023, 1024, 1025, 4095, 4096, 9999, 20_000]) {
        const wanted = law(Reference.fromKey(rootKey(2n)), Number(start), i);
        if (!near(t[i]!, wanted)) throw new Error(`element ${i} is ${t[i]}, expected ${wanted}`);
      }
    },
  );

  it('depends on neither threads nor instruction set', () => {
    const threads = getNumThreads();
    const digests = new Map<string, string>();
    const shapes: [string, (generator: Generator) => Tensor][] = [
      ['large', (generator) => fill(zeros([300_007], { dtype }), generator, -1, 2)],
      ['odd start', (generator) => fill(zeros([99_999], { dtype }), generator.advance(7))],
      ['transposed', (generator) => fill(zeros([401, 307], { dtype }).t(), generator, 0, 0.5)],
      ['few', (generator) => fill(zeros([5], { dtype }), generator)],
    ];
    for (const target of simdTargets) {
      for (const count of [1, 2, 3, 8]) {
        setNumThreads(count);
        for (const [what, run] of shapes) {
          const t = withTarget(target, () => run(new Generator(77)));
          const bytes = new Uint8Array(t.elements.array.buffer);
          const digest = createHash('sha256').update(bytes).digest('hex');
          const first = digests.get(what) ?? digest;
          digests.set(what, first);
          if (digest !== first) throw new Error(`${what} differs on ${target} with ${count} threads`);
        }
      }
    }
    setNumThreads(threads);
    expect(digests.size).toBe(4);
  });

  it('a longer fill starts with the shorter one', () => {
    const all = valuesOf(make(40_000));
    for (const n of [0, 1, 2, 3, 5, 63, 64, 65, 1000, 1001, 32_767, 32_768, 39_999])
      expectSame(valuesOf(make(n)), all.slice(0, n));
  });

  it('a part of a fill can be made alone', () => {
    const all = valuesOf(make(5000));
    const draws = dtype === 'float64' ? 2 : 1;
    for (const from of [2, 64, 1000, 4998])
      expectSame(valuesOf(make(5000 - from, 2, BigInt(from * draws))), all.slice(from));
  });

  it('fills any layout alike, and nothing beside it', () => {
    for (const shape of [[31, 33], [3, 5, 7, 2], [1, 1], [], [2, 0, 3], [40, 1, 900]]) {
      const wanted = valuesOf(fill(zeros(shape, { dtype }), new Generator(3).advance(1)));
      for (const layout of Object.values(layouts)) {
        const t = layout(zeros(shape, { dtype }));
        const around = bystanders(t);
        expectSame(valuesOf(fill(t, new Generator(3).advance(1))), wanted);
        expectSame(bystanders(t), around);
      }
    }
    expect(() => zeros([3, 1], { dtype }).expand(3, 2).uniform_(0, 1)).toThrow(
      failure('ERR_ARGUMENT', 'uniform_', '[3, 2]'),
    );
  });

  it('scales after the transform', () => {
    const plain = valuesOf(make(1000));
    const round = dtype === 'float32' ? Math.fround : (x: number) => x;
    const [a, b] = [round(-0.3), round(1.7)];
    const scaled = valuesOf(fill(zeros([1000], { dtype }), new Generator(2), a, b));
    const wanted = plain.map((x) =>
      kind === 'uniform' ? round(a + round(round(b - a) * x)) : round(round(x * b) + a),
    );
    expectSame(scaled, wanted);
  });

  it('has its distribution', () => {
    for (const seed of [1, 2]) {
      const sample = valuesOf(make(200_000, seed));
      const zs = kind === 'uniform' ? uniformMoments(sample, 0, 1) : normalMoments(sample, 0, 1);
      expect(Math.max(...zs.map(Math.abs))).toBeLessThan(maxZ);
      expect(ksStatistic(sample, kind === 'uniform' ? (x) => x : normalCdf)).toBeLessThan(maxKs);
      // Neighbours, of the same pair and of the next, and their squares.
      const centred = sample.map((x) => (kind === 'uniform' ? (x - 0.5) * Math.sqrt(12) : x));
      for (const lag of [1, 2, 3, 64]) {
        const products = centred.slice(lag).map((x, i) => x * centred[i]!);
        expect(Math.abs(meanZ(products, (x) => x, 0, 1))).toBeLessThan(maxZ);
        const square = (x: number) => (x * x - 1) / Math.sqrt(kind === 'uniform' ? 0.8 : 2);
        const squares = centred.slice(lag).map((x, i) => square(x) * square(centred[i]!));
        expect(Math.abs(meanZ(squares, (x) => x, 0, 1))).toBeLessThan(maxZ);
      }
    }
  });

  it('spawned streams are independent of each other', () => {
    const parent = new Generator(6);
    const [a, b] = ['a', 'b'].map((key) => valuesOf(fill(zeros([100_000], { dtype }), parent.spawn(key)))) as [
      number[],
      number[],
    ];
    const [mean, variance] = kind === 'uniform' ? [0.25, 7 / 144] : [0, 1];
    expect(
      Math.abs(
        meanZ(
          a.map((x, i) => x * b[i]!),
          (x) => x,
          mean,
          variance,
        ),
      ),
    ).toBeLessThan(maxZ);
  });
});

describe('bounds', () => {
  it('the upper one is never reached', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const one = dtype === 'float32' ? 2 ** -23 : 2 ** -52;
      for (const [low, high] of [
        [1, 1 + one],
        [1, 1 + 2 * one],
        [-1 - one, -1],
        [-(2 ** 100), 2 ** 100],
        [2 ** 23, 2 ** 23 + 3],
      ] as const) {
        const values = valuesOf(zeros([5000], { dtype }).uniform_(low, high, { generator: new Generator(1) }));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
        expect(Math.max(...values)).toBeLessThan(high);
      }
      expectSame(valuesOf(zeros([9], { dtype }).uniform_(3, 3)), Array(9).fill(3));
      expectSame(valuesOf(zeros([9], { dtype }).normal_(3, 0)), Array(9).fill(3));
    }
  });
});

afterAll(() => manualSeed(0));
