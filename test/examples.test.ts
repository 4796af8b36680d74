// The examples, run as a user would, and the facts they are about.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { expectClose, readGolden } from './cases/data.js';

const folder = new URL('../examples/', import.meta.url);
const programs = readdirSync(folder).filter((file) => file.endsWith('.mjs'));

/** What each program printed, and how many seconds it took. */
const runs = new Map<string, Promise<{ text: string; seconds: number }>>();

function first(name: string): Promise<{ text: string; seconds: number }> {
  const start = performance.now();
  const known = runs.get(name) ?? run(name).then((text) => ({ text, seconds: (performance.now() - start) / 1000 }));
  runs.set(name, known);
  return known;
}

async function run(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`${name}.mjs`, folder));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
  expect(stderr).toBe('');
  return stdout;
}

/** The number after the given words. */
function numberAfter(text: string, words: string): number {
  const at = text.indexOf(words);
  expect(at, `"${words}" in the output`).toBeGreaterThanOrEqual(0);
  return Number.parseFloat(text.slice(at + words.length));
}

/** The numbers of each printed tensor. */
const tensors = (text: string) =>
  [...text.matchAll(/tensor\(([^()]*)\)/g)].map(([, body]) =>
    [...body!.matchAll(/-?\d+\.\d*(?:e[+-]\d+)?/g)].map(Number),
  );

