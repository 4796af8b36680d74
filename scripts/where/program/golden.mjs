// What is asked of evenkeel in every place: numbers that are the same everywhere, and the same numbers by its worker thread,
// whose file has to be found.
import { createHash } from 'node:crypto';
import { Generator, init, nn, zeros } from 'evenkeel';

const digest = ({ array }) => createHash('sha256').update(array).digest('hex');

/** The line `normal(0,1) float32` of test/golden/random.txt. */
export function golden() {
  return digest(zeros([262_147]).normal_(0, 1, { generator: Generator.pcg32(42n, 54n).advance(7) }));
}

export async function byWorker() {
  const rules = [{ match: '*', init: { initialiser: 'normal', std: 0.5 } }];
  const [here, there] = [new nn.Linear(64, 32), new nn.Linear(64, 32)];
  init.initialize(here, rules, { seed: 3 });
  await init.initializeAsync(there, rules, { seed: 3 });
  return digest(here.weight) === digest(there.weight) ? 'worker thread alike' : 'worker thread DIFFERS';
}
