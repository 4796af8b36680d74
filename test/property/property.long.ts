// Many random programs: always the same ones, so that a failure says something about a change; or, with
// EVENKEEL_PROPERTY_SECONDS, new ones for so many seconds, from a seed that EVENKEEL_PROPERTY_SEED repeats.
import { expect, it } from 'vitest';
import { check } from './program.js';

const {
  EVENKEEL_PROPERTY_SECONDS: time,
  EVENKEEL_PROPERTY_SEED: given,
  EVENKEEL_PROPERTY_PROGRAMS: count,
} = process.env;

it('random programs give what the slow reference gives', { timeout: 24 * 3600_000 }, () => {
  const limit = time === undefined ? { programs: Number(count ?? 30_000) } : { seconds: Number(time) };
  const seed = Number(given ?? (time === undefined ? 2 : Date.now() % 2 ** 31));
  console.log(
    `EVENKEEL_PROPERTY_SEED=${seed}, ${limit.programs ?? ''}${time === undefined ? ' programs' : `${time} s`}`,
  );
  const { programs, steps, refused, gradients, uncertain } = check(seed, limit);
  console.log(
    `${programs} programs, ${steps} steps, ${refused} of them refused; ${gradients} elements of gradients compared, ${uncertain} open`,
  );
  expect(programs).toBeGreaterThanOrEqual(limit.programs ?? limit.seconds!);
});
