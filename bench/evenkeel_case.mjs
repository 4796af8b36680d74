// One case in evenkeel: `evenkeel_case.mjs NAME`. Each line on standard input, a number of seconds, is a round; each is
// answered by a line of JSON, {"ms","best"}. The first line of output, {}, says that it is warm. The thread count comes
// from EVENKEEL_THREADS.
import { createInterface } from 'node:readline';
import * as evenkeel from 'evenkeel';
import { cases } from './cases.mjs';
import { round, warmUp } from './measure.mjs';

const step = cases.find(({ name }) => name === process.argv[2]).setup(evenkeel);
const batch = warmUp(step);
console.log('{}');
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(round(step, batch, Number(line))));
}
