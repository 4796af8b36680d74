// How late a timer of 5 ms fires while asynchronous work keeps all threads busy: `node bench/timer.mjs`, on a machine on
// which nothing else runs. (A test asserts it for the time that the main thread had the CPU, on any machine.)
import { init, matmulAsync, nn, randn } from 'evenkeel';
import { median } from './measure.mjs';

const period = 5;
const duration = 2000;

/** Milliseconds that each tick was late while `job` ran over and over. */
async function lateness(job) {
  const late = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(now - last - period);
    last = now;
  }, period);
  for (const start = last; performance.now() - start < duration; ) await job();
  clearInterval(timer);
  return late;
}

const [a, b] = [randn(4096, 4096), randn(4096, 4096)];
const [images, kernels] = [randn(64, 64, 56, 56), randn(64, 64, 3, 3)];
const layers = new nn.Sequential(...[1, 2].map(() => new nn.Linear(4096, 4096, { init: false })));
const rules = [{ match: '*', init: 'uniform' }];

const jobs = {
  'matmulAsync, 4096 x 4096': () => matmulAsync(a, b),
  'conv2dAsync, 64 x 64 x 56 x 56, 64 kernels of 3 x 3': () =>
    nn.functional.conv2dAsync(images, kernels, null, { padding: 1 }),
  'initializeAsync, two layers of 4096 x 4096': () => init.initializeAsync(layers, rules, { seed: 1 }),
};
for (const [name, job] of Object.entries(jobs)) {
  const late = await lateness(job);
  const [worst, typical] = [Math.max(...late), median(late)].map((ms) => ms.toFixed(1));
  console.log(`${name}: ${late.length} ticks, at most ${worst} ms late, half of them ${typical} ms or less`);
}
