// Three copies of OpenBLAS in one process: the one of the published package, another package's with the name it has from its
// makers, and the system's, through the addon that was built in the checkout. Each has to count threads on its own and to give
// its own results.
//
//   node two-blas.mjs FOLDER...      folders of evenkeel, each with another OpenBLAS
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const load = (folder) => import(pathToFileURL(path.join(folder, 'dist/index.js')).href);
const copies = [];
for (const folder of process.argv.slice(2)) copies.push(await load(folder));

const files = copies.map(({ info }) => info().file);
if (new Set(files).size !== copies.length) throw new Error(`one addon twice: ${files.join(', ')}`);
const mapped = new Set(readFileSync('/proc/self/maps', 'utf8').match(/\S*openblas\S*$/gm));
if (mapped.size !== copies.length)
  throw new Error(`there are ${mapped.size} copies of OpenBLAS: ${[...mapped].join(', ')}`);

// As each computes alone, and then in turns while the others have other numbers of threads.
const compute = ({ Generator, matmul, randn }) => {
  const generator = new Generator(5);
  const a = randn([200, 120], { generator });
  const b = randn([120, 160], { generator });
  const { r } = a.qr();
  return JSON.stringify([matmul(a, b).sum().item(), r.sum().item()]);
};
const alone = copies.map(compute);
for (let round = 0; round < 20; round++) {
  for (const [i, copy] of copies.entries()) copy.setNumThreads(1 + ((round + i) % 3));
  copies.forEach((copy, i) => {
    if (copy.getNumThreads() !== 1 + ((round + i) % 3)) throw new Error('the copies share their count of threads');
  });
  const again = await Promise.all(copies.map(async (copy) => compute(copy)));
  const near = (a, b) => JSON.parse(a).every((value, j) => Math.abs(value / JSON.parse(b)[j] - 1) < 1e-3);
  again.forEach((text, i) => {
    if (!near(text, alone[i])) throw new Error(`copy ${i} says ${text}, not ${alone[i]}`);
  });
}
const named = copies.map(({ info }) => `${info().blas.version} (${info().blas.core})`);
console.log(`${mapped.size} copies of OpenBLAS, ${named.join(', ')}: none disturbs another`);
