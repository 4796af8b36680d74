// What the published packages are tried with, in a project that has them installed: runs in the Node of each platform, prints
// a line for each check and `smoke: N passed, N failed` at the end. random.txt, beside it, is test/golden/random.txt.
// With --built-here an addon that is none of the published binaries will do.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, info, init, matmul, randn, randperm, tensor, zeros } from 'evenkeel';
import { ddot, dgemv, ssyr2k } from 'evenkeel/blas';
import { initializeCheckpoint, loadState, saveCheckpoint } from 'evenkeel/checkpoint';
import { study } from 'evenkeel/study';

const lines = readFileSync(new URL('random.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const count = 262_147;

function digest(t) {
  const { array } = t;
  return createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');
}

const fill = (dtype) => zeros([count], { dtype });
const fills = {
  uniform: (dtype, generator, [low, high]) => fill(dtype).uniform_(low, high, { generator }),
  normal: (dtype, generator, [mean, std]) => fill(dtype).normal_(mean, std, { generator }),
  truncated_normal: (dtype, generator, [mean, std, a, b]) =>
    init.truncNormal_(fill(dtype), mean, std, a, b, { generator }),
  exponential: (dtype, generator, [rate]) => fill(dtype).exponential_(rate, { generator }),
  bernoulli: (dtype, generator, [p]) => fill(dtype).bernoulli_(p, { generator }),
  integers: (dtype, generator, [low, high]) => fill(dtype).random_(BigInt(low), BigInt(high), { generator }),
  permutation: (dtype, generator, [n]) => randperm(n, { dtype, generator }),
};

const number = (text) => (text.endsWith('2^62') ? Number(text.replace('2^62', '1')) * 2 ** 62 : Number(text));

/** The frozen bits of pcg32: of the fills that a public function makes, which refuse infinite bounds. */
function goldenHashes() {
  const all = createHash('sha256');
  let compared = 0;
  for (const line of lines) {
    const [wanted, name] = line.split('  ');
    const [, kind, text = '', dtype] = name.match(/^(\w+)(?:\((.*)\))? (\w+)$/);
    const generator = Generator.pcg32(42n, 54n).advance(7);
    let found;
    if (kind === 'random_bits') {
      const draws = Uint32Array.from({ length: count }, () => generator.random());
      found = createHash('sha256').update(draws).digest('hex');
    } else if (kind in fills && !text.includes('inf')) {
      found = digest(fills[kind](dtype, generator, text.split(',').map(number)));
    } else continue;
    if (found !== wanted) throw new Error(`${name}: ${found}, not ${wanted}`);
    all.update(found);
    compared++;
  }
  return `${compared} hashes as frozen, of all of them ${all.digest('hex').slice(0, 16)}`;
}

/** Products of small whole numbers, which are exact in any order. */
function product() {
  const [m, k, n] = [65, 129, 93];
  const whole = (rows, columns, seed) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => ((i * 31 + j * 17 + seed) % 19) - 9),
    );
  const [a, b] = [whole(m, k, 1), whole(k, n, 5)];
  for (const dtype of ['float32', 'float64']) {
    const got = matmul(tensor(a, { dtype }), tensor(b, { dtype })).tolist();
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const wanted = a[i].reduce((sum, x, l) => sum + x * b[l][j], 0);
        if (got[i][j] !== wanted) throw new Error(`${dtype} [${i}, ${j}] is ${got[i][j]}, not ${wanted}`);
      }
    }
  }
  return `${m} x ${k} x ${n}, float32 and float64, exact`;
}

/** A routine of each level of BLAS, on small whole numbers. */
function blas() {
  const same = (got, wanted) => {
    if (`${got}` !== `${wanted}`) throw new Error(`${got}, not ${wanted}`);
  };
  const [x, y] = [1000, 2000].map((size) => Float64Array.from({ length: size }, (_, i) => (i % 7) - 3));
  const sum = x.reduce((dot, value, i) => dot + value * y[2 * i], 0);
  same(ddot(1000, x, 1, y, 2), sum);
  const out = new Float64Array(2);
  dgemv(
    'row-major',
    'no-transpose',
    2,
    3,
    1,
    Float64Array.of(1, 2, 3, 4, 5, 6),
    3,
    Float64Array.of(1, 0, -1),
    1,
    0,
    out,
    1,
  );
  same(out, [-2, -2]);
  const C = new Float32Array(4);
  ssyr2k('row-major', 'upper', 'no-transpose', 2, 1, 1, Float32Array.of(1, 2), 1, Float32Array.of(3, 4), 1, 0, C, 2);
  same(C, [6, 10, 0, 16]);
  return 'a routine of each level, exact';
}

