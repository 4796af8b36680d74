// One case in evenkeel: `evenkeel_case.mjs NAME`; or the plain fill of as much memory: `evenkeel_case.mjs NAME memory`; or the
// same with a weight in memory: `evenkeel_case.mjs NAME materialised`.
// The thread count comes from EVENKEEL_THREADS.
import * as evenkeel from 'evenkeel';
import { cases } from './cases.mjs';
import { serve } from './measure.mjs';

const [name, role] = process.argv.slice(2);
const row = cases.find((found) => found.name === name);

/** In float32 whatever the dtype is: it is the memory that counts. */
function memoryFill({ count, dtype }) {
  const bytes = count * evenkeel.empty([1], { dtype }).array.BYTES_PER_ELEMENT;
  const tensor = evenkeel.empty(Math.ceil(bytes / 4));
  return () => tensor.fill_(1);
}

const steps = { memory: () => memoryFill(row.writes), materialised: () => row.materialised(evenkeel) };
await serve(await (steps[role] ?? (() => row.setup(evenkeel)))());
