// Random programs for minutes. EVENKEEL_PROPERTY_SECONDS says how many seconds; EVENKEEL_PROPERTY_SEED repeats a run.
import { expect, it } from 'vitest';
import { check } from './program.js';

it('random programs give what the slow reference gives', { timeout: 24 * 3600_000 }, () => {
  const seconds = Number(process.env.EVENKEEL_PROPERTY_SECONDS ?? 300);
  const seed = Number(process.env.EVENKEEL_PROPERTY_SEED ?? Date.now() % 2 ** 31);
  console.log(`EVENKEEL_PROPERTY_SEED=${seed} for ${seconds} s`);
  const { programs, steps, refused, gradients, uncertain } = check(seed, { seconds });
  console.log(
    `${programs} programs, ${steps} steps, ${refused} of them refused; ${gradients} elements of gradients compared, ${uncertain} open`,
  );
  expect(programs).toBeGreaterThan(seconds);
});
