// One case in evenkeel: `evenkeel_case.mjs NAME`; or the plain fill of as much memory: `evenkeel_case.mjs NAME memory`.
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

await serve(role === 'memory' ? memoryFill(row.writes) : row.setup(evenkeel));
