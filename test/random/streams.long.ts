// Streams of one generator must not be shifted copies of one another. Two pcg32 streams with states s and increments c run
// through the same orbit of the underlying generator, up to sign and a constant, and stay aligned in their low j bits,
// where j follows from w = (a - 1) s + c modulo 2^66 (Durst 1989): j = v2(w2 -+ w1) - 2, the number of trailing zero bits
// less 2, since w is odd. Outputs correlate visibly from j = 40 on. With hashed keys the expected number of pairs with
// j >= 40 among N streams is N^2 / 2^41.
import { describe, expect, it } from 'vitest';
import { Generator } from '../../lib/random.js';
import { rootKey, spawnedKey } from '../../lib/rng/seeding.js';

const multiplier = 6364136223846793005n;
const bits = 66n;
const mask = (1n << bits) - 1n;

/** w of a stream that starts at this state with this increment. */
const orbit = (state: bigint, increment: bigint) => ((multiplier - 1n) * state + increment) & mask;

function orbitOfKey(key: Uint8Array): bigint {
  const words = new DataView(key.buffer, key.byteOffset);
  return orbit(words.getBigUint64(0, true), words.getBigUint64(8, true) | 1n);
}

/** The number with its bits in the opposite order, as text that sorts. */
const reversed = (w: bigint) => [...w.toString(2).padStart(Number(bits), '0')].reverse().join('');

/** The largest j of any two of the streams. */
function largestAlignment(orbits: readonly bigint[]): number {
  // Numbers that agree in most trailing bits are neighbours once sorted by them; -w stands for the opposite sign.
  const sorted = orbits.flatMap((w, i) => [
    { i, text: reversed(w) },
    { i, text: reversed(-w & mask) },
  ]);
  sorted.sort((a, b) => (a.text < b.text ? -1 : 1));
  let most = 0;
  for (let k = 1; k < sorted.length; k++) {
    const [a, b] = [sorted[k - 1]!, sorted[k]!];
    if (a.i === b.i) continue;
    let common = 0;
    while (common < Number(bits) && a.text[common] === b.text[common]) common++;
    most = Math.max(most, common - 2);
  }
  return most;
}

describe('spawned streams', () => {
  it('no two of 10,000 are aligned (false alarm 5e-5)', () => {
    const root = rootKey('pcg32', 0n, 0n);
    const orbits = Array.from({ length: 10_000 }, (_, i) => orbitOfKey(spawnedKey(root, i)));
    const found = largestAlignment(orbits);
    // Chance alone aligns some pair in about 2 log2(N) bits: a test that finds less is broken.
    expect(found).toBeGreaterThan(18);
    expect(found).toBeLessThan(40);
  });

  it('an aligned pair would be seen', () => {
    const [state, increment] = [0x123456789abcdefn, 0xdeadbeefn | 1n];
    // The same increment, and a state far along in the orbit but equal in its low 44 bits.
    const aligned = [orbit(state, increment), orbit(state + (5n << 44n), increment)];
    expect(largestAlignment([...aligned, ...[7n, 9n, 11n].map((s) => orbit(s, increment))])).toBeGreaterThanOrEqual(40);
  });

  it('have independent top bits at every power-of-two lag (false alarm 1e-5)', () => {
    const n = 1 << 16;
    const top = (generator: Generator, position: bigint) => {
      generator.position = position;
      return Uint8Array.from({ length: n }, () => generator.random() >>> 28);
    };
    const root = new Generator(0);
    for (const [a, b] of [
      [root.spawn(0), root.spawn(1)],
      [root.spawn('a'), root.spawn('b')],
      [new Generator(0), new Generator(1)],
    ] as const) {
      const first = top(a, 0n);
      for (let k = 0n; k <= 36n; k++) {
        const second = top(b, 1n << k);
        const counts = new Uint32Array(256);
        for (let i = 0; i < n; i++) counts[first[i]! * 16 + second[i]!]!++;
        const expected = n / 256;
        const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        // 255 degrees of freedom; 111 tests at 5.5 standard deviations, a little heavier than normal in this tail.
        expect(Math.abs(chi2 - 255) / Math.sqrt(510), `lag 2^${k}`).toBeLessThan(5.7);
      }
    }
  });
});