describe('examples', () => {
  it('are all listed and seeded', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    expect(programs).toHaveLength(12);
    for (const file of programs) {
      expect(readme).toContain(`(${file})`);
      const source = readFileSync(new URL(file, folder), 'utf8');
      expect(source).toMatch(/\nmanual_seed\(\d+\);\n|\bseed: \d+/);
    }
  });

  it.each(programs)('%s prints the same each time', async (file) => {
    const name = file.replace('.mjs', '');
    expect(await run(name)).toBe((await first(name)).text);
  });

  it('01: Xavier on layers', async () => {
    const { text } = await first('01-initialisers-on-layers');
    expect(text).toMatch(/^Parameter containing:\ntensor\(\[\[/);
    expect(text).toMatch(/\n {8}\.\.\.,\n/);
    expect(text).toMatch(/,\n {7}requires_grad=True\)\n/);
    const [weight, output] = tensors(text);
    expect(weight).toHaveLength(36);
    expect(weight!.every((w) => Math.abs(w) < 0.2)).toBe(true);
    expect(output).toHaveLength(10);
    expect(text).toMatch(/shape \[ 1, 10 \]/);
    expect(text).toMatch(/\(fc1\): Linear\(in_features=784, out_features=128, bias=True\)/);
    for (const [name, bound] of [
      ['fc1.weight [ 128, 784 ] largest', Math.sqrt(6 / (784 + 128))],
      ['fc2.weight [ 10, 128 ] largest', Math.sqrt(6 / (128 + 10))],
    ] as const) {
      expect(numberAfter(text, name)).toBeLessThanOrEqual(Number(bound.toFixed(4)));
      expect(numberAfter(text, name)).toBeGreaterThan(0.98 * bound);
    }
    expect(numberAfter(text, 'fc1.bias [ 128 ] largest')).toBe(0.01);
  });

  it('02: normal weights, a wrong shape, a new head', async () => {
    const { text } = await first('02-normal-init-linear-conv');
    expect(text).toMatch(/^conv \[ 1, 64, 222, 222 \]\n/);
    expect(64 * 222 * 222).toBe(3154176);
    expect(text).toMatch(/\nRangeError \[ERR_SHAPE\] linear: expected 512 input features, got 3154176: /);
    // 5120 draws of N(0, 0.01): 4.5 standard errors.
    expect(Math.abs(numberAfter(text, 'fc.weight mean'))).toBeLessThan((4.5 * 0.01) / Math.sqrt(5120));
    expect(Math.abs(numberAfter(text, 'std') - 0.01)).toBeLessThan((4.5 * 0.01) / Math.sqrt(2 * 5120));
    expect(numberAfter(text, 'conv.weight std') / numberAfter(text, 'wanted')).toBeCloseTo(1, 1);
    expect(text).toContain("new [ '3.weight', '3.bias' ]");
    expect(numberAfter(text, 'kept layer differs by')).toBe(0);
    for (const line of text.split('\n').filter((text) => text.includes('standard errors'))) {
      expect(Math.abs(numberAfter(line, 'in standard errors'))).toBeLessThan(4.5);
    }
    expect(numberAfter(text, 'within one sigma')).toBeCloseTo(0.6827, 2);
  });

  it('03: a tour of Linear(5, 5)', async () => {
    const { text } = await first('03-tour-of-a-linear-layer');
    const printed = tensors(text);
    expect(printed).toHaveLength(10);
    const [weight, data, uniform, normal, narrow, eights, bias, zeros, xavier] = printed as number[][];
    expect(text.startsWith('Parameter containing:\ntensor([[')).toBe(true);
    expect(text).toMatch(/\d\.\d{4}e-0[1-9]/);
    expect(data).toEqual(weight);
    expect(weight!.every((w) => Math.abs(w) <= 0.4473)).toBe(true);
    expect(uniform!.every((w) => w >= 0 && w <= 3)).toBe(true);
    expect(Math.max(...uniform!)).toBeGreaterThan(2);
    const rms = (values: number[]) => Math.sqrt(values.reduce((sum, w) => sum + w ** 2, 0) / values.length);
    // 25 draws: 4 standard errors are 57 %.
    expect(Math.abs(rms(normal!) - 1)).toBeLessThan(0.57);
    expect(Math.abs(rms(narrow!) / 0.2 - 1)).toBeLessThan(0.57);
    expect(text).toMatch(/\[8\., 8\., 8\., 8\., 8\.\]\], requires_grad=True\)/);
    expect(eights).toEqual(new Array(25).fill(8));
    expect(bias).toEqual([0, 0, 0, 0, 0]);
    expect(zeros).toEqual(bias);
    expect(text).toContain('tensor([0., 0., 0., 0., 0.], requires_grad=True)');
    expect(xavier!.every((w) => Math.abs(w) < Math.sqrt(6 / 10))).toBe(true);
    expect(text.match(/Parameter containing:/g)).toHaveLength(6);
    expect(text.match(/requires_grad=True/g)).toHaveLength(6);
  });

  it('04: why scale matters', async () => {
    const { text } = await first('04-why-scale-matters');
    expect([26, 27, 28, 29]).toContain(numberAfter(text, 'a: std is nan at i ='));
    expect(text).toContain('a * 0.01: mean 0 std 0 norm ratio 0');
    const lines = new Map(text.split('\n').map((line) => [line.split(': ')[0]!, line]));
    const line = (name: string) => lines.get(name)!;
    expect(Math.abs(Math.log(numberAfter(line('a / sqrt(512)'), 'norm ratio')))).toBeLessThan(5);
    expect(numberAfter(line('orthogonal a'), 'norm ratio')).toBeCloseTo(1, 4);
    expect(numberAfter(line('a / its spectral norm'), 'norm ratio')).toBeLessThan(1);
    const within = (name: string, mean: number, meanSquare: number, tolerance: number) => {
      expect(Math.abs(numberAfter(line(name), 'mean square') / meanSquare - 1), name).toBeLessThan(tolerance);
      const scale = Math.sqrt(meanSquare);
      expect(Math.abs(numberAfter(line(name), ': mean') - mean) / scale, name).toBeLessThan(tolerance);
    };
    within('a @ x', 0, 512, 0.05);
    within('clamp(a @ x, min=0)', 9.027, 256, 0.05);
    within('clamp((a * sqrt(2/512)) @ x, min=0)', 0.5642, 1, 0.05);
    // 10,000 products: their squares have a standard deviation of 2.8, and 2.1 after the ReLU.
    within('a * x', 0, 1, 0.12);
    within('relu(a * x)', 1 / Math.PI, 0.5, 0.18);
  });

  const losses = (text: string) => [...text.matchAll(/^step [123]: loss (\S+?),?(?: |$)/gm)].map(([, x]) => Number(x));
  const golden = readGolden<Record<'spiral' | 'digits', [{ losses: number[] }]>>('training');

  it('05: a spiral, learned to 98 % in under 5 s; the first losses are PyTorch’s', async () => {
    const { text, seconds } = await first('05-spiral');
    expectClose(losses(text), golden.spiral[0].losses, 1e-5);
    expect(numberAfter(text, 'step 150: loss')).toBeLessThan(0.05);
    expect(numberAfter(text.slice(text.indexOf('step 150')), 'accuracy')).toBeGreaterThanOrEqual(0.98);
    expect(seconds).toBeLessThan(5);
  });

  it('06: digits, read with 97 % of those that were not learned; the first losses are PyTorch’s', async () => {
    const { text } = await first('06-digits');
    expectClose(losses(text), golden.digits[0].losses, 1e-5);
    expect(numberAfter(text.slice(text.indexOf('epoch 6')), 'test accuracy')).toBeGreaterThanOrEqual(0.97);
  });

  it("12: TensorFlow.js's network reads digits; the losses are those of its cpu backend", async () => {
    const { text } = await first('12-digits-tfjs');
    expect(text).toMatch(/^backend: evenkeel\n/);
    // What the program prints without its import of evenkeel/tfjs, a minute and a half later.
    const cpu = [1.836, 0.64, 0.41, 0.236, 0.205, 0.156, 0.116, 0.106];
    const losses = [...text.matchAll(/loss (\S+),/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(cpu.length);
    for (const [epoch, loss] of losses.entries()) expect(Math.abs(loss - cpu[epoch]!)).toBeLessThan(0.003);
    const trained = numberAfter(text, '\ntest accuracy');
    expect(trained).toBeGreaterThanOrEqual(95);
    expect(numberAfter(text, 'a new model: test accuracy')).toBeLessThan(40);
    expect(numberAfter(text, 'with the weights of the checkpoint:')).toBe(trained);
  });

  it('07: standard initialisation fails the coordinate check, muP passes; LSUV gives every layer unit variance', async () => {
    const { text } = await first('07-coordinate-check');
    for (const optimizer of ['sgd', 'adam']) {
      expect(text).toMatch(new RegExp(`^standard ${optimizer}: .* fail$`, 'm'));
      const muP = new RegExp(`^muP ${optimizer}: (.*) pass$`, 'm').exec(text)![1]!.split(' ').map(Number);
      expect(Math.max(...muP.map(Math.abs))).toBeLessThanOrEqual(0.15);
    }
    expect(text).toMatch(
      /\nFailed: .*\n- 2: after step 1 its change grows .* hidden weights take a learning rate times 1\/r\n/,
    );
    const rows = [...text.matchAll(/^\d+ +scaled +\d +\S+ +(\S+) +\S+$/gm)];
    expect(rows).toHaveLength(20);
    for (const [, after] of rows) expect(Math.abs(Number(after) - 1)).toBeLessThan(0.1);
    expect(numberAfter(text, 'std before')).toBeLessThan(0.05);
    expect(numberAfter(text, 'std after')).toBeGreaterThan(0.5);
  });

  it('08: products of ml-matrix by way of BLAS', async () => {
    const { text } = await first('08-ml-matrix');
    expect(text).toContain('[ [ 19, 22 ], [ 43, 50 ] ]\n');
    expect(text).toContain('differs from ml-matrix by less than 1e-12: true');
  });

  it('09: tensors of ONNX Runtime on shared memory', async () => {
    const { text } = await first('09-onnx-tensors');
    expect(text).toContain('input float32 [ 2, 3 ] same memory: true\nafter batch.mul_(10) 10 20 30 40 50 60\n');
    expect(text).toContain('classes [ 0, 2 ]\noutput, zeroed through evenkeel 0 0 0 0 0 0\n');
    expect(numberAfter(text, 'labels int64 [ 2, 0 ] loss')).toBeCloseTo(Math.log(3), 4);
  });

  it('10: columns of Apache Arrow on shared memory', async () => {
    const { text } = await first('10-arrow-columns');
    expect(text).toMatch(/^height float32 \[ 1\.5, 2, 2\.5 \] weight float64 \[ 50, 60, 70 \]\nsame memory: true\n/);
    expect(text).toContain('standardised -1 -1, 0 0, 1 1\nrows 4 same memory: true\n1 values are missing');
  });

  it('11: nested arrays', async () => {
    const { text } = await first('11-nested-arrays');
    expect(text).toContain('shape [ 3, 2 ] doubled [[2,4],[6,8],[10,12]]\n');
    expect(text).toContain('times its transpose [[5,11,17],[11,25,39],[17,39,61]]\n');
    expect(text).toContain('by way of BLAS [[1,2,4],[3,4,10],[5,6,16]]\nthere and back: true\n');
  });
});
