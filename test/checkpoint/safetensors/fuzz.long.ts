// The parser on many random files: always the same ones, so that a failure says something about a change; or, with
// EVENKEEL_FUZZ_SECONDS, new ones for so many seconds, from a seed that EVENKEEL_FUZZ_SEED repeats.
import { expect, it } from 'vitest';
import { fuzz } from './fuzz.js';

const { EVENKEEL_FUZZ_SECONDS: time, EVENKEEL_FUZZ_SEED: given } = process.env;

it('random safetensors files are refused, or lie within their bytes', { timeout: 24 * 3600_000 }, () => {
  const seed = Number(given ?? (time === undefined ? 3 : Date.now() % 2 ** 31));
  console.log(`EVENKEEL_FUZZ_SEED=${seed}`);
  const sum = { files: 0, accepted: 0, refused: 0 };
  const end = Date.now() + Number(time) * 1000;
  for (let round = 0; time === undefined ? round < 50 : Date.now() < end; round++) {
    const counts = fuzz({ runs: 1000, seed: (seed + round) % 2 ** 31 });
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += counts[key];
  }
  console.log(`${sum.files} files, of which ${sum.accepted} were accepted and ${sum.refused} refused`);
  expect(sum.accepted).toBeGreaterThan(sum.files / 20);
  expect(sum.refused).toBeGreaterThan(sum.files / 4);
});