/** LAPACK: Q'Q is the identity, QR is the matrix. */
function decomposition() {
  const a = randn([60, 40], { dtype: 'float64', generator: new Generator(3) });
  const { q, r } = a.qr();
  const off = matmul(q, r).sub(a).abs().max().item();
  const skew = matmul(q.t(), q).sub(
    tensor(
      Array.from({ length: 40 }, (_, i) => Array.from({ length: 40 }, (_, j) => Number(i === j))),
      { dtype: 'float64' },
    ),
  );
  const bent = skew.abs().max().item();
  if (!(off < 1e-13 && bent < 1e-13)) throw new Error(`QR is off by ${off}, Q'Q by ${bent}`);
  return `QR off by ${off.toExponential(1)}`;
}

/** A small study on worker threads, beside theory: He's initialisation keeps the mean square, and its values are frozen. */
async function smallStudy() {
  const options = { width: 64, depth: 8, activation: 'relu', sigmaW: Math.SQRT2, repeats: 4, seed: 1, workers: 2 };
  const { results, failures } = await study(options);
  if (failures.length > 0) throw new Error(failures[0].message);
  const { layers } = results[0];
  const q = layers.at(-1).q.mean;
  const z = layers.at(-1).agreement.z;
  // Sums may be taken in another order, on other processors.
  if (!(Math.abs(q / FROZEN_Q - 1) < 1e-4)) throw new Error(`the last mean square is ${q}, not ${FROZEN_Q}`);
  if (!(Math.abs(z) < 5)) throw new Error(`the last layer is ${z} standard deviations off`);
  return `mean square of the last layer ${q.toFixed(6)}, z ${z.toFixed(2)}`;
}
/** As on x86-64 with AVX2; the law of it is tested on its own (z). */
const FROZEN_Q = 1.40746039;

/** A checkpoint drawn straight to disk has the same bytes everywhere, and what is written is read. */
async function checkpoint() {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-smoke-'));
  try {
    const [drawn, saved] = ['drawn', 'saved'].map((name) => join(folder, `${name}.safetensors`));
    const model = {
      tensors: {
        'embed.weight': { shape: [1009, 67], init: { initialiser: 'normal', std: 0.02 } },
        'fc.weight': { shape: [301, 67], init: { initialiser: 'kaimingUniform' } },
        'fc.bias': { shape: [301], init: { initialiser: 'truncNormal', std: 0.1 } },
        'norm.weight': { shape: [67], dtype: 'f32', init: 'ones' },
      },
      dtype: 'bf16',
    };
    const report = await initializeCheckpoint(drawn, { model, seed: 7, verify: true });
    if (!report.verification.ok) throw new Error(report.verification.problems[0].problem);
    const hash = createHash('sha256').update(readFileSync(drawn)).digest('hex');
    if (hash !== FROZEN_CHECKPOINT) throw new Error(`the file's SHA-256 is ${hash}, not ${FROZEN_CHECKPOINT}`);
    const state = await loadState(drawn);
    await saveCheckpoint(saved, state);
    for (const [name, tensor] of await loadState(saved)) {
      if (digest(tensor) !== digest(state.get(name))) throw new Error(`${name} came back otherwise`);
    }
    return `${report.parameters} parameters, SHA-256 ${hash.slice(0, 16)}, written and read`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const FROZEN_CHECKPOINT = '6925b50e2fa99e4a886ecc9a5ef46c556a4701e202308196998e6f5bcd15ce09';

/** One check each; what a package has to do on every platform is added here. */
const checks = [
  ['random numbers', goldenHashes],
  ['matmul', product],
  ['BLAS', blas],
  ['QR', decomposition],
  ['study', smallStudy],
  ['checkpoint', checkpoint],
];

const loaded = info();
console.log(
  `platform: ${loaded.platform}, Node ${process.version}, ${loaded.blas.library} ${loaded.blas.version} (${loaded.blas.core}), SIMD ${loaded.simd}`,
);
let failed = 0;
if (!loaded.prebuilt && !process.argv.includes('--built-here')) {
  failed++;
  console.log(`FAILED prebuilt: ${loaded.file}`);
}
for (const [name, check] of checks) {
  const start = performance.now();
  try {
    console.log(`ok ${name}: ${await check()} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}
console.log(`smoke: ${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
