// Runs a loop whose results nobody keeps, and prints the peak of the process's memory in each tenth of it, in MB.
//
//   node test/memory.loops.mjs NAME COUNT
import * as lib from '../dist/index.js';

const floats = (count) => lib.randn(count, { generator: new lib.Generator(1) });

/** Each makes the body of a loop. */
const loops = {
  'results of 16 floats'() {
    const [a, b] = [floats(16), floats(16)];
    return () => a.add(b);
  },
  'results of 100 KB'() {
    const [a, b] = [floats(25_600), floats(25_600)];
    return () => a.add(b);
  },
  'results of 16 MB'() {
    const a = floats(1 << 22);
    return () => a.relu();
  },
  'a chain of 16 MB'() {
    let a = floats(1 << 22);
    return () => {
      a = a.relu();
    };
  },
  'the last five results of 16 MB'() {
    const a = floats(1 << 22);
    const last = [];
    let next = 0;
    return () => {
      last[next++ % 5] = a.relu();
    };
  },
  'results of 64 MB'() {
    const a = floats(1 << 24);
    return () => a.relu();
  },
  'scopes of 16 MB and of other sizes'() {
    const a = floats(1 << 22);
    let size = 0;
    return () =>
      lib.scope(() => {
        size = (size + 1) % 64;
        a.relu();
        a.slice(0, 0, 100_000 + 1000 * size).relu();
      });
  },
  gradients() {
    const w = lib.randn([512, 512], { requiresGrad: true });
    const x = floats(128 * 512).view(128, 512);
    return () => {
      w.grad = null;
      x.matmul(w).relu().sum().backward();
    };
  },
};

const [name, count] = process.argv.slice(2);
const body = loops[name]();
const peaks = [];
for (let tenth = 0; tenth < 10; tenth++) {
  let peak = 0;
  for (let i = 0; i < Number(count) / 10; i++) {
    body();
    if (i % 50 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  peaks.push(Math.round(peak / 2 ** 20));
}
console.log(JSON.stringify(peaks));
